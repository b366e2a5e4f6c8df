//! Many samples brought down to as many points as a chart has room for.
//!
//! Promise: a short dip or peak is seen however far away one looks: each point has the least and the most beside the
//! mean. Memory is that of the points, whatever comes in.

use domain::{StreamHealth, StreamSample};
use serde::Serialize;

/// Points, each thing that was measured in a list of its own; all lists are of the same length.
#[derive(Debug, Default, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Points {
    /// Milliseconds since 1970: of the newest sample in each.
    times: Vec<i64>,
    bitrate: Vec<u64>,
    bitrate_low: Vec<u64>,
    bitrate_high: Vec<u64>,
    video_bitrate: Vec<u64>,
    audio_bitrate: Vec<u64>,
    frame_rate: Vec<f64>,
    frame_rate_low: Vec<f64>,
    frame_rate_high: Vec<f64>,
    /// The longest.
    keyframe_interval: Vec<f64>,
    /// The most.
    viewers: Vec<u32>,
    /// Starving, if it was so at any moment.
    health: Vec<&'static str>,
}

/// Samples of one span of time on their way to a point.
#[derive(Debug)]
struct Span {
    number: i64,
    count: u32,
    at: i64,
    bitrate: Range,
    video: f64,
    audio: f64,
    frames: Range,
    keyframe_interval: f64,
    viewers: u32,
    health: StreamHealth,
}

#[derive(Clone, Copy, Debug)]
struct Range {
    sum: f64,
    low: f64,
    high: f64,
}

impl Range {
    fn new(value: f64, low: f64) -> Self {
        Self { sum: value, low, high: value }
    }

    fn add(&mut self, value: f64, low: f64) {
        *self = Self { sum: self.sum + value, low: self.low.min(low), high: self.high.max(value) };
    }
}

impl Span {
    fn new(number: i64, sample: &StreamSample) -> Self {
        Self {
            number,
            count: 1,
            at: sample.at,
            bitrate: Range::new(sample.bitrate as f64, sample.bitrate_low as f64),
            video: sample.video_bitrate as f64,
            audio: sample.audio_bitrate as f64,
            frames: Range::new(sample.frame_rate, sample.frame_rate_low),
            keyframe_interval: sample.keyframe_interval,
            viewers: sample.viewers,
            health: sample.health,
        }
    }

    fn add(&mut self, sample: &StreamSample) {
        self.count += 1;
        self.at = self.at.max(sample.at);
        self.bitrate.add(sample.bitrate as f64, sample.bitrate_low as f64);
        self.video += sample.video_bitrate as f64;
        self.audio += sample.audio_bitrate as f64;
        self.frames.add(sample.frame_rate, sample.frame_rate_low);
        self.keyframe_interval = self.keyframe_interval.max(sample.keyframe_interval);
        self.viewers = self.viewers.max(sample.viewers);
        if self.health != StreamHealth::Starving {
            self.health = sample.health;
        }
    }
}

/// Takes samples in the order of time.
#[derive(Debug)]
pub(super) struct Fold {
    from: i64,
    /// Milliseconds that a point stands for.
    step: i64,
    most: usize,
    span: Option<Span>,
    points: Points,
}

impl Fold {
    /// For at most so many points from one moment to another.
    pub(super) fn new(from: i64, to: i64, points: u32) -> Self {
        let each = to.saturating_sub(from).max(0) / i64::from(points.max(1));
        // Whole samples, so that each point has as many.
        let step = (each / StreamSample::EVERY_MS + 1) * StreamSample::EVERY_MS;
        let most = usize::try_from(points).unwrap_or(usize::MAX);
        Self { from, step, most, span: None, points: Points::default() }
    }

    /// Milliseconds that a point stands for; at one sample each, those between samples.
    pub(super) fn step(&self) -> i64 {
        self.step
    }

    pub(super) fn add(&mut self, sample: &StreamSample) {
        // Samples come every five seconds and a little; two that fall into one span of five are two points.
        let number = sample.at.saturating_sub(self.from).div_euclid(self.step);
        let is_one_each = self.step == StreamSample::EVERY_MS;
        let has_room = self.has_room();
        let fits = |span: &&mut Span| !has_room || span.number == number && !is_one_each;
        if let Some(span) = self.span.as_mut().filter(fits) {
            span.add(sample);
            return;
        }
        let next = Span::new(number, sample);
        if let Some(whole) = self.span.replace(next) {
            self.points.push(&whole);
        }
    }

    /// What comes next is of another story: no point is of both, as long as there is room.
    pub(super) fn interrupt(&mut self) {
        if self.has_room()
            && let Some(whole) = self.span.take()
        {
            self.points.push(&whole);
        }
    }

    /// For one more point beside the one that is on its way.
    fn has_room(&self) -> bool {
        self.points.times.len() + 1 < self.most
    }

    pub(super) fn points(mut self) -> Points {
        if let Some(last) = self.span.take() {
            self.points.push(&last);
        }
        self.points
    }
}

impl Points {
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "means of such numbers")]
    fn push(&mut self, span: &Span) {
        let mean = |sum: f64| sum / f64::from(span.count);
        let short = |value: f64| (value * 100.0).round() / 100.0;
        self.times.push(span.at);
        self.bitrate.push(mean(span.bitrate.sum) as u64);
        self.bitrate_low.push(span.bitrate.low as u64);
        self.bitrate_high.push(span.bitrate.high as u64);
        self.video_bitrate.push(mean(span.video) as u64);
        self.audio_bitrate.push(mean(span.audio) as u64);
        self.frame_rate.push(short(mean(span.frames.sum)));
        self.frame_rate_low.push(short(span.frames.low));
        self.frame_rate_high.push(short(span.frames.high));
        self.keyframe_interval.push(span.keyframe_interval);
        self.viewers.push(span.viewers);
        self.health.push(span.health.as_str());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sample(at: i64, bitrate: u64) -> StreamSample {
        StreamSample {
            at,
            bitrate,
            bitrate_low: bitrate / 2,
            video_bitrate: bitrate,
            audio_bitrate: 1_000,
            frame_rate: 30.0,
            frame_rate_low: 15.0,
            keyframe_interval: 2.0,
            viewers: 1,
            health: StreamHealth::Healthy,
        }
    }

    fn folded(from: i64, to: i64, points: u32, samples: &[StreamSample]) -> Points {
        let mut fold = Fold::new(from, to, points);
        samples.iter().for_each(|sample| fold.add(sample));
        fold.points()
    }

    #[test]
    fn samples_for_which_there_is_room_are_points_as_they_are() {
        let samples = [sample(4_001, 10), sample(9_003, 20), sample(9_900, 30)];
        let points = folded(0, 60_000, 100, &samples);
        assert_eq!((points.times, points.bitrate), (vec![4_001, 9_003, 9_900], vec![10, 20, 30]));
        assert_eq!(points.health, ["HEALTHY"; 3]);
    }

    #[test]
    fn a_dip_is_seen_from_far_away() {
        let mut samples: Vec<_> = (0..17_280).map(|turn| sample(turn * 5_000, 6_000_000)).collect();
        samples[9_000] = StreamSample {
            bitrate: 10_000,
            bitrate_low: 0,
            health: StreamHealth::Starving,
            ..samples[9_000]
        };
        let points = folded(0, 86_400_000, 100, &samples);
        assert!((90..=100).contains(&points.times.len()), "{}", points.times.len());
        let at = points.health.iter().position(|health| *health == "STARVING").expect("the dip");
        assert_eq!((points.bitrate_low[at], points.bitrate_high[at]), (0, 6_000_000));
        assert!((5_900_000..6_000_000).contains(&points.bitrate[at]));
        assert_eq!(points.health.iter().filter(|health| **health == "STARVING").count(), 1);
    }

    #[test]
    fn there_are_never_more_points_than_were_asked_for() {
        for (length, most) in [(7_i64, 1_u32), (999, 10), (12_345, 2_000), (100, 100)] {
            let samples: Vec<_> = (0..length).map(|turn| sample(turn * 5_000 + 3, 1)).collect();
            let points = folded(0, length * 5_000, most, &samples);
            assert!(points.times.len() <= usize::try_from(most).expect("few"), "{length} {most}");
        }
        assert_eq!(folded(i64::MAX, i64::MIN, 0, &[]).times, [0; 0]);
        let mut fold = Fold::new(0, 10_000_000, 3);
        for turn in 0..9 {
            fold.interrupt();
            fold.add(&sample(turn * 5_000, 1));
        }
        assert_eq!(fold.points().times, [0, 5_000, 40_000]);
    }
}
