//! What a user of a chat room may not do, and until when. An extension: the vendor remembers no bans.
//!
//! Promise: one that has run out restricts nothing, whoever still holds it.

use serde::{Deserialize, Serialize};

use crate::channel::words;

words! {
    /// What is forbidden.
    RestrictionKind {
        /// To be in the room.
        Ban = "BAN",
        /// To send messages.
        Mute = "MUTE",
    }
}

/// A ban or a mute of one user in one room.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ChatRestriction {
    /// Whose.
    pub user: String,
    /// What.
    pub kind: RestrictionKind,
    /// Milliseconds since 1970; `None`: until it is lifted.
    pub until: Option<i64>,
    /// The moderator's words.
    pub reason: Option<String>,
}

impl ChatRestriction {
    /// Does it hold at `now`, in milliseconds since 1970?
    pub fn holds(&self, now: i64) -> bool {
        self.until.is_none_or(|until| now < until)
    }
}
