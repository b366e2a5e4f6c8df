//! Calls that are signed as AWS services ask for it.
//!
//! Promise: what is signed is what is sent: method, host, path, query, the caller's headers and the whole body.
//!
//! Source: AWS documentation, "Create a signed AWS API request" (Signature Version 4).

use aws_lc_rs::digest;
use bytes::Bytes;
use http::header::{HOST, HeaderMap, HeaderName, HeaderValue};
use reqsign_aws_v4::RequestSigner;
use reqsign_core::{Context, SignRequest as _};
use tokio::time::{Instant, timeout_at};

use crate::client::{Answer, Outbound, address};
use crate::credentials::Keys;
use crate::error::OutboundError;

const CONTENT_HASH: HeaderName = HeaderName::from_static("x-amz-content-sha256");

/// A call to an AWS-compatible service.
#[derive(Clone, Debug)]
pub struct Call<'a> {
    /// Name of the service in the signature, such as `lambda`.
    pub service: &'a str,
    /// Region in the signature.
    pub region: &'a str,
    /// Keys for this call alone; `None`: those of the configuration.
    pub keys: Option<&'a Keys>,
    /// HTTP method.
    pub method: http::Method,
    /// Whole URL. Its path holds only characters that need no escape, besides `/`, `:` and `$`: services other
    /// than S3 sign an escape's escape, which this signer does not.
    pub url: &'a str,
    /// Headers to sign and send besides those of the signature.
    pub headers: HeaderMap,
    /// Body.
    pub body: Bytes,
    /// When waiting for the answer ends; looking for credentials counts.
    pub deadline: Instant,
    /// Bytes that the answer's body may have.
    pub max_answer: usize,
}

impl Outbound {
    /// Signs, sends and reads the answer, whatever its status.
    pub async fn signed(&self, call: Call<'_>) -> Result<Answer, OutboundError> {
        let started = Instant::now();
        let deadline = call.deadline;
        let max_answer = call.max_answer;
        let request = timeout_at(deadline, self.sign(call))
            .await
            .map_err(|_| OutboundError::Late(deadline.saturating_duration_since(started)))??;
        self.exchange(request, deadline, max_answer).await
    }

    async fn sign(&self, call: Call<'_>) -> Result<reqwest::Request, OutboundError> {
        let url = address(call.url)?;
        let credential = match call.keys {
            Some(keys) => keys.credential(),
            None => self.keyring.credential().await?,
        };
        let mut request = http::Request::new(());
        *request.method_mut() = call.method.clone();
        *request.uri_mut() = url.as_str().parse().map_err(|_| OutboundError::Address("is no URI"))?;
        *request.headers_mut() = call.headers;
        let (mut head, ()) = request.into_parts();
        head.headers.insert(CONTENT_HASH, hash(&call.body));
        RequestSigner::new(call.service, call.region)
            .with_standard_session_token()
            .sign_request(&Context::new(), &mut head, Some(&credential), None)
            .await
            .map_err(OutboundError::Sign)?;
        // The client derives it from the URL again, in the form that the connection's HTTP version wants.
        head.headers.remove(HOST);
        let mut request = reqwest::Request::new(call.method, url);
        *request.headers_mut() = head.headers;
        *request.body_mut() = Some(call.body.into());
        Ok(request)
    }
}

fn hash(body: &[u8]) -> HeaderValue {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    let digest = digest::digest(&digest::SHA256, body);
    let text: Vec<u8> = digest
        .as_ref()
        .iter()
        .flat_map(|byte| [DIGITS[usize::from(byte >> 4)], DIGITS[usize::from(byte & 15)]])
        .collect();
    HeaderValue::from_bytes(&text).expect("hexadecimal digits are allowed in headers")
}
