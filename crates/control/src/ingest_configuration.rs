//! What a stream session says of the incoming media.
//!
//! Promise: a number or a word is there only if the stream itself, or its encoder, said so.

use api::ivs as wire;
use domain::{IncomingAudio, IncomingMedia, IncomingVideo};

/// The only one: nobody can send several yet (API reference, `IngestConfigurations`).
const TRACK: &str = "Track0";

/// The deprecated form, which speaks of the first tracks alone.
pub(crate) fn configuration(incoming: &IncomingMedia) -> wire::IngestConfiguration {
    let video = incoming.video.as_ref().map(|incoming| {
        let video = video(incoming);
        let (avc_level, avc_profile) = (video.level.clone(), video.profile.clone());
        wire::VideoConfiguration { avc_level, avc_profile, ..video }
    });
    wire::IngestConfiguration { audio: incoming.audio.as_ref().map(audio), video }
}

/// Of all tracks. The `avc…` members are for the deprecated form and empty here (API reference,
/// `VideoConfiguration`).
pub(crate) fn configurations(incoming: &IncomingMedia) -> wire::IngestConfigurations {
    let empty = || Some(String::new());
    let video = |track| wire::VideoConfiguration { avc_level: empty(), avc_profile: empty(), ..video(track) };
    wire::IngestConfigurations {
        audio_configurations: incoming.audio.iter().map(audio).collect(),
        video_configurations: incoming.video.iter().map(video).collect(),
    }
}

fn audio(audio: &IncomingAudio) -> wire::AudioConfiguration {
    wire::AudioConfiguration {
        channels: Some(audio.channels.into()),
        codec: Some(audio.codec.clone()),
        sample_rate: Some(audio.sample_rate.into()),
        target_bitrate: audio.target_bitrate.map(bits),
        track: Some(TRACK.to_owned()),
    }
}

fn video(video: &IncomingVideo) -> wire::VideoConfiguration {
    wire::VideoConfiguration {
        avc_level: None,
        avc_profile: None,
        codec: Some(video.codec.clone()),
        encoder: video.encoder.clone(),
        level: Some(video.level.clone()),
        profile: video.profile.clone(),
        target_bitrate: video.target_bitrate.map(bits),
        target_framerate: video.target_frame_rate.map(i64::from),
        track: Some(TRACK.to_owned()),
        video_height: Some(video.height.into()),
        video_width: Some(video.width.into()),
    }
}

/// An encoder may announce anything.
fn bits(rate: u64) -> i64 {
    i64::try_from(rate).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn picture() -> IncomingVideo {
        IncomingVideo {
            codec: "avc1.42C028".to_owned(),
            profile: Some("Baseline".to_owned()),
            level: "4.0".to_owned(),
            width: 1_920,
            height: 1_080,
            target_bitrate: Some(3_500_000),
            target_frame_rate: Some(30),
            encoder: Some("obs-output module (libobs version 27.0.1)".to_owned()),
        }
    }

    /// The sample of the user guide, "Monitoring stream health".
    #[test]
    fn the_vendors_sample_reads_the_same() {
        let sound = IncomingAudio {
            codec: "mp4a.40.2".to_owned(),
            channels: 2,
            sample_rate: 48_000,
            target_bitrate: Some(160_000),
        };
        let incoming = IncomingMedia { video: Some(picture()), audio: Some(sound) };
        let said = configuration(&incoming);
        let (video, audio) = (said.video.expect("a picture"), said.audio.expect("sound"));
        assert_eq!(video.codec.as_deref(), Some("avc1.42C028"));
        assert_eq!(video.avc_profile.as_deref(), Some("Baseline"));
        assert_eq!(video.avc_level.as_deref(), Some("4.0"));
        assert_eq!(video.encoder.as_deref(), Some("obs-output module (libobs version 27.0.1)"));
        assert_eq!((video.video_width, video.video_height), (Some(1_920), Some(1_080)));
        assert_eq!((video.target_framerate, video.target_bitrate), (Some(30), Some(3_500_000)));
        assert_eq!(audio.codec.as_deref(), Some("mp4a.40.2"));
        assert_eq!((audio.channels, audio.sample_rate), (Some(2), Some(48_000)));
        assert_eq!(audio.target_bitrate, Some(160_000));
    }

    #[test]
    fn what_is_not_there_is_not_made_up() {
        let (profile, none) = (None, None);
        let video = IncomingVideo {
            profile,
            target_bitrate: None,
            target_frame_rate: none,
            encoder: None,
            ..picture()
        };
        let said = configurations(&IncomingMedia { video: Some(video), audio: None });
        assert_eq!(said.audio_configurations, []);
        let video = &said.video_configurations[0];
        assert_eq!((video.target_framerate, video.profile.as_deref()), (None, None));
        assert_eq!((video.target_bitrate, video.encoder.as_deref()), (None, None));
        assert_eq!((video.avc_level.as_deref(), video.avc_profile.as_deref()), (Some(""), Some("")));
        assert_eq!((video.level.as_deref(), video.track.as_deref()), (Some("4.0"), Some("Track0")));
    }

    #[test]
    fn an_absurd_announcement_fits_the_wire() {
        let video = IncomingVideo { target_bitrate: Some(u64::MAX), ..picture() };
        let said = configurations(&IncomingMedia { video: Some(video), audio: None });
        assert_eq!(said.video_configurations[0].target_bitrate, Some(i64::MAX));
    }
}
