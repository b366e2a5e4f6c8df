//! What each sink has done so far.
//!
//! Promise: reading costs a few loads and waits for nobody. Figures are of this process: of a sink that another
//! server looks after, they stand still.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// A sink's figures.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SinkCounts {
    /// Its name.
    pub name: String,
    /// `webhook`, `eventbridge`, `nats` or `file`.
    pub kind: &'static str,
    /// Events that it took.
    pub delivered: u64,
    /// Tries that failed.
    pub failed: u64,
    /// Events that were given up.
    pub dead: u64,
    /// Events that were read for it and that it has not taken yet; at most 1,000 are read ahead.
    pub waiting: u64,
}

/// A handle on the figures of all sinks. Clones read the same.
#[derive(Clone, Debug, Default)]
pub struct Counts(Arc<Vec<Counted>>);

#[derive(Debug)]
struct Counted {
    name: String,
    kind: &'static str,
    counter: Arc<Counter>,
}

/// Where one sink's task counts.
#[derive(Debug, Default)]
pub(crate) struct Counter {
    pub(crate) delivered: AtomicU64,
    pub(crate) failed: AtomicU64,
    pub(crate) dead: AtomicU64,
    pub(crate) waiting: AtomicU64,
}

impl Counts {
    pub(crate) fn of(sinks: impl Iterator<Item = (String, &'static str, Arc<Counter>)>) -> Self {
        Self(Arc::new(sinks.map(|(name, kind, counter)| Counted { name, kind, counter }).collect()))
    }

    /// The figures of each sink, in the order of the file.
    pub fn read(&self) -> Vec<SinkCounts> {
        let of = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        let read = |counted: &Counted| SinkCounts {
            name: counted.name.clone(),
            kind: counted.kind,
            delivered: of(&counted.counter.delivered),
            failed: of(&counted.counter.failed),
            dead: of(&counted.counter.dead),
            waiting: of(&counted.counter.waiting),
        };
        self.0.iter().map(read).collect()
    }
}

impl Counter {
    pub(crate) fn add(counter: &AtomicU64, more: usize) {
        counter.fetch_add(more as u64, Ordering::Relaxed);
    }
}
