//! When the source's pictures are shown: by this it is known what a rendition lacks.
//!
//! Promise: memory is bounded; what is older is taken for never seen, so nothing is missed that can't be known.

use std::collections::VecDeque;
use std::ops::Range;

use media::Ticks;

/// Thirty seconds of 120 pictures.
const MOST: usize = 3_600;

#[derive(Debug, Default)]
pub(super) struct Beats {
    /// In order of time.
    times: VecDeque<Ticks>,
}

impl Beats {
    /// One of the source's pictures is shown then. With B pictures they come out of order, by a few.
    pub(super) fn push(&mut self, pts: Ticks) {
        if self.times.len() == MOST {
            self.times.pop_front();
        }
        let later = self.times.iter().rev().take_while(|time| **time > pts).count();
        self.times.insert(self.times.len() - later, pts);
    }

    /// The newest of them.
    pub(super) fn newest(&self) -> Option<Ticks> {
        self.times.back().copied()
    }

    /// Those within this time.
    pub(super) fn within(&self, span: Range<Ticks>) -> usize {
        let before = |end: Ticks| self.times.partition_point(|time| *time < end);
        before(span.end).saturating_sub(before(span.start))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pictures_are_counted_in_order_of_time() {
        let mut beats = Beats::default();
        for millis in [0, 99, 33, 66, 132] {
            beats.push(Ticks::from_millis(millis));
        }
        let within = |start, end| beats.within(Ticks::from_millis(start)..Ticks::from_millis(end));
        assert_eq!((within(0, 33), within(0, 100), within(34, 1_000), within(9, 3)), (1, 4, 3, 0));
        assert_eq!(beats.newest(), Some(Ticks::from_millis(132)));
    }

    #[test]
    fn the_oldest_are_forgotten() {
        let mut beats = Beats::default();
        (0..10_000).for_each(|millis| beats.push(Ticks::from_millis(millis)));
        assert_eq!(beats.within(Ticks::ZERO..Ticks::from_millis(20_000)), MOST);
    }
}
