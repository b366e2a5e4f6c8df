//! Settings of the ladder: whether, how and how much is transcoded.
//!
//! Promise: the transcoder's own words and numbers, each bounded.

use std::path::PathBuf;
use std::time::Duration;

use transcode::{Encoder, WhenFull};

use super::{ConfigError, Values, number};

/// What [`super::SETTINGS`] says of transcoding.
#[derive(Clone, Debug)]
pub struct TranscodeSettings(pub transcode::Config);

impl TranscodeSettings {
    pub(super) fn from_values(values: &Values<'_>) -> Result<Self, ConfigError> {
        Ok(Self(transcode::Config {
            is_on: values.needed("transcoding", |text| match text {
                "on" => Ok(true),
                "off" => Ok(false),
                _ => Err("on or off".to_owned()),
            })?,
            ffmpeg: values.needed("ffmpeg", |text| Ok(PathBuf::from(text)))?,
            encoder: values.needed("transcode_encoder", encoder)?,
            speed: values.needed("transcode_speed", word)?,
            lookahead: values.needed("transcode_lookahead", |text| small(text, 0, 60))?,
            b_frames: values.needed("transcode_b_frames", |text| small(text, 0, 3))?,
            capacity: values
                .wanted("transcode_capacity", |text| Ok(number(text, 1, 1 << 20)? * 1_000_000))?,
            when_full: values.needed("transcode_when_full", |text| match text {
                "degrade" => Ok(WhenFull::Degrade),
                "refuse" => Ok(WhenFull::Refuse),
                _ => Err("degrade or refuse".to_owned()),
            })?,
            threads: values.needed("transcode_threads", |text| small(text, 0, 256))?,
            memory: values.needed("transcode_memory_mb", |text| Ok(number(text, 128, 1 << 20)? << 20))?,
            nice: values
                .needed("transcode_nice", |text| Ok(u8::try_from(number(text, 0, 19)?).unwrap_or(19)))?,
            thumbnail_interval: values
                .needed("thumbnail_seconds", |text| Ok(Duration::from_secs(number(text, 0, 60)?)))?,
            passed_thumbnail_interval: values.needed("thumbnail_passed_seconds", |text| {
                Ok(Duration::from_secs(number(text, 0, 3_600)?))
            })?,
            thumbnail_lines: values.needed("thumbnail_lines", |text| small(text, 64, 1_080))?,
        }))
    }
}

fn small(text: &str, least: u64, most: u64) -> Result<u32, String> {
    Ok(u32::try_from(number(text, least, most)?).unwrap_or(u32::MAX))
}

fn encoder(text: &str) -> Result<Encoder, String> {
    match text {
        "x264" => Ok(Encoder::X264),
        "nvenc" => Ok(Encoder::Nvenc),
        "vaapi" => Ok(Encoder::Vaapi),
        "qsv" => Ok(Encoder::Qsv),
        "v4l2" => Ok(Encoder::V4l2),
        _ => Err("x264, nvenc, vaapi, qsv or v4l2".to_owned()),
    }
}

/// It stands on a command line: a word, and nothing that could be an option.
fn word(text: &str) -> Result<String, String> {
    let is_word =
        !text.is_empty() && text.len() <= 32 && text.bytes().all(|byte| byte.is_ascii_alphanumeric());
    is_word.then(|| text.to_owned()).ok_or_else(|| "a preset of the encoder, such as veryfast".to_owned())
}
