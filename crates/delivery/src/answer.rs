//! What goes out: status, headers and body of each kind of answer.
//!
//! Promise: every answer says its exact type, which pages may read it, and its length as soon as that is known;
//! it tells caches the truth: media never change, playlists always do, and what is one viewer's is kept for nobody
//! else.

use std::sync::Arc;

use bytes::Bytes;
use domain::ContainerFormat;
use http::header::{
    ACCEPT_RANGES, ACCESS_CONTROL_ALLOW_HEADERS, ACCESS_CONTROL_ALLOW_METHODS, ACCESS_CONTROL_ALLOW_ORIGIN,
    ACCESS_CONTROL_EXPOSE_HEADERS, ACCESS_CONTROL_MAX_AGE, ALLOW, CACHE_CONTROL, CONTENT_ENCODING,
    CONTENT_LENGTH, CONTENT_RANGE, CONTENT_TYPE, ETAG, IF_NONE_MATCH, RANGE, RETRY_AFTER, VARY,
    X_CONTENT_TYPE_OPTIONS,
};
use http::{HeaderMap, HeaderValue, Response, StatusCode};
use live::{Segment, Thumbnail};
use serde_json::json;

use crate::body::Body;
use crate::error::Error;
use crate::growing::Growing;
use crate::playlist::Text;
use crate::ranges::{self, Wanted};
use crate::readers::Readers;
use crate::restriction::Leave;
use crate::shared::{Reply, Shared};
use crate::{tags, thumbnail};

const METHODS: HeaderValue = HeaderValue::from_static("GET, HEAD, OPTIONS");
/// The star is not enough for old Safari; what players send is named.
const ASKABLE: HeaderValue = HeaderValue::from_static("*, range, if-range, if-none-match, accept, origin");
const PLAYLIST: &str = "application/vnd.apple.mpegurl";
const INIT: &str = "video/mp4";
/// What Apple's validator asks of fragments that have no `moov` of their own.
const FRAGMENT: &str = "video/iso.segment";
const TRANSPORT_STREAM: &str = "video/mp2t";
/// A stream's id is in the path and numbers never go back, so a path never means anything else.
const FOREVER: &str = "public, max-age=86400, immutable";
/// The same for one viewer, whose pass is in the path or whose page or country is asked about.
const OWN_FOREVER: &str = "private, max-age=86400, immutable";
const NEVER: &str = "no-cache";
/// A viewer's own: a cache that hands it to another makes two viewers one.
const PRIVATE: &str = "private, no-cache";
/// Long enough for a cache to answer all who wait for the same with one request, short enough for a channel to
/// come on air.
const BRIEFLY: &str = "public, max-age=1";
const OWN_BRIEFLY: &str = "private, max-age=1";

/// Something that was found, and for whom.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) content: Content,
    pub(crate) leave: Leave,
}

/// Something that was found.
#[derive(Debug)]
pub(crate) enum Content {
    /// `is_held`: the URL names the moment, so all who ask it may share the answer.
    Playlist {
        text: Text,
        is_held: bool,
    },
    /// With a pass in it.
    Multivariant(Bytes),
    Init(Bytes),
    /// A part, or a segment from disk.
    Block(Bytes, ContainerFormat),
    Segment(Arc<Segment>, ContainerFormat),
    Growing(Growing, ContainerFormat),
    Thumbnail(Arc<Thumbnail>),
}

impl Answer {
    /// The answer to a request with these headers. A range is only for one that wants a body.
    pub(crate) fn into_reply(self, asked: &HeaderMap, wants_body: bool) -> Reply {
        let Self { content, leave } = self;
        let is_plain = wants_body && leave.readers == Readers::Everyone && !asked.contains_key(IF_NONE_MATCH);
        match content {
            Content::Playlist { text, is_held: true } if is_plain => {
                Reply::Shared(Shared::new(text, tags::accepts_gzip(asked), leave.for_all))
            }
            content => Reply::Own(Self { content, leave }.into_response(asked, wants_body)),
        }
    }

    fn into_response(self, asked: &HeaderMap, wants_body: bool) -> Response<Body> {
        let Self { content, leave } = self;
        let range = if wants_body { asked.get(RANGE) } else { None };
        let mut response = match content {
            Content::Playlist { text, is_held } => playlist(&text, is_held, &leave, asked),
            Content::Multivariant(text) => self::text(text, PRIVATE),
            Content::Init(data) => media(INIT, &leave, asked, range, &data),
            Content::Block(data, container) => media(media_type(container), &leave, asked, range, &data),
            Content::Segment(segment, container) => {
                media(media_type(container), &leave, asked, range, &segment)
            }
            Content::Thumbnail(thumbnail) => thumbnail::response(&thumbnail, &leave, asked),
            Content::Growing(growing, container) => self::growing(media_type(container), &leave, growing),
        };
        allow(response.headers_mut(), leave.readers);
        response
    }
}

/// Bytes of which a piece can be sent.
trait Sendable {
    fn length(&self) -> u64;
    fn piece(&self, first: u64, count: u64) -> Body;
}

impl Sendable for Bytes {
    fn length(&self) -> u64 {
        self.len() as u64
    }

    fn piece(&self, first: u64, count: u64) -> Body {
        // Both are within these bytes, whose length is a `usize`.
        let at = |bytes: u64| usize::try_from(bytes).unwrap_or(usize::MAX);
        self.slice(at(first)..at(first + count)).into()
    }
}

impl Sendable for Arc<Segment> {
    fn length(&self) -> u64 {
        self.parts.iter().map(|part| part.data.len() as u64).sum()
    }

    fn piece(&self, first: u64, count: u64) -> Body {
        Body::segment(Arc::clone(self), first, count)
    }
}

fn media_type(container: ContainerFormat) -> &'static str {
    match container {
        ContainerFormat::FragmentedMp4 => FRAGMENT,
        ContainerFormat::Ts => TRANSPORT_STREAM,
    }
}

fn media(
    kind: &'static str,
    leave: &Leave,
    asked: &HeaderMap,
    range: Option<&HeaderValue>,
    data: &impl Sendable,
) -> Response<Body> {
    let cache = if leave.for_all { FOREVER } else { OWN_FOREVER };
    if tags::is_known(asked, &tags::MEDIA) {
        return unchanged(tags::MEDIA, cache);
    }
    let length = data.length();
    let range = range.filter(|_| tags::may_be_continued(asked, &tags::MEDIA));
    let mut response = match ranges::read(range, length) {
        Wanted::Whole => response(StatusCode::OK, kind, cache, data.piece(0, length)),
        Wanted::Bytes { first, last } => {
            let body = data.piece(first, last - first + 1);
            let mut response = response(StatusCode::PARTIAL_CONTENT, kind, cache, body);
            content_range(&mut response, format!("bytes {first}-{last}/{length}"));
            response
        }
        Wanted::Nothing => {
            let mut response = response(StatusCode::RANGE_NOT_SATISFIABLE, kind, NEVER, Body::empty());
            content_range(&mut response, format!("bytes */{length}"));
            response
        }
    };
    let headers = response.headers_mut();
    headers.insert(ETAG, tags::MEDIA);
    headers.insert(ACCEPT_RANGES, HeaderValue::from_static("bytes"));
    response
}

fn content_range(response: &mut Response<Body>, range: String) {
    if let Ok(range) = HeaderValue::try_from(range) {
        response.headers_mut().insert(CONTENT_RANGE, range);
    }
}

/// What is sent while it is made has no length, and no range of it can be told. It will be the same bytes as the
/// finished segment, or end with an error, so whoever has it whole may keep it.
fn growing(kind: &'static str, leave: &Leave, growing: Growing) -> Response<Body> {
    let cache = if leave.for_all { FOREVER } else { OWN_FOREVER };
    let mut response = response(StatusCode::OK, kind, cache, Body::growing(growing));
    response.headers_mut().insert(ETAG, tags::MEDIA);
    response
}

fn playlist(text: &Text, is_held: bool, leave: &Leave, asked: &HeaderMap) -> Response<Body> {
    let cache = playlist_cache(is_held, leave.for_all);
    let squeezed = tags::accepts_gzip(asked);
    match tags::of_text(text.tag(), squeezed).filter(|tag| tags::is_known(asked, tag)) {
        Some(tag) => {
            let mut response = unchanged(tag, cache);
            response.headers_mut().insert(VARY, HeaderValue::from_static("Accept-Encoding"));
            response
        }
        None => whole_playlist(text, squeezed, cache),
    }
}

/// The answer to whoever waited, on whatever page.
pub(crate) fn held_playlist(text: &Text, squeezed: bool, for_all: bool) -> Response<Body> {
    let mut response = whole_playlist(text, squeezed, playlist_cache(true, for_all));
    allow(response.headers_mut(), Readers::Everyone);
    response
}

fn playlist_cache(is_held: bool, for_all: bool) -> &'static str {
    match (is_held, for_all) {
        (true, true) => BRIEFLY,
        (true, false) => OWN_BRIEFLY,
        (false, true) => NEVER,
        (false, false) => PRIVATE,
    }
}

fn whole_playlist(text: &Text, squeezed: bool, cache: &'static str) -> Response<Body> {
    let mut response = self::text(text.bytes(squeezed).clone(), cache);
    let headers = response.headers_mut();
    if squeezed {
        headers.insert(CONTENT_ENCODING, HeaderValue::from_static("gzip"));
    }
    headers.insert(VARY, HeaderValue::from_static("Accept-Encoding"));
    if let Some(tag) = tags::of_text(text.tag(), squeezed) {
        headers.insert(ETAG, tag);
    }
    response
}

fn text(text: Bytes, cache: &'static str) -> Response<Body> {
    let mut response = response(StatusCode::OK, PLAYLIST, cache, text.into());
    response.headers_mut().insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    response
}

/// The asker has it already.
pub(crate) fn unchanged(tag: HeaderValue, cache: &'static str) -> Response<Body> {
    let mut response = Response::new(Body::empty());
    *response.status_mut() = StatusCode::NOT_MODIFIED;
    let headers = response.headers_mut();
    headers.insert(ETAG, tag);
    headers.insert(CACHE_CONTROL, HeaderValue::from_static(cache));
    headers.insert(ACCESS_CONTROL_EXPOSE_HEADERS, HeaderValue::from_static("*"));
    response
}

/// Says which pages may read it; where that depends on the page, caches must keep answers apart.
pub(crate) fn allow(headers: &mut HeaderMap, readers: Readers) {
    if readers.vary() {
        let vary = if headers.contains_key(VARY) { "Accept-Encoding, Origin" } else { "Origin" };
        headers.insert(VARY, HeaderValue::from_static(vary));
    }
    match readers {
        Readers::Everyone => {
            headers.insert(ACCESS_CONTROL_ALLOW_ORIGIN, HeaderValue::from_static("*"));
        }
        Readers::Only(page) => {
            headers.insert(ACCESS_CONTROL_ALLOW_ORIGIN, page);
        }
        Readers::Nobody => {}
    }
}

/// The refusal as players of the real service read it: an array with one object (a bare object is not
/// understood). Pages of any origin may read why.
pub(crate) fn refusal(error: &Error, path: &str) -> Response<Body> {
    let body = json!([{
        "url": path,
        "error": error.to_string(),
        "error_code": error.code(),
        "type": "error",
    }]);
    // Many may ask for a channel that is off air. But what is absent below one may be there at the next moment,
    // and a cache that remembers its absence for who asks early keeps it from all.
    let cache = if *error == Error::Offline { BRIEFLY } else { NEVER };
    let body = Bytes::from(body.to_string()).into();
    let mut response = response(error.status(), "application/json", cache, body);
    let headers = response.headers_mut();
    // It repeats what was asked.
    headers.insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    headers.insert(ACCESS_CONTROL_ALLOW_ORIGIN, HeaderValue::from_static("*"));
    match error {
        Error::Method => {
            headers.insert(ALLOW, METHODS);
        }
        Error::Overdue { seconds } => {
            headers.insert(RETRY_AFTER, HeaderValue::from(*seconds));
        }
        Error::Crowded | Error::Impatient => {
            headers.insert(RETRY_AFTER, HeaderValue::from(1));
        }
        _ => {}
    }
    response
}

/// The answer to a browser that asks before it asks.
pub(crate) fn preflight() -> Response<Body> {
    let mut response = Response::new(Body::empty());
    *response.status_mut() = StatusCode::NO_CONTENT;
    let headers = response.headers_mut();
    headers.insert(ACCESS_CONTROL_ALLOW_ORIGIN, HeaderValue::from_static("*"));
    headers.insert(ACCESS_CONTROL_ALLOW_METHODS, METHODS);
    headers.insert(ACCESS_CONTROL_ALLOW_HEADERS, ASKABLE);
    headers.insert(ACCESS_CONTROL_MAX_AGE, HeaderValue::from_static("86400"));
    headers.insert(ALLOW, METHODS);
    response
}

pub(crate) fn response(
    status: StatusCode,
    kind: &'static str,
    cache: &'static str,
    body: Body,
) -> Response<Body> {
    let length = body.len();
    let mut response = Response::new(body);
    *response.status_mut() = status;
    let headers = response.headers_mut();
    headers.reserve(12);
    headers.insert(CONTENT_TYPE, HeaderValue::from_static(kind));
    if let Some(length) = length {
        headers.insert(CONTENT_LENGTH, HeaderValue::from(length));
    }
    headers.insert(CACHE_CONTROL, HeaderValue::from_static(cache));
    headers.insert(ACCESS_CONTROL_EXPOSE_HEADERS, HeaderValue::from_static("*"));
    response
}
