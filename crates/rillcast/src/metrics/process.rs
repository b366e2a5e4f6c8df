//! What the system says about this process, by the names that all exporters use.
//!
//! Promise: what the system does not tell is left out, never guessed.
//!
//! Source: Prometheus, "Writing client libraries", Process metrics; `proc(5)`; `getauxval(3)`.

use std::fmt;
use std::fs;

use prometheus_client::collector::Collector;
use prometheus_client::encoding::DescriptorEncoder;
use prometheus_client::registry::Unit;

use super::series::{About, counter, gauge};

/// Entries of the auxiliary vector.
const PAGE_SIZE: u64 = 6;
const CLOCK_TICKS: u64 = 17;

/// One moment's numbers; each `None` if the system does not tell.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(crate) struct Process {
    cpu_seconds: Option<f64>,
    started: Option<f64>,
    threads: Option<u64>,
    virtual_bytes: Option<u64>,
    resident_bytes: Option<u64>,
    open_files: Option<u64>,
    most_files: Option<u64>,
}

impl Process {
    /// Asks the system.
    pub(crate) fn now() -> Self {
        let auxiliary = fs::read("/proc/self/auxv").unwrap_or_default();
        let text = |path: &str| fs::read_to_string(path).unwrap_or_default();
        let mut process = Self {
            open_files: open_files(),
            most_files: most_files(&text("/proc/self/limits")),
            ..Self::default()
        };
        process.read_stat(&text("/proc/self/stat"), &auxiliary, boot_time(&text("/proc/stat")));
        process
    }

    /// Processor time used so far.
    pub(crate) fn cpu_seconds(&self) -> Option<f64> {
        self.cpu_seconds
    }

    /// Memory that is there.
    pub(crate) fn resident_bytes(&self) -> Option<u64> {
        self.resident_bytes
    }

    /// Files and sockets that are open.
    pub(crate) fn open_files(&self) -> Option<u64> {
        self.open_files
    }

    /// Files and sockets that may be open.
    pub(crate) fn most_files(&self) -> Option<u64> {
        self.most_files
    }

    /// The line of `stat`: its second field is the program's name, which may hold anything.
    fn read_stat(&mut self, stat: &str, auxiliary: &[u8], boot: Option<f64>) {
        let Some((_, rest)) = stat.rsplit_once(')') else { return };
        // Numbers as in proc(5), where the one behind the name is field 3.
        let fields: Vec<&str> = rest.split_ascii_whitespace().collect();
        let field = |number: usize| fields.get(number - 3).and_then(|text| text.parse::<u64>().ok());
        self.threads = field(20);
        self.virtual_bytes = field(23);
        self.resident_bytes = field(24).zip(entry(auxiliary, PAGE_SIZE)).map(|(pages, size)| pages * size);
        let Some(ticks) = entry(auxiliary, CLOCK_TICKS).filter(|ticks| *ticks > 0) else { return };
        let seconds = |count: u64| float(count) / float(ticks);
        self.cpu_seconds = field(14).zip(field(15)).map(|(user, system)| seconds(user + system));
        self.started = field(22).zip(boot).map(|(since_boot, boot)| boot + seconds(since_boot));
    }
}

impl Collector for Process {
    fn encode(&self, mut encoder: DescriptorEncoder<'_>) -> fmt::Result {
        let to = &mut encoder;
        if let Some(seconds) = self.cpu_seconds {
            counter(to, &About::of("process_cpu", "Processor time used", Unit::Seconds), seconds)?;
        }
        if let Some(time) = self.started {
            gauge(to, &About::of("process_start_time", "Start, since 1970", Unit::Seconds), time)?;
        }
        let bytes = [
            ("process_resident_memory", "Memory that is there", self.resident_bytes),
            ("process_virtual_memory", "Memory that was asked for", self.virtual_bytes),
        ];
        for (name, help, bytes) in bytes {
            if let Some(bytes) = bytes {
                gauge(to, &About::of(name, help, Unit::Bytes), bytes)?;
            }
        }
        let counts = [
            ("process_open_fds", "Files and sockets that are open", self.open_files),
            ("process_max_fds", "Files and sockets that may be open", self.most_files),
            ("process_threads", "Threads", self.threads),
        ];
        for (name, help, count) in counts {
            if let Some(count) = count {
                gauge(to, &About::new(name, help), count)?;
            }
        }
        Ok(())
    }
}

/// The counts here stay far below what a float holds exactly.
#[expect(clippy::cast_precision_loss, reason = "exact up to 2^53")]
fn float(count: u64) -> f64 {
    count as f64
}

/// A value of the auxiliary vector: pairs of machine words.
fn entry(auxiliary: &[u8], kind: u64) -> Option<u64> {
    const WORD: usize = size_of::<usize>();
    let word = |bytes: &[u8]| Some(usize::from_ne_bytes(bytes.try_into().ok()?) as u64);
    let mut pairs = auxiliary.chunks_exact(2 * WORD);
    pairs.find(|pair| word(&pair[..WORD]) == Some(kind)).and_then(|pair| word(&pair[WORD..]))
}

/// Seconds since 1970.
fn boot_time(stat: &str) -> Option<f64> {
    stat.lines().find_map(|line| line.strip_prefix("btime "))?.trim().parse().ok()
}

/// The soft limit; none where there is none.
fn most_files(limits: &str) -> Option<u64> {
    let line = limits.lines().find_map(|line| line.strip_prefix("Max open files"))?;
    line.split_ascii_whitespace().next()?.parse().ok()
}

/// Newer kernels (6.2) say the number as the folder's size; else the entries are counted, among them the one that
/// counting opens.
fn open_files() -> Option<u64> {
    let folder = "/proc/self/fd";
    let size = fs::metadata(folder).ok()?.len();
    if size > 0 {
        return Some(size);
    }
    u64::try_from(fs::read_dir(folder).ok()?.count()).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_system_tells_of_this_very_process() {
        let process = Process::now();
        if !cfg!(target_os = "linux") {
            return;
        }
        let hour_ago = std::time::SystemTime::now()
            .duration_since(std::time::UNIX_EPOCH)
            .expect("after 1970")
            .as_secs_f64()
            - 3_600.0;
        assert!(process.started.is_some_and(|started| started > hour_ago), "{process:?}");
        assert!(
            process.resident_bytes.is_some_and(|bytes| (1 << 20..1 << 33).contains(&bytes)),
            "{process:?}"
        );
        assert!(process.virtual_bytes > process.resident_bytes, "{process:?}");
        assert!(process.threads.is_some_and(|threads| threads >= 1), "{process:?}");
        assert!(process.cpu_seconds.is_some_and(|seconds| (0.0..3_600.0).contains(&seconds)), "{process:?}");
        assert!(process.open_files.is_some_and(|files| files >= 3), "{process:?}");
    }

    #[test]
    fn a_name_with_brackets_and_spaces_is_no_trouble() {
        let mut process = Process::default();
        let fields = "S 1 2 3 4 5 6 7 8 9 10 250 150 13 14 15 16 7 0 1000 4096 2";
        let mut auxiliary = Vec::new();
        for word in [PAGE_SIZE, 4_096, CLOCK_TICKS, 100, 0, 0] {
            auxiliary.extend(usize::try_from(word).expect("small").to_ne_bytes());
        }
        process.read_stat(&format!("12 (a ) b) {fields}"), &auxiliary, Some(1_000.0));
        let expected = Process {
            cpu_seconds: Some(4.0),
            started: Some(1_010.0),
            threads: Some(7),
            virtual_bytes: Some(4_096),
            resident_bytes: Some(8_192),
            ..Process::default()
        };
        assert_eq!(process, expected);
    }

    #[test]
    fn garbage_tells_nothing() {
        let mut process = Process::default();
        for stat in ["", "1 (a", "1 (a)", "1 (a) S x y"] {
            process.read_stat(stat, &[1, 2, 3], None);
            assert_eq!(process, Process::default(), "{stat}");
        }
        assert_eq!(
            most_files("Max open files            unlimited            unlimited            files"),
            None
        );
    }
}
