//! Servers that die, and those that come after them.

use std::time::Duration;

use domain::{RecordingConfiguration, RecordingStage};
use testkit::Film;
use tokio::time::sleep;

use crate::house::{Ground, House, configuration, end, push, until};

#[tokio::test(start_paused = true)]
async fn the_next_start_finishes_what_a_killed_server_recorded() {
    let ground = Ground::new().await;
    let house = House::open(&ground);
    let mut publisher = house.publish(1, &configuration());
    push(&mut publisher, &Film::default(), 25).await;
    until("it is told", async || ground.told().await == ["Recording Start"]).await;
    until("all is taped", async || house.count(|figures| &figures.recorded_ms) == 24_000).await;
    let recorded = 24_000;
    house.die().await;
    assert_eq!(ground.tape_count(), 1);
    let house = House::open(&ground);
    until("the end is told", async || ground.told().await.len() == 2).await;
    until("the tape goes", async || ground.tape_count() == 0).await;
    let rows = ground.recordings().await;
    assert_eq!((rows.len(), rows[0].stage), (1, RecordingStage::Ended));
    assert_eq!(rows[0].duration_ms, recorded);
    let ended = ground.json(&rows[0], "events/recording-ended.json");
    assert_eq!(ended["media"]["hls"]["duration_ms"], recorded);
    let playlist = ground.read(&rows[0], "media/hls/360p30/playlist.m3u8");
    assert!(playlist.ends_with("#EXT-X-ENDLIST\n"), "{playlist}");
    assert_eq!(playlist.matches(".mp4\n").count(), 3, "{playlist}");
    house.close().await;
}

#[tokio::test(start_paused = true)]
async fn nothing_is_told_twice_however_often_a_server_dies() {
    let ground = Ground::new().await;
    let house = House::open(&ground);
    let mut publisher = house.publish(1, &configuration());
    push(&mut publisher, &Film::default(), 25).await;
    house.die().await;
    for moment in 0..40 {
        let house = House::open(&ground);
        sleep(Duration::from_millis(moment)).await;
        house.die().await;
    }
    let house = House::open(&ground);
    until("the tape goes", async || ground.tape_count() == 0).await;
    assert_eq!(ground.told().await, ["Recording Start", "Recording End"]);
    house.close().await;
}

#[tokio::test(start_paused = true)]
async fn a_server_that_dies_within_the_window_leaves_a_whole_recording() {
    let ground = Ground::new().await;
    let house = House::open(&ground);
    let configuration = RecordingConfiguration { reconnect_window_seconds: 300, ..configuration() };
    for _ in 0..2 {
        house.send(1, &configuration, &Film::default(), 5).await;
    }
    until("it is recorded", async || house.count(|figures| &figures.recorded_ms) >= 10_000).await;
    sleep(Duration::from_secs(5)).await;
    house.die().await;
    let house = House::open(&ground);
    until("the end is told", async || ground.told().await.len() == 2).await;
    let rows = ground.recordings().await;
    assert_eq!((rows.len(), rows[0].streams.len(), rows[0].duration_ms / 100), (1, 2, 100));
    let events = ground.events().await;
    assert_eq!(events[1]["recording_session_stream_ids"].as_array().map(Vec::len), Some(2));
    house.close().await;
}

#[tokio::test(start_paused = true)]
async fn new_streams_are_recorded_beside_what_was_left() {
    let ground = Ground::new().await;
    let house = House::open(&ground);
    let mut publisher = house.publish(1, &configuration());
    push(&mut publisher, &Film::default(), 12).await;
    house.die().await;
    drop(publisher);
    let house = House::open(&ground);
    house.send(1, &configuration(), &Film::default(), 7).await;
    until("both ends are told", async || {
        ground.told().await.iter().filter(|status| *status == "Recording End").count() == 2
    })
    .await;
    assert_eq!(ground.recordings().await.len(), 2);
    house.close().await;
}

#[tokio::test(start_paused = true)]
async fn a_recording_whose_tape_is_gone_is_closed_as_failed() {
    let ground = Ground::new().await;
    let house = House::open(&ground);
    let mut publisher = house.publish(1, &configuration());
    push(&mut publisher, &Film::default(), 12).await;
    until("it is told", async || ground.told().await == ["Recording Start"]).await;
    until("a chunk is listed", async || {
        let rows = ground.recordings().await;
        ground.keys(&rows[0]).iter().any(|key| key.ends_with("byte-range-multivariant.m3u8"))
    })
    .await;
    house.die().await;
    std::fs::remove_dir_all(ground.tapes()).expect("the disk is lost");
    let house = House::open(&ground);
    until("the end is told", async || ground.told().await.len() == 2).await;
    let rows = ground.recordings().await;
    assert_eq!(rows[0].stage, RecordingStage::EndedWithFailure);
    assert_eq!(ground.told().await[1], "Recording End Failure");
    let failed = ground.json(&rows[0], "events/recording-failed.json");
    assert_eq!(failed["recording_status"], "RECORDING_ENDED_WITH_FAILURE");
    assert_eq!(failed["media"]["hls"]["duration_ms"], 10_000);
    let playlist = ground.read(&rows[0], "media/hls/360p30/playlist.m3u8");
    assert!(playlist.ends_with("#EXT-X-ENDLIST\n"), "{playlist}");
    assert_eq!(rows[0].duration_ms, 10_000);
    house.close().await;
    end(publisher).await;
}

#[tokio::test(start_paused = true)]
async fn a_tape_of_another_server_that_lives_is_left_alone() {
    let ground = Ground::new().await;
    let house = House::open(&ground);
    let mut publisher = house.publish(1, &configuration());
    push(&mut publisher, &Film::default(), 12).await;
    until("it is told", async || ground.told().await == ["Recording Start"]).await;
    let other = House::open(&ground);
    sleep(Duration::from_secs(60)).await;
    assert_eq!(ground.tape_count(), 1);
    assert_eq!(ground.told().await, ["Recording Start"]);
    end(publisher).await;
    until("the end is told", async || ground.told().await.len() == 2).await;
    other.close().await;
    house.close().await;
}

#[tokio::test(start_paused = true)]
async fn a_bucket_that_is_away_holds_up_no_tape_of_another() {
    let ground = Ground::new().await;
    let house = House::open(&ground);
    let away = RecordingConfiguration { bucket: "away".to_owned(), ..configuration() };
    let mut publishers = Vec::new();
    for id in 1..=10 {
        let configuration = if id < 10 { &away } else { &configuration() };
        let mut publisher = house.publish(id, configuration);
        push(&mut publisher, &Film::default(), 5).await;
        publishers.push(publisher);
    }
    until("all are taped", async || house.count(|figures| &figures.recorded_ms) == 40_000).await;
    house.die().await;
    let folder = ground.buckets().join("away");
    std::fs::remove_dir_all(&folder).expect("the bucket goes");
    std::fs::write(&folder, "no folder").expect("a file in the way");
    let house = House::open(&ground);
    let ended = async || ground.told().await.iter().filter(|status| *status == "Recording End").count();
    until("one end is told", async || ended().await == 1).await;
    sleep(Duration::from_secs(60)).await;
    assert_eq!(ended().await, 1);
    std::fs::remove_file(&folder).expect("the file goes");
    until("all ends are told", async || ended().await == 10).await;
    house.close().await;
}
