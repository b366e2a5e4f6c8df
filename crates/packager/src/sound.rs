//! The sound beside the picture: audio frames that wait for their part, and their exact times.
//!
//! Promise: times are counted in samples, so millisecond stamps leave no clicks; they follow the stamps
//! only when these are off by more than any rounding explains. Memory is bounded.

use std::collections::VecDeque;

use media::fmp4::Sample;
use media::{Frame, Ticks, aac};

/// About twenty seconds; more can only gather while the picture stands still.
const MOST: usize = 1_024;
/// AAC allows 768 bytes for each of at most 24 channels.
const LARGEST: usize = 24 * 768;
/// One and a half frames: what encoders' millisecond stamps are off by, and a little.
const TOLERANCE: i64 = aac::FRAME_SAMPLES as i64 * 3 / 2;
/// Half a frame, of sound whose stamps are exact: when its coder begins anew, frames lie otherwise.
const EXACT: i64 = aac::FRAME_SAMPLES as i64 / 2;

#[derive(Debug)]
pub(crate) struct Sound {
    queue: VecDeque<Frame>,
    /// Samples a second; 0 without a sound track.
    rate: u32,
    /// When the next frame is due, in samples.
    next: Option<i64>,
    /// How far off a stamp may be, in samples.
    tolerance: i64,
}

impl Default for Sound {
    /// Of an encoder.
    fn default() -> Self {
        Self { queue: VecDeque::new(), rate: 0, next: None, tolerance: TOLERANCE }
    }
}

impl Sound {
    /// Of a coder of ours, whose stamps are exact.
    pub(crate) fn exact() -> Self {
        Self { tolerance: EXACT, ..Self::default() }
    }

    /// Is this the rate?
    pub(crate) fn is_of(&self, rate: u32) -> bool {
        self.rate == rate
    }

    /// Starts anew at `start`, at the same rate.
    pub(crate) fn begin(&mut self, start: Ticks) {
        self.restart(self.rate, start);
    }

    /// Starts anew at `start`: what was queued before it or has another rate is gone.
    pub(crate) fn restart(&mut self, rate: u32, start: Ticks) {
        let same = self.rate == rate;
        self.queue.retain(|frame| same && frame.dts >= start);
        (self.rate, self.next) = (rate, None);
    }

    pub(crate) fn push(&mut self, frame: Frame) {
        if self.rate == 0 || frame.data.len() > LARGEST || frame.data.is_empty() {
            return;
        }
        if self.queue.len() == MOST {
            self.queue.pop_front();
        }
        self.queue.push_back(frame);
    }

    pub(crate) fn clear(&mut self) {
        self.queue.clear();
    }

    /// Is there a frame that starts before `end`?
    pub(crate) fn is_before(&self, end: Ticks) -> bool {
        self.queue.front().is_some_and(|frame| frame.dts < end)
    }

    /// The frames that start before `end`, and when the first of them does, in samples from `origin`.
    pub(crate) fn take(&mut self, origin: Ticks, end: Ticks) -> (u64, Vec<Sample>) {
        let mut samples: Vec<Sample> = Vec::new();
        let mut start = 0;
        while self.is_before(end) {
            let Some(frame) = self.queue.pop_front() else { break };
            let stamp = (frame.dts - origin).to_scale(self.rate);
            let due = self.next.unwrap_or(stamp);
            let late = stamp.saturating_sub(due);
            // More sound than time has passed: one frame too many.
            if late < -self.tolerance || stamp < 0 {
                continue;
            }
            let mut at = due;
            if late > self.tolerance {
                at = stamp;
                // Within a fragment times are sums of durations; between two they may jump.
                if let Some(last) = samples.last_mut() {
                    last.duration = last.duration.saturating_add(u32::try_from(late).unwrap_or(u32::MAX));
                }
            }
            if samples.is_empty() {
                start = at;
            }
            samples.push(Sample {
                duration: aac::FRAME_SAMPLES,
                composition: 0,
                keyframe: true,
                data: frame.data,
            });
            self.next = Some(at.saturating_add(i64::from(aac::FRAME_SAMPLES)));
        }
        (u64::try_from(start).unwrap_or(0), samples)
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use testkit::Film;

    use super::*;

    fn queued(frames: Vec<Frame>) -> Sound {
        let mut sound = Sound::default();
        sound.restart(44_100, Ticks::ZERO);
        frames.into_iter().for_each(|frame| sound.push(frame));
        sound
    }

    fn film() -> Vec<Frame> {
        Film { sample_rate: 44_100, ..Film::default() }.sounds(Duration::from_secs(10))
    }

    #[test]
    fn rounded_stamps_leave_no_gap() {
        let mut sound = queued(film());
        let mut next = 0;
        for tenth in 1..=100 {
            let (start, samples) = sound.take(Ticks::ZERO, Ticks::from_millis(tenth * 100));
            assert_eq!(start, next);
            assert!(samples.iter().all(|sample| sample.duration == aac::FRAME_SAMPLES));
            next += samples.len() as u64 * u64::from(aac::FRAME_SAMPLES);
        }
        assert!(next > 440_000);
    }

    #[test]
    fn a_hole_moves_what_follows_to_its_stamp() {
        let mut frames = film();
        frames.drain(10..20);
        let (start, samples) = queued(frames).take(Ticks::ZERO, Ticks::from_millis(1_000));
        let total: u32 = samples.iter().map(|sample| sample.duration).sum();
        assert_eq!(start, 0);
        assert!(samples[9].duration.abs_diff(11 * aac::FRAME_SAMPLES) < 100);
        assert!((43_900..45_200).contains(&total), "{total}");
    }

    #[test]
    fn more_sound_than_time_loses_the_surplus() {
        let mut frames = film();
        let doubled: Vec<_> = frames.drain(..40).flat_map(|frame| [frame.clone(), frame]).collect();
        let (_, samples) = queued(doubled).take(Ticks::ZERO, Ticks::from_millis(1_000));
        assert!((40..=42).contains(&samples.len()), "{}", samples.len());
    }

    #[test]
    fn without_a_reader_the_queue_is_bounded() {
        let frames = film().into_iter().cycle().take(5_000).collect();
        assert_eq!(queued(frames).queue.len(), MOST);
    }
}
