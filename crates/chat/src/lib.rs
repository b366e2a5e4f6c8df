//! Chat rooms over WebSocket: admit, review, fan out, log.
//!
//! **Way in**: [`Chat::admit`] (a request for an upgrade), [`Chat::join`] (its socket), the bus (what the API
//! and other nodes say about rooms). **Way out**: sockets, through `fanout`; the review handler; the log.
//!
//! Promise: everything that a room hears goes through the bus, so one node and ten behave alike; a token opens
//! one connection, once, whatever node it comes to and whatever crashes; nothing that one room's handler, log
//! or reader does delays another room.
//!
//! Refuses to know: HTTP listeners, TLS, who made the rooms.

#![warn(missing_docs)]

mod admission;
mod chain;
mod changes;
mod clock;
mod denial;
mod error;
mod extensions;
mod gateway;
mod hall;
mod handshake;
mod joining;
mod keys;
pub mod log;
mod metrics;
mod receiver;
pub mod request;
pub mod review;
mod room;
mod rules;
mod running;
mod session;
mod spender;
mod tally;

use std::net::{IpAddr, TcpStream};
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use bytes::Bytes;
use domain::{Arn, ChatRates, Limits};
use fanout::Fanout;
use http::Response;
use http::request::Parts;
use parking_lot::Mutex;
use store::StoreError;
use tokio_util::sync::CancellationToken;

use denial::Denial;
use extensions::moderation;
use gateway::Gateway;
use hall::Hall;
use metrics::Now;
use receiver::Ear;
use running::Tasks;

pub use admission::{Refusal, Seat};
pub use error::Error;
pub use tally::RoomFigures;

/// How chat behaves.
#[derive(Clone, Debug)]
pub struct Config {
    /// Quotas and rates.
    pub limits: Limits,
    /// Web origins (`https://example.com`) whose pages may connect; `None`: all. A request without `Origin`
    /// comes from no page and always may.
    pub origins: Option<Vec<String>>,
    /// The engine's settings. `farewell` is set by this crate.
    pub fanout: fanout::Config,
    /// At shutdown connections are cut one by one over so long. Default 3 s.
    pub drain: Duration,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            limits: Limits::default(),
            origins: None,
            fanout: fanout::Config::default(),
            drain: Duration::from_secs(3),
        }
    }
}

/// The pipes that chat uses.
pub struct Deps {
    /// Rooms, token keys, spent tokens, restrictions.
    pub store: store::Store,
    /// Carries what is said.
    pub bus: bus::Bus,
    /// The name under which that bus publishes.
    pub node: bus::NodeId,
    /// The accounts' rates, shared with the API.
    pub rates: Arc<ChatRates>,
    /// Asks review handlers.
    pub reviewer: review::Reviewer,
    /// Where messages are logged. `None`: nowhere, whatever rooms want.
    pub log: Option<log::Log>,
}

/// What keeps somebody out of a room, or nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Entry {
    /// Nothing does.
    Open,
    /// There is no such room.
    NoRoom,
    /// The user is banned from it.
    Banned,
}

/// The service. A clone is another handle on it.
#[derive(Clone)]
pub struct Chat {
    hall: Arc<Hall>,
    tasks: Arc<Mutex<Option<Tasks>>>,
}

impl Chat {
    /// Starts the engine's threads. Whoever comes before [`Chat::run`] is polled waits for it.
    ///
    /// # Errors
    /// [`Error`].
    pub fn bind(config: Config, deps: Deps) -> Result<Self, Error> {
        let (spender, tokens) = spender::spender();
        let (commands, orders) = moderation::commands();
        let mut engine = config.fanout.clone();
        engine.farewell = Some(Denial::TOO_SLOW.unasked());
        let hall = Arc::new(Hall::new(config, deps, spender, commands));
        let fanout = Fanout::start(engine, Arc::new(Gateway::new(&hall))).map_err(Error::Engine)?;
        hall.set_fanout(fanout);
        hall.bus.subscribe(Arc::new(Ear::new(&hall)));
        Ok(Self { hall, tasks: Arc::new(Mutex::new(Some(Tasks { tokens, orders }))) })
    }

    /// Does this request ask for a WebSocket? Then it is [`Chat::admit`]'s to answer, whatever is wrong with it.
    pub fn is_handshake(parts: &Parts) -> bool {
        handshake::is_asked_for(parts)
    }

    /// Checks a handshake and spends its token. The response (101) is to be sent, then the socket is to be given
    /// to [`Chat::join`]. A seat that is dropped instead is free again, but its token is spent.
    ///
    /// # Errors
    /// [`Refusal`], which has the response to send instead.
    pub async fn admit(
        &self,
        parts: &Parts,
        peer: IpAddr,
        now: SystemTime,
    ) -> Result<(Response<()>, Seat), Refusal> {
        let admitted = admission::admit(&self.hall, parts, peer, now).await;
        admitted.inspect_err(|_| {
            self.hall.metrics.refused.inc();
        })
    }

    /// Would this user be let into the room now? Asked before a token is made for somebody whom no other door keeps
    /// out.
    ///
    /// # Errors
    /// What the store says.
    pub async fn entry(&self, room: &Arn, user: &str, now: SystemTime) -> Result<Entry, StoreError> {
        let Some(room) = self.hall.room(room).await? else { return Ok(Entry::NoRoom) };
        let rules = room.rules();
        Ok(match (rules.gone, rules.bans(user, clock::milliseconds(now))) {
            (true, _) => Entry::NoRoom,
            (false, true) => Entry::Banned,
            (false, false) => Entry::Open,
        })
    }

    /// Takes the socket of an admitted handshake over, with the bytes that were read beyond it.
    pub fn join(&self, seat: Seat, stream: TcpStream, early: Bytes) {
        joining::join(&self.hall, seat, stream, early);
    }

    /// Serves until `shutdown`, then admits no more and cuts all connections over [`Config::drain`].
    pub async fn run(self, shutdown: CancellationToken) {
        let tasks = self.tasks.lock().take();
        running::run(self.hall, tasks, shutdown).await;
    }

    /// All metrics in Prometheus' text format.
    pub fn metrics(&self) -> String {
        let (counts, bus) = (self.hall.fanout().counts(), self.hall.bus.figures());
        self.hall.metrics.page(Now { counts, rooms: self.hall.live_rooms(), bus })
    }
}
