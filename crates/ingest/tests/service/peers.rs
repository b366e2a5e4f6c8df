//! Publishers that vanish, fall silent or have something to say.
//!
//! Promise: a dead one does not keep its key from its owner, a living one keeps its place.

use std::time::Duration;

use domain::Arn;
use ingest::Config;
use live::{Next, Subscriber, TextSource};
use media::amf0::Value;

use crate::house::{House, watch, within};
use crate::publisher::{Publisher, film};

/// What a silent publisher is asked: a user control message of 6 bytes, event 6.
const PING: [u8; 10] = [0, 0, 6, 4, 0, 0, 0, 0, 0, 6];

async fn with_short_patience() -> House {
    let mut config = Config::default();
    config.timeouts.quiet = Duration::from_millis(100);
    config.timeouts.sign = Duration::from_millis(300);
    House::open_with(config).await
}

/// A publisher whose pictures have reached somebody.
async fn watched(house: &House, key: &str) -> (Publisher, Subscriber) {
    let mut publisher = Publisher::enter(house.rtmp, key, film()).await;
    publisher.show(5).await;
    let mut subscriber = house.broadcast().await.subscribe();
    watch(&mut subscriber, |frames| frames.len() > 3).await;
    (publisher, subscriber)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_reset_ends_the_stream_at_once() {
    let house = House::open().await;
    let key = house.channel('a', true).await;
    let (publisher, mut subscriber) = watched(&house, &key).await;
    publisher.reset();
    watch(&mut subscriber, |_| false).await;
    house.silence().await;
    house.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_publisher_without_a_sign_of_life_gives_way_to_the_next() {
    let house = with_short_patience().await;
    let key = house.channel('a', true).await;
    let mut dead = Publisher::enter(house.rtmp, &key, film()).await;
    dead.show(5).await;
    let broadcast = house.broadcast().await;
    let mut subscriber = broadcast.subscribe();
    watch(&mut subscriber, |frames| frames.len() > 3).await;
    let mut next = Publisher::enter(house.rtmp, &key, film()).await;
    watch(&mut subscriber, |_| false).await;
    next.show(3).await;
    let fresh = house.broadcast().await;
    assert_ne!(fresh.stream(), broadcast.stream(), "a stream of its own");
    watch(&mut fresh.subscribe(), |frames| frames.len() > 3).await;
    let said = dead.farewell().await;
    assert!(said.contains("No sign of life"), "{said}");
    house.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_silent_publisher_that_answers_keeps_its_place() {
    let house = with_short_patience().await;
    let key = house.channel('a', true).await;
    let (mut silent, mut subscriber) = watched(&house, &key).await;
    let next = Publisher::knock(house.rtmp, &key, film()).await;
    silent.hears_bytes(&PING).await;
    silent.pong().await;
    let said = next.farewell().await;
    assert!(said.contains("already live"), "{said}");
    silent.show(1).await;
    watch(&mut subscriber, |frames| !frames.is_empty()).await;
    house.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn of_many_who_wait_for_a_dead_one_a_single_one_gets_its_place() {
    let house = with_short_patience().await;
    let key = house.channel('a', true).await;
    let _dead = Publisher::enter(house.rtmp, &key, film()).await;
    let before = house.broadcast().await;
    let mut waiting = tokio::task::JoinSet::new();
    for _ in 0..12 {
        let (address, key) = (house.rtmp, key.clone());
        waiting.spawn(async move { Publisher::knock(address, &key, film()).await });
    }
    let mut crowd = Vec::new();
    while let Some(publisher) = waiting.join_next().await {
        crowd.push(publisher.expect("no panic"));
    }
    let (mut let_in, mut refused) = (0, 0);
    for publisher in &mut crowd {
        // The one that is let in says nothing more, so the next ones may get its place in turn; but never two at once.
        let said = publisher.answer().await;
        let_in += usize::from(said.contains("NetStream.Publish.Start"));
        refused += usize::from(said.contains("already live"));
    }
    assert!(let_in >= 1 && let_in + refused == 12, "{let_in} let in, {refused} refused");
    assert_ne!(house.broadcast().await.stream(), before.stream());
    house.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_deleted_key_ends_no_running_stream() {
    let house = House::open().await;
    let key = house.channel('a', true).await;
    let (mut publisher, mut subscriber) = watched(&house, &key).await;
    let arn = Arn::parse("arn:aws:ivs:us-east-1:123456789012:stream-key/aaaaaaaaaaaa").expect("an ARN");
    house.store.delete_stream_key(&store::Tenant::of(&arn), &arn).await.expect("a key");
    publisher.show(5).await;
    watch(&mut subscriber, |frames| frames.len() > 3).await;
    let said = Publisher::knock(house.rtmp, &format!("{key}?priority=1"), film()).await.farewell().await;
    assert!(said.contains("The stream key is not valid."), "nobody comes in by it any more: {said}");
    publisher.show(1).await;
    watch(&mut subscriber, |frames| !frames.is_empty()).await;
    house.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_an_encoder_tells_viewers_stands_before_its_next_picture() {
    let house = House::open().await;
    let key = house.channel('a', true).await;
    let (mut publisher, mut subscriber) = watched(&house, &key).await;
    publisher.tell("onTextData", Value::string("one")).await;
    publisher.tell("onCaptionInfo", Value::string("not for these viewers")).await;
    publisher.tell("onCuePoint", Value::object([("name", Value::string("two"))])).await;
    publisher.tell("onTextData", Value::string("x".repeat(1_025))).await;
    publisher.show(1).await;
    let mut texts = Vec::new();
    within(async {
        loop {
            match subscriber.next().await {
                Next::Metadata(text) => texts.push((text.text.to_string(), text.source)),
                Next::Frame(frame) if frame.track == media::TrackKind::Video && !texts.is_empty() => break,
                Next::Frame(_) => {}
                other => panic!("{other:?}"),
            }
        }
    })
    .await;
    let encoder = TextSource::Encoder;
    assert_eq!(texts, [("one".to_owned(), encoder), (r#"{"name":"two"}"#.to_owned(), encoder)]);
    house.close().await;
}
