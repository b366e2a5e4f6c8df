//! Envelopes that were written and did not come back yet.
//!
//! Promise: each leaves exactly once: by its return, by the return of a later one, or by its time.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::{Duration, Instant};

use crate::Envelope;

/// How long an envelope may take through the broker. Longer than a broker's restart takes, shorter than a
/// person waits for the answer to what they typed.
pub(super) const PATIENCE: Duration = Duration::from_secs(5);

struct Written {
    number: u64,
    since: Instant,
    envelope: Arc<Envelope>,
}

/// In the order in which they were written.
#[derive(Default)]
pub(super) struct Unsettled {
    written: VecDeque<Written>,
}

impl Unsettled {
    /// Remembers an envelope under the number it was written with; numbers rise.
    pub(super) fn push(&mut self, number: u64, since: Instant, envelope: Arc<Envelope>) {
        self.written.push_back(Written { number, since, envelope });
    }

    /// The envelope of this number has come back; `None` when it was settled before.
    pub(super) fn take(&mut self, number: u64) -> Option<Arc<Envelope>> {
        let front = self.written.front()?;
        if front.number != number {
            return None;
        }
        self.written.pop_front().map(|written| written.envelope)
    }

    /// The oldest, if it was written before `number`: the stream keeps order, so it can't come any more.
    pub(super) fn pass(&mut self, number: u64) -> Option<Arc<Envelope>> {
        self.pop_if(|written| written.number < number)
    }

    /// The oldest, if its time is over.
    pub(super) fn overdue(&mut self, now: Instant) -> Option<Arc<Envelope>> {
        self.pop_if(|written| now.saturating_duration_since(written.since) >= PATIENCE)
    }

    /// The oldest.
    pub(super) fn pop(&mut self) -> Option<Arc<Envelope>> {
        self.pop_if(|_| true)
    }

    pub(super) fn is_empty(&self) -> bool {
        self.written.is_empty()
    }

    fn pop_if(&mut self, leaves: impl FnOnce(&Written) -> bool) -> Option<Arc<Envelope>> {
        if !leaves(self.written.front()?) {
            return None;
        }
        self.written.pop_front().map(|written| written.envelope)
    }
}
