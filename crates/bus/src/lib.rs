//! Facts and commands between services and nodes.
//!
//! **Way in**: [`Bus::publish`]. **Way out**: every [`Receiver`] that subscribed, on this node and, with NATS
//! behind it, on all others.
//!
//! Promise: all receivers of all nodes get one subject's envelopes in one order, and what one thread publishes
//! on a subject in the order in which it did; the publisher's own node gets its envelopes by the same way as
//! the others. Publishing never waits. At most once: an envelope that could not be carried is an error for its
//! publisher or a [`Receiver::gap`], never silence.
//!
//! Refuses to know: what the facts mean.

#![warn(missing_docs)]

mod envelope;
mod in_process;

pub use envelope::{Body, Envelope, FrameKind, NodeId, RoomNews, Subject};

use std::sync::Arc;

use in_process::InProcess;

/// Takes envelopes. Called on whatever thread carries them, one at a time for a subject.
pub trait Receiver: Send + Sync {
    /// An envelope has come. Must neither wait nor publish: whoever publishes may be on this thread.
    fn receive(&self, envelope: &Arc<Envelope>);

    /// Envelopes may have been lost on the way to this node (the link to the broker was cut for longer than
    /// the broker keeps them).
    fn gap(&self);
}

/// Why an envelope was not carried.
#[derive(Debug, thiserror::Error)]
pub enum BusError {
    /// The link to the broker does not keep up; the envelope was not taken.
    #[error("the bus is full")]
    Full,
    /// The broker can't be reached.
    #[error("the bus has no link to its broker")]
    Away,
}

/// Carries envelopes. A clone is another handle on the same bus.
#[derive(Clone)]
pub struct Bus {
    node: NodeId,
    in_process: Arc<InProcess>,
}

impl Bus {
    /// A bus for this process alone: receivers are called on the publisher's thread.
    pub fn in_process(node: NodeId) -> Self {
        Self { node, in_process: Arc::new(InProcess::new()) }
    }

    /// Gives an envelope to all receivers of its subject's kind.
    ///
    /// # Errors
    /// [`BusError`]; then nobody gets it.
    pub fn publish(&self, subject: Subject, body: Body) -> Result<(), BusError> {
        let envelope = Arc::new(Envelope { node: self.node.clone(), subject, body });
        self.in_process.publish(&envelope);
        Ok(())
    }

    /// From now on `receiver` gets everything that is said about rooms, until the bus is gone.
    #[expect(clippy::needless_pass_by_value, reason = "a subscriber gives its receiver away")]
    pub fn subscribe_rooms(&self, receiver: Arc<dyn Receiver>) {
        self.in_process.subscribe(&receiver);
    }
}
