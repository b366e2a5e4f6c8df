//! How long an object may take to get through.
//!
//! Promise: a service that takes an object and never answers is noticed; a link that is only slow gets its
//! object through in the end, if whoever tries again is more patient each time.

use std::time::Duration;

/// What a call takes at most, apart from its bytes.
const CALL: Duration = Duration::from_secs(20);
/// Bytes a second that are expected at least, to begin with.
const RATE: u64 = 256 * 1024;
/// The rate is halved this often at most: 4 KiB a second.
const HALVES: u32 = 6;

/// How slow a service may be before it counts as one that does not answer: 20 seconds, and a second for each
/// 256 KiB. Each call that took too long halves that rate for the next, down to 4 KiB a second.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Patience {
    halves: u32,
}

impl Patience {
    /// Twice as long for the bytes.
    #[must_use]
    pub fn more(self) -> Self {
        Self { halves: (self.halves + 1).min(HALVES) }
    }

    /// Half as long for the bytes.
    #[must_use]
    pub fn less(self) -> Self {
        Self { halves: self.halves.saturating_sub(1) }
    }

    /// How long this many bytes may take in one call.
    pub fn time(self, bytes: u64) -> Duration {
        CALL + Duration::from_millis(bytes.saturating_mul(1_000 << self.halves) / RATE)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_chunk_of_ten_megabytes_gets_a_minute_and_then_up_to_43() {
        let (usual, mebibytes) = (Patience::default(), 10 << 20);
        assert_eq!(usual.time(0), Duration::from_secs(20));
        assert_eq!(usual.time(mebibytes), Duration::from_secs(60));
        assert_eq!(usual.more().time(mebibytes), Duration::from_secs(100));
        let most = (0..100).fold(usual, |patience, _| patience.more());
        assert_eq!(most.time(mebibytes), Duration::from_secs(20 + 40 * 64));
        assert_eq!((most.less() < most, usual.less()), (true, usual));
        assert!(most.time(u64::MAX) > most.time(1 << 40));
    }
}
