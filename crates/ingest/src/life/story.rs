//! A stream's story on its way into the store: one task for each stream, from its key to its end.
//!
//! Promise: steps are written in the order in which they happened, each with its events in one change, and are
//! tried again for as long as the database is away; the stream itself never waits for that. Whatever happens to its
//! connection, the session is closed.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use domain::{StreamSession, chain};
use live::Broadcast;
use store::{Store, StoreError};
use tokio::sync::{mpsc, oneshot};
use tokio::time::{sleep, timeout};
use tokio_util::sync::CancellationToken;

use super::now;
use super::step::{Draft, Scribe, Step, subject};

/// Steps that may wait to be written.
pub(super) const STEPS: usize = 1_024;
/// Steps that are written in one change.
const BATCH: usize = 64;
/// How long what a publisher sent may take to drain to viewers. It takes milliseconds, unless those who package it
/// are in trouble.
const DRAIN: Duration = Duration::from_secs(30);
/// Pauses between tries, in milliseconds; the last one goes on.
const PAUSES: [u64; 6] = [100, 200, 500, 1_000, 2_000, 5_000];
/// Tries of what the database refuses although it is there.
const TRIES: usize = 5;

/// Where stories are written.
#[derive(Clone, Debug)]
pub(super) struct Archive {
    pub(super) store: Store,
    /// When to give up: the next start closes what is open.
    pub(super) deadline: CancellationToken,
}

impl Archive {
    /// Does it until it is done; false when it was given up.
    pub(super) async fn insist<F: Future<Output = Result<(), StoreError>>>(
        &self,
        what: &'static str,
        whose: &str,
        mut act: impl FnMut() -> F,
    ) -> bool {
        let mut refusals = 0;
        for attempt in 0.. {
            let Err(error) = act().await else { return true };
            let cause = chain(&error);
            if !error.is_unavailable() {
                refusals += 1;
            }
            if refusals >= TRIES {
                tracing::error!(whose, cause, "could not keep {what}");
                return false;
            }
            if attempt == 0 {
                tracing::warn!(whose, cause, "could not keep {what} yet; trying on");
            }
            let pause = Duration::from_millis(PAUSES[attempt.min(PAUSES.len() - 1)]);
            tokio::select! {
                () = sleep(pause) => {}
                () = self.deadline.cancelled() => {
                    tracing::warn!(whose, cause, "gave up keeping {what}");
                    return false;
                }
            }
        }
        false
    }
}

/// The task's own.
pub(super) struct Story {
    pub(super) archive: Archive,
    pub(super) session: StreamSession,
    pub(super) broadcast: Arc<Broadcast>,
    pub(super) steps: mpsc::Receiver<Step>,
    /// For what is seen on the shelf.
    pub(super) sender: mpsc::Sender<Step>,
    /// The publisher is off air.
    pub(super) gone: CancellationToken,
    /// The session was closed by somebody else.
    pub(super) forfeited: Arc<AtomicBool>,
}

impl Story {
    /// Opens the session, says so, and writes to its end.
    pub(super) async fn run(self, opened: oneshot::Sender<Result<(), StoreError>>) {
        let mut scribe = Scribe::new(subject(&self.session));
        let beginning = scribe.beginning(self.session.created_at);
        let outcome = self.archive.store.open_session(&self.session, &[beginning]).await;
        let is_open = outcome.is_ok();
        // Nobody listens when the connection is gone; then the story ends soon, in order.
        let _ = opened.send(outcome);
        if !is_open {
            return self.take_back().await;
        }
        let (broadcast, archive) = (&self.broadcast, &self.archive);
        let watch = async {
            tokio::select! {
                () = watch(broadcast, &self.gone, self.sender) => {}
                () = archive.deadline.cancelled() => {}
            }
        };
        let write = write(archive, &self.session, &mut scribe, self.steps, &self.gone, &self.forfeited);
        tokio::join!(watch, write);
    }

    /// A session that could not be opened may be open all the same: the database may have been lost just after it
    /// took it.
    async fn take_back(self) {
        let ended = domain::EventKind::State(domain::StateChange::SessionEnded);
        let ended = super::step::event(&subject(&self.session), now(), ended);
        let (stream, at) = (&self.session.stream, ended.at);
        let events = [ended];
        let close = || async { self.archive.store.close_session(stream, at, &events).await.map(drop) };
        self.archive.insist("that a stream could not begin", stream.as_str(), close).await;
    }
}

/// Tells what is to be seen on the shelf.
async fn watch(broadcast: &Broadcast, gone: &CancellationToken, steps: mpsc::Sender<Step>) {
    let shelf = broadcast.shelf();
    let shown = tokio::select! {
        shown = playable(broadcast) => shown,
        () = gone.cancelled() => false,
    };
    if shown {
        // An error is the end of the writer, who needs no steps then.
        let _ = steps.send(Step::Playable { at: now() }).await;
        gone.cancelled().await;
    }
    let mut reader = shelf.reader();
    // Whoever has the right to fill the shelf fills it to the end. When nobody has, nobody gets it any more.
    if shelf.writer().is_none() && timeout(DRAIN, reader.settled()).await.is_err() {
        tracing::error!(stream = %broadcast.stream(), "what the publisher sent did not drain in time");
    }
    // Without renditions decided there never was anything to choose from.
    if !shown && shelf.latest().is_some() && broadcast.ladder().is_some() {
        let _ = steps.send(Step::Playable { at: now() }).await;
    }
    let _ = steps.send(Step::Drained { at: now() }).await;
}

/// Waits until there is something to play of each rendition. A shelf has few readers; these leave as soon as they saw
/// what they came for. False: nothing more can come.
async fn playable(broadcast: &Broadcast) -> bool {
    if broadcast.shelf().reader().wait(|_| true).await.is_none() {
        return false;
    }
    for rendition in &broadcast.decided_ladder().await.renditions {
        if rendition.shelf().reader().wait(|_| true).await.is_none() {
            return false;
        }
    }
    true
}

/// Writes steps to the last.
async fn write(
    archive: &Archive,
    session: &StreamSession,
    scribe: &mut Scribe,
    mut steps: mpsc::Receiver<Step>,
    gone: &CancellationToken,
    forfeited: &AtomicBool,
) {
    let mut batch = Vec::new();
    while steps.recv_many(&mut batch, BATCH).await > 0 {
        let mut draft = Draft::default();
        for step in batch.drain(..) {
            scribe.take(step, &mut draft);
        }
        let kept = draft.is_empty() || keep(archive, session, &draft, gone, forfeited).await;
        if draft.is_last() || !kept && archive.deadline.is_cancelled() {
            break;
        }
    }
}

async fn keep(
    archive: &Archive,
    session: &StreamSession,
    draft: &Draft,
    gone: &CancellationToken,
    forfeited: &AtomicBool,
) -> bool {
    let stream = &session.stream;
    // Tried again, an event that is out already is not told again (the store's promise).
    let act = || async move {
        let mut was_closed = false;
        let revise = |session: &mut StreamSession| {
            was_closed = draft.is_late_for(session);
            draft.apply(session);
            !was_closed
        };
        let found = archive.store.revise_session(stream, revise, &draft.events).await?;
        if was_closed || found.is_none() {
            // Another server took this one for dead, and told everybody that the stream has ended.
            forfeited.store(true, Ordering::Relaxed);
            let is_late = gone.is_cancelled();
            tracing::warn!(%stream, is_late, "the session was closed by somebody else");
        }
        Ok(())
    };
    archive.insist("what happened to a stream", stream.as_str(), act).await
}
