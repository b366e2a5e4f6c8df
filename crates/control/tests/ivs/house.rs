//! A control service with its pipes, and callers.
//!
//! Promise: nothing here stands in for a pipe: store and hub are the real ones.

use std::sync::Arc;
use std::time::{Instant, SystemTime};

use api::ApiError;
use api::ivs::{
    Channel, CreateChannelRequest, CreateRecordingConfigurationRequest, DestinationConfiguration, Ivs,
    S3DestinationConfiguration, StreamKey,
};
use blob::Blobs;
use bus::{Bus, NodeId};
use control::{Config, Control, Deps};
use domain::{Arn, ChatRates, Limits, StreamId};
use live::{Audience, Hub, Publisher, RingLimits};
use outbound::Outbound;
use outbound::log_sink::{LogSinks, LogSinksConfig};
use store::Store;
use tempfile::TempDir;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

pub(crate) use crate::callers::{CONFLICT, INVALID, NOT_FOUND, QUOTA, caller, caller_of, refused_as};

pub(crate) struct House {
    pub(crate) control: Arc<Control>,
    pub(crate) store: Store,
    pub(crate) hub: Hub,
    /// Where buckets are folders.
    pub(crate) buckets: TempDir,
}

impl House {
    pub(crate) async fn new() -> Self {
        Self::with(Limits::default()).await
    }

    pub(crate) async fn with(limits: Limits) -> Self {
        Self::on(Store::in_memory().await.unwrap(), limits).await
    }

    pub(crate) async fn on(store: Store, limits: Limits) -> Self {
        let hub = Hub::new(RingLimits::default());
        let config = Config {
            ingest_endpoint: "ingest.example.org".to_owned(),
            srt_endpoint: Some("srt.example.org".to_owned()),
            public_url: "http://video.example.org:8080/".to_owned(),
            limits,
            ..Config::default()
        };
        let buckets = tempfile::tempdir().unwrap();
        let blobs = Blobs::disk(buckets.path().to_owned());
        let outbound = Outbound::new(outbound::Config::default()).unwrap();
        let deps = Deps {
            store: store.clone(),
            hub: hub.clone(),
            blobs,
            sinks: LogSinks::new(outbound, LogSinksConfig::default()),
            bus: Bus::in_process(NodeId("test".to_owned())),
            chat_rates: Arc::new(ChatRates::new(&limits, Instant::now())),
        };
        Self { control: Arc::new(Control::new(config, deps).await.unwrap()), store, hub, buckets }
    }

    /// Creates a channel as [`caller`].
    pub(crate) async fn create(&self, input: CreateChannelRequest) -> Result<(Channel, StreamKey), ApiError> {
        let made = self.control.create_channel(&caller(), input).await?;
        Ok((made.channel.unwrap(), made.stream_key.unwrap()))
    }

    pub(crate) async fn named(&self, name: &str) -> (Channel, StreamKey) {
        self.create(CreateChannelRequest { name: Some(name.to_owned()), ..Default::default() }).await.unwrap()
    }

    /// A playback restriction policy of [`caller`] that restricts nothing: its ARN.
    pub(crate) async fn policy(&self) -> String {
        let made = self.control.create_playback_restriction_policy(&caller(), Default::default()).await;
        made.unwrap().playback_restriction_policy.unwrap().arn
    }

    /// A recording configuration of [`caller`]: its ARN.
    pub(crate) async fn recording(&self, bucket: &str) -> String {
        let bucket_name = bucket.to_owned();
        let input = CreateRecordingConfigurationRequest {
            destination_configuration: DestinationConfiguration {
                s3: Some(S3DestinationConfiguration { bucket_name }),
            },
            ..Default::default()
        };
        let made = self.control.create_recording_configuration(&caller(), input).await;
        made.unwrap().recording_configuration.unwrap().arn
    }

    /// Runs what goes on beside the calls, until the answer is dropped.
    pub(crate) fn run(&self) -> JoinSet<()> {
        let mut running = JoinSet::new();
        running.spawn(Control::clone(&self.control).run(CancellationToken::new()));
        running
    }

    pub(crate) fn go_live(&self, channel: &Channel) -> Publisher {
        let arn = Arn::parse(channel.arn.as_deref().unwrap()).unwrap();
        let stream = StreamId::parse("st-12345678901234567890123").unwrap();
        self.hub.publish(&arn, stream, Audience::Everyone, SystemTime::UNIX_EPOCH).unwrap()
    }
}
