//! The page's part about those who are told what happens to streams.
//!
//! Promise: every sink of the file has its series from the start, so that the first failure is a rise.

use std::fmt;

use events::SinkCounts;
use prometheus_client::collector::Collector;
use prometheus_client::encoding::DescriptorEncoder;

use super::series::{About, counters, gauges};

/// One moment's numbers of all sinks.
#[derive(Debug)]
pub(crate) struct SinksPage(pub(crate) Vec<SinkCounts>);

impl Collector for SinksPage {
    fn encode(&self, mut encoder: DescriptorEncoder<'_>) -> fmt::Result {
        type Count = fn(&SinkCounts) -> u64;
        let to = &mut encoder;
        let of = |count: Count| self.0.iter().map(move |sink| (&*sink.name, count(sink)));
        let about = About::new("rillcast_events_waiting", "Events read for a sink that it has not taken yet");
        gauges(to, &about, "sink", of(|sink| sink.waiting))?;
        let counts: [(&str, &str, Count); 3] = [
            ("rillcast_events_delivered", "Events that a sink took", |sink| sink.delivered),
            ("rillcast_events_failed", "Tries to deliver that failed, by sink", |sink| sink.failed),
            ("rillcast_events_dead", "Events that were given up, by sink", |sink| sink.dead),
        ];
        for (name, help, count) in counts {
            counters(to, &About::new(name, help), "sink", of(count))?;
        }
        Ok(())
    }
}
