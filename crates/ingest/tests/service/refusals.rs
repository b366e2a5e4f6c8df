//! Who may not publish, and how they learn it.
//!
//! Promise: the encoder itself prints our reason, and nothing of the refused stays on air.

use std::net::SocketAddr;

use ingest::Config;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::house::{AAC, Encoder, H264, House, watch, within};

async fn refused_with(url: &str, arguments: &[&[&str]], reason: &str) {
    let encoder = Encoder::start(&[], &[&arguments.concat()[..], &["-t", "20", "-f", "flv", url]].concat());
    let (satisfied, complaints) = encoder.finish().await;
    assert!(!satisfied && complaints.contains(reason), "{complaints}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wrong_key_is_refused() {
    let house = House::open().await;
    refused_with(&house.rtmp_url("sk_no-such-key"), &[H264, AAC], "The stream key is not valid.").await;
    house.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn plain_rtmp_is_refused_where_the_channel_does_not_allow_it() {
    let house = House::open().await;
    let key = house.channel('a', false).await;
    refused_with(&house.rtmp_url(&key), &[H264, AAC], "RTMPS only").await;
    house.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_second_publisher_is_refused_and_the_first_goes_on() {
    let house = House::open().await;
    let key = house.channel('a', true).await;
    let first = Encoder::go_live(&house.rtmp_url(&key));
    let mut subscriber = house.broadcast().await.subscribe();
    watch(&mut subscriber, |frames| frames.len() > 3).await;
    refused_with(&house.rtmp_url(&key), &[H264, AAC], "already live").await;
    let (_, frames) = watch(&mut subscriber, |frames| frames.len() > 3).await;
    assert!(frames.len() > 3);
    drop(first);
    house.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_accounts_quota_of_streams_holds() {
    let mut config = Config::default();
    config.limits.concurrent_streams = 1;
    let house = House::open_with(config).await;
    let (one, two) = (house.channel('a', true).await, house.channel('b', true).await);
    let first = Encoder::go_live(&house.rtmp_url(&one));
    house.broadcast().await;
    refused_with(&house.rtmp_url(&two), &[H264, AAC], "as many live streams as it may have").await;
    drop(first);
    house.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_unsupported_codec_is_refused_by_name() {
    let house = House::open().await;
    let key = house.channel('a', true).await;
    let mut changes = house.hub.changes();
    let encoder =
        Encoder::start(&["-re"], &["-c:v", "flv1", "-an", "-t", "20", "-f", "flv", &house.rtmp_url(&key)]);
    within(changes.changed()).await.expect("it went on air");
    house.silence().await;
    let (satisfied, complaints) = encoder.finish().await;
    assert!(!satisfied, "{complaints}");
    house.close().await;
}

/// What a stranger reads until the connection is closed.
async fn answer_to(address: SocketAddr, bytes: &[u8]) -> Vec<u8> {
    let mut stream = TcpStream::connect(address).await.expect("an open door");
    stream.write_all(bytes).await.expect("room for a few bytes");
    let mut answer = Vec::new();
    // A reset ends the wait as well as a close does.
    within(stream.read_to_end(&mut answer)).await.unwrap_or_default();
    answer
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_not_rtmp_is_closed_at_once() {
    let house = House::open().await;
    assert!(answer_to(house.rtmp, b"GET / HTTP/1.1\r\n\r\n").await.is_empty());
    assert!(answer_to(house.rtmp, &[0x16, 3, 1, 2, 0, 1]).await.is_empty());
    house.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn one_who_says_nothing_is_closed_after_a_while() {
    let mut config = Config::default();
    config.timeouts.handshake = std::time::Duration::from_millis(50);
    let house = House::open_with(config).await;
    assert!(answer_to(house.rtmp, &[3]).await.is_empty());
    house.close().await;
}
