//! The page's part about recordings.
//!
//! Promise: its series are the same from the start to the end, also where nothing is recorded.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use ::recording::Figures;
use prometheus_client::collector::Collector;
use prometheus_client::encoding::DescriptorEncoder;
use prometheus_client::registry::Unit;

use super::series::{About, counter, counters, gauge};

/// What the recorder counts.
#[derive(Debug)]
pub(crate) struct RecordingPage(pub(crate) Arc<Figures>);

impl Collector for RecordingPage {
    fn encode(&self, mut encoder: DescriptorEncoder<'_>) -> fmt::Result {
        let (to, figures) = (&mut encoder, &*self.0);
        recordings(to, figures)?;
        bytes(to, figures)?;
        let tries = [("done", now(&figures.uploads)), ("failed", now(&figures.upload_failures))];
        let about = About::new("rillcast_recording_uploads", "Tries to bring an object into a bucket");
        counters(to, &about, "outcome", tries)?;
        let lost = "Segments that were gone before they were recorded";
        counter(to, &About::new("rillcast_recording_lost_segments", lost), now(&figures.lost_segments))
    }
}

fn recordings(to: &mut DescriptorEncoder<'_>, figures: &Figures) -> fmt::Result {
    gauge(to, &About::new("rillcast_recordings_active", "Recordings that go on"), now(&figures.active))?;
    let about = About::new("rillcast_recordings", "Recordings by what became of them");
    let stages = [
        ("started", now(&figures.started)),
        ("ended", now(&figures.ended)),
        ("failed", now(&figures.failed)),
        ("removed", now(&figures.removed)),
    ];
    counters(to, &about, "stage", stages)
}

fn bytes(to: &mut DescriptorEncoder<'_>, figures: &Figures) -> fmt::Result {
    let of = |name, help| About::of(name, help, Unit::Bytes);
    let waiting = of("rillcast_recording_waiting", "On this machine and not in its bucket yet");
    gauge(to, &waiting, now(&figures.waiting_bytes))?;
    let taped = of("rillcast_recording_taped", "Written to this machine's disk first");
    counter(to, &taped, now(&figures.taped_bytes))?;
    let uploaded = of("rillcast_recording_uploaded", "Brought into buckets");
    counter(to, &uploaded, now(&figures.uploaded_bytes))
}

fn now(count: &AtomicU64) -> u64 {
    count.load(Ordering::Relaxed)
}

#[cfg(test)]
mod tests {
    use prometheus_client::encoding::text::encode;
    use prometheus_client::registry::Registry;

    use super::*;

    #[test]
    fn all_series_are_there_before_anything_was_recorded() {
        let figures = Arc::new(Figures::default());
        figures.waiting_bytes.store(4_096, Ordering::Relaxed);
        figures.upload_failures.store(3, Ordering::Relaxed);
        let mut registry = Registry::default();
        registry.register_collector(Box::new(RecordingPage(figures)));
        let mut page = String::new();
        encode(&mut page, &registry).expect("text");
        for line in [
            "rillcast_recordings_active 0",
            "rillcast_recordings_total{stage=\"started\"} 0",
            "rillcast_recordings_total{stage=\"removed\"} 0",
            "rillcast_recording_waiting_bytes 4096",
            "rillcast_recording_taped_bytes_total 0",
            "rillcast_recording_uploaded_bytes_total 0",
            "rillcast_recording_uploads_total{outcome=\"failed\"} 3",
            "rillcast_recording_lost_segments_total 0",
        ] {
            assert!(page.lines().any(|found| found == line), "{line} in\n{page}");
        }
    }
}
