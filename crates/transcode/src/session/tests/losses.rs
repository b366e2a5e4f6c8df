//! Workers that are killed, stand still, or can't be had.
//!
//! Promise: renditions lose nothing that was not lost for good, get nothing twice, and can be decoded across the seam.

use std::sync::atomic::Ordering;

use media::fmp4::{Fragment, Sample, init_segment};
use media::{Frame, TrackKind, Tracks};

use super::house::*;
use crate::figures::Cause;

/// Decodes pictures with the installed decoder, which is to complain of nothing; gives how many there are.
fn decode(tracks: &Tracks, pictures: &[Frame]) -> usize {
    let video = Tracks { video: tracks.video.clone(), audio: None };
    let mut film = init_segment(&video).to_vec();
    for (frame, sequence) in pictures.iter().zip(1..) {
        let sample =
            Sample { duration: 1_800, composition: 0, keyframe: frame.keyframe, data: frame.data.clone() };
        let fragment = Fragment {
            sequence,
            events: &[],
            video_time: u64::try_from(frame.dts.count()).expect("after the beginning"),
            video: &[sample],
            audio_time: 0,
            audio: &[],
        };
        film.extend(fragment.encode().expect("small"));
    }
    let mut decoder = std::process::Command::new("ffmpeg")
        .args("-v warning -err_detect explode -i pipe:0 -fps_mode passthrough -f framemd5 -".split(' '))
        .stdin(std::process::Stdio::piped())
        .stdout(std::process::Stdio::piped())
        .stderr(std::process::Stdio::piped())
        .spawn()
        .expect("ffmpeg is installed");
    let mut input = decoder.stdin.take().expect("a pipe");
    let writer = std::thread::spawn(move || std::io::Write::write_all(&mut input, &film));
    let output = decoder.wait_with_output().expect("it ends");
    writer.join().expect("no panic").expect("it reads all");
    let complaints = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success() && complaints.is_empty(), "{complaints}");
    String::from_utf8_lossy(&output.stdout).lines().filter(|line| !line.starts_with('#')).count()
}

/// Every picture once, and keyframes where the source has them and nowhere else but at `seams`.
fn whole(reader: &Reader, wanted: &[(media::Ticks, bool)], seams: usize) {
    let found = reader.times();
    let all = |times: &[(media::Ticks, bool)]| times.iter().map(|(time, _)| *time).collect::<Vec<_>>();
    let (had, owed) = (all(&found), all(wanted));
    let odd = had.iter().zip(&owed).position(|(one, other)| one != other);
    assert_eq!(had, owed, "from the {odd:?}th on");
    let more: Vec<_> = found.iter().zip(wanted).filter(|(one, other)| one != other).collect();
    assert!(more.len() <= seams && more.iter().all(|(found, _)| found.1), "{more:?}");
    assert_eq!(decode(&reader.tracks[0], &reader.pictures), wanted.len());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_worker_that_is_killed_is_replaced_and_nothing_is_missing() {
    let (mut house, film) = (House::open(&Plan::default()), film());
    house.tracks(film.tracks());
    house.send(&span(&film, 0.0, 1.7)).await;
    house.signal("-KILL").await;
    house.send(&span(&film, 1.7, 3.1)).await;
    house.signal("-SEGV").await;
    house.send(&span(&film, 3.1, 4.5)).await;
    house.end().await;
    let wanted = times(&pictures(&span(&film, 0.0, 4.5)));
    for reader in &house.readers[..3] {
        whole(reader, &halved(&wanted), 2);
    }
    let sounds = &house.readers[3].sounds;
    let times: Vec<_> = sounds.iter().map(|frame| frame.pts.count()).collect();
    assert!(times.windows(2).all(|two| two[0] < two[1]), "no sound twice: {times:?}");
    assert!(times.windows(2).all(|two| two[1] - two[0] < 10_000), "no long silence: {times:?}");
    let figures = &house.shared.figures;
    assert_eq!(figures.lost.load(Ordering::Relaxed), 2);
    assert_eq!(figures.started.load(Ordering::Relaxed), 3);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_worker_that_is_killed_between_pictures_of_a_full_rate_is_replaced_without_a_seam() {
    let (mut house, film) = (House::open(&Plan::default()), testkit::Film { b_frames: 2, ..small_film() });
    house.tracks(film.tracks());
    house.send(&span(&film, 0.0, 1.7)).await;
    house.signal("-KILL").await;
    house.send(&span(&film, 1.7, 4.0)).await;
    house.end().await;
    whole(&house.readers[0], &times(&pictures(&span(&film, 0.0, 4.0))), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_worker_that_stands_still_is_replaced_and_nothing_is_missing() {
    let (mut house, film) = (House::open(&Plan { patience: 1, ..Plan::default() }), small_film());
    house.tracks(film.tracks());
    house.send(&span(&film, 0.0, 1.6)).await;
    let stopped = house.process().await;
    house.signal("-STOP").await;
    house.send(&span(&film, 1.6, 4.0)).await;
    assert!(!house.processes().contains(&stopped));
    house.end().await;
    let lost = usize::try_from(house.shared.figures.lost.load(Ordering::Relaxed)).expect("few");
    whole(&house.readers[0], &times(&pictures(&span(&film, 0.0, 4.0))), lost);
    let figures = &house.shared.figures;
    let stalled = Cause::ALL.iter().position(|cause| *cause == Cause::Stalled).expect("a cause");
    // On a busy machine another one may.
    assert!(figures.causes[stalled].load(Ordering::Relaxed) >= 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_kills_twice_is_passed_over_to_the_next_keyframe() {
    // The first two workers die once they are fed; so would each further one that is fed the same.
    let script = "echo x >> $HERE/starts; if [ $(wc -l < $HERE/starts) -le 2 ]; then head -c 2000 > /dev/null; \
                  exit 1; fi; exec $FFMPEG \"$@\"";
    let (mut house, film) = (House::open(&Plan { script: Some(script), ..Plan::default() }), small_film());
    house.tracks(film.tracks());
    house.throw(&span(&film, 0.0, 0.9));
    house.decided().await;
    house.throw(&span(&film, 0.9, 2.9));
    house.until(film.start + media::Ticks::from_millis(2_600)).await;
    house.end().await;
    let wanted = times(&pictures(&span(&film, 0.0, 2.9)));
    assert_eq!(house.readers[0].times(), wanted[25..], "the first group of pictures is lost, and no more");
    assert_eq!(house.shared.figures.lost.load(Ordering::Relaxed), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_program_that_writes_garbage_or_is_not_there_ends_no_stream() {
    for (script, cause) in [("exec head -c 100000 /dev/urandom >&3", Cause::Died), ("", Cause::Unstartable)] {
        let mut house = House::open(&Plan { script: Some(script), ..Plan::default() });
        if script.is_empty() {
            std::fs::remove_file(&house.shared.config.ffmpeg).expect("it was there");
        }
        house.tracks(small_film().tracks());
        house.throw(&span(&small_film(), 0.0, 0.9));
        house.decided().await;
        let figures = std::sync::Arc::clone(&house.shared.figures);
        let place = Cause::ALL.iter().position(|each| *each == cause).expect("a cause");
        let twice = async {
            while figures.causes[place].load(Ordering::Relaxed) < 2 {
                tokio::time::sleep(std::time::Duration::from_millis(5)).await;
            }
        };
        tokio::time::timeout(PATIENCE, twice).await.expect("it is tried again");
        house.end().await;
        assert!(house.readers[0].pictures.is_empty());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn sound_of_a_rendition_is_only_its_own() {
    let (mut house, film) = (House::open(&Plan::default()), small_film());
    house.tracks(film.tracks());
    house.send(&span(&film, 0.0, 1.5)).await;
    house.end().await;
    let audio_only = house.readers.last().expect("sound alone");
    assert!(audio_only.all.iter().all(|(_, frame)| frame.track == TrackKind::Audio));
    assert!(audio_only.tracks[0].video.is_none() && audio_only.tracks[0].audio.is_some());
}
