//! What stands on the shelf: the terms of the session, initialisation sections, segments and their parts.
//!
//! Promise: all of it is immutable and shared. A segment is the list of its parts; its bytes are never
//! joined or copied.

use std::sync::{Arc, OnceLock};
use std::time::SystemTime;

use bytes::Bytes;
use domain::ContainerFormat;
use media::{Ticks, Tracks};

use crate::history::History;

/// What a session promised its players. Made once, before the first playlist; nothing can change it, since
/// players stop for good when these numbers move (draft-pantos-hls-rfc8216bis, 4.4.3.7 and 4.4.3.8).
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Terms {
    /// PART-TARGET: no part is longer.
    pub part_target: Ticks,
    /// EXT-X-TARGETDURATION in whole seconds: no segment's rounded length is more.
    pub target_duration: u32,
    /// PART-HOLD-BACK: how far from the live edge a low-latency player stays.
    pub part_hold_back: Ticks,
    /// HOLD-BACK: how far from it other players stay.
    pub hold_back: Ticks,
    /// CAN-SKIP-UNTIL: delta playlists may leave out what lies further than this from the edge.
    pub can_skip_until: Ticks,
    /// Pictures a second as measured when the terms were made.
    pub frame_rate: Option<f64>,
    /// Container of parts and segments.
    pub container: ContainerFormat,
}

impl Terms {
    /// The target duration as media time.
    pub fn target(&self) -> Ticks {
        Ticks::new(i64::from(self.target_duration) * Ticks::PER_SECOND)
    }
}

/// An initialisation section (EXT-X-MAP).
#[derive(Debug)]
pub struct Init {
    /// Which one of the session: 0, 1, …
    pub number: u32,
    /// `ftyp` and `moov`; empty in a container that needs none.
    pub data: Bytes,
    /// What it describes.
    pub tracks: Arc<Tracks>,
}

/// A finished part: whole fragments, playable after its segment's initialisation section, or whole transport
/// packets with tables of their own.
#[derive(Clone, Debug)]
pub struct Part {
    /// `moof` and `mdat`, or transport packets. Empty where nothing could be made of this time: a gap
    /// (EXT-X-PART, GAP=YES), of a rendition whose transcoder fell out.
    pub data: Bytes,
    /// How long it plays.
    pub duration: Ticks,
    /// It begins with a keyframe.
    pub independent: bool,
}

impl Part {
    /// Is there nothing in it that could be fetched?
    pub fn is_gap(&self) -> bool {
        self.data.is_empty()
    }
}

/// A finished segment.
#[derive(Debug)]
pub struct Segment {
    /// Its media sequence number: one more than the one before it.
    pub number: u64,
    /// The initialisation section it needs.
    pub init: Arc<Init>,
    /// Its media time doesn't continue that of the segment before it.
    pub discontinuity: bool,
    /// Wall clock time of its first picture.
    pub time: SystemTime,
    /// The sum of its parts' durations.
    pub duration: Ticks,
    /// Its bytes, in order; never empty.
    pub parts: Arc<[Part]>,
}

impl Segment {
    /// Is it not whole (EXT-X-GAP)?
    pub fn is_gap(&self) -> bool {
        self.parts.iter().any(Part::is_gap)
    }
}

/// The segment that is being made.
#[derive(Clone, Debug)]
pub struct Open {
    /// The media sequence number it will have.
    pub number: u64,
    /// The initialisation section it needs.
    pub init: Arc<Init>,
    /// Its media time doesn't continue that of the segment before it.
    pub discontinuity: bool,
    /// Wall clock time of its first picture.
    pub time: SystemTime,
    /// The parts finished so far; never empty.
    pub parts: Vec<Part>,
}

/// One text as it is sent. What is derived from it is kept with it.
#[derive(Debug, Default)]
pub struct Rendering {
    /// The text.
    pub plain: Bytes,
    /// The text, compressed by gzip; made by the first who wants it.
    pub gzip: OnceLock<Bytes>,
    /// What tells this text from others under its URL: characters that an entity tag may have (RFC 9110, 8.8.3).
    pub tag: Bytes,
    /// What stands before it in answers to a crowd, as whoever sends them writes it; made by the first of each kind.
    pub heads: [OnceLock<Bytes>; 4],
}

/// Media playlists made from a snapshot, kept with it so that any number of viewers cost one rendering.
#[derive(Debug, Default)]
pub struct Texts {
    /// With parts.
    pub low: OnceLock<Arc<Rendering>>,
    /// With parts, as a delta update.
    pub delta: OnceLock<Arc<Rendering>>,
    /// With segments to be prefetched.
    pub prefetch: OnceLock<Arc<Rendering>>,
    /// With neither.
    pub plain: OnceLock<Arc<Rendering>>,
}

/// All that can be fetched of a broadcast at one moment.
#[derive(Debug)]
pub struct Snapshot {
    /// The terms of the session, the same in every snapshot.
    pub terms: Terms,
    /// What is listed before `listed`, on disk; empty unless the broadcast can be rewound.
    pub history: History,
    /// Finished segments in the playlist that are in memory, oldest first, numbers without a hole.
    pub listed: Arc<[Arc<Segment>]>,
    /// Finished segments that left `listed` and can still be fetched from memory.
    pub retired: Arc<[Arc<Segment>]>,
    /// The segment that is being made, once it has a part.
    pub open: Option<Open>,
    /// Discontinuities that left the playlist (EXT-X-DISCONTINUITY-SEQUENCE).
    pub discontinuity_sequence: u64,
    /// When this was put on the shelf.
    pub time: SystemTime,
    /// No part follows, though the end is not told yet: nothing is to be hinted at.
    pub closing: bool,
    /// Nothing follows (EXT-X-ENDLIST).
    pub ended: bool,
    /// Rendered lazily.
    pub texts: Texts,
}

impl Snapshot {
    /// The number of the oldest segment in the playlist (EXT-X-MEDIA-SEQUENCE).
    pub fn first_number(&self) -> u64 {
        let first = self.history.first().map(|past| past.number);
        first.or_else(|| self.listed.first().map(|segment| segment.number)).unwrap_or(0)
    }

    /// The number of the segment that is being made, or would be next.
    pub fn next_number(&self) -> u64 {
        match (&self.open, self.listed.last()) {
            (Some(open), _) => open.number,
            (None, Some(last)) => last.number + 1,
            (None, None) => 0,
        }
    }

    /// Parts that the segment being made has so far.
    pub fn next_part(&self) -> usize {
        self.open.as_ref().map_or(0, |open| open.parts.len())
    }

    /// A finished segment in memory, listed or not.
    pub fn segment(&self, number: u64) -> Option<&Arc<Segment>> {
        at(&self.listed, number).or_else(|| at(&self.retired, number))
    }

    /// A finished part, of any segment.
    pub fn part(&self, segment: u64, part: usize) -> Option<&Part> {
        match &self.open {
            Some(open) if open.number == segment => open.parts.get(part),
            _ => self.segment(segment)?.parts.get(part),
        }
    }

    /// An initialisation section that a segment here needs.
    pub fn init(&self, number: u32) -> Option<&Arc<Init>> {
        let open = self.open.iter().map(|open| &open.init);
        let finished = self.listed.iter().chain(self.retired.iter()).map(|segment| &segment.init);
        let in_memory = open.chain(finished).find(|init| init.number == number);
        in_memory.or_else(|| self.history.init(number))
    }
}

fn at(segments: &[Arc<Segment>], number: u64) -> Option<&Arc<Segment>> {
    let offset = number.checked_sub(segments.first()?.number)?;
    segments.get(usize::try_from(offset).ok()?)
}
