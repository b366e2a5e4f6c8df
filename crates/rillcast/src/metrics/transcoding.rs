//! The page's part about transcoding.
//!
//! Promise: its series are the same from the start to the end, also where nothing is transcoded.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use prometheus_client::collector::Collector;
use prometheus_client::encoding::{DescriptorEncoder, NoLabelSet};
use prometheus_client::metrics::MetricType;
use prometheus_client::metrics::exemplar::Exemplar;
use prometheus_client::registry::Unit;
use transcode::{Cause, DELAYS, Figures};

use super::series::{About, counter, counters, gauge};

/// What the transcoder counts.
#[derive(Debug)]
pub(crate) struct TranscodingPage(pub(crate) Arc<Figures>);

impl Collector for TranscodingPage {
    fn encode(&self, mut encoder: DescriptorEncoder<'_>) -> fmt::Result {
        let (to, figures) = (&mut encoder, &*self.0);
        workers(to, figures)?;
        room(to, figures)?;
        delays(to, figures)?;
        let thumbnails = [("made", now(&figures.thumbnails)), ("lost", now(&figures.thumbnails_lost))];
        let about = About::new("rillcast_thumbnails", "Small pictures of streams that are passed through");
        counters(to, &about, "outcome", thumbnails)?;
        let ordered =
            [("made", now(&figures.ordered_thumbnails)), ("lost", now(&figures.ordered_thumbnails_lost))];
        let about = About::new("rillcast_recording_thumbnails", "Thumbnails of recordings");
        counters(to, &about, "outcome", ordered)
    }
}

fn workers(to: &mut DescriptorEncoder<'_>, figures: &Figures) -> fmt::Result {
    let running = About::new("rillcast_transcode_workers", "Encoder processes that run");
    gauge(to, &running, now(&figures.running))?;
    let streams = About::new("rillcast_transcode_streams", "Streams whose renditions are being made");
    gauge(to, &streams, now(&figures.streams))?;
    let started = About::new("rillcast_transcode_workers_started", "Encoder processes that were started");
    counter(to, &started, now(&figures.started))?;
    let lost =
        About::new("rillcast_transcode_workers_lost", "Encoder processes that had to be replaced, by cause");
    let causes = Cause::ALL.iter().map(|cause| cause.as_str()).zip(figures.causes.iter().map(now));
    counters(to, &lost, "cause", causes)?;
    let cpu = About::of("rillcast_transcode_cpu", "Processor time of encoder processes", Unit::Seconds);
    counter(to, &cpu, seconds(now(&figures.cpu)))
}

fn room(to: &mut DescriptorEncoder<'_>, figures: &Figures) -> fmt::Result {
    let unit = || Unit::Other("pixels_per_second".to_owned());
    let reserved = "Coded pixels a second that are promised to streams";
    gauge(to, &About::of("rillcast_transcode_reserved", reserved, unit()), now(&figures.reserved))?;
    let capacity = "Coded pixels a second that may be promised; 0 until that is known";
    gauge(to, &About::of("rillcast_transcode_capacity", capacity, unit()), now(&figures.capacity))?;
    let short = "Streams that there was no room for, by what happened to them";
    let short = About::new("rillcast_transcode_short", short);
    let streams = [("degraded", now(&figures.short)), ("refused", now(&figures.refused))];
    counters(to, &short, "outcome", streams)
}

fn delays(to: &mut DescriptorEncoder<'_>, figures: &Figures) -> fmt::Result {
    let bounds = DELAYS.iter().map(|millis| float(*millis) / 1_000.0).chain([f64::INFINITY]);
    let buckets: Vec<(f64, u64)> = bounds.zip(figures.delays.iter().map(now)).collect();
    let count = buckets.iter().map(|(_, count)| count).sum();
    let none: Option<&std::collections::HashMap<usize, Exemplar<NoLabelSet, f64>>> = None;
    let help = "From a picture's coming until all its renditions were there";
    let (name, unit) = ("rillcast_transcode_delay", Some(&Unit::Seconds));
    let sum = seconds(now(&figures.delayed));
    to.encode_descriptor(name, help, unit, MetricType::Histogram)?
        .encode_histogram(sum, count, &buckets, none)
}

fn now(count: &AtomicU64) -> u64 {
    count.load(Ordering::Relaxed)
}

/// Of microseconds.
fn seconds(micros: u64) -> f64 {
    float(micros) / 1_000_000.0
}

/// The counts here stay far below what a float holds exactly.
#[expect(clippy::cast_precision_loss, reason = "exact up to 2^53")]
fn float(count: u64) -> f64 {
    count as f64
}

#[cfg(test)]
mod tests {
    use prometheus_client::encoding::text::encode;
    use prometheus_client::registry::Registry;

    use super::*;

    #[test]
    fn all_series_are_there_before_anything_was_transcoded() {
        let figures = Arc::new(Figures::default());
        figures.delays[1].store(3, Ordering::Relaxed);
        figures.delays[8].store(1, Ordering::Relaxed);
        figures.cpu.store(1_500_000, Ordering::Relaxed);
        let mut registry = Registry::default();
        registry.register_collector(Box::new(TranscodingPage(figures)));
        let mut page = String::new();
        encode(&mut page, &registry).expect("text");
        for line in [
            "rillcast_transcode_workers 0",
            "rillcast_recording_thumbnails_total{outcome=\"lost\"} 0",
            "rillcast_transcode_workers_lost_total{cause=\"stalled\"} 0",
            "rillcast_transcode_short_total{outcome=\"refused\"} 0",
            "rillcast_transcode_cpu_seconds_total 1.5",
            "rillcast_transcode_capacity_pixels_per_second 0",
            "rillcast_transcode_delay_seconds_bucket{le=\"0.05\"} 3",
            "rillcast_transcode_delay_seconds_bucket{le=\"+Inf\"} 4",
            "rillcast_transcode_delay_seconds_count 4",
        ] {
            assert!(page.lines().any(|found| found == line), "{line} in\n{page}");
        }
    }
}
