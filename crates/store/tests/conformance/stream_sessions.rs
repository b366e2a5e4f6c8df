//! Stream sessions on every backend.
//!
//! Promise: each function needs an empty store and leaves nothing running.

use domain::{
    BreachedLimit, Event, EventKind, IncomingAudio, IncomingMedia, IncomingVideo, LimitBreach, ResourceKind,
    SessionEvent, StateChange, StreamHealth, StreamSession,
};
use store::{NewestRequest, Position, Store};
use tokio::task::JoinSet;

use crate::sample::{arn, channel, event, home, stream, stream_key, stream_session, tenant};

/// A session of channel 1 of the home tenant.
fn session(number: usize) -> StreamSession {
    stream_session(channel(&home(), 1), number)
}

async fn open(store: &Store, session: &StreamSession) {
    store.open_session(session, &[]).await.unwrap();
}

fn failure(session: &StreamSession, at: i64) -> Event {
    event(session, at, StateChange::StreamFailure { reason: "no \"video\"\n".to_owned() })
}

/// The times of what went out, in order.
async fn told(store: &Store) -> Vec<i64> {
    store.events_after(0, 10_000).await.unwrap().into_iter().map(|event| event.at).collect()
}

/// The times of what is kept of a session, in order.
async fn kept(store: &Store, session: &StreamSession) -> Vec<i64> {
    let mut events: Vec<_> =
        store.session_events(&session.stream).await.unwrap().iter().map(|event| event.at).collect();
    events.reverse();
    events
}

pub(crate) async fn an_opened_session_reads_back_for_its_tenant_alone(store: &Store) {
    let mut written = session(1);
    let video = IncomingVideo {
        codec: "avc1.42C028".to_owned(),
        profile: None,
        level: "4.0".to_owned(),
        width: 1920,
        height: 1080,
        target_bitrate: Some(u64::MAX),
        target_frame_rate: None,
        encoder: Some("strange \0 \u{1f642} 'encoder\"".to_owned()),
    };
    let audio = IncomingAudio {
        codec: "mp4a.40.2".to_owned(),
        channels: 2,
        sample_rate: 48_000,
        target_bitrate: None,
    };
    written.incoming = Some(IncomingMedia { video: Some(video), audio: Some(audio) });
    open(store, &written).await;
    let (home, channel, id) = (home(), &written.channel.arn, &written.stream);
    for by in [None, Some(id)] {
        assert_eq!(store.stream_session(&home, channel, by).await.unwrap().as_ref(), Some(&written));
    }
    let other = arn(&home, ResourceKind::Channel, 2);
    for stranger in [tenant("999999999999", "us-east-1"), tenant("123456789012", "eu-west-1")] {
        for by in [None, Some(id)] {
            assert_eq!(store.stream_session(&stranger, channel, by).await.unwrap(), None);
            assert_eq!(store.stream_session(&home, &other, by).await.unwrap(), None);
        }
        let page = store.stream_sessions(&stranger, channel, NewestRequest::first(9)).await.unwrap();
        assert_eq!((page.items, page.next), (vec![], None));
        assert_eq!(store.live_sessions(&stranger).await.unwrap(), []);
    }
    assert_eq!(store.stream_session(&home, channel, Some(&stream(2))).await.unwrap(), None);
}

pub(crate) async fn a_step_is_written_with_its_events_or_not_at_all(store: &Store) {
    let first = session(1);
    store.open_session(&first, &[event(&first, 1, StateChange::SessionCreated)]).await.unwrap();
    let other = StreamSession { created_at: 2, ..first.clone() };
    let taken = store.open_session(&other, &[event(&first, 2, StateChange::SessionCreated)]).await;
    assert!(taken.is_err());
    let start = |session: &mut StreamSession| {
        session.started_at = Some(7);
        true
    };
    let events = [event(&first, 3, StateChange::StreamStart), event(&first, 4, StateChange::StreamTakeover)];
    let revised = store.revise_session(&first.stream, start, &events).await.unwrap();
    let after = StreamSession { started_at: Some(7), ..first.clone() };
    assert_eq!(revised.as_ref(), Some(&after));
    let refuse = |session: &mut StreamSession| {
        session.started_at = None;
        false
    };
    let events = [event(&first, 5, StateChange::StreamTakeover)];
    let revised = store.revise_session(&first.stream, refuse, &events).await.unwrap();
    assert_eq!(revised.as_ref(), Some(&after), "as it stands");
    assert_eq!(store.revise_session(&stream(9), |_| true, &events).await.unwrap(), None);
    assert!(!store.close_session(&stream(9), 9, &events).await.unwrap());
    let stored = store.stream_session(&home(), &first.channel.arn, None).await.unwrap();
    assert_eq!(stored, Some(after));
    assert_eq!(told(store).await, [1, 3, 4]);
    assert_eq!(kept(store, &first).await, [1, 3, 4]);
}

pub(crate) async fn a_step_that_is_tried_again_is_told_once(store: &Store) {
    let session = session(1);
    let begun = [event(&session, 1, StateChange::SessionCreated), failure(&session, 2)];
    let ended = [event(&session, 4, StateChange::SessionEnded)];
    let mut further = begun.to_vec();
    further.push(event(&session, 3, StateChange::StreamTakeover));
    for _ in 0..2 {
        store.open_session(&session, &begun).await.unwrap();
    }
    for _ in 0..2 {
        store.revise_session(&session.stream, |_| true, &further).await.unwrap().unwrap();
    }
    for first in [true, false] {
        assert_eq!(store.close_session(&session.stream, 4, &ended).await.unwrap(), first);
    }
    assert_eq!(told(store).await, [1, 2, 3, 4]);
    assert_eq!(kept(store, &session).await, [1, 2, 3, 4]);
}

pub(crate) async fn what_is_kept_of_an_event_is_its_name_and_code(store: &Store) {
    let session = session(1);
    let mismatch = StateChange::StreamTakeoverFailure(domain::TakeoverFailure::MediaMismatch);
    let limit = LimitBreach { limit: BreachedLimit::IngestBitrate, value: 8_500_000, exceeded_by: 1 };
    let mut breach = event(&session, 3, StateChange::StreamEnd);
    breach.kind = EventKind::Breach(limit);
    let events = [event(&session, 1, StateChange::SessionCreated), event(&session, 2, mismatch), breach];
    store.open_session(&session, &events).await.unwrap();
    let expected: Vec<_> = events.iter().rev().map(SessionEvent::of).collect();
    assert_eq!(store.session_events(&session.stream).await.unwrap(), expected);
    assert_eq!(expected[1].code.as_deref(), Some("StreamTakeoverMediaMismatch"));
    let sent = store.events_after(0, 9).await.unwrap();
    let envelopes: Vec<_> = sent.into_iter().map(|event| event.envelope).collect();
    assert_eq!(envelopes, events.map(|event| event.envelope()), "the very bytes");
}

pub(crate) async fn an_error_marks_its_session_for_good(store: &Store) {
    let (opened, revised, closed, well) = (session(1), session(2), session(3), session(4));
    store.open_session(&opened, &[failure(&opened, 1)]).await.unwrap();
    for session in [&revised, &closed, &well] {
        open(store, session).await;
    }
    let untouched = |_: &mut StreamSession| true;
    let after = store.revise_session(&revised.stream, untouched, &[failure(&revised, 2)]).await.unwrap();
    assert!(after.unwrap().has_error);
    let end = [event(&revised, 3, StateChange::SessionEnded)];
    let after = store.revise_session(&revised.stream, untouched, &end).await.unwrap();
    assert!(after.unwrap().has_error, "for good");
    assert!(store.close_session(&closed.stream, 9, &[failure(&closed, 4)]).await.unwrap());
    let end = [event(&well, 5, StateChange::SessionEnded)];
    assert!(store.close_session(&well.stream, 9, &end).await.unwrap());
    let page = store.stream_sessions(&home(), &well.channel.arn, NewestRequest::first(9)).await.unwrap();
    let marks: Vec<_> = page.items.iter().map(|session| session.has_error).collect();
    assert_eq!(marks, [false, true, true, true]);
}

pub(crate) async fn of_all_who_close_a_session_one_does(store: &Store) {
    let session = session(1);
    open(store, &session).await;
    let mut closers = JoinSet::new();
    for closer in 1..=8 {
        let (store, session) = (store.clone(), session.clone());
        closers.spawn(async move {
            let end = [event(&session, closer, StateChange::SessionEnded)];
            store.close_session(&session.stream, closer, &end).await.unwrap().then_some(closer)
        });
    }
    let winners: Vec<_> = closers.join_all().await.into_iter().flatten().collect();
    let [winner] = winners[..] else { panic!("one: {winners:?}") };
    let closed = store.stream_session(&home(), &session.channel.arn, None).await.unwrap().unwrap();
    assert_eq!(closed.ended_at, Some(winner));
    assert_eq!(told(store).await, [winner]);
    assert_eq!(kept(store, &session).await, [winner]);
}

pub(crate) async fn of_many_who_revise_one_session_nobody_is_lost(store: &Store) {
    let session = session(1);
    open(store, &session).await;
    let mut revisers = JoinSet::new();
    for reviser in 1..=24 {
        let (store, session) = (store.clone(), session.clone());
        revisers.spawn(async move {
            let longer = |session: &mut StreamSession| {
                session.node.push('+');
                true
            };
            let events = [event(&session, reviser, StateChange::StreamTakeover)];
            store.revise_session(&session.stream, longer, &events).await.unwrap().unwrap();
        });
    }
    revisers.join_all().await;
    let after = store.stream_session(&home(), &session.channel.arn, None).await.unwrap().unwrap();
    assert_eq!(after.node, format!("one{}", "+".repeat(24)));
    let mut events = kept(store, &session).await;
    assert_eq!(events, told(store).await, "in one order");
    events.sort_unstable();
    assert_eq!(events, (1..=24).collect::<Vec<_>>());
    assert_eq!(store.open_sessions_of(&after.node).await.unwrap(), [after], "found where it is now");
}

pub(crate) async fn sessions_are_listed_from_the_newest_on(store: &Store) {
    for number in 1..=5 {
        open(store, &session(number)).await;
    }
    open(store, &stream_session(channel(&home(), 2), 6)).await;
    let channel = arn(&home(), ResourceKind::Channel, 1);
    let mut request = NewestRequest::first(2);
    let mut pages = Vec::new();
    loop {
        let page = store.stream_sessions(&home(), &channel, request).await.unwrap();
        pages.push(page.items.into_iter().map(|session| session.created_at).collect::<Vec<_>>());
        let Some(next) = page.next else { break };
        request.before = Some(next);
        // What comes meanwhile is not seen, what goes on meanwhile stays where it is.
        open(store, &session(10 + pages.len())).await;
        let touch = |session: &mut StreamSession| {
            session.health = StreamHealth::Healthy;
            true
        };
        store.revise_session(&stream(2), touch, &[]).await.unwrap();
    }
    assert_eq!(pages, [vec![5, 4], vec![3, 2], vec![1]]);
    for strange in [i64::MIN, -1, 0] {
        let request = NewestRequest { before: Some(Position::new(strange)), limit: 9 };
        assert_eq!(store.stream_sessions(&home(), &channel, request).await.unwrap().items, []);
    }
    let newest = store.stream_session(&home(), &channel, None).await.unwrap().unwrap();
    assert_eq!(newest.created_at, 12);
}

pub(crate) async fn the_newest_five_hundred_events_of_a_session_are_kept(store: &Store) {
    let (long, short) = (session(1), session(2));
    let events = |from: i64, until: i64| -> Vec<_> {
        (from..until).map(|at| event(&long, at, StateChange::StreamTakeover)).collect()
    };
    store.open_session(&long, &events(0, 499)).await.unwrap();
    store.open_session(&short, &[event(&short, 0, StateChange::SessionCreated)]).await.unwrap();
    for (from, until) in [(499, 500), (500, 501), (501, 1100)] {
        store.revise_session(&long.stream, |_| true, &events(from, until)).await.unwrap();
        let oldest = (until - 500).max(0);
        assert_eq!(kept(store, &long).await, (oldest..until).collect::<Vec<_>>());
    }
    assert_eq!(kept(store, &short).await, [0]);
    assert_eq!(told(store).await.len(), 1101, "all went out");
}

pub(crate) async fn open_sessions_are_found_by_tenant_and_by_node(store: &Store) {
    let elsewhere = StreamSession { node: "two".to_owned(), ..session(2) };
    let foreign = stream_session(channel(&tenant("999999999999", "us-east-1"), 1), 3);
    let (first, ended) = (session(1), StreamSession { ended_at: Some(5), ..session(4) });
    for session in [&first, &elsewhere, &foreign, &ended] {
        open(store, session).await;
    }
    assert_eq!(store.live_sessions(&home()).await.unwrap(), [first.clone(), elsewhere.clone()]);
    assert_eq!(store.open_sessions_of("one").await.unwrap(), [first.clone(), foreign.clone()]);
    assert_eq!(store.open_sessions_of("two").await.unwrap(), std::slice::from_ref(&elsewhere));
    assert_eq!(store.open_sessions_of("").await.unwrap(), []);
    assert!(store.close_session(&first.stream, i64::MAX, &[]).await.unwrap());
    assert!(!store.close_session(&first.stream, 7, &[]).await.unwrap(), "closed, at whatever time");
    let end = |session: &mut StreamSession| {
        session.ended_at = Some(8);
        true
    };
    store.revise_session(&elsewhere.stream, end, &[]).await.unwrap();
    assert_eq!(store.live_sessions(&home()).await.unwrap(), []);
    assert_eq!(store.open_sessions_of("one").await.unwrap(), [foreign]);
    assert_eq!(store.open_sessions_of("two").await.unwrap(), []);
}

pub(crate) async fn a_session_outlives_its_channel(store: &Store) {
    let channel = channel(&home(), 1);
    store.create_channel(&channel, &stream_key(&home(), 1, 1), 9).await.unwrap();
    let written = session(1);
    store.open_session(&written, &[event(&written, 1, StateChange::SessionCreated)]).await.unwrap();
    store.delete_channel(&home(), &channel.arn).await.unwrap();
    let found = store.stream_session(&home(), &channel.arn, Some(&written.stream)).await.unwrap();
    assert_eq!(found.as_ref(), Some(&written));
    assert_eq!(kept(store, &written).await, [1]);
    assert_eq!(store.live_sessions(&home()).await.unwrap(), [written]);
}

pub(crate) async fn the_longest_ended_sessions_are_forgotten_first_with_their_events(store: &Store) {
    for number in 0..130 {
        let created = session(number);
        let created_at = created.created_at;
        store
            .open_session(&created, &[event(&created, created_at, StateChange::SessionCreated)])
            .await
            .unwrap();
        if number != 7 {
            // The later ones ended earlier.
            assert!(store.close_session(&created.stream, 1_000 - created_at, &[]).await.unwrap());
        }
    }
    assert_eq!(store.forget_sessions(871, 10).await.unwrap(), 0, "no one ended before the earliest end");
    assert_eq!(store.forget_sessions(1_001, 0).await.unwrap(), 0);
    assert_eq!(store.forget_sessions(1_001, 110).await.unwrap(), 110);
    let channel = arn(&home(), ResourceKind::Channel, 1);
    let left = store.stream_sessions(&home(), &channel, NewestRequest::first(200)).await.unwrap();
    let left: Vec<_> = left.items.iter().map(|session| session.created_at).collect();
    assert_eq!(left, (0..20).rev().collect::<Vec<_>>());
    assert_eq!(store.session_events(&stream(20)).await.unwrap(), []);
    assert_eq!(kept(store, &session(19)).await, [19]);
    assert_eq!(store.forget_sessions(i64::MAX, 200).await.unwrap(), 19);
    assert_eq!(store.live_sessions(&home()).await.unwrap(), [session(7)], "what is open stays");
    assert_eq!(kept(store, &session(7)).await, [7]);
}
