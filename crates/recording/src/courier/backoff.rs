//! How long to wait before something is tried again.
//!
//! Promise: from half a second, twice as long each time, to 30 seconds; never less than half of that, and no two
//! couriers in step.

use std::time::Duration;

use crate::entropy;

const FIRST_MS: u64 = 500;
const MOST_MS: u64 = 30_000;

/// How long to wait after this many failures in a row.
pub(super) fn delay(failures: u32) -> Duration {
    let full = FIRST_MS.saturating_mul(1 << failures.saturating_sub(1).min(16)).min(MOST_MS);
    let mut random = [0; 8];
    entropy::fill(&mut random);
    Duration::from_millis(full / 2 + u64::from_le_bytes(random) % (full / 2 + 1))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_wait_doubles_up_to_thirty_seconds_and_is_never_twice_the_same() {
        for (failures, most) in [(1, 500), (2, 1_000), (6, 16_000), (7, 30_000), (u32::MAX, 30_000)] {
            let delays: Vec<_> = (0..50).map(|_| delay(failures).as_millis()).collect();
            assert!(delays.iter().all(|delay| (most / 2..=most).contains(delay)), "{delays:?}");
            assert!(delays.iter().any(|delay| *delay != delays[0]));
        }
    }
}
