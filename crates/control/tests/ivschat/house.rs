//! A control service with its pipes, and what it says on the bus.
//!
//! Promise: nothing here stands in for a pipe: store, bus and buckets are the real ones.

use std::sync::{Arc, Mutex};
use std::time::Instant;

use api::ApiError;
use api::ivschat::{
    CreateLoggingConfigurationRequest, CreateLoggingConfigurationResponse, CreateRoomRequest,
    CreateRoomResponse, DestinationConfiguration, IvsChat, S3DestinationConfiguration,
};
use blob::Blobs;
use bus::{Body, Bus, Envelope, NodeId, Receiver, RoomNews, Subject};
use control::{Config, Control, Deps};
use domain::{Arn, ChatRates, Limits};
use live::{Hub, RingLimits};
use outbound::log_sink::{LogSinks, LogSinksConfig};
use outbound::{Credentials, Keys, Outbound};
use store::Store;
use tempfile::TempDir;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

pub(crate) use crate::callers::{CONFLICT, INVALID, NOT_FOUND, QUOTA, caller, caller_of, refused_as};

pub(crate) struct House {
    pub(crate) control: Arc<Control>,
    pub(crate) store: Store,
    /// Where buckets are folders.
    pub(crate) buckets: TempDir,
    /// Shared with what counts for clients.
    pub(crate) rates: Arc<ChatRates>,
    heard: Arc<Heard>,
}

/// All that was said about rooms.
#[derive(Default)]
struct Heard(Mutex<Vec<(Arn, RoomNews)>>);

impl Receiver for Heard {
    fn receive(&self, envelope: &Arc<Envelope>) {
        let (Subject::Room(room), Body::Room(news)) = (&envelope.subject, &envelope.body) else { return };
        self.0.lock().unwrap().push((room.clone(), news.clone()));
    }

    fn gap(&self) {}
}

impl House {
    pub(crate) async fn new() -> Self {
        Self::with(Limits::default()).await
    }

    pub(crate) async fn with(limits: Limits) -> Self {
        Self::set_up(Config { limits, ..Config::default() }, None).await
    }

    /// Log services are at `endpoint`.
    pub(crate) async fn set_up(config: Config, endpoint: Option<String>) -> Self {
        let store = Store::in_memory().await.unwrap();
        Self::on(store, config, endpoint).await
    }

    pub(crate) async fn on(store: Store, config: Config, endpoint: Option<String>) -> Self {
        let buckets = tempfile::tempdir().unwrap();
        let keys = Keys { id: "id".to_owned(), secret: "secret".to_owned(), session: None };
        let outbound = outbound::Config { credentials: Credentials::Keys(keys), ..Default::default() };
        let sinks = LogSinksConfig { logs_endpoint: endpoint.clone(), firehose_endpoint: endpoint };
        let bus = Bus::in_process(NodeId("test".to_owned()));
        let heard = Arc::new(Heard::default());
        bus.subscribe(heard.clone());
        let rates = Arc::new(ChatRates::new(&config.limits, Instant::now()));
        let deps = Deps {
            store: store.clone(),
            hub: Hub::new(RingLimits::default()),
            blobs: Blobs::disk(buckets.path().to_owned()),
            sinks: LogSinks::new(Outbound::new(outbound).unwrap(), sinks),
            bus,
            chat_rates: rates.clone(),
        };
        let control = Arc::new(Control::new(config, deps).await.unwrap());
        Self { control, store, buckets, rates, heard }
    }

    /// Takes what was said about rooms since the last time.
    pub(crate) fn heard(&self) -> Vec<(Arn, RoomNews)> {
        std::mem::take(&mut *self.heard.0.lock().unwrap())
    }

    /// Creates a room as [`caller`].
    pub(crate) async fn create(&self, input: CreateRoomRequest) -> Result<CreateRoomResponse, ApiError> {
        self.control.create_room(&caller(), input).await
    }

    /// A room of [`caller`] with this name: its ARN.
    pub(crate) async fn room(&self, name: &str) -> String {
        let input = CreateRoomRequest { name: Some(name.to_owned()), ..Default::default() };
        self.create(input).await.unwrap().arn.unwrap()
    }

    /// Creates a logging configuration as [`caller`].
    pub(crate) async fn log(
        &self,
        destination_configuration: DestinationConfiguration,
    ) -> Result<CreateLoggingConfigurationResponse, ApiError> {
        let input = CreateLoggingConfigurationRequest { destination_configuration, ..Default::default() };
        self.control.create_logging_configuration(&caller(), input).await
    }

    /// An active logging configuration of [`caller`]: its ARN.
    pub(crate) async fn active_log(&self, bucket: &str) -> String {
        let made = self.log(s3(bucket)).await.unwrap();
        assert_eq!(serde_json::to_value(&made).unwrap()["state"], "ACTIVE");
        made.arn.unwrap()
    }

    /// Runs what goes on beside the calls, until the answer is dropped.
    pub(crate) fn run(&self) -> JoinSet<()> {
        let mut running = JoinSet::new();
        running.spawn(Control::clone(&self.control).run(CancellationToken::new()));
        running
    }
}

pub(crate) fn s3(bucket: &str) -> DestinationConfiguration {
    let s3 = Some(S3DestinationConfiguration { bucket_name: bucket.to_owned() });
    DestinationConfiguration { s3, ..Default::default() }
}

pub(crate) fn named(arn: &str) -> Arn {
    Arn::parse(arn).unwrap()
}
