//! Answers as bytes of HTTP/1.1.
//!
//! Promise: the same head as the HTTP server would write for the same response, but for the order of its lines.

use std::time::SystemTime;

use http::response::Parts;
use http::{Method, StatusCode, header};
use httpdate::HttpDate;

/// Room for the usual head.
const USUAL: usize = 512;

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
    status_line(&mut bytes, parts.status);
    for (name, value) in &parts.headers {
        line(&mut bytes, name.as_str(), value.as_bytes());
    }
    match framing {
        Framing::Length(length) if !parts.headers.contains_key(header::CONTENT_LENGTH) => {
            line(&mut bytes, "content-length", length.to_string().as_bytes());
        }
        Framing::Chunked => line(&mut bytes, "transfer-encoding", b"chunked"),
        _ => {}
    }
    if is_last {
        line(&mut bytes, "connection", b"close");
    }
    if !parts.headers.contains_key(header::DATE) {
        line(&mut bytes, "date", HttpDate::from(now).to_string().as_bytes());
    }
    bytes.extend_from_slice(b"\r\n");
    bytes
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
