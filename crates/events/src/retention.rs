//! Forgets events and dead letters whose time is over, and sinks that nobody names any more.
//!
//! Promise: nothing is kept for longer than the configured time and an hour, however long a sink is away; who lost
//! events by that is told once.

use std::collections::HashMap;
use std::time::Duration;

use store::{Store, StoreError};
use tokio::time::{Instant, MissedTickBehavior, interval};
use tokio_util::sync::CancellationToken;
use tracing::{info, warn};

use crate::courier::wall;

/// How often is looked.
const TICK: Duration = Duration::from_secs(600);
/// Rows of one change; others may write between two.
const SLICE: u32 = 1_000;
/// A sink that nobody held for so long, while no file that we know names it, is forgotten.
const FORGET_SINK: Duration = Duration::from_secs(24 * 3600);

/// Clears up after the sinks of these names.
#[derive(Debug)]
pub(crate) struct Retention {
    pub(crate) store: Store,
    pub(crate) names: Vec<String>,
    pub(crate) age: Duration,
}

impl Retention {
    pub(crate) async fn run(self, stop: CancellationToken) {
        let mut tick = interval(TICK);
        tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut strangers = HashMap::new();
        loop {
            tokio::select! {
                () = stop.cancelled() => return,
                _ = tick.tick() => {}
            }
            let cleared = tokio::select! {
                () = stop.cancelled() => return,
                cleared = self.clear(&mut strangers) => cleared,
            };
            if let Err(error) = cleared {
                warn!(%error, "could not forget old events; it is tried again");
            }
        }
    }

    /// One round. `strangers` are sinks that the file does not name, since when nobody was seen to hold them.
    async fn clear(&self, strangers: &mut HashMap<String, Instant>) -> Result<(), StoreError> {
        let before = wall() - i64::try_from(self.age.as_millis()).unwrap_or(i64::MAX);
        let sinks = self.store.sinks().await?;
        let ours = sinks.iter().filter(|sink| self.names.contains(&sink.name));
        let passed = ours.map(|sink| sink.position).min().unwrap_or(i64::MAX);
        while self.store.forget_events(passed, before, SLICE).await? == u64::from(SLICE) {}
        let mut missed = 0;
        loop {
            let forgotten = self.store.forget_events(i64::MAX, before, SLICE).await?;
            missed += forgotten;
            if forgotten < u64::from(SLICE) {
                break;
            }
        }
        if missed > 0 {
            warn!(missed, "events that some sink had not been given were too old to be kept");
        }
        while self.store.forget_letters(before, SLICE).await? == u64::from(SLICE) {}
        let free = sinks.into_iter().filter(|sink| sink.held_until <= wall());
        let free: Vec<_> = free.map(|sink| sink.name).filter(|name| !self.names.contains(name)).collect();
        strangers.retain(|name, _| free.contains(name));
        for name in free {
            let since = strangers.entry(name.clone()).or_insert_with(Instant::now);
            if since.elapsed() >= FORGET_SINK {
                self.store.forget_sink(&name).await?;
                info!(sink = name, "forgot how far a sink was that is no longer configured");
            }
        }
        Ok(())
    }
}
