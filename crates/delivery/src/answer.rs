//! What goes out: status, headers and body of each kind of answer.
//!
//! Promise: every answer may be read by a page of any origin, says its exact type and length, and tells
//! caches the truth: media never change, playlists always do.

use std::sync::Arc;

use bytes::Bytes;
use domain::ContainerFormat;
use http::header::{
    ACCESS_CONTROL_ALLOW_HEADERS, ACCESS_CONTROL_ALLOW_METHODS, ACCESS_CONTROL_ALLOW_ORIGIN,
    ACCESS_CONTROL_EXPOSE_HEADERS, ACCESS_CONTROL_MAX_AGE, ALLOW, CACHE_CONTROL, CONTENT_LENGTH,
    CONTENT_TYPE, RETRY_AFTER,
};
use http::{HeaderValue, Response, StatusCode};
use live::Segment;
use serde_json::json;

use crate::body::Body;
use crate::error::Error;

const METHODS: HeaderValue = HeaderValue::from_static("GET, HEAD, OPTIONS");
const PLAYLIST: &str = "application/vnd.apple.mpegurl";
const INIT: &str = "video/mp4";
/// What Apple's validator asks of fragments that have no `moov` of their own.
const FRAGMENT: &str = "video/iso.segment";
const TRANSPORT_STREAM: &str = "video/mp2t";
/// A stream's id is in the path and numbers never go back, so a path never means anything else.
const FOREVER: &str = "public, max-age=86400, immutable";
const NEVER: &str = "no-cache";
/// A viewer's own: a cache that hands it to another makes two viewers one.
const PRIVATE: &str = "private, no-cache";
/// Long enough for a cache to answer all who wait for the same part with one request, short enough for an
/// absent file to appear.
const BRIEFLY: &str = "public, max-age=1";

/// Something that was found.
#[derive(Debug)]
pub(crate) enum Answer {
    /// `is_held`: the URL names the moment, so all who ask it may share the answer.
    Playlist {
        text: Bytes,
        is_held: bool,
    },
    /// With a session in it.
    Multivariant(Bytes),
    Init(Bytes),
    Part(Bytes, ContainerFormat),
    Segment(Arc<Segment>, ContainerFormat),
}

impl Answer {
    pub(crate) fn into_response(self) -> Response<Body> {
        let (kind, cache, body) = match self {
            Self::Playlist { text, is_held } => {
                (PLAYLIST, if is_held { BRIEFLY } else { NEVER }, text.into())
            }
            Self::Multivariant(text) => (PLAYLIST, PRIVATE, text.into()),
            Self::Init(data) => (INIT, FOREVER, data.into()),
            Self::Part(data, container) => (media_type(container), FOREVER, data.into()),
            Self::Segment(segment, container) => (media_type(container), FOREVER, Body::segment(segment)),
        };
        response(StatusCode::OK, kind, cache, body)
    }
}

fn media_type(container: ContainerFormat) -> &'static str {
    match container {
        ContainerFormat::FragmentedMp4 => FRAGMENT,
        ContainerFormat::Ts => TRANSPORT_STREAM,
    }
}

/// The refusal as players of the real service read it: an array with one object (a bare object is not
/// understood).
pub(crate) fn refusal(error: &Error, path: &str) -> Response<Body> {
    let body = json!([{
        "url": path,
        "error": error.to_string(),
        "error_code": error.code(),
        "type": "error",
    }]);
    let cache = if error.status() == StatusCode::NOT_FOUND { BRIEFLY } else { NEVER };
    let body = Bytes::from(body.to_string()).into();
    let mut response = response(error.status(), "application/json", cache, body);
    match error {
        Error::Method => {
            response.headers_mut().insert(ALLOW, METHODS);
        }
        Error::Overdue { seconds } => {
            response.headers_mut().insert(RETRY_AFTER, HeaderValue::from(*seconds));
        }
        Error::Crowded | Error::Impatient => {
            response.headers_mut().insert(RETRY_AFTER, HeaderValue::from(1));
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
    headers.insert(ACCESS_CONTROL_ALLOW_HEADERS, HeaderValue::from_static("*"));
    headers.insert(ACCESS_CONTROL_MAX_AGE, HeaderValue::from_static("86400"));
    headers.insert(ALLOW, METHODS);
    response
}

fn response(status: StatusCode, kind: &'static str, cache: &'static str, body: Body) -> Response<Body> {
    let length = HeaderValue::from(body.len());
    let mut response = Response::new(body);
    *response.status_mut() = status;
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static(kind));
    headers.insert(CONTENT_LENGTH, length);
    headers.insert(CACHE_CONTROL, HeaderValue::from_static(cache));
    headers.insert(ACCESS_CONTROL_ALLOW_ORIGIN, HeaderValue::from_static("*"));
    headers.insert(ACCESS_CONTROL_EXPOSE_HEADERS, HeaderValue::from_static("*"));
    response
}
