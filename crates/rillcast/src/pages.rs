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

/// The guide (`docs/`), made by `build.rs`.
mod guide_built {
    include!(concat!(env!("OUT_DIR"), "/guide.rs"));
}

/// What pages may do. Pictures and films that a page fetches with a signature are shown from memory (`blob:`).
const CONTENT_SECURITY_POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; \
    connect-src 'self'; img-src 'self' data: blob:; media-src 'self' blob:; worker-src blob:; font-src 'self'; \
    base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

/// The same for the one page that others may show within theirs.
const EMBEDDABLE: &str = "default-src 'none'; script-src 'self'; style-src 'self'; \
    connect-src 'self'; img-src 'self' data: blob:; media-src 'self' blob:; worker-src blob:; font-src 'self'; \
    base-uri 'none'; form-action 'none'; frame-ancestors *";

/// A built file with such a part in its name has a fingerprint of its content there.
const FINGERPRINTED: &str = "chunk-";

/// A year: the longest that caches are meant to honour (RFC 9111).
const FOR_EVER: &str = "public, max-age=31536000, immutable";

/// A file of the built pages.
#[derive(Clone, Debug)]
pub(crate) struct Asset {
    content_type: &'static str,
    cache: &'static str,
    policy: &'static str,
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
        let body = Body::Plain(text.into());
        Self { content_type, cache: "no-cache", policy: CONTENT_SECURITY_POLICY, body }
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
        say(header::CONTENT_SECURITY_POLICY, self.policy);
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
    let (policy, body) = (CONTENT_SECURITY_POLICY, Body::Squeezed(squeezed));
    Some(Asset { content_type: content_type(name), cache, policy, body })
}

/// The guide's page or file behind `/docs/`; the ending of a page may be left out.
pub(crate) fn guide(path: &str) -> Option<Asset> {
    let path = if path.is_empty() { "index.html" } else { path };
    let find = |path: &str| guide_built::GUIDE.binary_search_by(|(name, _)| (*name).cmp(path)).ok();
    let place = find(path).or_else(|| find(&format!("{path}.html")))?;
    let (name, squeezed) = guide_built::GUIDE[place];
    let content_type = match content_type(name) {
        UNKNOWN => "text/plain; charset=utf-8",
        known => known,
    };
    let (policy, body) = (CONTENT_SECURITY_POLICY, Body::Squeezed(squeezed));
    Some(Asset { content_type, cache: "no-cache", policy, body })
}

const UNKNOWN: &str = "application/octet-stream";

fn content_type(name: &str) -> &'static str {
    match name.rsplit('.').next() {
        Some("html") => "text/html; charset=utf-8",
        Some("js") => "text/javascript; charset=utf-8",
        Some("css") => "text/css; charset=utf-8",
        Some("svg") => "image/svg+xml",
        Some("png") => "image/png",
        Some("json") => "application/json",
        _ => UNKNOWN,
    }
}

/// The page of the console, which knows what region keys sign for here.
pub(crate) fn console(region: &Region) -> Option<Asset> {
    let page = whole("console.html")?.replace("{{region}}", region.as_str());
    Some(Asset::text("text/html; charset=utf-8", page))
}

/// A built page as text, to be filled in.
fn whole(name: &str) -> Option<String> {
    let place = built::PAGES.binary_search_by(|(built, _)| (*built).cmp(name)).ok()?;
    String::from_utf8(inflated(built::PAGES[place].1)).ok()
}

/// The page that plays one channel, with its chat if it has one. Other pages may show it within theirs.
pub(crate) fn watch(
    region: &Region,
    account: &AccountId,
    channel: &ResourceId,
    has_chat: bool,
) -> Option<Asset> {
    let playback = format!("/api/video/v1/{region}.{account}.channel.{channel}.m3u8");
    let page = whole("watch.html")?
        .replace("{{playback}}", &playback)
        .replace("{{channel}}", channel.as_str())
        .replace("{{chat}}", if has_chat { "on" } else { "off" });
    Some(Asset { policy: EMBEDDABLE, ..Asset::text("text/html; charset=utf-8", page) })
}

/// What `/` says to somebody who looks: a page to browsers, a few lines to programs.
pub(crate) fn landing(asked: &HeaderMap) -> Asset {
    let accepted = asked.get(header::ACCEPT).and_then(|value| value.to_str().ok()).unwrap_or_default();
    if accepted.contains("text/html") {
        return Asset::text("text/html; charset=utf-8", LANDING);
    }
    let text = concat!(
        "Rillcast ",
        env!("CARGO_PKG_VERSION"),
        "\n\nConsole    /console\n",
        "Guide      /docs\n",
        "API        POST /<Operation>, signed with AWS Signature Version 4 (services ivs and ivschat)\n",
        "Playback   /api/video/v1/<region>.<account>.channel.<id>.m3u8\n",
        "Watch      /watch/<channel id>\n",
        "Health     /healthz, /readyz\n"
    );
    Asset::text("text/plain; charset=utf-8", text)
}

/// The same for people.
const LANDING: &str = concat!(
    "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n",
    "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n",
    "<meta name=\"color-scheme\" content=\"light dark\">\n<title>Rillcast</title>\n",
    "<link rel=\"icon\" href=\"data:,\">\n<link rel=\"stylesheet\" href=\"/docs/assets/docs.css\">\n</head>\n",
    "<body>\n<main class=\"landing\">\n<h1>Rillcast</h1>\n",
    "<p>Live video and chat by the wire of Amazon IVS. This server is running, version ",
    env!("CARGO_PKG_VERSION"),
    ".</p>\n<ul class=\"doors\">\n",
    "<li><a href=\"/console\"><strong>Console</strong> <span>Channels, streams, recordings, chat: look and change.\
     </span></a></li>\n",
    "<li><a href=\"/docs/\"><strong>Guide</strong> <span>A first stream, moving from Amazon IVS, operating.\
     </span></a></li>\n</ul>\n",
    "<dl>\n<dt>API</dt><dd>This address is the endpoint of SDKs and the AWS CLI, for <code>ivs</code> and \
     <code>ivschat</code>.</dd>\n",
    "<dt>Playback</dt><dd>A channel's <code>playbackUrl</code>, in any HLS player.</dd>\n",
    "<dt>Watch page</dt><dd><code>/watch/CHANNEL_ID</code></dd>\n",
    "<dt>Health</dt><dd><code>/healthz</code>, <code>/readyz</code></dd>\n</dl>\n",
    "</main>\n</body>\n</html>\n"
);
