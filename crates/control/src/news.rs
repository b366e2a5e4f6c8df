//! What the sockets of chat rooms are told, over the bus.
//!
//! Promise: news of a change is told after its commit, so whoever reads the store then finds it there.

use api::ApiError;
use bus::{Body, RoomNews, Subject};
use domain::{Arn, chain};
use store::{PageRequest, StoreError};

use crate::Control;

/// Rooms that are read at a time.
const PAGE: u32 = 500;

impl Control {
    /// Tells a room something that the caller is promised.
    pub(crate) fn tell(&self, room: &Arn, news: RoomNews) -> Result<(), ApiError> {
        let told = self.bus.publish(Subject::Room(room.clone()), Body::Room(news));
        told.map_err(|error| ApiError::unavailable("reaching the bus", error))
    }

    /// Says that a room's row changed. The change is committed and stands, whether it can be told now or not.
    pub(crate) fn announce(&self, room: &Arn) {
        if let Err(error) = self.bus.publish(Subject::Room(room.clone()), Body::Room(RoomNews::Changed)) {
            tracing::warn!(%room, error = chain(&error), "could not tell that a room changed");
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
            page.items.iter().for_each(|room| self.announce(room));
            next = page.next.map(|after| PageRequest { after, limit: PAGE });
        }
        Ok(())
    }
}
