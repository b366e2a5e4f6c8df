//! What a handler is asked, and what comes of it.
//!
//! Promise: the text that is sent has the vendor's keys in the vendor's order.

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::sync::Arc;

use domain::{Arn, Fallback};
use serde::Serialize;

/// What a handler is asked.
#[derive(Clone, Debug)]
pub struct Question {
    /// ARN of the room's handler.
    pub uri: Arc<str>,
    /// The room.
    pub room: Arn,
    /// Id that the message will have.
    pub message_id: Arc<str>,
    /// What was written.
    pub content: String,
    /// The message's attributes.
    pub attributes: BTreeMap<String, String>,
    /// Who wrote it.
    pub user: Arc<str>,
    /// The attributes of the writer's token, as JSON text of an object.
    pub user_attributes: Arc<str>,
    /// Where the writer is.
    pub ip: IpAddr,
    /// The room's maximum message length in code points: content that is put in its place may not exceed it.
    pub max_length: u16,
    /// The room's word for when there is no good answer.
    pub fallback: Fallback,
}

/// What becomes of the message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// Deliver this.
    Allow {
        /// Content, perhaps changed.
        content: String,
        /// Attributes, perhaps changed.
        attributes: BTreeMap<String, String>,
    },
    /// Deliver nothing.
    Deny {
        /// For the sender.
        reason: Option<String>,
    },
}

impl Question {
    /// JSON text for the handler.
    pub(super) fn encode(&self) -> Vec<u8> {
        let mut text = Vec::with_capacity(256 + self.content.len() + self.user_attributes.len());
        put(&mut text, "{\"Content\":", &self.content);
        put(&mut text, ",\"MessageId\":", &*self.message_id);
        put(&mut text, ",\"RoomArn\":", &self.room);
        put(&mut text, ",\"Attributes\":", &self.attributes);
        text.extend_from_slice(b",\"Sender\":{\"Attributes\":");
        text.extend_from_slice(self.user_attributes.as_bytes());
        put(&mut text, ",\"UserId\":", &*self.user);
        put(&mut text, ",\"Ip\":", &self.ip);
        text.extend_from_slice(b"}}");
        text
    }

    /// The verdict when there is no good answer.
    pub(super) fn fall_back(self) -> Verdict {
        match self.fallback {
            Fallback::Allow => Verdict::Allow { content: self.content, attributes: self.attributes },
            Fallback::Deny => Verdict::Deny { reason: None },
        }
    }
}

fn put(text: &mut Vec<u8>, key: &str, value: &(impl Serialize + ?Sized)) {
    text.extend_from_slice(key.as_bytes());
    serde_json::to_writer(text, value).expect("texts and maps of texts have a JSON form");
}
