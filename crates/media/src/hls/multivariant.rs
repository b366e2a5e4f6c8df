//! The multivariant playlist, in the shape of IVS's first generation.
//!
//! Promise: codecs and sizes are those of the tracks themselves; each variant's `EXT-X-MEDIA` line stands
//! directly before its `EXT-X-STREAM-INF` (IVS reference, captures of production).

use std::fmt;

use super::text::{Quoted, UriLine};
use crate::frame::{AacParams, AvcParams, Tracks};

/// One rendition.
#[derive(Clone, Copy, Debug)]
pub struct Variant<'a> {
    /// Its media playlist; every rendition report must tell exactly this URI.
    pub uri: &'a str,
    /// Its GROUP-ID, for example `720p30`.
    pub group: &'a str,
    /// Its NAME as players show it.
    pub name: &'a str,
    /// Peak bits a second of any segment.
    pub bandwidth: u64,
    /// Average bits a second over the segments, if known.
    pub average_bandwidth: Option<u64>,
    /// What it is coded as.
    pub tracks: &'a Tracks,
    /// Largest frames a second of the picture, if known; three decimals are written. Without a picture, none.
    pub frame_rate: Option<f64>,
}

/// A multivariant playlist; `Display` writes it.
#[derive(Clone, Debug)]
pub struct MultivariantPlaylist<'a> {
    /// Every segment of every rendition begins with a keyframe. Say so only when cutting makes it true.
    pub independent_segments: bool,
    /// `EXT-X-SESSION-DATA` identifiers and values.
    pub session_data: &'a [(&'a str, &'a str)],
    /// The renditions, in the order to be listed.
    pub variants: &'a [Variant<'a>],
}

/// The name of a rendition by its height and rate: `720p30`.
///
/// The rate is rounded to whole frames; one that is unknown or not finite leaves the bare height.
pub fn rendition_name(height: u32, frame_rate: Option<f64>) -> String {
    match frame_rate.filter(|rate| rate.is_finite() && *rate > 0.0) {
        Some(rate) => format!("{height}p{rate:.0}"),
        None => format!("{height}p"),
    }
}

impl fmt::Display for MultivariantPlaylist<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("#EXTM3U\n")?;
        if self.independent_segments {
            f.write_str("#EXT-X-INDEPENDENT-SEGMENTS\n")?;
        }
        for (id, value) in self.session_data {
            writeln!(f, "#EXT-X-SESSION-DATA:DATA-ID={},VALUE={}", Quoted(id), Quoted(value))?;
        }
        self.variants.iter().try_for_each(|variant| variant.put(f))
    }
}

impl Variant<'_> {
    fn put(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (group, name) = (Quoted(self.group), Quoted(self.name));
        // Nobody is to end up with sound alone who did not ask for it.
        let automatic = if self.tracks.video.is_some() { "YES" } else { "NO" };
        write!(f, "#EXT-X-MEDIA:TYPE=VIDEO,GROUP-ID={group},NAME={name}")?;
        writeln!(f, ",AUTOSELECT={automatic},DEFAULT={automatic}")?;
        write!(f, "#EXT-X-STREAM-INF:BANDWIDTH={}", self.bandwidth)?;
        if let Some(average) = self.average_bandwidth {
            write!(f, ",AVERAGE-BANDWIDTH={average}")?;
        }
        if let Some(video) = &self.tracks.video {
            write!(f, ",RESOLUTION={}x{}", video.width, video.height)?;
        }
        write!(f, ",CODECS={},VIDEO={group}", Quoted(&self.codecs()))?;
        let has_pictures = self.tracks.video.is_some();
        if let Some(rate) = self.frame_rate.filter(|rate| has_pictures && rate.is_finite() && *rate > 0.0) {
            write!(f, ",FRAME-RATE={rate:.3}")?;
        }
        // Nothing is said of closed captions: there may be some, and players look for them unless told otherwise.
        writeln!(f, "\n{}", UriLine(self.uri))
    }

    /// Its CODECS.
    pub fn codecs(&self) -> String {
        let video = self.tracks.video.as_ref().map(AvcParams::codec);
        let audio = self.tracks.audio.as_ref().map(AacParams::codec);
        video.into_iter().chain(audio).collect::<Vec<_>>().join(",")
    }
}
