//! Limits on viewers that were met, told to the world.
//!
//! Promise: a request never waits for it; what could not be written down is tried again each second, in order,
//! and there is at most one event of an account in a minute to be kept meanwhile.

use domain::{BreachedLimit, Event, EventId, EventKind, LimitBreach, unix_millis};
use store::Store;
use tracing::{info, warn};

use super::seats::{Breach, Owner};
use crate::entropy;

/// Most events that wait for the database; it has been away for long when there are more, and the newest of
/// them tell nothing that the older ones don't.
const MOST_WAITING: usize = 1_000;

/// Writes events down.
#[derive(Debug)]
pub(crate) struct Teller {
    store: Store,
    waiting: Vec<Event>,
    failing: bool,
}

impl Teller {
    pub(crate) fn new(store: Store) -> Self {
        Self { store, waiting: Vec::new(), failing: false }
    }

    /// Adds what happened, and writes down all that waits.
    pub(crate) async fn tell(&mut self, breaches: Vec<Breach>) {
        for breach in breaches {
            let Breach { owner: Owner { account, region, subject }, limit, refused, .. } = &breach;
            match subject {
                None => {
                    info!(%account, %region, limit, refused, "viewers refused: the account's limit is reached");
                }
                Some(of) => {
                    info!(channel = %of.channel, limit, refused, "viewers refused: the channel's limit is reached");
                }
            }
            if self.waiting.len() < MOST_WAITING {
                self.waiting.push(event(breach));
            }
        }
        if self.waiting.is_empty() {
            return;
        }
        match self.store.put_events(&self.waiting).await {
            Ok(()) => {
                self.waiting.clear();
                self.failing = false;
            }
            Err(error) => {
                if !self.failing {
                    let error = &error as &dyn std::error::Error;
                    warn!(error, "events about limits wait for the database");
                }
                self.failing = true;
            }
        }
    }
}

fn event(breach: Breach) -> Event {
    let Breach { owner: Owner { account, region, subject }, at, limit, refused } = breach;
    let breach = LimitBreach {
        limit: BreachedLimit::ConcurrentViewers,
        value: u64::from(limit),
        exceeded_by: u64::from(refused),
    };
    Event {
        id: EventId::mint(&mut entropy::fill),
        at: unix_millis(at),
        account,
        region,
        subject,
        kind: EventKind::Breach(breach),
    }
}
