//! What is measured of streams: a page for Prometheus on a listener of its own, and data for CloudWatch.
//!
//! **Way in**: [`Measures::run`]. **Way out**: the listener, calls to CloudWatch.
//!
//! Promise: nothing that streams or viewers do waits for those who measure; nothing is measured when nobody asked
//! for it.

mod ingest;
mod listener;
mod meter;
mod page;
mod periods;
mod playback;
mod process;
mod push;
mod recording;
mod series;
mod sinks;
mod streams;
mod tally;
mod transcoding;

use std::sync::Arc;

use chat::Chat;
use delivery::Delivery;
use events::Counts;
use outbound::metric_sink::{MetricSink, MetricSinkConfig};
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

use crate::config::Config;
use crate::pipes::Pipes;

use meter::Meter;
use page::Page;
pub(crate) use process::Process;

/// All that measures, ready to run.
pub(crate) struct Measures {
    meter: Meter,
    chat: Chat,
    delivery: Delivery,
    told: Counts,
    transcoding: Arc<transcode::Figures>,
    recording: Arc<::recording::Figures>,
    ingest: Arc<::ingest::Figures>,
    sink: Option<MetricSink>,
}

/// What the services count by themselves.
pub(crate) struct Counted {
    pub(crate) told: Counts,
    pub(crate) transcoding: Arc<transcode::Figures>,
    pub(crate) recording: Arc<::recording::Figures>,
    pub(crate) ingest: Arc<::ingest::Figures>,
}

impl Measures {
    /// As the settings have it.
    pub(crate) fn new(
        config: &Config,
        pipes: &Pipes,
        chat: &Chat,
        delivery: &Delivery,
        counts: Counted,
    ) -> Self {
        let Counted { told, transcoding, recording, ingest } = counts;
        let sink = config.measures.cloudwatch.then(|| {
            let place = MetricSinkConfig {
                endpoint: config.measures.endpoint.clone(),
                namespace: config.measures.namespace.clone(),
                region: config.region.clone(),
            };
            MetricSink::new(pipes.outbound.clone(), place)
        });
        Self {
            meter: Meter::new(pipes.hub.clone(), config.measures.channels),
            chat: chat.clone(),
            delivery: delivery.clone(),
            told,
            transcoding,
            recording,
            ingest,
            sink,
        }
    }

    /// Measures, answers on the listener and sends until `closing`.
    pub(crate) async fn run(self, listener: Option<TcpListener>, closing: CancellationToken) {
        let Self { meter, chat, delivery, told, transcoding, recording, ingest, sink } = self;
        let measured = listener.is_some() || sink.is_some();
        let look = async {
            if measured {
                meter.clone().run(closing.clone()).await;
            } else {
                closing.cancelled().await;
            }
        };
        let serve = async {
            if let Some(listener) = listener {
                let meter = meter.clone();
                let page = Page { meter, chat, delivery, told, transcoding, recording, ingest };
                listener::serve(listener, move || page.text(), closing.clone()).await;
            }
        };
        let push = async {
            if let Some(sink) = sink {
                push::push(meter.clone(), sink, closing.clone()).await;
            }
        };
        tokio::join!(look, serve, push);
    }
}
