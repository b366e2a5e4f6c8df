//! The service: one session for each broadcast on air.
//!
//! Promise: every broadcast gets its ladder decided, whatever else fails; `run` returns only when every session and
//! its process are gone.

use std::collections::HashSet;
use std::sync::Arc;

use domain::StreamId;
use live::{Broadcast, Hub};
use tokio_util::sync::CancellationToken;

use crate::figures::Figures;
use crate::{Config, Deps};

/// Transcodes what goes on air.
#[derive(Debug)]
pub struct Transcode {
    #[expect(dead_code, reason = "sessions will read it")]
    config: Config,
    hub: Hub,
    figures: Arc<Figures>,
    known: HashSet<StreamId>,
}

impl Transcode {
    /// One that starts working when it is run.
    pub fn bind(config: Config, deps: Deps) -> Self {
        Self { config, hub: deps.hub, figures: Arc::default(), known: HashSet::new() }
    }

    /// What is counted.
    pub fn figures(&self) -> Arc<Figures> {
        Arc::clone(&self.figures)
    }

    /// Works until `shutdown`.
    pub async fn run(mut self, shutdown: CancellationToken) {
        let mut changes = self.hub.changes();
        while !shutdown.is_cancelled() {
            let on_air = self.hub.on_air();
            self.known.retain(|stream| on_air.iter().any(|broadcast| broadcast.stream() == stream));
            on_air.iter().for_each(|broadcast| self.begin(broadcast));
            tokio::select! {
                // The hub that is asked lives in `self`, so this is never its end.
                _ = changes.changed() => {}
                () = shutdown.cancelled() => {}
            }
        }
    }

    fn begin(&mut self, broadcast: &Arc<Broadcast>) {
        if self.known.insert(broadcast.stream().clone()) {
            broadcast.set_ladder(true, Vec::new());
        }
    }
}
