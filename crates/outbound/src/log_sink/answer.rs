//! What the services answer.
//!
//! Promise: every answer is read as a body, or as an error that says whether asking again can help.

use bytes::Bytes;
use serde::Deserialize;

use crate::client::Answer;
use crate::error::OutboundError;

/// Characters of a service's words that an error keeps.
const MESSAGE: usize = 300;

/// Why a destination did not take records.
#[derive(Debug, thiserror::Error)]
pub enum SinkError {
    /// No answer.
    #[error("the call to the log's destination had no answer")]
    Call(#[from] OutboundError),
    /// The service answered with an error.
    #[error("{service} answered {status} {code}: {message}")]
    Service {
        /// Which.
        service: &'static str,
        /// HTTP status.
        status: u16,
        /// Its name for the error, such as `ThrottlingException`.
        code: String,
        /// Its words, cut.
        message: String,
    },
    /// The answer can't be understood.
    #[error("{service} answered something else than was asked for")]
    Answer {
        /// Which.
        service: &'static str,
    },
    /// A delivery stream that does not take records now.
    #[error("the delivery stream is {0}, not ACTIVE")]
    NotActive(String),
    /// Buckets are written to by another crate.
    #[error("a bucket is no log service")]
    Bucket,
}

/// What kind of failure it was, for whoever counts them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SinkTrouble {
    /// Permissions or credentials.
    Denied,
    /// There is no such group or stream.
    Missing,
    /// What was sent is wrong, whenever it is sent.
    Unfit,
    /// Anything else, such as a service that is away or has had enough.
    Other,
}

impl SinkError {
    /// What kind of failure this was.
    pub fn trouble(&self) -> SinkTrouble {
        match self {
            Self::Service { code, .. } => of_code(code),
            Self::Call(OutboundError::NoCredentials | OutboundError::Sign(_)) => SinkTrouble::Denied,
            Self::NotActive(_) | Self::Bucket => SinkTrouble::Missing,
            Self::Call(_) | Self::Answer { .. } => SinkTrouble::Other,
        }
    }

    pub(super) fn is(&self, wanted: &str) -> bool {
        matches!(self, Self::Service { code, .. } if code == wanted)
    }
}

/// Names of errors: the two services' own, and the common ones of AWS APIs.
fn of_code(code: &str) -> SinkTrouble {
    match code {
        "AccessDeniedException"
        | "AccessDenied"
        | "ExpiredTokenException"
        | "IncompleteSignature"
        | "InvalidClientTokenId"
        | "InvalidKMSResourceException"
        | "InvalidSignatureException"
        | "MissingAuthenticationToken"
        | "NotAuthorized"
        | "OptInRequired"
        | "UnrecognizedClientException" => SinkTrouble::Denied,
        "ResourceNotFoundException" => SinkTrouble::Missing,
        "InvalidArgumentException" | "InvalidParameterException" => SinkTrouble::Unfit,
        _ => SinkTrouble::Other,
    }
}

#[derive(Deserialize)]
struct Fault {
    #[serde(rename = "__type", default)]
    kind: String,
    #[serde(default, alias = "Message")]
    message: String,
}

/// The body of a good answer.
pub(super) fn read(service: &'static str, answer: &Answer) -> Result<Bytes, SinkError> {
    if (200..300).contains(&answer.status) {
        return Ok(answer.body.clone());
    }
    let fault = serde_json::from_slice(&answer.body)
        .unwrap_or(Fault { kind: String::new(), message: "no words of the service".to_owned() });
    let header = answer.headers.get("x-amzn-errortype").and_then(|value| value.to_str().ok());
    let name = if fault.kind.is_empty() { header.unwrap_or("Unknown") } else { &fault.kind };
    // `namespace#Name:where` in one or the other of the protocol's versions.
    let name = name.rsplit('#').next().unwrap_or(name);
    let code = name.split(':').next().unwrap_or(name).chars().take(MESSAGE).collect();
    let message = fault.message.chars().filter(|c| !c.is_control()).take(MESSAGE).collect();
    Err(SinkError::Service { service, status: answer.status, code, message })
}
