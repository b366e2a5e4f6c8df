//! What the system allows the server to use.
//!
//! Promise: read from the kernel's own files; what is not there is not guessed.

use std::path::Path;

use domain::chain;
use transcode::{Confinement, Machine};

use super::advice;
use super::examination::Subject;
use super::finding::Found;

/// Descriptors for all that is neither a publisher nor a viewer: the database, recordings, chat, calls to others.
const SPARE: u64 = 1_024;
/// Memory below which a server with a few streams may be ended by the system.
const LEAST_MEMORY: u64 = 512 << 20;
/// Connections that wait to be accepted: with fewer places, a crowd that comes at once waits for seconds.
const LEAST_BACKLOG: u64 = 4_096;

pub(super) async fn open_files(subject: Subject) -> Found {
    let limits = read("/proc/self/limits").await.unwrap_or_default();
    let Some(limit) = open_files_in(&limits) else {
        return Found::skip("the system does not tell its limit");
    };
    let config = &subject.config;
    let (viewers, publishers) = (config.max_viewers as u64, config.max_publishers as u64);
    let wanted = viewers + publishers + SPARE;
    let whose = if subject.is_inside { "the server" } else { "a program started here" };
    let words = format!("{whose} may have {limit} files and connections open");
    if limit >= wanted {
        return Found::ok(words);
    }
    Found::warn(
        format!("{words}; max_viewers and max_publishers want {wanted}"),
        format!(
            "Raise it (systemd: LimitNOFILE={}; in a shell: ulimit -n), or lower max_viewers.",
            wanted.next_power_of_two()
        ),
    )
}

/// The soft limit of a process's `limits`.
fn open_files_in(limits: &str) -> Option<u64> {
    let line = limits.lines().find_map(|line| line.strip_prefix("Max open files"))?;
    let word = line.split_whitespace().next()?;
    if word == "unlimited" { Some(u64::MAX) } else { word.parse().ok() }
}

pub(super) async fn sockets() -> Found {
    let told = read("/proc/sys/net/core/somaxconn").await;
    match told.and_then(|text| text.trim().parse::<u64>().ok()) {
        None => Found::skip("the system does not tell its limit"),
        Some(places) if places < LEAST_BACKLOG => Found::warn(
            format!(
                "the system lets {places} connections wait to be accepted: crowds that come at once wait for seconds"
            ),
            format!(
                "Run `sysctl -w net.core.somaxconn={LEAST_BACKLOG}`, and write it to /etc/sysctl.d to stay."
            ),
        ),
        Some(places) => Found::ok(format!("{places} connections may wait to be accepted")),
    }
}

pub(super) async fn memory() -> Found {
    let told = read("/proc/meminfo").await.unwrap_or_default();
    let Some(free) = kib(&told, "MemAvailable:") else { return Found::skip("the system does not tell") };
    // A container's own limit (control groups, version 2).
    let group = read("/sys/fs/cgroup/memory.max").await.and_then(|text| text.trim().parse::<u64>().ok());
    let used = read("/sys/fs/cgroup/memory.current").await.and_then(|text| text.trim().parse::<u64>().ok());
    let left = group.map(|most| most.saturating_sub(used.unwrap_or(0)));
    let free = left.map_or(free, |left| left.min(free));
    let cores = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
    let words = format!("{} MiB are free; {cores} processors", free >> 20);
    if free < LEAST_MEMORY {
        return Found::warn(
            words,
            "Give the machine or the container more memory, or stop what else needs it.",
        );
    }
    Found::ok(words)
}

fn kib(meminfo: &str, name: &str) -> Option<u64> {
    let line = meminfo.lines().find_map(|line| line.strip_prefix(name))?;
    line.split_whitespace().next()?.parse::<u64>().ok().map(|kib| kib << 10)
}

/// Is the program there that transcodes? What it can do is measured elsewhere.
pub(super) async fn ffmpeg(subject: Subject) -> Found {
    let config = &subject.config.transcoding.0;
    if !config.is_on {
        return Found::skip("nothing is transcoded, as configured");
    }
    let confinement = Confinement::found(config).await;
    match Machine::version(config, &confinement).await {
        Ok(version) => Found::ok(format!("{} is version {version}", config.ffmpeg.display())),
        Err(error) => Found::fail(chain(&error), advice::program(config, &error)),
    }
}

async fn read(path: impl AsRef<Path>) -> Option<String> {
    tokio::fs::read_to_string(path).await.ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn limits_are_found_in_the_kernels_words() {
        let limits = "Limit                     Soft Limit           Hard Limit           Units     \n\
            Max open files            1024                 524288               files     \n";
        assert_eq!(open_files_in(limits), Some(1_024));
        assert_eq!(open_files_in("Max open files  unlimited unlimited files"), Some(u64::MAX));
        assert_eq!(open_files_in(""), None);
        assert_eq!(kib("MemTotal: 8 kB\nMemAvailable:    4 kB\n", "MemAvailable:"), Some(4_096));
    }
}
