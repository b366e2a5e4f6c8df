//! What a session keeps of the media that come in.
//!
//! Promise: codecs, sizes and rates are those of the codec headers; what only the encoder's own word stands for is
//! kept as such (`target`), and what it can't mean is left out.

use domain::{IncomingAudio, IncomingMedia, IncomingVideo};
use media::{AacParams, AvcParams, Tracks};

use crate::rtmp::Announced;

/// Bits a second that can be meant.
const BITRATES: std::ops::RangeInclusive<f64> = 1.0..=1e12;
/// Pictures a second that can be meant.
const FRAME_RATES: std::ops::RangeInclusive<f64> = 0.5..=1_000.0;

/// What comes in, by the headers and by the encoder's word.
pub(super) fn incoming(tracks: &Tracks, announced: &Announced) -> IncomingMedia {
    IncomingMedia {
        video: tracks.video.as_ref().map(|params| video(params, announced)),
        audio: tracks.audio.as_ref().map(|params| audio(params, announced)),
    }
}

fn video(params: &AvcParams, announced: &Announced) -> IncomingVideo {
    let frame_rate = announced.frame_rate.or(params.frame_rate).filter(|rate| FRAME_RATES.contains(rate));
    IncomingVideo {
        codec: params.codec(),
        profile: params.profile_name().map(str::to_owned),
        level: params.level_name(),
        width: params.width,
        height: params.height,
        target_bitrate: bits(announced.video_kbps),
        target_frame_rate: frame_rate.map(whole),
        encoder: announced.encoder.clone(),
    }
}

fn audio(params: &AacParams, announced: &Announced) -> IncomingAudio {
    IncomingAudio {
        codec: params.codec(),
        channels: params.channels,
        sample_rate: params.sample_rate,
        target_bitrate: bits(announced.audio_kbps),
    }
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "it lies between 1 and 1e12")]
fn bits(kilobits: Option<f64>) -> Option<u64> {
    let bits = kilobits.map(|kilobits| (kilobits * 1e3).round());
    bits.filter(|bits| BITRATES.contains(bits)).map(|bits| bits as u64)
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "it lies between 0.5 and 1 000")]
fn whole(rate: f64) -> u32 {
    rate.round() as u32
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;

    use super::*;

    /// The sample of the user guide, "Monitoring stream health".
    #[test]
    fn the_vendors_sample_reads_the_same() {
        let video = AvcParams {
            record: Bytes::new(),
            profile: 66,
            constraints: 0xc0,
            level: 40,
            length_size: 4,
            width: 1_920,
            height: 1_080,
            pixel_aspect: (1, 1),
            frame_rate: Some(25.0),
        };
        let audio = AacParams { config: Bytes::new(), object_type: 2, sample_rate: 48_000, channels: 2 };
        let announced = Announced {
            encoder: Some("obs-output module (libobs version 27.0.1)".to_owned()),
            video_kbps: Some(3_500.0),
            audio_kbps: Some(160.0),
            frame_rate: Some(29.97),
            ..Announced::default()
        };
        let told = incoming(&Tracks { video: Some(video), audio: Some(audio) }, &announced);
        let (video, audio) = (told.video.expect("a picture"), told.audio.expect("sound"));
        assert_eq!((video.codec.as_str(), video.profile.as_deref()), ("avc1.42C028", Some("Baseline")));
        assert_eq!((video.level.as_str(), video.target_frame_rate), ("4.0", Some(30)));
        assert_eq!((video.target_bitrate, audio.target_bitrate), (Some(3_500_000), Some(160_000)));
        assert_eq!((audio.codec.as_str(), audio.channels), ("mp4a.40.2", 2));
    }

    #[test]
    fn what_can_not_be_meant_is_left_out() {
        for kilobits in [0.0, -1.0, f64::NAN, f64::INFINITY, 1e300, 1e-9] {
            assert_eq!(bits(Some(kilobits)), None, "{kilobits}");
        }
        assert_eq!(bits(Some(2_500.5)), Some(2_500_500));
    }
}
