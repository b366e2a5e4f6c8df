//! The encoder: what `ffmpeg` is told, so that it codes the pictures of one rung.
//!
//! Promise: keyframes stand where the source has them and nowhere else, no picture waits for later ones unless that
//! is configured, and the bits keep to the rung's rate.

use crate::{Config, Encoder, Picture};

/// What stands before the inputs: the device that codes, where it is one.
pub(crate) fn device(config: &Config) -> Vec<String> {
    let words: &[&str] = match config.encoder {
        Encoder::X264 | Encoder::Nvenc | Encoder::V4l2 => &[],
        Encoder::Vaapi => &["-init_hw_device", "vaapi=coder", "-filter_hw_device", "coder"],
        Encoder::Qsv => &["-init_hw_device", "qsv=coder", "-filter_hw_device", "coder"],
    };
    words.iter().map(|word| (*word).to_owned()).collect()
}

/// The last step of each rung's chain of filters: pictures as the encoder takes them.
pub(crate) fn intake(config: &Config) -> &'static str {
    match config.encoder {
        Encoder::X264 | Encoder::Nvenc | Encoder::V4l2 => "format=yuv420p",
        Encoder::Vaapi => "format=nv12,hwupload",
        Encoder::Qsv => "format=nv12,hwupload=extra_hw_frames=16",
    }
}

/// What stands before a rung's output, for its video; its stream is the only video of that output.
pub(crate) fn options(config: &Config, picture: &Picture) -> Vec<String> {
    let rate = picture.bit_rate;
    let mut words = vec![
        "-c:v".to_owned(),
        "libx264".to_owned(),
        "-preset".to_owned(),
        config.speed.clone(),
        "-b:v".to_owned(),
        rate.to_string(),
        "-maxrate".to_owned(),
        rate.to_string(),
        "-bufsize".to_owned(),
        rate.to_string(),
    ];
    let rest = "-tune zerolatency -profile:v main -threads 1 -force_key_frames source -forced-idr 1 \
                -sc_threshold 0 -g 100000 -bf 0 -a53cc 0 -enc_time_base 1/90000 -fps_mode passthrough";
    words.extend(rest.split_ascii_whitespace().map(str::to_owned));
    words
}
