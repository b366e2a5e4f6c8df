//! Who may connect: the handshake's rules (RFC 6455 4.2), the token, the room, bans and the quota.
//!
//! Promise: nobody gets a [`Seat`] without a token that was good, in time and never used before.

use http::request::Parts;
use http::{Response, StatusCode};

/// A connection that was admitted and has not yet joined.
#[derive(Debug)]
pub struct Seat {}

/// Why a handshake is refused.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{status}: {text}")]
pub struct Refusal {
    status: StatusCode,
    text: &'static str,
}

impl Refusal {
    pub(crate) fn new(status: StatusCode, text: &'static str) -> Self {
        Self { status, text }
    }

    /// The answer to send.
    pub fn response(&self) -> Response<String> {
        let mut response = Response::new(self.text.to_owned());
        *response.status_mut() = self.status;
        response
    }
}

pub(crate) fn is_handshake(parts: &Parts) -> bool {
    parts.headers.get(http::header::UPGRADE).is_some()
}
