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
mod error;
mod in_process;
mod nats;

pub use envelope::{Body, ChannelOrder, Envelope, FrameKind, NodeId, RoomNews, Subject};
pub use error::{BusConnectError, BusError};
pub use nats::NatsConfig;

use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use in_process::InProcess;
use nats::Nats;

/// What resolves when a receiver acts on all it has heard.
pub type CaughtUp = Pin<Box<dyn Future<Output = ()> + Send>>;

/// Takes envelopes. Called on whatever thread carries them, one at a time for a subject.
pub trait Receiver: Send + Sync {
    /// An envelope has come. Must neither wait nor publish: whoever publishes may be on this thread.
    fn receive(&self, envelope: &Arc<Envelope>);

    /// This node may have missed something: the link to the broker was cut for longer than the broker keeps
    /// envelopes, the broker forgot them, a node of a newer version wrote what this one can't read, or
    /// somewhere a [`RoomNews::Changed`] was refused or lost, which is true all the same. Must neither wait nor
    /// publish.
    fn gap(&self);

    /// An envelope that this node's [`Bus::publish`] took did not come back from the broker: the link was cut,
    /// or five seconds went by. Nobody got it as far as this node knows; yet when only its return failed, or
    /// the network delivers it late, others do. Told on the publisher's node alone, and never without a broker.
    /// Must neither wait nor publish.
    fn lost(&self, envelope: &Arc<Envelope>) {
        let _ = envelope;
    }

    /// Resolves when all that was received before holds here, where more is to be done about it than hearing it,
    /// such as reading the store. See [`Bus::caught_up`].
    fn caught_up(&self) -> CaughtUp {
        Box::pin(std::future::ready(()))
    }
}

/// What a bus has done since its start. Without a broker only `linked` says something.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Figures {
    /// Whether envelopes can be published now.
    pub linked: bool,
    /// Bytes of text that were taken and neither came back nor were lost.
    pub waiting_bytes: usize,
    /// Envelopes written to the broker.
    pub published: u64,
    /// Envelopes handed to the receivers.
    pub received: u64,
    /// Envelopes told as lost.
    pub lost: u64,
    /// Gaps told.
    pub gaps: u64,
    /// Envelopes that could not be read.
    pub unreadable: u64,
}

/// Carries envelopes. A clone is another handle on the same bus.
#[derive(Clone)]
pub struct Bus {
    node: NodeId,
    way: Way,
}

#[derive(Clone)]
enum Way {
    InProcess(Arc<InProcess>),
    Nats(Arc<Nats>),
}

impl std::fmt::Debug for Bus {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Bus(…)")
    }
}

impl Bus {
    /// How long [`Bus::caught_up`] waits at most.
    pub const PATIENCE: Duration = Duration::from_secs(1);

    /// A bus for this process alone: receivers are called on the publisher's thread.
    pub fn in_process(node: NodeId) -> Self {
        Self { node, way: Way::InProcess(Arc::new(InProcess::new())) }
    }

    /// A bus between all nodes that use the same broker. `node` must be no other node's, nor that of an earlier
    /// run. Needs a tokio runtime, on which receivers are called.
    ///
    /// # Errors
    /// [`BusConnectError`] when the broker can't be reached now or is not fit. Once connected, a bus mends
    /// its link by itself.
    pub async fn nats(config: NatsConfig, node: NodeId) -> Result<Self, BusConnectError> {
        let nats = Nats::connect(config, node.clone()).await?;
        Ok(Self { node, way: Way::Nats(Arc::new(nats)) })
    }

    /// Gives an envelope to all receivers of its subject's kind.
    ///
    /// # Errors
    /// [`BusError`]; then nobody gets it.
    pub fn publish(&self, subject: Subject, body: Body) -> Result<(), BusError> {
        let envelope = Arc::new(Envelope { node: self.node.clone(), subject, body });
        if envelope.weight() > Envelope::MAX_WEIGHT {
            return Err(BusError::TooLarge);
        }
        match &self.way {
            Way::InProcess(bus) => {
                bus.publish(&envelope);
                Ok(())
            }
            Way::Nats(bus) => bus.publish(envelope),
        }
    }

    /// Whether there may be other nodes that hear what is said here.
    pub fn reaches_others(&self) -> bool {
        matches!(self.way, Way::Nats(_))
    }

    /// From now on `receiver` gets everything that is said, until the bus is gone.
    pub fn subscribe(&self, receiver: Arc<dyn Receiver>) {
        match &self.way {
            Way::InProcess(bus) => bus.subscribe(&receiver),
            Way::Nats(bus) => bus.subscribe(receiver),
        }
    }

    /// Waits until receivers act on what was published before, so that a caller who is told that something changed
    /// finds it changed: on a bus of one process; [`Bus::PATIENCE`] at most. What goes by a broker is on its
    /// way to all nodes, this one among them, and is not waited for.
    pub async fn caught_up(&self) {
        if let Way::InProcess(bus) = &self.way {
            let all = futures_util::future::join_all(bus.caught_up());
            // Then a receiver is at odds with its store, and says so itself.
            let _ = tokio::time::timeout(Self::PATIENCE, all).await;
        }
    }

    /// What it has done.
    pub fn figures(&self) -> Figures {
        match &self.way {
            Way::InProcess(_) => Figures {
                linked: true,
                waiting_bytes: 0,
                published: 0,
                received: 0,
                lost: 0,
                gaps: 0,
                unreadable: 0,
            },
            Way::Nats(bus) => bus.figures(),
        }
    }

    /// Carries what was published (for at most two seconds) and leaves the broker; publishing to it is refused
    /// from then on. Without a broker there is nothing to do.
    pub async fn close(&self) {
        match &self.way {
            Way::InProcess(_) => {}
            Way::Nats(bus) => bus.close().await,
        }
    }
}
