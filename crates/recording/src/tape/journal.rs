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
    /// Ticks from the chunk's begin to its own.
    pub(super) from: i64,
    /// How long it plays, in ticks.
    pub(super) duration: i64,
    /// Its chunk's media time does not continue what was before.
    #[serde(default, skip_serializing_if = "is_false")]
    pub(super) breaks: bool,
    /// What each rendition has of it.
    pub(super) pieces: Vec<Option<Piece>>,
    /// No line told this: it is what must have been where one is missing.
    #[serde(skip)]
    pub(super) is_guess: bool,
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
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct ChunkLine {
    pub(super) number: u64,
    /// How long it plays, in ticks. Segments that go further do not count: the disk had not got them when the power was
    /// cut. None at all: it is no chunk.
    pub(super) duration: i64,
    /// How many bytes each rendition has of it.
    pub(super) bytes: Vec<Option<u64>>,
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

    /// How far from the chunk's begin it ends, in ticks.
    pub(super) fn to(&self) -> i64 {
        self.from.saturating_add(self.duration.max(0))
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

/// One step through a journal.
#[derive(Debug)]
pub(super) enum Step {
    /// A line as it was written.
    Line(Box<Line>),
    /// Something that is no such line.
    Broken,
    /// Nothing more.
    End,
}

/// Reads lines.
#[derive(Debug)]
pub(super) struct Reader<R> {
    source: R,
    /// Where the step that was made last ended.
    at: u64,
    line: Vec<u8>,
}

impl<R: BufRead> Reader<R> {
    pub(super) fn new(source: R) -> Self {
        Self { source, at: 0, line: Vec::new() }
    }

    /// The next step. What is longer than any line is broken in steps of that length.
    pub(super) fn next(&mut self) -> io::Result<Step> {
        self.line.clear();
        let read = io::Read::take(&mut self.source, LONGEST_LINE as u64).read_until(b'\n', &mut self.line)?;
        self.at += read as u64;
        if read == 0 {
            return Ok(Step::End);
        }
        let line = self.line.strip_suffix(b"\n").and_then(decode);
        Ok(line.map_or(Step::Broken, |line| Step::Line(Box::new(line))))
    }

    /// Where the step that was made last ended.
    pub(super) fn at(&self) -> u64 {
        self.at
    }
}
