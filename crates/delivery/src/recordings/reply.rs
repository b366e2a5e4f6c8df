//! Answers with recordings' objects: headers, conditions, ranges.
//!
//! Promise: what may still change is kept by no cache for longer than a moment; what is one viewer's is kept for nobody
//! else; no answer is taken for something that a page could run.

use std::time::{Duration, SystemTime};

use blob::Opened;
use bytes::Bytes;
use http::header::{
    ACCEPT_RANGES, CACHE_CONTROL, CONTENT_ENCODING, CONTENT_RANGE, ETAG, IF_MODIFIED_SINCE, IF_NONE_MATCH,
    IF_RANGE, LAST_MODIFIED, LOCATION, RANGE, VARY, X_CONTENT_TYPE_OPTIONS,
};
use http::{HeaderMap, HeaderName, HeaderValue, Response, StatusCode};

use super::RECORDINGS;
use super::address::Address;
use super::exhibits::Exhibit;
use crate::answer;
use crate::body::Body;
use crate::pass::Pass;
use crate::ranges::{self, Wanted};
use crate::readers::Readers;
use crate::restriction::Leave;
use crate::tags;

/// For this viewer and this request alone.
const NEVER: &str = "no-store";
/// Its key never names anything else.
const FOREVER: [&str; 2] = ["private, max-age=86400, immutable", "public, max-age=86400, immutable"];
/// It changes no more, but whether it may be seen can.
const LONG: [&str; 2] = ["private, max-age=3600", "public, max-age=3600"];
/// It grows.
const BRIEFLY: [&str; 2] = ["private, max-age=2", "public, max-age=2"];

/// A file must be so much older than the answer that tells its date, before that date stands for its very bytes
/// (RFC 9110, 8.8.2.2).
const SETTLED: Duration = Duration::from_secs(60);

/// An object that may be sent.
#[derive(Debug)]
pub(super) struct Found<'a> {
    pub(super) address: &'a Address<'a>,
    pub(super) exhibit: &'a Exhibit,
    pub(super) leave: Leave,
    pub(super) asked: &'a HeaderMap,
}

/// Leads a viewer who has shown its token to where it may stay.
pub(super) fn lead(address: &Address<'_>, pass: &Pass, readers: Readers) -> Response<Body> {
    let path = format!("{RECORDINGS}~{pass}/{}/{}", address.bucket, address.key);
    let mut response = answer::response(StatusCode::FOUND, "text/plain", NEVER, Body::empty());
    if let Ok(path) = HeaderValue::try_from(path) {
        response.headers_mut().insert(LOCATION, path);
    }
    answer::allow(response.headers_mut(), readers);
    response
}

impl Found<'_> {
    /// How long the answer may be kept, and by whom.
    fn cache(&self) -> &'static str {
        let for_all = usize::from(self.leave.for_all);
        match (self.address.is_final(), self.exhibit.goes_on()) {
            (true, _) => FOREVER[for_all],
            (false, false) => LONG[for_all],
            (false, true) => BRIEFLY[for_all],
        }
    }

    /// A text that was made for one viewer.
    pub(super) fn text(self, text: String) -> Response<Body> {
        let kind = self.address.content_type();
        let body = Bytes::from(text).into();
        self.finish(answer::response(StatusCode::OK, kind, "private, no-cache", body))
    }

    /// The object in fewer bytes.
    pub(super) fn pressed(self, opened: &Opened, bytes: Bytes) -> Response<Body> {
        let tag = tag(opened, true);
        let mut response = if self.is_known(opened, &tag) {
            answer::unchanged(tag, self.cache())
        } else {
            let mut response =
                answer::response(StatusCode::OK, self.address.content_type(), self.cache(), bytes.into());
            response.headers_mut().insert(ETAG, tag);
            response.headers_mut().insert(CONTENT_ENCODING, HeaderValue::from_static("gzip"));
            response
        };
        date(&mut response, opened.modified);
        self.finish(response)
    }

    /// The object, or the range of it that is asked for. A range is only for one that wants a body.
    pub(super) fn object(
        self,
        wants_body: bool,
        opened: &Opened,
        body: impl FnOnce(u64, u64) -> Body,
    ) -> Response<Body> {
        let (kind, cache, tag) = (self.address.content_type(), self.cache(), tag(opened, false));
        let mut response = if self.is_known(opened, &tag) {
            answer::unchanged(tag, cache)
        } else {
            let range = self.asked.get(RANGE).filter(|_| wants_body && self.is_same(opened, &tag));
            let length = opened.bytes;
            let mut response = match ranges::read(range, length) {
                Wanted::Whole => answer::response(StatusCode::OK, kind, cache, body(0, length)),
                Wanted::Bytes { first, last } => {
                    let body = body(first, last - first + 1);
                    let mut response = answer::response(StatusCode::PARTIAL_CONTENT, kind, cache, body);
                    put(&mut response, CONTENT_RANGE, &format!("bytes {first}-{last}/{length}"));
                    response
                }
                Wanted::Nothing => {
                    let mut response =
                        answer::response(StatusCode::RANGE_NOT_SATISFIABLE, kind, NEVER, Body::empty());
                    put(&mut response, CONTENT_RANGE, &format!("bytes */{length}"));
                    response
                }
            };
            response.headers_mut().insert(ETAG, tag);
            response.headers_mut().insert(ACCEPT_RANGES, HeaderValue::from_static("bytes"));
            response
        };
        date(&mut response, opened.modified);
        self.finish(response)
    }

    /// Does the asker have it already (RFC 9110, 13.2.2)?
    fn is_known(&self, opened: &Opened, tag: &HeaderValue) -> bool {
        if self.asked.contains_key(IF_NONE_MATCH) {
            return tags::is_known(self.asked, tag);
        }
        let since = self.asked.get(IF_MODIFIED_SINCE).and_then(|since| since.to_str().ok());
        let since = since.and_then(|since| httpdate::parse_http_date(since).ok());
        since.is_some_and(|since| seconds(opened.modified) <= since)
    }

    /// Is a range of this very file wanted?
    fn is_same(&self, opened: &Opened, tag: &HeaderValue) -> bool {
        let Some(wanted) = self.asked.get(IF_RANGE) else { return true };
        let is_settled = opened.modified.elapsed().is_ok_and(|age| age >= SETTLED);
        let dated = wanted.to_str().ok().and_then(|date| httpdate::parse_http_date(date).ok());
        wanted == tag || dated.is_some_and(|date| is_settled && date == seconds(opened.modified))
    }

    fn finish(self, mut response: Response<Body>) -> Response<Body> {
        let headers = response.headers_mut();
        headers.insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
        if self.address.is_playlist() {
            headers.insert(VARY, HeaderValue::from_static("Accept-Encoding"));
        }
        if response.status() == StatusCode::RANGE_NOT_SATISFIABLE {
            response.headers_mut().insert(CACHE_CONTROL, HeaderValue::from_static(NEVER));
        }
        answer::allow(response.headers_mut(), self.leave.readers);
        response
    }
}

fn tag(opened: &Opened, pressed: bool) -> HeaderValue {
    let digest = format!("{:016x}", opened.mark);
    tags::of_text(digest.as_bytes(), pressed).unwrap_or(tags::MEDIA)
}

fn date(response: &mut Response<Body>, modified: SystemTime) {
    put(response, LAST_MODIFIED, &httpdate::fmt_http_date(seconds(modified)));
}

fn put(response: &mut Response<Body>, name: HeaderName, value: &str) {
    if let Ok(value) = HeaderValue::from_str(value) {
        response.headers_mut().insert(name, value);
    }
}

/// Without what a date of HTTP does not tell.
fn seconds(at: SystemTime) -> SystemTime {
    let since = at.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    SystemTime::UNIX_EPOCH + Duration::from_secs(since.as_secs())
}
