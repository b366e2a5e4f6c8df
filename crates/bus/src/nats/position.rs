//! How far a node has read, and in which stream.
//!
//! Promise: no envelope of the stream is taken twice, and none is skipped without a gap being told.

/// The next sequence number to read in the stream that was made at `made`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Position {
    /// When the stream was made, nanoseconds since 1970: tells a stream from another of the same name.
    made: i128,
    next: u64,
}

/// What a stream says about itself.
#[derive(Clone, Copy, Debug)]
pub(super) struct Extent {
    /// When it was made, nanoseconds since 1970.
    pub(super) made: i128,
    /// The lowest number that it still holds, or would give.
    pub(super) first: u64,
    /// The highest number that it gave.
    pub(super) last: u64,
}

/// What to do with a number that was read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Step {
    /// The one that was awaited.
    Next,
    /// Others before it are gone.
    Gap,
    /// Read before.
    Old,
}

impl Position {
    /// From now on.
    pub(super) fn now(extent: Extent) -> Self {
        Self { made: extent.made, next: extent.last.saturating_add(1) }
    }

    /// Where to go on after a cut, and whether something was missed.
    pub(super) fn resume(self, extent: Extent) -> (Self, bool) {
        let first = extent.first.max(1);
        let same = self.made == extent.made && self.next <= extent.last.saturating_add(1);
        if same && self.next >= first {
            return (self, false);
        }
        // What a new stream holds was published after the old one's end, so none of it was read.
        (Self { made: extent.made, next: first }, true)
    }

    /// The number to read on from.
    pub(super) fn next(self) -> u64 {
        self.next
    }

    /// Moves over a number that was read.
    pub(super) fn step(&mut self, number: u64) -> Step {
        if number < self.next {
            return Step::Old;
        }
        let step = if number == self.next { Step::Next } else { Step::Gap };
        self.next = number.saturating_add(1);
        step
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn extent(made: i128, first: u64, last: u64) -> Extent {
        Extent { made, first, last }
    }

    #[test]
    fn a_reader_starts_behind_what_was_said_before() {
        assert_eq!(Position::now(extent(1, 0, 0)).next(), 1);
        assert_eq!(Position::now(extent(1, 5, 9)).next(), 10);
    }

    #[test]
    fn a_cut_without_loss_goes_on_where_it_was() {
        let position = Position::now(extent(1, 5, 9));
        assert_eq!(position.resume(extent(1, 5, 9)), (position, false));
        assert_eq!(position.resume(extent(1, 10, 20)), (position, false));
        // All that was said meanwhile was read before; the stream is empty.
        assert_eq!(position.resume(extent(1, 10, 9)), (position, false));
    }

    #[test]
    fn what_the_stream_dropped_during_a_cut_is_a_gap() {
        let (position, gap) = Position::now(extent(1, 5, 9)).resume(extent(1, 15, 20));
        assert!(gap);
        assert_eq!(position.next(), 15);
    }

    #[test]
    fn another_stream_of_the_same_name_is_read_from_its_start_and_is_a_gap() {
        for (first, last) in [(0, 0), (1, 3), (1, 500)] {
            let (position, gap) = Position::now(extent(1, 5, 9)).resume(extent(2, first, last));
            assert!(gap);
            assert_eq!(position.next(), 1);
        }
        let (position, gap) = Position::now(extent(1, 5, 9)).resume(extent(1, 1, 3));
        assert!(gap, "a stream that went back is another one");
        assert_eq!(position.next(), 1);
    }

    #[test]
    fn a_jump_is_a_gap_and_a_number_counts_once() {
        let mut position = Position::now(extent(1, 1, 9));
        assert_eq!(position.step(10), Step::Next);
        assert_eq!(position.step(10), Step::Old);
        assert_eq!(position.step(13), Step::Gap);
        assert_eq!(position.step(14), Step::Next);
        assert_eq!(position.step(12), Step::Old);
    }
}
