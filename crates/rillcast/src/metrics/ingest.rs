//! The page's part about what ingest keeps of streams.
//!
//! Promise: its series are the same from the start to the end.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use ::ingest::Figures;
use prometheus_client::collector::Collector;
use prometheus_client::encoding::DescriptorEncoder;

use super::series::{About, counter};

/// What ingest counts.
#[derive(Debug)]
pub(crate) struct IngestPage(pub(crate) Arc<Figures>);

impl Collector for IngestPage {
    fn encode(&self, mut encoder: DescriptorEncoder<'_>) -> fmt::Result {
        let about = About::new(
            "rillcast_stream_samples_lost",
            "Samples of streams that were not kept: the database took none for ten minutes",
        );
        counter(&mut encoder, &about, self.0.lost_samples.load(Ordering::Relaxed))
    }
}

#[cfg(test)]
mod tests {
    use prometheus_client::encoding::text::encode;
    use prometheus_client::registry::Registry;

    use super::*;

    #[test]
    fn lost_samples_are_on_the_page() {
        let figures = Arc::new(Figures::default());
        figures.lost_samples.store(7, Ordering::Relaxed);
        let mut registry = Registry::default();
        registry.register_collector(Box::new(IngestPage(figures)));
        let mut page = String::new();
        encode(&mut page, &registry).expect("text");
        assert!(page.lines().any(|line| line == "rillcast_stream_samples_lost_total 7"), "{page}");
    }
}
