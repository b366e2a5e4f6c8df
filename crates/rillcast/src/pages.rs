//! Pages and scripts that are built into the binary.
//!
//! Promise: a page asks nothing of any server but this one, and says so in its content security policy.

use bytes::Bytes;
use domain::{AccountId, Region, ResourceId};

/// The built console files, or a notice when the binary was built without them (see `build.rs`).
mod built {
    include!(concat!(env!("OUT_DIR"), "/pages.rs"));
}

/// What pages may do.
pub(crate) const CONTENT_SECURITY_POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; \
    connect-src 'self'; img-src 'self' data:; media-src 'self' blob:; worker-src blob:; \
    base-uri 'none'; form-action 'none'";

/// A file of the built pages.
pub(crate) struct Asset {
    /// Its media type.
    pub content_type: &'static str,
    /// Its bytes.
    pub body: Bytes,
}

/// The script or style of this name below `/watch/assets/`.
pub(crate) fn asset(name: &str) -> Option<Asset> {
    let (content_type, body) = match name {
        "watch.js" => ("text/javascript; charset=utf-8", built::WATCH_JS),
        "watch.css" => ("text/css; charset=utf-8", built::WATCH_CSS),
        _ => return None,
    };
    Some(Asset { content_type, body: Bytes::from_static(body) })
}

/// The page that plays one channel.
pub(crate) fn watch(region: &Region, account: &AccountId, channel: &ResourceId) -> Asset {
    let playback = format!("/api/video/v1/{region}.{account}.channel.{channel}.m3u8");
    let page = built::WATCH_HTML.replace("{{playback}}", &playback).replace("{{channel}}", channel.as_str());
    Asset { content_type: "text/html; charset=utf-8", body: Bytes::from(page) }
}

/// What `/` says to somebody who looks.
pub(crate) fn landing() -> Asset {
    let text = concat!(
        "Rillcast ",
        env!("CARGO_PKG_VERSION"),
        "\n\nAPI        POST /<Operation>, signed with AWS Signature Version 4 (service ivs)\n",
        "Playback   /api/video/v1/<region>.<account>.channel.<id>.m3u8\n",
        "Watch      /watch/<channel id>\n",
        "Health     /healthz, /readyz\n"
    );
    Asset { content_type: "text/plain; charset=utf-8", body: Bytes::from_static(text.as_bytes()) }
}
