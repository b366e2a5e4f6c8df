//! What of a session lies on disk: segments that left memory and are listed still.
//!
//! Promise: numbers have no hole; a copy costs a pointer, and the next segment a block of them, however far
//! back it goes.

use std::sync::{Arc, OnceLock};
use std::time::SystemTime;

use bytes::Bytes;
use media::Ticks;

use crate::snapshot::{Init, Segment};

/// A finished segment whose bytes are on disk.
#[derive(Clone, Debug)]
pub struct Past {
    /// Its media sequence number: one more than the one before it.
    pub number: u64,
    /// The initialisation section it needs.
    pub init: Arc<Init>,
    /// Its media time doesn't continue that of the segment before it.
    pub discontinuity: bool,
    /// Wall clock time of its first picture.
    pub time: SystemTime,
    /// How long it plays.
    pub duration: Ticks,
    /// How many bytes it has.
    pub bytes: u64,
    /// It is not whole (EXT-X-GAP): nothing of it is on disk.
    pub gap: bool,
}

impl From<&Segment> for Past {
    fn from(segment: &Segment) -> Self {
        Self {
            number: segment.number,
            init: Arc::clone(&segment.init),
            discontinuity: segment.discontinuity,
            time: segment.time,
            duration: segment.duration,
            bytes: segment.parts.iter().map(|part| part.data.len() as u64).sum(),
            gap: segment.is_gap(),
        }
    }
}

/// Neighbours that are kept, and told of, together.
#[derive(Debug)]
pub struct Block {
    segments: Vec<Past>,
    /// How a playlist tells of all of them; rendered lazily, once for all snapshots that hold this block.
    pub text: OnceLock<Bytes>,
}

impl Block {
    /// Most segments of a block.
    pub const SEGMENTS: usize = 64;

    /// Its segments, oldest first, numbers without a hole; never empty.
    pub fn segments(&self) -> &[Past] {
        &self.segments
    }
}

/// Segments on disk, oldest first, numbers without a hole. The newest of them is the one before the oldest
/// that is listed in memory.
#[derive(Clone, Debug)]
pub struct History {
    blocks: Arc<[Arc<Block>]>,
    /// From this number on they can be read.
    readable: u64,
    /// From this number on they are listed.
    first: u64,
    /// One more than the newest's number.
    next: u64,
    /// Of those that are listed.
    length: Ticks,
}

impl Default for History {
    fn default() -> Self {
        Self { blocks: Arc::new([]), readable: 0, first: 0, next: 0, length: Ticks::ZERO }
    }
}

impl History {
    /// Is none listed?
    pub fn is_empty(&self) -> bool {
        self.first == self.next
    }

    /// How many are listed.
    pub fn len(&self) -> usize {
        usize::try_from(self.next - self.first).unwrap_or(usize::MAX)
    }

    /// The oldest that is listed.
    pub fn first(&self) -> Option<&Past> {
        self.find(self.first)
    }

    /// The newest.
    pub fn last(&self) -> Option<&Past> {
        self.find(self.next.checked_sub(1)?)
    }

    /// How long those that are listed play.
    pub fn length(&self) -> Ticks {
        self.length
    }

    /// One that can be read, listed or not any more.
    pub fn get(&self, number: u64) -> Option<&Past> {
        if number < self.readable { None } else { self.find(number) }
    }

    /// The number of the oldest that can be read, listed or not any more.
    pub fn oldest(&self) -> Option<u64> {
        (self.readable < self.next).then_some(self.readable)
    }

    /// How many discontinuities are listed.
    pub fn discontinuities(&self) -> u64 {
        self.listed().filter(|past| past.discontinuity).count() as u64
    }

    /// An initialisation section that one which can be read needs. Their numbers never fall.
    pub fn init(&self, number: u32) -> Option<&Arc<Init>> {
        let newest = |block: &Arc<Block>| block.segments.last().map_or(0, |last| last.init.number);
        let block = self.blocks.get(self.blocks.partition_point(|block| newest(block) < number))?;
        let past = block.segments.iter().filter(|past| past.number >= self.readable);
        past.map(|past| &past.init).find(|init| init.number == number)
    }

    /// Each block that has listed segments, with these.
    pub fn blocks(&self) -> impl DoubleEndedIterator<Item = (&Block, &[Past])> {
        let from = self.blocks.partition_point(|block| end(block) <= self.first);
        self.blocks[from..].iter().map(|block| {
            let gone = block.segments.partition_point(|past| past.number < self.first);
            (&**block, &block.segments[gone..])
        })
    }

    /// Those that are listed, oldest first.
    pub fn listed(&self) -> impl DoubleEndedIterator<Item = &Past> {
        self.blocks().flat_map(|(_, listed)| listed)
    }

    /// Those that can be read and are not listed any more, oldest first.
    pub fn unlisted(&self) -> impl DoubleEndedIterator<Item = &Past> {
        (self.readable..self.first).filter_map(|number| self.find(number))
    }

    /// Lists one more. One that does not follow the newest lists itself alone, and no other can be read.
    pub fn push(&mut self, past: Past) {
        if past.number != self.next {
            *self = Self { readable: past.number, first: past.number, next: past.number, ..Self::default() };
        }
        self.next = past.number + 1;
        self.length += past.duration;
        let (last, full) = match self.blocks.split_last() {
            Some((last, full)) if last.segments.len() < Block::SEGMENTS => (last.segments.as_slice(), full),
            _ => (&[][..], &*self.blocks),
        };
        let segments = last.iter().cloned().chain([past]).collect();
        let newest = Arc::new(Block { segments, text: OnceLock::new() });
        self.blocks = full.iter().cloned().chain([newest]).collect();
    }

    /// Takes those before this number off the list, and says how many discontinuities went with them. They
    /// can still be read.
    pub fn unlist_before(&mut self, number: u64) -> u64 {
        let number = number.clamp(self.first, self.next);
        let gone = self.listed().take_while(|past| past.number < number);
        let (length, discontinuities) = gone.fold((Ticks::ZERO, 0), |(length, discontinuities), past| {
            (length + past.duration, discontinuities + u64::from(past.discontinuity))
        });
        self.length = self.length - length;
        self.first = number;
        discontinuities
    }

    /// Says that those before this number, none of which is listed, can't be read any more.
    pub fn forget_before(&mut self, number: u64) {
        self.readable = number.clamp(self.readable, self.first);
        let gone = self.blocks.partition_point(|block| end(block) <= self.readable);
        if gone > 0 {
            self.blocks = self.blocks[gone..].iter().cloned().collect();
        }
    }
}

/// One more than its newest's number.
fn end(block: &Block) -> u64 {
    block.segments.last().map_or(0, |last| last.number + 1)
}

impl History {
    fn find(&self, number: u64) -> Option<&Past> {
        let block = self.blocks.get(self.blocks.partition_point(|block| end(block) <= number))?;
        let offset = number.checked_sub(block.segments.first()?.number)?;
        block.segments.get(usize::try_from(offset).ok()?)
    }
}
