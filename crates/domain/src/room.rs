//! Chat rooms: what may be said in them, how often, and who looks at it first.
//!
//! Promise: the defaults are the API reference's (`CreateRoom`).

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::arn::Arn;
use crate::channel::words;
use crate::tags::Tags;

words! {
    /// What becomes of a message when its review handler gives no good answer.
    Fallback {
        /// It is delivered as it was sent; the default.
        Allow = "ALLOW",
        /// Nobody gets it.
        Deny = "DENY",
    }
}

words! {
    /// What a chat token lets its bearer do besides reading.
    ChatCapability {
        /// Send messages.
        SendMessage = "SEND_MESSAGE",
        /// Disconnect users.
        DisconnectUser = "DISCONNECT_USER",
        /// Delete messages.
        DeleteMessage = "DELETE_MESSAGE",
    }
}

/// Bytes that the keys and values of a token's, a message's or an event's attributes may have together: the
/// vendor's "1 KB" (model, `ChatTokenAttributes`, `EventAttributes`; user guide, review handler).
pub const CHAT_ATTRIBUTE_BYTES: usize = 1_024;

/// What counts against [`CHAT_ATTRIBUTE_BYTES`].
pub fn chat_attribute_bytes(attributes: &BTreeMap<String, String>) -> usize {
    attributes.iter().map(|(key, value)| key.len() + value.len()).sum()
}

/// Who is asked about each message before it is delivered.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReviewHandler {
    /// ARN of a Lambda function, at most 170 characters; configuration says where that is invoked. Empty when
    /// the handler was removed: nobody is asked then.
    pub uri: String,
    /// Default ALLOW.
    pub fallback: Fallback,
}

/// A chat room.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Room {
    /// Its ARN.
    pub arn: Arn,
    /// Not unique; 0 to 128 of `[a-zA-Z0-9-_]`.
    pub name: String,
    /// When it was made, in milliseconds since 1970.
    pub created_at: i64,
    /// When it was last changed (its tags do not count), in milliseconds since 1970.
    pub updated_at: i64,
    /// Messages that clients may send a second, 1 to 100; default 10.
    pub message_rate: u8,
    /// Code points that a message may have, 1 to 500; default 500.
    pub message_length: u16,
    /// As it was given; [`Room::reviewer`] tells whether there is one to ask.
    pub review_handler: Option<ReviewHandler>,
    /// Where messages are logged, in the order given, 0 to 3, each of the same account and region.
    pub logging_configurations: Vec<Arn>,
    /// Tags.
    pub tags: Tags,
}

impl Room {
    /// Messages a second where nothing else is said.
    pub const DEFAULT_RATE: u8 = 10;
    /// Code points of a message where nothing else is said.
    pub const DEFAULT_LENGTH: u16 = 500;

    /// Who is to be asked about messages; `None`: they are not reviewed.
    pub fn reviewer(&self) -> Option<&ReviewHandler> {
        self.review_handler.as_ref().filter(|handler| !handler.uri.is_empty())
    }
}
