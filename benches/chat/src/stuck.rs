//! Looks at the server's side of connections whose client does not read.
//!
//! Promise: what the kernel holds for them and when the server let go of them is read from the kernel, not
//! believed.

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use serde::Serialize;

use crate::plan::Plan;
use crate::server;

#[derive(Debug, Default, Serialize)]
pub struct Watched {
    pub connections: usize,
    /// Unread bytes in the server's socket, at most.
    pub queued_bytes_max: u64,
    /// Resident memory of the server beyond that before the first message, at most.
    pub resident_growth_bytes: u64,
    /// How many of them the server let go of.
    pub closed: usize,
    /// Seconds from the first message until then: the first, the last.
    pub closed_after_first: f64,
    pub closed_after_last: f64,
}

/// State `ESTABLISHED` in /proc/net/tcp.
const ESTABLISHED: &str = "01";

/// Looks ten times a second at the connections from `ports`, until `over` is set.
pub fn watch(plan: &Plan, ports: &[u16], begun: Instant, over: &AtomicBool) -> Watched {
    let mut found = Watched { connections: ports.len(), ..Watched::default() };
    let (resident, _) = server::resident_bytes(&plan.pids);
    let mut open: Vec<u16> = ports.to_vec();
    while !over.load(Ordering::Relaxed) {
        let seen = look(plan.address.port());
        let now = begun.elapsed().as_secs_f64();
        open.retain(|port| match seen.get(port) {
            Some((state, queued)) if state == ESTABLISHED => {
                found.queued_bytes_max = found.queued_bytes_max.max(*queued);
                true
            }
            _ => {
                if found.closed == 0 {
                    found.closed_after_first = now;
                }
                found.closed += 1;
                found.closed_after_last = now;
                false
            }
        });
        let (grown, _) = server::resident_bytes(&plan.pids);
        found.resident_growth_bytes = found.resident_growth_bytes.max(grown.saturating_sub(resident));
        std::thread::sleep(Duration::from_millis(100));
    }
    found
}

/// The server's sockets by the client's port: state, bytes that wait to be sent.
fn look(server: u16) -> HashMap<u16, (String, u64)> {
    let text = std::fs::read_to_string("/proc/net/tcp").unwrap_or_default();
    let port = |address: &str| u16::from_str_radix(address.rsplit(':').next()?, 16).ok();
    let line = |line: &str| {
        let mut words = line.split_whitespace().skip(1);
        let (local, remote) = (port(words.next()?)?, port(words.next()?)?);
        let state = words.next()?.to_owned();
        let queued = u64::from_str_radix(words.next()?.split(':').next()?, 16).ok()?;
        (local == server).then_some((remote, (state, queued)))
    };
    text.lines().skip(1).filter_map(line).collect()
}
