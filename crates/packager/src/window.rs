//! The window: which segments are listed, which are only readable, and what the shelf shows of it.
//!
//! Promise: never fewer than three target durations are listed, numbers have no hole, and what leaves the
//! list stays readable as long as it was listed (or until the byte limit).

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::SystemTime;

use live::{History, Open, Segment, Snapshot, Terms, Texts};
use media::Ticks;

use crate::Config;
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
    discontinuities: u64,
    /// As in the last snapshot, until the lists change.
    shared: Option<[Arc<[Arc<Segment>]>; 2]>,
    is_shown: bool,
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
            discontinuities: 0,
            shared: None,
            is_shown: false,
            ended: false,
        }
    }

    /// Takes the next cut.
    pub fn apply(&mut self, cut: Cut) {
        let Cut { heading, part, last } = cut;
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
            history: History::default(),
            listed,
            retired,
            open: self.open.clone(),
            discontinuity_sequence: self.discontinuities,
            time: now,
            ended: self.ended,
            texts: Texts::default(),
        }))
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
        self.listed.push(Arc::new(Segment { number, init, discontinuity, time, duration, parts }));
        self.shared = None;
        self.retire();
        self.drop_retired();
    }

    fn retire(&mut self) {
        while self.listed.length_without_oldest() >= self.listable() {
            let Some(segment) = self.listed.pop() else { break };
            self.discontinuities += u64::from(segment.discontinuity);
            self.retired.push(segment);
        }
    }

    /// The wanted length, or the least that is allowed if the limit is passed.
    fn listable(&self) -> Ticks {
        if self.listed.bytes > self.limit { self.minimum() } else { self.length }
    }

    fn drop_retired(&mut self) {
        let is_over = |window: &Self| window.listed.bytes + window.retired.bytes > window.limit;
        while self.retired.length_without_oldest() >= self.length || is_over(self) {
            if self.retired.pop().is_none() {
                break;
            }
        }
    }
}
