//! One handler's places, queue and breaker.
//!
//! Promise: it is never asked more questions at once than it has places; whoever waits for a place gives up at
//! its own deadline; over the queue's bound nobody waits at all.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use bytes::Bytes;
use outbound::Outbound;
use parking_lot::Mutex;
use tokio::sync::Semaphore;
use tokio::time::{Instant, timeout_at};

use super::ask::Failure;
use super::breaker::{Breaker, Change};
use super::figures::{HandlerFigures, Record};
use super::question::Question;
use super::targets::Target;

/// The way to one handler.
#[derive(Debug)]
pub(super) struct Lane {
    target: Arc<Target>,
    places: Semaphore,
    waiting: AtomicUsize,
    breaker: Mutex<Breaker>,
    pub(super) record: Record,
}

impl Lane {
    pub(super) fn new(target: Arc<Target>) -> Self {
        Self {
            places: Semaphore::new(target.places),
            waiting: AtomicUsize::new(0),
            breaker: Mutex::new(Breaker::new(target.thresholds)),
            record: Record::default(),
            target,
        }
    }

    pub(super) fn figures(&self) -> HandlerFigures {
        let resting = self.breaker.lock().rests(Instant::now());
        self.record.read(self.waiting.load(Ordering::Relaxed), resting)
    }

    /// Asks the handler; ends at the latest when the target's time since `asked` is over.
    pub(super) async fn ask(
        &self,
        outbound: &Outbound,
        question: &Question,
        asked: Instant,
    ) -> Result<Bytes, Failure> {
        let outcome = self.ask_in_turn(outbound, question, asked).await;
        match &outcome {
            Ok(_) => self.record.answered(asked.elapsed()),
            Err(failure) => self.record.failed(failure),
        }
        outcome
    }

    async fn ask_in_turn(
        &self,
        outbound: &Outbound,
        question: &Question,
        asked: Instant,
    ) -> Result<Bytes, Failure> {
        let deadline = asked + self.target.timeout;
        let _place = self.place(deadline).await?;
        if !self.breaker.lock().admit(Instant::now()) {
            return Err(Failure::Resting);
        }
        let outcome = self.target.endpoint.ask(outbound, question, deadline).await;
        self.learn(&question.uri, &outcome);
        outcome
    }

    /// Waits for a place, unless too many do already or the handler rests: then there is none to wait for.
    async fn place(&self, deadline: Instant) -> Result<tokio::sync::SemaphorePermit<'_>, Failure> {
        if self.breaker.lock().rests(Instant::now()) {
            return Err(Failure::Resting);
        }
        if let Ok(place) = self.places.try_acquire() {
            return Ok(place);
        }
        let _waiting = Waiting::begin(&self.waiting, self.target.queue)?;
        match timeout_at(deadline, self.places.acquire()).await {
            Ok(Ok(place)) => Ok(place),
            _ => Err(Failure::Crowded),
        }
    }

    fn learn(&self, uri: &str, outcome: &Result<Bytes, Failure>) {
        let change = match outcome {
            Err(failure) if failure.blames_handler() => self.breaker.lock().failed(Instant::now()),
            Err(_) => None,
            Ok(_) => self.breaker.lock().succeeded(),
        };
        match change {
            Some(Change::Opened) => {
                tracing::warn!(uri, "a review handler failed too often in a row: it rests");
            }
            Some(Change::Closed) => tracing::info!(uri, "a review handler answers again"),
            None => {}
        }
    }
}

/// A place in the queue, given back however the wait ends.
struct Waiting<'a>(&'a AtomicUsize);

impl<'a> Waiting<'a> {
    fn begin(waiting: &'a AtomicUsize, bound: usize) -> Result<Self, Failure> {
        let before = waiting.fetch_add(1, Ordering::Relaxed);
        let queued = Self(waiting);
        if before < bound { Ok(queued) } else { Err(Failure::Busy) }
    }
}

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}
