//! Calls that the server makes to others: signed ones to AWS-compatible services, and webhooks.
//!
//! Promise: every call ends by its deadline with an answer or an [`OutboundError`]; answers are read up to a
//! bound; secrets never show in `Debug` output, errors or logs.
//!
//! Refuses to know: what is asked, and what to do when the answer is no.

#![warn(missing_docs)]

use std::time::Duration;

use bytes::Bytes;

/// An answer, whatever its status.
#[derive(Clone, Debug)]
pub struct Answer {
    /// HTTP status.
    pub status: u16,
    /// Headers.
    pub headers: http::HeaderMap,
    /// Body, at most the bound of the call.
    pub body: Bytes,
}

/// Why there is no answer.
#[derive(Debug, thiserror::Error)]
pub enum OutboundError {
    /// Nothing came before the deadline.
    #[error("no answer within {} ms", .0.as_millis())]
    Late(Duration),
}
