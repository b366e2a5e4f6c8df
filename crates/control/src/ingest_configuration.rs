//! What a stream session says of the incoming media, as far as its codec headers tell.
//!
//! Promise: a number or a word is there only if the stream itself said so; what encoders announce beside
//! the media (their name, target bitrates) is not known here yet, and absent.

use api::ivs as wire;
use media::{AacParams, AvcParams, Tracks};

/// The only one: nobody can send several yet (API reference, `IngestConfigurations`).
const TRACK: &str = "Track0";

/// The deprecated form, which speaks of the first tracks alone.
pub(crate) fn configuration(tracks: &Tracks) -> wire::IngestConfiguration {
    let video = tracks.video.as_ref().map(|avc| {
        let video = video(avc);
        let (avc_level, avc_profile) = (video.level.clone(), video.profile.clone());
        wire::VideoConfiguration { avc_level, avc_profile, ..video }
    });
    wire::IngestConfiguration { audio: tracks.audio.as_ref().map(audio), video }
}

/// Of all tracks. The `avc…` members are for the deprecated form and empty here (API reference,
/// `VideoConfiguration`).
pub(crate) fn configurations(tracks: &Tracks) -> wire::IngestConfigurations {
    let empty = || Some(String::new());
    let video = |avc| wire::VideoConfiguration { avc_level: empty(), avc_profile: empty(), ..video(avc) };
    wire::IngestConfigurations {
        audio_configurations: tracks.audio.iter().map(audio).collect(),
        video_configurations: tracks.video.iter().map(video).collect(),
    }
}

fn audio(aac: &AacParams) -> wire::AudioConfiguration {
    wire::AudioConfiguration {
        channels: Some(aac.channels.into()),
        codec: Some(aac.codec()),
        sample_rate: Some(aac.sample_rate.into()),
        target_bitrate: None,
        track: Some(TRACK.to_owned()),
    }
}

fn video(avc: &AvcParams) -> wire::VideoConfiguration {
    wire::VideoConfiguration {
        codec: Some(avc.codec()),
        level: Some(level(avc)),
        profile: profile(avc.profile).map(str::to_owned),
        target_framerate: avc.frame_rate.map(whole),
        track: Some(TRACK.to_owned()),
        video_height: Some(avc.height.into()),
        video_width: Some(avc.width.into()),
        ..Default::default()
    }
}

#[expect(clippy::cast_possible_truncation, reason = "a parsed frame rate lies between 0.1 and 1 000")]
fn whole(frame_rate: f64) -> i64 {
    frame_rate.round() as i64
}

/// By its number alone, as in the sample of the user guide ("Monitoring stream health"), which calls
/// constrained baseline "Baseline". Names: ITU-T H.264, Annex A.
fn profile(number: u8) -> Option<&'static str> {
    match number {
        44 => Some("CAVLC 4:4:4 Intra"),
        66 => Some("Baseline"),
        77 => Some("Main"),
        88 => Some("Extended"),
        100 => Some("High"),
        110 => Some("High 10"),
        122 => Some("High 4:2:2"),
        244 => Some("High 4:4:4 Predictive"),
        _ => None,
    }
}

/// "4.0" for 40. Level 1b is 9, or 11 with constraint_set3_flag in the three oldest profiles (ITU-T H.264,
/// A.3.1 and A.3.2).
fn level(avc: &AvcParams) -> String {
    let old = matches!(avc.profile, 66 | 77 | 88);
    match avc.level {
        9 => "1b".to_owned(),
        11 if old && avc.constraints & 0x10 != 0 => "1b".to_owned(),
        level => format!("{}.{}", level / 10, level % 10),
    }
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;

    use super::*;

    fn avc(profile: u8, constraints: u8, level: u8) -> AvcParams {
        AvcParams {
            record: Bytes::new(),
            profile,
            constraints,
            level,
            length_size: 4,
            width: 1_920,
            height: 1_080,
            frame_rate: Some(29.97),
        }
    }

    /// The sample of the user guide, "Monitoring stream health".
    #[test]
    fn the_vendors_sample_reads_the_same() {
        let aac = AacParams { config: Bytes::new(), object_type: 2, sample_rate: 48_000, channels: 2 };
        let tracks = Tracks { video: Some(avc(66, 0xc0, 40)), audio: Some(aac) };
        let said = configuration(&tracks);
        let (video, audio) = (said.video.expect("a picture"), said.audio.expect("sound"));
        assert_eq!(video.codec.as_deref(), Some("avc1.42C028"));
        assert_eq!(video.avc_profile.as_deref(), Some("Baseline"));
        assert_eq!(video.avc_level.as_deref(), Some("4.0"));
        assert_eq!((video.video_width, video.video_height), (Some(1_920), Some(1_080)));
        assert_eq!(video.target_framerate, Some(30));
        assert_eq!(audio.codec.as_deref(), Some("mp4a.40.2"));
        assert_eq!((audio.channels, audio.sample_rate), (Some(2), Some(48_000)));
    }

    #[test]
    fn levels_have_their_names_of_the_standard() {
        for (profile, constraints, number, name) in [
            (100, 0, 42, "4.2"),
            (77, 0, 31, "3.1"),
            (66, 0xd0, 11, "1b"),
            (66, 0xc0, 11, "1.1"),
            (100, 0x10, 11, "1.1"),
            (100, 0, 9, "1b"),
            (100, 0, 62, "6.2"),
            (100, 0, 255, "25.5"),
        ] {
            assert_eq!(level(&avc(profile, constraints, number)), name);
        }
    }

    #[test]
    fn what_is_not_there_is_not_made_up() {
        let video = AvcParams { frame_rate: None, ..avc(118, 0, 40) };
        let tracks = Tracks { video: Some(video), audio: None };
        let said = configurations(&tracks);
        assert_eq!(said.audio_configurations, []);
        let video = &said.video_configurations[0];
        assert_eq!((video.target_framerate, video.profile.as_deref()), (None, None));
        assert_eq!((video.avc_level.as_deref(), video.avc_profile.as_deref()), (Some(""), Some("")));
        assert_eq!((video.level.as_deref(), video.track.as_deref()), (Some("4.0"), Some("Track0")));
    }
}
