//! What the measured server costs, read from the kernel.
//!
//! Promise: only the given processes are counted.

/// User and system time of these processes so far, all threads, in seconds.
pub fn cpu_seconds(pids: &[i32]) -> f64 {
    pids.iter().filter_map(|pid| clock_seconds((!pid << 3) | 2)).sum()
}

/// This process's own.
pub fn own_cpu_seconds() -> f64 {
    clock_seconds(libc::CLOCK_PROCESS_CPUTIME_ID).unwrap_or_default()
}

/// The clock of a process, as clock_getcpuclockid(3) names it: exact to the nanosecond, where /proc/PID/stat
/// counts hundredths of a second.
#[allow(unsafe_code, reason = "no crate of those we use reads another process's clock")]
fn clock_seconds(clock: libc::clockid_t) -> Option<f64> {
    let mut time = libc::timespec { tv_sec: 0, tv_nsec: 0 };
    // SAFETY: `time` is a valid timespec that outlives the call, which writes nothing else.
    let failed = unsafe { libc::clock_gettime(clock, &raw mut time) } != 0;
    (!failed).then(|| time.tv_sec as f64 + time.tv_nsec as f64 / 1e9)
}

/// Resident memory of these processes, in bytes: all, and what is anonymous of it (no files' pages).
pub fn resident_bytes(pids: &[i32]) -> (u64, u64) {
    let (mut all, mut anonymous) = (0, 0);
    for pid in pids {
        let status = std::fs::read_to_string(format!("/proc/{pid}/status")).unwrap_or_default();
        all += kilobytes(&status, "VmRSS:");
        anonymous += kilobytes(&status, "RssAnon:");
    }
    (all * 1024, anonymous * 1024)
}

fn kilobytes(status: &str, name: &str) -> u64 {
    let line = status.lines().find_map(|line| line.strip_prefix(name));
    line.and_then(|rest| rest.split_whitespace().next())
        .and_then(|word| word.parse().ok())
        .unwrap_or_default()
}

/// Time of the kernel's own threads for network packets, in seconds (in steps of a hundredth): work for sends
/// that is charged to no process.
pub fn soft_interrupt_seconds() -> f64 {
    let Ok(entries) = std::fs::read_dir("/proc") else { return 0.0 };
    let stats = entries.flatten().filter_map(|entry| std::fs::read_to_string(entry.path().join("stat")).ok());
    let ticks: u64 = stats
        .filter(|stat| stat.contains("(ksoftirqd/"))
        .filter_map(|stat| {
            let fields: Vec<&str> = stat.rsplit(')').next()?.split_whitespace().collect();
            Some(fields.get(11)?.parse::<u64>().ok()? + fields.get(12)?.parse::<u64>().ok()?)
        })
        .sum();
    ticks as f64 / 100.0
}
