//! Which configurations a room is logged to.
//!
//! Promise: at most one read of the store a minute for each room that nothing was changed about; when the store
//! can't be asked in time, that is said, never guessed.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use domain::{Arn, LoggingConfiguration};
use parking_lot::Mutex;
use store::{Store, StoreError, Tenant};
use tokio::time::{Instant, timeout_at};

/// Rooms that are remembered.
const ROOMS: usize = 65_536;
/// A change of which no word came is seen after so long.
const FRESH: Duration = Duration::from_secs(60);

#[derive(Clone, Debug)]
struct Known {
    configurations: Arc<[Arn]>,
    until: Instant,
    /// It was said that the room changed.
    changed: bool,
}

#[derive(Debug, Default)]
pub(super) struct Rooms {
    known: Mutex<HashMap<Arn, Known>>,
}

impl Rooms {
    pub(super) fn forget(&self, room: &Arn) {
        if let Some(known) = self.known.lock().get_mut(room) {
            known.changed = true;
        }
    }

    pub(super) fn forget_all(&self) {
        self.known.lock().values_mut().for_each(|known| known.changed = true);
    }

    /// The room's configurations; `None` when the store does not answer by `deadline`.
    pub(super) async fn configurations(
        &self,
        store: &Store,
        room: &Arn,
        deadline: Instant,
    ) -> Option<Arc<[Arn]>> {
        let old = self.known.lock().get(room).cloned();
        if let Some(known) = old.as_ref().filter(|known| !known.changed && known.until > Instant::now()) {
            return Some(Arc::clone(&known.configurations));
        }
        // A word that comes while the store is read must not be lost.
        if let Some(known) = self.known.lock().get_mut(room) {
            known.changed = false;
        }
        let found = timeout_at(deadline, store.room(&Tenant::of(room), room)).await;
        let configurations = match (found, old) {
            (Ok(Ok(Some(room))), _) => room.logging_configurations.into(),
            // What was said before the room was deleted is logged where it was to be.
            (Ok(Ok(None)), Some(old)) => old.configurations,
            // A row that can't be read will not be readable the next time, and nobody can join its room.
            (Ok(Ok(None) | Err(StoreError::Decode { .. })), None) => Arc::default(),
            (_, Some(old)) if !old.changed => return Some(old.configurations),
            _ => {
                self.forget(room);
                return None;
            }
        };
        self.remember(room, &configurations);
        Some(configurations)
    }

    fn remember(&self, room: &Arn, configurations: &Arc<[Arn]>) {
        let mut rooms = self.known.lock();
        if rooms.len() >= ROOMS && !rooms.contains_key(room) {
            rooms.clear();
        }
        let changed = rooms.get(room).is_some_and(|known| known.changed);
        let until = Instant::now() + FRESH;
        let known = Known { configurations: Arc::clone(configurations), until, changed };
        rooms.insert(room.clone(), known);
    }
}

/// What the store says about a configuration.
pub(super) enum Asked {
    Is(LoggingConfiguration),
    IsNot,
    /// It did not answer by the deadline, or with an error.
    NoAnswer,
}

pub(super) async fn configuration(store: &Store, arn: &Arn, deadline: Instant) -> Asked {
    let tenant = Tenant::of(arn);
    match timeout_at(deadline, store.logging_configuration(&tenant, arn)).await {
        Ok(Ok(Some(configuration))) => Asked::Is(configuration),
        // A row that can't be read will not be readable the next time.
        Ok(Ok(None) | Err(StoreError::Decode { .. })) => Asked::IsNot,
        _ => Asked::NoAnswer,
    }
}
