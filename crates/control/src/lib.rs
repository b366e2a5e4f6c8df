//! What each API operation means.
//!
//! **Way in**: the traits [`api::ivs::Ivs`] (one function per operation) and [`api::KeyRing`] (who may
//! call), both implemented by [`Control`]. **Way out**: rows in the store; a request to stop for a
//! broadcast whose channel is gone.
//!
//! Promise: the only writer of resources. What an operation answered is committed, and seen by the next
//! call whoever makes it; an operation that was refused changed nothing; no operation shows, changes or
//! counts what belongs to another account or region than the call's own.
//!
//! Refuses to know: HTTP, signatures, SQL, how a stream gets in or out.

#![warn(missing_docs)]

mod entropy;
mod error;
mod ingest_configuration;
mod ivs;
mod keys;
mod paging;
mod public_key;
mod rates;
mod tags;
mod views;
mod words;

use api::Call;
use domain::{Arn, Limits, ResourceId, ResourceKind};
use live::Hub;
use store::{Store, Tenant};

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
    /// What is on air: a channel on air can't be deleted.
    pub hub: Hub,
}

/// The meaning of the operations. Needs no `run`: it works only while a call is made. A clone is another
/// handle on the same store and hub.
#[derive(Clone, Debug)]
pub struct Control {
    limits: Limits,
    endpoints: Endpoints,
    tokens: Tokens,
    rates: Rates,
    policies: Policies,
    store: Store,
    hub: Hub,
}

impl Control {
    /// Made once per process; all processes on one database seal page tokens with the same secret.
    ///
    /// # Errors
    /// [`Error::TokenSecret`] when the database does not give the secret.
    pub async fn new(config: Config, deps: Deps) -> Result<Self, Error> {
        let Deps { store, hub } = deps;
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
