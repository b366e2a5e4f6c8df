//! What publishers and the carrier both see: who receives, whether there is a link, and what is on the way.
//!
//! Promise: envelopes that were taken and not settled hold at most [`MOST_BYTES`] of text.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};

use parking_lot::RwLock;
use tokio::sync::Notify;

use crate::{Envelope, Figures, NodeId, Receiver};

/// Bytes of text (see [`Envelope::weight`]) in the queue and on the way.
pub(super) const MOST_BYTES: usize = 32 << 20;

pub(super) struct Shared {
    node: NodeId,
    receivers: RwLock<Vec<Arc<dyn Receiver>>>,
    linked: AtomicBool,
    /// The link came or went.
    change: Notify,
    /// What stands could not be told, so all nodes shall look again.
    owes_gap: AtomicBool,
    bytes: AtomicUsize,
    published: AtomicU64,
    received: AtomicU64,
    lost: AtomicU64,
    gaps: AtomicU64,
    unreadable: AtomicU64,
}

impl Shared {
    pub(super) fn new(node: NodeId) -> Self {
        Self {
            node,
            receivers: RwLock::default(),
            linked: AtomicBool::default(),
            change: Notify::new(),
            owes_gap: AtomicBool::default(),
            bytes: AtomicUsize::default(),
            published: AtomicU64::default(),
            received: AtomicU64::default(),
            lost: AtomicU64::default(),
            gaps: AtomicU64::default(),
            unreadable: AtomicU64::default(),
        }
    }

    /// Whose bus this is.
    pub(super) fn node(&self) -> &NodeId {
        &self.node
    }

    pub(super) fn subscribe(&self, receiver: Arc<dyn Receiver>) {
        self.receivers.write().push(receiver);
    }

    pub(super) fn linked(&self) -> bool {
        self.linked.load(Ordering::Acquire)
    }

    pub(super) fn set_linked(&self, linked: bool) {
        self.linked.store(linked, Ordering::Release);
        self.change.notify_waiters();
    }

    pub(super) async fn until_linked(&self) {
        loop {
            let mut change = std::pin::pin!(self.change.notified());
            change.as_mut().enable();
            if self.linked() {
                return;
            }
            change.await;
        }
    }

    /// Notes that an envelope will not be carried.
    pub(super) fn note_refusal(&self, envelope: &Envelope) {
        if envelope.body.stands() {
            self.owe_gap();
        }
    }

    pub(super) fn owe_gap(&self) {
        self.owes_gap.store(true, Ordering::Relaxed);
    }

    pub(super) fn owes_gap(&self) -> bool {
        self.owes_gap.load(Ordering::Relaxed)
    }

    /// Whether a gap was owed until now.
    pub(super) fn take_owed_gap(&self) -> bool {
        self.owes_gap.swap(false, Ordering::Relaxed)
    }

    /// Takes room for an envelope; `false` when there is none.
    pub(super) fn reserve(&self, weight: usize) -> bool {
        let before = self.bytes.fetch_add(weight, Ordering::Relaxed);
        let fits = before.saturating_add(weight) <= MOST_BYTES;
        if !fits {
            self.release(weight);
        }
        fits
    }

    pub(super) fn release(&self, weight: usize) {
        self.bytes.fetch_sub(weight, Ordering::Relaxed);
    }

    pub(super) fn count_published(&self) {
        self.published.fetch_add(1, Ordering::Relaxed);
    }

    pub(super) fn count_unreadable(&self) {
        self.unreadable.fetch_add(1, Ordering::Relaxed);
    }

    /// Hands an envelope of the stream to all receivers.
    pub(super) fn hand_out(&self, envelope: &Arc<Envelope>) {
        self.received.fetch_add(1, Ordering::Relaxed);
        for receiver in self.receivers.read().iter() {
            receiver.receive(envelope);
        }
    }

    /// Tells all receivers of a gap.
    pub(super) fn tell_gap(&self) {
        self.gaps.fetch_add(1, Ordering::Relaxed);
        for receiver in self.receivers.read().iter() {
            receiver.gap();
        }
    }

    /// Settles an envelope that this node published and will not see again.
    pub(super) fn tell_lost(&self, envelope: &Arc<Envelope>) {
        self.lost.fetch_add(1, Ordering::Relaxed);
        self.release(envelope.weight());
        self.note_refusal(envelope);
        for receiver in self.receivers.read().iter() {
            receiver.lost(envelope);
        }
    }

    pub(super) fn figures(&self) -> Figures {
        let read = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        Figures {
            linked: self.linked(),
            waiting_bytes: self.bytes.load(Ordering::Relaxed),
            published: read(&self.published),
            received: read(&self.received),
            lost: read(&self.lost),
            gaps: read(&self.gaps),
            unreadable: read(&self.unreadable),
        }
    }
}
