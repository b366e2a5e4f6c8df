//! Media time.
//!
//! Promise: milliseconds and MPEG-TS clock values convert without loss; arithmetic never overflows
//! (it saturates, three million years out).

use std::ops::{Add, AddAssign, Neg, Sub};
use std::time::Duration;

/// A point or a span of media time in units of 1/90 000 s (the MPEG-TS clock; ISO 13818-1, 2.4.3.6).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Ticks(i64);

impl Ticks {
    /// Nothing.
    pub const ZERO: Self = Self(0);
    /// Ticks in a second.
    pub const PER_SECOND: i64 = 90_000;

    /// From a count of 1/90 000 s.
    pub const fn new(count: i64) -> Self {
        Self(count)
    }

    /// From milliseconds, exactly.
    pub const fn from_millis(millis: i64) -> Self {
        Self(millis.saturating_mul(90))
    }

    /// From a count in another timescale (units per second), rounded to the nearest tick.
    pub fn from_scale(count: i64, timescale: u32) -> Self {
        Self(rescale(count, i64::from(timescale), Self::PER_SECOND))
    }

    /// The count of 1/90 000 s.
    pub const fn count(self) -> i64 {
        self.0
    }

    /// The count in another timescale, rounded to the nearest unit.
    pub fn to_scale(self, timescale: u32) -> i64 {
        rescale(self.0, Self::PER_SECOND, i64::from(timescale))
    }

    /// Seconds, for people and playlists.
    #[expect(clippy::cast_precision_loss, reason = "exact below 2^53 ticks, which is 3000 years")]
    pub fn as_secs_f64(self) -> f64 {
        self.0 as f64 / 90_000.0
    }

    /// The span as a duration; a negative one is zero.
    pub fn to_duration(self) -> Duration {
        let count = u64::try_from(self.0).unwrap_or(0);
        let nanos = (count % 90_000) * 1_000_000_000 / 90_000;
        Duration::from_secs(count / 90_000) + Duration::from_nanos(nanos)
    }

    /// From a duration, rounded down to the tick.
    pub fn from_duration(span: Duration) -> Self {
        Self(i64::try_from(span.as_nanos() * 9 / 100_000).unwrap_or(i64::MAX))
    }
}

fn rescale(count: i64, from: i64, to: i64) -> i64 {
    let (from, wide) = (i128::from(from.max(1)), i128::from(count) * i128::from(to));
    let half = if wide < 0 { -from / 2 } else { from / 2 };
    i64::try_from((wide + half) / from).unwrap_or(if wide < 0 { i64::MIN } else { i64::MAX })
}

impl Add for Ticks {
    type Output = Self;
    fn add(self, other: Self) -> Self {
        Self(self.0.saturating_add(other.0))
    }
}

impl AddAssign for Ticks {
    fn add_assign(&mut self, other: Self) {
        *self = *self + other;
    }
}

impl Sub for Ticks {
    type Output = Self;
    fn sub(self, other: Self) -> Self {
        Self(self.0.saturating_sub(other.0))
    }
}

impl Neg for Ticks {
    type Output = Self;
    fn neg(self) -> Self {
        Self(self.0.saturating_neg())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn milliseconds_and_scales_convert_exactly() {
        assert_eq!(Ticks::from_millis(33).count(), 2_970);
        assert_eq!(Ticks::from_scale(1_024, 48_000), Ticks::new(1_920));
        assert_eq!(Ticks::new(1_920).to_scale(48_000), 1_024);
        assert_eq!(Ticks::from_scale(-1_024, 44_100).count(), -2_090);
    }

    #[test]
    fn durations_round_trip_to_the_tick() {
        let span = Ticks::new(90_001);
        assert_eq!(Ticks::from_duration(span.to_duration() + Duration::from_nanos(500)), span);
        assert_eq!(Ticks::new(-5).to_duration(), Duration::ZERO);
    }
}
