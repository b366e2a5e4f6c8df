//! Streams that follow each other: one recording, or several.

use std::time::{Duration, SystemTime};

use domain::{Arn, RecordingConfiguration, RecordingStage};
use testkit::Film;
use tokio::time::sleep;

use crate::house::{Ground, House, airing, configuration, end, push, until};

fn with_window(seconds: u16) -> RecordingConfiguration {
    RecordingConfiguration { reconnect_window_seconds: seconds, ..configuration() }
}

async fn lengths(ground: &Ground) -> Vec<(usize, u64)> {
    // How long a stream's last picture is shown is not told; it is taken to be as long as the one before.
    let seconds = |millis: u64| (millis + 100) / 1_000;
    ground.recordings().await.iter().map(|row| (row.streams.len(), seconds(row.duration_ms))).collect()
}

#[tokio::test(start_paused = true)]
async fn a_stream_within_the_window_goes_on_with_the_recording() {
    let ground = Ground::new().await;
    let house = House::open(&ground);
    let configuration = with_window(30);
    house.send(1, &configuration, &Film::default(), 12).await;
    sleep(Duration::from_secs(20)).await;
    house.send(1, &configuration, &Film::default(), 12).await;
    sleep(Duration::from_secs(20)).await;
    assert_eq!(ground.told().await, ["Recording Start"], "the window is open");
    until("the end is told", async || ground.told().await.len() == 2).await;
    let rows = ground.recordings().await;
    let [row] = rows.as_slice() else { panic!("one recording: {rows:?}") };
    assert_eq!(row.stage, RecordingStage::Ended);
    assert!((24_000..=24_002).contains(&row.duration_ms), "{row:?}");
    let events = ground.events().await;
    let streams: Vec<_> = row.streams.iter().map(domain::StreamId::as_str).collect();
    assert_eq!(events[0]["stream_id"], streams[0]);
    assert_eq!(events[1]["stream_id"], streams[1]);
    assert_eq!(events[1]["recording_session_stream_ids"], serde_json::json!(streams));
    assert_eq!(events[0]["recording_session_id"], events[1]["recording_session_id"]);
    let playlist = ground.read(row, "media/hls/360p30/playlist.m3u8");
    assert_eq!(playlist.matches("\n#EXT-X-DISCONTINUITY\n").count(), 1, "{playlist}");
    assert_eq!(playlist.matches("#EXT-X-TWITCH-DISCONTINUITY").count(), 1, "{playlist}");
    assert_eq!(playlist.matches(".mp4\n").count(), 4, "{playlist}");
    house.close().await;
}

#[tokio::test(start_paused = true)]
async fn a_stream_after_the_window_gets_a_recording_of_its_own() {
    let ground = Ground::new().await;
    let house = House::open(&ground);
    let configuration = with_window(30);
    house.send(1, &configuration, &Film::default(), 5).await;
    sleep(Duration::from_secs(40)).await;
    house.send(1, &configuration, &Film::default(), 5).await;
    until("both ends are told", async || ground.told().await.len() == 4).await;
    assert_eq!(lengths(&ground).await, [(1, 5), (1, 5)]);
    assert_eq!(ground.told().await, ["Recording Start", "Recording End", "Recording Start", "Recording End"]);
    house.close().await;
}

#[tokio::test(start_paused = true)]
async fn without_a_window_each_stream_has_its_own_recording() {
    let ground = Ground::new().await;
    let house = House::open(&ground);
    for _ in 0..2 {
        house.send(1, &configuration(), &Film::default(), 5).await;
    }
    until("both ends are told", async || ground.told().await.len() == 4).await;
    assert_eq!(lengths(&ground).await, [(1, 5), (1, 5)]);
    house.close().await;
}

/// Sends `first`, then `next` within the window; tells how many recordings that makes.
async fn recordings_of(
    first: &Film,
    next: (&Film, u64),
    configurations: [&RecordingConfiguration; 2],
) -> usize {
    let ground = Ground::new().await;
    let house = House::open(&ground);
    let mut publisher = house.publish(1, configurations[0]);
    publisher.broadcast().pulse().set_announced_bitrate(1_000_000);
    push(&mut publisher, first, 4).await;
    end(publisher).await;
    sleep(Duration::from_secs(1)).await;
    let (film, bitrate) = next;
    let mut publisher = house.publish(1, configurations[1]);
    publisher.broadcast().pulse().set_announced_bitrate(bitrate);
    push(&mut publisher, film, 4).await;
    end(publisher).await;
    until("all is over", async || {
        let rows = ground.recordings().await;
        let streams: usize = rows.iter().map(|row| row.streams.len()).sum();
        streams == 2 && rows.iter().all(|row| row.stage == RecordingStage::Ended)
    })
    .await;
    let count = ground.recordings().await.len();
    house.close().await;
    count
}

#[tokio::test(start_paused = true)]
async fn a_stream_that_differs_gets_a_recording_of_its_own() {
    let film = Film::default();
    let window = &with_window(10);
    let other_arn = "arn:aws:ivs:us-east-1:123456789012:recording-configuration/otherABCD012";
    let other = RecordingConfiguration { arn: Arn::parse(other_arn).expect("an ARN"), ..with_window(10) };
    let same = 1_000_000;
    let cases = [
        ("the same", film.clone(), same, window, 1),
        ("half as much again", film.clone(), 1_500_000, window, 1),
        ("a bitrate of more", film.clone(), 1_600_000, window, 2),
        ("a bitrate of less", film.clone(), 400_000, window, 2),
        ("another size", Film { width: 1_280, height: 720, ..film.clone() }, same, window, 2),
        ("another rate", Film { frame_rate: (60, 1), gop: 60, ..film.clone() }, same, window, 2),
        ("no sound", Film { sound: false, ..film.clone() }, same, window, 2),
        ("another configuration", film.clone(), same, &other, 2),
    ];
    for (what, next, bitrate, configuration, expected) in cases {
        let count = recordings_of(&film, (&next, bitrate), [window, configuration]).await;
        assert_eq!(count, expected, "{what}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_recording_has_twenty_streams_at_most() {
    let ground = Ground::new().await;
    let house = House::open(&ground);
    let configuration = with_window(10);
    for sent in 1..=21 {
        house.send(1, &configuration, &Film::default(), 2).await;
        until("it is recorded", async || house.count(|figures| &figures.recorded_ms) >= 2_000 * sent).await;
    }
    until("both ends are told", async || ground.told().await.len() == 4).await;
    assert_eq!(lengths(&ground).await, [(20, 40), (1, 2)]);
    house.close().await;
}

#[tokio::test(start_paused = true)]
async fn two_days_after_its_beginning_a_recording_is_not_continued() {
    let ground = Ground::new().await;
    let house = House::open(&ground);
    let (configuration, now) = (with_window(10), SystemTime::now());
    for hours in [0, 47, 48] {
        let at = now + Duration::from_hours(hours);
        let mut publisher = house.publish_as(1, airing(&configuration), at);
        push(&mut publisher, &Film::default(), 2).await;
        end(publisher).await;
    }
    until("both ends are told", async || ground.told().await.len() == 4).await;
    assert_eq!(lengths(&ground).await, [(2, 4), (1, 2)]);
    house.close().await;
}

#[tokio::test(start_paused = true)]
async fn a_shutdown_waits_for_no_window() {
    let ground = Ground::new().await;
    let house = House::open(&ground);
    house.send(1, &with_window(300), &Film::default(), 5).await;
    until("it is recorded", async || house.count(|figures| &figures.recorded_ms) == 5_000).await;
    house.close().await;
    assert_eq!(ground.told().await, ["Recording Start", "Recording End"]);
    assert_eq!(ground.tape_count(), 0);
}
