//! What `media::fmp4` writes is decoded by ffmpeg, every frame of it, without a warning.
//!
//! Promise: the witness is independent: ffmpeg counts the frames and hashes the pictures, both of our
//! synthetic films and of what its own encoders sent as FLV.

use std::path::Path;
use std::process::Command;
use std::time::Duration;

use bytes::Bytes;
use media::flv::{AudioTag, VideoTag, parse_audio, parse_video};
use media::fmp4::{Fragment, Sample, init_segment};
use media::{Frame, Ticks, TrackKind, Tracks, aac, avc};
use testkit::Film;

/// Cuts frames into fragments of about 200 ms, as a packager does.
fn mux(tracks: &Tracks, frames: &[Frame]) -> Vec<u8> {
    let rate = tracks.audio.as_ref().map_or(48_000, |audio| audio.sample_rate);
    let video: Vec<_> = frames.iter().filter(|frame| frame.track == TrackKind::Video).collect();
    let audio: Vec<_> = frames.iter().filter(|frame| frame.track == TrackKind::Audio).collect();
    let audio_start = audio.first().map_or(0, |frame| frame.dts.to_scale(rate));
    let pictures: Vec<_> = (0..video.len())
        .map(|index| {
            let frame = video[index];
            let next = video.get(index + 1).map_or(frame.dts + Ticks::new(3_000), |next| next.dts);
            Sample {
                duration: u32::try_from((next - frame.dts).count()).expect("times rise"),
                composition: i32::try_from((frame.pts - frame.dts).count()).expect("a small offset"),
                keyframe: frame.keyframe,
                data: frame.data.clone(),
            }
        })
        .collect();
    let sounds: Vec<_> = audio
        .iter()
        .map(|frame| Sample {
            duration: aac::FRAME_SAMPLES,
            composition: 0,
            keyframe: true,
            data: frame.data.clone(),
        })
        .collect();
    let mut out = init_segment(tracks).to_vec();
    let pieces = pictures.len().div_ceil(6).max(sounds.len().div_ceil(9));
    for piece in 0..pieces {
        let cut = |length: usize, each: usize| (piece * each).min(length)..((piece + 1) * each).min(length);
        let (video_cut, audio_cut) = (cut(pictures.len(), 6), cut(sounds.len(), 9));
        let audio_time = audio_start + i64::try_from(audio_cut.start * 1_024).expect("small");
        let fragment = Fragment {
            sequence: u32::try_from(piece + 1).expect("small"),
            events: &[],
            video_time: video
                .get(video_cut.start)
                .map_or(0, |frame| u64::try_from(frame.dts.count()).expect("positive")),
            video: &pictures[video_cut],
            audio_time: u64::try_from(audio_time).expect("positive"),
            audio: &sounds[audio_cut],
        };
        out.extend_from_slice(&fragment.encode().expect("a small fragment"));
    }
    out
}

/// The hashes of all decoded frames of one stream, and what ffmpeg had to complain about.
fn decode(file: &Path, stream: &str) -> (Vec<String>, String) {
    let output = Command::new("ffmpeg")
        .args(["-v", "warning", "-nostdin", "-i"])
        .arg(file)
        .args(["-map", stream, "-fps_mode", "passthrough", "-f", "framemd5", "-"])
        .output()
        .expect("ffmpeg is installed");
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    let frames = text.lines().filter(|line| !line.starts_with('#'));
    let hash = |line: &str| line.rsplit(',').next().unwrap_or_default().trim().to_owned();
    (frames.map(hash).collect(), String::from_utf8_lossy(&output.stderr).into_owned())
}

#[test]
fn films_of_every_kind_decode_to_all_their_frames() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    for film in [
        Film::default(),
        Film { b_frames: 2, frame_rate: (60, 1), gop: 60, ..Film::default() },
        Film { b_frames: 3, gop: 50, frame_rate: (25, 1), sample_rate: 44_100, ..Film::default() },
        Film {
            frame_rate: (30_000, 1_001),
            channels: 1,
            start: Ticks::from_millis(1 << 33),
            ..Film::default()
        },
        Film { picture: false, ..Film::default() },
        Film { sound: false, b_frames: 1, width: 1_922, height: 1_082, ..Film::default() },
    ] {
        let frames = film.frames(Duration::from_secs(3));
        let file = folder.path().join("film.mp4");
        std::fs::write(&file, mux(&film.tracks(), &frames)).expect("the folder is writable");
        for (present, kind, stream) in
            [(film.picture, TrackKind::Video, "0:v"), (film.sound, TrackKind::Audio, "0:a")]
        {
            if present {
                let (decoded, complaints) = decode(&file, stream);
                assert_eq!(complaints, "", "{film:?}");
                let sent = frames.iter().filter(|frame| frame.track == kind).count();
                assert_eq!(decoded.len(), sent, "{film:?}");
            }
        }
    }
}

/// Reads the tags of an FLV file (annex E.3) as RTMP would bring them.
fn demux_flv(file: &[u8]) -> (Tracks, Vec<Frame>) {
    let (mut tracks, mut frames) = (Tracks::default(), Vec::new());
    let mut rest = &file[13..];
    while let Some((header, after)) = rest.split_first_chunk::<11>() {
        let [kind, high, middle, low, time @ .., _, _, _] = *header;
        let length = usize::try_from(u32::from_be_bytes([0, high, middle, low])).expect("24 bits");
        let millis = i64::from(u32::from_be_bytes([time[3], time[0], time[1], time[2]]));
        let body = Bytes::copy_from_slice(&after[..length]);
        rest = &after[length + 4..];
        let dts = Ticks::from_millis(millis);
        match kind {
            8 => match parse_audio(&body).expect("ffmpeg's tags are sound") {
                AudioTag::Header(params) => tracks.audio = Some(params),
                AudioTag::Frame(data) => {
                    frames.push(Frame { track: TrackKind::Audio, dts, pts: dts, keyframe: true, data });
                }
                AudioTag::Ignored => {}
            },
            9 => match parse_video(&body).expect("ffmpeg's tags are sound") {
                VideoTag::Header(params) => tracks.video = Some(params),
                VideoTag::Picture { keyframe, composition, data } => {
                    let keyframe = avc::starts_decoding(&data, 4, keyframe);
                    let pts = dts + composition;
                    frames.push(Frame { track: TrackKind::Video, dts, pts, keyframe, data });
                }
                VideoTag::End | VideoTag::Ignored => {}
            },
            _ => {}
        }
    }
    (tracks, frames)
}

#[test]
fn an_encoders_pictures_and_sound_come_through_bit_by_bit() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let (source, packed) = (folder.path().join("source.flv"), folder.path().join("packed.mp4"));
    let status = Command::new("ffmpeg")
        .args(["-v", "error", "-nostdin", "-f", "lavfi", "-i", "testsrc2=s=320x180:r=30:d=3"])
        .args(["-f", "lavfi", "-i", "sine=frequency=440:sample_rate=44100:duration=3"])
        .args(["-c:v", "libx264", "-pix_fmt", "yuv420p", "-bf", "3", "-g", "30", "-threads", "1"])
        .args(["-c:a", "aac", "-b:a", "96k"])
        .arg(&source)
        .status()
        .expect("ffmpeg is installed");
    assert!(status.success());
    let (tracks, frames) = demux_flv(&std::fs::read(&source).expect("just written"));
    let video = tracks.video.as_ref().expect("a picture was sent");
    assert_eq!((video.width, video.height, video.frame_rate), (320, 180, Some(30.0)));
    assert_eq!(video.codec(), "avc1.64000D");
    let keyframes = |frame: &&Frame| frame.track == TrackKind::Video && frame.keyframe;
    assert_eq!(frames.iter().filter(keyframes).count(), 3);
    assert_eq!(tracks.audio.as_ref().map(|audio| audio.sample_rate), Some(44_100));
    std::fs::write(&packed, mux(&tracks, &frames)).expect("the folder is writable");
    for stream in ["0:v", "0:a"] {
        let (decoded, complaints) = decode(&packed, stream);
        assert_eq!(complaints, "");
        assert_eq!(decoded, decode(&source, stream).0, "{stream}");
    }
}
