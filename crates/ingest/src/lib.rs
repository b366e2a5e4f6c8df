//! Ingest: take streams in over RTMP and RTMPS.
//!
//! Way in: TCP connections of encoders, on its own listeners. Way out: one [`live::Publisher`] per stream
//! let on air, and its session in the store with all that happens and is measured in it, which nobody else writes. It knows
//! nothing of what happens to frames afterwards.
//!
//! Promise: a stranger costs bounded memory and time; a stream goes on air only by a stream key, and by
//! plain RTMP only where its channel allows that; every stream's start, end and refusal is one log line
//! with its cause and without its key; one publisher's fault touches no other.

#![warn(missing_docs)]

mod admission;
mod allowance;
mod connection;
mod desk;
mod ending;
mod error;
mod health;
mod intake;
mod life;
mod listener;
mod relay;
mod rewind;
pub mod rtmp;
mod samples;
mod seconds;
mod takeover;
mod texts;
mod timeline;
mod wire;

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use domain::Limits;
use live::Hub;
use store::Store;
use tokio_rustls::TlsAcceptor;
use tokio_util::sync::CancellationToken;

pub use allowance::{Allowance, Excess};
pub use error::{ChunkFault, Error, Foreign};
pub use health::Meter;
pub use intake::{Intake, Output, Tally};
pub use samples::Figures;
pub use timeline::{Edge, Place, Seam, Timeline};

use admission::Admission;
use connection::Shared;
use desk::Desk;
use life::Chronicle;
use listener::{Door, House};
use samples::Sampler;

/// What an operator decides.
#[derive(Clone, Debug)]
pub struct Config {
    /// Where plain RTMP is taken; port 0 takes a free one.
    pub rtmp: Option<SocketAddr>,
    /// Where RTMPS is taken.
    pub rtmps: Option<SocketAddr>,
    /// How long what may take.
    pub timeouts: Timeouts,
    /// Connections over both listeners.
    pub max_connections: usize,
    /// Connections from one address.
    pub max_connections_per_address: usize,
    /// Quotas of an account.
    pub limits: Limits,
    /// This server's name among those on the same database. It survives restarts, so that what a crash left
    /// open is found again.
    pub node: String,
    /// A stream that is on air for this long is ended.
    pub max_stream: Duration,
    /// How long sessions are kept after their end.
    pub session_age: Duration,
}

impl Default for Config {
    /// No listener; 1 000 connections, 200 of them from one address; streams of 48 hours, kept for 60 days.
    fn default() -> Self {
        Self {
            rtmp: None,
            rtmps: None,
            timeouts: Timeouts::default(),
            max_connections: 1_000,
            max_connections_per_address: 200,
            limits: Limits::default(),
            node: "node".to_owned(),
            max_stream: Duration::from_secs(48 * 3_600),
            session_age: Duration::from_secs(60 * 24 * 3_600),
        }
    }
}

/// How long a publisher may take.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Timeouts {
    /// From the first byte to the end of the handshake; for TLS as much again before it.
    pub handshake: Duration,
    /// From the first byte to the publish request.
    pub publish: Duration,
    /// Without a byte on air (IVS ends a session after 30 s without data).
    pub silence: Duration,
    /// Without a byte on air before a publisher is asked for a sign of life, when another one wants its place.
    pub quiet: Duration,
    /// How long that sign of life may take.
    pub sign: Duration,
    /// From going on air to the first keyframe.
    pub keyframe: Duration,
    /// How long a wrong key waits for its answer.
    pub wrong_key: Duration,
}

impl Default for Timeouts {
    fn default() -> Self {
        Self {
            handshake: Duration::from_secs(5),
            publish: Duration::from_secs(10),
            silence: Duration::from_secs(30),
            quiet: Duration::from_secs(2),
            sign: Duration::from_secs(2),
            keyframe: Duration::from_secs(10),
            wrong_key: Duration::from_secs(1),
        }
    }
}

/// The pipes it touches.
#[derive(Clone)]
pub struct Deps {
    /// Where stream keys are looked up, and sessions are kept with their events.
    pub store: Store,
    /// Where streams go on air.
    pub hub: Hub,
    /// How RTMPS is served; unused without [`Config::rtmps`].
    pub tls: Arc<rustls::ServerConfig>,
}

/// The service, bound to its addresses.
pub struct Ingest {
    rtmp: Option<Door>,
    rtmps: Option<Door>,
    house: House,
    chronicle: Chronicle,
    sampler: Sampler,
    shared: Arc<Shared>,
}

impl Ingest {
    /// Closes the sessions that the last run left open, and binds the configured listeners. Connections queue up
    /// until [`Ingest::run`].
    ///
    /// # Errors
    /// [`Error::Recover`] when the store can't be read or written, [`Error::Bind`] when an address can't be taken.
    pub async fn bind(config: Config, deps: Deps) -> Result<Self, Error> {
        let chronicle = Chronicle::new(Arc::new(config.clone()), deps.store.clone());
        chronicle.recover().await.map_err(Error::Recover)?;
        let rtmp = config.rtmp.map(|address| Door::open(address, None)).transpose()?;
        let acceptor = || Some(TlsAcceptor::from(deps.tls.clone()));
        let rtmps = config.rtmps.map(|address| Door::open(address, acceptor())).transpose()?;
        let house = House::new(config.max_connections, config.max_connections_per_address);
        let sampler = Sampler::new(deps.store.clone(), deps.hub.clone());
        let admission = Admission::new(deps.store, deps.hub, chronicle.clone(), config.limits);
        Ok(Self {
            rtmp,
            rtmps,
            house,
            chronicle,
            sampler,
            shared: Arc::new(Shared { config, admission, desk: Desk::default() }),
        })
    }

    /// Where plain RTMP is taken, if it is.
    pub fn rtmp_addr(&self) -> Option<SocketAddr> {
        self.rtmp.as_ref().and_then(|door| door.listener.local_addr().ok())
    }

    /// Where RTMPS is taken, if it is.
    pub fn rtmps_addr(&self) -> Option<SocketAddr> {
        self.rtmps.as_ref().and_then(|door| door.listener.local_addr().ok())
    }

    /// What it counts.
    pub fn figures(&self) -> Arc<Figures> {
        Arc::clone(self.sampler.figures())
    }

    /// Takes streams in until `shutdown`, then tells publishers, and waits for them and for what is to be kept of
    /// their streams, at most seconds.
    pub async fn run(self, shutdown: CancellationToken) {
        let serve = |door: Option<Door>| {
            let (house, shared, shutdown) = (self.house.clone(), self.shared.clone(), shutdown.clone());
            async move {
                match door {
                    Some(door) => listener::run(door, house, shared, shutdown).await,
                    None => shutdown.cancelled().await,
                }
            }
        };
        let (chronicle, done) = (&self.chronicle, CancellationToken::new());
        let streams = async {
            tokio::join!(serve(self.rtmp), serve(self.rtmps));
            chronicle.close().await;
            done.cancel();
        };
        tokio::join!(streams, chronicle.keep(&done), self.sampler.run(&done));
    }
}

/// Fills `bytes` from the system's generator.
fn entropy(bytes: &mut [u8]) {
    aws_lc_rs::rand::fill(bytes).expect("the system's random generator works");
}
