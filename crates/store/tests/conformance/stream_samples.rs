//! Samples of streams on every backend.
//!
//! Promise: each function needs an empty store and leaves nothing running.

use domain::{StreamHealth, StreamSample, StreamSession};
use store::{Store, StreamMinute};

use crate::sample::{channel, home, stream, stream_session};

/// A minute in milliseconds since 1970.
const NOON: i64 = 1_790_000_040_000;
const EVER: (i64, i64) = (i64::MIN, i64::MAX);

pub(crate) fn sample(at: i64, viewers: u32) -> StreamSample {
    StreamSample {
        at,
        bitrate: 3_000_000,
        bitrate_low: 2_100_000,
        video_bitrate: 2_800_000,
        audio_bitrate: 160_000,
        frame_rate: 29.97,
        frame_rate_low: 12.0,
        keyframe_interval: 2.002,
        viewers,
        health: StreamHealth::Starving,
    }
}

async fn open(store: &Store, number: usize) -> StreamSession {
    let session = stream_session(channel(&home(), 1), number);
    store.open_session(&session, &[]).await.unwrap();
    session
}

fn minute(number: usize, samples: &[StreamSample]) -> StreamMinute {
    StreamMinute { stream: stream(number), samples: samples.to_vec() }
}

async fn all(store: &Store, number: usize) -> Vec<StreamSample> {
    store.stream_samples(&stream(number), EVER.0, EVER.1, 9).await.unwrap()
}

pub(crate) async fn a_minute_that_is_written_again_stands_as_it_was_written_last(store: &Store) {
    open(store, 1).await;
    open(store, 2).await;
    let (first, second) = (sample(NOON + 5_000, 1), sample(NOON + 10_000, u32::MAX));
    store.put_stream_samples(&[minute(1, &[first])]).await.unwrap();
    assert_eq!(all(store, 1).await, [first]);
    store.put_stream_samples(&[minute(2, &[first]), minute(1, &[first, second])]).await.unwrap();
    assert_eq!(all(store, 1).await, [first, second]);
    assert_eq!(all(store, 2).await, [first]);
    store.put_stream_samples(&[]).await.unwrap();
    store.put_stream_samples(&[minute(1, &[])]).await.unwrap();
    assert_eq!(all(store, 1).await, [first, second]);
}

pub(crate) async fn samples_of_a_session_that_is_not_there_are_not_kept_and_do_no_harm(store: &Store) {
    open(store, 2).await;
    let batch = [minute(3, &[sample(NOON, 0)]), minute(2, &[sample(NOON, 2)]), minute(1, &[sample(NOON, 1)])];
    store.put_stream_samples(&batch).await.unwrap();
    assert_eq!(all(store, 1).await, []);
    assert_eq!(all(store, 2).await, [sample(NOON, 2)]);
    open(store, 1).await;
    store.put_stream_samples(&batch).await.unwrap();
    assert_eq!(all(store, 1).await, [sample(NOON, 1)]);
}

pub(crate) async fn samples_are_read_by_their_time_page_by_page(store: &Store) {
    open(store, 1).await;
    let at: Vec<_> = (0..48).map(|turn| NOON + turn * 5_000).collect();
    let samples: Vec<_> = at.iter().map(|at| sample(*at, 7)).collect();
    let minutes: Vec<_> = samples.chunks(12).map(|chunk| minute(1, chunk)).collect();
    store.put_stream_samples(&minutes).await.unwrap();
    let told = |from: i64, to: i64, minutes: u32| async move {
        let samples = store.stream_samples(&stream(1), from, to, minutes).await.unwrap();
        samples.iter().map(|sample| sample.at).collect::<Vec<_>>()
    };
    assert_eq!(told(NOON + 5_000, NOON + 15_000, 9).await, at[1..=3], "both ends are within");
    assert_eq!(told(NOON + 5_001, NOON + 14_999, 9).await, at[2..=2]);
    assert_eq!(told(NOON, NOON + 55_000, 9).await, at[..12]);
    assert_eq!(told(at[47] + 1, i64::MAX, 9).await, [] as [i64; 0]);
    assert_eq!(told(i64::MIN, at[0] - 1, 9).await, [] as [i64; 0]);
    let (mut read, mut from) = (Vec::new(), i64::MIN);
    loop {
        let page = told(from, i64::MAX, 3).await;
        let Some(last) = page.last() else { break };
        assert!(page.len() <= 36);
        from = last + 1;
        read.extend(page);
    }
    assert_eq!(read, at);
}

pub(crate) async fn samples_go_with_their_session(store: &Store) {
    for number in 1..=3 {
        open(store, number).await;
    }
    // More than are forgotten in one change.
    let many: Vec<_> = (0..5_500).map(|turn| minute(1, &[sample(NOON + turn * 60_000, 1)])).collect();
    store.put_stream_samples(&many).await.unwrap();
    store.put_stream_samples(&[minute(2, &[sample(NOON, 2)]), minute(3, &[sample(NOON, 3)])]).await.unwrap();
    for (number, ended_at) in [(1, 10), (2, 20)] {
        assert!(store.close_session(&stream(number), ended_at, &[]).await.unwrap());
    }
    assert_eq!(all(store, 1).await.len(), 9, "a session that ended has its samples");
    assert_eq!(store.forget_sessions(11, 50).await.unwrap(), 1);
    assert_eq!(all(store, 1).await, []);
    assert_eq!(all(store, 2).await, [sample(NOON, 2)]);
    assert_eq!(store.forget_sessions(i64::MAX, 50).await.unwrap(), 1);
    assert_eq!(all(store, 2).await, []);
    assert_eq!(all(store, 3).await, [sample(NOON, 3)], "it is on air");
}
