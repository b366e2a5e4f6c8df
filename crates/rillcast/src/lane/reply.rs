//! Answers as bytes of HTTP/1.1.
//!
//! Promise: the same head as the HTTP server would write for the same response, but for the order of its lines.

use std::io::Write;
use std::time::SystemTime;

use bytes::Bytes;
use http::response::Parts;
use http::{Method, StatusCode, header};
use httpdate::HttpDate;

/// Room for the usual head.
const USUAL: usize = 512;
/// Bytes of a head's rest, and of the last one's: one that fits exactly is allocated once.
const REST: usize = "date: Sun, 06 Nov 1994 08:49:37 GMT\r\n\r\n".len();
const REST_OF_LAST: usize = REST + "connection: close\r\n".len();

/// How the end of a body is told (RFC 9112, 6).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Framing {
    /// There is none.
    Nothing,
    /// So many bytes.
    Length(u64),
    /// Each block says its own length.
    Chunked,
}

impl Framing {
    /// For an answer to `method` whose body has `exact` bytes, where that is known.
    pub(crate) fn of(method: &Method, parts: &Parts, exact: Option<u64>) -> Self {
        let is_bare = parts.status.is_informational()
            || matches!(parts.status, StatusCode::NO_CONTENT | StatusCode::NOT_MODIFIED);
        match exact {
            _ if is_bare || method == Method::HEAD => Self::Nothing,
            Some(length) => Self::Length(length),
            None => Self::Chunked,
        }
    }
}

/// The head of an answer.
pub(crate) fn head(parts: &Parts, framing: Framing, is_last: bool, now: SystemTime) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(USUAL);
    lines(&mut bytes, parts);
    match framing {
        Framing::Length(length) if !parts.headers.contains_key(header::CONTENT_LENGTH) => {
            line(&mut bytes, "content-length", length.to_string().as_bytes());
        }
        Framing::Chunked => line(&mut bytes, "transfer-encoding", b"chunked"),
        _ => {}
    }
    let now = (!parts.headers.contains_key(header::DATE)).then_some(now);
    end(&mut bytes, is_last, now);
    bytes
}

/// The head of an answer whose length it tells, but for its [`rest`]: what is the same for all who get the answer.
pub(crate) fn written(parts: &Parts) -> Bytes {
    let mut bytes = Vec::with_capacity(USUAL);
    lines(&mut bytes, parts);
    bytes.into()
}

/// What is missing of a head that is [`written`].
pub(crate) fn rest(is_last: bool, now: SystemTime) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(if is_last { REST_OF_LAST } else { REST });
    end(&mut bytes, is_last, Some(now));
    bytes
}

fn lines(bytes: &mut Vec<u8>, parts: &Parts) {
    status_line(bytes, parts.status);
    for (name, value) in &parts.headers {
        line(bytes, name.as_str(), value.as_bytes());
    }
}

fn end(bytes: &mut Vec<u8>, is_last: bool, now: Option<SystemTime>) {
    if is_last {
        line(bytes, "connection", b"close");
    }
    if let Some(now) = now {
        write!(bytes, "date: {}\r\n", HttpDate::from(now)).expect("memory takes all");
    }
    bytes.extend_from_slice(b"\r\n");
}

/// The first line of an answer.
pub(crate) fn status_line(bytes: &mut Vec<u8>, status: StatusCode) {
    bytes.extend_from_slice(b"HTTP/1.1 ");
    bytes.extend_from_slice(status.as_str().as_bytes());
    bytes.push(b' ');
    bytes.extend_from_slice(status.canonical_reason().unwrap_or("").as_bytes());
    bytes.extend_from_slice(b"\r\n");
}

/// A line of a head.
pub(crate) fn line(bytes: &mut Vec<u8>, name: &str, value: &[u8]) {
    bytes.extend_from_slice(name.as_bytes());
    bytes.extend_from_slice(b": ");
    bytes.extend_from_slice(value);
    bytes.extend_from_slice(b"\r\n");
}
