//! The shelf: where a broadcast's finished parts and segments stand, as one immutable snapshot at a time.
//!
//! Promise: a reader sees whole snapshots only, each newer than the last; after one that says `ended`
//! there is none.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use tokio::sync::watch;

use crate::snapshot::Snapshot;

/// One writer, many readers. Empty until the writer has enough for a first playlist.
#[derive(Debug)]
pub struct Shelf {
    latest: watch::Sender<Option<Arc<Snapshot>>>,
    taken: AtomicBool,
    /// Whoever wrote here is gone.
    left: Arc<AtomicBool>,
}

impl Shelf {
    pub(crate) fn new() -> Self {
        Self { latest: watch::Sender::new(None), taken: AtomicBool::new(false), left: Arc::default() }
    }

    /// The right to write: the first caller gets it, nobody after.
    pub fn writer(&self) -> Option<ShelfWriter> {
        let first = !self.taken.swap(true, Ordering::Relaxed);
        first.then(|| ShelfWriter { latest: self.latest.clone(), left: Arc::clone(&self.left) })
    }

    /// What stands there now; `None` before the first snapshot.
    pub fn latest(&self) -> Option<Arc<Snapshot>> {
        self.latest.borrow().clone()
    }

    /// A reader that can wait. Each one counts in [`Shelf::waiting`] for as long as it lives.
    pub fn reader(&self) -> ShelfReader {
        ShelfReader { latest: self.latest.subscribe(), left: Arc::clone(&self.left) }
    }

    /// How many readers that can wait there are.
    pub fn waiting(&self) -> usize {
        self.latest.receiver_count()
    }
}

/// The one hand that fills the shelf.
#[derive(Debug)]
pub struct ShelfWriter {
    latest: watch::Sender<Option<Arc<Snapshot>>>,
    left: Arc<AtomicBool>,
}

impl ShelfWriter {
    /// Replaces the snapshot and wakes all waiting readers.
    pub fn put(&self, snapshot: Arc<Snapshot>) {
        self.latest.send_replace(Some(snapshot));
    }
}

impl Drop for ShelfWriter {
    fn drop(&mut self) {
        self.left.store(true, Ordering::Release);
        // Wakes those who wait for this.
        self.latest.send_modify(|_| {});
    }
}

/// Waits for the shelf to hold what it wants.
#[derive(Debug)]
pub struct ShelfReader {
    latest: watch::Receiver<Option<Arc<Snapshot>>>,
    left: Arc<AtomicBool>,
}

impl ShelfReader {
    /// The first snapshot, from the present one on, that `wanted` accepts or that is the last of the
    /// broadcast. Safe to cancel. `None` only when the shelf itself is gone.
    pub async fn wait(&mut self, mut wanted: impl FnMut(&Snapshot) -> bool) -> Option<Arc<Snapshot>> {
        let good =
            |latest: &Option<Arc<Snapshot>>| latest.as_ref().is_some_and(|now| now.ended || wanted(now));
        self.latest.wait_for(good).await.ok()?.clone()
    }

    /// Resolves when nothing new will stand there: the last snapshot of the broadcast does, or the writer is
    /// gone. Safe to cancel. Waits for ever where nobody ever takes [`Shelf::writer`].
    pub async fn settled(&mut self) {
        let left = Arc::clone(&self.left);
        let is_last = |latest: &Option<Arc<Snapshot>>| latest.as_ref().is_some_and(|now| now.ended);
        let settled = |latest: &Option<Arc<Snapshot>>| left.load(Ordering::Acquire) || is_last(latest);
        // An error is the end of the shelf itself, after which nothing comes either.
        let _ = self.latest.wait_for(settled).await;
    }
}
