//! Dead letters that somebody wants delivered after all.
//!
//! Promise: a letter is dropped only when it was delivered; one that fails again waits for the next order. They
//! go beside the events of the day, and delay none of them.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use store::{DeadLetter, Store};
use tokio::time::{MissedTickBehavior, interval};
use tracing::{info, warn};

use crate::clock::wall;
use crate::counts::Counter;
use crate::outlet::{Letter, Outlet};

/// How often orders are looked for.
const TICK: Duration = Duration::from_secs(1);
/// Letters of one look.
const LOOK: u32 = 16;

/// Delivers a sink's letters that are due, for as long as it is waited for.
pub(crate) async fn redeliver(store: &Store, sink: &str, outlet: &Arc<Outlet>, counter: &Counter) {
    let mut tick = interval(TICK);
    tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        tick.tick().await;
        // Whoever can't be asked now is asked with the next tick.
        while let Ok(letters) = store.due_letters(sink, LOOK).await {
            let whole = letters.len() == LOOK as usize;
            let mut written = true;
            for letter in letters {
                written &= deliver(store, outlet, counter, letter).await;
            }
            if !whole || !written {
                break;
            }
        }
    }
}

/// Tries one letter; false when what became of it could not be written.
async fn deliver(store: &Store, outlet: &Outlet, counter: &Counter, letter: DeadLetter) -> bool {
    let sent =
        Letter { id: letter.id.clone(), at: letter.at, envelope: Bytes::from(letter.envelope.clone()) };
    let outcome = outlet.deliver(&[vec![sent]]).await.into_iter().next();
    let failure = match outcome {
        Some(outcome) if outcome.failure.is_none() => {
            Counter::add(&counter.delivered, 1);
            info!(sink = letter.sink, event = %letter.id, "a dead letter was delivered");
            return store.remove_letter(&letter.sink, letter.position).await.is_ok();
        }
        other => other.and_then(|outcome| outcome.failure),
    };
    Counter::add(&counter.failed, 1);
    let reason = failure.map_or_else(|| "nothing became of it".to_owned(), |failure| failure.reason);
    warn!(sink = letter.sink, event = %letter.id, reason, "a dead letter could not be delivered");
    let attempts = letter.attempts.saturating_add(1);
    let again = DeadLetter { attempts, failed_at: wall(), reason, ..letter };
    store.put_dead_letters(&[again]).await.is_ok()
}
