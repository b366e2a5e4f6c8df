//! How much processor time a process has used.
//!
//! Promise: what the system does not tell is nothing, never a guess.

use std::time::Duration;

use crate::machine::processor_time;

/// Processor time of one process, as it was seen last.
#[derive(Debug, Default)]
pub(crate) struct Usage {
    seen: Duration,
}

impl Usage {
    /// How much more it is by now. A process that ended and waits to be collected still tells.
    pub(crate) fn more(&mut self, process: Option<u32>) -> Duration {
        let Some(now) = process.and_then(processor_time) else { return Duration::ZERO };
        let more = now.saturating_sub(self.seen);
        self.seen = self.seen.max(now);
        more
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn time_is_counted_once() {
        let mut usage = Usage::default();
        let own = Some(std::process::id());
        let first = usage.more(own);
        let work = (0..3_000_000_u64).fold(0, |sum: u64, number| sum.wrapping_mul(31) ^ number);
        assert_ne!(work, 1);
        let second = usage.more(own);
        assert_eq!(usage.seen, first + second);
        assert_eq!(usage.more(None), Duration::ZERO);
    }
}
