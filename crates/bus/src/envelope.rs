//! What is carried: who said it, about what, and what it is.
//!
//! Promise: what one node encodes, every node of the same version or the next reads back equal.

use std::fmt;
use std::sync::Arc;

use domain::{Arn, StreamId};
use serde::{Deserialize, Serialize};

/// One run of one server: an envelope's origin. Fresh at each start.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct NodeId(pub String);

impl fmt::Display for NodeId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// What an envelope is about: the unit of order.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Subject {
    /// A chat room.
    Room(Arn),
    /// A channel.
    Channel(Arn),
}

/// What is said.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Body {
    /// About a chat room.
    Room(RoomNews),
    /// To whoever has the channel on air.
    Channel(ChannelOrder),
}

/// Which kind of frame a client gets.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum FrameKind {
    /// `"Type":"MESSAGE"`.
    Message,
    /// `"Type":"EVENT"`.
    Event,
}

/// Something new about a chat room.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum RoomNews {
    /// Every connection of the room gets `payload`, and it is logged.
    Frame {
        /// MESSAGE or EVENT.
        kind: FrameKind,
        /// The `Id` in it.
        id: Arc<str>,
        /// Who sent it; `None` for events of the API.
        sender: Option<Arc<str>>,
        /// Nanoseconds since 1970: the `SendTime` in it.
        at: i64,
        /// The whole JSON text of the frame.
        payload: Arc<str>,
    },
    /// As [`RoomNews::Frame`] with an event, then each connection of `user` is closed with `reason`.
    Disconnect {
        /// The `Id` in it.
        id: Arc<str>,
        /// Nanoseconds since 1970: the `SendTime` in it.
        at: i64,
        /// The whole JSON text of the `aws:DISCONNECT_USER` event.
        payload: Arc<str>,
        /// Whose connections.
        user: Arc<str>,
        /// The moderator's words.
        reason: Option<Arc<str>>,
    },
    /// Connections of one user alone get `payload`; it is not logged and not remembered.
    ToUser {
        /// Whose connections.
        user: Arc<str>,
        /// The whole JSON text of the event.
        payload: Arc<str>,
    },
    /// An extension's command that the API was given for the room (`docs/guide/chat-extensions.md`).
    Command {
        /// Its name, such as `rillcast:BAN_USER`.
        name: Arc<str>,
        /// Its attributes.
        attributes: std::collections::BTreeMap<String, String>,
    },
    /// The room's row, tags or restrictions changed, or the room is gone: read them again.
    Changed,
}

/// What the node that has a channel's stream on air is to do; others have nothing to do.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum ChannelOrder {
    /// End this stream.
    Stop {
        /// Which: one that begins meanwhile is not meant.
        stream: StreamId,
    },
    /// Put text at the next picture of this stream.
    Metadata {
        /// Which.
        stream: StreamId,
        /// What.
        text: Arc<str>,
    },
}

/// A body with its subject and origin.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Envelope {
    /// Who published it.
    pub node: NodeId,
    /// What it is about.
    pub subject: Subject,
    /// What it says.
    pub body: Body,
}

impl Envelope {
    /// The most bytes of text in one (see [`Envelope::weight`]). A chat message with all its attributes is a
    /// tenth of it.
    pub const MAX_WEIGHT: usize = 65_536;

    /// How many bytes of text it carries: what counts against bounds.
    pub fn weight(&self) -> usize {
        let body = match &self.body {
            Body::Room(news) => news.weight(),
            Body::Channel(ChannelOrder::Metadata { text, .. }) => text.len(),
            Body::Channel(ChannelOrder::Stop { .. }) => 0,
        };
        self.node.0.len() + body
    }
}

impl Body {
    /// Whether it tells of something that stands even when nobody hears of it, so that all must look again.
    pub(crate) fn stands(&self) -> bool {
        matches!(self, Self::Room(RoomNews::Changed))
    }
}

impl RoomNews {
    fn weight(&self) -> usize {
        let optional = |text: &Option<Arc<str>>| text.as_ref().map_or(0, |text| text.len());
        match self {
            Self::Frame { id, sender, payload, .. } => id.len() + optional(sender) + payload.len(),
            Self::Disconnect { id, payload, user, reason, .. } => {
                id.len() + payload.len() + user.len() + optional(reason)
            }
            Self::ToUser { user, payload } => user.len() + payload.len(),
            Self::Command { name, attributes } => {
                name.len() + attributes.iter().map(|(key, value)| key.len() + value.len()).sum::<usize>()
            }
            Self::Changed => 0,
        }
    }
}
