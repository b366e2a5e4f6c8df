//! What of a sink's events is on its way: which may be tried now, which wait, which are done.
//!
//! Promise: pure. Events of a lane are given out in their order, the next one only when the one before is
//! delivered or given up; a lane that waits holds up no other. What is held is bounded, and the mark up to which
//! all is done never passes an event that is not.

use std::collections::{BTreeMap, BTreeSet, HashMap, VecDeque};
use std::sync::Arc;
use std::time::Duration;

use store::StoredEvent;
use tokio::time::Instant;

use crate::outlet::{Failure, FailureKind, Outcome, Shape};

/// Events that are held, and so the most that is read ahead.
const HELD: usize = 1_000;
/// How far reading goes on past an event that won't be taken: so many are told again after a crash at most.
const AHEAD: i64 = 10_000;
/// Tries of what is refused for good.
const REFUSALS: u32 = 5;
/// The first pause; each one after it is twice as long, up to the longest.
const PAUSE: Duration = Duration::from_secs(1);
const LONGEST_PAUSE: Duration = Duration::from_secs(300);
/// When others get through, a lane that found nobody there tries again after no longer than this.
const HOPE: Duration = Duration::from_secs(5);

/// The lanes of a sink.
#[derive(Debug)]
pub(crate) struct Lanes {
    shape: Shape,
    give_up: Duration,
    /// Up to here events were read.
    read: i64,
    /// Positions of events that are not done.
    open: BTreeSet<i64>,
    lanes: HashMap<String, Lane>,
    /// Lanes whose first event may be tried, in the order in which they became so.
    ready: VecDeque<String>,
    /// Lanes that wait, by when they may be tried; the number tells those of one moment apart.
    resting: BTreeMap<(Instant, u64), String>,
    rests: u64,
    busy: usize,
}

/// Events of one lane; there is at least one.
#[derive(Debug, Default)]
struct Lane {
    events: VecDeque<Arc<StoredEvent>>,
    /// Tries of the first event that failed.
    failures: u32,
    rest: Option<Rest>,
}

#[derive(Clone, Copy, Debug)]
struct Rest {
    key: (Instant, u64),
    since: Instant,
    /// Nobody was there, so that it is worth a try as soon as somebody is.
    away: bool,
}

/// Events to try together, of one or more lanes.
#[derive(Debug)]
pub(crate) struct Batch(pub(crate) Vec<(String, Vec<Arc<StoredEvent>>)>);

/// An event that is given up. Its lane waits until it is [`Lanes::bury`]ed.
#[derive(Clone, Debug)]
pub(crate) struct GivenUp {
    pub(crate) lane: String,
    pub(crate) event: Arc<StoredEvent>,
    pub(crate) attempts: u32,
    pub(crate) reason: String,
}

/// A moment, by both clocks.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Moment {
    pub(crate) instant: Instant,
    /// Milliseconds since 1970.
    pub(crate) wall: i64,
}

impl Lanes {
    /// Nothing yet, behind a position.
    pub(crate) fn new(shape: Shape, give_up: Duration, position: i64) -> Self {
        Self {
            shape,
            give_up,
            read: position,
            open: BTreeSet::new(),
            lanes: HashMap::new(),
            ready: VecDeque::new(),
            resting: BTreeMap::new(),
            rests: 0,
            busy: 0,
        }
    }

    /// The position behind which to read on.
    pub(crate) fn read(&self) -> i64 {
        self.read
    }

    /// How many more events may be taken in.
    pub(crate) fn room(&self) -> usize {
        match self.open.first() {
            Some(first) if self.read.saturating_sub(*first) >= AHEAD => 0,
            _ => HELD.saturating_sub(self.open.len()),
        }
    }

    /// All up to here is done.
    pub(crate) fn mark(&self) -> i64 {
        self.open.first().map_or(self.read, |first| first - 1)
    }

    /// Events that are not done.
    pub(crate) fn waiting(&self) -> usize {
        self.open.len()
    }

    /// Is nothing on its way, and could nothing be?
    pub(crate) fn at_rest(&self) -> bool {
        self.busy == 0 && self.ready.is_empty()
    }

    /// When the next lane that waits may be tried.
    pub(crate) fn next_due(&self) -> Option<Instant> {
        self.resting.keys().next().map(|(due, _)| *due)
    }

    /// Takes the next event in; one that is not wanted is done at once.
    pub(crate) fn push(&mut self, event: StoredEvent, wanted: bool) {
        self.read = self.read.max(event.position);
        if !wanted {
            return;
        }
        self.open.insert(event.position);
        let name = if self.shape.one_lane { String::new() } else { event.lane.clone() };
        let lane = self.lanes.entry(name.clone()).or_default();
        if lane.events.is_empty() {
            self.ready.push_back(name);
        }
        lane.events.push_back(Arc::new(event));
    }

    /// What to try now, if anything; [`Self::settle`] has to be told of each lane of it.
    pub(crate) fn take(&mut self, now: Instant) -> Option<Batch> {
        self.wake(now);
        if self.busy >= self.shape.parallel || self.ready.is_empty() {
            return None;
        }
        let count = self.shape.lanes.min(self.ready.len());
        let names: Vec<String> = self.ready.drain(..count).collect();
        let depth = self.shape.depth;
        let part = |name: String| {
            let lane = self.lanes.get(&name)?;
            // One that failed is tried alone, so that it is known which of them it is.
            let depth = if lane.failures > 0 { 1 } else { depth };
            let events = lane.events.iter().take(depth).cloned().collect();
            Some((name, events))
        };
        let parts: Vec<_> = names.into_iter().filter_map(part).collect();
        self.busy += 1;
        Some(Batch(parts))
    }

    fn wake(&mut self, now: Instant) {
        while let Some(entry) = self.resting.first_entry().filter(|entry| entry.key().0 <= now) {
            let name = entry.remove();
            if let Some(lane) = self.lanes.get_mut(&name) {
                lane.rest = None;
            }
            self.ready.push_back(name);
        }
    }

    /// A batch came back; what became of each of its lanes is told by [`Self::settle`].
    pub(crate) fn back(&mut self) {
        self.busy = self.busy.saturating_sub(1);
    }

    /// What became of a lane's events. `since` is when this sink was taken over, `roll` any number, which makes
    /// pauses uneven. An event that is given up comes back.
    pub(crate) fn settle(
        &mut self,
        name: &str,
        outcome: Outcome,
        now: Moment,
        since: i64,
        roll: u16,
    ) -> Option<GivenUp> {
        let lane = self.lanes.get_mut(name)?;
        for event in lane.events.drain(..outcome.delivered.min(lane.events.len())) {
            self.open.remove(&event.position);
        }
        if outcome.delivered > 0 {
            lane.failures = 0;
            self.hope(now.instant);
        }
        match outcome.failure {
            Some(failure) => self.fail(name, failure, now, since, roll),
            None => {
                self.go_on(name);
                None
            }
        }
    }

    fn go_on(&mut self, name: &str) {
        if self.lanes.get(name).is_some_and(|lane| lane.events.is_empty()) {
            self.lanes.remove(name);
        } else {
            self.ready.push_back(name.to_owned());
        }
    }

    fn fail(&mut self, name: &str, failure: Failure, now: Moment, since: i64, roll: u16) -> Option<GivenUp> {
        let lane = self.lanes.get_mut(name)?;
        let event = lane.events.front()?;
        lane.failures = lane.failures.saturating_add(1);
        let age = Duration::from_millis(u64::try_from(now.wall - event.at.max(since)).unwrap_or(0));
        let refused = failure.kind == FailureKind::Refused && lane.failures >= REFUSALS;
        if refused || age >= self.give_up {
            return Some(GivenUp {
                lane: name.to_owned(),
                event: Arc::clone(event),
                attempts: lane.failures,
                reason: failure.reason,
            });
        }
        let (away, asked) = match failure.kind {
            FailureKind::Away(asked) => (asked.is_none(), asked.unwrap_or_default()),
            _ => (false, Duration::ZERO),
        };
        let due = now.instant + pause(lane.failures, roll).max(asked);
        self.rests += 1;
        let key = (due, self.rests);
        lane.rest = Some(Rest { key, since: now.instant, away });
        self.resting.insert(key, name.to_owned());
        None
    }

    /// Somebody is there: lanes that found nobody need not wait for long.
    fn hope(&mut self, now: Instant) {
        if self.resting.is_empty() {
            return;
        }
        let Self { lanes, resting, .. } = self;
        let hopeful = |lane: &mut Lane| {
            let rest = lane.rest.as_mut().filter(|rest| rest.away)?;
            let due = (rest.since + HOPE).max(now);
            if due >= rest.key.0 {
                return None;
            }
            let name = resting.remove(&rest.key)?;
            rest.key.0 = due;
            resting.insert(rest.key, name);
            Some(())
        };
        lanes.values_mut().filter_map(hopeful).for_each(drop);
    }

    /// The first event of a lane was given up and put aside: the lane goes on.
    pub(crate) fn bury(&mut self, name: &str) {
        let Some(lane) = self.lanes.get_mut(name) else { return };
        lane.failures = 0;
        if let Some(event) = lane.events.pop_front() {
            self.open.remove(&event.position);
        }
        self.go_on(name);
    }
}

/// Twice as long each time, and a part of it by chance, so that many who wait do not come back at once.
fn pause(failures: u32, roll: u16) -> Duration {
    let doubled = PAUSE.saturating_mul(1 << failures.saturating_sub(1).min(16)).min(LONGEST_PAUSE);
    doubled.mul_f64(0.5 + 0.5 * f64::from(roll) / f64::from(u16::MAX))
}

#[cfg(test)]
mod tests;
