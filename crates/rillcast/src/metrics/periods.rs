//! Samples of streams made into what CloudWatch keeps: one statistic set for each metric and period.
//!
//! Promise: a period's set holds each of its samples once; periods begin at whole multiples of their length, and what
//! was not measured has no set.
//!
//! Source: user guide, "Monitoring Amazon IVS Low-Latency Streaming" (metrics, units, dimensions, which are of high
//! resolution; five seconds is the period that it tells readers of those to ask for).

use std::collections::HashMap;
use std::sync::Arc;

use live::Incoming;
use outbound::metric_sink::{Dimension, MetricDatum, Statistics, Unit};

use super::tally::{Present, Sums, View};

/// Period of metrics of high resolution, in seconds.
const SHORT: i64 = 5;
/// Period of the others, in seconds.
const LONG: i64 = 60;

/// A metric of the vendor's.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
enum Metric {
    ConcurrentViews,
    ConcurrentStreams,
    IngestBitrate,
    IngestVideoBitrate,
    IngestAudioBitrate,
    IngestFramerate,
    KeyframeInterval,
    LiveDeliveredTime,
    LiveInputTime,
    RecordedTime,
}

impl Metric {
    fn name(self) -> &'static str {
        match self {
            Self::ConcurrentViews => "ConcurrentViews",
            Self::ConcurrentStreams => "ConcurrentStreams",
            Self::IngestBitrate => "IngestBitrate",
            Self::IngestVideoBitrate => "IngestVideoBitrate",
            Self::IngestAudioBitrate => "IngestAudioBitrate",
            Self::IngestFramerate => "IngestFramerate",
            Self::KeyframeInterval => "KeyframeInterval",
            Self::LiveDeliveredTime => "LiveDeliveredTime",
            Self::LiveInputTime => "LiveInputTime",
            Self::RecordedTime => "RecordedTime",
        }
    }

    fn unit(self) -> Unit {
        match self {
            Self::ConcurrentViews | Self::ConcurrentStreams => Unit::Count,
            Self::IngestBitrate | Self::IngestVideoBitrate | Self::IngestAudioBitrate => Unit::BitsPerSecond,
            Self::IngestFramerate => Unit::CountPerSecond,
            Self::KeyframeInterval | Self::LiveDeliveredTime | Self::LiveInputTime | Self::RecordedTime => {
                Unit::Seconds
            }
        }
    }

    fn is_short(self) -> bool {
        matches!(
            self,
            Self::IngestBitrate
                | Self::IngestVideoBitrate
                | Self::IngestAudioBitrate
                | Self::IngestFramerate
                | Self::KeyframeInterval
        )
    }
}

/// Which series: a metric of all, of a channel or of a health.
type Series = (Metric, Option<(&'static str, Arc<str>)>);

/// The periods that are under way, and what is finished.
#[derive(Debug, Default)]
pub(super) struct Periods {
    short: Open,
    long: Open,
    /// Sums at the last sample; without a channel, of all.
    sums: HashMap<Option<Arc<str>>, Sums>,
    finished: Vec<MetricDatum>,
}

#[derive(Debug, Default)]
struct Open {
    /// When it began, in seconds since 1970; `None` before the first sample.
    began: Option<i64>,
    sets: HashMap<Series, Statistics>,
}

impl Periods {
    /// Takes a sample of time `now`, in seconds since 1970. True when a long period has ended before it.
    pub(super) fn take(&mut self, view: &View, now: i64) -> bool {
        self.short.turn(now, SHORT, &mut self.finished);
        let ended = self.long.turn(now, LONG, &mut self.finished);
        self.take_present(view);
        self.take_sums(view);
        ended
    }

    /// Ends the periods under way.
    pub(super) fn close(&mut self) {
        self.short.end(&mut self.finished);
        self.long.end(&mut self.finished);
    }

    /// Those that ended since it was last asked.
    pub(super) fn finished(&mut self) -> Vec<MetricDatum> {
        std::mem::take(&mut self.finished)
    }

    fn take_present(&mut self, view: &View) {
        for named in &view.named {
            let Some(present) = &named.present else { continue };
            let channel = || Some(("Channel", Arc::clone(&named.channel)));
            if present.live {
                self.add(Metric::ConcurrentViews, channel(), f64::from(present.viewers));
            }
            let Some(incoming) = present.incoming else { continue };
            for (metric, value) in rates(incoming) {
                self.add(metric, channel(), value);
            }
        }
        let live = || view.present().filter(|present| present.live);
        if live().next().is_some() {
            let views = live().map(|present| f64::from(present.viewers)).sum();
            self.add(Metric::ConcurrentViews, None, views);
        }
        for incoming in view.present().filter_map(|present| present.incoming) {
            for (metric, value) in rates(incoming).filter(|(metric, _)| has_account_series(*metric)) {
                self.add(metric, None, value);
            }
        }
        self.take_streams(live());
    }

    fn take_streams<'a>(&mut self, live: impl Iterator<Item = &'a Present>) {
        let (mut all, mut by_health) = (0.0, HashMap::<&'static str, f64>::new());
        for present in live {
            all += 1.0;
            *by_health.entry(present.health.as_str()).or_default() += 1.0;
        }
        self.add(Metric::ConcurrentStreams, None, all);
        for (health, count) in by_health {
            self.add(Metric::ConcurrentStreams, Some(("Health", Arc::from(health))), count);
        }
    }

    fn take_sums(&mut self, view: &View) {
        let mut before = std::mem::take(&mut self.sums);
        let named = view.named.iter().map(|named| (Some(Arc::clone(&named.channel)), named.sums));
        for (channel, sums) in named.chain([(None, view.all)]) {
            // A channel that was not there before begins at nothing.
            let old = before.remove(&channel).unwrap_or_default();
            let dimension = || channel.clone().map(|channel| ("Channel", channel));
            let input = sums.input.saturating_sub(old.input).as_secs_f64();
            if input > 0.0 {
                self.add(Metric::LiveInputTime, dimension(), input);
            }
            let delivered = sums.delivered_seconds() - old.delivered_seconds();
            if delivered > 0.0 {
                self.add(Metric::LiveDeliveredTime, dimension(), delivered);
            }
            let recorded = sums.recorded_seconds() - old.recorded_seconds();
            if recorded > 0.0 {
                self.add(Metric::RecordedTime, dimension(), recorded);
            }
            self.sums.insert(channel, sums);
        }
    }

    fn add(&mut self, metric: Metric, dimension: Option<(&'static str, Arc<str>)>, sample: f64) {
        let open = if metric.is_short() { &mut self.short } else { &mut self.long };
        open.sets
            .entry((metric, dimension))
            .and_modify(|set| set.add(sample))
            .or_insert_with(|| Statistics::of(sample));
    }
}

impl Open {
    /// Ends the period under way if `now` is in another one.
    fn turn(&mut self, now: i64, length: i64, finished: &mut Vec<MetricDatum>) -> bool {
        let begins = now - now.rem_euclid(length);
        let ended = self.began.is_some_and(|began| began != begins);
        if ended {
            self.end(finished);
        }
        self.began = Some(begins);
        ended
    }

    fn end(&mut self, finished: &mut Vec<MetricDatum>) {
        let Some(at) = self.began.take() else { return };
        let datum = |((metric, dimension), statistics): (Series, Statistics)| MetricDatum {
            name: metric.name(),
            dimension: dimension.map(|(name, value)| Dimension { name, value }),
            at,
            unit: metric.unit(),
            statistics,
            to_the_second: metric.is_short(),
        };
        finished.extend(self.sets.drain().map(datum));
    }
}

/// What comes in, by metric.
#[expect(clippy::cast_precision_loss, reason = "no encoder sends 2^53 bits a second")]
fn rates(incoming: Incoming) -> impl Iterator<Item = (Metric, f64)> {
    let interval = incoming.keyframe_interval;
    [
        Some((Metric::IngestBitrate, incoming.bitrate as f64)),
        Some((Metric::IngestVideoBitrate, incoming.video_bitrate as f64)),
        Some((Metric::IngestAudioBitrate, incoming.audio_bitrate as f64)),
        Some((Metric::IngestFramerate, incoming.frame_rate)),
        (interval > 0.0).then_some((Metric::KeyframeInterval, interval)),
    ]
    .into_iter()
    .flatten()
}

/// The vendor has it over all channels, too.
fn has_account_series(metric: Metric) -> bool {
    matches!(metric, Metric::IngestBitrate | Metric::IngestFramerate)
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use domain::StreamHealth;

    use super::*;
    use crate::metrics::tally::Named;

    fn present(viewers: u32) -> Present {
        let incoming =
            Incoming { bitrate: 1_000, frame_rate: 30.0, keyframe_interval: 2.0, ..Incoming::default() };
        Present { live: true, viewers, health: StreamHealth::Healthy, incoming: Some(incoming) }
    }

    fn view(viewers: u32, seconds: u64) -> View {
        let sums = Sums {
            input: Duration::from_secs(seconds),
            delivered_ms: seconds * 2_000,
            recorded_ms: seconds * 900,
        };
        let named = Named { channel: "one".into(), sums, present: Some(present(viewers)) };
        View { named: vec![named], unnamed: vec![], other: Sums::default(), all: sums }
    }

    fn found<'a>(data: &'a [MetricDatum], name: &str, channel: Option<&str>) -> Vec<&'a MetricDatum> {
        let same = |datum: &&MetricDatum| {
            datum.name == name && datum.dimension.as_ref().map(|of| &*of.value) == channel
        };
        data.iter().filter(same).collect()
    }

    #[test]
    fn samples_of_a_period_become_one_set_that_says_when_the_period_began() {
        let mut periods = Periods::default();
        for second in 0..=60 {
            let viewers = u32::try_from(second).expect("small");
            let ended = periods.take(&view(viewers, second + 1), 600 + i64::from(viewers));
            assert_eq!(ended, second == 60);
        }
        let data = periods.finished();
        let [views] = found(&data, "ConcurrentViews", Some("one"))[..] else { panic!("{data:?}") };
        let expected = Statistics { samples: 60.0, sum: 1_770.0, minimum: 0.0, maximum: 59.0 };
        assert_eq!((views.at, views.statistics, views.to_the_second), (600, expected, false));
        let rates = found(&data, "IngestFramerate", None);
        let began: Vec<i64> = rates.iter().map(|datum| datum.at).collect();
        assert_eq!(began, (0..12).map(|number| 600 + number * 5).collect::<Vec<_>>());
        assert!(rates.iter().all(|rate| rate.to_the_second && rate.statistics.samples == 5.0));
        let [delivered] = found(&data, "LiveDeliveredTime", Some("one"))[..] else { panic!("{data:?}") };
        assert_eq!(delivered.statistics.sum, 120.0);
        for channel in [Some("one"), None] {
            let [recorded] = found(&data, "RecordedTime", channel)[..] else { panic!("{data:?}") };
            assert!((recorded.statistics.sum - 54.0).abs() < 1e-6 && !recorded.to_the_second, "{recorded:?}");
        }
        let [healthy] = found(&data, "ConcurrentStreams", Some("HEALTHY"))[..] else { panic!("{data:?}") };
        assert_eq!(healthy.statistics.sum, 60.0);
    }

    #[test]
    fn a_channel_off_air_has_no_views_and_one_that_nobody_watches_has_none_of_them() {
        let mut periods = Periods::default();
        let mut off_air = view(0, 1);
        off_air.named[0].present = None;
        periods.take(&off_air, 0);
        periods.close();
        let data = periods.finished();
        assert!(found(&data, "ConcurrentViews", None).is_empty(), "{data:?}");
        assert_eq!(found(&data, "ConcurrentStreams", None)[0].statistics.sum, 0.0);
        periods.take(&view(0, 1), 60);
        periods.close();
        let data = periods.finished();
        assert_eq!(found(&data, "ConcurrentViews", Some("one"))[0].statistics.maximum, 0.0);
    }

    #[test]
    fn a_sum_that_begins_anew_is_counted_from_nothing() {
        let mut periods = Periods::default();
        periods.take(&view(0, 100), 0);
        let all = view(0, 100).all;
        periods.take(&View { all, ..View::default() }, 1);
        let mut again = view(0, 3);
        again.all.input = Duration::from_secs(103);
        periods.take(&again, 2);
        periods.close();
        let data = periods.finished();
        assert_eq!(found(&data, "LiveInputTime", Some("one"))[0].statistics.sum, 103.0);
        assert_eq!(found(&data, "LiveInputTime", None)[0].statistics.sum, 103.0);
    }

    #[test]
    fn streams_without_a_name_count_in_what_is_told_of_all() {
        let mut periods = Periods::default();
        let mut view = view(1, 1);
        view.unnamed.push(present(5));
        periods.take(&view, 0);
        periods.close();
        let data = periods.finished();
        assert_eq!(found(&data, "ConcurrentViews", None)[0].statistics.sum, 6.0);
        assert_eq!(found(&data, "IngestBitrate", None)[0].statistics.samples, 2.0);
        assert_eq!(found(&data, "ConcurrentStreams", None)[0].statistics.sum, 2.0);
    }
}
