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
    finished: watch::Sender<Finished>,
    taken: AtomicBool,
    /// Whoever wrote here is gone.
    left: Arc<AtomicBool>,
}

impl Shelf {
    pub(crate) fn new() -> Self {
        Self {
            latest: watch::Sender::new(None),
            finished: watch::Sender::default(),
            taken: AtomicBool::new(false),
            left: Arc::default(),
        }
    }

    /// The right to write: the first caller gets it, nobody after.
    pub fn writer(&self) -> Option<ShelfWriter> {
        let first = !self.taken.swap(true, Ordering::Relaxed);
        first.then(|| ShelfWriter {
            latest: self.latest.clone(),
            finished: self.finished.clone(),
            left: Arc::clone(&self.left),
        })
    }

    /// What stands there now; `None` before the first snapshot.
    pub fn latest(&self) -> Option<Arc<Snapshot>> {
        self.latest.borrow().clone()
    }

    /// A reader that can wait. Each one counts in [`Shelf::waiting`] for as long as it lives.
    pub fn reader(&self) -> ShelfReader {
        ShelfReader { latest: self.latest.subscribe(), left: Arc::clone(&self.left) }
    }

    /// A reader of whole segments. It does not count in [`Shelf::waiting`].
    pub fn segments(&self) -> SegmentReader {
        SegmentReader { latest: self.latest.clone(), finished: self.finished.subscribe() }
    }

    /// How many readers that can wait there are.
    pub fn waiting(&self) -> usize {
        self.latest.receiver_count()
    }
}

/// How far the segments of a shelf are.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Finished {
    /// One more than the newest finished segment's number.
    next: u64,
    /// None follows.
    is_over: bool,
}

/// The one hand that fills the shelf.
#[derive(Debug)]
pub struct ShelfWriter {
    latest: watch::Sender<Option<Arc<Snapshot>>>,
    finished: watch::Sender<Finished>,
    left: Arc<AtomicBool>,
}

impl ShelfWriter {
    /// Replaces the snapshot and wakes all waiting readers.
    pub fn put(&self, snapshot: Arc<Snapshot>) {
        let next = snapshot.listed.last().map_or(0, |newest| newest.number + 1);
        let now = Finished { next, is_over: snapshot.ended };
        self.latest.send_replace(Some(snapshot));
        self.finished.send_if_modified(|told| std::mem::replace(told, now) != now);
    }
}

impl Drop for ShelfWriter {
    fn drop(&mut self) {
        self.left.store(true, Ordering::Release);
        // Wakes those who wait for this.
        self.latest.send_modify(|_| {});
        self.finished.send_modify(|told| told.is_over = true);
    }
}

/// Waits for finished segments: what it costs goes by their number, not by that of their parts.
#[derive(Debug)]
pub struct SegmentReader {
    latest: watch::Sender<Option<Arc<Snapshot>>>,
    finished: watch::Receiver<Finished>,
}

impl SegmentReader {
    /// What stands there when the segment of this number is finished, or nothing new will stand there any more: the
    /// last snapshot of the broadcast does, or the writer is gone. The segment may have left the snapshot since.
    /// `None`: nothing ever stood there. Safe to cancel. Waits for ever where nobody ever takes [`Shelf::writer`].
    pub async fn wait(&mut self, number: u64) -> Option<Arc<Snapshot>> {
        let good = |told: &Finished| told.is_over || told.next > number;
        // The sender lives as long as this reader's shelf; an error is the end of that, after which nothing comes.
        let _ = self.finished.wait_for(good).await;
        self.latest.borrow().clone()
    }

    /// Does nothing new stand there any more?
    pub fn is_over(&self) -> bool {
        self.finished.borrow().is_over
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
