//! The meter's verdicts on streams that were made up by the second.
//!
//! Promise: time is counted by the tests, so no verdict depends on the machine.

use bytes::Bytes;
use proptest::prelude::*;

use super::*;

/// A stream that is made up second by second.
struct Film {
    meter: Meter,
    /// Milliseconds.
    now: u64,
    media: i64,
}

impl Film {
    fn announced(frame_rate: Option<f64>, kilobits: Option<f64>) -> Self {
        let mut meter = Meter::default();
        meter.announce(&Announced { frame_rate, video_kbps: kilobits, ..Announced::default() });
        Self { meter, now: 0, media: 0 }
    }

    /// A second of so many pictures of so many bytes, whose media time is so many milliseconds.
    fn second(&mut self, pictures: u64, bytes: usize, pace: i64) -> StreamHealth {
        for picture in 0..pictures {
            self.now += 1_000 / pictures;
            self.media += pace * 90 / i64::try_from(pictures).expect("a small number");
            self.picture(bytes, picture == 0);
        }
        self.now = (self.now / 1_000 + u64::from(pictures == 0 || !self.now.is_multiple_of(1_000))) * 1_000;
        self.judge()
    }

    fn seconds(&mut self, count: usize, pictures: u64, bytes: usize) -> Vec<StreamHealth> {
        (0..count).map(|_| self.second(pictures, bytes, 1_000)).collect()
    }

    fn picture(&mut self, bytes: usize, keyframe: bool) {
        let now = Duration::from_millis(self.now.saturating_sub(1));
        let dts = Ticks::new(self.media);
        let data = Bytes::from(vec![0; bytes]);
        self.meter.arrived(bytes as u64 + 12, now);
        self.meter.frame(&Frame { track: TrackKind::Video, dts, pts: dts, keyframe, data }, now);
    }

    fn judge(&mut self) -> StreamHealth {
        self.meter.judge(Duration::from_millis(self.now)).1
    }
}

use StreamHealth::{Healthy, Starving, Unknown};

#[test]
fn a_stream_that_brings_what_it_announced_is_healthy_after_three_seconds() {
    let mut film = Film::announced(Some(30.0), Some(3_000.0));
    let told = film.seconds(10, 30, 12_500);
    assert_eq!(told[..3], [Unknown; 3]);
    assert!(told[3..].iter().all(|health| *health == Healthy), "{told:?}");
    let (incoming, _) = film.meter.judge(Duration::from_millis(film.now));
    assert_eq!((incoming.frame_rate, incoming.video_bitrate), (30.0, 3_000_000));
    assert!((incoming.keyframe_interval - 1.0).abs() < 0.01 && incoming.bitrate > incoming.video_bitrate);
}

#[test]
fn a_full_stop_is_starvation_within_three_seconds_and_its_end_is_the_end() {
    let mut film = Film::announced(Some(30.0), Some(3_000.0));
    film.seconds(10, 30, 12_500);
    let told = film.seconds(5, 0, 0);
    assert!(told[..3].contains(&Starving) && told[4] == Starving, "{told:?}");
    let told = film.seconds(5, 30, 12_500);
    assert_eq!(told[4], Healthy, "{told:?}");
    assert_eq!(told.windows(2).filter(|pair| pair[0] != pair[1]).count(), 1, "it changes once: {told:?}");
}

#[test]
fn a_still_picture_that_needs_few_bits_is_healthy() {
    let mut film = Film::announced(Some(30.0), Some(6_000.0));
    let told = film.seconds(60, 30, 200);
    assert!(told[3..].iter().all(|health| *health == Healthy), "{told:?}");
}

#[test]
fn an_encoder_that_slows_down_by_itself_is_believed() {
    let mut film = Film::announced(Some(30.0), Some(3_000.0));
    film.seconds(10, 30, 12_500);
    let told = film.seconds(10, 10, 2_000);
    assert_eq!(told[9], Healthy, "an even rate, on time: {told:?}");
    let told = film.seconds(4, 2, 2_000);
    assert_eq!(told[3], Starving, "less than that: {told:?}");
}

#[test]
fn a_stream_that_its_network_slows_down_starves_however_even_it_is() {
    let mut film = Film::announced(Some(30.0), Some(3_000.0));
    film.seconds(10, 30, 12_500);
    let told: Vec<_> = (0..30).map(|_| film.second(8, 12_500, 266)).collect();
    assert!(told[3..].iter().all(|health| *health == Starving), "{told:?}");
}

#[test]
fn one_gulp_after_a_pause_is_no_recovery() {
    let mut film = Film::announced(Some(30.0), Some(3_000.0));
    film.seconds(10, 30, 12_500);
    film.seconds(5, 0, 0);
    film.second(150, 12_500, 5_000);
    let told = film.seconds(3, 0, 0);
    assert!(!told.contains(&Healthy), "{told:?}");
}

#[test]
fn an_encoder_that_hands_on_in_gulps_of_two_seconds_is_healthy() {
    let mut film = Film::announced(Some(30.0), Some(3_000.0));
    let gulp = |second| if second % 2 == 0 { (60, 2_000) } else { (0, 0) };
    let told: Vec<_> =
        (0..30).map(gulp).map(|(pictures, span)| film.second(pictures, 12_500, span)).collect();
    assert!(told[5..].iter().all(|health| *health == Healthy), "{told:?}");
}

#[test]
fn without_an_announcement_a_stream_is_held_against_itself() {
    let mut film = Film::announced(None, None);
    let told = film.seconds(8, 25, 5_000);
    assert_eq!((told[4], told[7]), (Unknown, Healthy));
    let told = film.seconds(4, 0, 0);
    assert_eq!(told[3], Starving);
}

#[test]
fn a_slow_show_of_slides_is_healthy() {
    let mut film = Film::announced(Some(1.0), Some(200.0));
    let told = film.seconds(40, 1, 20_000);
    assert!(told[11..].iter().all(|health| *health == Healthy), "{told:?}");
}

#[test]
fn one_who_never_sends_anything_starves() {
    let mut film = Film::announced(Some(30.0), None);
    let told = film.seconds(8, 0, 0);
    assert_eq!((told[1], told[7]), (Unknown, Starving));
}

#[test]
fn one_who_waits_for_a_keyframe_does_not() {
    let mut film = Film::announced(Some(30.0), None);
    for second in 0..9 {
        film.meter.arrived(300_000, Duration::from_secs(second));
        assert_eq!(film.meter.judge(Duration::from_secs(second)).1, Unknown);
    }
}

proptest! {
    #[test]
    fn whatever_arrives_and_whatever_the_clock_does_nothing_breaks(
        said in (any::<f64>(), any::<f64>()),
        frames in prop::collection::vec((any::<u64>(), any::<i64>(), 0usize..100, any::<u8>()), 0..300),
    ) {
        let mut meter = Meter::default();
        let (frame_rate, video_kbps) = (Some(said.0), Some(said.1));
        meter.announce(&Announced { frame_rate, video_kbps, ..Announced::default() });
        for (time, dts, bytes, kind) in frames {
            let now = Duration::from_millis(time);
            let (dts, data) = (Ticks::new(dts), Bytes::from(vec![0; bytes]));
            let track = if kind % 2 == 0 { TrackKind::Video } else { TrackKind::Audio };
            meter.arrived(time, now);
            meter.frame(&Frame { track, dts, pts: dts, keyframe: kind % 3 == 0, data }, now);
            let (incoming, _) = meter.judge(now);
            prop_assert!(incoming.frame_rate.is_finite() && incoming.keyframe_interval.is_finite());
        }
    }

    #[test]
    fn a_stream_at_its_announced_rate_never_starves_however_its_seconds_are_cut(
        gaps in prop::collection::vec(1u64..66, 100..2_000),
        bytes in 1usize..400,
    ) {
        let mut film = Film::announced(Some(30.0), Some(9_000.0));
        for gap in gaps {
            let second = film.now / 1_000;
            film.now += gap;
            film.media += 3_000;
            film.picture(bytes, false);
            if film.now / 1_000 > second {
                prop_assert_ne!(film.judge(), Starving);
            }
        }
    }
}
