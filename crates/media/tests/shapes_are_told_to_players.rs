//! Pixels that are not square: read from what encoders send, told to players.
//!
//! Promise: ffprobe says how a player shows it, from the init segment alone as far as it can.

use std::process::Command;

use bytes::Bytes;
use media::avc::{self, AccessUnit};
use media::fmp4::{Fragment, Sample, init_segment};
use media::ts::{Demuxer, UnitKind};
use media::{AvcParams, Tracks};
use mp4_atom::{Codec, Decode, Ftyp, Moov};

/// One picture of an encoder, and its parameters.
fn encoded(size: &str, aspect: &str) -> (AvcParams, Bytes) {
    let output = Command::new("ffmpeg")
        .args(["-v", "error", "-f", "lavfi", "-i", &format!("color=c=gray:s={size}:r=1:d=1")])
        .args(["-vf", &format!("setsar={aspect}"), "-c:v", "libx264", "-preset", "ultrafast"])
        .args(["-pix_fmt", "yuv420p", "-threads", "1", "-f", "mpegts", "-"])
        .output()
        .expect("ffmpeg is installed");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let mut demuxer = Demuxer::new();
    demuxer.push(&output.stdout);
    demuxer.end();
    let unit = std::iter::from_fn(|| demuxer.next()).find(|unit| unit.kind == UnitKind::Video);
    let read = AccessUnit::from_annex_b(&unit.expect("a picture").data);
    (read.params(None).expect("a keyframe has its parameters"), read.picture)
}

fn told(params: &AvcParams, picture: &Bytes) -> String {
    let tracks = Tracks { video: Some(params.clone()), audio: None };
    let video = [Sample { duration: 90_000, composition: 0, keyframe: true, data: picture.clone() }];
    let fragment =
        Fragment { sequence: 1, events: &[], video_time: 0, video: &video, audio_time: 0, audio: &[] };
    let folder = tempfile::tempdir().expect("a temporary folder");
    let file = folder.path().join("film.mp4");
    let film = [init_segment(&tracks), fragment.encode().expect("small")].concat();
    std::fs::write(&file, film).expect("the folder is writable");
    let output = Command::new("ffprobe")
        .args(["-v", "warning", "-show_entries"])
        .args(["stream=width,height,sample_aspect_ratio,display_aspect_ratio", "-of", "csv=p=0"])
        .arg(&file)
        .output()
        .expect("ffprobe is installed");
    assert_eq!(String::from_utf8_lossy(&output.stderr), "");
    String::from_utf8_lossy(&output.stdout).trim().to_owned()
}

#[test]
fn the_shape_of_pixels_comes_from_the_encoder_and_goes_to_players() {
    for (size, aspect, expected, shown) in [
        // Rows of the standard's table, and two numbers that are written out.
        ("640x360", "1/1", (1, 1), "640,360,1:1,16:9"),
        ("720x576", "16/11", (16, 11), "720,576,16:11,20:11"),
        ("1440x1080", "4/3", (4, 3), "1440,1080,4:3,16:9"),
        ("704x480", "17/20", (17, 20), "704,480,17:20,187:150"),
    ] {
        let (params, picture) = encoded(size, aspect);
        assert_eq!(params.pixel_aspect, expected, "{size} {aspect}");
        assert_eq!(told(&params, &picture), shown);
        assert_eq!(avc::parse_record(&params.record), Ok(params));
    }
}

#[test]
fn a_pixel_that_can_not_be_is_square() {
    for (aspect, expected) in [("200/3", (1, 1)), ("3/200", (1, 1)), ("8/1", (8, 1)), ("1/8", (1, 8))] {
        assert_eq!(encoded("64x64", aspect).0.pixel_aspect, expected, "{aspect}");
    }
}

#[test]
fn the_tracks_size_is_the_one_that_is_shown() {
    let boxes = |params: AvcParams| {
        let init = init_segment(&Tracks { video: Some(params), audio: None });
        let mut init = &init[..];
        Ftyp::decode(&mut init).expect("a file type");
        let moov = Moov::decode(&mut init).expect("a movie");
        let track = moov.trak.first().expect("a picture").clone();
        let Some(Codec::Avc1(entry)) = track.mdia.minf.stbl.stsd.codecs.first().cloned() else {
            panic!("H.264")
        };
        let pasp = entry.pasp.map(|pasp| (pasp.h_spacing, pasp.v_spacing));
        (track.tkhd.width.integer(), track.tkhd.height.integer(), pasp)
    };
    let (params, _) = encoded("1440x1080", "4/3");
    assert_eq!(boxes(params.clone()), (1_920, 1_080, Some((4, 3))));
    assert_eq!(boxes(AvcParams { pixel_aspect: (1, 1), ..params.clone() }), (1_440, 1_080, None));
    // What does not fit the field is told by the pixels' shape alone.
    let wide = AvcParams { width: 16_384, pixel_aspect: (8, 1), ..params };
    assert_eq!(boxes(wide), (16_384, 1_080, Some((8, 1))));
}
