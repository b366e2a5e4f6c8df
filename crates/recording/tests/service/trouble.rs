//! Buckets, disks and databases that are away, and renditions that fall out.

use std::time::{Duration, SystemTime};

use blob::{Blobs, S3Config, S3Key};
use domain::{ChannelType, RecordingStage};
use live::{Airing, RenditionSound, RenditionTerms};
use media::TrackKind;
use recording::Config;
use store::Store;
use testkit::{Answerer, Film, Reply};
use tokio::time::sleep;

use crate::house::{Ground, House, airing, configuration, end, push, until};

const HALF_MINUTE: Duration = Duration::from_secs(30);

#[tokio::test(start_paused = true)]
async fn a_bucket_that_is_away_costs_nothing_but_delay() {
    let ground = Ground::new().await;
    let house = House::open(&ground);
    std::fs::write(ground.buckets(), "no folder").expect("a file in the way");
    house.send(1, &configuration(), &Film::default(), 25).await;
    sleep(HALF_MINUTE * 20).await;
    assert!(ground.told().await.is_empty(), "nothing is in the bucket");
    let rows = ground.recordings().await;
    assert_eq!((rows.len(), rows[0].stage), (1, RecordingStage::Started), "that it is recorded is known");
    assert!(house.count(|figures| &figures.waiting_bytes) > 0);
    std::fs::remove_file(ground.buckets()).expect("the file goes");
    until("the end is told", async || ground.told().await.len() == 2).await;
    assert_eq!(ground.told().await, ["Recording Start", "Recording End"]);
    assert_eq!(ground.recordings().await[0].duration_ms, 25_000);
    house.close().await;
}

#[tokio::test(start_paused = true)]
async fn what_a_shutdown_finds_no_bucket_for_is_finished_by_the_next_start() {
    let ground = Ground::new().await;
    let config = Config { drain: Duration::from_secs(5), ..ground.config() };
    let house = House::open_with(&ground, config, ground.blobs());
    std::fs::write(ground.buckets(), "no folder").expect("a file in the way");
    let mut publisher = house.publish(1, &configuration());
    push(&mut publisher, &Film::default(), 25).await;
    end(publisher).await;
    let begun = tokio::time::Instant::now();
    house.close().await;
    assert!(begun.elapsed() < HALF_MINUTE, "{:?}", begun.elapsed());
    assert_eq!(ground.tape_count(), 1);
    std::fs::remove_file(ground.buckets()).expect("the file goes");
    let house = House::open(&ground);
    until("the end is told", async || ground.told().await.len() == 2).await;
    assert_eq!(ground.recordings().await[0].duration_ms, 25_000);
    until("the tape goes", async || ground.tape_count() == 0).await;
    house.close().await;
}

#[tokio::test]
async fn a_bucket_that_refuses_leaves_a_failure_and_nothing_else() {
    let denied = "<Error><Code>AccessDenied</Code><Message>no</Message></Error>";
    let s3 = Answerer::start(move |_| Reply::Wire(Reply::json(403, denied))).await;
    let blobs = Blobs::s3(S3Config {
        endpoint: Some(s3.url("")),
        region: Some("us-east-1".to_owned()),
        key: Some(S3Key { id: "id".to_owned(), secret: "secret".to_owned() }),
        path_style: true,
    });
    let ground = Ground::new().await;
    let house = House::open_with(&ground, ground.config(), blobs);
    let mut publisher = house.publish(1, &configuration());
    push(&mut publisher, &Film::default(), 12).await;
    until("it is told", async || ground.told().await == ["Recording Start Failure"]).await;
    let events = ground.events().await;
    assert_eq!(events[0]["recording_status_reason"], "ValidationException");
    assert_eq!(events[0]["recording_s3_key_prefix"], "");
    assert_eq!(events[0]["recording_duration_ms"], 0);
    until("the tape goes", async || ground.tape_count() == 0).await;
    assert!(ground.recordings().await.is_empty());
    let broadcast = std::sync::Arc::clone(publisher.broadcast());
    assert!(broadcast.shelf().latest().is_some_and(|now| !now.ended), "the stream goes on");
    end(publisher).await;
    house.close().await;
    assert_eq!(ground.told().await.len(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_disk_without_room_leaves_a_failure_and_the_next_stream_is_recorded() {
    let ground = Ground::new().await;
    let config = Config { keep_free: u64::MAX, ..ground.config() };
    let house = House::open_with(&ground, config, ground.blobs());
    house.send(1, &configuration(), &Film::default(), 12).await;
    until("it is told", async || ground.told().await == ["Recording Start Failure"]).await;
    assert_eq!(ground.events().await[0]["recording_status_reason"], "InternalServerException");
    house.close().await;
    assert_eq!(ground.tape_count(), 0);
    let house = House::open(&ground);
    house.send(1, &configuration(), &Film::default(), 12).await;
    until("it is told", async || ground.told().await.len() == 3).await;
    assert_eq!(ground.told().await[1..], ["Recording Start", "Recording End"]);
    house.close().await;
}

#[tokio::test(start_paused = true)]
async fn a_tape_that_breaks_ends_the_recording_and_not_the_stream() {
    let ground = Ground::new().await;
    let house = House::open(&ground);
    let mut publisher = house.publish(1, &configuration());
    let film = Film::default();
    publisher.set_tracks(film.tracks());
    let frames = film.frames(Duration::from_secs(60));
    let (before, after) = frames.split_at(frames.len() / 4);
    for frame in before {
        publisher.push(frame.clone());
        tokio::task::yield_now().await;
    }
    until("the first chunk is there", async || {
        let rows = ground.recordings().await;
        rows.first().is_some_and(|row| ground.keys(row).iter().any(|key| key.ends_with("/0.mp4")))
    })
    .await;
    let id = ground.recordings().await[0].id.clone();
    let folder = ground.tapes().join(format!("{id}.tape/media/hls/360p30"));
    let aside = ground.folder.path().join("aside");
    std::fs::rename(&folder, &aside).expect("the folder is moved");
    std::fs::write(&folder, "no folder").expect("a file in the way");
    for (at, frame) in after.iter().enumerate() {
        publisher.push(frame.clone());
        tokio::task::yield_now().await;
        if at % 200 == 0 {
            sleep(Duration::from_millis(1)).await;
        }
    }
    assert!(publisher.broadcast().shelf().latest().is_some_and(|now| !now.ended), "the stream goes on");
    sleep(HALF_MINUTE).await;
    assert_eq!(ground.told().await, ["Recording Start"], "the end is not on the tape");
    std::fs::remove_file(&folder).expect("the file goes");
    std::fs::rename(&aside, &folder).expect("the folder is back");
    until("it is told", async || ground.told().await.len() == 2).await;
    assert_eq!(ground.told().await[1], "Recording End Failure");
    let rows = ground.recordings().await;
    assert_eq!(
        (rows[0].stage, rows[0].reason.as_str()),
        (RecordingStage::EndedWithFailure, "InternalServerException")
    );
    let failed = ground.json(&rows[0], "events/recording-failed.json");
    assert_eq!(failed["recording_status"], "RECORDING_ENDED_WITH_FAILURE");
    assert_eq!(failed["recording_status_message"], "InternalServerException");
    let playlist = ground.read(&rows[0], "media/hls/360p30/playlist.m3u8");
    assert!(playlist.contains("\n0.mp4\n") && playlist.ends_with("#EXT-X-ENDLIST\n"), "{playlist}");
    end(publisher).await;
    house.close().await;
}

#[tokio::test]
async fn a_database_that_is_away_does_not_hold_a_recording_up() {
    let ground = Ground::on_file().await;
    let config = Config { drain: Duration::from_secs(1), ..ground.config() };
    let house = House::open_with(&ground, config, ground.blobs());
    let mut publisher = house.publish(1, &configuration());
    push(&mut publisher, &Film::default(), 3).await;
    ground.store.close().await;
    push_on(&mut publisher, 3..12).await;
    end(publisher).await;
    until("the manifest is there", async || found(&ground, "recording-ended.json")).await;
    house.close().await;
    assert_eq!(ground.tape_count(), 1, "it is not told yet");
    let ground = Ground { store: Store::open(&ground.database()).await.expect("the database"), ..ground };
    let house = House::open(&ground);
    until("the end is told", async || ground.told().await.len() == 2).await;
    assert_eq!(ground.told().await, ["Recording Start", "Recording End"]);
    until("the tape goes", async || ground.tape_count() == 0).await;
    house.close().await;
}

/// Is there such a file in any bucket?
fn found(ground: &Ground, name: &str) -> bool {
    let mut folders = vec![ground.buckets()];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
            if entry.file_name().to_string_lossy() == name {
                return true;
            }
            if entry.path().is_dir() {
                folders.push(entry.path());
            }
        }
    }
    false
}

async fn push_on(publisher: &mut live::Publisher, seconds: std::ops::Range<i64>) {
    let film = Film::default();
    let within = |frame: &media::Frame| seconds.contains(&(frame.dts.count() / media::Ticks::PER_SECOND));
    let length = Duration::from_secs(u64::try_from(seconds.end).expect("a length"));
    for frame in film.frames(length).into_iter().filter(within) {
        publisher.push(frame);
        tokio::task::yield_now().await;
    }
}

#[tokio::test(start_paused = true)]
async fn a_rendition_that_falls_out_has_gaps_and_the_others_have_none() {
    let ground = Ground::new().await;
    let house = House::open(&ground);
    let airing = Airing { channel_type: ChannelType::Standard, ..airing(&configuration()) };
    let mut publisher = house.publish_as(1, airing, SystemTime::now());
    let broadcast = std::sync::Arc::clone(publisher.broadcast());
    let terms = RenditionTerms {
        name: "160p30".to_owned(),
        label: "160p".to_owned(),
        bandwidth: 230_000,
        lines: Some(160),
        frame_rate: None,
        sound: RenditionSound::Source,
    };
    let mut made = broadcast.set_ladder(true, vec![terms]).expect("the first decision");
    let (film, small) = (Film::default(), Film { width: 284, height: 160, ..Film::default() });
    publisher.set_tracks(film.tracks());
    made[0].set_tracks(media::Tracks { audio: None, ..small.tracks() });
    let length = Duration::from_secs(40);
    let mut of_small = small.pictures(length).into_iter();
    for frame in film.frames(length) {
        let (is_picture, second) =
            (frame.track == TrackKind::Video, frame.dts.count() / media::Ticks::PER_SECOND);
        publisher.push(frame);
        if let Some(picture) =
            is_picture.then(|| of_small.next()).flatten().filter(|_| !(10..20).contains(&second))
        {
            made[0].push(picture);
        }
        tokio::task::yield_now().await;
        if second % 5 == 4 && is_picture {
            sleep(Duration::from_millis(1)).await;
        }
    }
    drop(made);
    end(publisher).await;
    until("the end is told", async || ground.told().await.len() == 2).await;
    let rows = ground.recordings().await;
    assert_eq!((rows[0].stage, rows[0].duration_ms), (RecordingStage::Ended, 40_000));
    let of_source = ground.read(&rows[0], "media/hls/360p30/playlist.m3u8");
    let of_small = ground.read(&rows[0], "media/hls/160p30/playlist.m3u8");
    assert!(!of_source.contains("#EXT-X-GAP"), "{of_source}");
    assert!(of_small.contains("#EXT-X-GAP"), "{of_small}");
    let lengths = |text: &str| {
        text.lines().filter(|line| line.starts_with("#EXTINF")).map(str::to_owned).collect::<Vec<_>>()
    };
    assert_eq!(lengths(&of_source), lengths(&of_small));
    let ended = ground.json(&rows[0], "events/recording-ended.json");
    let heights = ended["media"]["hls"]["renditions"].as_array().expect("renditions").iter();
    assert_eq!(
        heights.map(|of| of["resolution_height"].as_u64()).collect::<Vec<_>>(),
        [Some(360), Some(160)]
    );
    house.close().await;
}
