//! What a client is told whose request is not served (Chat Messaging API, "Error Messages").
//!
//! Promise: codes are the vendor's; the two texts that applications compare are theirs to the letter.

use std::borrow::Cow;

use domain::chat_frame;
use fanout::Frame;

use crate::clock::Id;
use crate::request::Action;

/// Code and text of an ERROR frame.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Denial {
    pub(crate) code: u16,
    pub(crate) text: Cow<'static, str>,
}

impl Denial {
    pub(crate) const NOT_AN_OBJECT: Self = Self::new(400, "Bad Request: a frame holds one JSON object");
    pub(crate) const NO_SUCH_ACTION: Self =
        Self::new(400, "Bad Request: Action is SEND_MESSAGE, DELETE_MESSAGE or DISCONNECT_USER");
    pub(crate) const TOO_LONG: Self = Self::new(400, "Message exceeds maximum length");
    pub(crate) const EXPIRED: Self = Self::new(401, "Unauthorized: the session has expired");
    pub(crate) const MUTED: Self = Self::new(403, "Forbidden: muted in this room");
    pub(crate) const BANNED: Self = Self::new(403, "Forbidden: banned from this room");
    pub(crate) const NO_ROOM: Self = Self::new(404, "Not Found: the room does not exist");
    pub(crate) const TOO_FAST: Self = Self::new(429, "rate limit exceeded");
    pub(crate) const TOO_SLOW: Self =
        Self::new(429, "Too Many Requests: this connection reads too slowly and missed messages");
    pub(crate) const INTERNAL: Self = Self::new(500, "Internal Server Error");

    const fn new(code: u16, text: &'static str) -> Self {
        Self { code, text: Cow::Borrowed(text) }
    }

    /// A field is missing or not what it should be.
    pub(crate) const fn field(text: &'static str) -> Self {
        Self::new(400, text)
    }

    /// A field is too large.
    pub(crate) const fn too_large(text: &'static str) -> Self {
        Self::new(413, text)
    }

    /// The token does not let its bearer do this.
    pub(crate) fn forbidden(action: Action) -> Self {
        let text = format!("Forbidden: the token lacks the capability {}", action.as_str());
        Self { code: 403, text: Cow::Owned(text) }
    }

    /// Denied in review.
    pub(crate) fn denied(reason: Option<String>) -> Self {
        let text = reason.map_or(Cow::Borrowed("Message denied by the review handler"), Cow::Owned);
        Self { code: 406, text }
    }

    /// The user's messages must be further apart.
    pub(crate) fn slow_mode(seconds: u64) -> Self {
        Self { code: 429, text: Cow::Owned(format!("rate limit exceeded: slow mode, {seconds} s to wait")) }
    }

    /// The ERROR frame; `id` is the operation's.
    pub(crate) fn frame(&self, id: &str, request_id: &str) -> Frame {
        Frame::text(&chat_frame::error(id, request_id, self.code, &self.text))
    }

    /// The ERROR frame of something that no request caused.
    pub(crate) fn unasked(&self) -> Frame {
        self.frame(Id::fresh().as_str(), "")
    }

    /// As the reason of a close frame, which clients read when a session has expired.
    pub(crate) fn close_reason(&self) -> String {
        // The texts that stand in close frames need no escapes.
        format!("{{\"ErrorCode\":{},\"ErrorMessage\":\"{}\"}}", self.code, self.text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_close_reason_is_json_and_fits_a_close_frame() {
        let reason = Denial::EXPIRED.close_reason();
        let read: serde_json::Value = serde_json::from_str(&reason).expect("JSON");
        assert_eq!(read["ErrorCode"], 401);
        assert!(reason.len() <= 123);
    }
}
