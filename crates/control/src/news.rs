//! What the sockets of chat rooms are told, over the bus.
//!
//! Promise: news of a change is told after its commit, so whoever reads the store then finds it there; while the
//! bus is away such news waits, once for each room, and is told when it is back.

use std::collections::HashSet;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use api::ApiError;
use bus::{Body, BusError, RoomNews, Subject};
use domain::{Arn, chain};
use store::{PageRequest, StoreError};
use tokio::sync::Notify;

use crate::Control;

/// Rooms that are read at a time.
const PAGE: u32 = 500;

/// Rooms whose news may wait; further ones are told of when somebody next opens them.
const MOST_UNTOLD: usize = 100_000;

/// Until the next try while the bus is away.
const PAUSE: Duration = Duration::from_secs(1);

/// Rooms whose sockets are still to be told that they changed. A clone is another handle on the same ones.
#[derive(Clone, Debug, Default)]
pub(crate) struct Untold {
    rooms: Arc<Mutex<HashSet<Arn>>>,
    more: Arc<Notify>,
}

impl Untold {
    /// False when too many wait.
    fn keep(&self, room: &Arn) -> bool {
        let mut rooms = self.rooms.lock().unwrap_or_else(PoisonError::into_inner);
        let kept = rooms.len() < MOST_UNTOLD;
        if kept {
            rooms.insert(room.clone());
            self.more.notify_one();
        }
        kept
    }

    fn take(&self) -> HashSet<Arn> {
        std::mem::take(&mut *self.rooms.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Control {
    /// Tells a room something that the caller is promised.
    pub(crate) fn tell(&self, room: &Arn, news: RoomNews) -> Result<(), ApiError> {
        let told = self.bus.publish(Subject::Room(room.clone()), Body::Room(news));
        told.map_err(|error| ApiError::unavailable("reaching the bus", error))
    }

    /// Says that a room's row changed, and waits for this server's sockets to act on it, as [`bus::Bus::caught_up`]
    /// can. The change is committed and stands, whether it can be told now or not.
    pub(crate) async fn announce(&self, room: &Arn) {
        self.announce_soon(room);
        self.bus.caught_up().await;
    }

    /// The same for whoever is promised no moment.
    fn announce_soon(&self, room: &Arn) {
        if let Err(error) = self.say_changed(room) {
            let kept = self.untold.keep(room);
            tracing::warn!(%room, kept, error = chain(&error), "could not tell yet that a room changed");
        }
    }

    fn say_changed(&self, room: &Arn) -> Result<(), BusError> {
        self.bus.publish(Subject::Room(room.clone()), Body::Room(RoomNews::Changed))
    }

    /// Tells what could not be told before, as soon as the bus takes it.
    pub(crate) async fn keep_telling(&self) {
        loop {
            self.untold.more.notified().await;
            tokio::time::sleep(PAUSE).await;
            for room in self.untold.take() {
                if self.say_changed(&room).is_err() {
                    self.untold.keep(&room);
                }
            }
        }
    }

    /// Says that the rooms changed which are logged to this configuration.
    pub(crate) async fn announce_logged(&self, configuration: &Arn) {
        if let Err(error) = self.announce_each(configuration).await {
            let error = chain(&error);
            tracing::warn!(%configuration, error, "could not tell which rooms have another log");
        }
    }

    async fn announce_each(&self, configuration: &Arn) -> Result<(), StoreError> {
        let mut next = Some(PageRequest::first(PAGE));
        while let Some(request) = next {
            let page = self.store.rooms_logged_to(configuration, request).await?;
            page.items.iter().for_each(|room| self.announce_soon(room));
            next = page.next.map(|after| PageRequest { after, limit: PAGE });
        }
        Ok(())
    }
}
