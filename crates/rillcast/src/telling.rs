//! Binds the service that tells others what happens to streams, as the settings say.
//!
//! Promise: a file of sinks that can't be used stops the start, with the sink that is wrong.

use std::path::Path;

use events::{Events, Sinks};

use crate::config::Config;
use crate::error::AppError;
use crate::node::Node;
use crate::pipes::Pipes;

/// Without a file nobody is told; what happened is kept all the same, for those who read it from here.
pub(crate) async fn bind(config: &Config, pipes: &Pipes, node: &Node) -> Result<Events, AppError> {
    let sinks = config.life.event_sinks.as_deref().map(sinks).transpose()?.unwrap_or_default();
    let behaviour = events::Config { sinks, event_age: config.life.event_age };
    let deps = events::Deps {
        store: pipes.store.clone(),
        outbound: pipes.outbound.clone(),
        node: node.name().to_owned(),
    };
    Ok(Events::bind(behaviour, deps).await?)
}

fn sinks(path: &Path) -> Result<Sinks, AppError> {
    let unread = |source| AppError::SinksFile { path: path.to_owned(), source };
    let unusable = |source| AppError::Sinks { path: path.to_owned(), source };
    Sinks::parse(&std::fs::read_to_string(path).map_err(unread)?).map_err(unusable)
}
