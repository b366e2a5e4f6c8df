//! Delivery: low-latency HLS to viewers.
//!
//! Way in: HTTP requests for paths under [`PREFIX`] and [`RECORDINGS`]. Way out: what stands on a broadcast's shelf, as
//! playlist text, parts and segments, and its small picture; how many watch, in the broadcast's pulse; recordings from
//! buckets on disk.
//!
//! Promise: all viewers share one rendering of a playlist and one copy of the media; a request is held
//! only for what was promised, for three target durations at most, and not a moment longer than its client
//! stays. Everything, errors too, may be read by pages of any origin.
//!
//! It refuses to know how media is made and how HTTP is spoken: it takes a request and gives a response.

mod admission;
mod answer;
mod body;
mod company;
mod directives;
mod entropy;
mod error;
mod feed;
mod figures;
mod growing;
mod history;
mod pass;
mod path;
mod playlist;
mod ranges;
mod readers;
mod recordings;
mod restriction;
mod serving;
mod shared;
mod tags;
mod thumbnail;
mod viewers;
mod visitor;

use std::net::IpAddr;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use blob::{Blobs, Spool};
use domain::{Arn, Limits};
use http::request::Parts;
use http::{Method, Request, Response};
use live::{Hub, Snapshot};
use media::Ticks;
use store::Store;
use tokio::time::{MissedTickBehavior, interval};
use tokio_util::sync::CancellationToken;

use admission::Admission;
use figures::Figures;
use history::History;
use path::Target;
use recordings::Gallery;
use restriction::Restriction;
use viewers::{Kind, Most, Teller, Viewers};

pub use body::Body;
pub use company::Proof;
pub use error::Error;
pub use figures::Reading;
pub use path::{PREFIX, multivariant_path, thumbnail_path};
pub use recordings::RECORDINGS;
pub use restriction::{Countries, CountriesError};
pub use shared::{Reply, Shared};

/// How much to take on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Config {
    /// Requests held at once for one broadcast; more are answered 503.
    pub held_per_broadcast: usize,
    /// Viewers of one account at once, over all of its channels; more are answered 429.
    pub viewers_per_account: u32,
    /// Viewers of one channel at once; more are answered 429.
    pub viewers_per_channel: u32,
}

impl Default for Config {
    fn default() -> Self {
        let limits = Limits::default();
        Self {
            held_per_broadcast: 10_000,
            viewers_per_account: limits.concurrent_viewers,
            viewers_per_channel: limits.concurrent_viewers_per_channel,
        }
    }
}

impl Config {
    fn most_viewers(&self) -> Most {
        Most { of_channel: self.viewers_per_channel, of_account: self.viewers_per_account }
    }
}

/// How often viewers who went are looked for, and limits that were met are told.
const LOOK: Duration = Duration::from_secs(1);

/// The pipes it may touch.
#[derive(Clone)]
pub struct Deps {
    /// What is on air.
    pub hub: Hub,
    /// Takes events about limits.
    pub store: Store,
    /// Proves passes: the same on all servers that viewers may reach.
    pub key: [u8; 32],
    /// This server's name, which players are told.
    pub node: String,
}

/// Answers viewers. Clones are the same service.
#[derive(Clone, Debug)]
pub struct Delivery {
    config: Config,
    hub: Hub,
    store: Store,
    node: Arc<str>,
    viewers: Arc<Viewers>,
    admission: Arc<Admission>,
    restriction: Arc<Restriction>,
    figures: Arc<Figures>,
    history: Option<Arc<History>>,
    gallery: Option<Arc<Gallery>>,
}

impl Delivery {
    /// One that serves what `deps.hub` holds.
    pub fn bind(config: Config, deps: Deps) -> Self {
        let Deps { hub, store, key, node } = deps;
        let viewers = Arc::new(Viewers::new(hub.clone(), config.most_viewers()));
        let admission = Arc::new(Admission::new(store.clone(), &key));
        let restriction = Arc::new(Restriction::new(store.clone(), hub.clone(), None));
        let node = Arc::from(node);
        Self {
            config,
            hub,
            store,
            node,
            viewers,
            admission,
            restriction,
            figures: Arc::default(),
            history: None,
            gallery: None,
        }
    }

    /// Hands out what left memory from here, where the packager keeps it.
    #[must_use]
    pub fn with_spool(self, spool: Spool) -> Self {
        Self { history: Some(Arc::new(History::new(spool))), ..self }
    }

    /// Serves recordings from these buckets, if they are on disk; an S3 service serves its own.
    #[must_use]
    pub fn with_buckets(self, blobs: Blobs) -> Self {
        Self { gallery: Some(Arc::new(Gallery::new(self.store.clone(), blobs))), ..self }
    }

    /// Tells countries by this database of addresses; without one all viewers are served wherever they are.
    #[must_use]
    pub fn with_countries(mut self, countries: Countries) -> Self {
        let restriction = Restriction::new(self.store.clone(), self.hub.clone(), Some(countries));
        self.restriction = Arc::new(restriction);
        self
    }

    /// Counts viewers down and tells of limits that were met, until `shutdown`. Without it viewers are counted
    /// up only.
    pub async fn run(self, shutdown: CancellationToken) {
        let sweeps = async {
            let mut seconds = seconds();
            while shutdown.run_until_cancelled(seconds.tick()).await.is_some() {
                self.viewers.sweep();
            }
        };
        // Beside the other, which must not wait for a database that is away.
        let news = async {
            let mut teller = Teller::new(self.store.clone());
            let mut seconds = seconds();
            while shutdown.run_until_cancelled(seconds.tick()).await.is_some() {
                teller.tell(self.viewers.breaches()).await;
            }
            teller.tell(self.viewers.breaches()).await;
        };
        let (admission, restriction) =
            (self.admission.run(shutdown.clone()), self.restriction.run(shutdown.clone()));
        tokio::join!(sweeps, news, admission, restriction);
    }

    /// Answers a request from `address` for a path under [`PREFIX`] or [`RECORDINGS`]; its body is not read. Dropping the future
    /// gives up a held request at once.
    pub async fn handle<B>(&self, request: Request<B>, address: IpAddr) -> Response<Body> {
        let (head, _) = request.into_parts();
        self.reply(&head, address).await.into_response()
    }

    /// The same, for whoever writes answers to a crowd: what all of it get is told as such.
    pub async fn reply(&self, head: &Parts, address: IpAddr) -> Reply {
        let (kind, reply) = self.answer(head, address).await;
        let is_head = head.method == Method::HEAD;
        self.figures.answered(kind, reply.status(), if is_head { 0 } else { reply.known_bytes() });
        if is_head { Reply::Own(reply.into_response().map(|_| Body::empty())) } else { reply }
    }

    /// A token for who runs a channel and wants to see it, and until when it may be shown: it opens a private channel
    /// and no restriction applies to it. Who asked for it is revoked as the viewer of this name.
    pub fn invite(&self, channel: &Arn, viewer: &str) -> (String, SystemTime) {
        self.admission.invite(channel, viewer)
    }

    /// What was counted since the start, and what waits now.
    pub fn figures(&self) -> Reading {
        self.figures.read([self.viewers.held(Kind::Playlist), self.viewers.held(Kind::Media)])
    }

    async fn answer(&self, head: &Parts, address: IpAddr) -> (figures::Kind, Reply) {
        if head.method == Method::OPTIONS {
            return (figures::Kind::Other, Reply::Own(answer::preflight()));
        }
        let is_reading = matches!(head.method, Method::GET | Method::HEAD);
        let (kind, result) = if head.uri.path().starts_with(RECORDINGS) {
            let shown = Box::pin(self.exhibit(head, address));
            (
                figures::Kind::Recording,
                if is_reading { shown.await.map(Reply::Own) } else { Err(Error::Method) },
            )
        } else {
            let target = path::parse(head.uri.path());
            let kind = target.as_ref().map_or(figures::Kind::Other, Target::kind);
            let found = if is_reading { self.find(target, head, address).await } else { Err(Error::Method) };
            (kind, found.map(|answer| answer.into_reply(&head.headers, head.method == Method::GET)))
        };
        let reply = result.unwrap_or_else(|error| {
            self.figures.refused(&error);
            Reply::Own(answer::refusal(&error, head.uri.path()))
        });
        (kind, reply)
    }
}

fn seconds() -> tokio::time::Interval {
    let mut seconds = interval(LOOK);
    seconds.set_missed_tick_behavior(MissedTickBehavior::Delay);
    seconds
}

/// How long anything is waited for before the stream is said to stall: three target durations.
fn stall_limit(now: &Snapshot) -> Duration {
    Ticks::new(now.terms.target().count().saturating_mul(3)).to_duration()
}
