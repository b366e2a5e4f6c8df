//! From a stream's first segment to its recording's end.

use std::time::Duration;

use domain::{ContainerFormat, RecordingStage, RenditionSelection};
use live::Airing;
use testkit::Film;
use tokio::time::sleep;

use crate::house::{Ground, House, airing, configuration, end, push, until};

#[tokio::test(start_paused = true)]
async fn a_stream_is_in_its_bucket_when_its_end_is_told() {
    let ground = Ground::new().await;
    let house = House::open(&ground);
    house.send(1, &configuration(), &Film::default(), 25).await;
    until("the end is told", async || ground.told().await.len() == 2).await;
    let rows = ground.recordings().await;
    let [row] = rows.as_slice() else { panic!("one recording: {rows:?}") };
    assert_eq!(row.stage, RecordingStage::Ended);
    assert_eq!((row.duration_ms, row.channel_name.as_str()), (25_000, "mine"));
    assert!(row.prefix.starts_with("ivs/v1/123456789012/channel1/20"), "{}", row.prefix);
    let folder = "media/hls/360p30";
    let mut expected = vec![
        "events/recording-ended.json".to_owned(),
        "events/recording-started.json".to_owned(),
        "media/hls/byte-range-multivariant.m3u8".to_owned(),
        "media/hls/master.m3u8".to_owned(),
    ];
    expected.extend(
        ["0.mp4", "1.mp4", "2.mp4", "byte-range-variant.m3u8", "init-0.mp4", "playlist.m3u8"]
            .map(|name| format!("{folder}/{name}")),
    );
    expected.sort();
    assert_eq!(ground.keys(row), expected);
    let playlist = ground.read(row, "media/hls/360p30/playlist.m3u8");
    assert!(playlist.ends_with("#EXT-X-ENDLIST\n"), "{playlist}");
    assert_eq!(playlist.matches("#EXTINF:10.000").count(), 2, "{playlist}");
    assert_eq!(playlist.matches("#EXTINF:5.000").count(), 1, "{playlist}");
    assert!(playlist.contains("#EXT-X-TARGETDURATION:14\n"), "{playlist}");
    let ended = ground.json(row, "events/recording-ended.json");
    assert_eq!(ended["recording_status"], "RECORDING_ENDED");
    assert_eq!(ended["media"]["hls"]["duration_ms"], 25_000);
    let events = ground.events().await;
    assert_eq!(events[0]["recording_status"], "Recording Start");
    assert_eq!(events[0]["recording_duration_ms"], 0);
    assert_eq!(events[1]["recording_status"], "Recording End");
    assert_eq!(events[1]["recording_duration_ms"], 25_000);
    assert_eq!(events[1]["recording_s3_key_prefix"], row.prefix.as_str());
    assert_eq!(events[1]["recording_session_id"].as_str().map(str::len), Some(16));
    assert_eq!(events[1]["recording_session_stream_ids"][0], row.streams[0].as_str());
    until("its tape goes", async || ground.tape_count() == 0).await;
    assert_eq!(house.count(|figures| &figures.ended), 1);
    assert_eq!(house.count(|figures| &figures.recorded_ms), 25_000);
    assert_eq!(house.count(|figures| &figures.active), 0);
    assert_eq!(house.count(|figures| &figures.waiting_bytes), 0);
    house.close().await;
}

#[tokio::test(start_paused = true)]
async fn a_recording_can_be_played_from_its_start_while_the_stream_goes_on() {
    let ground = Ground::new().await;
    let house = House::open(&ground);
    let mut publisher = house.publish(1, &configuration());
    push(&mut publisher, &Film::default(), 25).await;
    until("it is told", async || ground.told().await == ["Recording Start"]).await;
    let rows = ground.recordings().await;
    assert_eq!((rows[0].stage, rows[0].ended_at), (RecordingStage::Started, None));
    until("two chunks are listed", async || {
        let keys = ground.keys(&rows[0]);
        let key = "media/hls/360p30/playlist.m3u8".to_owned();
        keys.contains(&key) && ground.read(&rows[0], &key).matches(".mp4\n").count() == 2
    })
    .await;
    let playlist = ground.read(&rows[0], "media/hls/360p30/byte-range-variant.m3u8");
    assert!(!playlist.contains("ENDLIST"), "{playlist}");
    assert_eq!(playlist.matches("#EXT-X-BYTERANGE").count(), 20, "{playlist}");
    let started = ground.json(&rows[0], "events/recording-started.json");
    assert_eq!(started["recording_status"], "RECORDING_STARTED");
    assert_eq!(started.get("recording_ended_at"), None);
    drop(publisher);
    house.close().await;
    assert_eq!(ground.told().await, ["Recording Start", "Recording End"]);
}

#[tokio::test(start_paused = true)]
async fn a_transport_stream_is_recorded_as_one() {
    let ground = Ground::new().await;
    let house = House::open(&ground);
    let airing = Airing { container: ContainerFormat::Ts, ..airing(&configuration()) };
    let mut publisher = house.publish_as(1, airing, std::time::SystemTime::now());
    push(&mut publisher, &Film::default(), 12).await;
    end(publisher).await;
    until("the end is told", async || ground.told().await.len() == 2).await;
    let rows = ground.recordings().await;
    let keys = ground.keys(&rows[0]);
    assert!(keys.contains(&"media/hls/360p30/1.ts".to_owned()), "{keys:?}");
    assert!(!keys.iter().any(|key| key.ends_with(".mp4")), "{keys:?}");
    house.close().await;
}

#[tokio::test(start_paused = true)]
async fn a_stream_without_a_finished_segment_leaves_nothing() {
    let ground = Ground::new().await;
    let house = House::open(&ground);
    let mut publisher = house.publish(1, &configuration());
    publisher.set_tracks(Film::default().tracks());
    tokio::task::yield_now().await;
    drop(publisher);
    sleep(Duration::from_secs(60)).await;
    house.close().await;
    assert!(ground.recordings().await.is_empty());
    assert!(ground.told().await.is_empty());
    assert_eq!(ground.tape_count(), 0);
}

#[tokio::test(start_paused = true)]
async fn a_stream_of_a_second_is_recorded_all_the_same() {
    let ground = Ground::new().await;
    let house = House::open(&ground);
    house.send(1, &configuration(), &Film::default(), 1).await;
    until("the end is told", async || ground.told().await.len() == 2).await;
    let rows = ground.recordings().await;
    assert_eq!(rows[0].duration_ms, 1_000);
    house.close().await;
}

#[tokio::test(start_paused = true)]
async fn streams_that_are_not_to_be_recorded_are_not() {
    let ground = Ground::new().await;
    let house = House::open(&ground);
    let airing = Airing { recording: None, ..airing(&configuration()) };
    let mut publisher = house.publish_as(1, airing, std::time::SystemTime::now());
    push(&mut publisher, &Film::default(), 12).await;
    end(publisher).await;
    sleep(Duration::from_secs(60)).await;
    house.close().await;
    assert!(ground.recordings().await.is_empty());
}

#[tokio::test(start_paused = true)]
async fn channels_are_recorded_side_by_side() {
    let ground = Ground::new().await;
    let house = House::open(&ground);
    let (mut first, mut second) = (house.publish(1, &configuration()), house.publish(2, &configuration()));
    let film = Film::default();
    tokio::join!(push(&mut first, &film, 21), push(&mut second, &film, 11));
    tokio::join!(end(first), end(second));
    until("both ends are told", async || ground.told().await.len() == 4).await;
    let rows = ground.recordings().await;
    let mut lengths: Vec<_> = rows.iter().map(|row| (row.channel.id.as_str(), row.duration_ms)).collect();
    lengths.sort_unstable();
    assert_eq!(lengths, [("channel1", 21_000), ("channel2", 11_000)]);
    house.close().await;
}

#[tokio::test(start_paused = true)]
async fn where_thumbnails_alone_are_wanted_no_rendition_is_recorded() {
    let ground = Ground::new().await;
    let house = House::open(&ground);
    let configuration =
        domain::RecordingConfiguration { rendition_selection: RenditionSelection::None, ..configuration() };
    house.send(1, &configuration, &Film::default(), 12).await;
    until("the end is told", async || ground.told().await.len() == 2).await;
    let rows = ground.recordings().await;
    let ended = ground.json(&rows[0], "events/recording-ended.json");
    assert_eq!(ended["media"]["hls"]["renditions"], serde_json::json!([]));
    let keys = ground.keys(&rows[0]);
    assert_eq!(keys, ["events/recording-ended.json", "events/recording-started.json"]);
    house.close().await;
}
