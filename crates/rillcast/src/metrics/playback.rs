//! The page's part about what viewers ask for and get.
//!
//! Promise: its series are the same from the start to the end, whatever clients send.

use std::fmt;

use delivery::Reading;
use prometheus_client::collector::Collector;
use prometheus_client::encoding::{DescriptorEncoder, NoLabelSet};
use prometheus_client::metrics::MetricType;
use prometheus_client::metrics::exemplar::Exemplar;
use prometheus_client::registry::Unit;

use super::series::{About, counter, counters, gauges};

/// One moment's numbers of delivery.
#[derive(Debug)]
pub(crate) struct PlaybackPage(pub(crate) Reading);

impl Collector for PlaybackPage {
    fn encode(&self, mut encoder: DescriptorEncoder<'_>) -> fmt::Result {
        let to = &mut encoder;
        requests(to, &self.0)?;
        let bytes = "Bytes of playlists and media that were handed out";
        counter(to, &About::of("rillcast_playback_sent", bytes, Unit::Bytes), self.0.bytes)?;
        let held = "Requests that wait for what is being made, or take a segment while it is made";
        let waiting = [("playlist", self.0.held_playlists), ("media", self.0.held_media)];
        let waiting = waiting.map(|(kind, count)| (kind, i64::try_from(count).unwrap_or(i64::MAX)));
        gauges(to, &About::new("rillcast_playback_waiting", held), "kind", waiting)?;
        let refused = "Requests that did not get what they asked for, by the code in the answer";
        let refusals = self.0.refused.iter().copied();
        counters(to, &About::new("rillcast_playback_refused", refused), "reason", refusals)
    }
}

fn requests(to: &mut DescriptorEncoder<'_>, reading: &Reading) -> fmt::Result {
    let help = "Requests answered, by what was asked for and the class of the answer's status";
    let mut metric = to.encode_descriptor("rillcast_playback_requests", help, None, MetricType::Counter)?;
    for (kind, class, count) in &reading.requests {
        let none: Option<&Exemplar<NoLabelSet, f64>> = None;
        metric.encode_family(&[("kind", *kind), ("status", *class)])?.encode_counter(count, none)?;
    }
    Ok(())
}
