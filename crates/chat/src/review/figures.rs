//! How one review handler fares, for whoever looks after it.
//!
//! Promise: what is told is of this server and since its start; a failure is told in the words of its cause, at
//! most [`LONGEST`] characters of them.

use std::time::{Duration, SystemTime};

use parking_lot::Mutex;

use super::answer::{Decision, Flaw};
use super::ask::Failure;

const LONGEST: usize = 500;

/// What is counted of a handler.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct HandlerFigures {
    /// Where it is invoked was configured.
    pub configured: bool,
    /// It is not asked for a while, as it failed too often in a row.
    pub resting: bool,
    /// Messages that wait for one of its places.
    pub waiting: usize,
    /// Answers that let a message through.
    pub allowed: u64,
    /// Answers that denied one.
    pub denied: u64,
    /// Messages for which there was no answer; the room's fallback decided.
    pub failed: u64,
    /// Answers, of whatever kind.
    pub answers: u32,
    /// Answers that broke a rule.
    pub invalid: u64,
    /// How long the newest answer took, the wait for a place among it.
    pub last_took: Option<Duration>,
    /// All answers together took so long.
    pub took: Duration,
    /// What went wrong last, and when.
    pub last_failure: Option<(SystemTime, String)>,
}

/// The counts of a handler.
#[derive(Debug, Default)]
pub(super) struct Record(Mutex<HandlerFigures>);

impl Record {
    /// It answered after this time.
    pub(super) fn answered(&self, took: Duration) {
        let mut figures = self.0.lock();
        figures.last_took = Some(took);
        figures.answers = figures.answers.saturating_add(1);
        figures.took = figures.took.saturating_add(took);
    }

    pub(super) fn decided(&self, decision: &Decision) {
        let mut figures = self.0.lock();
        match decision {
            Decision::Allow { .. } => figures.allowed += 1,
            Decision::Deny { .. } => figures.denied += 1,
        }
    }

    pub(super) fn broke(&self, flaw: Flaw) {
        let mut figures = self.0.lock();
        figures.invalid += 1;
        figures.last_failure = Some((SystemTime::now(), format!("its answer is invalid: {flaw}")));
    }

    pub(super) fn failed(&self, failure: &Failure) {
        let text = domain::chain(failure);
        let text = text.chars().take(LONGEST).collect();
        let mut figures = self.0.lock();
        figures.failed += 1;
        // That it rests is said by itself; why it does is worth more.
        if !matches!(failure, Failure::Resting) || figures.last_failure.is_none() {
            figures.last_failure = Some((SystemTime::now(), text));
        }
    }

    pub(super) fn read(&self, waiting: usize, resting: bool) -> HandlerFigures {
        HandlerFigures { configured: true, resting, waiting, ..self.0.lock().clone() }
    }
}
