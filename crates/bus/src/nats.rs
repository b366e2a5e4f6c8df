//! The bus of several nodes: one stream of a NATS server puts all envelopes into one order.
//!
//! **Way in**: [`Nats::publish`], which puts into a bounded queue. **Way out**: the [`carrier`], a task that
//! writes the queue to the stream and reads the stream back for all receivers, its own envelopes included.
//!
//! Promise: every node reads the same stream from the same place on, so every node sees one order. What was
//! taken is either read back, told as lost, or part of a gap; nothing of it is held without a bound.

mod carrier;
mod fence;
mod link;
mod position;
mod shared;
mod unsettled;
mod wire;

use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;

use tokio::sync::mpsc;
use tokio::sync::mpsc::error::TrySendError;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::{BusConnectError, BusError, Envelope, Figures, NodeId, Receiver};
use carrier::Carrier;
use link::Link;
use shared::Shared;
use unsettled::PATIENCE;

/// Envelopes that wait to be written. Some hundred milliseconds of the most that one stream carries.
const QUEUE: usize = 16_384;

/// Where the broker is and how it is entered.
#[derive(Clone, PartialEq, Eq)]
pub struct NatsConfig {
    /// Addresses of the servers of one cluster, parted by commas: `nats://host:4222` or `tls://host:4222`. A
    /// user and password, or a token, may stand before the first host as in any URL.
    pub servers: String,
    /// File with the certificates (PEM) that the server's is checked with, instead of the system's.
    pub authorities: Option<PathBuf>,
    /// Keeps installations apart that share a broker: the first word of all subjects and, in capitals, of the
    /// stream's name. Letters, digits and hyphens; one to 32.
    pub name: String,
    /// On how many servers of the cluster the stream lives: 1 to 5. With one, its restart is a gap.
    pub replicas: usize,
}

impl NatsConfig {
    /// What is usual, for a broker at these addresses.
    pub fn new(servers: impl Into<String>) -> Self {
        let (servers, name) = (servers.into(), "rillcast".to_owned());
        Self { servers, authorities: None, name, replicas: 1 }
    }
}

impl fmt::Debug for NatsConfig {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // The addresses may hold a password.
        f.debug_struct("NatsConfig").field("name", &self.name).finish_non_exhaustive()
    }
}

/// A handle on the carrier.
pub(crate) struct Nats {
    queue: mpsc::Sender<Arc<Envelope>>,
    shared: Arc<Shared>,
    stop: CancellationToken,
    tasks: TaskTracker,
}

impl Nats {
    pub(crate) async fn connect(config: NatsConfig, node: NodeId) -> Result<Self, BusConnectError> {
        let (link, position, _) = Link::open(&config, None).await?;
        let (queue, waiting) = mpsc::channel(QUEUE);
        let (shared, stop, tasks) =
            (Arc::new(Shared::new(node)), CancellationToken::new(), TaskTracker::new());
        let carrier = Carrier::new(config, Arc::clone(&shared), waiting, stop.clone());
        tasks.spawn(carrier.run(link, position));
        // Dropped on failure, which stops the carrier.
        let nats = Self { queue, shared, stop, tasks };
        match tokio::time::timeout(PATIENCE, nats.shared.until_linked()).await {
            Ok(()) => Ok(nats),
            Err(_) => Err(BusConnectError::Deaf),
        }
    }

    pub(crate) fn publish(&self, envelope: Arc<Envelope>) -> Result<(), BusError> {
        self.enqueue(envelope).map_err(|(envelope, error)| {
            self.shared.note_refusal(&envelope);
            error
        })
    }

    fn enqueue(&self, envelope: Arc<Envelope>) -> Result<(), (Arc<Envelope>, BusError)> {
        if !self.shared.linked() {
            return Err((envelope, BusError::Away));
        }
        let weight = envelope.weight();
        if !self.shared.reserve(weight) {
            return Err((envelope, BusError::Full));
        }
        self.queue.try_send(envelope).map_err(|refused| {
            self.shared.release(weight);
            match refused {
                TrySendError::Full(envelope) => (envelope, BusError::Full),
                TrySendError::Closed(envelope) => (envelope, BusError::Away),
            }
        })
    }

    pub(crate) fn subscribe(&self, receiver: Arc<dyn Receiver>) {
        self.shared.subscribe(receiver);
    }

    pub(crate) fn figures(&self) -> Figures {
        self.shared.figures()
    }

    pub(crate) async fn close(&self) {
        self.stop.cancel();
        self.tasks.close();
        self.tasks.wait().await;
    }
}

impl Drop for Nats {
    fn drop(&mut self) {
        self.stop.cancel();
    }
}
