//! Event sinks on every backend.
//!
//! Promise: each function needs an empty store and leaves nothing running.

use domain::StateChange;
use store::{SinkRow, Store};
use tokio::task::JoinSet;

use crate::sample::{channel, event, home, stream_session};

async fn tell(store: &Store, at: i64) -> i64 {
    let session = stream_session(channel(&home(), 1), 1);
    store.put_events(&[event(&session, at, StateChange::StreamStart)]).await.unwrap();
    store.newest_event().await.unwrap()
}

pub(crate) async fn a_new_sink_starts_behind_the_newest_event(store: &Store) {
    assert_eq!(store.claim_sink("early", "me", 1, 9).await.unwrap(), Some(0));
    let newest = tell(store, 1).await;
    assert_eq!(store.claim_sink("late", "me", 1, 9).await.unwrap(), Some(newest));
    tell(store, 2).await;
    assert_eq!(store.claim_sink("late", "me", 1, 9).await.unwrap(), Some(newest), "claimed before");
    assert_eq!(store.claim_sink("early", "me", 1, 9).await.unwrap(), Some(0));
    store.forget_sink("late").await.unwrap();
    store.forget_sink("never was").await.unwrap();
    assert_eq!(store.claim_sink("late", "you", 1, 9).await.unwrap(), Some(newest + 1), "new again");
}

pub(crate) async fn a_sink_is_its_holders_until_the_time_is_over_or_it_lets_go(store: &Store) {
    assert_eq!(store.claim_sink("a", "one", 100, 200).await.unwrap(), Some(0));
    assert_eq!(store.claim_sink("a", "two", 199, 300).await.unwrap(), None);
    assert_eq!(store.claim_sink("a", "one", 150, 250).await.unwrap(), Some(0), "the holder again");
    assert_eq!(store.claim_sink("a", "two", 249, 300).await.unwrap(), None);
    assert!(store.advance_sink("a", "one", 0, 280).await.unwrap());
    assert_eq!(store.claim_sink("a", "two", 279, 300).await.unwrap(), None, "held on");
    assert_eq!(store.claim_sink("a", "two", 280, 300).await.unwrap(), Some(0));
    assert_eq!(store.claim_sink("a", "one", 280, 400).await.unwrap(), None);
    store.release_sink("a", "one").await.unwrap();
    assert_eq!(store.claim_sink("a", "one", 280, 400).await.unwrap(), None, "not its to let go");
    store.release_sink("a", "two").await.unwrap();
    assert_eq!(store.claim_sink("a", "one", 1, 400).await.unwrap(), Some(0));
}

pub(crate) async fn only_its_holder_moves_a_sink_and_never_back(store: &Store) {
    store.claim_sink("a", "one", 1, 10).await.unwrap();
    assert!(store.advance_sink("a", "one", 7, 20).await.unwrap());
    assert!(store.advance_sink("a", "one", 3, 30).await.unwrap(), "its holder, though nothing moves");
    assert!(!store.advance_sink("a", "two", 99, 40).await.unwrap());
    assert!(!store.advance_sink("b", "one", 99, 40).await.unwrap(), "no such sink");
    let row = |holder: &str, held_until| SinkRow {
        name: "a".to_owned(),
        position: 7,
        holder: holder.to_owned(),
        held_until,
    };
    assert_eq!(store.sinks().await.unwrap(), [row("one", 30)]);
    assert_eq!(store.claim_sink("a", "two", 30, 90).await.unwrap(), Some(7));
    assert!(!store.advance_sink("a", "one", 99, 100).await.unwrap(), "its time is over");
    assert!(!store.advance_sink("a", "", 99, 100).await.unwrap());
    assert_eq!(store.sinks().await.unwrap(), [row("two", 90)]);
    store.release_sink("a", "two").await.unwrap();
    assert_eq!(store.sinks().await.unwrap(), [row("", 0)]);
}

pub(crate) async fn of_all_who_want_a_sink_one_has_it(store: &Store) {
    for round in 0..5 {
        let mut racers = JoinSet::new();
        for racer in 0..8 {
            let store = store.clone();
            racers.spawn(async move {
                let holder = format!("{round}-{racer}");
                // In each round the time of the one before is over.
                let claimed = store.claim_sink("a", &holder, round * 10, round * 10 + 10).await.unwrap();
                let moved = store.advance_sink("a", &holder, round, round * 10 + 10).await.unwrap();
                assert_eq!(claimed.is_some(), moved);
                claimed.map(|_| holder)
            });
        }
        let winners: Vec<_> = racers.join_all().await.into_iter().flatten().collect();
        let [winner] = &winners[..] else { panic!("one: {winners:?}") };
        let rows = store.sinks().await.unwrap();
        let [row] = &rows[..] else { panic!("one sink: {rows:?}") };
        assert_eq!((&row.holder, row.position), (winner, round));
    }
}
