//! The account: what a tape has by what its journal says.
//!
//! Promise: whoever writes a tape and whoever recovers it keep the same account of the same lines. A line that no tape
//! writes at its place is refused, and changes nothing.
//!
//! Each line tells where in its chunk it belongs, so that one that can't be read any more (a disk forgets a bit, after
//! hours) costs no more than what it told: where it was a segment's, that segment is one entry. What is known of it only
//! so is a guess, and counts when the chunk was ended, as its files were on the disk then.

use media::Ticks;

use super::Sums;
use super::chunk::{Draft, NewInit};
use super::journal::{ChunkLine, InitLine, Line, Piece, SegmentLine, ThumbnailLine};

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
    /// A line could not be read.
    is_damaged: bool,
    /// A chunk is missing before the one that is next.
    has_hole: bool,
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
            is_damaged: false,
            has_hole: false,
        }
    }

    /// Says that a line could not be read: from here on, others that seem to be out of place tell what it was.
    pub(super) fn note_damage(&mut self) {
        self.is_damaged = true;
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

    /// Is nothing known of segments that there must have been?
    pub(super) fn has_lost_all(&self) -> bool {
        self.is_damaged && self.sums().segments == 0 && (self.closed.streams == 0 || self.has_hole)
    }

    /// Adds a line. Gives the chunk that it ends.
    pub(super) fn add(&mut self, line: &Line) -> Result<Option<Draft>, Nonsense> {
        if self.ended && !matches!(line, Line::Note(_)) {
            return Err(Nonsense);
        }
        match line {
            Line::Header(_) => Err(Nonsense),
            Line::Run(_) => self.add_run(),
            Line::Init(init) => self.add_init(init).map(|()| None),
            Line::Segment(segment) => self.add_segment(segment),
            Line::Chunk(chunk) => self.close(chunk),
            Line::Thumbnail(thumbnail) => self.add_thumbnail(thumbnail).map(|()| None),
            Line::Note(_) => Ok(None),
            Line::End(_) => {
                let left = self.leave_open()?;
                self.ended = true;
                Ok(left)
            }
        }
    }

    fn add_run(&mut self) -> Result<Option<Draft>, Nonsense> {
        let left = self.leave_open()?;
        self.closed.streams += 1;
        self.closed.next_number = None;
        Ok(left)
    }

    /// Ends the open chunk where the line that did can't be read.
    fn leave_open(&mut self) -> Result<Option<Draft>, Nonsense> {
        if self.open.is_some() && !self.is_damaged {
            return Err(Nonsense);
        }
        Ok(self.open.take().map(|open| self.count(open)))
    }

    fn add_init(&mut self, init: &InitLine) -> Result<(), Nonsense> {
        let is_damaged = self.is_damaged;
        let fits = |next: &&mut u32| **next == init.number || is_damaged && **next < init.number;
        let next = self.inits.get_mut(init.rendition).filter(fits).ok_or(Nonsense)?;
        *next = init.number.checked_add(1).ok_or(Nonsense)?;
        self.new_inits[init.rendition] = Some(NewInit { number: init.number, bytes: Some(init.bytes) });
        self.closed.bytes = self.closed.bytes.saturating_add(init.bytes);
        Ok(())
    }

    fn add_segment(&mut self, line: &SegmentLine) -> Result<Option<Draft>, Nonsense> {
        let is_sized =
            line.pieces.len() == self.inits.len() && line.number < u64::MAX && line.chunk < u64::MAX;
        let Some(run) = self.closed.streams.checked_sub(1).filter(|_| is_sized) else { return Err(Nonsense) };
        let missing_inits = self.missing_inits(line)?;
        let is_next = |open: &mut Open| open.draft.number < line.chunk && self.is_damaged;
        let left = self.open.take_if(is_next);
        let next_chunk = left.as_ref().map_or(self.next_chunk, |open| open.draft.number + 1);
        let start = left.iter().fold(self.closed.duration, |start, open| start + open.draft.duration);
        let added = match &mut self.open {
            Some(open) => open.add(line, self.is_damaged),
            None if line.chunk >= next_chunk => {
                Open::begin(line, run, start, self.is_damaged).map(|open| self.open = Some(open))
            }
            None => Err(Nonsense),
        };
        if added.is_err() {
            self.open = self.open.take().or(left);
            return Err(Nonsense);
        }
        for (rendition, number) in missing_inits {
            self.inits[rendition] = number + 1;
            self.new_inits[rendition] = Some(NewInit { number, bytes: None });
        }
        if let Some(open) = self.open.as_mut().filter(|_| self.has_hole) {
            open.draft.breaks = true;
        }
        self.has_hole = false;
        Ok(left.map(|open| self.count(open)))
    }

    /// Initialisation sections that the segment needs and no line told of.
    fn missing_inits(&self, line: &SegmentLine) -> Result<Vec<(usize, u32)>, Nonsense> {
        let needed =
            line.pieces.iter().enumerate().filter_map(|(at, piece)| Some((at, piece.as_ref()?.init?)));
        let missing: Vec<_> =
            needed.filter(|(rendition, number)| *number >= self.inits[*rendition]).collect();
        let fits =
            missing.is_empty() || self.is_damaged && missing.iter().all(|(_, number)| *number < u32::MAX);
        if fits { Ok(missing) } else { Err(Nonsense) }
    }

    fn close(&mut self, chunk: &ChunkLine) -> Result<Option<Draft>, Nonsense> {
        if chunk.number == u64::MAX || chunk.number < self.chunk() {
            return Err(Nonsense);
        }
        if self.draft().is_none_or(|draft| draft.number != chunk.number) {
            // All that told of it is lost.
            let left = self.leave_open()?;
            self.is_damaged.then_some(()).ok_or(Nonsense)?;
            self.has_hole = true;
            self.next_chunk = chunk.number + 1;
            return Ok(left);
        }
        let ended = self.open.as_ref().and_then(|open| open.end(chunk, self.is_damaged)).ok_or(Nonsense)?;
        self.open = None;
        Ok(Some(ended).filter(|open| !open.lines.is_empty()).map(|open| self.count(open)))
    }

    /// Adds a chunk that is over to the sums.
    fn count(&mut self, open: Open) -> Draft {
        self.closed = open.lines.iter().fold(self.closed, with_segment);
        self.next_chunk = open.draft.number + 1;
        open.draft
    }

    fn add_thumbnail(&mut self, thumbnail: &ThumbnailLine) -> Result<(), Nonsense> {
        let is_next = thumbnail.number == self.next_thumbnail;
        let is_later = self.is_damaged && thumbnail.number > self.next_thumbnail;
        if !is_next && !is_later {
            return Err(Nonsense);
        }
        self.next_thumbnail = thumbnail.number.checked_add(1).ok_or(Nonsense)?;
        self.closed.bytes = self.closed.bytes.saturating_add(thumbnail.bytes);
        Ok(())
    }
}

impl Open {
    /// One that begins with this segment; where it is not the first, with what must have been before it.
    fn begin(line: &SegmentLine, run: usize, start: Ticks, is_damaged: bool) -> Result<Self, Nonsense> {
        let mut open = Self { draft: Draft::begin(line, run, start), lines: Vec::new() };
        if line.from > 0 {
            open.draft.time = line.time.saturating_sub(line.from / (Ticks::PER_SECOND / 1_000));
        }
        open.add(line, is_damaged).map(|()| open)
    }

    /// Adds a segment, and what must have been before it where that is missing.
    fn add(&mut self, line: &SegmentLine, is_damaged: bool) -> Result<(), Nonsense> {
        if !self.draft.fits(line) {
            let places: Vec<_> =
                line.pieces.iter().map(|piece| piece.as_ref().map(|piece| piece.at)).collect();
            let number = line.number.saturating_sub(1);
            let missing = self.draft.missing_before(line.from, &places, number).filter(|_| is_damaged);
            let whole = missing.ok_or(Nonsense).map(|missing| {
                let mut draft = self.draft.clone();
                draft.add(&missing);
                (missing, draft)
            });
            let (missing, draft) =
                whole.and_then(|whole| if whole.1.fits(line) { Ok(whole) } else { Err(Nonsense) })?;
            self.draft = draft;
            self.lines.push(missing);
        }
        self.draft.add(line);
        self.lines.push(line.clone());
        Ok(())
    }

    /// As it is when this line ends it: without what goes further, with what is missing at its end.
    fn end(&self, chunk: &ChunkLine, is_damaged: bool) -> Option<Self> {
        let counts = |line: &&SegmentLine| {
            let mut pieces = line.pieces.iter().zip(&chunk.bytes);
            let is_within = |(piece, bytes): (&Option<Piece>, &Option<u64>)| match (piece, bytes) {
                (Some(piece), Some(bytes)) => {
                    piece.at.checked_add(piece.bytes()).is_some_and(|end| end <= *bytes)
                }
                (None, None) => true,
                _ => false,
            };
            line.to() <= chunk.duration && pieces.all(is_within)
        };
        let mut ended = self.clone();
        ended.lines = self.lines.iter().take_while(counts).cloned().collect();
        if ended.lines.len() < self.lines.len() {
            ended.draft.empty();
            ended.lines.iter().for_each(|line| ended.draft.add(line));
        }
        let number = ended.lines.last().map_or(0, |line| line.number);
        if let Some(missing) =
            ended.draft.missing_before(chunk.duration, &chunk.bytes, number).filter(|_| is_damaged)
        {
            ended.draft.add(&missing);
            ended.lines.push(missing);
        }
        ended.draft.has(chunk.duration, &chunk.bytes).then_some(ended)
    }
}

fn with_segment(mut sums: Sums, line: &SegmentLine) -> Sums {
    let missing =
        sums.next_number.filter(|_| !line.is_guess).map_or(0, |next| line.number.saturating_sub(next));
    let bytes = line.pieces.iter().flatten().fold(0, |sum: u64, piece| sum.saturating_add(piece.bytes()));
    sums.duration += line.duration();
    sums.bytes = sums.bytes.saturating_add(bytes);
    sums.segments += 1;
    sums.lost_segments = sums.lost_segments.saturating_add(missing);
    sums.next_number = Some(line.number.saturating_add(1));
    sums.until = Some(line.time.saturating_add(line.duration().count() / (Ticks::PER_SECOND / 1_000)));
    sums
}
