//! The multivariant playlist: the way in, for one viewer.
//!
//! Promise: every rendition's URI carries the viewer's pass and names one form of its playlist; no rendition is
//! told that is larger than the viewer may have.

use std::net::IpAddr;
use std::sync::Arc;
use std::time::SystemTime;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use domain::MultitrackResolution;
use live::{Broadcast, Init, Segment, Snapshot};
use media::hls::{MultivariantPlaylist, Variant, rendition_name};
use media::{AvcParams, Ticks};
use serde_json::{Value, json};

use super::Form;
use super::media_text::server_time;
use crate::entropy;
use crate::pass::Pass;
use crate::path::{RENDITION, channel_name};

/// Lines that a picture may have at most, or columns where it stands upright (user guide, "Generate and Sign IVS
/// Playback Tokens": as much as the claim says or less).
fn lines(cap: MultitrackResolution) -> u32 {
    match cap {
        MultitrackResolution::Sd => 480,
        MultitrackResolution::Hd => 720,
        MultitrackResolution::FullHd => 1_080,
    }
}

/// One viewer's way in.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Viewing<'a> {
    /// Stands in the path of all that is named.
    pub(crate) pass: &'a Pass,
    /// Which of a rendition's playlists the viewer's player reads.
    pub(crate) form: Form,
    /// Where the viewer is, if it can be told.
    pub(crate) country: Option<&'a str>,
    /// The viewer's address.
    pub(crate) address: IpAddr,
    /// The time.
    pub(crate) now: SystemTime,
    /// This server.
    pub(crate) node: &'a str,
    /// What the viewer may have at most.
    pub(crate) cap: Option<MultitrackResolution>,
}

/// The multivariant playlist for a viewer; `None` when no rendition is small enough: what the claim promises (as
/// much or less, never more) weighs more than that there is a picture.
pub(crate) fn multivariant(
    broadcast: &Broadcast,
    snapshot: &Snapshot,
    viewing: &Viewing<'_>,
) -> Option<Bytes> {
    let init = newest_init(snapshot)?;
    let height = init.tracks.video.as_ref().map_or(0, |video| video.height);
    let name = rendition_name(height, snapshot.terms.frame_rate);
    let uri = playlist_uri(broadcast, viewing, RENDITION);
    let source = Variant {
        uri: &uri,
        group: &name,
        name: &name,
        bandwidth: peak(snapshot),
        average_bandwidth: Some(average(&snapshot.listed)),
        tracks: &init.tracks,
        frame_rate: snapshot.terms.frame_rate,
    };
    let (variants, withheld) = capped(vec![source], viewing.cap);
    if variants.is_empty() {
        return None;
    }
    let data = session_data(broadcast, viewing, &withheld);
    let session_data: Vec<_> = data.iter().map(|(id, value)| (*id, value.as_str())).collect();
    // A group of pictures longer than a segment is cut within, so independence can't be promised.
    let playlist = MultivariantPlaylist {
        independent_segments: false,
        session_data: &session_data,
        variants: &variants,
    };
    Some(Bytes::from(playlist.to_string()))
}

fn newest_init(snapshot: &Snapshot) -> Option<&Arc<Init>> {
    let newest = snapshot.open.as_ref().map(|open| &open.init);
    newest.or_else(|| snapshot.listed.last().map(|segment| &segment.init))
}

/// Relative to the multivariant playlist. Rendition reports resolve to the same.
fn playlist_uri(broadcast: &Broadcast, viewing: &Viewing<'_>, rendition: &str) -> String {
    let (channel, stream) = (channel_name(broadcast.channel()), broadcast.stream());
    format!("{channel}/{stream}/{}/{rendition}/{}", viewing.pass, viewing.form.file())
}

/// Those that a viewer may have, and the others. Sound alone is for all.
fn capped(
    variants: Vec<Variant<'_>>,
    cap: Option<MultitrackResolution>,
) -> (Vec<Variant<'_>>, Vec<Variant<'_>>) {
    let most = cap.map_or(u32::MAX, lines);
    let fits = |video: &AvcParams| video.width.min(video.height) <= most;
    variants.into_iter().partition(|variant| variant.tracks.video.as_ref().is_none_or(fits))
}

/// What the IVS player shows its application of the session (IVS reference, 4.2), as far as it has a true value
/// here.
fn session_data(
    broadcast: &Broadcast,
    viewing: &Viewing<'_>,
    withheld: &[Variant<'_>],
) -> Vec<(&'static str, String)> {
    let region = broadcast.channel().region.to_string();
    let on_air = viewing.now.duration_since(broadcast.started()).unwrap_or_default();
    let mut data = vec![
        ("NODE", viewing.node.to_owned()),
        ("MANIFEST-NODE-TYPE", "weaver_cluster".to_owned()),
        ("MANIFEST-NODE", viewing.node.to_owned()),
        ("SERVER-TIME", server_time(viewing.now)),
        ("USER-IP", viewing.address.to_string()),
        ("SERVING-ID", serving_id()),
        ("CLUSTER", region.clone()),
        ("MANIFEST-CLUSTER", region.clone()),
        ("VIDEO-SESSION-ID", broadcast.stream().to_string()),
        ("BROADCAST-ID", broadcast.stream().to_string()),
        ("STREAM-TIME", format!("{:.6}", on_air.as_secs_f64())),
        ("FUTURE", "true".to_owned()),
        ("ORIGIN", region.clone()),
        ("REGION", region),
    ];
    data.extend(viewing.country.map(|country| ("USER-COUNTRY", country.to_owned())));
    if !withheld.is_empty() {
        data.push(("com.amazon.ivs.unavailable-media", unavailable(withheld)));
    }
    data
}

/// Names one answer in whatever a player reports of it; tells nothing else.
fn serving_id() -> String {
    let mut bytes = [0; 16];
    entropy::fill(&mut bytes);
    format!("{:032x}", u128::from_be_bytes(bytes))
}

/// Renditions that are there and not for this viewer, as the IVS player reads them.
fn unavailable(withheld: &[Variant<'_>]) -> String {
    let told = withheld.iter().map(|variant| {
        let mut told = json!({
            "IVS_NAME": variant.name,
            "STABLE-VARIANT-ID": variant.group,
            "BANDWIDTH": variant.bandwidth,
            "CODECS": variant.codecs(),
        });
        if let Some(video) = &variant.tracks.video {
            told["RESOLUTION"] = json!(format!("{}x{}", video.width, video.height));
        }
        if let Some(rate) = variant.frame_rate {
            told["FRAME-RATE"] = json!(rate);
        }
        told
    });
    STANDARD.encode(Value::Array(told.collect()).to_string())
}

/// The highest bit rate of a segment, of those that are at least half a target duration long if there are
/// any (4.4.6.2).
fn peak(snapshot: &Snapshot) -> u64 {
    let half = snapshot.terms.target().count() / 2;
    let rate = |segment: &Arc<Segment>| average(std::slice::from_ref(segment));
    let long = snapshot.listed.iter().filter(|segment| segment.duration.count() >= half).map(rate).max();
    long.or_else(|| snapshot.listed.iter().map(rate).max()).unwrap_or(0)
}

/// Bits a second over these segments, rounded up.
fn average(segments: &[Arc<Segment>]) -> u64 {
    let bytes: u64 =
        segments.iter().flat_map(|segment| segment.parts.iter()).map(|part| part.data.len() as u64).sum();
    let ticks = segments.iter().fold(Ticks::ZERO, |sum, segment| sum + segment.duration).count();
    let per_second = Ticks::PER_SECOND.unsigned_abs().saturating_mul(8);
    bytes.saturating_mul(per_second).div_ceil(ticks.max(1).unsigned_abs())
}

#[cfg(test)]
mod tests {
    use media::Tracks;
    use testkit::Film;

    use super::*;

    fn tracks(width: u32, height: u32) -> Tracks {
        Film { width, height, ..Film::default() }.tracks()
    }

    fn variant<'a>(name: &'a str, tracks: &'a Tracks) -> Variant<'a> {
        Variant {
            uri: name,
            group: name,
            name,
            bandwidth: 3_000_000,
            average_bandwidth: None,
            tracks,
            frame_rate: Some(30.0),
        }
    }

    #[test]
    fn no_rendition_is_larger_than_the_viewer_may_have() {
        let sizes = [(1_920, 1_080), (1_280, 720), (852, 480), (480, 852), (640, 360), (1_082, 1_920)];
        let all = sizes.map(|(width, height)| tracks(width, height));
        let sound = Film { picture: false, ..Film::default() }.tracks();
        let names = |cap| -> Vec<usize> {
            let number = |at: usize| ["0", "1", "2", "3", "4", "5", "6"][at];
            let variants = all.iter().chain([&sound]).enumerate();
            let (kept, withheld) =
                capped(variants.map(|(at, tracks)| variant(number(at), tracks)).collect(), cap);
            assert_eq!(kept.len() + withheld.len(), 7);
            kept.iter().map(|variant| variant.name.parse().expect("a number")).collect()
        };
        assert_eq!(names(None), [0, 1, 2, 3, 4, 5, 6]);
        assert_eq!(names(Some(MultitrackResolution::FullHd)), [0, 1, 2, 3, 4, 6]);
        assert_eq!(names(Some(MultitrackResolution::Hd)), [1, 2, 3, 4, 6]);
        assert_eq!(names(Some(MultitrackResolution::Sd)), [2, 3, 4, 6]);
    }

    #[test]
    fn what_is_withheld_is_told_as_the_ivs_player_reads_it() {
        let (large, small) = (tracks(1_920, 1_080), tracks(640, 360));
        let (_, withheld) = capped(
            vec![variant("1080p30", &large), variant("360p30", &small)],
            Some(MultitrackResolution::Hd),
        );
        let told = STANDARD.decode(unavailable(&withheld)).expect("base64");
        let told: Value = serde_json::from_slice(&told).expect("JSON");
        assert_eq!(told.as_array().map(Vec::len), Some(1));
        assert_eq!(told[0]["IVS_NAME"], "1080p30");
        assert_eq!(told[0]["RESOLUTION"], "1920x1080");
        assert_eq!(told[0]["BANDWIDTH"], 3_000_000);
        assert_eq!(told[0]["FRAME-RATE"], 30.0);
        assert_eq!(told[0]["CODECS"], withheld[0].codecs());
    }
}
