//! The encoder: what `ffmpeg` is told, so that it codes the pictures of one rung.
//!
//! Promise: keyframes stand where the source has them and nowhere else, no picture waits for later ones unless that
//! is configured, and the bits keep to the rung's rate.
//!
//! What trials found necessary, each by a run that failed without it:
//!
//! - `-enc_time_base 1/90000` and `-fps_mode passthrough`: else times snap to whole pictures.
//! - `-force_key_frames source` with `-forced-idr 1 -sc_threshold 0` and a group longer than any source's: else the
//!   encoder puts keyframes of its own.
//! - x264's `fps` and `force-cfr=0`: `ffmpeg` tells the encoder the source's rate, so a rung that leaves out every
//!   second picture got half of its bits.
//! - `-level:v`: told no rate, or a wrong one, the encoder writes a level that is not true.
//! - Slices for large pictures: `ffmpeg` before 7 runs all encoders one after the other, so one core must do for a
//!   whole ladder of 60 pictures a second. Two slices cost 0.0001 of SSIM at 480p; threads that take whole pictures
//!   cost none, but each delays by a picture.
//! - Buffers of one second: half a second lost 0.0008 of SSIM at 160p; with more, peaks differ more from what
//!   playlists say.

mod level;

use crate::{Config, Encoder, Picture};

/// What all encoders are told. Captions are copied beside them (by [`crate::worker`]), so that it works for each of
/// them.
const ALWAYS: &str = "-enc_time_base 1/90000 -fps_mode passthrough -force_key_frames source";
/// Pictures from one keyframe to the next, if the source had none; no encoder here takes more.
const LONGEST_GROUP: &str = "65000";
/// As many coded pixels a second are one thread's share of a rung.
const PIXELS_A_THREAD: u64 = 14_000_000;
/// More slices than this cost more than they give.
const MOST_THREADS: u64 = 4;

/// What stands before the inputs: the device that codes, where it is one.
pub(crate) fn device(config: &Config) -> Vec<String> {
    words(match config.encoder {
        Encoder::X264 | Encoder::Nvenc | Encoder::V4l2 => "",
        Encoder::Vaapi => "-init_hw_device vaapi=coder -filter_hw_device coder",
        Encoder::Qsv => "-init_hw_device qsv=coder -filter_hw_device coder",
    })
    .collect()
}

/// The last step of each rung's chain of filters: pictures as the encoder takes them.
pub(crate) fn intake(config: &Config) -> &'static str {
    match config.encoder {
        Encoder::X264 | Encoder::Nvenc | Encoder::V4l2 => "format=yuv420p",
        Encoder::Vaapi => "format=nv12,hwupload",
        Encoder::Qsv => "format=nv12,hwupload=extra_hw_frames=16",
    }
}

/// The name by which `ffmpeg` knows it.
pub(crate) fn name(encoder: Encoder) -> &'static str {
    match encoder {
        Encoder::X264 => "libx264",
        Encoder::Nvenc => "h264_nvenc",
        Encoder::Vaapi => "h264_vaapi",
        Encoder::Qsv => "h264_qsv",
        Encoder::V4l2 => "h264_v4l2m2m",
    }
}

/// What stands before a rung's output, for its video; its stream is the only video of that output.
pub(crate) fn options(config: &Config, picture: &Picture) -> Vec<String> {
    let rate = told_rate(config.encoder, picture).to_string();
    let level = level::of(picture);
    let rates = format!("-b:v {rate} -maxrate {rate} -bufsize {rate}");
    let shape = format!("-profile:v main -level:v {level} -g {LONGEST_GROUP} -bf {}", config.b_frames);
    let own = match config.encoder {
        Encoder::X264 => x264(config, picture),
        Encoder::Nvenc => nvenc(config),
        Encoder::Vaapi => vaapi(config),
        Encoder::Qsv => qsv(config),
        // Its driver knows neither profile nor level by these names, and holds as few pictures as it may.
        Encoder::V4l2 => "-num_output_buffers 6 -num_capture_buffers 4".to_owned(),
    };
    let shape = if config.encoder == Encoder::V4l2 { format!("-g {LONGEST_GROUP}") } else { shape };
    let codec = format!("-c:v {}", name(config.encoder));
    [&codec, ALWAYS, &rates, &shape, &own].into_iter().flat_map(words).collect()
}

/// Encoders but x264 can't be told that they get half of the source's pictures: they are told twice the bits.
fn told_rate(encoder: Encoder, picture: &Picture) -> u64 {
    let is_misled = picture.is_halved && encoder != Encoder::X264;
    u64::from(picture.bit_rate) * if is_misled { 2 } else { 1 }
}

fn x264(config: &Config, picture: &Picture) -> String {
    let rate = picture.frame_rate.clamp(1.0, 1_000.0);
    let ahead = config.lookahead;
    let waiting = if config.lookahead == 0 && config.b_frames == 0 {
        "-tune zerolatency".to_owned()
    } else {
        format!("-rc-lookahead {ahead}")
    };
    // What the tuning would say, and what would undo the rest of it: a look-ahead in a thread of its own, and
    // threads that each hold a picture. Without CABAC, which `ultrafast` leaves out, it would not be profile Main.
    let inner = format!("fps={rate:.3}:force-cfr=0:sliced-threads=1:sync-lookahead=0:cabac=1");
    let threads = threads(config, picture);
    format!(
        "-preset {} {waiting} -threads {threads} -forced-idr 1 -sc_threshold 0 -a53cc 0 -x264-params {inner}",
        config.speed
    )
}

fn threads(config: &Config, picture: &Picture) -> u64 {
    let cores = || std::thread::available_parallelism().map_or(1, std::num::NonZero::get) as u64;
    let allowed = if config.threads == 0 { cores() } else { u64::from(config.threads) };
    picture.pixels().div_ceil(PIXELS_A_THREAD).clamp(1, MOST_THREADS.min(allowed))
}

fn nvenc(config: &Config) -> String {
    let speed = match config.speed.as_str() {
        "ultrafast" | "superfast" => "p1",
        "veryfast" => "p2",
        "faster" => "p3",
        own => own,
    };
    format!(
        "-preset {speed} -tune ll -rc cbr -rc-lookahead {} -no-scenecut 1 -forced-idr 1 -zerolatency 1 -delay 0 \
         -a53cc 0",
        config.lookahead
    )
}

fn vaapi(config: &Config) -> String {
    // Its scale is the driver's own; 7 is the fastest that Intel's knows, and others take the nearest.
    let speed = match config.speed.as_str() {
        "ultrafast" | "superfast" => 7,
        "veryfast" => 6,
        "faster" | "fast" => 5,
        "medium" => 4,
        _ => 2,
    };
    format!("-rc_mode CBR -quality {speed} -async_depth 1 -sei timing+recovery_point")
}

fn qsv(config: &Config) -> String {
    let speed = match config.speed.as_str() {
        "ultrafast" | "superfast" => "veryfast",
        own => own,
    };
    let ahead = match config.lookahead {
        0 => String::new(),
        pictures => format!("-look_ahead 1 -look_ahead_depth {pictures}"),
    };
    format!("-preset {speed} -async_depth 1 -forced_idr 1 -idr_interval 0 -a53cc 0 {ahead}")
}

fn words(text: &str) -> impl Iterator<Item = String> {
    text.split_ascii_whitespace().map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::{device, options};
    use crate::{Config, Encoder, Picture};

    const PICTURE: Picture = Picture {
        width: 852,
        height: 480,
        frame_rate: 25.0,
        is_halved: true,
        bit_rate: 1_400_000,
        lines: 480,
        keeps_rate: false,
    };

    fn told(config: &Config, picture: &Picture) -> String {
        options(config, picture).join(" ")
    }

    #[test]
    fn a_halved_rung_gets_all_of_its_bits_from_every_encoder() {
        let config = Config::default();
        assert!(told(&config, &PICTURE).contains("-b:v 1400000 "));
        assert!(told(&config, &PICTURE).contains("fps=25.000:force-cfr=0"));
        for encoder in [Encoder::Nvenc, Encoder::Vaapi, Encoder::Qsv, Encoder::V4l2] {
            let config = Config { encoder, ..Config::default() };
            assert!(told(&config, &PICTURE).contains("-b:v 2800000 "));
            let whole = Picture { is_halved: false, ..PICTURE };
            assert!(told(&config, &whole).contains("-b:v 1400000 "));
        }
    }

    #[test]
    fn nothing_waits_for_later_pictures_unless_that_is_configured() {
        let at_once = told(&Config::default(), &PICTURE);
        assert!(at_once.contains("-tune zerolatency") && at_once.contains("-bf 0 "));
        let patient = told(&Config { lookahead: 10, b_frames: 2, ..Config::default() }, &PICTURE);
        assert!(!patient.contains("zerolatency"));
        assert!(patient.contains("-rc-lookahead 10") && patient.contains("-bf 2 "));
    }

    #[test]
    fn large_pictures_are_cut_into_as_many_slices_as_there_may_be_threads() {
        let large = Picture { width: 1280, height: 720, frame_rate: 60.0, ..PICTURE };
        let threads = |threads, picture| told(&Config { threads, ..Config::default() }, picture);
        assert!(threads(8, &large).contains("-threads 4 "));
        assert!(threads(2, &large).contains("-threads 2 "));
        assert!(threads(1, &large).contains("-threads 1 "));
        assert!(threads(8, &PICTURE).contains("-threads 1 "));
    }

    #[test]
    fn encoders_that_are_devices_are_opened_before_anything_is_read() {
        for (encoder, has_device) in [(Encoder::X264, false), (Encoder::Vaapi, true), (Encoder::Qsv, true)] {
            assert_eq!(device(&Config { encoder, ..Config::default() }).is_empty(), !has_device);
        }
    }

    #[test]
    fn speeds_in_x264s_words_have_a_meaning_for_others() {
        let of = |encoder, speed: &str| {
            told(&Config { encoder, speed: speed.to_owned(), ..Config::default() }, &PICTURE)
        };
        assert!(of(Encoder::Nvenc, "veryfast").contains("-preset p2 "));
        assert!(of(Encoder::Nvenc, "p6").contains("-preset p6 "));
        assert!(of(Encoder::Qsv, "ultrafast").contains("-preset veryfast "));
        assert!(of(Encoder::Vaapi, "veryfast").contains("-quality 6 "));
    }
}
