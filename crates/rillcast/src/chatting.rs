//! Binds chat as the settings say.
//!
//! Promise: a file of review handlers that can't be used stops the start, with the line that is wrong.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use chat::Chat;
use chat::log::Log;
use chat::review::{Reviewer, Targets};
use tokio::runtime::Handle;

use crate::config::{ChatSettings, Config};
use crate::error::AppError;
use crate::pipes::Pipes;

/// Connections are cut one by one over this time, so that their clients do not come back all at once.
const DRAIN: Duration = Duration::from_secs(3);
/// Name of the folder in the data folder that holds what waits for the log's destinations.
const SPOOL: &str = "chat-log";

pub(crate) fn bind(config: &Config, pipes: &Pipes) -> Result<Chat, AppError> {
    let behaviour = chat::Config {
        limits: config.limits,
        origins: config.chat.origins.clone(),
        fanout: engine(&config.chat),
        drain: DRAIN.min(config.shutdown / 2),
    };
    let targets = config.chat.review.as_deref().map(targets).transpose()?.unwrap_or_default();
    let deps = chat::Deps {
        store: pipes.store.clone(),
        bus: pipes.bus.clone(),
        node: pipes.node.clone(),
        rates: Arc::clone(&pipes.rates),
        reviewer: Reviewer::new(targets, pipes.outbound.clone(), Handle::current()),
        log: Some(log(config, pipes)?),
    };
    Ok(Chat::bind(behaviour, deps)?)
}

fn engine(settings: &ChatSettings) -> fanout::Config {
    let mut engine = fanout::Config {
        tick: settings.flush,
        stall: settings.stall,
        ping: settings.ping,
        engine: settings.engine,
        ..fanout::Config::default()
    };
    engine.shards = settings.threads.unwrap_or(engine.shards);
    engine
}

fn targets(path: &Path) -> Result<Targets, AppError> {
    let unread = |source| AppError::ReviewFile { path: path.to_owned(), source };
    let unusable = |source| AppError::ReviewTargets { path: path.to_owned(), source };
    Targets::parse(&std::fs::read_to_string(path).map_err(unread)?).map_err(unusable)
}

fn log(config: &Config, pipes: &Pipes) -> Result<Log, AppError> {
    let behaviour = chat::log::Config {
        max_bytes: config.chat.log_bytes,
        file: config.chat.log_file,
        ..chat::log::Config::new(config.data_dir.join(SPOOL))
    };
    let deps = chat::log::Deps {
        store: pipes.store.clone(),
        blobs: pipes.blobs.clone(),
        sinks: pipes.sinks.clone(),
    };
    Ok(Log::open(behaviour, deps)?)
}
