//! One question to one handler's endpoint.
//!
//! Promise: the answer is the handler's own, whole and within the bounds, or there is a failure that says why.
//!
//! Source: Lambda API reference, "Invoke"; Standard Webhooks for the plain form.

use bytes::Bytes;
use http::Method;
use http::header::{CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue};
use outbound::{Answer, Call, Hook, Keys, Outbound, OutboundError, Secret};
use tokio::time::Instant;

use super::answer::MAX_BYTES;
use super::question::Question;

const INVOCATION_TYPE: HeaderName = HeaderName::from_static("x-amz-invocation-type");
const FUNCTION_ERROR: &str = "x-amz-function-error";

/// Why a handler gave no answer.
#[derive(Debug, thiserror::Error)]
pub(super) enum Failure {
    #[error("no target is configured for it")]
    NoTarget,
    #[error("its ARN can't be asked: {0}")]
    Arn(&'static str),
    #[error("too many messages wait for it")]
    Busy,
    #[error("it is not asked for a while, as it failed too often in a row")]
    Resting,
    #[error("its time was over before one of its places was free")]
    Crowded,
    #[error("it could not be asked")]
    Call(#[from] OutboundError),
    #[error("its endpoint answered with status {0}")]
    Status(u16),
    #[error("the function failed")]
    Function,
}

impl Failure {
    /// Does it say that the handler is not well?
    pub(super) fn blames_handler(&self) -> bool {
        matches!(self, Self::Call(_) | Self::Status(_) | Self::Function)
    }
}

/// Where a handler is asked.
#[derive(Clone, Debug)]
pub(super) enum Endpoint {
    Lambda {
        /// URL without a slash at its end.
        base: String,
        /// `None`: the region of the function's ARN.
        region: Option<String>,
        /// `None`: the server's own.
        keys: Option<Keys>,
    },
    Webhook {
        url: String,
        secrets: Vec<Secret>,
    },
}

impl Endpoint {
    /// Asks, at most until the deadline. An exchange that breaks is tried once more: the connection may have
    /// been one that the other side was just closing, and the message's id tells the handler that it is the
    /// same question.
    pub(super) async fn ask(
        &self,
        outbound: &Outbound,
        question: &Question,
        deadline: Instant,
    ) -> Result<Bytes, Failure> {
        let text = Bytes::from(question.encode());
        match self.ask_once(outbound, question, text.clone(), deadline).await {
            Err(Failure::Call(OutboundError::Broken { .. })) => {
                self.ask_once(outbound, question, text, deadline).await
            }
            outcome => outcome,
        }
    }

    async fn ask_once(
        &self,
        outbound: &Outbound,
        question: &Question,
        body: Bytes,
        deadline: Instant,
    ) -> Result<Bytes, Failure> {
        let answer = match self {
            Self::Lambda { base, region, keys } => {
                let function = Function::of(&question.uri)?;
                let call = Call {
                    service: "lambda",
                    region: region.as_deref().unwrap_or(function.region),
                    keys: keys.as_ref(),
                    method: Method::POST,
                    url: &function.invocations(base),
                    headers: invocation_headers(),
                    body,
                    deadline,
                    max_answer: MAX_BYTES,
                };
                outbound.signed(call).await?
            }
            Self::Webhook { url, secrets } => {
                let hook = Hook {
                    url,
                    id: &question.message_id,
                    secrets,
                    headers: HeaderMap::new(),
                    body,
                    deadline,
                    max_answer: MAX_BYTES,
                };
                outbound.webhook(hook).await?
            }
        };
        heard(answer)
    }
}

fn heard(answer: Answer) -> Result<Bytes, Failure> {
    if answer.headers.contains_key(FUNCTION_ERROR) {
        return Err(Failure::Function);
    }
    if !(200..300).contains(&answer.status) {
        return Err(Failure::Status(answer.status));
    }
    Ok(answer.body)
}

fn invocation_headers() -> HeaderMap {
    HeaderMap::from_iter([
        (CONTENT_TYPE, HeaderValue::from_static("application/json")),
        (INVOCATION_TYPE, HeaderValue::from_static("RequestResponse")),
    ])
}

/// A function's ARN: `arn:aws:lambda:{region}:{account}:function:{name}`, perhaps with `:{version or alias}`.
struct Function<'a> {
    arn: &'a str,
    region: &'a str,
}

impl<'a> Function<'a> {
    fn of(uri: &'a str) -> Result<Self, Failure> {
        // What Lambda's own pattern allows, so that the path needs no escapes.
        let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-_:$.".contains(&byte);
        if !uri.bytes().all(plain) {
            return Err(Failure::Arn("it has characters that no function has"));
        }
        let region = uri.split(':').nth(3).filter(|region| !region.is_empty());
        Ok(Self { arn: uri, region: region.ok_or(Failure::Arn("it names no region"))? })
    }

    fn invocations(&self, base: &str) -> String {
        format!("{base}/2015-03-31/functions/{}/invocations", self.arn)
    }
}
