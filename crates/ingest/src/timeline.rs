//! One media clock out of a publisher's timestamps.
//!
//! Promise: decoding times rise strictly within a track, whatever the publisher's clock does; both tracks
//! are moved together, so a correction never pulls sound and picture apart; and a real pause stays a pause.
//!
//! RTMP counts milliseconds in 32 bits. Encoders wrap at 2^32, some at 2^31 (the field read as signed,
//! after 24.8 days) or 2^24 (no extended timestamps, after 4 h 39 min); restart from zero in mid-stream;
//! jump with the wall clock; start sound and picture from different zeros.

use std::time::Duration;

use media::{Frame, Ticks, TrackKind};

/// Where the media clock begins, so that nothing that is moved back a little falls below zero.
const ORIGIN: i64 = 10_000;
/// A forward step longer than this, in milliseconds, is a jump unless time really went by.
const FORWARD: i64 = 5_000;
/// A backward step longer than this is a jump; a shorter one is disorder, and that frame is squeezed in.
const BACKWARD: i64 = 300;
/// Tracks that start further apart than this do not count from related zeros.
const APART: i64 = 10_000;
/// How far a step and the time that went by may differ for a pause to be real.
const SLACK: i64 = 2_000;
/// Where clocks wrap early.
const EARLY_WRAPS: [i64; 2] = [1 << 24, 1 << 31];
/// The step of a track that has not shown one yet, in milliseconds.
const FIRST_STEP: i64 = 33;
/// The step between pictures that are decoded late.
const SQUEEZED: Ticks = Ticks::from_millis(1);
/// The longest step that is taken for a frame's duration.
const LONGEST_STEP: i64 = 1_000;

/// A frame's place on the media clock.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Place {
    /// Decoding time, strictly rising within the track.
    pub dts: Ticks,
    /// The time that the publisher meant; composition offsets count from here. Differs from `dts` only
    /// where the publisher's own times do not rise.
    pub time: Ticks,
    /// How far the publisher's clock jumped, in milliseconds, if this frame made us move the clock.
    pub jump: Option<i64>,
}

/// The media clock of one stream.
#[derive(Clone, Debug, Default)]
pub struct Timeline {
    video: Track,
    audio: Track,
    /// Milliseconds added to the publisher's clock; each correction makes a new one.
    shift: Option<i64>,
}

#[derive(Clone, Debug, Default)]
struct Track {
    last: Option<Last>,
    /// The shift that this track's frames get; a correction reaches the other track at its own jump.
    shift: i64,
    step: Option<i64>,
}

#[derive(Clone, Copy, Debug)]
struct Last {
    /// The publisher's number.
    raw: u32,
    /// The same, unwrapped.
    unwrapped: i64,
    /// When it arrived.
    arrival: Duration,
    dts: Ticks,
}

impl Timeline {
    /// Places a frame. `timestamp` is the publisher's, `arrival` the time since the session began.
    pub fn place(&mut self, track: TrackKind, timestamp: u32, arrival: Duration) -> Place {
        let shift = *self.shift.get_or_insert(ORIGIN - i64::from(timestamp));
        let (own, other) = match track {
            TrackKind::Video => (&mut self.video, &self.audio),
            TrackKind::Audio => (&mut self.audio, &self.video),
        };
        let (unwrapped, jump) = match own.last {
            None => own.begin(timestamp, shift, other),
            Some(last) => own.follow(last, timestamp, arrival, shift),
        };
        if jump.is_some() {
            self.shift = Some(own.shift);
        }
        let time = Ticks::from_millis(unwrapped.saturating_add(own.shift));
        let dts = own.last.map_or(time, |last| time.max(last.dts + Ticks::new(1)));
        own.last = Some(Last { raw: timestamp, unwrapped, arrival, dts });
        Place { dts, time, jump }
    }
}

impl Track {
    /// The first frame: on the clock of the other track, unless it counts from somewhere else entirely.
    fn begin(&mut self, timestamp: u32, shift: i64, other: &Self) -> (i64, Option<i64>) {
        self.shift = shift;
        let Some(peer) = other.last else { return (timestamp.into(), None) };
        // The tracks share a clock, so a wrap between their first frames is no distance at all.
        let apart = i64::from(timestamp.wrapping_sub(peer.raw).cast_signed());
        let unwrapped = peer.unwrapped.saturating_add(apart);
        if apart.abs() <= APART {
            return (unwrapped, None);
        }
        self.shift = peer.unwrapped + other.shift - unwrapped;
        (unwrapped, None)
    }

    fn follow(&mut self, last: Last, raw: u32, arrival: Duration, shared: i64) -> (i64, Option<i64>) {
        let mut step = i64::from(raw.wrapping_sub(last.raw).cast_signed());
        if let Some(wrap) = EARLY_WRAPS.iter().find(|wrap| (-BACKWARD..=FORWARD).contains(&(step + *wrap))) {
            step += wrap;
        }
        let unwrapped = last.unwrapped.saturating_add(step);
        let passed = i64::try_from(arrival.saturating_sub(last.arrival).as_millis()).unwrap_or(i64::MAX);
        let pause = step > FORWARD && (step - passed).abs() <= SLACK;
        if pause || (-BACKWARD..=FORWARD).contains(&step) {
            if (1..=LONGEST_STEP).contains(&step) {
                self.step = Some(step);
            }
            return (unwrapped, None);
        }
        (unwrapped, self.jump(last, unwrapped, step, shared))
    }

    /// Moves this track so that time goes on: by what the other track was moved by, when that explains the
    /// jump; else by what makes this frame follow the one before it. Only the latter is news.
    fn jump(&mut self, last: Last, unwrapped: i64, step: i64, shared: i64) -> Option<i64> {
        let expected = last.unwrapped.saturating_add(self.shift);
        let aligned = unwrapped.saturating_add(shared).saturating_sub(expected);
        if shared != self.shift && (-FORWARD..=FORWARD).contains(&aligned) {
            self.shift = shared;
            return None;
        }
        self.shift = expected.saturating_add(self.step.unwrap_or(FIRST_STEP)).saturating_sub(unwrapped);
        Some(step)
    }
}

/// How far a stream has come: where another encoder's frames join.
#[derive(Clone, Debug, Default)]
pub struct Edge {
    video: Option<Reach>,
    audio: Option<Ticks>,
}

#[derive(Clone, Copy, Debug)]
struct Reach {
    dts: Ticks,
    /// The latest time that a picture is shown at; with reordering not the last one's.
    shown: Ticks,
    /// The two newest steps between pictures, once there was one.
    steps: Option<[Ticks; 2]>,
}

/// How another encoder's times become those of the stream that it goes on with.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Seam {
    /// Added to all of its times.
    shift: Ticks,
    /// Sound up to here has been on air already.
    sounded: Option<Ticks>,
    /// Pictures have been decoded up to here, as long as that matters.
    decoded: Option<Ticks>,
}

impl Edge {
    /// The stream has come this far.
    pub fn note(&mut self, frame: &Frame) {
        match frame.track {
            TrackKind::Audio => self.audio = Some(frame.dts),
            TrackKind::Video => {
                let first = Reach { dts: frame.dts, shown: frame.pts, steps: None };
                let next = |last: Reach| Reach {
                    dts: frame.dts,
                    shown: last.shown.max(frame.pts),
                    steps: last.next_steps(frame.dts - last.dts),
                };
                self.video = Some(self.video.map_or(first, next));
            }
        }
    }

    /// Where frames go that begin with `first`, a picture: it is shown one usual step after all that was shown
    /// before, and everything else moves along with it.
    pub fn join(&self, first: &Frame) -> Seam {
        let Some(last) = self.video else { return Seam::default() };
        let step = last.steps.map_or(Ticks::from_millis(FIRST_STEP), |[one, two]| one.min(two));
        Seam { shift: last.shown + step - first.pts, sounded: self.audio, decoded: Some(last.dts) }
    }
}

impl Reach {
    /// The smaller of two is the usual one: a picture left out makes a single long step.
    fn next_steps(self, step: Ticks) -> Option<[Ticks; 2]> {
        let usual = Ticks::from_millis(1)..=Ticks::from_millis(LONGEST_STEP);
        if !usual.contains(&step) {
            return self.steps;
        }
        Some([self.steps.map_or(step, |[_, newest]| newest), step])
    }
}

impl Seam {
    /// Moves a frame to its place; false when that is sound that was on air already.
    ///
    /// An encoder that reorders pictures decodes its first ones long before they are shown: as far as that would
    /// be among the old encoder's, they are decoded in quick succession behind them.
    pub fn place(&mut self, frame: &mut Frame) -> bool {
        frame.dts += self.shift;
        frame.pts += self.shift;
        if frame.track == TrackKind::Audio {
            return self.sounded.is_none_or(|sounded| frame.dts > sounded);
        }
        if let Some(decoded) = self.decoded.take() {
            let earliest = decoded + SQUEEZED;
            if frame.dts < earliest {
                frame.dts = earliest;
                self.decoded = Some(earliest);
            }
        }
        true
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const NOW: Duration = Duration::ZERO;

    /// Decoding times in milliseconds since the origin.
    fn place(timeline: &mut Timeline, track: TrackKind, times: &[u32]) -> Vec<i64> {
        times.iter().map(|time| timeline.place(track, *time, NOW).dts.count() / 90 - ORIGIN).collect()
    }

    fn video(times: &[u32]) -> Vec<i64> {
        place(&mut Timeline::default(), TrackKind::Video, times)
    }

    #[test]
    fn the_first_frame_is_the_origin_whatever_its_number() {
        assert_eq!(video(&[0, 40, 80]), [0, 40, 80]);
        assert_eq!(video(&[3_000_000_000, 3_000_000_040]), [0, 40]);
    }

    #[test]
    fn clocks_wrap_at_24_31_and_32_bits_without_a_seam() {
        for top in [0x00ff_ffffu32, 0x7fff_ffff, 0xffff_ffff] {
            let before = top - 19;
            assert_eq!(video(&[before, 20, 60]), [0, 40, 80], "{top:#x}");
        }
        assert_eq!(video(&[0x00ff_fff0, 0x0100_0018]), [0, 40]);
        assert_eq!(video(&[0x7fff_fff0, 0x8000_0018]), [0, 40]);
    }

    #[test]
    fn a_jump_goes_on_by_one_frame() {
        assert_eq!(video(&[1_000_000, 1_000_040, 5, 45]), [0, 40, 80, 120]);
        assert_eq!(video(&[0, 40, 60_000_000, 60_000_040]), [0, 40, 80, 120]);
    }

    #[test]
    fn a_jump_moves_both_tracks_alike() {
        let mut timeline = Timeline::default();
        place(&mut timeline, TrackKind::Video, &[50_000, 50_040]);
        place(&mut timeline, TrackKind::Audio, &[50_010, 50_031]);
        assert_eq!(place(&mut timeline, TrackKind::Video, &[0, 40]), [80, 120]);
        // Sound restarts 10 ms after the picture did, and stays 10 ms behind it.
        assert_eq!(place(&mut timeline, TrackKind::Audio, &[10, 31]), [90, 111]);
    }

    #[test]
    fn one_jump_is_reported_once() {
        let mut timeline = Timeline::default();
        let jumps: Vec<_> = [(TrackKind::Video, 0), (TrackKind::Audio, 0), (TrackKind::Video, 90_000)]
            .into_iter()
            .chain([(TrackKind::Audio, 90_000), (TrackKind::Video, 90_040)])
            .filter_map(|(track, time)| timeline.place(track, time, NOW).jump)
            .collect();
        assert_eq!(jumps, [90_000]);
    }

    #[test]
    fn a_pause_that_really_happened_stays() {
        let mut timeline = Timeline::default();
        timeline.place(TrackKind::Video, 0, NOW);
        let place = timeline.place(TrackKind::Video, 20_000, Duration::from_millis(20_300));
        assert_eq!((place.dts, place.jump), (Ticks::from_millis(ORIGIN + 20_000), None));
    }

    #[test]
    fn tracks_with_different_zeros_stay_as_they_are_unless_they_are_far_apart() {
        let mut timeline = Timeline::default();
        place(&mut timeline, TrackKind::Video, &[5_000]);
        assert_eq!(place(&mut timeline, TrackKind::Audio, &[0, 21]), [-5_000, -4_979]);
        let mut timeline = Timeline::default();
        place(&mut timeline, TrackKind::Video, &[3_000_000]);
        assert_eq!(place(&mut timeline, TrackKind::Audio, &[0, 21]), [0, 21]);
        assert_eq!(place(&mut timeline, TrackKind::Video, &[3_000_040]), [40]);
    }

    #[test]
    fn disorder_is_squeezed_in_and_composition_counts_from_the_meant_time() {
        let mut timeline = Timeline::default();
        place(&mut timeline, TrackKind::Video, &[0, 40]);
        let place = timeline.place(TrackKind::Video, 40, NOW);
        assert_eq!(place.dts, Ticks::from_millis(ORIGIN + 40) + Ticks::new(1));
        assert_eq!(place.time, Ticks::from_millis(ORIGIN + 40));
    }

    fn frame(track: TrackKind, milliseconds: i64, composition: i64) -> Frame {
        let dts = Ticks::from_millis(milliseconds);
        let pts = dts + Ticks::from_millis(composition);
        Frame { track, dts, pts, keyframe: true, data: bytes::Bytes::new() }
    }

    fn edge(pictures: &[(i64, i64)], sounds: &[i64]) -> Edge {
        let mut edge = Edge::default();
        for (dts, composition) in pictures {
            edge.note(&frame(TrackKind::Video, *dts, *composition));
        }
        for dts in sounds {
            edge.note(&frame(TrackKind::Audio, *dts, 0));
        }
        edge
    }

    #[test]
    fn another_encoders_first_picture_follows_by_one_usual_step() {
        let seam = edge(&[(10_000, 0), (10_040, 0), (10_080, 0)], &[]).join(&frame(TrackKind::Video, 500, 0));
        assert_eq!(seam.shift, Ticks::from_millis(10_120 - 500));
        // A picture left out just before makes no long step of it.
        let seam = edge(&[(10_000, 0), (10_040, 0), (10_800, 0)], &[]).join(&frame(TrackKind::Video, 500, 0));
        assert_eq!(seam.shift, Ticks::from_millis(10_840 - 500));
    }

    #[test]
    fn pictures_are_shown_in_even_steps_whoever_reorders_them() {
        let join = |old: &[(i64, i64)], new: &[(i64, i64)]| -> Vec<(i64, i64)> {
            let old = edge(old, &[]);
            let mut seam = old.join(&frame(TrackKind::Video, new[0].0, new[0].1));
            let placed = new.iter().map(|(dts, composition)| {
                let mut picture = frame(TrackKind::Video, *dts, *composition);
                assert!(seam.place(&mut picture));
                (picture.dts.count() / 90, picture.pts.count() / 90)
            });
            placed.collect()
        };
        let plain = [(10_000, 0), (10_040, 0)];
        let reordered = [(10_000, 80), (10_040, 160), (10_080, 40)];
        let new = [(0, 80), (40, 160), (80, 40), (120, 40), (160, 160)];
        // After pictures in their order, those decoded early are squeezed in behind them.
        let squeezed =
            [(10_041, 10_080), (10_042, 10_200), (10_080, 10_120), (10_120, 10_160), (10_160, 10_320)];
        assert_eq!(join(&plain, &new), squeezed);
        // Alike before and after: decoding goes on where showing does.
        assert_eq!(join(&reordered, &new)[0], (10_160, 10_240));
        // After reordered ones, decoding waits until all of them are shown.
        assert_eq!(join(&reordered, &[(0, 0), (40, 0)]), [(10_240, 10_240), (10_280, 10_280)]);
    }

    #[test]
    fn sound_that_was_on_air_already_is_not_heard_twice() {
        let mut seam =
            edge(&[(10_000, 0), (10_040, 0)], &[10_060, 10_081]).join(&frame(TrackKind::Video, 0, 0));
        let mut heard = |time| seam.place(&mut frame(TrackKind::Audio, time, 0));
        assert_eq!((heard(0), heard(1), heard(2)), (false, false, true), "the seam is at 10 080 ms");
    }

    #[test]
    fn before_anything_was_on_air_nothing_is_moved() {
        assert_eq!(Edge::default().join(&frame(TrackKind::Video, 500, 0)), Seam::default());
    }

    /// What a publisher with such timestamps puts on air, from its first picture on.
    fn on_air(stamps: &[(bool, u32)]) -> Vec<Frame> {
        let mut timeline = Timeline::default();
        let placed = stamps.iter().map(|(picture, time)| {
            let track = if *picture { TrackKind::Video } else { TrackKind::Audio };
            let place = timeline.place(track, *time, NOW);
            Frame { dts: place.dts, pts: place.time, ..frame(track, 0, 0) }
        });
        let placed: Vec<_> = placed.collect();
        placed.into_iter().skip_while(|frame| frame.track == TrackKind::Audio).collect()
    }

    proptest! {
        #[test]
        fn times_rise_across_any_number_of_takeovers(
            encoders in prop::collection::vec(prop::collection::vec((any::<bool>(), any::<u32>()), 1..40), 1..6),
        ) {
            let mut edge = Edge::default();
            let mut last: [Option<Ticks>; 2] = [None, None];
            for stamps in &encoders {
                let frames = on_air(stamps);
                let Some(first) = frames.first() else { continue };
                let mut seam = edge.join(first);
                let mut shown = edge.video.map(|reach| reach.shown);
                for mut frame in frames {
                    if seam.place(&mut frame) {
                        let track = usize::from(frame.track == TrackKind::Video);
                        prop_assert!(last[track].replace(frame.dts).is_none_or(|before| before < frame.dts));
                        if frame.track == TrackKind::Video && let Some(shown) = shown.take() {
                            prop_assert!(shown < frame.pts);
                        }
                        edge.note(&frame);
                    }
                }
            }
        }

        #[test]
        fn decoding_times_rise_and_stay_above_zero(
            frames in prop::collection::vec((any::<bool>(), any::<u32>(), 0u64..40_000), 1..200),
        ) {
            let mut timeline = Timeline::default();
            let mut last: [Option<Ticks>; 2] = [None, None];
            let mut arrival = Duration::ZERO;
            for (is_video, time, gap) in frames {
                arrival += Duration::from_millis(gap);
                let track = if is_video { TrackKind::Video } else { TrackKind::Audio };
                let place = timeline.place(track, time, arrival);
                let before = last[usize::from(is_video)].replace(place.dts);
                prop_assert!(before.is_none_or(|before| before < place.dts));
                prop_assert!(place.dts >= Ticks::ZERO);
            }
        }
    }
}
