//! What holds in a room, as it was last read from the store.
//!
//! Promise: a snapshot: whoever holds one sees one state of the room.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Instant;

use domain::{ChatRestriction, Fallback, RestrictionKind, Room};

use crate::extensions::Extensions;

/// Who is asked about messages.
#[derive(Clone, Debug)]
pub(crate) struct Review {
    pub(crate) uri: Arc<str>,
    pub(crate) fallback: Fallback,
}

/// What holds in a room.
#[derive(Clone, Debug)]
pub(crate) struct Rules {
    /// The room was deleted; the rest is as it was before.
    pub(crate) gone: bool,
    /// Messages a second.
    pub(crate) rate: u32,
    /// Code points of a message.
    pub(crate) max_length: u16,
    pub(crate) review: Option<Review>,
    pub(crate) extensions: Extensions,
    pub(crate) read_at: Instant,
    bans: HashMap<String, ChatRestriction>,
    mutes: HashMap<String, ChatRestriction>,
}

impl Rules {
    /// From the room's row and its restrictions, which were read at `read_at`.
    pub(crate) fn new(room: &Room, restrictions: Vec<ChatRestriction>, read_at: Instant) -> Self {
        let review = room.review_handler.as_ref().filter(|handler| !handler.uri.is_empty());
        let (bans, mutes): (Vec<_>, Vec<_>) =
            restrictions.into_iter().partition(|one| one.kind == RestrictionKind::Ban);
        let by_user =
            |some: Vec<ChatRestriction>| some.into_iter().map(|one| (one.user.clone(), one)).collect();
        Self {
            gone: false,
            rate: room.message_rate.into(),
            max_length: room.message_length,
            review: review
                .map(|handler| Review { uri: handler.uri.as_str().into(), fallback: handler.fallback }),
            extensions: Extensions::of(&room.tags),
            read_at,
            bans: by_user(bans),
            mutes: by_user(mutes),
        }
    }

    /// The same of a room that is no more.
    pub(crate) fn of_gone_room(&self, read_at: Instant) -> Self {
        Self { gone: true, read_at, ..self.clone() }
    }

    /// Is the user banned at `now`, in milliseconds since 1970?
    pub(crate) fn bans(&self, user: &str, now: i64) -> bool {
        self.bans.get(user).is_some_and(|ban| ban.holds(now))
    }

    /// All who are banned at `now`, in milliseconds since 1970.
    pub(crate) fn banned(&self, now: i64) -> impl Iterator<Item = &str> {
        self.bans.values().filter(move |ban| ban.holds(now)).map(|ban| ban.user.as_str())
    }

    /// May the user not speak at `now`, in milliseconds since 1970?
    pub(crate) fn mutes(&self, user: &str, now: i64) -> bool {
        self.mutes.get(user).is_some_and(|mute| mute.holds(now))
    }
}
