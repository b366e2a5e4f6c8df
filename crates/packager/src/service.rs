//! The service: one session for each broadcast on air.
//!
//! Promise: `run` returns only when every session has ended its shelf, in bounded time after shutdown.

use std::collections::HashSet;
use std::sync::Arc;

use domain::StreamId;
use live::{Broadcast, Hub};
use tokio::task::{JoinError, JoinSet};
use tokio_util::sync::CancellationToken;
use tracing::error;

use crate::session::Session;
use crate::{Config, Deps};

/// Packages everything that goes on air.
#[derive(Debug)]
pub struct Packager {
    config: Config,
    hub: Hub,
    sessions: JoinSet<StreamId>,
    known: HashSet<StreamId>,
}

impl Packager {
    /// One that starts working when it is run.
    pub fn bind(config: Config, deps: Deps) -> Self {
        Self { config, hub: deps.hub, sessions: JoinSet::new(), known: HashSet::new() }
    }

    /// Works until `shutdown`, then gives broadcasts [`Config::drain`] to end by themselves, ends those
    /// that remain, and returns.
    pub async fn run(mut self, shutdown: CancellationToken) {
        let mut changes = self.hub.changes();
        while !shutdown.is_cancelled() {
            for broadcast in self.hub.on_air() {
                self.begin(&broadcast, &shutdown);
            }
            tokio::select! {
                // The hub that is asked lives in `self`, so this is never its end.
                _ = changes.changed() => {}
                Some(done) = self.sessions.join_next() => self.settle(done),
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
        let Some(session) = Session::new(self.config, broadcast) else { return };
        let stream = broadcast.stream().clone();
        self.known.insert(stream.clone());
        let (hub, shutdown) = (self.hub.clone(), shutdown.clone());
        self.sessions.spawn(async move {
            session.run(hub, shutdown).await;
            stream
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
