//! Counts by the second: the newest whole ones, and the one that runs.
//!
//! Promise: memory is fixed, and no clock can do harm: one that goes back counts into the second that runs, one
//! that leaps leaves empty seconds.

use std::time::Duration;

/// The newest `N` whole seconds and the running one, of times that count from some beginning.
#[derive(Clone, Debug)]
pub(crate) struct Seconds<T, const N: usize> {
    whole: [T; N],
    running: T,
    /// The running second's number, counted from the beginning.
    number: u64,
}

impl<T: Copy + Default, const N: usize> Default for Seconds<T, N> {
    fn default() -> Self {
        Self { whole: [T::default(); N], running: T::default(), number: 0 }
    }
}

impl<T: Copy + Default, const N: usize> Seconds<T, N> {
    /// What is counted in the second of `now`.
    pub(crate) fn at(&mut self, now: Duration) -> &mut T {
        self.advance(now);
        &mut self.running
    }

    /// Closes the seconds before the one of `now`.
    pub(crate) fn advance(&mut self, now: Duration) {
        let number = now.as_secs();
        let passed = number.saturating_sub(self.number);
        for _ in 0..passed.min(N as u64 + 1) {
            self.whole[self.slot()] = std::mem::take(&mut self.running);
            self.number += 1;
        }
        self.number = self.number.max(number);
        if passed > N as u64 {
            self.whole = [T::default(); N];
        }
    }

    /// The number of the running second, counted from the beginning; as many are whole.
    pub(crate) fn number(&self) -> u64 {
        self.number
    }

    /// Whole seconds, newest first; those before the beginning are empty.
    pub(crate) fn newest(&self, count: usize) -> impl Iterator<Item = &T> {
        let slot = self.slot();
        (0..count.min(N)).map(move |back| &self.whole[(slot + N - 1 - back) % N])
    }

    /// Where the running second will stand.
    fn slot(&self) -> usize {
        usize::try_from(self.number % N as u64).unwrap_or(0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: f64) -> Duration {
        Duration::from_secs_f64(seconds)
    }

    #[test]
    fn whole_seconds_are_told_newest_first() {
        let mut counts = Seconds::<u32, 3>::default();
        for time in [0.1, 0.9, 1.0, 2.5, 2.6, 2.7] {
            *counts.at(at(time)) += 1;
        }
        counts.advance(at(3.0));
        assert_eq!(counts.newest(3).copied().collect::<Vec<_>>(), [3, 1, 2]);
        counts.advance(at(4.9));
        assert_eq!(counts.newest(2).copied().collect::<Vec<_>>(), [0, 3]);
    }

    #[test]
    fn a_leap_leaves_empty_seconds_and_a_step_back_counts_now() {
        let mut counts = Seconds::<u32, 3>::default();
        *counts.at(at(1.0)) += 7;
        *counts.at(at(1e9)) += 1;
        assert_eq!(counts.newest(3).sum::<u32>(), 0);
        *counts.at(at(2.0)) += 1;
        counts.advance(at(1e9 + 1.0));
        assert_eq!(counts.newest(1).copied().collect::<Vec<_>>(), [2]);
    }
}
