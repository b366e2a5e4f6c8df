//! What is seen and heard in a rung is what is seen and heard in the source at that time.

use std::io::Write;
use std::process::{Command, Stdio};

use bytes::Bytes;
use media::avc::{self, AccessUnit};
use media::fmp4::init_segment;
use media::ts::{AdtsFrames, Demuxer, UnitKind};

use super::*;
use crate::worker::clock::{Clock, LEAD};
use crate::worker::feed::Muxer;

/// Runs the program on these bytes, and gives what it says.
fn run(arguments: &str, input: &[u8]) -> Vec<u8> {
    let mut child = Command::new(config().ffmpeg)
        .args(["-hide_banner", "-loglevel", "error"])
        .args(arguments.split_ascii_whitespace())
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("ffmpeg is installed");
    let mut pipe = child.stdin.take().expect("it has one");
    let output = std::thread::scope(|scope| {
        scope.spawn(move || {
            // What only makes something reads nothing.
            let _ = pipe.write_all(input);
        });
        child.wait_with_output().expect("it ran")
    });
    assert!(output.status.success());
    output.stdout
}

/// A film made by `ffmpeg` itself.
pub(super) fn shoot(arguments: &str) -> (Tracks, Vec<Frame>) {
    let mut demuxer = Demuxer::new();
    demuxer.push(&run(&format!("{arguments} -muxdelay 0 -pes_payload_size 0 -f mpegts -"), &[]));
    demuxer.end();
    let (mut tracks, mut frames) = (Tracks::default(), Vec::new());
    for unit in std::iter::from_fn(|| demuxer.next()) {
        let (pts, dts) = unit.pts.zip(unit.dts).expect("it has a time");
        match unit.kind {
            UnitKind::Video => {
                let unit = AccessUnit::from_annex_b(&unit.data);
                tracks.video = unit.params(tracks.video.as_ref()).or(tracks.video);
                let (keyframe, data) = (unit.keyframe || unit.recovery_point, unit.picture);
                frames.push(Frame { track: TrackKind::Video, dts, pts, keyframe, data });
            }
            UnitKind::Audio => {
                let found = AdtsFrames::new(unit.data).next().expect("a frame");
                tracks.audio = found.header.params();
                let data = found.data;
                frames.push(Frame { track: TrackKind::Audio, dts, pts, keyframe: true, data });
            }
            UnitKind::Data(other) => panic!("a stream of type {other}"),
        }
    }
    frames.sort_by_key(|frame| frame.dts);
    (tracks, frames)
}

/// A job on such a film.
pub(super) fn job_on(tracks: &Tracks, rungs: Vec<Rung>) -> Job {
    Job { tracks: Arc::new(tracks.clone()), ladder: ladder(rungs), from: None }
}

/// Frames as a file, whose clock shows [`LEAD`] at time zero.
fn file(tracks: &Tracks, frames: &[Frame]) -> Vec<u8> {
    let mut muxer = Muxer::new(tracks, Some(Clock::at(Ticks::ZERO)));
    let mut bytes = init_segment(tracks).to_vec();
    frames.iter().for_each(|frame| bytes.extend_from_slice(&muxer.fragment(frame)));
    bytes
}

/// When there is something to be heard for the first time after a second of silence.
fn beep(tracks: &Tracks, frames: &[Frame]) -> f64 {
    let tracks = Tracks { video: None, audio: tracks.audio.clone() };
    let frames: Vec<_> = frames.iter().filter(|frame| frame.track == TrackKind::Audio).cloned().collect();
    let sound = run("-f mov -i pipe:0 -ac 1 -f s16le -", &file(&tracks, &frames));
    let samples: Vec<i16> = sound.chunks_exact(2).map(|two| i16::from_le_bytes([two[0], two[1]])).collect();
    let first = samples.iter().position(|sample| sample.abs() > 8_000).expect("it beeps");
    let rate = tracks.audio.as_ref().expect("there is sound").sample_rate;
    frames[0].pts.as_secs_f64() + f64::from(u32::try_from(first).expect("a short film")) / f64::from(rate)
}

/// How bright each picture is, by time.
fn brightness(tracks: &Tracks, frames: &[Frame]) -> Vec<(Ticks, u8)> {
    let tracks = Tracks { video: tracks.video.clone(), audio: None };
    let frames: Vec<_> = frames.iter().filter(|frame| frame.track == TrackKind::Video).cloned().collect();
    let arguments =
        "-f mov -i pipe:0 -vf scale=1:1:flags=area,format=gray -fps_mode passthrough -f rawvideo -";
    let pictures = run(arguments, &file(&tracks, &frames));
    let shown = times(&frames);
    assert_eq!(pictures.len(), shown.len(), "each picture is decoded");
    shown.into_iter().map(|(time, _)| time).zip(pictures).collect()
}

/// Half a second of dark and silence, a tenth of light and sound, and so on.
fn flashes(rate: &str, sample_rate: u32, more: &str) -> (Tracks, Vec<Frame>) {
    shoot(&format!(
        "-f lavfi -i color=black:s=320x180:r={rate}:d=2,drawbox=color=white:t=fill:enable='between(mod(t\\,1)\\,0.5\\,0.599)' \
         -f lavfi -i aevalsrc='if(between(mod(t\\,1)\\,0.5\\,0.6)\\,0.9*sin(2*PI*1000*t)\\,0)':s={sample_rate}:d=2 \
         -c:v libx264 -preset ultrafast -g 50 -pix_fmt yuv420p {more} -c:a aac -b:a 128k"
    ))
}

#[tokio::test]
async fn a_flash_and_a_beep_stay_where_they_were() {
    for (rate, sample_rate, more) in
        [("30", 48_000, "-bf 0"), ("50", 44_100, "-bf 2 -ac 2"), ("30000/1001", 32_000, "-bf 1")]
    {
        let (tracks, frames) = flashes(rate, sample_rate, more);
        let rungs = vec![
            rung(144, false, Sound::Coded(96_000)),
            rung(90, true, Sound::Coded(64_000)),
            Rung { picture: None, ..rung(1, false, Sound::Coded(64_000)) },
        ];
        let made = work(&config(), &job_on(&tracks, rungs), &frames).await;
        made.ended.as_ref().expect("it finished");
        let source = brightness(&tracks, &frames);
        let heard = beep(&tracks, &frames);
        for shown in &made.rungs {
            assert_eq!(shown.tracks.len(), 1);
            let moved = beep(&shown.tracks[0], &shown.sounds) - heard;
            assert!(moved.abs() < 0.002, "the beep moved by {moved} s");
        }
        for shown in &made.rungs[..2] {
            for (time, light) in brightness(&shown.tracks[0], &shown.pictures) {
                let wanted = source.iter().find(|(other, _)| *other == time).expect("a time of the source");
                assert!(light.abs_diff(wanted.1) < 12, "{light} for {wanted:?}");
            }
        }
        // Both rungs and the one without pictures share what was coded once at their rate.
        assert_eq!(made.rungs[1].sounds, made.rungs[2].sounds);
        assert!(made.rungs[2].pictures.is_empty());
    }
}

#[tokio::test]
async fn captions_come_with_the_pictures_that_they_belong_to() {
    let film = Film { frame_rate: (50, 1), gop: 25, b_frames: 2, sound: false, ..Film::default() };
    let mut frames = film.frames(Duration::from_secs(1));
    for frame in &mut frames {
        let word = u8::try_from(frame.pts.count() / 1_800 % 256).expect("bounded");
        let mut unit = vec![6, 4, 14, 0xb5, 0, 0x31];
        unit.extend_from_slice(b"GA94");
        unit.extend_from_slice(&[3, 0xc1, 0xff, 0xfc, word | 0x40, 0x80, 0xff, 0x80]);
        frame.data = avc::with_units(&frame.data, 4, &[Bytes::from(unit)]);
    }
    let rungs = vec![rung(90, false, Sound::None), rung(90, true, Sound::None)];
    let made = work(&config(), &job(&film, rungs), &frames).await;
    let said = |frames: &[Frame]| -> Vec<(Ticks, Vec<u8>)> {
        let mut said: Vec<_> = frames
            .iter()
            .map(|frame| (frame.pts, avc::caption_units(&frame.data, 4).map(|unit| unit[14]).collect()))
            .collect();
        said.sort();
        said
    };
    let source = said(&frames);
    assert_eq!(said(&made.rungs[0].pictures), source);
    let halved = said(&made.rungs[1].pictures);
    let mut rest = source.iter();
    for (time, words) in &halved {
        let wanted: Vec<u8> = rest
            .by_ref()
            .take(words.len())
            .inspect(|(other, _)| assert!(other <= time))
            .flat_map(|(_, words)| words.clone())
            .collect();
        assert_eq!(*words, wanted);
        assert!(words.len() <= 2);
    }
    assert!(rest.len() <= 1, "all but what no picture follows: {}", rest.len());
}

#[tokio::test]
async fn thumbnails_are_keyframes_an_interval_apart_in_the_shape_of_the_source() {
    let film = Film { width: 480, height: 852, gop: 15, b_frames: 1, ..Film::default() };
    let interval = Duration::from_millis(900);
    let config = Config { thumbnail_interval: interval, thumbnail_lines: 120, ..config() };
    let length = Duration::from_secs(4);
    let made = work(&config, &job(&film, vec![rung(90, false, Sound::None)]), &film.frames(length)).await;
    made.ended.expect("it finished");
    let keyframes = times(&film.pictures(length)).into_iter().filter(|(_, is_key)| *is_key);
    // Keyframes are half a second apart, so it is each second one.
    let wanted: Vec<_> = keyframes.map(|(time, _)| time).step_by(2).collect();
    assert_eq!(made.thumbnails.iter().map(|found| found.pts).collect::<Vec<_>>(), wanted);
    for found in &made.thumbnails {
        assert_eq!((found.width, found.height), (120, 214));
        assert_eq!(crate::jpeg::jpeg_size(&found.jpeg), Some((120, 214)));
    }
    // Also where there is nothing else to make.
    let alone = work(&config, &job(&film, Vec::new()), &film.frames(length)).await;
    assert_eq!(alone.thumbnails.len(), wanted.len());
}

#[test]
fn the_file_of_a_film_has_its_times() {
    let film = Film { width: 64, height: 64, sound: false, ..Film::default() };
    let bytes = file(&film.tracks(), &film.frames(Duration::from_millis(300)));
    let text =
        run("-copyts -f mov -i pipe:0 -fps_mode passthrough -enc_time_base 1/90000 -f framecrc -", &bytes);
    let text = String::from_utf8_lossy(&text).into_owned();
    let first = text.lines().find(|line| !line.starts_with('#')).expect("a picture");
    let time = first.split(',').nth(2).and_then(|time| time.trim().parse().ok());
    assert_eq!(time, Some(LEAD.count()), "{text}");
}
