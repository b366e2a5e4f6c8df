//! The window: which segments are listed, which are only readable, and what the shelf shows of it.
//!
//! Promise: never fewer than three target durations are listed, numbers have no hole, and what leaves the
//! list stays readable as long as it was listed in memory (or until the byte limit). A window that can be
//! rewound holds no more in memory than another.

use std::collections::VecDeque;
use std::ops::Range;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use live::{History, Open, Segment, Snapshot, Terms, Texts};
use media::Ticks;

use crate::Config;
use crate::rewind::Rewind;
use crate::segmenter::Cut;

/// Cuts in, snapshots out.
#[derive(Debug)]
pub struct Window {
    terms: Terms,
    length: Ticks,
    limit: usize,
    listed: Shelf,
    retired: Shelf,
    open: Option<Open>,
    rewind: Option<Rewind>,
    discontinuities: u64,
    /// As in the last snapshot, until the lists change.
    shared: Option<[Arc<[Arc<Segment>]>; 2]>,
    is_shown: bool,
    closing: bool,
    ended: bool,
}

#[derive(Debug, Default)]
struct Shelf {
    segments: VecDeque<Arc<Segment>>,
    length: Ticks,
    bytes: usize,
}

impl Shelf {
    fn push(&mut self, segment: Arc<Segment>) {
        self.length += segment.duration;
        self.bytes += size(&segment);
        self.segments.push_back(segment);
    }

    fn pop(&mut self) -> Option<Arc<Segment>> {
        let segment = self.segments.pop_front()?;
        self.length = self.length - segment.duration;
        self.bytes -= size(&segment);
        Some(segment)
    }

    /// What would be left without the oldest segment.
    fn length_without_oldest(&self) -> Ticks {
        self.segments.front().map_or(Ticks::ZERO, |oldest| self.length - oldest.duration)
    }

    fn share(&self) -> Arc<[Arc<Segment>]> {
        self.segments.iter().cloned().collect()
    }
}

fn size(segment: &Segment) -> usize {
    segment.parts.iter().map(|part| part.data.len()).sum()
}

impl Window {
    /// An empty one.
    pub fn new(terms: Terms, config: &Config) -> Self {
        let eight = Ticks::new(terms.target().count().saturating_mul(8));
        Self {
            terms,
            length: eight.max(Ticks::from_duration(config.window)),
            limit: config.bytes,
            listed: Shelf::default(),
            retired: Shelf::default(),
            open: None,
            rewind: None,
            discontinuities: 0,
            shared: None,
            is_shown: false,
            closing: false,
            ended: false,
        }
    }

    /// The same, with so much listed in all, if it can be rewound: what leaves memory stays listed when it is
    /// on disk by then, as [`Self::written`] says.
    #[must_use]
    pub fn rewindable(self, length: Option<Duration>) -> Self {
        Self { rewind: length.map(Rewind::new), ..self }
    }

    /// The same, of a stream that had so many discontinuities before its first segment here.
    #[must_use]
    pub fn after(self, discontinuities: u64) -> Self {
        Self { discontinuities, ..self }
    }

    /// Takes the next cut.
    pub fn apply(&mut self, cut: Cut) {
        let Cut { heading, part, last, .. } = cut;
        let open = self.open.get_or_insert_with(|| Open {
            number: heading.number,
            init: heading.init,
            discontinuity: heading.discontinuity,
            time: heading.time,
            parts: Vec::new(),
        });
        open.parts.extend(part);
        if last && let Some(open) = self.open.take() {
            self.list(open);
        }
    }

    /// No part follows those that it has; that is to be told before the end is.
    pub fn close(&mut self) {
        self.closing = true;
    }

    /// Nothing follows.
    pub fn end(&mut self) {
        self.ended = true;
    }

    /// What readers may see `now`. `None` until three target durations are listed, or the end has come with
    /// at least one segment.
    pub fn snapshot(&mut self, now: SystemTime) -> Option<Arc<Snapshot>> {
        let due = self.listed.length >= self.minimum() || (self.ended && !self.listed.segments.is_empty());
        self.is_shown |= due;
        if !self.is_shown {
            return None;
        }
        let [listed, retired] =
            self.shared.get_or_insert_with(|| [self.listed.share(), self.retired.share()]).clone();
        Some(Arc::new(Snapshot {
            terms: self.terms,
            history: self.rewind.as_ref().map(|rewind| rewind.history().clone()).unwrap_or_default(),
            listed,
            retired,
            open: self.open.clone(),
            discontinuity_sequence: self.discontinuities,
            time: now,
            closing: self.closing,
            ended: self.ended,
            texts: Texts::default(),
        }))
    }

    /// The oldest listed segment in memory that is to be written to disk.
    pub fn unwritten(&self) -> Option<&Arc<Segment>> {
        let rewind = self.rewind.as_ref()?;
        self.listed.segments.iter().find(|segment| !rewind.is_written(segment.number))
    }

    /// A segment is on disk now.
    pub fn written(&mut self, number: u64) {
        let is_listed = self.oldest().is_some_and(|oldest| oldest <= number);
        if let Some(rewind) = &mut self.rewind {
            rewind.written(number, is_listed);
            self.retire();
        }
    }

    /// Gives up the segments on disk before this number. True when the list is shorter now; what is due then may go
    /// once that is shown.
    pub fn shed_before(&mut self, number: u64) -> bool {
        let Some(rewind) = &mut self.rewind else { return false };
        let before = rewind.history().len();
        self.discontinuities += rewind.shed_before(number);
        rewind.history().len() < before
    }

    /// What is on disk.
    pub(crate) fn history(&self) -> Option<&History> {
        self.rewind.as_ref().map(Rewind::history)
    }

    /// Segments on disk that nobody may ask for any more; they are not named again.
    pub fn due(&mut self) -> Option<Range<u64>> {
        let oldest = self.oldest()?;
        self.rewind.as_mut()?.due(oldest)
    }

    /// Segments that left the list early, as they were not on disk in time.
    pub fn lost(&self) -> u64 {
        self.rewind.as_ref().map_or(0, Rewind::lost)
    }

    /// The number of the oldest segment that is listed in memory.
    fn oldest(&self) -> Option<u64> {
        self.listed.segments.front().map(|oldest| oldest.number)
    }

    fn minimum(&self) -> Ticks {
        Ticks::new(self.terms.target().count().saturating_mul(3))
    }

    fn list(&mut self, open: Open) {
        let Open { number, init, discontinuity, time, parts } = open;
        if parts.is_empty() {
            return;
        }
        let duration = parts.iter().fold(Ticks::ZERO, |sum, part| sum + part.duration);
        let parts = parts.into();
        let segment = Arc::new(Segment { number, init, discontinuity, time, duration, parts });
        let is_gap = segment.is_gap();
        self.listed.push(segment);
        // Nothing of it can be fetched, so that there is nothing to write.
        if let Some(rewind) = self.rewind.as_mut().filter(|_| is_gap) {
            rewind.written(number, true);
        }
        self.retire();
    }

    fn retire(&mut self) {
        self.shared = None;
        while self.listed.length_without_oldest() >= self.listable() {
            let waits = self.oldest().is_some_and(|oldest| self.waits(oldest));
            let Some(segment) = (if waits { None } else { self.listed.pop() }) else { break };
            self.discontinuities += match &mut self.rewind {
                Some(rewind) => rewind.take(&segment),
                None => u64::from(segment.discontinuity),
            };
            self.retired.push(segment);
        }
        if let Some(rewind) = &mut self.rewind {
            self.discontinuities += rewind.trim(self.listed.length);
        }
        self.drop_retired();
    }

    /// Is this one, the oldest, still to be written, and is there time for it? It takes that of those which
    /// left the list and are kept in memory.
    fn waits(&self, oldest: u64) -> bool {
        let is_over = self.listed.bytes > self.limit;
        let latest = if is_over { self.minimum() } else { self.length + self.length };
        let is_written = |rewind: &Rewind| rewind.is_written(oldest);
        self.rewind.as_ref().is_some_and(|rewind| !is_written(rewind))
            && self.listed.length_without_oldest() < latest
    }

    /// The wanted length, or the least that is allowed if the limit is passed.
    fn listable(&self) -> Ticks {
        if self.listed.bytes > self.limit { self.minimum() } else { self.length }
    }

    fn drop_retired(&mut self) {
        let is_over = |window: &Self| window.listed.bytes + window.retired.bytes > window.limit;
        // Beyond the usual, as of segments that wait for the disk.
        let beyond = match &self.rewind {
            Some(_) => (self.listed.length_without_oldest() - self.length).max(Ticks::ZERO),
            None => Ticks::ZERO,
        };
        while self.retired.length_without_oldest() + beyond >= self.length || is_over(self) {
            if self.retired.pop().is_none() {
                break;
            }
        }
    }
}
