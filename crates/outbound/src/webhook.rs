//! Calls to addresses that somebody else chose, with a proof of who makes them.
//!
//! Promise: with a secret, the receiver can tell that id, time and body are ours and were not changed.
//!
//! Source: the Standard Webhooks specification (standardwebhooks.com): headers `webhook-id`,
//! `webhook-timestamp` and `webhook-signature`, whose `v1,` is the base64 of HMAC-SHA256 over
//! `{id}.{timestamp}.{body}`.

use std::fmt;
use std::time::{SystemTime, UNIX_EPOCH};

use aws_lc_rs::hmac;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use http::header::{CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue};
use tokio::time::Instant;

use crate::client::{Answer, Outbound, address};
use crate::error::OutboundError;

const ID: HeaderName = HeaderName::from_static("webhook-id");
const TIMESTAMP: HeaderName = HeaderName::from_static("webhook-timestamp");
const SIGNATURE: HeaderName = HeaderName::from_static("webhook-signature");
const PREFIX: &str = "whsec_";
const SHORTEST: usize = 16;

/// Why a text is no secret.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SecretError {
    /// The part after `whsec_` can't be read.
    #[error("what follows whsec_ is not base64")]
    Base64,
    /// It could be guessed.
    #[error("it has fewer than {SHORTEST} bytes")]
    Short,
}

/// What a webhook's receiver knows us by.
#[derive(Clone)]
pub struct Secret(hmac::Key);

impl Secret {
    /// Reads `whsec_` and base64, or any other text as it stands; at least 16 bytes.
    pub fn parse(text: &str) -> Result<Self, SecretError> {
        let bytes = match text.strip_prefix(PREFIX) {
            Some(coded) => STANDARD.decode(coded).map_err(|_| SecretError::Base64)?,
            None => text.as_bytes().to_vec(),
        };
        if bytes.len() < SHORTEST {
            return Err(SecretError::Short);
        }
        Ok(Self(hmac::Key::new(hmac::HMAC_SHA256, &bytes)))
    }

    /// One signature as it stands in the header, at seconds since 1970.
    pub fn sign(&self, id: &str, timestamp: u64, body: &[u8]) -> String {
        let mut context = hmac::Context::with_key(&self.0);
        context.update(format!("{id}.{timestamp}.").as_bytes());
        context.update(body);
        format!("v1,{}", STANDARD.encode(context.sign()))
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(…)")
    }
}

/// A call to a webhook: a POST of JSON.
#[derive(Clone, Debug)]
pub struct Hook<'a> {
    /// Whole URL.
    pub url: &'a str,
    /// Names what is told: the same when it is told again. Visible ASCII.
    pub id: &'a str,
    /// Each makes a signature, so that a receiver can change from one to the next; none: unsigned.
    pub secrets: &'a [Secret],
    /// Headers besides those of the signature and the content type.
    pub headers: HeaderMap,
    /// JSON text.
    pub body: Bytes,
    /// When waiting for the answer ends.
    pub deadline: Instant,
    /// Bytes that the answer's body may have.
    pub max_answer: usize,
}

impl Outbound {
    /// Signs, sends and reads the answer, whatever its status.
    pub async fn webhook(&self, hook: Hook<'_>) -> Result<Answer, OutboundError> {
        let mut request = reqwest::Request::new(http::Method::POST, address(hook.url)?);
        let headers = request.headers_mut();
        *headers = hook.headers;
        headers.entry(CONTENT_TYPE).or_insert(HeaderValue::from_static("application/json"));
        let timestamp = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs());
        headers.insert(ID, visible(hook.id)?);
        headers.insert(TIMESTAMP, HeaderValue::from(timestamp));
        if !hook.secrets.is_empty() {
            let signatures: Vec<String> =
                hook.secrets.iter().map(|secret| secret.sign(hook.id, timestamp, &hook.body)).collect();
            headers.insert(SIGNATURE, visible(&signatures.join(" "))?);
        }
        *request.body_mut() = Some(hook.body.into());
        self.exchange(request, hook.deadline, hook.max_answer).await
    }
}

fn visible(text: &str) -> Result<HeaderValue, OutboundError> {
    HeaderValue::from_str(text).map_err(|_| OutboundError::Address("is asked with an id that is no header"))
}
