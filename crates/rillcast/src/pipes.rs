//! The pipes between services, as the settings name them.
//!
//! Promise: opened in one place and once; services get handles, so that all of them mean the same database,
//! bus and buckets.

use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Instant;

use blob::{Blobs, S3Config, S3Key, Spool};
use bus::{Bus, NatsConfig, NodeId};
use domain::{ChatRates, alphanumeric};
use live::{Hub, RingLimits};
use outbound::log_sink::{LogSinks, LogSinksConfig};
use outbound::{Chain, Credentials, Keys, Outbound, OutboundError};
use store::Store;

use crate::config::{BucketPlace, Config, OutsideSettings};
use crate::entropy;
use crate::error::AppError;
use crate::node::Node;

/// Name of the folder in the data folder that holds buckets.
pub(crate) const BUCKETS: &str = "buckets";
/// Name of the folder in the data folder that holds what viewers rewind to.
const DVR: &str = "dvr";
/// Letters and digits that name one run of the server.
const NODE_LENGTH: usize = 12;

/// Handles on every pipe.
pub(crate) struct Pipes {
    /// Durable truth.
    pub store: Store,
    /// What is on air here.
    pub hub: Hub,
    /// Facts and commands.
    pub bus: Bus,
    /// This run's name on the bus.
    pub node: NodeId,
    /// Buckets.
    pub blobs: Blobs,
    /// What viewers rewind to.
    pub spool: Spool,
    /// Calls to others.
    pub outbound: Outbound,
    /// Destinations of the chat log that are no buckets.
    pub sinks: LogSinks,
    /// What accounts may do in chat, counted once for the API and the sockets.
    pub rates: Arc<ChatRates>,
}

impl Pipes {
    /// Opens what is not open yet.
    pub(crate) async fn open(config: &Config, store: Store, server: &Node) -> Result<Self, AppError> {
        let node = NodeId(alphanumeric(NODE_LENGTH, &mut entropy::fill));
        let outbound = outbound(config)?;
        Ok(Self {
            store,
            hub: Hub::new(RingLimits::default()),
            bus: bus(config, &node).await?,
            node,
            blobs: blobs(config),
            // The server's own: it clears the folder when it starts.
            spool: Spool::new(config.data_dir.join(DVR).join(server.name())),
            sinks: log_sinks(config, outbound.clone()),
            outbound,
            rates: Arc::new(ChatRates::new(&config.limits, Instant::now())),
        })
    }
}

async fn bus(config: &Config, node: &NodeId) -> Result<Bus, AppError> {
    match &config.nats {
        None => Ok(Bus::in_process(node.clone())),
        Some(servers) => Ok(Bus::nats(NatsConfig::new(servers.reveal()), node.clone()).await?),
    }
}

/// What calls others as the settings say.
pub(crate) fn outbound(config: &Config) -> Result<Outbound, OutboundError> {
    Outbound::new(outbound::Config {
        credentials: credentials(&config.outside),
        ..outbound::Config::default()
    })
}

/// Destinations of the chat log that are no buckets, where the settings say that they are.
pub(crate) fn log_sinks(config: &Config, outbound: Outbound) -> LogSinks {
    let config = LogSinksConfig {
        logs_endpoint: config.outside.logs_endpoint.clone(),
        firehose_endpoint: config.outside.firehose_endpoint.clone(),
    };
    LogSinks::new(outbound, config)
}

/// The buckets that the settings name.
pub(crate) fn blobs(config: &Config) -> Blobs {
    match config.outside.buckets {
        BucketPlace::Disk => Blobs::disk(config.data_dir.join(BUCKETS)),
        BucketPlace::S3 => Blobs::s3(s3(config)),
    }
}

/// Which S3 service, and who we are there.
pub(crate) fn s3(config: &Config) -> S3Config {
    let outside = &config.outside;
    let key = outside.key.as_ref();
    S3Config {
        endpoint: outside.s3_endpoint.clone(),
        region: Some(outside.s3_region.clone().unwrap_or_else(|| config.region.as_str().to_owned())),
        key: key.map(|(id, secret)| S3Key { id: id.clone(), secret: secret.reveal().to_owned() }),
        path_style: outside.s3_path_style,
    }
}

/// The configured key, else where AWS SDKs look.
fn credentials(outside: &OutsideSettings) -> Credentials {
    if let Some((id, secret)) = &outside.key {
        let keys = Keys { id: id.clone(), secret: secret.reveal().to_owned(), session: None };
        return Credentials::Keys(keys);
    }
    let environment: HashMap<_, _> = std::env::vars_os()
        .filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)))
        .collect();
    let home = environment.get("HOME").map(PathBuf::from);
    Credentials::Chain(Chain { environment, home, profile: None })
}
