//! How much processor time a process has used.
//!
//! Promise: what the system does not tell is nothing, never a guess.
//!
//! Source: `proc(5)`.

use std::time::Duration;

/// The kernel tells times in hundredths of a second on every system that Linux runs on today (`USER_HZ`).
const TICK: Duration = Duration::from_millis(10);

/// Processor time of one process, as it was seen last.
#[derive(Debug, Default)]
pub(crate) struct Usage {
    seen: Duration,
}

impl Usage {
    /// How much more it is by now.
    pub(crate) fn more(&mut self, process: Option<u32>) -> Duration {
        let stat = process.and_then(|pid| std::fs::read_to_string(format!("/proc/{pid}/stat")).ok());
        let Some(now) = stat.as_deref().and_then(processor_time) else { return Duration::ZERO };
        let more = now.saturating_sub(self.seen);
        self.seen = self.seen.max(now);
        more
    }
}

/// Of a process that waits to be collected, too. The second field is the program's name, which may hold anything.
fn processor_time(stat: &str) -> Option<Duration> {
    let (_, rest) = stat.rsplit_once(')')?;
    // Numbers as in proc(5), where the one behind the name is field 3: 14 is user time, 15 is system time.
    let mut fields = rest.split_ascii_whitespace().skip(14 - 3).map(|text| text.parse::<u32>().ok());
    let ticks = fields.next()??.saturating_add(fields.next()??);
    Some(TICK.saturating_mul(ticks))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn user_and_system_time_are_added() {
        let stat = "12 (a ) b) S 1 2 3 4 5 6 7 8 9 10 250 150 13 14";
        assert_eq!(processor_time(stat), Some(Duration::from_secs(4)));
        for stat in ["", "1 (a", "1 (a)", "1 (a) S x y"] {
            assert_eq!(processor_time(stat), None, "{stat}");
        }
    }

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
