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

use crate::clock::wall;

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
                cleared = self.clear(&mut strangers, Instant::now()) => cleared,
            };
            if let Err(error) = cleared {
                warn!(%error, "could not forget old events; it is tried again");
            }
        }
    }

    /// One round. `strangers` are sinks that the file does not name, since when nobody was seen to hold them.
    async fn clear(&self, strangers: &mut HashMap<String, Instant>, now: Instant) -> Result<(), StoreError> {
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
            let since = strangers.entry(name.clone()).or_insert(now);
            if now.saturating_duration_since(*since) >= FORGET_SINK {
                self.store.forget_sink(&name).await?;
                info!(sink = name, "forgot how far a sink was that is no longer configured");
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use domain::{AccountId, Event, EventId, EventKind, LimitBreach, Region};
    use store::{DeadLetter, PageRequest};

    use super::*;

    const DAY: i64 = 24 * 3_600 * 1_000;

    fn event(at: i64) -> Event {
        let mut bytes = [0; 16];
        aws_lc_rs::rand::fill(&mut bytes).expect("entropy");
        let limit = domain::BreachedLimit::ConcurrentBroadcasts;
        Event {
            id: EventId::mint(&mut |into| into.copy_from_slice(&bytes)),
            at,
            account: AccountId::parse("123456789012").expect("an account"),
            region: Region::parse("us-east-1").expect("a region"),
            subject: None,
            kind: EventKind::Breach(LimitBreach { limit, value: 1, exceeded_by: 1 }),
        }
    }

    async fn retention(names: &[&str]) -> Retention {
        let store = Store::in_memory().await.expect("a store");
        let names = names.iter().map(|name| (*name).to_owned()).collect();
        Retention { store, names, age: Duration::from_secs(7 * 24 * 3600) }
    }

    #[tokio::test]
    async fn what_is_old_is_forgotten_whoever_was_not_given_it() {
        let retention = retention(&["slow"]).await;
        let store = &retention.store;
        store.claim_sink("slow", "one", wall(), wall() + DAY).await.expect("claimed");
        let old: Vec<Event> = (0..1_500).map(|_| event(wall() - 8 * DAY)).collect();
        store.put_events(&old).await.expect("put");
        store.put_events(&[event(wall() - 6 * DAY)]).await.expect("put");
        let letter = |position, failed_at| DeadLetter {
            sink: "slow".to_owned(),
            position,
            id: old[0].id.clone(),
            at: failed_at,
            account: old[0].account.clone(),
            envelope: "{}".to_owned(),
            attempts: 5,
            failed_at,
            reason: String::new(),
        };
        let letters = [letter(1, wall() - 8 * DAY), letter(2, wall() - 6 * DAY)];
        store.put_dead_letters(&letters).await.expect("put");
        retention.clear(&mut HashMap::new(), Instant::now()).await.expect("cleared");
        let kept: Vec<i64> =
            store.events_after(0, 9).await.expect("read").iter().map(|event| event.position).collect();
        assert_eq!(kept, [1_501]);
        let letters = store.dead_letters(None, PageRequest::first(9), None).await.expect("read").items;
        assert_eq!(letters.iter().map(|letter| letter.position).collect::<Vec<_>>(), [2]);
    }

    #[tokio::test]
    async fn a_sink_that_nobody_names_or_holds_for_a_day_is_forgotten() {
        let retention = retention(&["ours"]).await;
        let store = &retention.store;
        for name in ["ours", "gone", "others"] {
            store.claim_sink(name, "one", wall(), wall() + DAY).await.expect("claimed");
        }
        for name in ["ours", "gone"] {
            store.release_sink(name, "one").await.expect("let go");
        }
        let (mut strangers, now) = (HashMap::new(), Instant::now());
        let names = async || -> Vec<String> {
            store.sinks().await.expect("read").into_iter().map(|sink| sink.name).collect()
        };
        for hours in [0, 23] {
            let later = now + Duration::from_secs(hours * 3600);
            retention.clear(&mut strangers, later).await.expect("cleared");
            assert_eq!(names().await, ["gone", "others", "ours"]);
        }
        retention.clear(&mut strangers, now + FORGET_SINK).await.expect("cleared");
        assert_eq!(names().await, ["others", "ours"]);
    }
}
