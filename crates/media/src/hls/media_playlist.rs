//! The media playlist: of low-latency HLS, of the IVS player's low latency, of plain HLS.
//!
//! Promise: tags come in the order that players insist on (parts before their `EXTINF`, then what is to be
//! prefetched, the hint and the reports last), and a delta update is the full text with its skipped segments
//! cut out.

use std::fmt;
use std::time::SystemTime;

use super::text::{DateTime, Quoted, Seconds, UriLine};
use crate::ticks::Ticks;

/// What low latency promises. It must not change while a session lasts; players fail or stall when it does
/// (4.4.3.7, 4.4.3.8).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ServerControl {
    /// No part is longer.
    pub part_target: Ticks,
    /// How far from the end low-latency players stay: at least twice, better 3.5 times, `part_target`.
    pub part_hold_back: Ticks,
    /// How far from the end other players stay: at least three times the target duration.
    pub hold_back: Ticks,
    /// The Skip Boundary, at least six times the target duration; `None`: no delta updates.
    pub can_skip_until: Option<Ticks>,
}

/// A part: complete and ready to be fetched, or known to be missing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Part<'a> {
    /// Where it is, relative to the playlist.
    pub uri: &'a str,
    /// Its length.
    pub duration: Ticks,
    /// It begins with a keyframe.
    pub independent: bool,
    /// There is nothing to be fetched (4.4.4.9, GAP).
    pub gap: bool,
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
    /// It can't be fetched (4.4.4.7); so it is as soon as one of its parts is missing.
    pub gap: bool,
    /// Its parts; leave them empty when the segment is older than three target durations.
    pub parts: Vec<Part<'a>>,
}

/// Neighbouring segments without parts that were written before, since they are the same in many playlists.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Past<'a> {
    /// As [`past`] wrote them.
    pub text: &'a str,
    /// How many there are.
    pub segments: usize,
    /// How long they are together.
    pub duration: Ticks,
    /// The init segment of the last one.
    pub map: Option<&'a str>,
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

/// A span of time with something to say of it, which lasts until another of its class begins (4.4.5.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DateRange<'a> {
    /// Its ID. The same one must always come with the same values.
    pub id: &'a str,
    /// Its CLASS.
    pub class: &'a str,
    /// When it begins.
    pub start: SystemTime,
    /// Names of attributes, which begin with `X-`, and their values.
    pub attributes: &'a [(&'a str, &'a str)],
}

/// How far another rendition is (4.4.5.4).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Report<'a> {
    /// Its playlist. Once resolved it must be what the multivariant playlist tells, or players ignore it.
    pub uri: &'a str,
    /// The number of its last segment, also of one that has parts only.
    pub last_segment: u64,
    /// The last part of that segment, counted from zero.
    pub last_part: u64,
}

/// A playlist; `Display` writes it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MediaPlaylist<'a> {
    /// Whole seconds; no segment's duration, rounded to the nearest second, exceeds it.
    pub target_duration: u32,
    /// The terms of low latency. Without them no part, hint or report is written, and nothing is skipped.
    pub control: Option<ServerControl>,
    /// Media before the first segment, in the tags of the IVS player.
    pub elapsed: Option<Ticks>,
    /// Told in full in each playlist, also in a delta update.
    pub date_ranges: &'a [DateRange<'a>],
    /// Number of the first segment.
    pub media_sequence: u64,
    /// Discontinuities that have left the list.
    pub discontinuity_sequence: u64,
    /// What is listed before `segments`, oldest first.
    pub past: &'a [Past<'a>],
    /// The complete segments, oldest first.
    pub segments: Vec<Segment<'a>>,
    /// The segment in the making.
    pub growing: Option<Growing<'a>>,
    /// Where the segment in the making and those after it will be: a server sends them as they grow. Not written
    /// after the end.
    pub prefetch: &'a [&'a str],
    /// Where the next part will be (a server holds a request for it until it is there). Not written after
    /// the end.
    pub hint: Option<&'a str>,
    /// Of the other renditions; one of a rendition's own would send players in a circle. Not written after the
    /// end.
    pub reports: &'a [Report<'a>],
    /// Nothing will be added.
    pub ended: bool,
    /// Write a delta update that leaves out this many segments (no less of a [`Past`] than all of it); see
    /// [`Self::skippable`].
    pub skip: Option<usize>,
}

impl MediaPlaylist<'_> {
    /// Which protocol version's tags it has (section 8): `EXT-X-SKIP` needs 9, `EXT-X-MAP` 6, durations with
    /// decimals 3. A low-latency playlist is 9 with and without skipped segments: one number for the session beats
    /// one that depends on how a playlist was asked for.
    pub fn version(&self) -> u8 {
        let has_maps = self.past.iter().any(|past| past.map.is_some())
            || self.segments.iter().any(|segment| segment.map.is_some());
        match self.control {
            Some(_) => 9,
            None if has_maps => 6,
            None => 3,
        }
    }

    /// How many segments a delta update may leave out: those that end before the Skip Boundary (4.4.3.8).
    ///
    /// `None` when there are none, or delta updates are off: then the full playlist is the answer.
    pub fn skippable(&self) -> Option<usize> {
        let boundary = self.control?.can_skip_until?;
        let growing = self.growing.iter().flat_map(|growing| &growing.parts);
        let mut behind = growing.fold(Ticks::ZERO, |sum, part| sum + part.duration);
        let mut keeps = |duration: Ticks| {
            let is_near = behind < boundary;
            behind += duration;
            is_near
        };
        let kept = self.segments.iter().rev().take_while(|segment| keeps(segment.duration)).count();
        let blocks = match kept < self.segments.len() {
            true => 0,
            false => self.past.iter().rev().take_while(|past| keeps(past.duration)).count(),
        };
        let gone = self.past.iter().rev().skip(blocks).map(|past| past.segments).sum::<usize>();
        Some(gone + self.segments.len() - kept).filter(|skipped| *skipped > 0)
    }

    /// What a delta update tells, of what is before and what is listed with parts, and how many it skips.
    fn told(&self) -> (&[Past<'_>], &[Segment<'_>], usize) {
        let mut wanted = self.skip.filter(|_| self.control.is_some()).unwrap_or(0);
        let (mut blocks, mut skipped) = (0, 0);
        while let Some(past) = self.past.get(blocks).filter(|past| past.segments <= wanted) {
            wanted -= past.segments;
            skipped += past.segments;
            blocks += 1;
        }
        let gone = if blocks < self.past.len() { 0 } else { wanted.min(self.segments.len()) };
        (&self.past[blocks..], &self.segments[gone..], skipped + gone)
    }

    fn put_header(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "#EXTM3U\n#EXT-X-VERSION:{}", self.version())?;
        writeln!(f, "#EXT-X-TARGETDURATION:{}", self.target_duration)?;
        self.control.iter().try_for_each(|control| put_control(f, control))?;
        writeln!(f, "#EXT-X-MEDIA-SEQUENCE:{}", self.media_sequence)?;
        writeln!(f, "#EXT-X-DISCONTINUITY-SEQUENCE:{}", self.discontinuity_sequence)?;
        if let Some(elapsed) = self.elapsed {
            writeln!(f, "#EXT-X-NET-LIVE-VIDEO-LIVE-SEQUENCE:{}", self.media_sequence)?;
            writeln!(f, "#EXT-X-NET-LIVE-VIDEO-ELAPSED-SECS:{}", Seconds(elapsed))?;
        }
        self.date_ranges.iter().try_for_each(|range| put_range(f, range))
    }

    /// What follows the last complete segment; `map` is its.
    fn put_edge(&self, f: &mut fmt::Formatter<'_>, map: Option<&str>) -> fmt::Result {
        if let Some(growing) = self.growing.as_ref().filter(|growing| !growing.parts.is_empty()) {
            if self.control.is_some() {
                put_opening(f, growing.discontinuity, growing.map, map, growing.wall)?;
                put_parts(f, &growing.parts)?;
            } else if !self.prefetch.is_empty() {
                put_change(f, growing.discontinuity, growing.map, map)?;
            }
        }
        if self.ended {
            return f.write_str("#EXT-X-ENDLIST\n");
        }
        self.prefetch.iter().try_for_each(|uri| writeln!(f, "#EXT-X-PREFETCH:{}", UriLine(uri)))?;
        if self.control.is_some() {
            if let Some(hint) = self.hint {
                writeln!(f, "#EXT-X-PRELOAD-HINT:TYPE=PART,URI={}", Quoted(hint))?;
            }
            self.reports.iter().try_for_each(|report| put_report(f, report))?;
        }
        Ok(())
    }
}

impl fmt::Display for MediaPlaylist<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.put_header(f)?;
        let is_low = self.control.is_some();
        let (past, listed, skipped) = self.told();
        if skipped > 0 {
            writeln!(f, "#EXT-X-SKIP:SKIPPED-SEGMENTS={skipped}")?;
        }
        past.iter().try_for_each(|past| f.write_str(past.text))?;
        // A player has the map of what it skips from the playlist before.
        let before = self.segments.len() - listed.len();
        let mut map = match before.checked_sub(1) {
            Some(last) => self.segments[last].map,
            None => self.past.last().and_then(|past| past.map),
        };
        for segment in listed {
            put_opening(f, segment.discontinuity, segment.map, map, segment.wall)?;
            if is_low {
                put_parts(f, &segment.parts)?;
            }
            put_segment(f, segment)?;
            map = segment.map;
        }
        self.put_edge(f, map)
    }
}

/// Writes neighbouring segments without their parts, as they stand in every playlist. The init segment of the
/// first one is told again, so that a playlist may begin here.
pub fn past(segments: &[Segment<'_>]) -> String {
    let mut text = String::new();
    let mut map = None;
    for segment in segments {
        let put = |f: &mut fmt::Formatter<'_>| {
            put_opening(f, segment.discontinuity, segment.map, map, segment.wall)?;
            put_segment(f, segment)
        };
        text.push_str(&fmt::from_fn(put).to_string());
        map = segment.map;
    }
    text
}

fn put_segment(f: &mut fmt::Formatter<'_>, segment: &Segment<'_>) -> fmt::Result {
    // After the parts: of a segment in the making nobody can say it.
    if segment.gap {
        f.write_str("#EXT-X-GAP\n")?;
    }
    writeln!(f, "#EXTINF:{},live\n{}", Seconds(segment.duration), UriLine(segment.uri))
}

fn put_control(f: &mut fmt::Formatter<'_>, control: &ServerControl) -> fmt::Result {
    let ServerControl { part_target, part_hold_back, hold_back, can_skip_until } = *control;
    write!(f, "#EXT-X-SERVER-CONTROL:CAN-BLOCK-RELOAD=YES,PART-HOLD-BACK={}", Seconds(part_hold_back))?;
    write!(f, ",HOLD-BACK={}", Seconds(hold_back))?;
    if let Some(boundary) = can_skip_until {
        write!(f, ",CAN-SKIP-UNTIL={}", Seconds(boundary))?;
    }
    writeln!(f, "\n#EXT-X-PART-INF:PART-TARGET={}", Seconds(part_target))
}

fn put_range(f: &mut fmt::Formatter<'_>, range: &DateRange<'_>) -> fmt::Result {
    let (id, class, start) = (Quoted(range.id), Quoted(range.class), DateTime(range.start));
    write!(f, "#EXT-X-DATERANGE:ID={id},CLASS={class},START-DATE=\"{start}\",END-ON-NEXT=YES")?;
    range.attributes.iter().try_for_each(|(name, value)| write!(f, ",{name}={}", Quoted(value)))?;
    f.write_str("\n")
}

fn put_report(f: &mut fmt::Formatter<'_>, report: &Report<'_>) -> fmt::Result {
    let Report { uri, last_segment, last_part } = report;
    let uri = Quoted(uri);
    writeln!(f, "#EXT-X-RENDITION-REPORT:URI={uri},LAST-MSN={last_segment},LAST-PART={last_part}")
}

/// The tags that stand before a segment's first part.
fn put_opening(
    f: &mut fmt::Formatter<'_>,
    discontinuity: bool,
    map: Option<&str>,
    before: Option<&str>,
    wall: SystemTime,
) -> fmt::Result {
    put_change(f, discontinuity, map, before)?;
    writeln!(f, "#EXT-X-PROGRAM-DATE-TIME:{}", DateTime(wall))
}

/// What a player must know before it decodes what follows.
fn put_change(
    f: &mut fmt::Formatter<'_>,
    discontinuity: bool,
    map: Option<&str>,
    before: Option<&str>,
) -> fmt::Result {
    if discontinuity {
        f.write_str("#EXT-X-DISCONTINUITY\n")?;
    }
    match map.filter(|map| before != Some(map)) {
        Some(map) => writeln!(f, "#EXT-X-MAP:URI={}", Quoted(map)),
        None => Ok(()),
    }
}

fn put_parts(f: &mut fmt::Formatter<'_>, parts: &[Part<'_>]) -> fmt::Result {
    for part in parts {
        write!(f, "#EXT-X-PART:DURATION={},URI={}", Seconds(part.duration), Quoted(part.uri))?;
        f.write_str(match (part.gap, part.independent) {
            (true, _) => ",GAP=YES\n",
            (false, true) => ",INDEPENDENT=YES\n",
            (false, false) => "\n",
        })?;
    }
    Ok(())
}
