//! Two clocks: the stream's, and the one that the process sees.
//!
//! Promise: to map a time there and back changes nothing, down to the tick.

use media::Ticks;

/// Where the process's clock stands when the stream's is at zero of the job: as much as what is fed may lie before
/// that.
pub(super) const LEAD: Ticks = Ticks::from_millis(60_000);

/// How the times of one job map. The process sees no time below zero, and not more than the 33 bits of a transport
/// stream for a day; what comes out is continued beyond those by the demuxer.
#[derive(Clone, Copy, Debug)]
pub(super) struct Clock {
    zero: Ticks,
}

impl Clock {
    /// One that sees `zero` as [`LEAD`].
    pub(super) fn at(zero: Ticks) -> Self {
        Self { zero }
    }

    /// What the process sees for a time of the stream; `None` where that is too far back.
    pub(super) fn inwards(self, time: Ticks) -> Option<Ticks> {
        Some(time - self.zero + LEAD).filter(|seen| *seen >= Ticks::ZERO)
    }

    /// The stream's time for what the process says.
    pub(super) fn outwards(self, seen: Ticks) -> Ticks {
        seen - LEAD + self.zero
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_come_back_as_they_went() {
        let clock = Clock::at(Ticks::new(-5_000_000_007));
        for offset in [-5_399_999, -1, 0, 1, 9_000_000_000] {
            let time = Ticks::new(-5_000_000_007 + offset);
            assert_eq!(clock.inwards(time).map(|seen| clock.outwards(seen)), Some(time));
        }
    }

    #[test]
    fn what_lies_too_far_back_has_no_time_there() {
        assert_eq!(Clock::at(Ticks::ZERO).inwards(-LEAD), Some(Ticks::ZERO));
        assert_eq!(Clock::at(Ticks::ZERO).inwards(-LEAD - Ticks::new(1)), None);
    }
}
