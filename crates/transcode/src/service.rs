//! The service: one session for each broadcast on air.
//!
//! Promise: every broadcast gets its ladder decided, whatever else fails; `run` returns only when every session and
//! its process are gone.

use std::collections::HashSet;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use domain::StreamId;
use live::{Broadcast, Hub};
use tokio::sync::{OnceCell, watch};
use tokio::task::{JoinError, JoinSet};
use tokio_util::sync::CancellationToken;
use tracing::{error, info, warn};

use crate::capacity::Budget;
use crate::figures::Figures;
use crate::session::{Finding, Session, Shared, words};
use crate::{Config, Deps, Machine, thumbnail};

/// Coded pixels a second that are promised as long as nobody knows better, in all: one ladder of 1080p30, which
/// two cores of the last ten years can make.
const GUESS: u64 = 48_000_000;

/// Transcodes what goes on air.
#[derive(Debug)]
pub struct Transcode {
    hub: Hub,
    figures: Arc<Figures>,
    shared: Arc<Shared>,
    finding: watch::Sender<Option<Finding>>,
    sessions: JoinSet<()>,
    /// Those on air that are looked after, or need nothing.
    known: HashSet<StreamId>,
}

impl Transcode {
    /// One that starts working when it is run.
    pub fn bind(config: Config, deps: Deps) -> Self {
        let (finding, known) = watch::channel(None);
        let figures = Arc::new(Figures::default());
        figures.capacity.store(config.capacity.unwrap_or(0), Ordering::Relaxed);
        let guess = Budget::new(config.capacity.unwrap_or(GUESS));
        let confinement = OnceCell::new();
        let shared =
            Shared { config, figures: Arc::clone(&figures), finding: known, guess, confinement, patience: 1 };
        Self {
            hub: deps.hub,
            figures,
            shared: Arc::new(shared),
            finding,
            sessions: JoinSet::new(),
            known: HashSet::new(),
        }
    }

    /// What is counted.
    pub fn figures(&self) -> Arc<Figures> {
        Arc::clone(&self.figures)
    }

    /// Works until `shutdown`.
    pub async fn run(mut self, shutdown: CancellationToken) {
        let mut changes = self.hub.changes();
        let mut examination = JoinSet::new();
        if self.shared.config.is_on {
            examination.spawn(examine(Arc::clone(&self.shared)));
        }
        while !shutdown.is_cancelled() {
            let on_air = self.hub.on_air();
            self.known.retain(|stream| on_air.iter().any(|broadcast| broadcast.stream() == stream));
            for broadcast in on_air {
                self.begin(broadcast, &shutdown);
            }
            tokio::select! {
                // The hub that is asked lives in `self`, so this is never its end.
                _ = changes.changed() => {}
                Some(done) = self.sessions.join_next() => settle(done),
                Some(done) = examination.join_next() => match done {
                    Ok(finding) => drop(self.finding.send_replace(Some(finding))),
                    Err(cause) => error!(%cause, "the examination of this machine broke"),
                },
                () = shutdown.cancelled() => {}
            }
        }
        examination.shutdown().await;
        while let Some(done) = self.sessions.join_next().await {
            settle(done);
        }
    }

    fn begin(&mut self, broadcast: Arc<Broadcast>, shutdown: &CancellationToken) {
        if !self.known.insert(broadcast.stream().clone()) {
            return;
        }
        if !self.shared.config.is_on {
            broadcast.set_ladder(true, Vec::new());
            thumbnail::refuse(&broadcast, "transcoding is off");
            return;
        }
        let session = Session::new(Arc::clone(&self.shared), broadcast);
        self.sessions.spawn(session.run(shutdown.clone()));
    }
}

fn settle(done: Result<(), JoinError>) {
    if let Err(cause) = done {
        error!(%cause, "a transcoding session broke");
    }
}

/// Finds out what this machine can do.
async fn examine(shared: Arc<Shared>) -> Finding {
    let config = &shared.config;
    let confinement = shared.confinement().await;
    match Machine::examine(config, &confinement).await {
        Ok(machine) => {
            let capacity = config.capacity.unwrap_or(machine.capacity);
            shared.figures.capacity.store(capacity, Ordering::Relaxed);
            let measures = format!("{:?}", confinement.measures());
            info!(
                version = machine.version,
                capacity,
                measured = machine.capacity,
                measures,
                "transcoding is possible"
            );
            // Streams that could not wait have taken some of it.
            let budget = Budget::new(capacity.saturating_sub(shared.guess.promised()));
            Finding::able(budget, confinement, &shared)
        }
        Err(cause) => {
            warn!(
                cause = words(&cause),
                "nothing can be transcoded: streams are passed through as they come. Install ffmpeg 5.1 or newer with \
                 libx264, or say where it is (setting `ffmpeg`); `rillcast doctor` tells more. To do without, set \
                 `transcoding = \"off\"`"
            );
            Finding::Unable
        }
    }
}
