//! How a stream fares on its way in: what is received, held against what was announced.
//!
//! Promise: it costs an addition for each frame and a look at a few numbers each second; no times and no counts
//! make it panic; a full stop is starvation within three seconds and a bit, and content that needs few bits never
//! is while its pictures come.
//!
//! # The rule
//!
//! IVS says: starving is a stream of which fewer bits arrive than its encoder announced, over a time frame (user
//! guide, "Monitoring stream health"). Taken by its word that would be a false alarm for each still picture, since
//! encoders announce the most that they would send. So bits alone are not enough here:
//!
//! - **Starving**: over the newest three whole seconds fewer than half of the expected pictures arrived, and fewer
//!   than 70 % of the announced bits of video (where none were announced, pictures alone decide). At frame rates
//!   below two a second the time frame is ten seconds.
//! - **Healthy again**: of each of these seconds at most the expected pictures are counted, so that one burst after
//!   a pause does not look like recovery, and they make 60 % of what is expected.
//! - Between the two nothing changes. The margin also covers encoders that hand their pictures on in gulps of two
//!   seconds.
//! - **Unknown** for the first three whole seconds of pictures, and five where nothing says how many to expect.
//!
//! Expected is the announced frame rate, else that of the sequence parameter set, else what the stream shows in its
//! first five seconds. Announcements lie, and cameras slow down in the dark: five seconds of even, lower rate, with
//! a media clock that keeps pace with the wall's, are believed instead. A stream held up by its network keeps
//! neither pace nor evenness.

use std::time::Duration;

use domain::StreamHealth;
use live::Incoming;
use media::{Frame, Ticks, TrackKind, Tracks};

use crate::rtmp::Announced;
use crate::seconds::Seconds;

/// Whole seconds that are looked at.
const WINDOW: usize = 3;
/// The same for streams of less than [`SLOW`] pictures a second.
const LONG_WINDOW: usize = 10;
const SLOW: f64 = 2.0;
/// Seconds that show a stream's own frame rate.
const SHOWN: usize = 5;
/// Below this part of the expected pictures, and ...
const FEW_PICTURES: f64 = 0.5;
/// ... below this part of the announced bits, a stream starves.
const FEW_BITS: f64 = 0.7;
/// From this part of the expected pictures on it does not any more.
const ENOUGH_PICTURES: f64 = 0.6;
/// Without a picture since the beginning, silence for so long is starvation.
const FIRST_PICTURE: Duration = Duration::from_secs(5);
/// Bits in a window that are silence: keep-alive messages of the protocol, no media.
const SILENCE: u64 = 8_000;
/// Frame rates that can be meant.
const FRAME_RATES: std::ops::RangeInclusive<f64> = 0.5..=300.0;
/// Bits a second that can be meant.
const BITRATES: std::ops::RangeInclusive<f64> = 1e3..=1e9;

/// What was counted in one second.
#[derive(Clone, Copy, Debug, Default)]
struct Second {
    bits: u64,
    video_bits: u64,
    audio_bits: u64,
    pictures: u32,
    /// Decoding time of its last picture.
    media: Option<Ticks>,
}

/// Measures one stream from one encoder. Times count from any beginning that stays the same.
#[derive(Clone, Debug, Default)]
pub struct Meter {
    seconds: Seconds<Second, LONG_WINDOW>,
    announced_frame_rate: Option<f64>,
    announced_video: Option<f64>,
    coded_frame_rate: Option<f64>,
    /// What the stream showed by itself, where nothing was said.
    shown_frame_rate: Option<f64>,
    /// An even rate below what was said.
    steady_frame_rate: Option<f64>,
    /// When measuring began.
    began: Option<Duration>,
    /// Number of the second that brought the first picture.
    first_picture: Option<u64>,
    keyframe: Option<Ticks>,
    keyframe_interval: f64,
    health: Option<StreamHealth>,
}

impl Meter {
    /// The encoder said what it sends. What can't be meant is not believed.
    pub fn announce(&mut self, announced: &Announced) {
        self.announced_frame_rate = announced.frame_rate.filter(|rate| FRAME_RATES.contains(rate));
        let bits = announced.video_kbps.map(|kilobits| kilobits * 1e3);
        self.announced_video = bits.filter(|bits| BITRATES.contains(bits));
    }

    /// Bits a second of the picture as announced; 0 when they were not.
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "it is within BITRATES")]
    pub(crate) fn announced_bitrate(&self) -> u64 {
        self.announced_video.map_or(0, |bits| bits as u64)
    }

    /// The stream's headers were read.
    pub fn tracks(&mut self, tracks: &Tracks) {
        let rate = tracks.video.as_ref().and_then(|video| video.frame_rate);
        self.coded_frame_rate = rate.filter(|rate| FRAME_RATES.contains(rate));
    }

    /// Bytes arrived, of whatever kind.
    pub fn arrived(&mut self, bytes: u64, now: Duration) {
        self.begin(now);
        let second = self.seconds.at(now);
        second.bits = second.bits.saturating_add(bytes.saturating_mul(8));
    }

    /// A frame was made of what arrived last.
    pub fn frame(&mut self, frame: &Frame, now: Duration) {
        self.begin(now);
        let bits = u64::try_from(frame.data.len()).unwrap_or(u64::MAX).saturating_mul(8);
        let second = self.seconds.at(now);
        if frame.track == TrackKind::Audio {
            second.audio_bits = second.audio_bits.saturating_add(bits);
            return;
        }
        second.video_bits = second.video_bits.saturating_add(bits);
        second.pictures = second.pictures.saturating_add(1);
        second.media = Some(frame.dts);
        let number = self.seconds.number();
        self.first_picture.get_or_insert(number);
        if frame.keyframe
            && let Some(before) = self.keyframe.replace(frame.dts)
        {
            self.keyframe_interval = between(before, frame.dts).max(0.0);
        }
    }

    /// Looks at the seconds that are whole by now. To be asked about once a second.
    pub fn judge(&mut self, now: Duration) -> (Incoming, StreamHealth) {
        self.begin(now);
        self.seconds.advance(now);
        self.learn();
        let verdict = self.verdict(now);
        let health = verdict.or(self.health).unwrap_or(StreamHealth::Unknown);
        self.health = Some(health);
        (self.incoming(), health)
    }

    /// The first second is the one of the first call, however late on the clock that is.
    fn begin(&mut self, now: Duration) {
        if self.began.is_none() {
            self.began = Some(now);
            self.seconds.advance(now);
        }
    }

    fn incoming(&self) -> Incoming {
        let seconds = self.whole_seconds().min(WINDOW as u64);
        let mut sum = Second::default();
        for second in self.seconds.newest(usize::try_from(seconds).unwrap_or(WINDOW)) {
            sum.bits = sum.bits.saturating_add(second.bits);
            sum.video_bits = sum.video_bits.saturating_add(second.video_bits);
            sum.audio_bits = sum.audio_bits.saturating_add(second.audio_bits);
            sum.pictures = sum.pictures.saturating_add(second.pictures);
        }
        let mean = |bits: u64| bits / seconds.max(1);
        Incoming {
            bitrate: mean(sum.bits),
            video_bitrate: mean(sum.video_bits),
            audio_bitrate: mean(sum.audio_bits),
            frame_rate: f64::from(sum.pictures) / seconds.max(1) as f64,
            keyframe_interval: self.keyframe_interval,
        }
    }

    /// Whole seconds since measuring began.
    fn whole_seconds(&self) -> u64 {
        self.seconds.number().saturating_sub(self.began.unwrap_or_default().as_secs())
    }

    /// Finds out about a frame rate that nobody told, or not truly.
    fn learn(&mut self) {
        if self.seconds_of_pictures() < SHOWN as u64 {
            return;
        }
        let (count, even) = self.shown();
        let said = self.announced_frame_rate.or(self.coded_frame_rate);
        if said.is_none() && self.shown_frame_rate.is_none() && count > 0.0 {
            self.shown_frame_rate = Some(count);
        }
        if even && let Some(base) = said.or(self.shown_frame_rate) {
            self.steady_frame_rate = (count < base).then_some(count);
        }
    }

    /// The mean rate of the newest seconds, and whether it is an even one on a clock that keeps pace.
    fn shown(&self) -> (f64, bool) {
        let counts = || self.seconds.newest(SHOWN).map(|second| second.pictures);
        let (least, most) = (counts().min().unwrap_or(0), counts().max().unwrap_or(0));
        let mean = counts().map(f64::from).sum::<f64>() / SHOWN as f64;
        let newest = self.seconds.newest(SHOWN).next().and_then(|second| second.media);
        let oldest = self.seconds.newest(SHOWN).last().and_then(|second| second.media);
        let span = newest.zip(oldest).map_or(0.0, |(newest, oldest)| between(oldest, newest));
        let keeps_pace = span >= 0.9 * (SHOWN - 1) as f64;
        let is_even = least > 0 && most - least <= 2.max(most / 5);
        (mean, keeps_pace && is_even)
    }

    /// Whole seconds after the one of the first picture.
    fn seconds_of_pictures(&self) -> u64 {
        let first = self.first_picture.unwrap_or(u64::MAX);
        self.seconds.number().saturating_sub(first.saturating_add(1))
    }

    /// `None`: as before.
    fn verdict(&self, now: Duration) -> Option<StreamHealth> {
        if self.first_picture.is_none() {
            return self.verdict_without_pictures(now);
        }
        let said = self.announced_frame_rate.or(self.coded_frame_rate).or(self.shown_frame_rate);
        let expected = self.steady_frame_rate.or(said)?;
        let window = if expected < SLOW { LONG_WINDOW } else { WINDOW };
        if self.seconds_of_pictures() < window as u64 {
            return None;
        }
        let due = expected * window as f64;
        let (mut pictures, mut capped, mut bits) = (0.0, 0.0, 0.0);
        for second in self.seconds.newest(window) {
            let count = f64::from(second.pictures);
            pictures += count;
            capped += if window == WINDOW { count.min(expected) } else { count };
            bits += second.video_bits as f64;
        }
        let few_bits = self.announced_video.is_none_or(|rate| bits < FEW_BITS * rate * window as f64);
        if pictures < FEW_PICTURES * due && few_bits {
            return Some(StreamHealth::Starving);
        }
        let lately_unwell = self.health == Some(StreamHealth::Starving);
        (!lately_unwell || capped >= ENOUGH_PICTURES * due).then_some(StreamHealth::Healthy)
    }

    /// A stream that never showed a picture starves when nothing else arrives either: one that waits for its first
    /// keyframe is not held up by its network.
    fn verdict_without_pictures(&self, now: Duration) -> Option<StreamHealth> {
        let since = now.saturating_sub(self.began.unwrap_or(now));
        let bits = self.seconds.newest(WINDOW).fold(0u64, |sum, second| sum.saturating_add(second.bits));
        (since >= FIRST_PICTURE && bits < SILENCE).then_some(StreamHealth::Starving)
    }
}

/// Seconds from one moment of media to another, whatever numbers stand there.
fn between(earlier: Ticks, later: Ticks) -> f64 {
    Ticks::new(later.count().saturating_sub(earlier.count())).as_secs_f64()
}

#[cfg(test)]
mod tests;
