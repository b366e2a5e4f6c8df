//! Whatever is fed, the worker goes on or ends; what it is kept from, it does not do.

use bytes::{BufMut, Bytes, BytesMut};
use media::avc;
use proptest::prelude::Rng;
use proptest::test_runner::{RngAlgorithm, TestRng};

use super::content::{job_on, shoot};
use super::*;

const LENGTH: Duration = Duration::from_secs(1);

fn random() -> TestRng {
    TestRng::from_seed(RngAlgorithm::ChaCha, &[7; 32])
}

fn rungs() -> Vec<Rung> {
    vec![rung(90, false, Sound::Coded(64_000)), rung(64, true, Sound::Source)]
}

/// Real pictures and sound.
fn shot() -> (Tracks, Vec<Frame>) {
    shoot(
        "-f lavfi -i testsrc2=s=320x180:r=30:d=2 -f lavfi -i sine=d=2 -c:v libx264 -preset veryfast -g 20 -bf 2 \
         -pix_fmt yuv420p -c:a aac",
    )
}

/// Feeds all as far as it goes, and waits for the end: there is one, and it is told.
async fn ends(job: &Job, frames: Vec<Frame>) -> Yield {
    let mut worker = Worker::start(&config(), confinement().await, job).expect("ffmpeg is installed");
    let rungs = job.ladder.rungs.iter().map(|_| Shown::default()).collect();
    let mut whole = Yield { rungs, thumbnails: Vec::new(), ended: Ok(()) };
    let mut frames = frames.into_iter();
    let mut is_over = false;
    while !is_over {
        while worker.has_room() {
            let Some(frame) = frames.next() else {
                worker.finish();
                break;
            };
            if worker.feed(&frame).is_err() {
                worker.finish();
                break;
            }
        }
        let output = timeout(PATIENCE, worker.next()).await.expect("it goes on or ends");
        is_over = whole.take(output);
    }
    whole
}

/// With the bytes of these frames changed.
fn changed(frames: &[Frame], change: impl FnMut(&Frame) -> Bytes) -> Vec<Frame> {
    let data = frames.iter().map(change).collect::<Vec<_>>();
    frames.iter().zip(data).map(|(frame, data)| Frame { data, ..frame.clone() }).collect()
}

fn below(random: &mut TestRng, bound: usize) -> usize {
    usize::try_from(random.next_u32()).expect("64 bits") % bound.max(1)
}

#[tokio::test]
async fn spoilt_frames_cost_pictures_and_nothing_else() {
    let (tracks, frames) = shot();
    let mut random = random();
    // After the first group, some bits of each frame are others; its lengths stay.
    let spoilt = changed(&frames, |frame| {
        let mut data = BytesMut::from(&frame.data[..]);
        if frame.pts > frames[0].pts + Ticks::from_millis(700) {
            for _ in 0..20 {
                let place = below(&mut random, data.len());
                if place > 5 {
                    data[place] ^= 1 << below(&mut random, 8);
                }
            }
        }
        data.freeze()
    });
    let made = ends(&job_on(&tracks, rungs()), spoilt).await;
    made.ended.as_ref().expect("it goes on");
    let source =
        times(&frames.iter().filter(|frame| frame.track == TrackKind::Video).cloned().collect::<Vec<_>>());
    let shown = made.picture_times(0);
    assert!(shown.len() >= 20, "the whole group is there: {}", shown.len());
    assert!(
        shown.iter().all(|(time, _)| source.iter().any(|(other, _)| other == time)),
        "no time is made up"
    );
}

#[tokio::test]
async fn cut_frames_and_frames_of_noise_never_harm_us() {
    let (tracks, frames) = shot();
    let mut random = random();
    let cut = changed(&frames, |frame| frame.data.slice(..below(&mut random, frame.data.len())));
    let noise = changed(&frames, |frame| {
        let mut data = vec![0; frame.data.len()];
        random.fill_bytes(&mut data);
        Bytes::from(data)
    });
    let empty = changed(&frames, |_| Bytes::new());
    for spoilt in [cut, noise, empty] {
        ends(&job_on(&tracks, rungs()), spoilt).await;
    }
}

#[tokio::test]
async fn ten_thousand_random_frames_never_harm_us() {
    let (tracks, _) = shot();
    let mut random = random();
    let frames = (0..10_000).map(|number| {
        let mut data = vec![0; below(&mut random, 200)];
        random.fill_bytes(&mut data);
        let track = if number % 3 == 0 { TrackKind::Audio } else { TrackKind::Video };
        let dts = Ticks::new(number * 40 + i64::from(random.next_u32() % 2_000));
        let pts = dts + Ticks::new(i64::from(random.next_u32() % 10_000) - 5_000);
        Frame { track, dts, pts, keyframe: random.next_u32().is_multiple_of(4), data: Bytes::from(data) }
    });
    let frames = frames.collect();
    ends(&job_on(&tracks, rungs()), frames).await;
}

#[tokio::test]
async fn times_from_anywhere_are_no_trouble() {
    let film = Film { width: 64, height: 64, ..Film::default() };
    for far in [i64::MIN / 2, -(1 << 40), 1 << 40, i64::MAX / 2] {
        let mut frames = film.frames(LENGTH);
        for frame in frames.iter_mut().skip(20).step_by(7) {
            frame.pts = Ticks::new(far);
            frame.dts = Ticks::new(far);
        }
        ends(&job(&film, rungs()), frames).await;
    }
}

#[tokio::test]
async fn a_size_that_changes_without_notice_keeps_every_rung_in_its_own() {
    let (tracks, first) = shot();
    let (other, second) = shoot(
        "-f lavfi -i testsrc2=s=640x480:r=30:d=1 -c:v libx264 -preset veryfast -g 20 -bf 0 -pix_fmt yuv420p",
    );
    let sets = avc::parameter_sets(&other.video.as_ref().expect("a picture").record);
    let last = first.iter().map(|frame| frame.dts).max().expect("there are frames");
    let moved = second.iter().map(|frame| {
        let (dts, pts) = (frame.dts - second[0].dts + last, frame.pts - second[0].dts + last);
        let later = Ticks::from_millis(100);
        let mut frame = Frame { dts: dts + later, pts: pts + later, ..frame.clone() };
        if frame.keyframe {
            frame.data = avc::with_units(&frame.data, 4, &sets);
        }
        frame
    });
    let frames: Vec<_> = first.iter().cloned().chain(moved).collect();
    let made = ends(&job_on(&tracks, rungs()), frames.clone()).await;
    made.ended.as_ref().expect("it goes on");
    let shape = |tracks: &Tracks| tracks.video.as_ref().map(|video| (video.width, video.height));
    assert!(made.rungs[0].tracks.iter().all(|tracks| shape(tracks) == Some((160, 90))));
    let pictures = frames.into_iter().filter(|frame| frame.track == TrackKind::Video).collect::<Vec<_>>();
    assert_eq!(made.picture_times(0), times(&pictures));
}

/// The most memory that a worker had while it was fed this.
async fn memory(job: &Job, frames: &[Frame]) -> u64 {
    let mut worker = Worker::start(&config(), confinement().await, job).expect("ffmpeg is installed");
    frames.iter().for_each(|frame| worker.feed(frame).expect("there is room"));
    worker.finish();
    let mut most = 0;
    loop {
        most = most.max(worker.pid().map_or(0, most_resident));
        match timeout(PATIENCE, worker.next()).await.expect("it goes on or ends") {
            Output::Ended(_) => return most,
            output => drop(output),
        }
    }
}

/// A sequence parameter set of 16384x16384 (ITU-T H.264, 7.3.2.1.1), which is more than any level allows.
fn immense() -> Bytes {
    let golomb = |value: u32| {
        let bits = format!("{:b}", value + 1);
        "0".repeat(bits.len() - 1) + &bits
    };
    // Identifier, counters, the kind of order, one reference; gaps; the size; frames, and no more.
    let mut bits: String = [0, 0, 2, 1].map(golomb).concat();
    bits += &format!("0{}{}11001", golomb(1_023), golomb(1_023));
    bits += &"0".repeat((8 - bits.len() % 8) % 8);
    let mut unit = vec![0x67, 77, 0x40, 62];
    unit.extend((0..bits.len()).step_by(8).map(|at| u8::from_str_radix(&bits[at..at + 8], 2).expect("bits")));
    Bytes::from(unit)
}

#[tokio::test]
async fn pictures_that_say_they_are_immense_take_no_memory() {
    let (tracks, frames) = shot();
    let usual = memory(&job_on(&tracks, rungs()), &frames).await;
    let spoilt: Vec<_> = frames
        .iter()
        .map(|frame| match frame.keyframe && frame.track == TrackKind::Video {
            true => Frame { data: avc::with_units(&frame.data, 4, &[immense()]), ..frame.clone() },
            false => frame.clone(),
        })
        .collect();
    let most = memory(&job_on(&tracks, rungs()), &spoilt).await;
    assert!(usual > 0 && most < usual + (64 << 20), "{most} bytes, {usual} as usual");
}

#[tokio::test]
async fn the_largest_pictures_that_there_are_stay_within_the_bound() {
    let film = Film { width: 8_192, height: 4_352, gop: 2, sound: false, ..Film::default() };
    let frames = film.frames(Duration::from_millis(100));
    let config = Config { memory: 1 << 30, ..config() };
    let confinement = Confinement::found(&config).await;
    let mut worker = Worker::start(&config, &confinement, &job(&film, rungs())).expect("ffmpeg is installed");
    frames.iter().for_each(|frame| worker.feed(frame).expect("there is room"));
    worker.finish();
    loop {
        let most = worker.pid().map_or(0, most_resident);
        assert!(most < 1 << 30, "{most} bytes");
        match timeout(PATIENCE, worker.next()).await.expect("it goes on or ends") {
            Output::Ended(_) => break,
            output => drop(output),
        }
    }
}

#[tokio::test]
async fn parameters_that_are_none_end_the_worker_with_a_word() {
    let (tracks, frames) = shot();
    let mut record = BytesMut::new();
    record.put_slice(&[1, 77, 0, 30, 0xff, 0xe1, 0, 4, 0x67, 0xff, 0xff, 0xff, 1, 0, 2, 0x68, 0xff]);
    let mut wrong = tracks.clone();
    let video = wrong.video.as_mut().expect("a picture");
    video.record = record.freeze();
    let sets = avc::parameter_sets(&tracks.video.as_ref().expect("a picture").record);
    assert!(!sets.is_empty());
    // Without parameter sets in the pictures nothing can be decoded; with them, ffmpeg may well find its way.
    ends(&job_on(&wrong, rungs()), frames).await;
}

fn most_resident(process: u32) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{process}/status")).unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    let kilobytes: Option<u64> = line.and_then(|line| line.split_ascii_whitespace().next()?.parse().ok());
    kilobytes.unwrap_or(0) << 10
}

/// A program that does this instead of coding. `PIPE` is where a rung is expected.
fn instead(script: &str) -> (tempfile::TempDir, Config) {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let program = folder.path().join("ffmpeg");
    let head = "#!/bin/sh\nfor word; do :; done; PIPE=/proc/self/fd/${word#pipe:}\n";
    std::fs::write(&program, format!("{head}{script}\n")).expect("room on the disk");
    let mode = std::os::unix::fs::PermissionsExt::from_mode(0o755);
    std::fs::set_permissions(&program, mode).expect("it is ours");
    let config = Config { ffmpeg: program, ..config() };
    (folder, config)
}

async fn ends_with(script: &str) -> Error {
    let (tracks, frames) = shot();
    let (_folder, config) = instead(script);
    let job = job_on(&tracks, rungs());
    let mut worker = loop {
        match Worker::start(&config, &Confinement::default(), &job) {
            Ok(worker) => break worker,
            // Another test, about to start something else, still has the script open for writing.
            Err(Error::Program { cause, .. }) if cause.kind() == std::io::ErrorKind::ExecutableFileBusy => {
                tokio::task::yield_now().await;
            }
            Err(error) => panic!("{error}"),
        }
    };
    for frame in frames.iter().take_while(|_| worker.has_room()).collect::<Vec<_>>() {
        worker.feed(frame).expect("there is room");
    }
    loop {
        if let Output::Ended(ended) = timeout(PATIENCE, worker.next()).await.expect("it ends") {
            return ended.expect_err("it coded nothing");
        }
    }
}

#[tokio::test]
async fn a_process_that_was_taken_over_can_only_end() {
    let garbage = ends_with("head -c 100000 /dev/urandom >$PIPE; exec sleep 1000").await;
    assert!(matches!(garbage, Error::Spoilt), "{garbage}");
    let words = ends_with("echo first >&2; printf '\\033[2J last\\n' >&2; exit 3").await;
    assert_eq!(words.to_string(), "the worker ended (exit status: 3): ?[2J last");
    let endless = ends_with("while :; do echo noise; done >$PIPE").await;
    assert!(matches!(endless, Error::Spoilt), "{endless}");
    let loud = ends_with("head -c 10000000 /dev/zero >&2; exit 1").await;
    assert!(loud.to_string().len() < 400, "{loud}");
}
