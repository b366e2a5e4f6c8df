//! What each API operation means.
//!
//! **Way in**: the traits [`api::ivs::Ivs`] (one function per operation) and [`api::KeyRing`] (who may
//! call), both implemented by [`Control`]; [`Control::run`] beside them. **Way out**: rows in the store; a
//! request to stop for a broadcast whose channel is gone or was changed; a probe in a bucket.
//!
//! Promise: the only writer of resources. What an operation answered is committed, and seen by the next
//! call whoever makes it; an operation that was refused changed nothing; no operation shows, changes or
//! counts what belongs to another account or region than the call's own.
//!
//! Refuses to know: HTTP, signatures, SQL, how a stream gets in or out.

#![warn(missing_docs)]

mod countries;
mod entropy;
mod error;
mod ingest_configuration;
mod ivs;
mod keys;
mod origins;
mod paging;
mod public_key;
mod rates;
mod tags;
mod trial;
mod views;
mod words;

use std::sync::Arc;

use api::Call;
use blob::Blobs;
use domain::{Arn, Limits, ResourceId, ResourceKind};
use live::Hub;
use store::{Store, Tenant};
use tokio::sync::Notify;

pub use error::Error;

use keys::Policies;
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
}

impl Default for Config {
    fn default() -> Self {
        Self {
            ingest_endpoint: "127.0.0.1".to_owned(),
            srt_endpoint: None,
            public_url: "http://127.0.0.1:8080".to_owned(),
            limits: Limits::default(),
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
    /// Where recordings go: a recording configuration is active once its bucket was written to.
    pub blobs: Blobs,
}

/// The meaning of the operations. Calls are answered without [`Control::run`], but recording configurations
/// become active only beside it. A clone is another handle on the same pipes.
#[derive(Clone, Debug)]
pub struct Control {
    limits: Limits,
    endpoints: Endpoints,
    tokens: Tokens,
    rates: Rates,
    policies: Policies,
    store: Store,
    hub: Hub,
    blobs: Blobs,
    /// Told when a recording configuration is to be tried.
    trial: Arc<Notify>,
}

impl Control {
    /// Made once per process; all processes on one database seal page tokens with the same secret.
    ///
    /// # Errors
    /// [`Error::TokenSecret`] when the database does not give the secret.
    pub async fn new(config: Config, deps: Deps) -> Result<Self, Error> {
        let Deps { store, hub, blobs } = deps;
        let mut fresh = [0; 32];
        entropy::fill(&mut fresh);
        let secret = store.installation_secret(Tokens::SECRET, &fresh).await.map_err(Error::TokenSecret)?;
        let endpoints = Endpoints::new(config.ingest_endpoint, config.srt_endpoint, &config.public_url);
        let (rates, tokens) = (Rates::new(&config.limits), Tokens::new(&secret));
        Ok(Self {
            limits: config.limits,
            endpoints,
            tokens,
            rates,
            policies: Policies::default(),
            store,
            hub,
            blobs,
            trial: Arc::default(),
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
