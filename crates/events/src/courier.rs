//! One sink's task: holds the sink's lease, reads the outbox, and sees to it that each wanted event gets there.
//!
//! Promise: no event is tried by two servers at once but for a moment in which the database was away; the
//! sink's position in the database moves at least each second while events are delivered, and never past one that
//! is neither delivered nor put aside.

mod tenure;

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use store::{Store, StoreError, StoredEvent};
use tokio::time::{Instant, MissedTickBehavior, interval, timeout};
use tokio_util::sync::CancellationToken;
use tracing::{info, warn};

use crate::clock::{millis, wall};
use crate::counts::Counter;
use crate::letters;
use crate::outlet::Outlet;
use crate::pattern::Pattern;
use tenure::{End, Tenure};

/// How long a sink is somebody's who says nothing any more.
pub(crate) const LEASE: Duration = Duration::from_secs(10);
/// How often the outbox is looked at without news, and a position that moved is written at the latest.
const TICK: Duration = Duration::from_secs(1);
/// A question to the database that takes longer has failed.
const PATIENCE: Duration = Duration::from_secs(5);

/// Looks after one sink.
pub(crate) struct Courier {
    pub(crate) name: String,
    pub(crate) pattern: Option<Pattern>,
    pub(crate) give_up: Duration,
    pub(crate) outlet: Arc<Outlet>,
    pub(crate) store: Store,
    pub(crate) node: String,
    pub(crate) counter: Arc<Counter>,
}

impl std::fmt::Debug for Courier {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Courier").field("name", &self.name).finish_non_exhaustive()
    }
}

impl Courier {
    /// Makes the sink known, so that its events are counted from here if it is new.
    pub(crate) async fn announce(&self) -> Result<(), StoreError> {
        self.store.claim_sink(&self.name, &self.node, wall(), wall() + millis(LEASE)).await.map(drop)
    }

    /// Works until `stop`, and then for two seconds at most.
    pub(crate) async fn run(self, stop: CancellationToken) {
        while let Some(position) = self.claim(&stop).await {
            match self.serve(position, &stop).await {
                End::Stopped => break,
                End::Lost => {
                    info!(sink = self.name, "the lease on a sink of events is over; it is claimed anew");
                }
            }
        }
    }

    /// Waits for the lease; `None` when it is time to stop.
    async fn claim(&self, stop: &CancellationToken) -> Option<(i64, Instant)> {
        let mut tick = interval(TICK);
        tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut told = false;
        loop {
            tokio::select! {
                () = stop.cancelled() => return None,
                _ = tick.tick() => {}
            }
            let asked = Instant::now();
            let claim = self.store.claim_sink(&self.name, &self.node, wall(), wall() + millis(LEASE));
            match asked_in_time(claim).await {
                Ok(Some(position)) => return Some((position, asked + LEASE)),
                Ok(None) => {}
                Err(error) if !told => {
                    warn!(sink = self.name, %error, "could not claim a sink of events; it is tried again");
                    told = true;
                }
                Err(_) => {}
            }
        }
    }

    async fn serve(&self, (position, until): (i64, Instant), stop: &CancellationToken) -> End {
        let redelivery = letters::redeliver(&self.store, &self.name, &self.outlet, &self.counter);
        let tenure = Tenure::begin(self, position, until);
        let end = tokio::select! {
            end = tenure.serve(stop) => end,
            () = redelivery => End::Lost,
        };
        self.counter.waiting.store(0, Ordering::Relaxed);
        end
    }

    fn wants(&self, event: &StoredEvent) -> bool {
        let Some(pattern) = &self.pattern else { return true };
        serde_json::from_str(&event.envelope).is_ok_and(|event| pattern.matches(&event))
    }
}

/// An answer of the database, or none in time.
async fn asked_in_time<T>(question: impl Future<Output = Result<T, StoreError>>) -> Result<T, Unanswered> {
    match timeout(PATIENCE, question).await {
        Ok(answer) => answer.map_err(Unanswered::Store),
        Err(_) => Err(Unanswered::Late),
    }
}

#[derive(Debug, thiserror::Error)]
enum Unanswered {
    #[error(transparent)]
    Store(StoreError),
    #[error("the database did not answer")]
    Late,
}
