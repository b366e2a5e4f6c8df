//! What each API operation means.
//!
//! **Way in**: the traits [`api::ivs::Ivs`] and [`api::ivschat::IvsChat`] (one function per operation) and
//! [`api::KeyRing`] (who may call), all implemented by [`Control`]; [`Control::run`] beside them. **Way out**: rows
//! in the store; a request to stop for a broadcast whose channel is gone or was changed; news for chat rooms, and
//! orders for streams of other servers, on the bus; a probe in a bucket or of a log's destination.
//!
//! Promise: the only writer of resources. What an operation answered is committed, and seen by the next
//! call whoever makes it; an operation that was refused changed nothing; no operation shows, changes or
//! counts what belongs to another account or region than the call's own.
//!
//! Refuses to know: HTTP, signatures, SQL, how a stream gets in or out.

#![warn(missing_docs)]

mod chat_keys;
mod clock;
mod countries;
mod entropy;
mod error;
mod ingest_configuration;
mod ivs;
mod ivschat;
mod keys;
mod log_trial;
mod news;
mod on_air;
mod orders;
mod origins;
mod paging;
mod public_key;
mod rates;
mod tags;
mod trial;
mod views;
mod words;

use std::sync::Arc;
use std::time::Duration;

use api::Call;
use blob::Blobs;
use bus::Bus;
use domain::{Arn, ChatRates, Limits, ResourceId, ResourceKind};
use live::Hub;
use outbound::log_sink::LogSinks;
use store::{Store, Tenant};
use tokio::sync::Notify;

pub use error::Error;

use chat_keys::ChatKeys;
use keys::{Policies, Uses};
use news::Untold;
use orders::Hands;
use paging::Tokens;
use rates::Rates;
use views::Endpoints;

/// What the operator says about this installation. Its region and account are not here: the call names
/// them, and the frame lets only those in that the server answers for.
#[derive(Clone, Debug)]
pub struct Config {
    /// Host that encoders send to, no scheme, port or path: `ingestEndpoint`. Default 127.0.0.1.
    pub ingest_endpoint: String,
    /// Host that SRT encoders send to; `None` (the default) is the ingest endpoint.
    pub srt_endpoint: Option<String>,
    /// Scheme, host and port that viewers reach: what stands before the path in `playbackUrl`.
    /// Default `http://127.0.0.1:8080`.
    pub public_url: String,
    /// How many of what one account may have. Default: the vendor's default quotas.
    pub limits: Limits,
    /// This server's name among those of one database, as streams that it takes in are kept under.
    pub node: String,
    /// How long chat tokens are sealed with one key before another is made. Default: a day.
    pub chat_key_age: Duration,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            ingest_endpoint: "127.0.0.1".to_owned(),
            srt_endpoint: None,
            public_url: "http://127.0.0.1:8080".to_owned(),
            limits: Limits::default(),
            node: "node".to_owned(),
            chat_key_age: Duration::from_secs(24 * 3_600),
        }
    }
}

/// The pipes it may touch.
#[derive(Clone, Debug)]
pub struct Deps {
    /// Where resources live.
    pub store: Store,
    /// What is on air: a channel on air can't be changed or deleted.
    pub hub: Hub,
    /// Where recordings and chat logs go: a configuration is active once its bucket was written to.
    pub blobs: Blobs,
    /// Where else chat logs go.
    pub sinks: LogSinks,
    /// How chat rooms are told what calls do to them.
    pub bus: Bus,
    /// How often accounts may delete messages and disconnect users, counted with what clients do.
    pub chat_rates: Arc<ChatRates>,
}

/// The meaning of the operations. Calls are answered without [`Control::run`], but recording configurations
/// become active only beside it, and so do logging configurations whose trial outlasts its call. A clone is another handle on the same pipes.
#[derive(Clone, Debug)]
pub struct Control {
    limits: Limits,
    node: String,
    endpoints: Endpoints,
    tokens: Tokens,
    rates: Rates,
    policies: Policies,
    uses: Uses,
    store: Store,
    hub: Hub,
    blobs: Blobs,
    sinks: LogSinks,
    bus: Bus,
    chat_keys: ChatKeys,
    untold: Untold,
    /// Told when a recording configuration is to be tried.
    trial: Arc<Notify>,
    /// Told when a logging configuration is to be tried.
    log_trial: Arc<Notify>,
}

impl Control {
    /// Made once per process; all processes on one database seal page tokens with the same secret.
    ///
    /// # Errors
    /// [`Error::TokenSecret`] when the database does not give the secret.
    pub async fn new(config: Config, deps: Deps) -> Result<Self, Error> {
        let Deps { store, hub, blobs, sinks, bus, chat_rates } = deps;
        let mut fresh = [0; 32];
        entropy::fill(&mut fresh);
        let secret = store.installation_secret(Tokens::SECRET, &fresh).await.map_err(Error::TokenSecret)?;
        let endpoints = Endpoints::new(config.ingest_endpoint, config.srt_endpoint, &config.public_url);
        Hands::lend(&hub, &bus);
        let (rates, tokens) = (Rates::new(&config.limits, chat_rates), Tokens::new(&secret));
        Ok(Self {
            limits: config.limits,
            node: config.node,
            endpoints,
            tokens,
            rates,
            policies: Policies::default(),
            uses: Uses::default(),
            store,
            hub,
            blobs,
            sinks,
            bus,
            chat_keys: ChatKeys::new(config.chat_key_age),
            untold: Untold::default(),
            trial: Arc::default(),
            log_trial: Arc::default(),
        })
    }

    /// A name for a new resource of the caller.
    fn mint(&self, call: &Call, kind: ResourceKind) -> Arn {
        let Tenant { account, region } = tenant(call);
        Arn { region, account, kind, id: ResourceId::mint(&mut entropy::fill) }
    }
}

/// Whose resources the call is about: always the caller's own, in the region that was signed for.
fn tenant(call: &Call) -> Tenant {
    Tenant { account: call.principal.account.clone(), region: call.region.clone() }
}
