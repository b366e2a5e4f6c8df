//! The bus of a single node: receivers are called on the publisher's thread.
//!
//! Promise: one subject's envelopes reach all receivers in one order, and nothing is copied or encoded for it.

use std::hash::{BuildHasher, RandomState};
use std::sync::Arc;

use parking_lot::Mutex;

use crate::{CaughtUp, Envelope, Receiver, Subject};

/// How many orders there are. Subjects that fall on the same one wait for each other, so this is many more
/// than the threads that publish.
const ORDERS: usize = 256;

/// Who hears one share of the subjects. Each share has its own list, so that one lock is all that a
/// publication takes; the alignment keeps neighbours' locks off each other's cache line.
#[derive(Default)]
#[repr(align(64))]
struct Order {
    receivers: Mutex<Vec<Arc<dyn Receiver>>>,
}

/// Calls receivers, subject by subject.
pub(crate) struct InProcess {
    orders: Box<[Order]>,
    hasher: RandomState,
}

impl InProcess {
    pub(crate) fn new() -> Self {
        Self { orders: (0..ORDERS).map(|_| Order::default()).collect(), hasher: RandomState::new() }
    }

    pub(crate) fn publish(&self, envelope: &Arc<Envelope>) {
        let receivers = self.order(&envelope.subject).receivers.lock();
        for receiver in receivers.iter() {
            receiver.receive(envelope);
        }
    }

    pub(crate) fn subscribe(&self, receiver: &Arc<dyn Receiver>) {
        for order in &self.orders {
            order.receivers.lock().push(Arc::clone(receiver));
        }
    }

    pub(crate) fn caught_up(&self) -> Vec<CaughtUp> {
        // Every order has every receiver.
        self.orders[0].receivers.lock().iter().map(|receiver| receiver.caught_up()).collect()
    }

    fn order(&self, subject: &Subject) -> &Order {
        let share = self.hasher.hash_one(subject) % ORDERS as u64;
        &self.orders[usize::try_from(share).unwrap_or(0)]
    }
}
