//! What chat does besides answering: uses tokens up, reads rooms again, forgets, drains.
//!
//! Promise: returns when all of it has ended, as it does when a part of it ends by itself; connections are cut
//! before anything that they need.

use std::sync::Arc;
use std::time::Duration;

use store::StoreError;
use tokio::sync::mpsc;
use tokio::task::JoinSet;
use tokio::time::MissedTickBehavior;
use tokio_util::sync::CancellationToken;
use tracing::{error, info, warn};

use crate::clock;
use crate::extensions::moderation::{self, Command};
use crate::extensions::presence;
use crate::hall::Hall;
use crate::spender::Queue;

/// What used tokens and ended restrictions are kept for beyond their end: nodes' clocks differ.
const GRACE_MS: i64 = 10 * 60 * 1_000;
/// Seconds between two looks for what can be forgotten, in memory and in the store.
const SWEEP: u64 = 15;
const FORGET: u64 = 300;

/// What waits for [`run`].
pub(crate) struct Tasks {
    pub(crate) tokens: Queue,
    pub(crate) orders: mpsc::Receiver<Command>,
}

pub(crate) async fn run(hall: Arc<Hall>, tasks: Option<Tasks>, shutdown: CancellationToken) {
    let Some(Tasks { tokens, orders }) = tasks else {
        shutdown.cancelled().await;
        return;
    };
    let mut running = JoinSet::new();
    let mut logging = JoinSet::new();
    let log_ends = CancellationToken::new();
    running.spawn(tokens.run(hall.store.clone()));
    running.spawn(moderation::obey(Arc::clone(&hall), orders));
    running.spawn(Arc::clone(&hall).keep_reading());
    running.spawn(tick(Arc::clone(&hall)));
    if let Some(log) = hall.log.clone() {
        logging.spawn(log.run(log_ends.clone()));
    }
    tokio::select! {
        () = shutdown.cancelled() => (),
        Some(ended) = running.join_next() => error!(?ended, "a part of chat ended by itself"),
        Some(ended) = logging.join_next() => error!(?ended, "the chat log ended by itself"),
    }
    hall.begin_to_drain();
    let connections = hall.fanout().counts().connections;
    if connections > 0 {
        info!(connections, "chat connections are cut");
    }
    hall.fanout().drain(hall.config.drain).await;
    hall.reviewer.drained().await;
    running.shutdown().await;
    // Last: nobody appends any more.
    log_ends.cancel();
    while logging.join_next().await.is_some() {}
}

async fn tick(hall: Arc<Hall>) {
    let mut seconds = tokio::time::interval(Duration::from_secs(1));
    seconds.set_missed_tick_behavior(MissedTickBehavior::Delay);
    for second in 1u64.. {
        seconds.tick().await;
        presence::tell_counts(&hall);
        if second % SWEEP == 0 {
            hall.sweep();
        }
        if second % FORGET == 0
            && let Err(error) = forget(&hall).await
        {
            warn!(error = %domain::chain(&error), "could not forget used chat tokens");
        }
    }
}

async fn forget(hall: &Hall) -> Result<(), StoreError> {
    let before = clock::now() / 1_000_000 - GRACE_MS;
    hall.store.forget_spent_chat_tokens(before).await?;
    hall.store.forget_chat_restrictions(before).await?;
    hall.keys.renew().await
}
