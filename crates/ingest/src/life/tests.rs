//! Lives whose connections are not there.
//!
//! Promise: they write to a real store, and what is awaited is what it holds.

use std::time::SystemTime;

use domain::{
    AccountId, Arn, Channel, ContainerFormat, LatencyMode, MultitrackInput, Region, ResourceId, ResourceKind,
    StreamId, Tags,
};
use live::{Audience, Hub, Publisher, RingLimits};
use store::{Store, Tenant};

use super::*;

fn channel() -> Channel {
    Channel {
        arn: Arn {
            region: Region::parse("us-east-1").expect("a region"),
            account: AccountId::parse("123456789012").expect("an account"),
            kind: ResourceKind::Channel,
            id: ResourceId::parse("abcdabcdabcd").expect("an id"),
        },
        name: "mine".to_owned(),
        latency_mode: LatencyMode::Low,
        channel_type: ChannelType::Standard,
        preset: None,
        authorized: false,
        insecure_ingest: true,
        container_format: ContainerFormat::Ts,
        multitrack_input: MultitrackInput::default(),
        recording_configuration: None,
        playback_restriction_policy: None,
        srt_passphrase: String::new(),
        tags: Tags::new(),
    }
}

/// A stream that has just begun.
async fn begin() -> (Store, Chronicle, Publisher, Life) {
    let store = Store::in_memory().await.expect("a store");
    let chronicle = Chronicle::new(Arc::new(Config::default()), store.clone());
    let hub = Hub::new(RingLimits::default());
    let stream = StreamId::mint(&mut crate::entropy);
    let publisher =
        hub.publish(&channel().arn, stream, Audience::Everyone, SystemTime::now()).expect("a free channel");
    let life = chronicle.begin(publisher.broadcast(), channel(), None).await.expect("a store");
    (store, chronicle, publisher, life)
}

/// Whether the session is closed, and its events' names, oldest first.
async fn told(store: &Store) -> (bool, Vec<String>) {
    let channel = channel().arn;
    let found = store.stream_session(&Tenant::of(&channel), &channel, None).await.expect("a store");
    let session = found.expect("a session");
    let events = store.session_events(&session.stream).await.expect("a store");
    (session.ended_at.is_some(), events.into_iter().rev().map(|event| event.name).collect())
}

#[tokio::test]
async fn a_session_stands_before_its_stream_begins() {
    let (store, chronicle, publisher, life) = begin().await;
    assert_eq!(told(&store).await, (false, vec!["Session Created".to_owned()]));
    drop((publisher, life));
    chronicle.close().await;
}

#[tokio::test]
async fn a_life_that_is_cut_off_closes_its_session() {
    let (store, chronicle, publisher, life) = begin().await;
    drop(publisher);
    drop(life);
    chronicle.close().await;
    assert_eq!(told(&store).await, (true, vec!["Session Created".to_owned(), "Session Ended".to_owned()]));
}

#[tokio::test]
async fn what_an_encoder_says_anew_each_moment_is_kept_once_a_second() {
    let (store, chronicle, publisher, mut life) = begin().await;
    let film = testkit::Film::default();
    assert!(life.heard(&Output::Tracks(film.tracks())).is_none());
    for kilobits in 1..10_000 {
        life.described(&Announced { video_kbps: Some(f64::from(kilobits)), ..Announced::default() });
    }
    assert!(life.tick(Instant::now()).is_none());
    drop(publisher);
    life.end(&Ending::Finished);
    chronicle.close().await;
    let channel = channel().arn;
    let found = store.stream_session(&Tenant::of(&channel), &channel, None).await.expect("a store");
    let video = found.and_then(|session| session.incoming?.video).expect("a picture");
    assert_eq!(video.target_bitrate, Some(9_999_000));
}

#[tokio::test]
async fn takeovers_are_told_in_their_order() {
    let (store, chronicle, publisher, mut life) = begin().await;
    life.takeover_refused(TakeoverFailure::InvalidPriority);
    life.taken_over();
    drop(publisher);
    life.end(&Ending::Vanished);
    chronicle.close().await;
    let (_, names) = told(&store).await;
    assert_eq!(names, ["Session Created", "Stream Takeover Failure", "Stream Takeover", "Session Ended"]);
}

#[tokio::test]
async fn a_stream_that_can_not_be_kept_does_not_begin() {
    let (store, chronicle, publisher, life) = begin().await;
    // The id is taken.
    let other = Channel { name: "other".to_owned(), ..channel() };
    let again = chronicle.begin(publisher.broadcast(), other, None).await;
    assert!(again.is_err());
    drop((publisher, life));
    chronicle.close().await;
    assert!(told(&store).await.0);
}
