//! What is kept of streams, and told of them.
//!
//! Promise: sessions and events are read where everybody reads them, in the store.

use std::time::Duration;

use domain::{ResourceKind, StreamHealth, StreamId, StreamSession};
use ingest::Config;
use store::{NewestRequest, Store, Tenant};
use tokio::time::sleep;

use crate::house::{AAC, Encoder, H264, House, arn, channel, within};

/// Sends in real time, with a keyframe in each second, so that it can soon be played.
fn go_live(url: &str) -> Encoder {
    let output = [H264, &["-g", "25"], AAC, &["-f", "flv", url]].concat();
    Encoder::start(&["-re"], &output)
}

/// Reads the newest session of channel `a` until it is as wanted; with the names of its events, oldest first.
async fn session(
    store: &Store,
    wanted: impl Fn(&StreamSession, &[String]) -> bool,
) -> (StreamSession, Vec<String>) {
    let channel = arn('a', ResourceKind::Channel);
    within(async {
        loop {
            let found = store.stream_session(&Tenant::of(&channel), &channel, None).await.expect("a store");
            if let Some(session) = found {
                let events = store.session_events(&session.stream).await.expect("a store");
                let names: Vec<_> = events.into_iter().rev().map(|event| event.name).collect();
                if wanted(&session, &names) {
                    return (session, names);
                }
            }
            sleep(Duration::from_millis(20)).await;
        }
    })
    .await
}

async fn ended(store: &Store) -> (StreamSession, Vec<String>) {
    session(store, |session, _| session.ended_at.is_some()).await
}

/// Names, in the order of the outbox.
async fn outbox(store: &Store) -> Vec<String> {
    let events = store.events_after(0, 1_000).await.expect("a store");
    let name = |envelope: &str| {
        ["event_name", "limit_name"].iter().find_map(|member| {
            let (_, rest) = envelope.split_once(&format!("\"{member}\":\""))?;
            rest.split_once('"').map(|(name, _)| name.to_owned())
        })
    };
    events.iter().map(|event| name(&event.envelope).expect("a name")).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stream_is_kept_from_its_key_to_its_end() {
    let house = House::open().await;
    let key = house.channel('a', true).await;
    let encoder = go_live(&house.rtmp_url(&key));
    let (open, _) = session(&house.store, |_, _| true).await;
    assert_eq!((open.ended_at, open.node.as_str()), (None, "node"));
    let (live, names) = session(&house.store, |live, _| live.started_at.is_some()).await;
    assert_eq!(names, ["Session Created", "Stream Start"]);
    let incoming = live.incoming.expect("known by now");
    let (video, audio) = (incoming.video.expect("a picture"), incoming.audio.expect("sound"));
    assert_eq!((video.width, video.height, video.target_frame_rate), (320, 180, Some(25)));
    assert_eq!((video.target_bitrate, audio.codec.as_str()), (Some(292_969), "mp4a.40.2"));
    assert!(video.encoder.is_some_and(|encoder| encoder.starts_with("Lavf")));
    let (_, _) = session(&house.store, |live, _| live.health == StreamHealth::Healthy).await;
    assert_eq!(house.broadcast().await.pulse().health(), StreamHealth::Healthy);
    drop(encoder);
    let (gone, names) = ended(&house.store).await;
    let all = ["Session Created", "Stream Start", "Session Ended", "Stream End"];
    assert_eq!(names, all);
    assert_eq!(outbox(&house.store).await, all);
    assert!(gone.created_at <= gone.started_at.expect("it started"));
    assert!(gone.started_at < gone.ended_at && !gone.has_error);
    house.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn shutdown_closes_sessions_before_it_returns() {
    let house = House::open().await;
    let key = house.channel('a', true).await;
    let _encoder = go_live(&house.rtmp_url(&key));
    session(&house.store, |live, _| live.started_at.is_some()).await;
    let store = house.store.clone();
    house.close().await;
    let channel = arn('a', ResourceKind::Channel);
    let sessions = store.stream_sessions(&Tenant::of(&channel), &channel, NewestRequest::first(9)).await;
    let sessions = sessions.expect("a store").items;
    assert!(sessions.len() == 1 && sessions[0].ended_at.is_some(), "{sessions:?}");
    assert_eq!(outbox(&store).await, ["Session Created", "Stream Start", "Session Ended", "Stream End"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_picture_that_is_too_large_ends_the_stream_with_the_limits_name() {
    let mut config = Config::default();
    config.limits.ingest_pixels = 50_000;
    let house = House::open_with(config).await;
    let key = house.channel('a', true).await;
    let url = house.rtmp_url(&key);
    let output = [H264, AAC, &["-t", "20", "-f", "flv", &url]].concat();
    let (satisfied, complaints) = Encoder::start(&["-re"], &output).finish().await;
    assert!(!satisfied, "{complaints}");
    let (gone, names) = ended(&house.store).await;
    assert_eq!(names, ["Session Created", "Ingest Resolution", "Session Ended"]);
    assert!(gone.has_error && gone.started_at.is_none());
    let events = house.store.events_after(0, 9).await.expect("a store");
    assert!(events[1].envelope.contains("\"exceeded_by\":7600"), "{}", events[1].envelope);
    house.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn too_many_bits_end_the_stream_after_a_while() {
    let mut config = Config::default();
    config.limits.ingest_bitrate = 20_000;
    let house = House::open_with(config).await;
    let key = house.channel('a', true).await;
    let encoder = go_live(&house.rtmp_url(&key));
    let (gone, names) = ended(&house.store).await;
    assert_eq!(names[names.len() - 3..], ["Ingest Bitrate", "Session Ended", "Stream End"]);
    assert!(gone.has_error);
    let (satisfied, _) = encoder.finish().await;
    assert!(!satisfied);
    house.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stream_that_can_not_be_used_fails_with_a_reason() {
    let house = House::open().await;
    let key = house.channel('a', true).await;
    let url = house.rtmp_url(&key);
    let output = ["-c:v", "flv1", "-an", "-t", "20", "-f", "flv", &url];
    let (satisfied, _) = Encoder::start(&["-re"], &output).finish().await;
    assert!(!satisfied);
    let (gone, names) = ended(&house.store).await;
    assert_eq!(names, ["Session Created", "Stream Failure", "Session Ended"]);
    assert!(gone.has_error && gone.started_at.is_none());
    let events = house.store.events_after(0, 9).await.expect("a store");
    assert!(events[1].envelope.contains("can't be used"), "{}", events[1].envelope);
    house.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stream_that_the_server_can_not_handle_fails_with_the_reason_that_was_given() {
    const REASON: &str = "Transcode capacity exceeded. Please try again.";
    let house = House::open().await;
    let key = house.channel('a', true).await;
    let encoder = go_live(&house.rtmp_url(&key));
    house.broadcast().await.fail(REASON);
    let (satisfied, _) = encoder.finish().await;
    assert!(!satisfied);
    let (gone, names) = ended(&house.store).await;
    assert_eq!(names, ["Session Created", "Stream Failure", "Session Ended"]);
    assert!(gone.has_error && gone.started_at.is_none());
    let events = house.store.events_after(0, 9).await.expect("a store");
    let reason = format!("\"reason\":\"{REASON}\"");
    assert!(events[1].envelope.contains(&reason), "{}", events[1].envelope);
    house.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stream_ends_when_it_was_on_air_for_as_long_as_it_may() {
    let config = Config { max_stream: Duration::from_secs(3), ..Config::default() };
    let house = House::open_with(config).await;
    let key = house.channel('a', true).await;
    let (satisfied, _) = go_live(&house.rtmp_url(&key)).finish().await;
    assert!(!satisfied);
    let (gone, _) = ended(&house.store).await;
    assert!(gone.ended_at.is_some_and(|end| end - gone.created_at >= 3_000) && !gone.has_error);
    house.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_pause_with_an_open_connection_is_starvation_until_it_ends() {
    let house = House::open().await;
    let key = house.channel('a', true).await;
    let encoder = go_live(&house.rtmp_url(&key));
    session(&house.store, |live, _| live.health == StreamHealth::Healthy).await;
    encoder.signal("-STOP");
    let (live, names) = session(&house.store, |live, _| live.health == StreamHealth::Starving).await;
    assert_eq!((live.ended_at, names.last().map(String::as_str)), (None, Some("Starvation Start")));
    encoder.signal("-CONT");
    let (_, names) = session(&house.store, |live, _| live.health == StreamHealth::Healthy).await;
    assert_eq!(names.last().map(String::as_str), Some("Starvation End"));
    drop(encoder);
    house.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_account_with_too_many_streams_is_told_once() {
    let mut config = Config::default();
    config.limits.concurrent_streams = 1;
    let house = House::open_with(config).await;
    let (one, two) = (house.channel('a', true).await, house.channel('b', true).await);
    let _first = go_live(&house.rtmp_url(&one));
    session(&house.store, |live, _| live.started_at.is_some()).await;
    for _ in 0..2 {
        let url = house.rtmp_url(&two);
        let output = [H264, AAC, &["-t", "20", "-f", "flv", &url]].concat();
        assert!(!Encoder::start(&[], &output).finish().await.0);
    }
    let store = house.store.clone();
    house.close().await;
    let told = outbox(&store).await;
    assert_eq!(told.iter().filter(|name| *name == "Concurrent Broadcasts").count(), 1, "{told:?}");
}

/// A session as a server leaves it that dies.
fn left(number: u32, started_at: Option<i64>) -> StreamSession {
    StreamSession {
        stream: StreamId::parse(&format!("st-{number:023}")).expect("a stream id"),
        channel: channel('a', true),
        recording_configuration: None,
        node: "node".to_owned(),
        created_at: 1_000,
        started_at,
        ended_at: None,
        incoming: None,
        health: StreamHealth::Healthy,
        has_error: false,
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_run_left_open_is_closed_before_the_next_takes_streams_in() {
    let store = Store::in_memory().await.expect("a store");
    let (seen, unseen) = (left(1, Some(5_000)), left(2, None));
    store.open_session(&seen, &[]).await.expect("a store");
    store.open_session(&unseen, &[]).await.expect("a store");
    let other = StreamSession { node: "another".to_owned(), ..left(3, None) };
    store.open_session(&other, &[]).await.expect("a store");
    store.beat("node", 9_000).await.expect("a store");
    let house = House::open_on(store.clone(), Config::default()).await;
    let channel = arn('a', ResourceKind::Channel);
    let tenant = Tenant::of(&channel);
    let end = async |session: &StreamSession| {
        let found = store.stream_session(&tenant, &channel, Some(&session.stream)).await;
        found.expect("a store").and_then(|session| session.ended_at)
    };
    assert_eq!((end(&seen).await, end(&unseen).await), (Some(9_000), Some(9_000)));
    assert_eq!(end(&other).await, None, "its server may live");
    assert_eq!(outbox(&store).await, ["Session Ended", "Stream End", "Session Ended"]);
    house.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stream_whose_session_somebody_else_closed_ends() {
    let house = House::open().await;
    let key = house.channel('a', true).await;
    let encoder = go_live(&house.rtmp_url(&key));
    let (live, _) = session(&house.store, |live, _| live.started_at.is_some()).await;
    // Another server does so when it takes this one for dead.
    assert!(house.store.close_session(&live.stream, live.created_at, &[]).await.expect("a store"));
    let (satisfied, _) = encoder.finish().await;
    assert!(!satisfied);
    house.silence().await;
    let (gone, names) = ended(&house.store).await;
    assert_eq!((gone.stream, gone.ended_at), (live.stream, Some(live.created_at)));
    assert!(!names.contains(&"Stream End".to_owned()), "nothing is told after the end: {names:?}");
    house.close().await;
}
