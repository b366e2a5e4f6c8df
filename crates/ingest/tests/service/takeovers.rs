//! Who may go on with another's stream, and what viewers notice of it: nothing but other pictures.
//!
//! Promise: each rule of the user guide's "Stream Takeover" is tried on real sockets.

use std::time::Duration;

use ingest::Config;
use live::{Next, Subscriber};
use media::{Frame, TrackKind, Tracks};
use testkit::Film;

use crate::house::{House, watch, within};
use crate::publisher::{Publisher, film};

/// A stream of 25 pictures and what reads it.
async fn running(house: &House, key: &str) -> (Publisher, Subscriber) {
    let mut publisher = Publisher::enter(house.rtmp, key, film()).await;
    publisher.show(25).await;
    let mut subscriber = house.broadcast().await.subscribe();
    watch(&mut subscriber, |frames| pictures(frames).len() == 25).await;
    (publisher, subscriber)
}

fn pictures(frames: &[Frame]) -> Vec<&Frame> {
    frames.iter().filter(|frame| frame.track == TrackKind::Video).collect()
}

/// The names of the session's events but of its start, whose moment is the packager's; oldest first, once there
/// are `count`.
async fn events(house: &House, count: usize) -> Vec<String> {
    within(async {
        loop {
            let session = house.session().await.expect("a session");
            let mut events = house.store.session_events(&session.stream).await.expect("a store");
            events.reverse();
            if events.iter().filter(|event| event.name != "Stream Start").count() >= count {
                let words =
                    events.into_iter().filter(|event| event.name != "Stream Start").map(|event| match event
                        .code
                    {
                        Some(code) => format!("{} ({code})", event.name),
                        None => event.name,
                    });
                return words.collect();
            }
            tokio::task::yield_now().await;
        }
    })
    .await
}

async fn refused(house: &House, key: &str, film: Film, words: &str) {
    let publisher = Publisher::knock(house.rtmp, key, film).await;
    let said = publisher.farewell().await;
    assert!(said.contains(words), "{said}");
}

/// Refused only once its media are known.
async fn refused_on_trial(house: &House, key: &str, film: Film, words: &str) {
    let mut publisher = Publisher::enter(house.rtmp, key, film).await;
    publisher.show(60).await;
    let said = publisher.farewell().await;
    assert!(said.contains(words), "{said}");
}

async fn goes_on(publisher: &mut Publisher, subscriber: &mut Subscriber) {
    publisher.show(5).await;
    let (_, frames) = watch(subscriber, |frames| pictures(frames).len() == 5).await;
    assert_eq!(pictures(&frames).len(), 5);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_higher_priority_goes_on_with_the_stream_where_it_was() {
    let house = House::open().await;
    let key = house.channel('a', true).await;
    let (old, mut subscriber) = running(&house, &key).await;
    let broadcast = house.broadcast().await;
    let mut seen = broadcast.subscribe();
    let (_, before) = watch(&mut seen, |frames| pictures(frames).len() == 25).await;

    let mut new = Publisher::enter(house.rtmp, &format!("{key}?priority=1"), film()).await;
    // It comes in the middle of a group of pictures: nothing of it can be used yet.
    new.skip(13);
    new.show(25).await;
    let said = old.farewell().await;
    assert!(said.contains("Another encoder took the stream over."), "{said}");

    let (tracks, after) = watch(&mut subscriber, |frames| pictures(frames).len() == 13).await;
    assert_eq!(tracks, Vec::<Tracks>::new(), "the same tracks are no news");
    let step = media::Ticks::from_millis(40);
    assert_eq!(pictures(&after)[0].dts, pictures(&before)[24].dts + step);
    assert!(pictures(&after)[0].keyframe);
    for track in [TrackKind::Video, TrackKind::Audio] {
        let times: Vec<_> = before.iter().chain(&after).filter(|frame| frame.track == track).collect();
        assert!(times.windows(2).all(|pair| pair[0].dts < pair[1].dts));
    }
    // Sound and picture stay as far apart as the new encoder has them.
    let first_sound = after.iter().find(|frame| frame.track == TrackKind::Audio).expect("sound");
    assert!((first_sound.dts - pictures(&after)[0].dts).count().abs() < 90 * 60);

    assert_eq!(house.broadcast().await.stream(), broadcast.stream(), "the same stream");
    new.finish().await;
    watch(&mut subscriber, |_| false).await;
    let events = events(&house, 3).await;
    assert_eq!(events[..2], ["Session Created", "Stream Takeover"]);
    assert!(!events.iter().any(|name| name.contains("Failure (")), "{events:?}");
    house.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_takeover_needs_a_higher_priority_than_the_last() {
    let house = House::open().await;
    let key = house.channel('a', true).await;
    let with = |priority: u32| format!("{key}?priority={priority}");
    let (_first, mut subscriber) = running(&house, &with(5)).await;
    refused(&house, &with(5), film(), "StreamTakeoverInvalidPriority").await;
    refused(&house, &with(4), film(), "StreamTakeoverInvalidPriority").await;
    let mut second = Publisher::enter(house.rtmp, &with(7), film()).await;
    second.show(1).await;
    watch(&mut subscriber, |frames| pictures(frames).len() == 1).await;
    refused(&house, &with(6), film(), "only a higher one").await;
    goes_on(&mut second, &mut subscriber).await;
    let codes = events(&house, 5).await;
    let code = "Stream Takeover Failure (StreamTakeoverInvalidPriority)";
    assert_eq!(codes, ["Session Created", code, code, "Stream Takeover", code]);
    house.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_priority_is_forgotten_at_the_end_of_the_stream() {
    let house = House::open().await;
    let key = house.channel('a', true).await;
    let (mut first, mut subscriber) = running(&house, &format!("{key}?priority=9")).await;
    first.finish().await;
    watch(&mut subscriber, |_| false).await;
    house.silence().await;
    let (_second, mut subscriber) = running(&house, &key).await;
    let mut third = Publisher::enter(house.rtmp, &format!("{key}?priority=1"), film()).await;
    third.show(1).await;
    watch(&mut subscriber, |frames| pictures(frames).len() == 1).await;
    house.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn another_size_or_number_of_tracks_is_refused_and_the_stream_goes_on() {
    let house = House::open().await;
    let key = house.channel('a', true).await;
    let (mut first, mut subscriber) = running(&house, &key).await;
    let key = format!("{key}?priority=1");
    let mismatch = "StreamTakeoverMediaMismatch";
    refused_on_trial(&house, &key, Film { width: 320, height: 180, ..film() }, mismatch).await;
    refused_on_trial(&house, &key, Film { sound: false, ..film() }, mismatch).await;
    goes_on(&mut first, &mut subscriber).await;
    // Another frame rate is none of the rules.
    let mut new = Publisher::enter(house.rtmp, &key, Film { frame_rate: (30, 1), ..film() }).await;
    new.show(3).await;
    watch(&mut subscriber, |frames| pictures(frames).len() == 3).await;
    let code = format!("Stream Takeover Failure ({mismatch})");
    assert_eq!(events(&house, 4).await, ["Session Created", &code, &code, "Stream Takeover"]);
    house.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn sound_alone_takes_nothing_over() {
    let mut config = Config::default();
    config.timeouts.keyframe = Duration::from_millis(500);
    let house = House::open_with(config).await;
    let key = house.channel('a', true).await;
    let (mut first, mut subscriber) = running(&house, &key).await;
    let sound = Film { picture: false, ..film() };
    let mute = Publisher::enter(house.rtmp, &format!("{key}?priority=1"), sound).await;
    let said = mute.farewell().await;
    assert!(said.contains("StreamTakeoverMediaMismatch"), "{said}");
    let idle = Publisher::knock(house.rtmp, &format!("{key}?priority=1"), film()).await;
    let said = idle.farewell().await;
    assert!(said.contains("No keyframe arrived"), "{said}");
    goes_on(&mut first, &mut subscriber).await;
    house.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stream_is_taken_over_as_often_as_its_limit_says() {
    let mut config = Config::default();
    config.limits.takeovers = 2;
    let house = House::open_with(config).await;
    let key = house.channel('a', true).await;
    let (_first, mut subscriber) = running(&house, &key).await;
    let mut publishers = Vec::new();
    for priority in 1..=2 {
        let mut next = Publisher::enter(house.rtmp, &format!("{key}?priority={priority}"), film()).await;
        next.show(1).await;
        watch(&mut subscriber, |frames| pictures(frames).len() == 1).await;
        publishers.push(next);
    }
    refused(&house, &format!("{key}?priority=3"), film(), "StreamTakeoverLimitBreached").await;
    goes_on(&mut publishers[1], &mut subscriber).await;
    house.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn of_two_who_come_at_once_with_one_priority_one_goes_on() {
    let house = House::open().await;
    let key = house.channel('a', true).await;
    let (_first, mut subscriber) = running(&house, &key).await;
    let key = format!("{key}?priority=1");
    let mut one = Publisher::enter(house.rtmp, &key, film()).await;
    let mut two = Publisher::enter(house.rtmp, &key, film()).await;
    two.show(1).await;
    watch(&mut subscriber, |frames| pictures(frames).len() == 1).await;
    one.show(1).await;
    let said = one.farewell().await;
    assert!(said.contains("StreamTakeoverInvalidPriority"), "{said}");
    goes_on(&mut two, &mut subscriber).await;
    house.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn who_waits_to_take_over_begins_a_stream_when_the_old_one_ends() {
    let house = House::open().await;
    let key = house.channel('a', true).await;
    let (mut first, mut subscriber) = running(&house, &key).await;
    let stream = house.broadcast().await.stream().clone();
    let mut new = Publisher::enter(house.rtmp, &format!("{key}?priority=1"), film()).await;
    first.finish().await;
    watch(&mut subscriber, |_| false).await;
    new.show(3).await;
    let broadcast = within(async {
        loop {
            let broadcast = house.broadcast().await;
            if broadcast.stream() != &stream {
                return broadcast;
            }
            tokio::task::yield_now().await;
        }
    })
    .await;
    let (_, frames) = watch(&mut broadcast.subscribe(), |frames| pictures(frames).len() == 3).await;
    assert_eq!(pictures(&frames).len(), 3);
    house.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn stopping_a_stream_sends_away_who_waits_to_take_it_over() {
    let house = House::open().await;
    let key = house.channel('a', true).await;
    let (first, mut subscriber) = running(&house, &key).await;
    let new = Publisher::enter(house.rtmp, &format!("{key}?priority=1"), film()).await;
    house.broadcast().await.request_stop();
    watch(&mut subscriber, |_| false).await;
    for publisher in [first, new] {
        let said = publisher.farewell().await;
        assert!(said.contains("The stream was asked to stop."), "{said}");
    }
    house.silence().await;
    house.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stream_that_was_taken_over_stops_when_it_is_asked_to() {
    let house = House::open().await;
    let key = house.channel('a', true).await;
    let (_first, mut subscriber) = running(&house, &key).await;
    let mut new = Publisher::enter(house.rtmp, &format!("{key}?priority=1"), film()).await;
    new.show(1).await;
    watch(&mut subscriber, |frames| pictures(frames).len() == 1).await;
    house.broadcast().await.request_stop();
    watch(&mut subscriber, |_| false).await;
    assert!(new.farewell().await.contains("The stream was asked to stop."));
    house.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn shutdown_waits_for_nobody_who_waits_to_take_over() {
    let house = House::open().await;
    let key = house.channel('a', true).await;
    let (_first, mut subscriber) = running(&house, &key).await;
    let new = Publisher::enter(house.rtmp, &format!("{key}?priority=1"), film()).await;
    house.close().await;
    watch(&mut subscriber, |_| false).await;
    assert!(new.farewell().await.contains("shutting down"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stream_without_a_picture_yet_is_taken_over_too() {
    let house = House::open().await;
    let key = house.channel('a', true).await;
    let old = Publisher::enter(house.rtmp, &key, film()).await;
    let broadcast = house.broadcast().await;
    let mut new = Publisher::enter(house.rtmp, &format!("{key}?priority=1"), film()).await;
    new.show(2).await;
    let (_, frames) = watch(&mut broadcast.subscribe(), |frames| pictures(frames).len() == 2).await;
    assert!(pictures(&frames)[0].keyframe);
    assert!(old.farewell().await.contains("took the stream over"));
    house.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn takeovers_go_on_one_after_the_other_without_a_seam() {
    let house = House::open().await;
    let key = house.channel('a', true).await;
    let (_first, mut subscriber) = running(&house, &key).await;
    let (mut all, mut publishers) = (Vec::new(), Vec::new());
    for priority in 1..=20 {
        let mut next = Publisher::enter(house.rtmp, &format!("{key}?priority={priority}"), film()).await;
        next.show(4).await;
        let (_, frames) = watch(&mut subscriber, |frames| pictures(frames).len() == 4).await;
        all.extend(frames);
        publishers.push(next);
    }
    let steps = pictures(&all).windows(2).map(|pair| (pair[1].dts - pair[0].dts).count()).collect::<Vec<_>>();
    assert!(steps.iter().all(|step| *step == 40 * 90), "{steps:?}");
    assert!(!matches!(subscriber.try_next(), Some(Next::End)), "and no end");
    house.close().await;
}
