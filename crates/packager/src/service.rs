//! The service: one session for each broadcast on air.
//!
//! Promise: `run` returns only when every session has ended its shelf, in bounded time after shutdown.

use std::collections::HashSet;
use std::sync::Arc;

use domain::StreamId;
use live::{Broadcast, Hub};
use tokio::task::{JoinError, JoinSet};
use tokio_util::sync::CancellationToken;
use tracing::{error, warn};

use crate::rewind::{Room, Shelves, stream_of};
use crate::session::Session;
use crate::{Config, Deps};

/// Packages everything that goes on air.
#[derive(Debug)]
pub struct Packager {
    config: Config,
    hub: Hub,
    shelves: Option<Shelves>,
    sessions: JoinSet<StreamId>,
    known: HashSet<StreamId>,
}

impl Packager {
    /// One that starts working when it is run.
    pub fn bind(config: Config, deps: Deps) -> Self {
        let Deps { hub, spool } = deps;
        let shelves = spool.filter(|_| config.rewind_bytes > 0);
        let shelves = shelves.map(|spool| Shelves { spool, room: Arc::new(Room::new(config.rewind_bytes)) });
        Self { config, hub, shelves, sessions: JoinSet::new(), known: HashSet::new() }
    }

    /// Works until `shutdown`, then gives broadcasts [`Config::drain`] to end by themselves, ends those
    /// that remain, and returns.
    pub async fn run(mut self, shutdown: CancellationToken) {
        let mut changes = self.hub.changes();
        let mut leftovers = JoinSet::new();
        if let Some(Shelves { spool, .. }) = self.shelves.clone() {
            leftovers.spawn(async move { spool.reels().await.unwrap_or_default() });
        }
        while !shutdown.is_cancelled() {
            for broadcast in self.hub.on_air() {
                self.begin(&broadcast, &shutdown);
            }
            tokio::select! {
                // The hub that is asked lives in `self`, so this is never its end.
                _ = changes.changed() => {}
                Some(done) = self.sessions.join_next() => self.settle(done),
                Some(Ok(left)) = leftovers.join_next() => self.clear(left, &mut leftovers),
                () = shutdown.cancelled() => {}
            }
        }
        while let Some(done) = self.sessions.join_next().await {
            self.settle(done);
        }
    }

    fn begin(&mut self, broadcast: &Arc<Broadcast>, shutdown: &CancellationToken) {
        if self.known.contains(broadcast.stream()) {
            return;
        }
        let session = Session::new(self.config, broadcast, self.shelves.as_ref());
        let Some(session) = session else { return };
        let stream = broadcast.stream().clone();
        self.known.insert(stream.clone());
        let (hub, shutdown) = (self.hub.clone(), shutdown.clone());
        self.sessions.spawn(async move {
            session.run(hub, shutdown).await;
            stream
        });
    }

    /// Removes what earlier runs left on disk, one reel after the other.
    fn clear(&self, mut left: Vec<String>, leftovers: &mut JoinSet<Vec<String>>) {
        left.retain(|reel| stream_of(reel).is_none_or(|stream| !self.known.contains(&stream)));
        let (Some(reel), Some(Shelves { spool, .. })) = (left.pop(), self.shelves.clone()) else { return };
        leftovers.spawn(async move {
            if let Err(cause) = spool.discard(&reel).await {
                warn!(%cause, "what an earlier stream could be rewound to is left on disk");
            }
            left
        });
    }

    fn settle(&mut self, done: Result<StreamId, JoinError>) {
        match done {
            Ok(stream) => {
                self.known.remove(&stream);
            }
            Err(cause) => error!(%cause, "a packaging session broke"),
        }
    }
}
