//! A film: what an encoder would send, frame by frame, without one.
//!
//! Promise: times are rounded to milliseconds as RTMP carries them, frames come in the order of their
//! decoding times, and a keyframe opens each group of pictures.

use std::time::Duration;

use bytes::Bytes;
use media::{Frame, Ticks, TrackKind, Tracks, aac};

use crate::picture::{self, Kind, Picture};
use crate::sound;

/// A recipe; change the fields that a test is about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Film {
    /// Pixels across; even.
    pub width: u32,
    /// Pixels down; even.
    pub height: u32,
    /// Frames in so many seconds: (30, 1) or (30 000, 1 001).
    pub frame_rate: (u32, u32),
    /// Frames from keyframe to keyframe.
    pub gop: u32,
    /// B pictures between two others.
    pub b_frames: u32,
    /// Samples a second, one of AAC's rates.
    pub sample_rate: u32,
    /// 1 or 2.
    pub channels: u8,
    /// Decoding time of the first frame.
    pub start: Ticks,
    /// There is a picture.
    pub picture: bool,
    /// There is sound.
    pub sound: bool,
}

impl Default for Film {
    /// 640x360 at 30 frames a second, a keyframe each second, no B pictures, 48 kHz stereo.
    fn default() -> Self {
        Self {
            width: 640,
            height: 360,
            frame_rate: (30, 1),
            gop: 30,
            b_frames: 0,
            sample_rate: 48_000,
            channels: 2,
            start: Ticks::ZERO,
            picture: true,
            sound: true,
        }
    }
}

impl Film {
    /// The parameters of its tracks.
    pub fn tracks(&self) -> Tracks {
        let video = || picture::params(self.width, self.height, self.frame_rate, self.b_frames > 0);
        let audio = || sound::params(self.sample_rate, self.channels);
        Tracks { video: self.picture.then(video), audio: self.sound.then(audio) }
    }

    /// Its first `length`, both tracks interleaved by decoding time; at equal times the picture is first.
    pub fn frames(&self, length: Duration) -> Vec<Frame> {
        let mut frames = self.pictures(length);
        frames.extend(self.sounds(length));
        frames.sort_by_key(|frame| frame.dts);
        frames
    }

    /// Only the pictures, in decoding order.
    pub fn pictures(&self, length: Duration) -> Vec<Frame> {
        let end = self.start + Ticks::from_duration(length);
        let frame = |number| self.picture_frame(number);
        let all = (0..).map(frame).take_while(|frame| frame.dts < end);
        if self.picture { all.collect() } else { Vec::new() }
    }

    /// Only the audio frames.
    pub fn sounds(&self, length: Duration) -> Vec<Frame> {
        let end = self.start + Ticks::from_duration(length);
        let data = Bytes::from(sound::encode(self.channels));
        let frame = |number: u32| {
            let samples = u64::from(number) * u64::from(aac::FRAME_SAMPLES);
            let dts = self.start + nearest_millisecond(samples, 1, self.sample_rate);
            Frame { track: TrackKind::Audio, dts, pts: dts, keyframe: true, data: data.clone() }
        };
        let all = (0..).map(frame).take_while(|frame| frame.dts < end);
        if self.sound { all.collect() } else { Vec::new() }
    }

    fn picture_frame(&self, number: u32) -> Frame {
        let (gop, decoded) = (number / self.gop, number % self.gop);
        let (kind, references, display) = self.place(decoded);
        let delay = u32::from(self.b_frames > 0);
        let shown = number - decoded + display + delay;
        let coded = Picture { kind, gop, references, display, number };
        Frame {
            track: TrackKind::Video,
            dts: self.start + self.picture_time(number),
            pts: self.start + self.picture_time(shown),
            keyframe: kind == Kind::Idr,
            data: Bytes::from(picture::encode(&coded, self.width, self.height)),
        }
    }

    /// Kind, reference pictures before it and place on screen of the n-th decoded picture of a group.
    ///
    /// After the keyframe come runs of one P and the B pictures that are shown before it; the last run is
    /// as long as the group has room for.
    fn place(&self, decoded: u32) -> (Kind, u32, u32) {
        let Some(behind_key) = decoded.checked_sub(1) else { return (Kind::Idr, 0, 0) };
        let run = self.b_frames + 1;
        let (whole_runs, within) = (behind_key / run, behind_key % run);
        let first_shown = 1 + whole_runs * run;
        let length = run.min(self.gop - first_shown);
        match within {
            0 => (Kind::Predicted, whole_runs + 1, first_shown + length - 1),
            _ => (Kind::Bidirectional, whole_runs + 2, first_shown + within - 1),
        }
    }

    fn picture_time(&self, number: u32) -> Ticks {
        let (frames, seconds) = self.frame_rate;
        nearest_millisecond(u64::from(number), seconds, frames)
    }
}

/// `count * seconds / units` in whole milliseconds.
fn nearest_millisecond(count: u64, seconds: u32, units: u32) -> Ticks {
    let units = u64::from(units.max(1));
    let millis = (count * u64::from(seconds) * 1_000 + units / 2) / units;
    Ticks::from_millis(i64::try_from(millis).expect("a film is shorter than the age of the universe"))
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    #[test]
    fn the_parameters_say_what_was_asked_for() {
        let film = Film { width: 1_922, height: 1_080, frame_rate: (30_000, 1_001), ..Film::default() };
        let video = film.tracks().video.expect("a picture by default");
        assert_eq!((video.width, video.height), (1_922, 1_080));
        let rate = video.frame_rate.expect("the rate is told");
        assert!((rate - 29.97).abs() < 0.001, "{rate}");
        let audio = film.tracks().audio.expect("sound by default");
        assert_eq!((audio.sample_rate, audio.channels), (48_000, 2));
    }

    #[test]
    fn every_display_place_is_taken_once_and_after_its_decoding() {
        for (gop, b_frames) in [(1, 0), (30, 0), (30, 2), (31, 2), (8, 3), (2, 3)] {
            let film = Film { gop, b_frames, sound: false, ..Film::default() };
            let frames = film.frames(SECOND * 2);
            assert_eq!(frames.len(), 60);
            assert!(frames.iter().all(|frame| frame.pts >= frame.dts), "{gop} {b_frames}");
            let whole = frames.len() - frames.len() % usize::try_from(gop).expect("small");
            let mut shown: Vec<_> = frames[..whole].iter().map(|frame| frame.pts).collect();
            shown.sort();
            shown.dedup();
            assert_eq!(shown.len(), whole, "{gop} {b_frames}");
        }
    }

    #[test]
    fn a_keyframe_opens_each_group() {
        let frames = Film { gop: 15, b_frames: 2, ..Film::default() }.pictures(SECOND);
        let keys: Vec<_> = frames.iter().map(|frame| frame.keyframe).collect();
        let expected: Vec<_> = (0..30).map(|number| number % 15 == 0).collect();
        assert_eq!(keys, expected);
    }

    #[test]
    fn times_are_whole_milliseconds_and_tracks_interleave() {
        let frames = Film { sample_rate: 44_100, ..Film::default() }.frames(SECOND);
        assert!(frames.iter().all(|frame| frame.dts.count() % 90 == 0));
        assert!(frames.is_sorted_by_key(|frame| frame.dts));
        assert_eq!(frames.iter().filter(|frame| frame.track == TrackKind::Audio).count(), 44);
    }
}
