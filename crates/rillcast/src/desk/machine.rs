//! `GET machine`: what this server is, and how it and its machine fare.
//!
//! Processor time is told as it has added up: who asks twice knows the share between, over whatever span they like.
//!
//! Promise: what the system does not tell is left out, never guessed; a disk that hangs holds up no answer for
//! longer than [`PATIENCE`], and one thread at most.

mod disks;

use std::time::{Duration, SystemTime};

use api::ApiError;
use domain::unix_millis;
use serde::Serialize;
use tokio::fs;

use self::disks::Disk;
use super::House;
use crate::metrics::Process;

/// How long disks may take to tell what room they have.
const PATIENCE: Duration = Duration::from_secs(2);

/// What is told of the machine.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Machine {
    version: &'static str,
    node: String,
    region: String,
    account: String,
    /// Milliseconds since 1970.
    started: i64,
    /// The server's clock, in milliseconds since 1970: the moment of the counts below.
    now: i64,
    processor: Processor,
    memory: Memory,
    disks: Vec<Disk>,
    files: Files,
}

/// Processors, and the time they have spent.
#[derive(Debug, Default, Serialize)]
#[serde(rename_all = "camelCase")]
struct Processor {
    /// How many this process may use.
    #[serde(skip_serializing_if = "Option::is_none")]
    count: Option<usize>,
    /// Seconds that this process has used, summed over processors.
    #[serde(skip_serializing_if = "Option::is_none")]
    used_seconds: Option<f64>,
    /// Share of the machine's time that was spent on anything at all is `busy / (busy + idle)`, between two looks.
    /// In ticks, since the machine started.
    #[serde(skip_serializing_if = "Option::is_none")]
    busy: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    idle: Option<u64>,
    /// Processes that ran or waited to, on average of the last minute.
    #[serde(skip_serializing_if = "Option::is_none")]
    load: Option<f64>,
}

/// Memory, in bytes.
#[derive(Debug, Default, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
struct Memory {
    /// Of this process, in memory.
    #[serde(skip_serializing_if = "Option::is_none")]
    resident: Option<u64>,
    /// Of the machine.
    #[serde(skip_serializing_if = "Option::is_none")]
    total: Option<u64>,
    /// Of the machine, for whoever asks for some.
    #[serde(skip_serializing_if = "Option::is_none")]
    available: Option<u64>,
}

/// Files and sockets.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Files {
    #[serde(skip_serializing_if = "Option::is_none")]
    open: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    most: Option<u64>,
}

/// What this server is now.
pub(super) async fn machine(house: &House) -> Result<Machine, ApiError> {
    let read = async |path: &str| fs::read_to_string(path).await.unwrap_or_default();
    let process = Process::now();
    let (stat, load, memory) =
        (read("/proc/stat").await, read("/proc/loadavg").await, read("/proc/meminfo").await);
    let (busy, idle) = ticks(&stat).unzip();
    Ok(Machine {
        version: env!("CARGO_PKG_VERSION"),
        node: house.node.clone(),
        region: house.config.region.to_string(),
        account: house.config.account.to_string(),
        started: unix_millis(house.started),
        now: unix_millis(SystemTime::now()),
        processor: Processor {
            count: std::thread::available_parallelism().ok().map(std::num::NonZero::get),
            used_seconds: process.cpu_seconds(),
            busy,
            idle,
            load: load.split_ascii_whitespace().next().and_then(|text| text.parse().ok()),
        },
        memory: Memory {
            resident: process.resident_bytes(),
            total: bytes(&memory, "MemTotal:"),
            available: bytes(&memory, "MemAvailable:"),
        },
        disks: disks::room(&house.config).await,
        files: Files { open: process.open_files(), most: process.most_files() },
    })
}

/// Ticks that all processors together have spent on something, and on nothing (`proc_stat(5)`): idle and waiting
/// for disks are columns 4 and 5; guests' time (9 and 10) is part of that of 1 and 2.
fn ticks(stat: &str) -> Option<(u64, u64)> {
    let line = stat.lines().find_map(|line| line.strip_prefix("cpu "))?;
    let spent: Vec<u64> = line.split_ascii_whitespace().take(8).map_while(|text| text.parse().ok()).collect();
    let idle = spent.get(3)?.saturating_add(*spent.get(4)?);
    let all = spent.iter().copied().fold(0, u64::saturating_add);
    Some((all.saturating_sub(idle), idle))
}

/// A line of `meminfo`, which says kB and means KiB (`proc_meminfo(5)`).
fn bytes(meminfo: &str, name: &str) -> Option<u64> {
    let line = meminfo.lines().find_map(|line| line.strip_prefix(name))?;
    line.split_ascii_whitespace().next()?.parse::<u64>().ok()?.checked_mul(1_024)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn time_spent_is_all_but_idle_and_waiting() {
        let stat = "cpu  10 1 5 100 20 2 3 4 7 1\ncpu0 1 2 3 4 5 6 7 8 9 10\n";
        assert_eq!(ticks(stat), Some((25, 120)));
        for garbage in ["", "cpu", "cpu \n", "cpu  1 2 3", "cpu  a b c d e"] {
            assert_eq!(ticks(garbage), None, "{garbage}");
        }
    }

    #[test]
    fn memory_is_told_in_bytes() {
        let meminfo = "MemTotal:        8 kB\nMemFree: 1 kB\nMemAvailable:    4 kB\n";
        assert_eq!(bytes(meminfo, "MemTotal:"), Some(8_192));
        assert_eq!(bytes(meminfo, "MemAvailable:"), Some(4_096));
        assert_eq!(bytes(meminfo, "Swap:"), None);
        assert_eq!(bytes("MemTotal: many kB", "MemTotal:"), None);
    }
}
