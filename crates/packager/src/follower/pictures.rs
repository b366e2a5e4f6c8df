//! A rendition's pictures that wait for their part.
//!
//! Promise: they are in order of time, memory is bounded, and what follows a loss begins with a keyframe.

use std::collections::VecDeque;
use std::sync::Arc;

use media::{Frame, Ticks, Tracks};

/// Most time between the oldest and the newest.
const LONGEST: Ticks = Ticks::from_millis(30_000);
const MOST_BYTES: usize = 32 << 20;
/// As many as the source's rate allows in that time.
const MOST: usize = 3_600;

/// A picture, and what it is coded as.
#[derive(Clone, Debug)]
pub(super) struct Picture {
    pub(super) frame: Frame,
    pub(super) tracks: Arc<Tracks>,
    /// Others were lost before it.
    pub(super) is_after_loss: bool,
}

#[derive(Debug, Default)]
pub(super) struct Pictures {
    queue: VecDeque<Picture>,
    bytes: usize,
    /// What comes before a keyframe can't be shown.
    is_lost: bool,
}

impl Pictures {
    /// Takes the next one. One that does not follow is left out, but a keyframe replaces what it goes back behind:
    /// a coder that begins anew knows better than the one before it.
    pub(super) fn push(&mut self, frame: Frame, tracks: Arc<Tracks>) {
        let is_back =
            |queue: &VecDeque<Picture>| queue.back().is_some_and(|last| last.frame.pts >= frame.pts);
        if !frame.keyframe && (self.is_lost || is_back(&self.queue)) {
            return;
        }
        while is_back(&self.queue) {
            self.drop_last();
        }
        if self.is_full(&frame) {
            self.lose();
            if !frame.keyframe {
                return;
            }
        }
        self.bytes += frame.data.len();
        let is_after_loss = std::mem::take(&mut self.is_lost);
        self.queue.push_back(Picture { frame, tracks, is_after_loss });
    }

    /// What waits is given up for what comes, as is all before a keyframe.
    pub(super) fn lose(&mut self) {
        self.interrupt();
        self.queue.clear();
        self.bytes = 0;
    }

    /// Some that would have come next are lost.
    pub(super) fn interrupt(&mut self) {
        self.is_lost = true;
    }

    /// The newest.
    pub(super) fn last(&self) -> Option<&Picture> {
        self.queue.back()
    }

    pub(super) fn get(&self, at: usize) -> Option<&Picture> {
        self.queue.get(at)
    }

    /// How many are shown before `end`.
    pub(super) fn until(&self, end: Ticks) -> usize {
        self.queue.partition_point(|picture| picture.frame.pts < end)
    }

    /// Takes the first of them.
    pub(super) fn take(&mut self, count: usize) -> Vec<Picture> {
        let taken: Vec<Picture> = self.queue.drain(..count.min(self.queue.len())).collect();
        self.bytes -= taken.iter().map(|picture| picture.frame.data.len()).sum::<usize>();
        taken
    }

    /// The first keyframe.
    pub(super) fn keyframe(&self) -> Option<&Picture> {
        self.queue.iter().find(|picture| picture.frame.keyframe)
    }

    fn drop_last(&mut self) {
        if let Some(last) = self.queue.pop_back() {
            self.bytes -= last.frame.data.len();
        }
    }

    fn is_full(&self, next: &Frame) -> bool {
        let oldest = self.queue.front().map_or(next.pts, |oldest| oldest.frame.pts);
        self.queue.len() >= MOST
            || self.bytes.saturating_add(next.data.len()) > MOST_BYTES
            || next.pts - oldest > LONGEST
    }
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;
    use media::TrackKind;

    use super::*;

    fn picture(millis: i64, keyframe: bool, size: usize) -> Frame {
        let at = Ticks::from_millis(millis);
        Frame { track: TrackKind::Video, dts: at, pts: at, keyframe, data: Bytes::from(vec![0; size]) }
    }

    fn fill(pictures: &mut Pictures, frames: impl IntoIterator<Item = Frame>) {
        frames.into_iter().for_each(|frame| pictures.push(frame, Arc::default()));
    }

    fn times(pictures: &mut Pictures) -> Vec<i64> {
        pictures.take(usize::MAX).iter().map(|picture| picture.frame.pts.count() / 90).collect()
    }

    #[test]
    fn a_keyframe_replaces_what_it_goes_back_behind() {
        let mut pictures = Pictures::default();
        fill(
            &mut pictures,
            [(0, true), (40, false), (80, false), (60, false), (40, true), (80, false)]
                .map(|(millis, keyframe)| picture(millis, keyframe, 1)),
        );
        assert_eq!(times(&mut pictures), [0, 40, 80]);
        assert_eq!(pictures.bytes, 0);
    }

    #[test]
    fn what_follows_a_loss_begins_with_a_keyframe_that_says_so() {
        let mut pictures = Pictures::default();
        fill(&mut pictures, [picture(0, true, 1), picture(40, false, 1)]);
        pictures.interrupt();
        fill(&mut pictures, [picture(80, false, 1), picture(120, true, 1), picture(160, false, 1)]);
        let losses: Vec<bool> = pictures.queue.iter().map(|picture| picture.is_after_loss).collect();
        assert_eq!(losses, [false, false, true, false]);
        assert_eq!(times(&mut pictures), [0, 40, 120, 160]);
    }

    #[test]
    fn without_cuts_they_are_bounded_in_time_and_bytes() {
        let mut pictures = Pictures::default();
        fill(&mut pictures, (0..10_000).map(|number| picture(number * 40, number % 25 == 0, 100)));
        assert!(pictures.queue.len() <= 751, "{}", pictures.queue.len());
        fill(&mut pictures, (0..100).map(|number| picture(400_000 + number * 40, number % 25 == 0, 1 << 20)));
        assert!(pictures.bytes <= MOST_BYTES);
        fill(&mut pictures, [picture(500_000, true, MOST_BYTES + 1)]);
        assert!(pictures.bytes <= MOST_BYTES + 1, "one alone is bounded by the ring");
    }
}
