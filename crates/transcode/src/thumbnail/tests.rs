//! Thumbnails of passed-through streams, made by the installed `ffmpeg` of what its own encoder sent.
//!
//! Promise: colours are looked at, not only sizes.

use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::sync::atomic::Ordering;
use std::time::SystemTime;

use domain::{Arn, StreamId};
use live::{Audience, Hub, Publisher, RingLimits};
use live::{Ordered, OrderedThumbnails, ThumbnailOrder};
use media::avc::AccessUnit;
use media::ts::Demuxer;
use media::{Frame, Ticks, TrackKind, Tracks};
use tokio::time::sleep;

use super::*;

const ENOUGH: Duration = Duration::from_secs(60);

/// Four keyframes of one colour, each half a second after the other.
fn film(colour: &str, size: &str, more: &str) -> (Tracks, Vec<Frame>) {
    let (tracks, frames) = encoded(&format!("color=c={colour}:s={size}:r=2:d=2"), more);
    assert_eq!(frames.len(), 4);
    (tracks, frames)
}

/// What the encoder makes of a source; of keyframes alone, as long as nothing else is said.
fn encoded(source: &str, more: &str) -> (Tracks, Vec<Frame>) {
    let output = Command::new("ffmpeg")
        .args(["-v", "error", "-nostdin", "-f", "lavfi", "-i", source, "-c:v", "libx264", "-g", "1"])
        .args("-preset ultrafast -pix_fmt yuv420p -threads 1".split_whitespace())
        .args(more.split_whitespace())
        .args(["-f", "mpegts", "-"])
        .output()
        .expect("ffmpeg is installed");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let mut demuxer = Demuxer::new();
    demuxer.push(&output.stdout);
    demuxer.end();
    let (mut tracks, mut frames) = (Tracks::default(), Vec::new());
    while let Some(unit) = demuxer.next() {
        let (pts, dts) = unit.pts.zip(unit.dts).expect("ffmpeg tells its times");
        let read = AccessUnit::from_annex_b(&unit.data);
        if let Some(params) = read.params(tracks.video.as_ref()) {
            tracks.video = Some(params);
        }
        let keyframe = read.keyframe || read.recovery_point;
        let (track, data) = (TrackKind::Video, read.picture);
        frames.push(Frame { track, dts, pts, keyframe, data });
    }
    (tracks, frames)
}

fn config() -> Config {
    Config { passed_thumbnail_interval: Duration::from_millis(10), ..Config::default() }
}

fn thumbnailer(config: Config) -> Thumbnailer {
    Thumbnailer::new(config, Confinement::default(), Arc::default())
}

fn on_air(hub: &Hub, number: u8) -> Publisher {
    let arn = format!("arn:aws:ivs:us-east-1:123456789012:channel/abcdABCD012{number}");
    let channel = Arn::parse(&arn).expect("a well-formed ARN");
    let stream = StreamId::mint(&mut |bytes| bytes.fill(number));
    hub.publish(&channel, stream, Audience::Everyone, SystemTime::now()).expect("a free channel")
}

/// The first that satisfies this.
async fn thumbnail(publisher: &Publisher, is_wanted: impl Fn(&Thumbnail) -> bool) -> Arc<Thumbnail> {
    let mut thumbnails = publisher.broadcast().thumbnails();
    let wanted = thumbnails.wait_for(|now| now.as_deref().is_some_and(&is_wanted));
    let found = tokio::time::timeout(ENOUGH, wanted).await.expect("made in time").expect("it is on air");
    found.clone().expect("just seen")
}

/// The mean colour, as a decoder of JPEG images sees it.
fn colour(thumbnail: &Thumbnail) -> [u8; 3] {
    let mut child = Command::new("ffmpeg")
        .args("-v error -f mjpeg -i pipe:0 -vf scale=1:1:flags=area -f rawvideo -pix_fmt rgb24 -".split(' '))
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("ffmpeg is installed");
    let mut input = child.stdin.take().expect("a pipe");
    std::io::Write::write_all(&mut input, &thumbnail.jpeg).expect("it is read");
    drop(input);
    let output = child.wait_with_output().expect("it ends");
    output.stdout.try_into().expect("one pixel")
}

fn is_near(found: [u8; 3], expected: [u8; 3]) -> bool {
    found.iter().zip(expected).all(|(found, expected)| found.abs_diff(expected) < 12)
}

/// Runs while `test` does, and then until it ended by itself.
async fn with_run(thumbnailer: &Thumbnailer, publisher: Publisher, test: impl AsyncFnOnce(&mut Publisher)) {
    let broadcast = Arc::clone(publisher.broadcast());
    let mut publisher = publisher;
    let never = CancellationToken::new();
    let testing = async {
        test(&mut publisher).await;
        drop(publisher);
    };
    let both = async { tokio::join!(thumbnailer.run(&broadcast, Scope::All, None, &never, &never), testing) };
    tokio::time::timeout(ENOUGH * 2, both).await.expect("it ends with its stream");
}

#[tokio::test]
async fn a_thumbnail_shows_the_colour_the_shape_and_the_time_of_the_latest_keyframe() {
    let thumbnailer = Thumbnailer::new(config(), Confinement::found(&config()).await, Arc::default());
    let hub = Hub::new(RingLimits::default());
    with_run(&thumbnailer, on_air(&hub, 1), async |publisher| {
        // Wide pixels, and a matrix that JPEG images do not have.
        let matrix = "-vf scale=out_color_matrix=bt709,setsar=4/3 -colorspace bt709 -color_primaries bt709 \
                      -color_trc bt709";
        let (tracks, frames) = film("0xc02010", "960x720", matrix);
        publisher.set_tracks(tracks);
        frames.iter().take(2).for_each(|frame| publisher.push(frame.clone()));
        let made = thumbnail(publisher, |now| now.pts == frames[1].pts).await;
        assert_eq!((made.width, made.height), (640, 360));
        assert!(is_near(colour(&made), [0xc0, 0x20, 0x10]), "{:?}", colour(&made));

        // Other tracks, another picture, upright.
        let (tracks, frames) = film("0x2040c0", "180x320", "-output_ts_offset 60");
        publisher.set_tracks(tracks);
        frames.iter().for_each(|frame| publisher.push(frame.clone()));
        let made = thumbnail(publisher, |now| now.pts == frames[3].pts).await;
        assert_eq!((made.width, made.height), (180, 320));
        assert!(is_near(colour(&made), [0x20, 0x40, 0xc0]), "{:?}", colour(&made));
    })
    .await;
    assert!(thumbnailer.figures.thumbnails.load(Ordering::Relaxed) >= 2);
    assert_eq!(thumbnailer.figures.thumbnails_lost.load(Ordering::Relaxed), 0);
}

#[tokio::test]
async fn a_keyframe_that_is_no_idr_picture_is_shown_too() {
    let thumbnailer = thumbnailer(config());
    let hub = Hub::new(RingLimits::default());
    with_run(&thumbnailer, on_air(&hub, 7), async |publisher| {
        let open = "-g 4 -bf 2 -b_strategy 0 -x264-params open-gop=1:scenecut=0";
        let (tracks, frames) = encoded("color=c=0x2040c0:s=320x180:r=2:d=4", open);
        let keys: Vec<&Frame> = frames.iter().filter(|frame| frame.keyframe).collect();
        assert!(keys.len() > 1, "an IDR picture and a recovery point at least");
        publisher.set_tracks(tracks);
        publisher.push(keys[1].clone());
        let made = thumbnail(publisher, |_| true).await;
        assert!(is_near(colour(&made), [0x20, 0x40, 0xc0]), "{:?}", colour(&made));
    })
    .await;
}

#[tokio::test]
async fn spoilt_keyframes_cost_their_own_thumbnail_and_nothing_else() {
    let thumbnailer = thumbnailer(config());
    let hub = Hub::new(RingLimits::default());
    let lost = || thumbnailer.figures.thumbnails_lost.load(Ordering::Relaxed);
    with_run(&thumbnailer, on_air(&hub, 2), async |publisher| {
        let (tracks, frames) = film("green", "320x180", "");
        publisher.set_tracks(tracks);
        // An IDR slice of noise.
        let noise = [&[0, 0, 0, 200, 0x65][..], &[0xa7; 199]].concat();
        publisher.push(Frame { data: noise.into(), ..frames[0].clone() });
        while lost() == 0 {
            sleep(Duration::from_millis(5)).await;
        }
        assert_eq!(publisher.broadcast().thumbnail(), None);
        publisher.push(frames[1].clone());
        let made = thumbnail(publisher, |_| true).await;
        assert_eq!((made.width, made.height, made.pts), (320, 180, frames[1].pts));
    })
    .await;
}

#[tokio::test]
async fn without_the_program_there_are_no_thumbnails_and_no_harm() {
    let thumbnailer = thumbnailer(Config { ffmpeg: PathBuf::from("/nowhere/ffmpeg"), ..config() });
    let hub = Hub::new(RingLimits::default());
    with_run(&thumbnailer, on_air(&hub, 3), async |publisher| {
        let (tracks, frames) = film("green", "320x180", "");
        publisher.set_tracks(tracks);
        for (number, frame) in (1..).zip(&frames) {
            publisher.push(frame.clone());
            while thumbnailer.figures.thumbnails_lost.load(Ordering::Relaxed) < number {
                sleep(Duration::from_millis(5)).await;
            }
        }
        assert_eq!(publisher.broadcast().thumbnail(), None);
    })
    .await;
}

#[tokio::test]
async fn a_program_that_hangs_is_killed_at_shutdown() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let (program, trace) = (folder.path().join("hangs"), folder.path().join("trace"));
    // It says that it runs, and then does nothing.
    std::fs::write(
        &program,
        format!("#!/bin/sh\necho $$ > {}.new\nmv {0}.new {0}\nexec sleep 600\n", trace.display()),
    )
    .expect("the folder is writable");
    let mut mode = std::fs::metadata(&program).expect("just written").permissions();
    std::os::unix::fs::PermissionsExt::set_mode(&mut mode, 0o755);
    std::fs::set_permissions(&program, mode).expect("it is ours");

    let thumbnailer = thumbnailer(Config { ffmpeg: program, ..config() });
    let hub = Hub::new(RingLimits::default());
    let mut publisher = on_air(&hub, 4);
    let (tracks, frames) = film("green", "320x180", "");
    publisher.set_tracks(tracks);
    publisher.push(frames[0].clone());
    let shutdown = CancellationToken::new();
    let stopping = async {
        while !trace.exists() {
            sleep(Duration::from_millis(5)).await;
        }
        shutdown.cancel();
    };
    let both = async {
        tokio::join!(thumbnailer.run(publisher.broadcast(), Scope::All, None, &shutdown, &shutdown), stopping)
    };
    tokio::time::timeout(ENOUGH, both).await.expect("it ends at shutdown");
    let process = std::fs::read_to_string(&trace).expect("it was written");
    assert!(!PathBuf::from(format!("/proc/{}", process.trim())).exists(), "it is gone, and waited for");
}

#[tokio::test]
async fn where_none_are_wanted_none_are_made() {
    let thumbnailer = thumbnailer(Config { passed_thumbnail_interval: Duration::ZERO, ..config() });
    let hub = Hub::new(RingLimits::default());
    with_run(&thumbnailer, on_air(&hub, 5), async |publisher| {
        let (tracks, frames) = film("green", "320x180", "");
        publisher.set_tracks(tracks);
        frames.into_iter().for_each(|frame| publisher.push(frame));
    })
    .await;
    assert_eq!(thumbnailer.figures.thumbnails.load(Ordering::Relaxed), 0);
}

#[tokio::test]
async fn a_stream_of_sound_alone_has_no_thumbnail() {
    let thumbnailer = thumbnailer(config());
    let hub = Hub::new(RingLimits::default());
    with_run(&thumbnailer, on_air(&hub, 6), async |publisher| {
        let film = testkit::Film { picture: false, ..testkit::Film::default() };
        publisher.set_tracks(film.tracks());
        film.frames(Duration::from_secs(1)).into_iter().for_each(|frame| publisher.push(frame));
    })
    .await;
    assert_eq!(thumbnailer.figures.thumbnails_lost.load(Ordering::Relaxed), 0);
}

fn order(every: u64, width: u32, height: u32) -> Option<ThumbnailOrder> {
    Some(ThumbnailOrder { every: Duration::from_millis(every), width, height })
}

async fn ordered(reader: &mut OrderedThumbnails) -> Arc<Thumbnail> {
    match tokio::time::timeout(ENOUGH, reader.next()).await.expect("made in time") {
        Some(Ordered::Thumbnail(thumbnail)) => thumbnail,
        other => panic!("{other:?}"),
    }
}

/// Keyframes of numbered pictures, each a little brighter, two each second.
fn numbered(count: u32) -> (Tracks, Vec<Frame>) {
    let source =
        format!("color=c=black:s=320x180:r=2:d={},format=gray,geq=lum='16+N*10'", f64::from(count) / 2.0);
    let (tracks, frames) = encoded(&source, "");
    assert_eq!(frames.len(), count as usize);
    (tracks, frames)
}

#[tokio::test]
async fn an_order_gets_the_first_keyframe_at_or_after_each_of_its_times() {
    let config = Config { passed_thumbnail_interval: Duration::from_secs(1_000), ..config() };
    let thumbnailer = Thumbnailer::new(config.clone(), Confinement::found(&config).await, Arc::default());
    let hub = Hub::new(RingLimits::default());
    let publisher = on_air(&hub, 8);
    let mut reader = publisher.broadcast().ordered_thumbnails();
    publisher.broadcast().order_thumbnails(order(1_000, 160, 90));
    with_run(&thumbnailer, publisher, async |publisher| {
        let (tracks, frames) = numbered(9);
        publisher.set_tracks(tracks);
        for (number, frame) in frames.iter().enumerate() {
            publisher.push(frame.clone());
            if number % 2 == 0 {
                let made = ordered(&mut reader).await;
                assert_eq!((made.pts, made.width, made.height), (frame.pts, 160, 90));
                let expected = u8::try_from(16 + number * 10).expect("dark");
                assert!(is_near(colour(&made), [expected; 3]), "{number}: {:?}", colour(&made));
            }
        }
        // The first one served viewers as well, in their own size; they are in no hurry for the next.
        let viewers = thumbnail(publisher, |_| true).await;
        assert_eq!((viewers.pts, viewers.width, viewers.height), (frames[0].pts, 320, 180));
    })
    .await;
    assert_eq!(tokio::time::timeout(ENOUGH, reader.next()).await.expect("it is over"), None);
    assert_eq!(thumbnailer.figures.ordered_thumbnails.load(Ordering::Relaxed), 5);
    assert_eq!(thumbnailer.figures.thumbnails.load(Ordering::Relaxed), 1);
    assert_eq!(thumbnailer.figures.ordered_thumbnails_lost.load(Ordering::Relaxed), 0);
}

#[tokio::test]
async fn what_a_worker_shows_viewers_is_not_made_twice_but_orders_are_served() {
    let thumbnailer = thumbnailer(config());
    let hub = Hub::new(RingLimits::default());
    let publisher = on_air(&hub, 9);
    let broadcast = Arc::clone(publisher.broadcast());
    let mut reader = broadcast.ordered_thumbnails();
    let mut publisher = publisher;
    let never = CancellationToken::new();
    let testing = async {
        let (tracks, frames) = film("0xc02010", "640x360", "");
        publisher.set_tracks(tracks);
        // Ordered while it is on air already.
        publisher.push(frames[0].clone());
        broadcast.order_thumbnails(order(60_000, 640, 360));
        publisher.push(frames[1].clone());
        let made = ordered(&mut reader).await;
        assert!(is_near(colour(&made), [0xc0, 0x20, 0x10]), "{:?}", colour(&made));
        // Taken back, and ordered once more.
        broadcast.order_thumbnails(None);
        tokio::task::yield_now().await;
        publisher.push(frames[2].clone());
        broadcast.order_thumbnails(order(500, 64, 36));
        publisher.push(frames[3].clone());
        assert_eq!(ordered(&mut reader).await.width, 64);
        drop(publisher);
    };
    let both =
        async { tokio::join!(thumbnailer.run(&broadcast, Scope::Ordered, None, &never, &never), testing) };
    tokio::time::timeout(ENOUGH * 2, both).await.expect("it ends with its stream");
    assert_eq!(broadcast.thumbnail(), None);
}

#[tokio::test]
async fn the_size_that_was_ordered_stays_when_the_stream_gets_another_shape() {
    let thumbnailer = thumbnailer(config());
    let hub = Hub::new(RingLimits::default());
    let publisher = on_air(&hub, 0);
    let mut reader = publisher.broadcast().ordered_thumbnails();
    publisher.broadcast().order_thumbnails(order(100, 320, 180));
    with_run(&thumbnailer, publisher, async |publisher| {
        let (tracks, frames) = film("white", "320x180", "");
        publisher.set_tracks(tracks);
        publisher.push(frames[0].clone());
        let wide = ordered(&mut reader).await;
        assert!(is_near(colour(&wide), [255; 3]), "{:?}", colour(&wide));
        let (tracks, frames) = film("white", "180x320", "-output_ts_offset 60");
        publisher.set_tracks(tracks);
        publisher.push(frames[0].clone());
        let upright = ordered(&mut reader).await;
        assert_eq!((upright.width, upright.height), (320, 180));
        // 102 of 320 columns are white.
        assert!(is_near(colour(&upright), [81; 3]), "{:?}", colour(&upright));
    })
    .await;
}

/// A program that waits until a file is there, and then does as `ffmpeg`.
fn waiting(folder: &std::path::Path) -> (PathBuf, PathBuf) {
    let (program, gate) = (folder.join("waits"), folder.join("gate"));
    let script =
        format!("#!/bin/sh\nwhile [ ! -e {} ]; do sleep 0.01; done\nexec ffmpeg \"$@\"\n", gate.display());
    std::fs::write(&program, script).expect("the folder is writable");
    let mut mode = std::fs::metadata(&program).expect("just written").permissions();
    std::os::unix::fs::PermissionsExt::set_mode(&mut mode, 0o755);
    std::fs::set_permissions(&program, mode).expect("it is ours");
    (program, gate)
}

#[tokio::test]
async fn what_is_ordered_waits_for_its_turn_and_what_can_not_wait_is_counted() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let (ffmpeg, gate) = waiting(folder.path());
    let thumbnailer = thumbnailer(Config { ffmpeg, passed_thumbnail_interval: Duration::ZERO, ..config() });
    let hub = Hub::new(RingLimits::default());
    let publisher = on_air(&hub, 1);
    let mut reader = publisher.broadcast().ordered_thumbnails();
    publisher.broadcast().order_thumbnails(order(500, 64, 36));
    let lost = || thumbnailer.figures.ordered_thumbnails_lost.load(Ordering::Relaxed);
    with_run(&thumbnailer, publisher, async |publisher| {
        let (tracks, frames) = numbered(13);
        publisher.set_tracks(tracks);
        frames.iter().for_each(|frame| publisher.push(frame.clone()));
        while lost() < 4 {
            sleep(Duration::from_millis(5)).await;
        }
        std::fs::write(&gate, "").expect("the folder is writable");
        for frame in &frames[..9] {
            assert_eq!(ordered(&mut reader).await.pts, frame.pts, "one that is made, and eight that waited");
        }
    })
    .await;
    assert_eq!(lost(), 4);
}

#[tokio::test]
async fn a_stream_whose_ordered_pictures_fail_is_left_in_peace_for_a_while() {
    let thumbnailer = thumbnailer(Config { passed_thumbnail_interval: Duration::ZERO, ..config() });
    let hub = Hub::new(RingLimits::default());
    let publisher = on_air(&hub, 2);
    let mut reader = publisher.broadcast().ordered_thumbnails();
    publisher.broadcast().order_thumbnails(order(100, 64, 36));
    let lost = || thumbnailer.figures.ordered_thumbnails_lost.load(Ordering::Relaxed);
    with_run(&thumbnailer, publisher, async |publisher| {
        let (tracks, frames) = film("green", "320x180", "");
        publisher.set_tracks(tracks);
        let noise = [&[0, 0, 0, 200, 0x65][..], &[0xa7; 199]].concat();
        publisher.push(Frame { data: noise.into(), ..frames[0].clone() });
        while lost() == 0 {
            sleep(Duration::from_millis(5)).await;
        }
        let mut pts = frames[1].pts;
        let made = loop {
            publisher.push(Frame { pts, dts: pts, ..frames[1].clone() });
            pts += Ticks::from_millis(200);
            if let Ok(Some(Ordered::Thumbnail(made))) =
                tokio::time::timeout(Duration::from_millis(300), reader.next()).await
            {
                break made;
            }
        };
        assert!(made.pts > frames[1].pts && lost() > 1, "some were not tried");
    })
    .await;
}
