//! Frames into the process: fragmented MP4, one fragment for each frame.
//!
//! Promise: a frame is written as soon as the one before it is; nothing that is fed needs to be understood here, and
//! whatever it is, the boxes around it are sound.

use std::sync::Arc;

use bytes::Bytes;
use media::fmp4::{Fragment, Sample, VIDEO_TIMESCALE, init_segment};
use media::{Frame, Ticks, TrackKind, Tracks};
use tokio::io::AsyncWriteExt;
use tokio::process::ChildStdin;

use super::clock::Clock;
use super::queue::Queue;

/// What a frame's duration is taken for before there is another to measure it by.
const FIRST_GUESS: Ticks = Ticks::from_millis(33);
/// The longest duration that is told of a frame.
const LONGEST: Ticks = Ticks::from_millis(10_000);

/// Writes what waits until nothing follows, or nobody reads any more.
pub(super) async fn feed(mut pipe: ChildStdin, tracks: Tracks, clock: Option<Clock>, queue: Arc<Queue>) {
    let mut bytes = init_segment(&tracks);
    let mut muxer = Muxer::new(&tracks, clock);
    // An error here is the end of the process, which those who read from it see as well.
    while pipe.write_all(&bytes).await.is_ok() {
        let Some(frame) = queue.next().await else { return };
        bytes = muxer.fragment(&frame);
    }
}

/// Frames to fragments.
#[derive(Debug)]
pub(super) struct Muxer {
    clock: Option<Clock>,
    sample_rate: u32,
    sequence: u32,
    /// The decoding times of the last picture and the last sound.
    last: [Option<Ticks>; 2],
}

impl Muxer {
    pub(super) fn new(tracks: &Tracks, clock: Option<Clock>) -> Self {
        let sample_rate = tracks.audio.as_ref().map_or(VIDEO_TIMESCALE, |audio| audio.sample_rate);
        Self { clock, sample_rate, sequence: 0, last: [None; 2] }
    }

    /// The fragment of a frame; nothing for one whose time is before all times.
    pub(super) fn fragment(&mut self, frame: &Frame) -> Bytes {
        let clock = *self.clock.get_or_insert(Clock::at(frame.dts));
        let Some(time) = clock.inwards(frame.dts) else { return Bytes::new() };
        self.sequence = self.sequence.wrapping_add(1);
        let duration = self.duration(frame);
        let sample = [self.sample(frame, duration)];
        let mut fragment = Fragment {
            sequence: self.sequence,
            events: &[],
            video_time: unsigned(time.count()),
            video: &[],
            audio_time: unsigned(time.to_scale(self.sample_rate)),
            audio: &[],
        };
        match frame.track {
            TrackKind::Video => fragment.video = &sample,
            TrackKind::Audio => fragment.audio = &sample,
        }
        // Only a frame of 2 GiB can't be written; there is none.
        fragment.encode().unwrap_or_default()
    }

    fn duration(&mut self, frame: &Frame) -> Ticks {
        let last = &mut self.last[usize::from(frame.track == TrackKind::Audio)];
        let duration = last.replace(frame.dts).map_or(FIRST_GUESS, |last| frame.dts - last);
        duration.clamp(Ticks::new(1), LONGEST)
    }

    fn sample(&self, frame: &Frame, duration: Ticks) -> Sample {
        let (duration, composition) = match frame.track {
            TrackKind::Video => (duration.count(), (frame.pts - frame.dts).count()),
            TrackKind::Audio => (duration.to_scale(self.sample_rate), 0),
        };
        Sample {
            duration: u32::try_from(duration).unwrap_or(1),
            composition: i32::try_from(composition).unwrap_or(0),
            keyframe: frame.keyframe,
            data: frame.data.clone(),
        }
    }
}

fn unsigned(time: i64) -> u64 {
    u64::try_from(time).unwrap_or(0)
}
