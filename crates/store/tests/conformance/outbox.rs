//! The outbox on every backend.
//!
//! Promise: each function needs an empty store and leaves nothing running.

use domain::{BreachedLimit, Channel, Event, EventKind, LimitBreach, StateChange, StreamSession};
use store::{Store, StoredEvent};
use tokio::task::JoinSet;

use crate::sample::{channel, event, home, stream_session};

fn home_channel() -> Channel {
    channel(&home(), 1)
}

fn session(number: usize) -> StreamSession {
    stream_session(home_channel(), number)
}

/// An event of an account, about no channel.
fn of_account(at: i64) -> Event {
    let limit = LimitBreach { limit: BreachedLimit::ConcurrentViewers, value: 15_000, exceeded_by: 1 };
    let subject = None;
    Event { subject, kind: EventKind::Breach(limit), ..event(&session(1), at, StateChange::StreamEnd) }
}

pub(crate) async fn an_event_comes_out_as_it_went_in(store: &Store) {
    assert_eq!(store.newest_event().await.unwrap(), 0);
    let (mine, account) = (event(&session(1), -7, StateChange::StreamStart), of_account(i64::MAX));
    store.put_events(&[mine.clone(), account.clone()]).await.unwrap();
    store.put_events(&[]).await.unwrap();
    let told = store.events_after(0, 9).await.unwrap();
    let expected = |position, event: &Event, lane: &str| StoredEvent {
        position,
        id: event.id.clone(),
        at: event.at,
        account: home().account,
        region: home().region,
        lane: lane.to_owned(),
        envelope: event.envelope(),
    };
    let first = told[0].position;
    let lane = home_channel().arn.to_string();
    assert_eq!(told, [expected(first, &mine, &lane), expected(first + 1, &account, "123456789012")]);
    assert_eq!(store.newest_event().await.unwrap(), first + 1);
    assert_eq!(store.events_after(first, 9).await.unwrap(), told[1..]);
    assert_eq!(store.events_after(-1, 1).await.unwrap(), told[..1]);
    assert_eq!(store.events_after(first + 1, 9).await.unwrap(), []);
}

/// Reads on behind the last position it saw until it has seen so many.
async fn follow(store: Store, most: usize) -> Vec<StoredEvent> {
    let mut news = store.outbox_news();
    let mut seen: Vec<StoredEvent> = Vec::new();
    while seen.len() < most {
        let last = seen.last().map_or(0, |event| event.position);
        let more = store.events_after(last, 7).await.unwrap();
        if more.is_empty() {
            news.changed().await.unwrap();
        }
        seen.extend(more);
    }
    seen
}

pub(crate) async fn who_reads_on_misses_no_event_of_many_writers(store: &Store) {
    const WRITERS: usize = 8;
    const EACH: i64 = 25;
    let total = WRITERS * usize::try_from(EACH).unwrap();
    let mut follower = JoinSet::new();
    follower.spawn(follow(store.clone(), total));
    let mut writers = JoinSet::new();
    for writer in 0..WRITERS {
        let store = store.clone();
        writers.spawn(async move {
            let session = stream_session(channel(&home(), writer), writer);
            let other = StreamSession { node: "other".to_owned(), ..session.clone() };
            store.open_session(&session, &[]).await.unwrap();
            for at in 0..EACH {
                let events = [event(&session, at, StateChange::StreamTakeover)];
                store.revise_session(&session.stream, |_| true, &events).await.unwrap().unwrap();
                // One that comes to nothing.
                assert!(store.open_session(&other, &[of_account(at)]).await.is_err());
            }
        });
    }
    writers.join_all().await;
    let seen = follower.join_all().await.concat();
    assert!(seen.is_sorted_by(|one, next| one.position < next.position));
    assert_eq!(store.events_after(seen.last().unwrap().position, 1).await.unwrap(), []);
    for writer in 0..WRITERS {
        let lane = channel(&home(), writer).arn.to_string();
        let times = seen.iter().filter(|event| event.lane == lane).map(|event| event.at);
        assert!(times.eq(0..EACH), "those of a lane in their order");
    }
}

pub(crate) async fn there_is_news_when_events_are_out_and_only_then(store: &Store) {
    let mut news = store.outbox_news();
    let session = session(1);
    let mut expect = async |moved: bool, what: &str| {
        assert_eq!(news.has_changed().unwrap(), moved, "{what}");
        news.mark_unchanged();
    };
    expect(false, "nothing yet").await;
    store.open_session(&session, &[]).await.unwrap();
    store.beat("one", 9).await.unwrap();
    store.revise_session(&session.stream, |_| false, &[of_account(1)]).await.unwrap();
    let other = StreamSession { created_at: 9, ..session.clone() };
    assert!(store.open_session(&other, &[of_account(2)]).await.is_err());
    expect(false, "no event was put out").await;
    store.put_events(&[of_account(3)]).await.unwrap();
    expect(true, "one without a session").await;
    store.put_events(&[of_account(3)]).await.unwrap();
    expect(false, "the same again").await;
    store.clone().revise_session(&session.stream, |_| true, &[of_account(4)]).await.unwrap();
    expect(true, "by another handle").await;
    store.close_session(&session.stream, 9, &[of_account(5)]).await.unwrap();
    expect(true, "with the end").await;
    assert!(!store.close_session(&session.stream, 9, &[of_account(6)]).await.unwrap());
    expect(false, "closed before").await;
}

pub(crate) async fn old_events_that_all_have_seen_are_forgotten(store: &Store) {
    // Told in another order than they happened.
    let events: Vec<_> = [5, 1, 3, 2, 4, 0].map(of_account).into();
    store.put_events(&events).await.unwrap();
    let position = |events: &[StoredEvent], at: usize| events[at].position;
    let all = store.events_after(0, 9).await.unwrap();
    assert_eq!(store.forget_events(0, 9, 9).await.unwrap(), 0, "nobody has seen any");
    assert_eq!(store.forget_events(position(&all, 2), 4, 1).await.unwrap(), 1);
    let times = async || -> Vec<i64> {
        store.events_after(0, 9).await.unwrap().iter().map(|event| event.at).collect()
    };
    assert_eq!(times().await, [5, 3, 2, 4, 0], "the oldest first");
    assert_eq!(store.forget_events(position(&all, 2), 4, 9).await.unwrap(), 1);
    assert_eq!(times().await, [5, 2, 4, 0]);
    let newest = store.newest_event().await.unwrap();
    assert_eq!(store.forget_events(i64::MAX, i64::MAX, 9).await.unwrap(), 3);
    assert_eq!(times().await, [0], "the newest of all stays");
    assert_eq!(store.newest_event().await.unwrap(), newest);
}
