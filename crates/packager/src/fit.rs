//! Fit, then freeze: from the pictures of the first segments to the terms of the whole session.
//!
//! Promise: at a constant frame rate with millisecond-rounded stamps every part stays within the part
//! target and every full part reaches 85 % of it (draft-pantos-hls-rfc8216bis, 4.4.4.9); the terms come
//! out whole milliseconds, so their text says exactly what is meant.

use std::time::Duration;

use domain::ContainerFormat;
use live::Terms;
use media::Ticks;

/// Decoding time of a picture, and whether it is a keyframe.
pub(crate) type Beat = (Ticks, bool);

/// A segment shorter than this is joined with the next one: a request and a playlist line for each tenth
/// of a second cost players more than a longer segment, and the shortest target duration is a second.
pub(crate) const SHORTEST_SEGMENT: Ticks = Ticks::from_millis(500);
const LONGEST_TARGET: u32 = 6;
/// A difference of two stamps that are each rounded to a millisecond is off by less than this; a fifth is
/// for the error of the measured rate.
const ROUNDING: i64 = 108;
const MILLISECOND: i64 = 90;

/// The measured rhythm of a stream, and what follows from it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Fit {
    /// What players are told.
    pub terms: Terms,
    /// From one picture to the next.
    pub picture: Ticks,
}

impl Fit {
    /// Fits parts of about `part` to the pictures seen so far. `told` is the rate that the stream claims. The
    /// container, which changes no time, is fragmented MP4 until it is set.
    pub fn new(part: Duration, told: Option<f64>, beats: &[(Ticks, bool)]) -> Self {
        let spans: Vec<i64> = beats.windows(2).map(|pair| (pair[1].0 - pair[0].0).count()).collect();
        let picture = usual_span(&spans);
        let part_target = part_target(Ticks::from_duration(part).count(), picture, &spans);
        // A segment is closed where another whole part might make it too long; that must not be before its keyframe.
        let target_duration = target_duration(longest_segment(beats, picture) + Ticks::new(part_target));
        let seconds = Ticks::new(i64::from(target_duration) * Ticks::PER_SECOND);
        let times = |factor: i64| Ticks::new(seconds.count() * factor);
        let terms = Terms {
            part_target: Ticks::new(part_target),
            target_duration,
            // Three times is what the draft recommends; AVPlayer stalls at exactly that.
            part_hold_back: Ticks::new(whole_milliseconds(part_target * 7 / 2)),
            hold_back: times(3),
            can_skip_until: times(6),
            frame_rate: frame_rate(told, &spans, picture),
            container: ContainerFormat::FragmentedMp4,
        };
        Self { terms, picture: Ticks::new(picture) }
    }

    /// Is enough known? Either the segments so far make three target durations (sooner nothing may be
    /// published, so waiting costs nothing and a first group of pictures that a scene cut made short
    /// misleads nobody), or the target duration can't grow any more.
    pub(crate) fn is_due(beats: &[Beat]) -> bool {
        let (Some(first), Some(last)) = (beats.first(), beats.last()) else { return false };
        let mut cut = first.0;
        let mut longest = Ticks::ZERO;
        for at in cuts(beats) {
            longest = longest.max(at - cut);
            cut = at;
        }
        let full = Ticks::new(i64::from(target_duration(longest)) * 3 * Ticks::PER_SECOND);
        let endless = Ticks::new((i64::from(LONGEST_TARGET) * 2 + 1) * Ticks::PER_SECOND / 2);
        (longest > Ticks::ZERO && cut - first.0 >= full) || last.0 - cut >= endless
    }
}

/// Where segments begin, after the first one.
fn cuts(beats: &[Beat]) -> impl Iterator<Item = Ticks> + '_ {
    let mut start = beats.first().map_or(Ticks::ZERO, |first| first.0);
    beats.iter().filter_map(move |(at, keyframe)| {
        let cut = *keyframe && *at - start >= SHORTEST_SEGMENT;
        cut.then(|| start = *at).map(|()| *at)
    })
}

fn longest_segment(beats: &[Beat], picture: i64) -> Ticks {
    let (Some(first), Some(last)) = (beats.first(), beats.last()) else { return Ticks::ZERO };
    let end = last.0 + Ticks::new(picture);
    let borders: Vec<Ticks> = [first.0].into_iter().chain(cuts(beats)).chain([end]).collect();
    borders.windows(2).map(|pair| pair[1] - pair[0]).max().unwrap_or_default()
}

/// Rounded like EXTINF is for the comparison, a twentieth of a second early: a length that wavers about
/// the half second must not be cut each time it falls on the longer side.
fn target_duration(longest: Ticks) -> u32 {
    let slack = Ticks::PER_SECOND / 20;
    let rounded = (longest.count() + slack + Ticks::PER_SECOND / 2) / Ticks::PER_SECOND;
    u32::try_from(rounded).unwrap_or(LONGEST_TARGET).clamp(1, LONGEST_TARGET)
}

/// The mean of the spans that are near the median: the median alone of 33, 33, 34 ms is wrong by 1 %.
fn usual_span(spans: &[i64]) -> i64 {
    let mut sorted = spans.to_vec();
    sorted.sort_unstable();
    let Some(&median) = sorted.get(sorted.len() / 2) else { return Ticks::PER_SECOND / 30 };
    let (count, sum) = near(&sorted, median).fold((0, 0), |(count, sum), span| (count + 1, sum + span));
    ((sum + count - 1) / count.max(1)).clamp(MILLISECOND, Ticks::PER_SECOND)
}

fn near(spans: &[i64], median: i64) -> impl Iterator<Item = i64> + '_ {
    spans.iter().copied().filter(move |span| span.abs_diff(median) <= median.unsigned_abs() / 2)
}

/// An upper bound of a part that has the whole number of pictures nearest to the wanted length, with room
/// for rounded stamps and for as much unsteadiness as was seen, a tenth at most.
fn part_target(wanted: i64, picture: i64, spans: &[i64]) -> i64 {
    let pictures = ((wanted + picture / 2) / picture).max(1);
    let even = pictures * picture;
    let bound = even + (picture / 2).min(even / 10);
    let run = usize::try_from(pictures).unwrap_or(usize::MAX);
    let mut runs = spans.windows(run).map(|run| run.iter().sum::<i64>());
    let seen = if run <= spans.len() { runs.by_ref().filter(|sum| *sum <= bound).max() } else { None };
    whole_milliseconds((even + ROUNDING).max(seen.unwrap_or(0)))
}

fn whole_milliseconds(ticks: i64) -> i64 {
    (ticks + MILLISECOND - 1) / MILLISECOND * MILLISECOND
}

/// What the stream tells, if the measurement agrees; else the usual rate that it is nearest to; else the
/// measured one.
#[expect(clippy::cast_precision_loss, reason = "spans of seconds in ticks are far below 2^53")]
fn frame_rate(told: Option<f64>, spans: &[i64], picture: i64) -> Option<f64> {
    const USUAL: [f64; 8] =
        [24_000.0 / 1_001.0, 24.0, 25.0, 30_000.0 / 1_001.0, 30.0, 50.0, 60_000.0 / 1_001.0, 60.0];
    let (count, sum) = near(spans, picture).fold((0, 0), |(count, sum), span| (count + 1, sum + span));
    if count == 0 || sum <= 0 {
        return told;
    }
    let measured = count as f64 * Ticks::PER_SECOND as f64 / sum as f64;
    let off = |rate: &f64| ((rate - measured) / measured).abs();
    let told = told.filter(|rate| off(rate) < 0.01);
    let nearest = USUAL.into_iter().min_by(|a, b| off(a).total_cmp(&off(b)));
    Some(told.or(nearest.filter(|rate| off(rate) < 0.002)).unwrap_or(measured))
}

#[cfg(test)]
mod tests {
    use testkit::Film;

    use super::*;

    fn beats(frame_rate: (u32, u32), gop: u32, seconds: u64) -> Vec<Beat> {
        let film = Film { frame_rate, gop, ..Film::default() };
        let pictures = film.pictures(Duration::from_secs(seconds));
        pictures.iter().map(|frame| (frame.dts, frame.keyframe)).collect()
    }

    fn fit(frame_rate: (u32, u32), gop: u32) -> Fit {
        Fit::new(Duration::from_millis(200), None, &beats(frame_rate, gop, 6))
    }

    #[test]
    fn part_target_is_the_nearest_whole_number_of_pictures_and_a_little() {
        for (rate, millis) in [
            ((24_000, 1_001), 210),
            ((24, 1), 210),
            ((25, 1), 202),
            ((30_000, 1_001), 202),
            ((30, 1), 202),
            ((50, 1), 202),
            ((60_000, 1_001), 202),
            ((60, 1), 202),
            ((5, 1), 202),
            ((2, 1), 502),
            ((1, 1), 1_002),
        ] {
            let target = fit(rate, rate.0 / rate.1).terms.part_target;
            assert_eq!(target, Ticks::from_millis(millis), "{rate:?}");
        }
    }

    #[test]
    fn hold_backs_follow_the_targets() {
        let terms = fit((30, 1), 60).terms;
        assert_eq!(terms.target_duration, 2);
        assert_eq!(terms.part_hold_back, Ticks::from_millis(707));
        assert_eq!(terms.hold_back, Ticks::from_millis(6_000));
        assert_eq!(terms.can_skip_until, Ticks::from_millis(12_000));
    }

    #[test]
    fn target_duration_is_the_rounded_length_of_the_longest_group_and_a_part() {
        for (gop, seconds) in
            [(1, 1), (15, 1), (30, 1), (36, 1), (38, 2), (60, 2), (66, 2), (68, 3), (90, 3), (600, 6)]
        {
            assert_eq!(fit((30, 1), gop).terms.target_duration, seconds, "{gop}");
        }
    }

    #[test]
    fn a_scene_cut_in_the_first_group_does_not_shorten_the_session() {
        let mut beats = beats((30, 1), 60, 8);
        beats[20].1 = true;
        let due = (1..beats.len()).find(|count| Fit::is_due(&beats[..*count])).expect("due within 8 s");
        let fit = Fit::new(Duration::from_millis(200), None, &beats[..due]);
        assert_eq!(fit.terms.target_duration, 2);
    }

    #[test]
    fn frame_rate_is_told_or_a_usual_one_or_as_measured() {
        let near = |rate: Option<f64>, wanted: f64| rate.is_some_and(|rate| (rate - wanted).abs() < 0.001);
        assert!(near(fit((30_000, 1_001), 30).terms.frame_rate, 29.97));
        assert!(near(fit((30, 1), 30).terms.frame_rate, 30.0));
        assert!(near(fit((24_000, 1_001), 24).terms.frame_rate, 23.976));
        let beats = beats((30, 1), 30, 2);
        let told = |rate| Fit::new(Duration::from_millis(200), Some(rate), &beats).terms.frame_rate;
        assert!(near(told(30.01), 30.01));
        assert!(near(told(60.0), 30.0), "a field rate is not believed");
        assert!(near(fit((12, 1), 12).terms.frame_rate, 12.0));
    }
}
