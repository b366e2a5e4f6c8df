//! Heads of requests, read straight from a connection's bytes.
//!
//! Promise: what is said to be whole is what the HTTP server would read from the same bytes; whatever is in the
//! least unusual is left to it. Nothing is copied: names are looked up, values are slices
//! of what came.

use bytes::Bytes;
use http::request::Parts;
use http::{HeaderName, HeaderValue, Method, Request, Uri, header};

/// What browsers say with each request and no answer here depends on. There is more of it than of the rest.
const IDLE: [&str; 6] = ["accept-language", "cookie", "host", "priority", "referer", "user-agent"];

/// More headers than any browser sends; who sends more is looked at by the HTTP server.
const HEADERS: usize = 48;

/// What the bytes at the front of a connection are.
#[derive(Debug)]
#[expect(clippy::large_enum_variant, reason = "it lives for a moment, and the large one is the usual one")]
pub(crate) enum Heard {
    /// A whole head without a body behind it.
    Whole(Head),
    /// The beginning of a head.
    Part,
    /// Something for the HTTP server.
    Other,
}

/// The head of a request that has no body.
#[derive(Debug)]
pub(crate) struct Head {
    /// Method, target and headers.
    pub(crate) parts: Parts,
    /// Bytes that it took.
    pub(crate) length: usize,
    /// The client asks for no more on this connection.
    pub(crate) is_last: bool,
}

/// Reads a head of HTTP/1.1 (RFC 9112, 2.1).
pub(crate) fn read(bytes: &Bytes) -> Heard {
    let mut headers = [httparse::EMPTY_HEADER; HEADERS];
    let mut head = httparse::Request::new(&mut headers);
    match head.parse(bytes) {
        Ok(httparse::Status::Complete(length)) => {
            plain(bytes, &head, length).map_or(Heard::Other, Heard::Whole)
        }
        Ok(httparse::Status::Partial) => Heard::Part,
        Err(_) => Heard::Other,
    }
}

/// `None` when there is a body, an upgrade or another thing that needs an HTTP server.
fn plain(bytes: &Bytes, head: &httparse::Request<'_, '_>, length: usize) -> Option<Head> {
    if head.version != Some(1) {
        return None;
    }
    let (mut parts, ()) = Request::new(()).into_parts();
    parts.method = Method::from_bytes(head.method?.as_bytes()).ok()?;
    parts.uri = Uri::from_maybe_shared(bytes.slice_ref(head.path?.as_bytes())).ok()?;
    let mut is_last = false;
    let told = || head.headers.iter().filter(|found| !is_idle(found.name, found.value));
    // Kept while the request is held, so it is to be as small as can be.
    parts.headers.reserve(told().count());
    for found in told() {
        let name = HeaderName::from_bytes(found.name.as_bytes()).ok()?;
        match name {
            header::CONTENT_LENGTH | header::TRANSFER_ENCODING | header::EXPECT => return None,
            header::CONNECTION if found.value.eq_ignore_ascii_case(b"close") => is_last = true,
            _ => {}
        }
        let value = HeaderValue::from_maybe_shared(bytes.slice_ref(found.value)).ok()?;
        parts.headers.append(name, value);
    }
    Some(Head { parts, length, is_last })
}

/// Whether nobody here asks for a header. That all is accepted says as much as nothing.
pub(super) fn is_idle(name: &str, value: &[u8]) -> bool {
    let begins = |start: &str| name.get(..start.len()).is_some_and(|own| own.eq_ignore_ascii_case(start));
    begins("sec-fetch-")
        || begins("sec-ch-")
        || IDLE.iter().any(|idle| name.eq_ignore_ascii_case(idle))
        || value == b"*/*" && name.eq_ignore_ascii_case("accept")
}

impl Head {
    /// Nothing in it changes how the connection goes on, but for its end.
    pub(crate) fn is_ordinary(&self) -> bool {
        let headers = &self.parts.headers;
        let mut connection = headers.get_all(header::CONNECTION).iter();
        let is_known = |value: &HeaderValue| {
            let value = value.as_bytes();
            value.eq_ignore_ascii_case(b"close") || value.eq_ignore_ascii_case(b"keep-alive")
        };
        !headers.contains_key(header::UPGRADE)
            && connection.next().is_none_or(is_known)
            && connection.next().is_none()
    }
}
