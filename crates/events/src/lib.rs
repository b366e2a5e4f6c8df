//! Events: move what happened from the outbox to those who want to know.
//!
//! **Way in**: the store's outbox, in the order of its commits. **Way out**: sinks that the operator named.
//!
//! Promise: each sink gets each event that its pattern matches at least once, those of one channel in order,
//! also over a restart; a sink that is down delays no other and no stream.
//!
//! Refuses to know: what an event means.

#![warn(missing_docs)]

mod admin;
mod clock;
mod counts;
mod courier;
mod error;
mod lanes;
mod letters;
mod outlet;
mod pattern;
mod retention;
mod sinks;
mod stream;
mod subject;

use std::sync::Arc;
use std::time::Duration;

use outbound::Outbound;
use store::Store;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;
use tracing::error;

pub use admin::{ADMIN_ACTIONS, Admin, Reply};
pub use counts::{Counts, SinkCounts};
pub use error::{EventsError, PatternError, SinksError};
pub use pattern::Pattern;
pub use sinks::{Reach, Sink, Sinks};

use counts::Counter;
use courier::Courier;
use outlet::Outlet;
use retention::Retention;

/// What is delivered where, and how long it is kept.
#[derive(Clone, Debug)]
pub struct Config {
    /// Who gets events.
    pub sinks: Sinks,
    /// How long events stay in the outbox and dead letters with them; at least a day is wise, as sinks that
    /// were away get what they missed from there.
    pub event_age: Duration,
}

/// What the service works with.
#[derive(Clone, Debug)]
pub struct Deps {
    /// Where the outbox is.
    pub store: Store,
    /// By what webhooks and EventBridge are called.
    pub outbound: Outbound,
    /// This server's name, which survives restarts and which no other server on the same database has.
    pub node: String,
}

/// The service: a task for each sink, and one that clears up.
#[derive(Debug)]
pub struct Events {
    couriers: Vec<Courier>,
    retention: Retention,
    counts: Counts,
}

impl Events {
    /// Claims the sinks, so that a new one misses nothing that happens from now on. Nothing is delivered before
    /// [`Self::run`].
    ///
    /// # Errors
    /// [`EventsError::Claim`] when the database can't be written.
    pub async fn bind(config: Config, deps: Deps) -> Result<Self, EventsError> {
        let couriers: Vec<Courier> = config.sinks.iter().map(|sink| courier(sink, &deps)).collect();
        for courier in &couriers {
            courier
                .announce()
                .await
                .map_err(|source| EventsError::Claim { sink: courier.name.clone(), source })?;
        }
        let sinks = config.sinks.iter().zip(&couriers);
        let counts = Counts::of(
            sinks.map(|(sink, courier)| (sink.name.clone(), sink.kind(), Arc::clone(&courier.counter))),
        );
        let names = couriers.iter().map(|courier| courier.name.clone()).collect();
        let retention = Retention { store: deps.store, names, age: config.event_age };
        Ok(Self { couriers, retention, counts })
    }

    /// What the sinks have done so far.
    pub fn counts(&self) -> Counts {
        self.counts.clone()
    }

    /// Delivers until `shutdown`; what is there then is still delivered, for two seconds at most, and it is
    /// written down how far each sink is.
    pub async fn run(self, shutdown: CancellationToken) {
        let mut tasks = JoinSet::new();
        tasks.spawn(self.retention.run(shutdown.clone()));
        for courier in self.couriers {
            tasks.spawn(courier.run(shutdown.clone()));
        }
        while let Some(ended) = tasks.join_next().await {
            if let Err(error) = ended {
                error!(%error, "a task that delivers events broke");
            }
        }
    }
}

fn courier(sink: &Sink, deps: &Deps) -> Courier {
    Courier {
        name: sink.name.clone(),
        pattern: sink.pattern.clone(),
        give_up: sink.give_up,
        outlet: Arc::new(Outlet::new(&sink.kind, deps.outbound.clone())),
        store: deps.store.clone(),
        node: deps.node.clone(),
        counter: Arc::new(Counter::default()),
    }
}
