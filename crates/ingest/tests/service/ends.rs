//! How streams end.
//!
//! Promise: whoever ends it, and however rudely, subscribers see the end and the place is free again.

use std::time::Duration;

use ingest::Config;
use live::Subscriber;

use crate::house::{AAC, Encoder, H264, House, watch};

async fn live(config: Config) -> (House, Encoder, Subscriber) {
    let house = House::open_with(config).await;
    let key = house.channel('a', true).await;
    let encoder = Encoder::go_live(&house.rtmp_url(&key));
    let mut subscriber = house.broadcast().await.subscribe();
    watch(&mut subscriber, |frames| frames.len() > 3).await;
    (house, encoder, subscriber)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_publisher_who_vanishes_is_off_air() {
    let (house, encoder, mut subscriber) = live(Config::default()).await;
    encoder.signal("-KILL");
    watch(&mut subscriber, |_| false).await;
    house.silence().await;
    house.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_publisher_who_stalls_is_off_air_after_the_limit() {
    let mut config = Config::default();
    config.timeouts.silence = Duration::from_secs(1);
    let (house, encoder, mut subscriber) = live(config).await;
    encoder.signal("-STOP");
    watch(&mut subscriber, |_| false).await;
    house.silence().await;
    encoder.signal("-CONT");
    house.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stream_that_is_asked_to_stop_stops() {
    let (house, encoder, mut subscriber) = live(Config::default()).await;
    house.broadcast().await.request_stop();
    watch(&mut subscriber, |_| false).await;
    let (satisfied, _) = encoder.finish().await;
    assert!(!satisfied);
    house.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn shutdown_ends_streams_and_returns() {
    let (house, encoder, mut subscriber) = live(Config::default()).await;
    house.close().await;
    watch(&mut subscriber, |_| false).await;
    let (satisfied, _) = encoder.finish().await;
    assert!(!satisfied);
}

#[tokio::test(flavor = "multi_thread")]
async fn sound_alone_is_off_air_after_the_limit() {
    let mut config = Config::default();
    config.timeouts.keyframe = Duration::from_millis(500);
    let house = House::open_with(config).await;
    let key = house.channel('a', true).await;
    let url = house.rtmp_url(&key);
    let output = [AAC, &["-vn", "-f", "flv", &url]].concat();
    let mut changes = house.hub.changes();
    let encoder = Encoder::start(&["-re"], &output);
    changes.changed().await.expect("it went on air");
    house.silence().await;
    let (satisfied, complaints) = encoder.finish().await;
    assert!(!satisfied, "{complaints}");
    house.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn sound_that_goes_on_without_pictures_keeps_no_stream_on_air() {
    let mut config = Config::default();
    config.timeouts.silence = Duration::from_secs(1);
    let house = House::open_with(config).await;
    let key = house.channel('a', true).await;
    let url = house.rtmp_url(&key);
    let short = ["-filter_complex", "[0:v]trim=duration=1[v]", "-map", "[v]", "-map", "1:a"];
    let output = [&short, H264, AAC, &["-f", "flv", &url]].concat();
    let mut changes = house.hub.changes();
    let encoder = Encoder::start(&["-re"], &output);
    changes.changed().await.expect("it went on air");
    house.silence().await;
    let (satisfied, complaints) = encoder.finish().await;
    assert!(!satisfied, "it was cut off: {complaints}");
    house.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_clean_goodbye_satisfies_the_encoder() {
    let house = House::open().await;
    let key = house.channel('a', true).await;
    let url = house.rtmp_url(&key);
    let output = [H264, AAC, &["-t", "1", "-f", "flv", &url]].concat();
    let encoder = Encoder::start(&[], &output);
    watch(&mut house.broadcast().await.subscribe(), |_| false).await;
    let (satisfied, complaints) = encoder.finish().await;
    assert!(satisfied && complaints.is_empty(), "{complaints}");
    house.close().await;
}
