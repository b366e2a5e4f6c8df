//! Which keyframes an order is for.
//!
//! Promise: pure decisions. For each time that an order counts from its first keyframe on, the first keyframe at or
//! after it, and no keyframe twice.

use std::time::Duration;

use media::Ticks;

/// A keyframe that comes so much early is taken for one in time: encoders' clocks count whole milliseconds, and round.
const ROUNDED: Ticks = Ticks::from_millis(20);

/// The times of an order.
#[derive(Debug)]
pub(super) struct Schedule {
    every: Ticks,
    /// The first keyframe, and the next time that is due.
    times: Option<(Ticks, Ticks)>,
}

impl Schedule {
    pub(super) fn new(every: Duration) -> Self {
        Self { every: Ticks::from_duration(every).max(Ticks::new(1)), times: None }
    }

    /// Is this keyframe, the next one of the stream, the one for a time?
    pub(super) fn takes(&mut self, pts: Ticks) -> bool {
        let (first, due) = *self.times.get_or_insert((pts, pts));
        if pts + ROUNDED < due {
            return false;
        }
        let passed = (pts + ROUNDED - first).count() / self.every.count();
        let next = first.count().saturating_add(self.every.count().saturating_mul(passed.saturating_add(1)));
        self.times = Some((first, Ticks::new(next)));
        true
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn taken(every: u64, keyframes: impl IntoIterator<Item = i64>) -> Vec<i64> {
        let mut schedule = Schedule::new(Duration::from_millis(every));
        keyframes.into_iter().filter(|millis| schedule.takes(Ticks::from_millis(*millis))).collect()
    }

    #[test]
    fn each_time_gets_the_first_keyframe_at_or_after_it() {
        assert_eq!(taken(1_000, [40, 540, 1_040, 1_540, 2_040]), [40, 1_040, 2_040]);
        assert_eq!(taken(1_000, [0, 800, 1_600, 2_400, 3_200, 4_000]), [0, 1_600, 2_400, 3_200, 4_000]);
        assert_eq!(taken(1_000, [0, 2_000, 4_000, 4_900]), [0, 2_000, 4_000], "one keyframe for two times");
        assert_eq!(taken(5_000, (0..20).map(|number| number * 2_000)).len(), 8);
    }

    #[test]
    fn a_keyframe_that_was_rounded_down_is_in_time() {
        assert_eq!(taken(1_000, [7, 1_006, 2_005, 3_007]), [7, 1_006, 2_005, 3_007]);
    }

    #[test]
    fn an_interval_of_nothing_takes_all() {
        assert_eq!(taken(0, [0, 33, 66]), [0, 33, 66]);
    }

    proptest! {
        #[test]
        fn no_time_is_forgotten_and_none_served_twice(
            every in 1_i64..5_000,
            steps in prop::collection::vec(1_i64..7_000, 1..60),
        ) {
            let keys: Vec<i64> = steps.iter().scan(0, |at, step| { *at += step; Some(*at) }).collect();
            let taken = taken(u64::try_from(every).expect("positive"), keys.iter().copied());
            let due = |key: i64| (key + 20 - keys[0]) / every;
            let mut served = -1;
            for key in keys.iter().copied() {
                let is_taken = taken.contains(&key);
                prop_assert_eq!(is_taken, due(key) > served);
                served = due(key);
            }
        }
    }
}
