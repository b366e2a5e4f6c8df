//! The register of what is on air on this node, and of what has just ended.
//!
//! Promise: a channel has at most one broadcast on air; an ended one stays findable until it is forgotten.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::SystemTime;

use domain::{Arn, StreamId};
use tokio::sync::watch;

use crate::broadcast::{Airing, Broadcast, Publisher};
use crate::error::Busy;
use crate::ring::RingLimits;

#[derive(Debug, Default)]
struct Register {
    on_air: HashMap<Arn, Arc<Broadcast>>,
    ended: HashMap<StreamId, Arc<Broadcast>>,
}

#[derive(Debug)]
struct Inner {
    limits: RingLimits,
    register: Mutex<Register>,
    changes: watch::Sender<u64>,
}

/// All broadcasts of this node. Clones are the same hub.
#[derive(Clone, Debug)]
pub struct Hub {
    inner: Arc<Inner>,
}

impl Hub {
    /// An empty hub whose broadcasts each keep within `limits`.
    pub fn new(limits: RingLimits) -> Self {
        let inner = Inner { limits, register: Mutex::default(), changes: watch::Sender::new(0) };
        Self { inner: Arc::new(inner) }
    }

    /// Puts a stream of `channel` on air, started `now`.
    ///
    /// # Errors
    /// [`Busy`] when somebody is on air there.
    pub fn publish(
        &self,
        channel: &Arn,
        stream: StreamId,
        airing: impl Into<Airing>,
        now: SystemTime,
    ) -> Result<Publisher, Busy> {
        let mut register = self.register();
        if register.on_air.contains_key(channel) {
            return Err(Busy { channel: channel.clone() });
        }
        let broadcast = Broadcast::new(channel.clone(), stream, airing.into(), now, self.inner.limits);
        let broadcast = Arc::new(broadcast);
        register.on_air.insert(channel.clone(), Arc::clone(&broadcast));
        drop(register);
        self.announce();
        Ok(Publisher::new(broadcast, self.clone()))
    }

    /// What is on air on a channel.
    pub fn broadcast(&self, channel: &Arn) -> Option<Arc<Broadcast>> {
        self.register().on_air.get(channel).cloned()
    }

    /// One session of a channel: on air, or ended and not yet forgotten.
    pub fn find(&self, channel: &Arn, stream: &StreamId) -> Option<Arc<Broadcast>> {
        let register = self.register();
        let on_air = register.on_air.get(channel).filter(|broadcast| broadcast.stream() == stream);
        let ended = || register.ended.get(stream).filter(|broadcast| broadcast.channel() == channel);
        on_air.or_else(ended).cloned()
    }

    /// All that is on air, in no order.
    pub fn on_air(&self) -> Vec<Arc<Broadcast>> {
        self.register().on_air.values().cloned().collect()
    }

    /// A number that rises whenever a broadcast starts or ends.
    pub fn changes(&self) -> watch::Receiver<u64> {
        self.inner.changes.subscribe()
    }

    /// Drops an ended broadcast from the register; whoever holds it may read on. One on air stays.
    pub fn forget(&self, broadcast: &Broadcast) {
        if let Some(ended) = self.register().ended.remove(broadcast.stream()) {
            ended.forget();
        }
    }

    /// Takes a broadcast off air. One that nobody ever read has nothing to linger for, and nobody who
    /// would call [`Hub::forget`].
    pub(crate) fn retire(&self, broadcast: &Arc<Broadcast>) {
        let mut register = self.register();
        register.on_air.remove(broadcast.channel());
        if broadcast.was_read() {
            register.ended.insert(broadcast.stream().clone(), Arc::clone(broadcast));
        } else {
            broadcast.forget();
        }
        drop(register);
        self.announce();
    }

    fn announce(&self) {
        self.inner.changes.send_modify(|count| *count = count.wrapping_add(1));
    }

    fn register(&self) -> MutexGuard<'_, Register> {
        self.inner.register.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
