//! The message review handler (user guide, "IVS Chat Message Review Handler").
//!
//! Promise: a verdict comes within the target's deadline, whatever the handler does; a slow or dead handler
//! costs others nothing.

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::sync::Arc;

use domain::{Arn, Fallback};

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
