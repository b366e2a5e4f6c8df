//! The journal: what is on a tape, one line after the other, in the order in which it got there.
//!
//! Promise: a line is read as it was written, or known to be broken: a checksum stands before each. Reading needs
//! memory for one line, however long the journal is.

use std::io::{self, BufRead};

use media::Ticks;
use serde::{Deserialize, Serialize};

use super::{End, Header, Run};

/// No line is longer, whatever the file says.
pub(super) const LONGEST_LINE: usize = 1 << 20;
/// Hexadecimal digits of the checksum and a space.
const PREFIX: usize = 9;

/// What a line tells.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Line {
    /// First of all: whose tape it is.
    Header(Box<Header>),
    /// A stream begins.
    Run(Run),
    /// An initialisation section was written.
    Init(InitLine),
    /// A segment was written, in each rendition that has it.
    Segment(SegmentLine),
    /// A chunk is over. Its files are on the disk for good.
    Chunk(ChunkLine),
    /// A thumbnail was written.
    Thumbnail(ThumbnailLine),
    /// A word that the session wants to find again.
    Note(NoteLine),
    /// Nothing more comes.
    End(End),
}

/// An initialisation section.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct InitLine {
    /// Of which rendition, by its place.
    pub(super) rendition: usize,
    /// The rendition's how many-th it is: 0, 1, …
    pub(super) number: u32,
    pub(super) bytes: u64,
    pub(super) crc: u32,
}

/// A segment.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct SegmentLine {
    /// The chunk it belongs to.
    pub(super) chunk: u64,
    /// Its media sequence number in its stream.
    pub(super) number: u64,
    /// Wall clock time of its first picture, in milliseconds since 1970.
    pub(super) time: i64,
    /// How long it plays, in ticks.
    pub(super) duration: i64,
    /// It begins a chunk whose media time does not continue what was before.
    #[serde(default, skip_serializing_if = "is_false")]
    pub(super) breaks: bool,
    /// What each rendition has of it.
    pub(super) pieces: Vec<Option<Piece>>,
}

/// A segment of one rendition.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Piece {
    /// Where in the chunk's file it begins.
    pub(super) at: u64,
    /// Checksum of its bytes.
    pub(super) crc: u32,
    /// The initialisation section it needs, by its number; none in containers without.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) init: Option<u32>,
    /// Its first bytes belong to the entry before.
    #[serde(default, skip_serializing_if = "is_false")]
    pub(super) joins: bool,
    /// Its entries: bytes and ticks.
    pub(super) entries: Vec<(u64, i64)>,
}

impl Piece {
    /// All bytes of it.
    pub(super) fn bytes(&self) -> u64 {
        self.entries.iter().fold(0, |sum: u64, (bytes, _)| sum.saturating_add(*bytes))
    }
}

/// The end of a chunk.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct ChunkLine {
    pub(super) number: u64,
    /// How many of its segments count, from the first on; none: it is no chunk. Fewer than were written where the disk
    /// had not got the others when the power was cut.
    pub(super) segments: usize,
}

/// A thumbnail.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct ThumbnailLine {
    pub(super) number: u64,
    pub(super) bytes: u64,
    pub(super) crc: u32,
}

/// A word that the session wants to find again.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct NoteLine {
    pub(super) name: String,
    pub(super) text: String,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde wants a reference")]
fn is_false(value: &bool) -> bool {
    !value
}

impl SegmentLine {
    /// How long it plays.
    pub(super) fn duration(&self) -> Ticks {
        Ticks::new(self.duration.max(0))
    }
}

/// The line as it stands in the file, its end with it.
pub(super) fn encode(line: &Line) -> io::Result<Vec<u8>> {
    let mut text = vec![0; PREFIX];
    serde_json::to_writer(&mut text, line)?;
    let sum = format!("{:08x} ", crc32fast::hash(&text[PREFIX..]));
    text[..PREFIX].copy_from_slice(sum.as_bytes());
    text.push(b'\n');
    Ok(text)
}

/// What a line without its end tells; `None` when it is not as it was written.
pub(super) fn decode(line: &[u8]) -> Option<Line> {
    let (sum, text) = line.split_at_checked(PREFIX)?;
    let digits = std::str::from_utf8(sum.strip_suffix(b" ")?).ok()?;
    let is_lower_hex = digits.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
    let sum = u32::from_str_radix(digits, 16).ok().filter(|_| is_lower_hex)?;
    if sum == crc32fast::hash(text) { serde_json::from_slice(text).ok() } else { None }
}

/// Reads lines up to the first that is broken.
#[derive(Debug)]
pub(super) struct Reader<R> {
    source: R,
    /// Where the last good line ended.
    good: u64,
    line: Vec<u8>,
}

impl<R: BufRead> Reader<R> {
    pub(super) fn new(source: R) -> Self {
        Self { source, good: 0, line: Vec::new() }
    }

    /// The next line; `None` at the end, or where a line is broken.
    pub(super) fn next(&mut self) -> io::Result<Option<Line>> {
        self.line.clear();
        let limit = LONGEST_LINE as u64 + 1;
        let read = io::Read::take(&mut self.source, limit).read_until(b'\n', &mut self.line)?;
        let line = self.line.strip_suffix(b"\n").and_then(decode);
        self.good += if line.is_some() { read as u64 } else { 0 };
        Ok(line)
    }

    /// Where the last good line ended.
    pub(super) fn good(&self) -> u64 {
        self.good
    }
}
