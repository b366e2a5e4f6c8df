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
use media::Ticks;
use media::hls::{MultivariantPlaylist, Variant};
use serde_json::{Value, json};

use super::Form;
use super::media_text::server_time;
use crate::entropy;
use crate::error::Error;
use crate::feed::{Feed, newest_init};
use crate::pass::Pass;
use crate::path::channel_name;

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

/// A rendition as it is told of.
struct Told {
    snapshot: Arc<Snapshot>,
    init: Arc<Init>,
    uri: String,
    names: [String; 2],
    bandwidth: u64,
    /// Of what is listed; 0 where there is nothing.
    average: u64,
    /// It is for this viewer.
    fits: bool,
}

impl Told {
    /// `None` as long as there is nothing on its shelf.
    fn of(feed: &Feed, viewing: &Viewing<'_>) -> Option<Self> {
        let snapshot = feed.shelf().latest()?;
        let init = Arc::clone(newest_init(&snapshot)?);
        let promised = feed.terms().map_or(0, |terms| terms.bandwidth);
        let average = average(whole(&snapshot));
        Some(Self {
            uri: playlist_uri(feed, viewing),
            names: feed.names(&snapshot),
            // Short segments, which don't count as a peak, may lift the average above it.
            bandwidth: promised.max(peak(&snapshot)).max(average),
            average,
            fits: feed.fits(&snapshot, viewing.cap),
            snapshot,
            init,
        })
    }

    fn variant(&self) -> Variant<'_> {
        let [group, name] = &self.names;
        Variant {
            uri: &self.uri,
            group,
            name,
            bandwidth: self.bandwidth,
            average_bandwidth: Some(self.average).filter(|average| *average > 0),
            tracks: &self.init.tracks,
            frame_rate: self.snapshot.terms.frame_rate,
        }
    }
}

/// The multivariant playlist for a viewer: of these renditions, those that are small enough.
///
/// # Errors
/// [`Error::Entitlement`] when none is: what the claim promises (as much or less, never more) weighs more than that
/// there is a picture. [`Error::Offline`] when there is nothing to be told.
pub(crate) fn multivariant(feeds: &[Feed], viewing: &Viewing<'_>) -> Result<Bytes, Error> {
    let told: Vec<_> = feeds.iter().filter_map(|feed| Told::of(feed, viewing)).collect();
    let broadcast = feeds.first().map(Feed::broadcast).filter(|_| !told.is_empty()).ok_or(Error::Offline)?;
    let of = |fits| -> Vec<_> { told.iter().filter(|told| told.fits == fits).map(Told::variant).collect() };
    let (variants, withheld) = (of(true), of(false));
    if variants.is_empty() {
        return Err(Error::Entitlement);
    }
    let data = session_data(broadcast, viewing, &withheld);
    let session_data: Vec<_> = data.iter().map(|(id, value)| (*id, value.as_str())).collect();
    // A group of pictures longer than a segment is cut within, so independence can't be promised.
    let playlist = MultivariantPlaylist {
        independent_segments: false,
        session_data: &session_data,
        variants: &variants,
    };
    Ok(Bytes::from(playlist.to_string()))
}

/// Relative to the multivariant playlist. Rendition reports resolve to the same.
fn playlist_uri(feed: &Feed, viewing: &Viewing<'_>) -> String {
    let broadcast = feed.broadcast();
    let (channel, stream) = (channel_name(broadcast.channel()), broadcast.stream());
    format!("{channel}/{stream}/{}/{}/{}", viewing.pass, feed.folder(), viewing.form.file())
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

/// Listed segments of which nothing is missing.
fn whole(snapshot: &Snapshot) -> impl Iterator<Item = &Segment> + Clone {
    snapshot.listed.iter().map(|segment| &**segment).filter(|segment| !segment.is_gap())
}

/// The highest bit rate of a segment, of those that are at least half a target duration long if there are
/// any (4.4.6.2).
fn peak(snapshot: &Snapshot) -> u64 {
    let half = snapshot.terms.target().count() / 2;
    let rate = |segment: &Segment| average(std::iter::once(segment));
    let long = whole(snapshot).filter(|segment| segment.duration.count() >= half).map(rate).max();
    long.or_else(|| whole(snapshot).map(rate).max()).unwrap_or(0)
}

/// Bits a second over these segments, rounded up.
fn average<'a>(segments: impl Iterator<Item = &'a Segment> + Clone) -> u64 {
    let parts = segments.clone().flat_map(|segment| segment.parts.iter());
    let bytes: u64 = parts.map(|part| part.data.len() as u64).sum();
    let ticks = segments.fold(Ticks::ZERO, |sum, segment| sum + segment.duration).count();
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
    fn what_is_withheld_is_told_as_the_ivs_player_reads_it() {
        let large = tracks(1_920, 1_080);
        let withheld = [variant("1080p30", &large)];
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
