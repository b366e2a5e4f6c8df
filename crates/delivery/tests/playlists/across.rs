//! What holds between the renditions of one stream: the same media at the same numbers, reports that are true, and a
//! multivariant playlist that names them.
//!
//! Promise: knows the texts alone, as `rules.rs` does.

use std::collections::BTreeMap;

use crate::reader::{Attributes, Playlist, Segment, attributes, quoted};

/// How two playlists of the same form differ that must not (6.2.4).
pub(crate) fn misaligned(one: &Playlist, other: &Playlist) -> Option<String> {
    let promised = |list: &Playlist| {
        (list.version, list.target, list.part_target.map(f64::to_bits), list.control.clone())
    };
    if promised(one) != promised(other) {
        return Some(format!("{:?} beside {:?}", promised(one), promised(other)));
    }
    let theirs: BTreeMap<u64, &Segment> = other.numbered().collect();
    one.numbered().find_map(|(number, ours)| {
        let theirs = theirs.get(&number)?;
        let same = (ours.date, ours.discontinuity) == (theirs.date, theirs.discontinuity)
            && (ours.uri.is_empty() || theirs.uri.is_empty() || is_same_length(ours, theirs))
            && has_same_parts(ours, theirs);
        (!same).then(|| format!("{number}: {ours:?} beside {theirs:?}"))
    })
}

#[expect(clippy::float_cmp, reason = "read from the same digits")]
fn is_same_length(one: &Segment, other: &Segment) -> bool {
    one.duration == other.duration
}

/// As far as both tell of them; a finished segment has no more parts than the same one elsewhere.
fn has_same_parts(one: &Segment, other: &Segment) -> bool {
    let lengths = |segment: &Segment| -> Vec<u64> {
        segment.parts.iter().map(|part| part.duration.to_bits()).collect()
    };
    let (ours, theirs) = (lengths(one), lengths(other));
    let both = ours.len().min(theirs.len());
    let are_whole = !one.uri.is_empty() && !other.uri.is_empty() && both > 0;
    ours[..both] == theirs[..both] && (!are_whole || ours.len() == theirs.len())
}

/// What a low-latency playlist tells of others that is not how far they are: `others` are they, under the URIs that
/// they have to it.
pub(crate) fn misreported<'a>(
    now: &Playlist,
    others: impl Iterator<Item = (String, &'a Playlist)>,
) -> Option<String> {
    let expected: BTreeMap<String, (u64, u64)> =
        others.filter_map(|(uri, list)| Some((uri, last_part(list)?))).collect();
    let number =
        |report: &Attributes, name: &str| report.get(name).and_then(|value| value.parse::<u64>().ok());
    let told: Option<BTreeMap<_, _>> = now
        .reports
        .iter()
        .map(|report| {
            let last = (number(report, "LAST-MSN")?, number(report, "LAST-PART")?);
            Some((quoted(report, "URI").ok()?, last))
        })
        .collect();
    let is_true = told.as_ref() == Some(&expected) && now.reports.len() == expected.len();
    (!is_true).then(|| format!("{told:?} for {expected:?}"))
}

/// The last part that is there, of a segment that is finished or is not.
fn last_part(list: &Playlist) -> Option<(u64, u64)> {
    let (number, segment) = list.numbered().next_back()?;
    Some((number, segment.parts.len().checked_sub(1)? as u64))
}

/// A line of the multivariant playlist.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Variant {
    pub(crate) uri: String,
    pub(crate) tags: Attributes,
    /// Of its EXT-X-MEDIA.
    pub(crate) media: Attributes,
}

impl Variant {
    pub(crate) fn folder(&self) -> &str {
        self.uri.rsplit('/').nth(1).unwrap_or("")
    }

    /// What is wrong with its line.
    pub(crate) fn fault(&self) -> Option<String> {
        let text = |list: &Attributes, name: &str| quoted(list, name).unwrap_or_default();
        let rate = |name: &str| self.tags.get(name).and_then(|value| value.parse::<u64>().ok());
        let (codecs, has_size) = (text(&self.tags, "CODECS"), self.tags.contains_key("RESOLUTION"));
        let is_named = text(&self.tags, "VIDEO") == text(&self.media, "GROUP-ID");
        let is_shown = codecs.contains("avc1.");
        let has_rate = self.tags.contains_key("FRAME-RATE");
        let fits = is_named
            && is_shown == has_size
            && (is_shown || !has_rate)
            && rate("BANDWIDTH") >= rate("AVERAGE-BANDWIDTH")
            && !self.tags.contains_key("CLOSED-CAPTIONS");
        (!fits).then(|| format!("{self:?}"))
    }
}

/// Reads a multivariant playlist.
///
/// # Errors
/// What is wrong with it.
pub(crate) fn variants(text: &str) -> Result<Vec<Variant>, String> {
    let mut lines = text.lines();
    let mut found: Vec<Variant> = Vec::new();
    let mut media = None;
    while let Some(line) = lines.next() {
        match line.split_once(':') {
            Some(("#EXT-X-MEDIA", list)) => media = Some(attributes(list)?),
            Some(("#EXT-X-STREAM-INF", list)) => {
                let uri =
                    lines.next().filter(|uri| !uri.starts_with('#')).ok_or("4.4.6.2: no URI")?.to_owned();
                let media = media.take().ok_or("IVS reference, 4.2: no EXT-X-MEDIA before it")?;
                found.push(Variant { uri, tags: attributes(list)?, media });
            }
            _ => {}
        }
    }
    let mut uris: Vec<_> = found.iter().map(|variant| &variant.uri).collect();
    uris.sort();
    uris.dedup();
    if uris.len() == found.len() { Ok(found) } else { Err("a rendition twice".into()) }
}
