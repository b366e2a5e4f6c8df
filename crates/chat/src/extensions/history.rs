//! The last messages of a room, replayed to whoever joins.
//!
//! Promise: of what a room heard on this node since somebody is in it; what was deleted is not replayed; frames
//! share their bytes with those that were sent.

use std::collections::VecDeque;
use std::sync::Arc;

use bus::FrameKind;
use fanout::Frame;
use serde::Deserialize;

use crate::metrics::Delivered;
use crate::receiver::Said;

/// What is remembered.
#[derive(Debug, Default)]
pub(crate) struct History {
    messages: VecDeque<Past>,
}

#[derive(Debug)]
struct Past {
    id: Arc<str>,
    sender: Option<Arc<str>>,
    frame: Frame,
}

impl History {
    /// Remembers a message, at most `most`; a deletion takes what it names.
    pub(crate) fn hear(&mut self, what: Delivered, said: Said<'_>, frame: &Frame, most: usize) {
        match what {
            Delivered::Message => {
                self.keep(most.saturating_sub(1));
                let (id, sender) = (Arc::clone(said.id), said.sender.map(Arc::clone));
                self.messages.push_back(Past { id, sender, frame: frame.clone() });
            }
            Delivered::Deletion if said.kind == FrameKind::Event => {
                if let Some(id) = deleted(said.payload) {
                    self.messages.retain(|past| *past.id != *id);
                }
            }
            _ => (),
        }
    }

    /// Keeps the last `most`.
    pub(crate) fn keep(&mut self, most: usize) {
        let over = self.messages.len().saturating_sub(most);
        self.messages.drain(..over);
    }

    /// So many are remembered.
    pub(crate) fn len(&self) -> usize {
        self.messages.len()
    }

    /// Oldest first.
    pub(crate) fn frames(&self) -> Vec<Frame> {
        self.messages.iter().map(|past| past.frame.clone()).collect()
    }

    /// Ids of a user's messages, oldest first.
    pub(crate) fn of(&self, user: &str) -> Vec<Arc<str>> {
        let theirs = self.messages.iter().filter(|past| past.sender.as_deref() == Some(user));
        theirs.map(|past| Arc::clone(&past.id)).collect()
    }
}

/// Which message an `aws:DELETE_MESSAGE` event names.
fn deleted(payload: &str) -> Option<String> {
    #[derive(Deserialize)]
    #[serde(rename_all = "PascalCase")]
    struct Event {
        attributes: Named,
    }

    #[derive(Deserialize)]
    struct Named {
        #[serde(rename = "MessageID")]
        message: String,
    }

    serde_json::from_str::<Event>(payload).ok().map(|event| event.attributes.message)
}

#[cfg(test)]
mod tests {
    use domain::chat_frame::{DELETE_MESSAGE, delete_attributes, event};

    use super::*;

    #[test]
    fn the_last_messages_are_kept_and_deleted_ones_are_not() {
        let mut history = History::default();
        let user: Arc<str> = "u".into();
        for number in 0..5 {
            let id: Arc<str> = format!("message{number:05}").into();
            let said = Said { kind: FrameKind::Message, id: &id, sender: Some(&user), payload: "{}" };
            history.hear(Delivered::Message, said, &Frame::text("{}"), 3);
        }
        let ids =
            |history: &History| -> Vec<String> { history.of("u").iter().map(ToString::to_string).collect() };
        assert_eq!(ids(&history), ["message00002", "message00003", "message00004"]);
        let attributes = delete_attributes("message00003", None);
        let payload = event("x", "", DELETE_MESSAGE, Some(&attributes), 0);
        let said = Said { kind: FrameKind::Event, id: &"x".into(), sender: None, payload: &payload };
        history.hear(Delivered::of(FrameKind::Event, &payload), said, &Frame::text(&payload), 3);
        assert_eq!(ids(&history), ["message00002", "message00004"]);
        history.keep(1);
        assert_eq!((ids(&history), history.frames().len()), (vec!["message00004".to_owned()], 1));
        assert!(history.of("v").is_empty());
    }
}
