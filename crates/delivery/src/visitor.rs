//! Who asks: what a request tells of its sender.
//!
//! Promise: borrowed from the request, believed in nothing that isn't proven elsewhere.

use std::net::IpAddr;

use http::header::ORIGIN;
use http::{HeaderMap, HeaderValue};

/// The sender of one request.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Visitor<'a> {
    /// Where it came from, by what trusted proxies say.
    pub(crate) address: IpAddr,
    /// The page it is for, in a browser's words (RFC 6454, section 7).
    pub(crate) origin: Option<&'a [u8]>,
    /// Somebody watches: it is more than a look at the head.
    pub(crate) counts: bool,
}

impl<'a> Visitor<'a> {
    pub(crate) fn of(headers: &'a HeaderMap, address: IpAddr, counts: bool) -> Self {
        Self { address, origin: headers.get(ORIGIN).map(HeaderValue::as_bytes), counts }
    }
}
