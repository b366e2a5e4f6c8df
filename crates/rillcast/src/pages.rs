//! Pages and scripts that are built into the binary.
//!
//! Promise: a page asks nothing of any server but this one, and says so in its content security policy. What a name
//! with a fingerprint stands for never changes; all else is asked for again.

use std::io::Read;

use bytes::Bytes;
use domain::{AccountId, Region, ResourceId};
use flate2::read::GzDecoder;
use http::{HeaderMap, HeaderValue, Response, StatusCode, header};
use http_body_util::Full;

/// The built console files, or a notice when the binary was built without them (see `build.rs`).
mod built {
    include!(concat!(env!("OUT_DIR"), "/pages.rs"));
}

/// What pages may do. Pictures and films that a page fetches with a signature are shown from memory (`blob:`).
const CONTENT_SECURITY_POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; \
    connect-src 'self'; img-src 'self' data: blob:; media-src 'self' blob:; worker-src blob:; font-src 'self'; \
    base-uri 'none'; form-action 'none'";

/// A built file with such a part in its name has a fingerprint of its content there.
const FINGERPRINTED: &str = "chunk-";

/// A year: the longest that caches are meant to honour (RFC 9111).
const FOR_EVER: &str = "public, max-age=31536000, immutable";

/// A file of the built pages.
#[derive(Clone, Debug)]
pub(crate) struct Asset {
    content_type: &'static str,
    cache: &'static str,
    body: Body,
}

#[derive(Clone, Debug)]
enum Body {
    Plain(Bytes),
    /// Gzip.
    Squeezed(&'static [u8]),
}

impl Asset {
    /// What is made for this one request.
    pub(crate) fn text(content_type: &'static str, text: impl Into<Bytes>) -> Self {
        Self { content_type, cache: "no-cache", body: Body::Plain(text.into()) }
    }

    /// The answer to a request with these headers.
    pub(crate) fn response(&self, status: StatusCode, asked: &HeaderMap) -> Response<Full<Bytes>> {
        let (body, is_squeezed) = match &self.body {
            Body::Plain(bytes) => (bytes.clone(), false),
            Body::Squeezed(bytes) if takes_gzip(asked) => (Bytes::from_static(bytes), true),
            Body::Squeezed(bytes) => (inflated(bytes).into(), false),
        };
        let mut response = Response::new(Full::new(body));
        *response.status_mut() = status;
        let headers = response.headers_mut();
        let mut say = |name, value| headers.insert(name, HeaderValue::from_static(value));
        say(header::CONTENT_TYPE, self.content_type);
        say(header::CACHE_CONTROL, self.cache);
        say(header::VARY, "Accept-Encoding");
        say(header::X_CONTENT_TYPE_OPTIONS, "nosniff");
        say(header::REFERRER_POLICY, "no-referrer");
        say(header::CONTENT_SECURITY_POLICY, CONTENT_SECURITY_POLICY);
        if is_squeezed {
            say(header::CONTENT_ENCODING, "gzip");
        }
        response
    }
}

fn takes_gzip(asked: &HeaderMap) -> bool {
    let listed = asked.get(header::ACCEPT_ENCODING).and_then(|value| value.to_str().ok()).unwrap_or_default();
    listed.split(',').any(|one| one.trim() == "gzip")
}

fn inflated(squeezed: &[u8]) -> Vec<u8> {
    let mut plain = Vec::new();
    // What `build.rs` has squeezed can be read.
    let _ = GzDecoder::new(squeezed).read_to_end(&mut plain);
    plain
}

/// The built file of this path, such as `console.js`.
pub(crate) fn built(path: &str) -> Option<Asset> {
    let place = built::PAGES.binary_search_by(|(name, _)| (*name).cmp(path)).ok()?;
    let (name, squeezed) = built::PAGES[place];
    let cache = if name.contains(FINGERPRINTED) { FOR_EVER } else { "no-cache" };
    Some(Asset { content_type: content_type(name), cache, body: Body::Squeezed(squeezed) })
}

fn content_type(name: &str) -> &'static str {
    match name.rsplit('.').next() {
        Some("html") => "text/html; charset=utf-8",
        Some("js") => "text/javascript; charset=utf-8",
        Some("css") => "text/css; charset=utf-8",
        Some("svg") => "image/svg+xml",
        Some("png") => "image/png",
        Some("json") => "application/json",
        _ => "application/octet-stream",
    }
}

/// The page that plays one channel.
pub(crate) fn watch(region: &Region, account: &AccountId, channel: &ResourceId) -> Option<Asset> {
    let playback = format!("/api/video/v1/{region}.{account}.channel.{channel}.m3u8");
    let place = built::PAGES.binary_search_by(|(name, _)| (*name).cmp("watch.html")).ok()?;
    let page = String::from_utf8(inflated(built::PAGES[place].1)).ok()?;
    let page = page.replace("{{playback}}", &playback).replace("{{channel}}", channel.as_str());
    Some(Asset::text("text/html; charset=utf-8", page))
}

/// What `/` says to somebody who looks.
pub(crate) fn landing() -> Asset {
    let text = concat!(
        "Rillcast ",
        env!("CARGO_PKG_VERSION"),
        "\n\nConsole    /console\n",
        "API        POST /<Operation>, signed with AWS Signature Version 4 (service ivs)\n",
        "Playback   /api/video/v1/<region>.<account>.channel.<id>.m3u8\n",
        "Watch      /watch/<channel id>\n",
        "Health     /healthz, /readyz\n"
    );
    Asset::text("text/plain; charset=utf-8", text)
}
