//! What an encoder sends is what a subscriber gets.
//!
//! Promise: frame by frame: track, size, keyframe, decoding and presentation time, against what ffprobe
//! reads from the same encoder's file.

use std::process::Command;

use media::{Frame, TrackKind};

use crate::house::{AAC, Encoder, H264, House, watch};

/// Track, dts and pts in milliseconds, size, keyframe.
type Row = (TrackKind, i64, i64, usize, bool);

fn probe(path: &std::path::Path) -> Vec<Row> {
    let output = Command::new("ffprobe")
        .args(["-v", "error", "-show_entries", "packet=codec_type,pts,dts,size,flags", "-of", "csv=p=0"])
        .arg(path)
        .output()
        .expect("ffprobe is installed");
    let text = String::from_utf8(output.stdout).expect("text");
    let row = |line: &str| {
        let [kind, pts, dts, size, flags] = line.split(',').collect::<Vec<_>>()[..] else {
            panic!("five fields in {line}")
        };
        let track = if kind == "video" { TrackKind::Video } else { TrackKind::Audio };
        let number = |text: &str| text.parse::<i64>().expect("a number");
        let size = size.parse().expect("a size");
        (track, number(dts), number(pts), size, flags.starts_with('K'))
    };
    text.lines().map(row).collect()
}

fn rows(frames: &[Frame]) -> Vec<Row> {
    let millis = |ticks: media::Ticks| ticks.count() / 90;
    let row =
        |frame: &Frame| (frame.track, millis(frame.dts), millis(frame.pts), frame.data.len(), frame.keyframe);
    frames.iter().map(row).collect()
}

/// One track's rows, with times counted from the first picture.
fn of_track(rows: &[Row], track: TrackKind) -> Vec<Row> {
    let zero = rows.iter().find(|row| row.0 == TrackKind::Video).map_or(0, |row| row.1);
    let of_track = rows.iter().filter(|row| row.0 == track);
    of_track.map(|row| (row.0, row.1 - zero, row.2 - zero, row.3, row.4)).collect()
}

async fn every_frame_arrives(house: &House, url: &str) {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("sent.flv");
    let outputs = format!("[f=flv]{url}|[f=flv]{}", file.display());
    let arguments = [H264, AAC, &["-t", "3", "-map", "0", "-map", "1", "-flags", "+global_header"]].concat();
    let encoder = Encoder::start(&[], &[&arguments[..], &["-f", "tee", &outputs]].concat());
    let mut subscriber = house.broadcast().await.subscribe();
    let (tracks, frames) = watch(&mut subscriber, |_| false).await;
    let (satisfied, complaints) = encoder.finish().await;
    assert!(satisfied, "{complaints}");
    assert_eq!(tracks.len(), 1);
    let (video, audio) =
        (tracks[0].video.as_ref().expect("a picture"), tracks[0].audio.as_ref().expect("sound"));
    assert_eq!((video.width, video.height, audio.sample_rate), (320, 180, 48_000));
    let (sent, seen) = (probe(&file), rows(&frames));
    assert_eq!(of_track(&seen, TrackKind::Video), of_track(&sent, TrackKind::Video));
    assert_eq!(of_track(&seen, TrackKind::Video).len(), 75);
    let (sent, seen) = (of_track(&sent, TrackKind::Audio), of_track(&seen, TrackKind::Audio));
    let skipped = sent.len() - seen.len();
    assert!(skipped <= 3, "only sound from before the first picture is left out: {skipped}");
    assert_eq!(seen, sent[skipped..]);
    house.silence().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn every_frame_arrives_over_rtmp() {
    let house = House::open().await;
    let key = house.channel('a', true).await;
    every_frame_arrives(&house, &house.rtmp_url(&key)).await;
    house.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn every_frame_arrives_over_rtmps() {
    let house = House::open().await;
    let key = house.channel('a', false).await;
    every_frame_arrives(&house, &house.rtmps_url(&key)).await;
    house.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_publisher_who_comes_back_makes_a_new_stream() {
    let house = House::open().await;
    let key = house.channel('a', true).await;
    let url = house.rtmp_url(&key);
    let mut streams = Vec::new();
    for _ in 0..2 {
        let encoder = Encoder::go_live(&url);
        let broadcast = house.broadcast().await;
        watch(&mut broadcast.subscribe(), |frames| frames.len() > 3).await;
        streams.push(broadcast.stream().clone());
        drop(encoder);
        house.silence().await;
    }
    assert_ne!(streams[0], streams[1]);
    house.close().await;
}
