//! How far back a session's list goes beyond memory: which segments are on disk, listed, readable.
//!
//! Promise: a segment is listed from disk only once it is there, and its file goes only after it left the
//! list; what did not reach the disk takes everything older off the list, so that numbers have no hole.

mod room;
mod scribe;

use std::collections::BTreeSet;
use std::ops::Range;
use std::sync::Arc;
use std::time::Duration;

use blob::Spool;
use live::{History, Past, Segment};
use media::Ticks;

pub(crate) use room::Room;
pub(crate) use scribe::{Scribe, stream_of};

/// What left the list stays readable for this long, for players that are about to ask for it.
const SPARE: Ticks = Ticks::from_millis(60_000);
/// Segments that are listed from disk at most: a day of the shortest.
const MOST: usize = 90_000;

/// The number before which these have at least so many bytes on disk, as far as there are any: what is listed of one
/// rendition is so of all.
pub(crate) fn heap<'a>(histories: &(impl Iterator<Item = &'a History> + Clone), bytes: u64) -> u64 {
    let oldest = histories.clone().filter_map(History::oldest).min().unwrap_or(0);
    let newest = histories.clone().filter_map(History::last).map(|last| last.number + 1).max().unwrap_or(0);
    let mut freed = 0;
    let given = (oldest..newest).take_while(|number| {
        let more = freed < bytes;
        let files = histories.clone().filter_map(|history| history.get(*number)).filter(|past| !past.gap);
        freed += files.map(|past| past.bytes).sum::<u64>();
        more
    });
    given.last().map_or(oldest, |last| last + 1)
}

/// Where streams that can be rewound are kept. Clones are the same place.
#[derive(Clone, Debug)]
pub(crate) struct Shelves {
    pub(crate) spool: Spool,
    pub(crate) room: Arc<Room>,
}

/// The older end of a list.
#[derive(Debug)]
pub(crate) struct Rewind {
    length: Ticks,
    history: History,
    /// Those on disk that memory still lists.
    written: BTreeSet<u64>,
    /// Files below this number are gone.
    kept_from: u64,
    lost: u64,
}

impl Rewind {
    /// One with which so much is listed in all.
    pub(crate) fn new(length: Duration) -> Self {
        Self {
            length: Ticks::from_duration(length),
            history: History::default(),
            written: BTreeSet::new(),
            kept_from: 0,
            lost: 0,
        }
    }

    pub(crate) fn history(&self) -> &History {
        &self.history
    }

    pub(crate) fn is_written(&self, number: u64) -> bool {
        self.written.contains(&number)
    }

    /// Segments that were not on disk in time.
    pub(crate) fn lost(&self) -> u64 {
        self.lost
    }

    /// A segment is on disk. `is_listed`: memory lists it; otherwise it came too late.
    pub(crate) fn written(&mut self, number: u64, is_listed: bool) {
        if is_listed {
            self.written.insert(number);
        } else {
            self.kept_from = self.kept_from.min(number);
        }
    }

    /// Takes over a segment that memory lists no longer. Says how many discontinuities left the list.
    pub(crate) fn take(&mut self, segment: &Segment) -> u64 {
        if self.written.remove(&segment.number) {
            self.history.push(Past::from(segment));
            return 0;
        }
        self.lost += 1;
        let gone = self.history.unlist_before(u64::MAX);
        self.history.forget_before(u64::MAX);
        gone + u64::from(segment.discontinuity)
    }

    /// Takes off the list what is older than wanted, beside so much that memory lists. Says how many
    /// discontinuities left with it.
    pub(crate) fn trim(&mut self, in_memory: Ticks) -> u64 {
        let wanted = (self.length - in_memory).max(Ticks::ZERO);
        let (mut length, mut count) = (self.history.length(), self.history.len());
        let mut from = 0;
        for past in self.history.listed() {
            length = length - past.duration;
            if length < wanted && count <= MOST {
                break;
            }
            count -= 1;
            from = past.number + 1;
        }
        let gone = self.history.unlist_before(from);
        self.forget();
        gone
    }

    /// Gives up the files before this number. Says how many discontinuities left the list.
    pub(crate) fn shed_before(&mut self, number: u64) -> u64 {
        let gone = self.history.unlist_before(number);
        self.history.forget_before(number);
        gone
    }

    /// Files that nobody may ask for any more; it does not name them again. `listed`: the oldest in memory.
    pub(crate) fn due(&mut self, listed: u64) -> Option<Range<u64>> {
        let until = self.history.oldest().unwrap_or(listed);
        let from = self.kept_from;
        self.kept_from = from.max(until);
        (from < until).then_some(from..until)
    }

    fn forget(&mut self) {
        let mut spare = Ticks::ZERO;
        let kept = self.history.unlisted().rev().take_while(|past| {
            let more = spare < SPARE;
            spare += past.duration;
            more
        });
        if let Some(oldest) = kept.map(|past| past.number).last() {
            self.history.forget_before(oldest);
        }
    }
}
