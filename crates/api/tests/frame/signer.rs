//! Signs requests the way an SDK does, so that the frame can be asked over its public face.
//!
//! Promise: knows SigV4 only for paths without dots and doubled slashes and for queries that are already encoded
//! in the one canonical way; the proof
//! that the verifying side is right is in the crate `auth`, against another implementation.

use std::time::{Duration, SystemTime};

use aws_lc_rs::{digest, hmac};
use bytes::Bytes;
use http::Request;
use http_body_util::Full;

/// 2015-08-30 12:36:00 UTC, the time of all calls here.
pub(crate) const STAMP: &str = "20150830T123600Z";
pub(crate) const DAY: &str = "20150830";
pub(crate) const HOST: &str = "localhost:8080";

/// The server's clock at [`STAMP`].
pub(crate) fn now() -> SystemTime {
    SystemTime::UNIX_EPOCH + Duration::from_secs(1_440_938_160)
}

/// Who signs, for what.
pub(crate) struct Signer<'a> {
    pub(crate) key: &'a str,
    pub(crate) secret: &'a str,
    pub(crate) region: &'a str,
    pub(crate) service: &'a str,
}

impl Default for Signer<'_> {
    fn default() -> Self {
        Self { key: "AKIDACTIVE", secret: "a-secret", region: "us-east-1", service: "ivs" }
    }
}

impl Signer<'static> {
    /// The usual one, for another service.
    pub(crate) fn of(service: &'static str) -> Self {
        Self { service, ..Self::default() }
    }
}

impl Signer<'_> {
    /// A signed request.
    pub(crate) fn sign(&self, method: &str, uri: &str, body: &str) -> Request<Full<Bytes>> {
        let Self { key, secret, region, service } = self;
        let (path, query) = uri.split_once('?').unwrap_or((uri, ""));
        let path = encoded(path);
        let mut pairs: Vec<_> = query.split('&').collect();
        pairs.sort_unstable();
        let query = pairs.join("&");
        let scope = format!("{DAY}/{region}/{service}/aws4_request");
        let hash = hex::encode(digest::digest(&digest::SHA256, body.as_bytes()));
        let canonical =
            format!("{method}\n{path}\n{query}\nhost:{HOST}\nx-amz-date:{STAMP}\n\nhost;x-amz-date\n{hash}");
        let hash = hex::encode(digest::digest(&digest::SHA256, canonical.as_bytes()));
        let text = format!("AWS4-HMAC-SHA256\n{STAMP}\n{scope}\n{hash}");
        let mut tag = format!("AWS4{secret}").into_bytes();
        for part in [DAY, region, service, "aws4_request", &text] {
            let hmac_key = hmac::Key::new(hmac::HMAC_SHA256, &tag);
            tag = hmac::sign(&hmac_key, part.as_bytes()).as_ref().to_vec();
        }
        let signature = hex::encode(tag);
        Request::builder()
            .method(method)
            .uri(uri)
            .header("host", HOST)
            .header("x-amz-date", STAMP)
            .header(
                "authorization",
                format!("AWS4-HMAC-SHA256 Credential={key}/{scope}, SignedHeaders=host;x-amz-date, Signature={signature}"),
            )
            .body(Full::new(Bytes::copy_from_slice(body.as_bytes())))
            .expect("a well-formed request")
    }
}

/// A path as it is signed: encoded over the encoding that it has.
fn encoded(path: &str) -> String {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"/-._~".contains(&byte);
    path.bytes()
        .map(|byte| if plain(byte) { char::from(byte).to_string() } else { format!("%{byte:02X}") })
        .collect()
}
