//! What waits to be fed.
//!
//! Promise: to add never waits; what waits is bounded in media time and in bytes, and shares its bytes with whoever
//! has the frames too.

use std::collections::VecDeque;
use std::sync::{Mutex, MutexGuard, PoisonError};

use media::{Frame, Ticks};
use tokio::sync::Notify;

/// The longest that may wait, in media time.
const LONGEST: Ticks = Ticks::from_millis(4_000);
/// The most bytes that may wait.
const MOST: usize = 16 << 20;
/// What is left of both for what comes live, while there are frames to catch up with.
const RESERVED: (Ticks, usize) = (Ticks::from_millis(1_000), 4 << 20);
/// The most frames that may wait, whatever their times say.
const MOST_FRAMES: usize = 4_096;

/// Frames in the order in which they are fed.
#[derive(Debug, Default)]
pub(super) struct Queue {
    state: Mutex<State>,
    news: Notify,
}

#[derive(Debug, Default)]
struct State {
    frames: VecDeque<Frame>,
    bytes: usize,
    is_closed: bool,
}

impl Queue {
    /// Adds a frame; false when there is no room for it. What comes after the end is ignored.
    pub(super) fn push(&self, frame: Frame) -> bool {
        let mut state = self.state();
        if state.is_closed {
            return true;
        }
        let span = state.frames.front().map_or(Ticks::ZERO, |first| frame.dts - first.dts);
        let bytes = state.bytes.saturating_add(frame.data.len());
        if span > LONGEST || bytes > MOST || state.frames.len() >= MOST_FRAMES {
            return false;
        }
        state.bytes = bytes;
        state.frames.push_back(frame);
        drop(state);
        self.news.notify_one();
        true
    }

    /// Is there room for another second of the stream?
    pub(super) fn has_room(&self) -> bool {
        let state = self.state();
        let ends = state.frames.front().zip(state.frames.back());
        let span = ends.map_or(Ticks::ZERO, |(first, last)| last.dts - first.dts);
        let (time, bytes) = RESERVED;
        span + time <= LONGEST && state.bytes + bytes <= MOST && state.frames.len() < MOST_FRAMES / 2
    }

    /// Nothing follows.
    pub(super) fn close(&self) {
        self.state().is_closed = true;
        self.news.notify_one();
    }

    /// The next frame; waits for it. `None` after the last. For one reader.
    pub(super) async fn next(&self) -> Option<Frame> {
        loop {
            // A notification that came since the last look is kept for whoever waits next.
            let (frame, is_closed) = self.take();
            if frame.is_some() || is_closed {
                return frame;
            }
            self.news.notified().await;
        }
    }

    fn take(&self) -> (Option<Frame>, bool) {
        let mut state = self.state();
        let frame = state.frames.pop_front();
        state.bytes -= frame.as_ref().map_or(0, |frame| frame.data.len());
        (frame, state.is_closed)
    }

    /// Held for a few moves. A panic under it leaves the state whole.
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;
    use media::TrackKind;

    use super::*;

    fn frame(millis: i64, size: usize) -> Frame {
        let time = Ticks::from_millis(millis);
        let data = Bytes::from(vec![0; size]);
        Frame { track: TrackKind::Video, dts: time, pts: time, keyframe: true, data }
    }

    #[tokio::test]
    async fn frames_come_in_order_and_then_the_end() {
        let queue = Queue::default();
        assert!(queue.push(frame(0, 1)) && queue.push(frame(40, 1)));
        queue.close();
        assert!(queue.push(frame(80, 1)), "what comes after the end is no trouble");
        let mut times = Vec::new();
        while let Some(frame) = queue.next().await {
            times.push(frame.dts);
        }
        assert_eq!(times, [0, 40].map(Ticks::from_millis));
    }

    #[tokio::test]
    async fn what_waits_is_bounded_in_time_and_bytes() {
        let queue = Queue::default();
        assert!(queue.push(frame(0, 1)) && queue.push(frame(4_000, 1)));
        assert!(!queue.push(frame(4_001, 1)));
        assert!(!queue.push(frame(4_000, MOST)));
        queue.next().await.expect("two wait");
        assert!(queue.push(frame(4_001, 1)), "there is room again");
    }
}
