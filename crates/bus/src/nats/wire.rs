//! An envelope as the bytes of one message.
//!
//! Compact JSON: `{"v":1,"n":…,"node":"…","subject":{…},"body":{…}}`. How it may change: a reader ignores
//! fields that it does not know, and a field that an older version does not write is optional here. A new kind
//! of subject or body is read by one release and written by the next, so that nodes of two releases understand
//! each other while one replaces the other. What is unreadable all the same is a gap to its reader.
//!
//! Promise: `decode` gives back what `encode` was given, and takes any bytes without a panic.

use bytes::Bytes;
use serde::{Deserialize, Serialize};

use crate::{Body, Envelope, NodeId, Subject};

/// Of this layout.
const VERSION: u32 = 1;

/// The most bytes that [`encode`] makes: an envelope's text has at most [`Envelope::MAX_WEIGHT`] bytes, of
/// which each becomes at most six (`\u0001`); the rest is names and numbers.
pub(super) const MOST_BYTES: usize = Envelope::MAX_WEIGHT * 6 + 8_192;

#[derive(Serialize)]
struct Written<'a> {
    v: u32,
    n: u64,
    node: &'a NodeId,
    subject: &'a Subject,
    body: &'a Body,
}

#[derive(Deserialize)]
struct Read {
    v: u32,
    n: u64,
    node: NodeId,
    subject: Subject,
    body: Body,
}

/// Why bytes are not an envelope.
#[derive(Debug, thiserror::Error)]
pub(super) enum WireError {
    #[error("the envelope is of layout {0}, and this node reads {VERSION}")]
    Version(u32),
    #[error("the envelope is malformed")]
    Json(#[from] serde_json::Error),
}

/// `number` is the node's own count of what it wrote.
pub(super) fn encode(number: u64, envelope: &Envelope) -> Bytes {
    let Envelope { node, subject, body } = envelope;
    let mut text = Vec::with_capacity(envelope.weight() * 5 / 4 + 256);
    serde_json::to_writer(&mut text, &Written { v: VERSION, n: number, node, subject, body })
        .expect("texts, numbers and maps with text keys can be written as JSON");
    Bytes::from(text)
}

pub(super) fn decode(text: &[u8]) -> Result<(u64, Envelope), WireError> {
    #[derive(Deserialize)]
    struct Version {
        v: u32,
    }
    match serde_json::from_slice::<Read>(text) {
        Ok(Read { v: VERSION, n, node, subject, body }) => Ok((n, Envelope { node, subject, body })),
        Ok(Read { v, .. }) => Err(WireError::Version(v)),
        Err(error) => match serde_json::from_slice::<Version>(text) {
            Ok(Version { v }) if v != VERSION => Err(WireError::Version(v)),
            _ => Err(error.into()),
        },
    }
}
