//! What is measured of streams, kept with their sessions.
//!
//! Promise: samples are read where everybody reads them, in the store.

use std::time::Duration;

use domain::{ResourceKind, StreamHealth, StreamId, StreamSample};
use store::{Store, Tenant};
use tokio::time::sleep;

use crate::house::{AAC, Encoder, H264, House, arn, within};

/// The newest session of channel `a`, and all that was measured in it, as soon as that is as wanted.
async fn measured(store: &Store, wanted: impl Fn(&[StreamSample]) -> bool) -> (StreamId, Vec<StreamSample>) {
    let channel = arn('a', ResourceKind::Channel);
    within(async {
        loop {
            let found = store.stream_session(&Tenant::of(&channel), &channel, None).await.expect("a store");
            if let Some(session) = found {
                let stream = session.stream;
                let samples = store.stream_samples(&stream, 0, i64::MAX, 9).await.expect("a store");
                if wanted(&samples) {
                    return (stream, samples);
                }
            }
            sleep(Duration::from_millis(50)).await;
        }
    })
    .await
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_measured_of_a_stream_is_kept_to_its_last_seconds() {
    let house = House::open().await;
    let key = house.channel('a', true).await;
    let url = house.rtmp_url(&key);
    let output = [H264, &["-g", "25"], AAC, &["-f", "flv", &url]].concat();
    let encoder = Encoder::start(&["-re"], &output);
    let broadcast = house.broadcast().await;
    broadcast.pulse().set_viewers(7);
    let is_well = |sample: &StreamSample| sample.health == StreamHealth::Healthy && sample.viewers == 7;
    let (stream, live) = measured(&house.store, |samples| samples.iter().any(is_well)).await;
    let sample = live.iter().find(|sample| is_well(sample)).expect("it was there");
    assert!((20.0..30.0).contains(&sample.frame_rate), "{sample:?}");
    assert!(sample.frame_rate_low <= sample.frame_rate && sample.bitrate_low <= sample.bitrate);
    assert!(sample.video_bitrate > 0 && sample.audio_bitrate > 0);
    assert!(sample.bitrate >= sample.video_bitrate + sample.audio_bitrate, "{sample:?}");
    assert!((0.9..1.1).contains(&sample.keyframe_interval), "{sample:?}");
    drop(encoder);
    let store = house.store.clone();
    house.close().await;
    let (same, all) = measured(&store, |_| true).await;
    assert_eq!(same, stream);
    assert!(
        all.len() >= live.len() && all.iter().zip(&live).all(|(one, other)| one.at == other.at),
        "{all:?}"
    );
    assert!(all.is_sorted_by(|one, other| one.at < other.at), "{all:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn shutdown_keeps_the_seconds_that_made_no_sample_yet() {
    let house = House::open().await;
    let key = house.channel('a', true).await;
    let url = house.rtmp_url(&key);
    let output = [H264, &["-g", "25"], AAC, &["-f", "flv", &url]].concat();
    let _encoder = Encoder::start(&["-re"], &output);
    let broadcast = house.broadcast().await;
    within(async {
        while broadcast.pulse().incoming().bitrate == 0 {
            sleep(Duration::from_millis(20)).await;
        }
        // A look a second has seen it by then.
        sleep(Duration::from_millis(1_100)).await;
    })
    .await;
    let store = house.store.clone();
    house.close().await;
    let (_, samples) = measured(&store, |_| true).await;
    assert!(!samples.is_empty());
}
