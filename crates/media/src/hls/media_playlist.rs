//! The media playlist of low-latency HLS.
//!
//! Promise: tags come in the order that players insist on (parts before their `EXTINF`, the hint last),
//! and a delta update is the full text with its skipped segments cut out.
//!
//! The version is always 9: `EXT-X-SKIP` needs it (section 8), and one number for the session beats one
//! that depends on how a playlist was asked for.

use std::fmt;
use std::time::SystemTime;

use super::text::{DateTime, Quoted, Seconds, UriLine};
use crate::ticks::Ticks;

/// What must not change while a session lasts; players fail or stall when it does (4.4.3.7, 4.4.3.8).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ServerControl {
    /// Whole seconds; no segment's duration, rounded to the nearest second, exceeds it.
    pub target_duration: u32,
    /// No part is longer.
    pub part_target: Ticks,
    /// How far from the end low-latency players stay: at least twice, better 3.5 times, `part_target`.
    pub part_hold_back: Ticks,
    /// How far from the end other players stay: at least three times `target_duration`.
    pub hold_back: Ticks,
    /// The Skip Boundary, at least six times `target_duration`; `None`: no delta updates.
    pub can_skip_until: Option<Ticks>,
}

/// A part, complete and ready to be fetched.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Part<'a> {
    /// Where it is, relative to the playlist.
    pub uri: &'a str,
    /// Its length.
    pub duration: Ticks,
    /// It begins with a keyframe.
    pub independent: bool,
}

/// A complete segment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Segment<'a> {
    /// Where it is, relative to the playlist.
    pub uri: &'a str,
    /// Its length as the media tells it.
    pub duration: Ticks,
    /// When its first sample was on air.
    pub wall: SystemTime,
    /// Its timeline or its coding does not continue the segment before it.
    pub discontinuity: bool,
    /// Its init segment, if its container has them; told on the first listed segment and where it changes.
    pub map: Option<&'a str>,
    /// Its parts; leave them empty when the segment is older than three target durations.
    pub parts: Vec<Part<'a>>,
}

/// The segment that is still being made: only its parts are listed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Growing<'a> {
    /// When its first sample was on air.
    pub wall: SystemTime,
    /// As in [`Segment`].
    pub discontinuity: bool,
    /// As in [`Segment`].
    pub map: Option<&'a str>,
    /// Its finished parts, at least one; before that there is nothing to list.
    pub parts: Vec<Part<'a>>,
}

/// A playlist; `Display` writes it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MediaPlaylist<'a> {
    /// The constants of the session.
    pub control: ServerControl,
    /// Number of the first segment.
    pub media_sequence: u64,
    /// Discontinuities that have left the list.
    pub discontinuity_sequence: u64,
    /// The complete segments, oldest first.
    pub segments: Vec<Segment<'a>>,
    /// The segment in the making.
    pub growing: Option<Growing<'a>>,
    /// Where the next part will be (a server holds a request for it until it is there). Not written after
    /// the end.
    pub hint: Option<&'a str>,
    /// Nothing will be added.
    pub ended: bool,
    /// Write a delta update that leaves out this many segments; see [`Self::skippable`].
    pub skip: Option<usize>,
}

impl MediaPlaylist<'_> {
    const VERSION: u8 = 9;

    /// How many segments a delta update may leave out: those that end before the Skip Boundary (4.4.3.8).
    ///
    /// `None` when there are none, or delta updates are off: then the full playlist is the answer.
    pub fn skippable(&self) -> Option<usize> {
        let boundary = self.control.can_skip_until?;
        let growing = self.growing.iter().flat_map(|growing| &growing.parts);
        let mut behind = growing.fold(Ticks::ZERO, |sum, part| sum + part.duration);
        let mut kept = 0;
        for segment in self.segments.iter().rev() {
            if behind >= boundary {
                break;
            }
            behind += segment.duration;
            kept += 1;
        }
        Some(self.segments.len() - kept).filter(|skipped| *skipped > 0)
    }

    fn put_header(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let ServerControl { target_duration, part_target, part_hold_back, hold_back, can_skip_until } =
            self.control;
        writeln!(f, "#EXTM3U\n#EXT-X-VERSION:{}", Self::VERSION)?;
        writeln!(f, "#EXT-X-TARGETDURATION:{target_duration}")?;
        write!(f, "#EXT-X-SERVER-CONTROL:CAN-BLOCK-RELOAD=YES,PART-HOLD-BACK={}", Seconds(part_hold_back))?;
        write!(f, ",HOLD-BACK={}", Seconds(hold_back))?;
        if let Some(boundary) = can_skip_until {
            write!(f, ",CAN-SKIP-UNTIL={}", Seconds(boundary))?;
        }
        writeln!(f, "\n#EXT-X-PART-INF:PART-TARGET={}", Seconds(part_target))?;
        writeln!(f, "#EXT-X-MEDIA-SEQUENCE:{}", self.media_sequence)?;
        writeln!(f, "#EXT-X-DISCONTINUITY-SEQUENCE:{}", self.discontinuity_sequence)
    }
}

impl fmt::Display for MediaPlaylist<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.put_header(f)?;
        let skipped = self.skip.unwrap_or(0).min(self.segments.len());
        if skipped > 0 {
            writeln!(f, "#EXT-X-SKIP:SKIPPED-SEGMENTS={skipped}")?;
        }
        let (gone, listed) = self.segments.split_at(skipped);
        // A player has the map of what it skips from the playlist before.
        let mut map = gone.last().and_then(|segment| segment.map);
        for segment in listed {
            put_opening(f, segment.discontinuity, segment.map, map, segment.wall)?;
            put_parts(f, &segment.parts)?;
            writeln!(f, "#EXTINF:{},live\n{}", Seconds(segment.duration), UriLine(segment.uri))?;
            map = segment.map;
        }
        if let Some(growing) = self.growing.as_ref().filter(|growing| !growing.parts.is_empty()) {
            put_opening(f, growing.discontinuity, growing.map, map, growing.wall)?;
            put_parts(f, &growing.parts)?;
        }
        match self.hint.filter(|_| !self.ended) {
            Some(hint) => writeln!(f, "#EXT-X-PRELOAD-HINT:TYPE=PART,URI={}", Quoted(hint))?,
            None if self.ended => f.write_str("#EXT-X-ENDLIST\n")?,
            None => {}
        }
        Ok(())
    }
}

/// The tags that stand before a segment's first part.
fn put_opening(
    f: &mut fmt::Formatter<'_>,
    discontinuity: bool,
    map: Option<&str>,
    before: Option<&str>,
    wall: SystemTime,
) -> fmt::Result {
    if discontinuity {
        f.write_str("#EXT-X-DISCONTINUITY\n")?;
    }
    if let Some(map) = map.filter(|map| before != Some(map)) {
        writeln!(f, "#EXT-X-MAP:URI={}", Quoted(map))?;
    }
    writeln!(f, "#EXT-X-PROGRAM-DATE-TIME:{}", DateTime(wall))
}

fn put_parts(f: &mut fmt::Formatter<'_>, parts: &[Part<'_>]) -> fmt::Result {
    for part in parts {
        write!(f, "#EXT-X-PART:DURATION={},URI={}", Seconds(part.duration), Quoted(part.uri))?;
        f.write_str(if part.independent { ",INDEPENDENT=YES\n" } else { "\n" })?;
    }
    Ok(())
}
