//! The account: what a tape has by what its journal says.
//!
//! Promise: whoever writes a tape and whoever recovers it keep the same account of the same lines. A line that no tape
//! writes at its place is refused, and changes nothing.

use media::Ticks;

use super::Sums;
use super::chunk::{Draft, NewInit};
use super::journal::{ChunkLine, InitLine, Line, SegmentLine, ThumbnailLine};

/// A line that can't follow those before it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Nonsense;

/// What the lines so far come to.
#[derive(Clone, Debug)]
pub(super) struct Account {
    /// Of all chunks that are over, thumbnails and initialisation sections.
    closed: Sums,
    /// The chunk that is being made.
    open: Option<Open>,
    next_chunk: u64,
    next_thumbnail: u64,
    /// How many initialisation sections each rendition has.
    inits: Vec<u32>,
    /// Those that no chunk has needed yet.
    new_inits: Vec<Option<NewInit>>,
    ended: bool,
}

/// A chunk that is being made.
#[derive(Clone, Debug)]
struct Open {
    draft: Draft,
    lines: Vec<SegmentLine>,
}

impl Account {
    /// Of a tape with so many renditions that has nothing yet.
    pub(super) fn new(renditions: usize) -> Self {
        Self {
            closed: Sums::default(),
            open: None,
            next_chunk: 0,
            next_thumbnail: 0,
            inits: vec![0; renditions],
            new_inits: vec![None; renditions],
            ended: false,
        }
    }

    /// What there is, the open chunk with it.
    pub(super) fn sums(&self) -> Sums {
        let lines = self.open.iter().flat_map(|open| &open.lines);
        lines.fold(self.closed, with_segment)
    }

    /// The chunk that is being made; never without a segment.
    pub(super) fn draft(&self) -> Option<&Draft> {
        self.open.as_ref().map(|open| &open.draft)
    }

    /// The segments of the chunk that is being made.
    pub(super) fn open_lines(&self) -> &[SegmentLine] {
        self.open.as_ref().map_or(&[], |open| &open.lines)
    }

    /// The number of the chunk that is being made, or would be next.
    pub(super) fn chunk(&self) -> u64 {
        self.draft().map_or(self.next_chunk, |draft| draft.number)
    }

    /// The number of the next thumbnail.
    pub(super) fn next_thumbnail(&self) -> u64 {
        self.next_thumbnail
    }

    /// The number of a rendition's next initialisation section.
    pub(super) fn next_init(&self, rendition: usize) -> u32 {
        self.inits.get(rendition).copied().unwrap_or(0)
    }

    /// Initialisation sections that no chunk has needed yet.
    pub(super) fn new_inits(&mut self) -> &mut [Option<NewInit>] {
        &mut self.new_inits
    }

    /// Does nothing more come?
    pub(super) fn has_ended(&self) -> bool {
        self.ended
    }

    /// Adds a line. Gives the chunk that it ends.
    pub(super) fn add(&mut self, line: &Line) -> Result<Option<Draft>, Nonsense> {
        if self.ended && !matches!(line, Line::Note(_)) {
            return Err(Nonsense);
        }
        match line {
            Line::Header(_) => return Err(Nonsense),
            Line::Run(_) => self.add_run()?,
            Line::Init(init) => self.add_init(init)?,
            Line::Segment(segment) => self.add_segment(segment)?,
            Line::Chunk(chunk) => return self.close(*chunk),
            Line::Thumbnail(thumbnail) => self.add_thumbnail(thumbnail)?,
            Line::Note(_) => {}
            Line::End(_) if self.open.is_some() => return Err(Nonsense),
            Line::End(_) => self.ended = true,
        }
        Ok(None)
    }

    fn add_run(&mut self) -> Result<(), Nonsense> {
        if self.open.is_some() {
            return Err(Nonsense);
        }
        self.closed.streams += 1;
        self.closed.next_number = None;
        Ok(())
    }

    fn add_init(&mut self, init: &InitLine) -> Result<(), Nonsense> {
        let next = self.inits.get_mut(init.rendition).filter(|next| **next == init.number).ok_or(Nonsense)?;
        *next = next.checked_add(1).ok_or(Nonsense)?;
        self.new_inits[init.rendition] = Some(NewInit { number: init.number, bytes: init.bytes });
        self.closed.bytes = self.closed.bytes.saturating_add(init.bytes);
        Ok(())
    }

    fn add_segment(&mut self, line: &SegmentLine) -> Result<(), Nonsense> {
        let has_inits = line.pieces.iter().zip(&self.inits).all(|(piece, inits)| {
            piece.as_ref().and_then(|piece| piece.init).is_none_or(|number| number < *inits)
        });
        let is_sized =
            line.pieces.len() == self.inits.len() && line.number < u64::MAX && line.chunk < u64::MAX;
        let Some(run) = self.closed.streams.checked_sub(1).filter(|_| has_inits && is_sized) else {
            return Err(Nonsense);
        };
        match &mut self.open {
            Some(open) if open.draft.fits(line) && !line.breaks => {
                open.draft.add(line);
                open.lines.push(line.clone());
            }
            None if line.chunk >= self.next_chunk => {
                let mut draft = Draft::begin(line, run, self.closed.duration);
                if !draft.fits(line) {
                    return Err(Nonsense);
                }
                draft.add(line);
                self.open = Some(Open { draft, lines: vec![line.clone()] });
            }
            _ => return Err(Nonsense),
        }
        Ok(())
    }

    fn close(&mut self, chunk: ChunkLine) -> Result<Option<Draft>, Nonsense> {
        let fits = |open: &mut Open| open.draft.number == chunk.number && chunk.segments <= open.lines.len();
        let Some(mut open) = self.open.take_if(fits) else { return Err(Nonsense) };
        if chunk.segments < open.lines.len() {
            open.lines.truncate(chunk.segments);
            open.draft = again(&open);
        }
        self.closed = open.lines.iter().fold(self.closed, with_segment);
        if open.lines.is_empty() {
            return Ok(None);
        }
        self.next_chunk = chunk.number + 1;
        Ok(Some(open.draft))
    }

    fn add_thumbnail(&mut self, thumbnail: &ThumbnailLine) -> Result<(), Nonsense> {
        if thumbnail.number != self.next_thumbnail {
            return Err(Nonsense);
        }
        self.next_thumbnail = thumbnail.number.checked_add(1).ok_or(Nonsense)?;
        self.closed.bytes = self.closed.bytes.saturating_add(thumbnail.bytes);
        Ok(())
    }
}

/// The draft of the lines that are left.
fn again(open: &Open) -> Draft {
    let Some(first) = open.lines.first() else { return Draft::default() };
    let mut draft = Draft::begin(first, open.draft.run, open.draft.start);
    open.lines.iter().for_each(|line| draft.add(line));
    draft
}

fn with_segment(mut sums: Sums, line: &SegmentLine) -> Sums {
    let missing = sums.next_number.map_or(0, |next| line.number.saturating_sub(next));
    let bytes = line.pieces.iter().flatten().fold(0, |sum: u64, piece| sum.saturating_add(piece.bytes()));
    sums.duration += line.duration();
    sums.bytes = sums.bytes.saturating_add(bytes);
    sums.segments += 1;
    sums.lost_segments = sums.lost_segments.saturating_add(missing);
    sums.next_number = Some(line.number.saturating_add(1));
    sums.until = Some(line.time.saturating_add(line.duration().count() / (Ticks::PER_SECOND / 1_000)));
    sums
}
