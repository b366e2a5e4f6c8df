//! A stream's beginning: its first pictures, by which its ladder is decided.
//!
//! Promise: about half a second of the stream's own time, and never more than [`MOST`] frames.

use std::sync::Arc;

use media::{Frame, Ticks, TrackKind, Tracks};

use crate::Input;

/// So much of the stream is looked at.
const SPAN: Ticks = Ticks::from_millis(480);

/// And at least so many pictures.
const FEW: usize = 5;

/// And never more frames than this.
const MOST: usize = 512;

/// Rates that streams usually have.
const USUAL: [f64; 11] = [
    15.0,
    24_000.0 / 1_001.0,
    24.0,
    25.0,
    30_000.0 / 1_001.0,
    30.0,
    48.0,
    50.0,
    60_000.0 / 1_001.0,
    60.0,
    120.0,
];

/// What came so far.
#[derive(Debug, Default)]
pub(crate) struct Beginning {
    tracks: Option<Arc<Tracks>>,
    frames: Vec<(Frame, Arc<Tracks>)>,
}

impl Beginning {
    pub(crate) fn tracks(&mut self, tracks: Arc<Tracks>) {
        let is_other = self.tracks.as_ref().is_some_and(|known| known.video != tracks.video);
        if is_other {
            self.frames.clear();
        }
        self.tracks = Some(tracks);
    }

    pub(crate) fn frame(&mut self, frame: Frame) {
        let Some(tracks) = &self.tracks else { return };
        if tracks.video.is_some() && self.frames.len() < MOST {
            self.frames.push((frame, Arc::clone(tracks)));
        }
    }

    /// Is there any picture?
    pub(crate) fn has_pictures(&self) -> bool {
        self.pictures().next().is_some()
    }

    /// Is this enough to judge by?
    pub(crate) fn is_enough(&self) -> bool {
        let (first, last) = (self.pictures().next(), self.pictures().last());
        let span = first.zip(last).map_or(Ticks::ZERO, |(first, last)| last.dts - first.dts);
        self.frames.len() >= MOST || (span >= SPAN && self.pictures().count() >= FEW)
    }

    /// What it is; `None` without a picture.
    pub(crate) fn input(&self) -> Option<Input> {
        input(self.tracks.as_deref()?, self.frame_rate())
    }

    /// Bits a second of its sound; 0 where there is none.
    pub(crate) fn sound_rate(&self) -> u32 {
        let sounds = || self.frames.iter().filter(|(frame, _)| frame.track == TrackKind::Audio);
        let (count, bytes) = sounds()
            .fold((0_u64, 0), |(count, bytes), (frame, _)| (count + 1, bytes + frame.data.len() as u64));
        let audio = self.tracks.as_ref().and_then(|tracks| tracks.audio.as_ref());
        let samples = count * u64::from(media::aac::FRAME_SAMPLES);
        let rate = audio.map_or(0, |audio| bytes * 8 * u64::from(audio.sample_rate) / samples.max(1));
        u32::try_from(rate).unwrap_or(u32::MAX)
    }

    /// All that came, in order.
    pub(crate) fn into_frames(self) -> Vec<(Frame, Arc<Tracks>)> {
        self.frames
    }

    fn pictures(&self) -> impl Iterator<Item = &Frame> {
        self.frames.iter().map(|(frame, _)| frame).filter(|frame| frame.track == TrackKind::Video)
    }

    /// Pictures a second: what the stream tells, if the measurement agrees; else the usual rate that it is near to;
    /// else the measured one.
    #[expect(clippy::cast_precision_loss, reason = "half a second in ticks is far below 2^53")]
    fn frame_rate(&self) -> f64 {
        let told = self.tracks.as_ref().and_then(|tracks| tracks.video.as_ref()?.frame_rate);
        let mut times: Vec<Ticks> = self.pictures().map(|frame| frame.dts).collect();
        times.sort_unstable();
        let mut spans: Vec<i64> = times.windows(2).map(|two| (two[1] - two[0]).count()).collect();
        spans.retain(|span| *span > 0);
        spans.sort_unstable();
        // Pictures that were lost, and clocks that jumped, make spans that say nothing.
        let Some(&median) = spans.get(spans.len() / 2) else { return told.unwrap_or(30.0) };
        spans.retain(|span| span.abs_diff(median) <= median.unsigned_abs() / 2);
        let measured =
            spans.len() as f64 * Ticks::PER_SECOND as f64 / spans.iter().sum::<i64>().max(1) as f64;
        let off = |rate: &f64| ((rate - measured) / measured).abs();
        let nearest = USUAL.into_iter().min_by(|one, other| off(one).total_cmp(&off(other)));
        let told = told.filter(|rate| off(rate) < 0.03);
        told.or(nearest.filter(|rate| off(rate) < 0.015)).unwrap_or(measured).clamp(1.0, 240.0)
    }
}

/// What a ladder is decided by; `None` without a picture.
pub(crate) fn input(tracks: &Tracks, frame_rate: f64) -> Option<Input> {
    let video = tracks.video.as_ref()?;
    Some(Input {
        width: video.width,
        height: video.height,
        pixel_aspect: video.pixel_aspect,
        frame_rate,
        has_sound: tracks.audio.is_some(),
    })
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use testkit::Film;

    use super::*;

    fn begun(film: &Film, told: bool) -> Beginning {
        let mut tracks = film.tracks();
        if !told {
            tracks.video.iter_mut().for_each(|video| video.frame_rate = None);
        }
        let mut beginning = Beginning::default();
        beginning.tracks(Arc::new(tracks));
        for frame in film.frames(Duration::from_secs(60)) {
            if beginning.is_enough() {
                break;
            }
            beginning.frame(frame);
        }
        assert!(beginning.is_enough());
        beginning
    }

    fn rate(frame_rate: (u32, u32), told: bool) -> f64 {
        begun(&Film { frame_rate, b_frames: 2, ..Film::default() }, told).frame_rate()
    }

    fn near(rate: f64, expected: f64) {
        assert!((rate - expected).abs() < 0.01, "{rate} for {expected}");
    }

    #[test]
    fn usual_rates_are_known_by_their_pictures_alone() {
        for whole in [24_u32, 25, 30, 50, 60] {
            near(rate((whole, 1), false), f64::from(whole));
        }
        let odd = rate((12, 1), false);
        assert!((odd - 12.0).abs() < 0.2, "{odd}");
    }

    #[test]
    fn what_is_told_counts_if_the_pictures_agree() {
        near(rate((30_000, 1_001), true), 29.97);
        let mut beginning = begun(&Film::default(), true);
        let mut tracks = beginning.tracks.as_deref().cloned().expect("tracks");
        tracks.video.iter_mut().for_each(|video| video.frame_rate = Some(90.0));
        beginning.tracks = Some(Arc::new(tracks));
        near(beginning.frame_rate(), 30.0);
    }

    #[test]
    fn half_a_second_is_enough() {
        let film = Film { frame_rate: (60, 1), ..Film::default() };
        let frames = begun(&film, true).into_frames();
        assert!((29..80).contains(&frames.len()), "{}", frames.len());
    }

    #[test]
    fn a_lost_picture_does_not_change_the_rate() {
        let film = Film { frame_rate: (50, 1), ..Film::default() };
        let mut beginning = begun(&film, false);
        beginning.frames.remove(5);
        near(beginning.frame_rate(), 50.0);
    }

    #[test]
    fn sound_is_measured() {
        let film = Film::default();
        let bytes = film.sounds(Duration::from_secs(1))[0].data.len() as u64;
        let expected = bytes * 8 * 48_000 / 1_024;
        assert_eq!(u64::from(begun(&film, true).sound_rate()), expected);
        assert_eq!(begun(&Film { sound: false, ..film }, true).sound_rate(), 0);
    }

    #[test]
    fn without_a_picture_there_is_nothing_to_judge() {
        let film = Film { picture: false, ..Film::default() };
        let mut beginning = Beginning::default();
        beginning.tracks(Arc::new(film.tracks()));
        film.frames(Duration::from_secs(30)).into_iter().for_each(|frame| beginning.frame(frame));
        assert!(beginning.input().is_none() && !beginning.is_enough() && !beginning.has_pictures());
    }
}
