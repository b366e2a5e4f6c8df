//! Every way in which a call can be refused, and what the wire says then.
//!
//! Promise: one exhaustive `match` gives each its status and its code; the inner cause of a failure that is
//! not the caller's is for the log alone and never reaches the caller.

use std::fmt;

use domain::Arn;
use http::StatusCode;

use crate::refusal::Refusal;
use crate::violations::Violations;

/// What a modelled exception says: a text for people, and for services that have members for them (`ivschat`)
/// what it is about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Why {
    pub(crate) text: String,
    pub(crate) resource: Option<String>,
    pub(crate) limit: Option<u32>,
}

impl Why {
    /// Says this text.
    pub fn new(text: impl Into<String>) -> Self {
        Self { text: text.into(), resource: None, limit: None }
    }

    /// It is about the resource, or the account, with this id: `resourceId`.
    pub fn about(self, id: impl Into<String>) -> Self {
        Self { resource: Some(id.into()), ..self }
    }

    /// It is about this quota, or rate a second: `limit`.
    pub fn at(self, limit: u32) -> Self {
        Self { limit: Some(limit), ..self }
    }
}

impl From<String> for Why {
    fn from(text: String) -> Self {
        Self::new(text)
    }
}

impl fmt::Display for Why {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

/// Why a call is refused. The first ten are the services' modelled exceptions (their statuses are the
/// model's), which operations may give; the rest belong to the frame.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ApiError {
    /// An input breaks a rule that the model's bounds do not say. A text that begins with a member's path and a
    /// colon is about that member.
    #[error("{0}")]
    Validation(String),
    /// The principal may not do this.
    #[error("{0}")]
    AccessDenied(String),
    /// The account is not yet verified; not given by Rillcast itself.
    #[error("{0}")]
    PendingVerification(String),
    /// There is no such resource.
    #[error("{0}")]
    ResourceNotFound(Why),
    /// The channel is offline.
    #[error("{0}")]
    ChannelNotBroadcasting(String),
    /// The resource's state forbids it.
    #[error("{0}")]
    Conflict(Why),
    /// The account has as many as it may have.
    #[error("{0}")]
    ServiceQuotaExceeded(Why),
    /// Too many requests.
    #[error("{0}")]
    Throttling(Why),
    /// The stream can't be reached now.
    #[error("{0}")]
    StreamUnavailable(String),
    /// What Rillcast needs for an answer can't be reached now; a later try may succeed. `act` says what was
    /// being done and the source why it failed. The caller learns neither.
    #[error("{act} is not possible now")]
    ServiceUnavailable {
        /// What was being done.
        act: &'static str,
        /// Why it failed.
        #[source]
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// Rillcast failed; `act` says at what and the source why. The caller learns neither.
    #[error("{act} failed")]
    Internal {
        /// What was being done.
        act: &'static str,
        /// Why it failed.
        #[source]
        source: Box<dyn std::error::Error + Send + Sync>,
    },

    /// The input does not meet the model's bounds.
    #[error("{0}")]
    Invalid(Violations),
    /// The caller's policy does not allow it.
    #[error("{0}")]
    NotAllowed(Box<Refusal>),
    /// The proof of who calls is missing or wrong.
    #[error(transparent)]
    Unproven(#[from] auth::sigv4::Error),
    /// No operation has this path.
    #[error("Unable to determine service/operation name to be authorized")]
    UnknownOperation,
    /// The path is right, the method is not.
    #[error("Method not allowed; use {allow}")]
    MethodNotAllowed {
        /// The methods that this path has.
        allow: String,
    },
    /// The body is longer than the frame reads.
    #[error("Request body is larger than {max} bytes")]
    BodyTooLarge {
        /// The limit.
        max: usize,
    },
    /// The body did not arrive in time.
    #[error("Request body did not arrive within {seconds} seconds")]
    BodyTooSlow {
        /// The limit.
        seconds: u64,
    },
    /// The connection broke within the body.
    #[error("Request body could not be read")]
    BodyBroken,
}

impl ApiError {
    /// There is no resource with this ARN, or the caller is not to know of it.
    pub fn not_found(arn: &Arn) -> Self {
        Self::ResourceNotFound(Why::new(format!("Resource: {arn} not found")).about(arn.id.as_str()))
    }

    /// An input breaks a rule; `text` should name the member.
    pub fn validation(text: impl Into<String>) -> Self {
        Self::Validation(text.into())
    }

    /// Something that should have worked did not.
    pub fn internal(act: &'static str, source: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Self {
        Self::Internal { act, source: source.into() }
    }

    /// Something that is needed can't be reached now, such as the database.
    pub fn unavailable(
        act: &'static str,
        source: impl Into<Box<dyn std::error::Error + Send + Sync>>,
    ) -> Self {
        Self::ServiceUnavailable { act, source: source.into() }
    }

    /// The HTTP status and the error code (the exception's name) on the wire.
    pub fn wire(&self) -> (StatusCode, &'static str) {
        use auth::sigv4::Error as Proof;
        match self {
            Self::Validation(_) | Self::Invalid(_) | Self::BodyBroken => {
                (StatusCode::BAD_REQUEST, "ValidationException")
            }
            Self::AccessDenied(_) | Self::NotAllowed(_) => (StatusCode::FORBIDDEN, "AccessDeniedException"),
            Self::PendingVerification(_) => (StatusCode::FORBIDDEN, "PendingVerification"),
            Self::ResourceNotFound(_) => (StatusCode::NOT_FOUND, "ResourceNotFoundException"),
            Self::ChannelNotBroadcasting(_) => (StatusCode::NOT_FOUND, "ChannelNotBroadcasting"),
            Self::Conflict(_) => (StatusCode::CONFLICT, "ConflictException"),
            Self::ServiceQuotaExceeded(_) => (StatusCode::PAYMENT_REQUIRED, "ServiceQuotaExceededException"),
            Self::Throttling(_) => (StatusCode::TOO_MANY_REQUESTS, "ThrottlingException"),
            Self::StreamUnavailable(_) => (StatusCode::SERVICE_UNAVAILABLE, "StreamUnavailable"),
            Self::ServiceUnavailable { .. } => (StatusCode::SERVICE_UNAVAILABLE, "ServiceUnavailable"),
            Self::Internal { .. } => (StatusCode::INTERNAL_SERVER_ERROR, "InternalServerException"),
            Self::Unproven(proof) => match proof {
                Proof::Missing => (StatusCode::FORBIDDEN, "MissingAuthenticationTokenException"),
                Proof::Incomplete(_) => (StatusCode::FORBIDDEN, "IncompleteSignatureException"),
                Proof::UnrecognizedClient => (StatusCode::FORBIDDEN, "UnrecognizedClientException"),
                Proof::Invalid(_) | Proof::Expired { .. } | Proof::NotYetCurrent { .. } => {
                    (StatusCode::FORBIDDEN, "InvalidSignatureException")
                }
            },
            Self::UnknownOperation => (StatusCode::NOT_FOUND, "UnknownOperationException"),
            Self::MethodNotAllowed { .. } => (StatusCode::METHOD_NOT_ALLOWED, "UnknownOperationException"),
            Self::BodyTooLarge { .. } => (StatusCode::PAYLOAD_TOO_LARGE, "RequestEntityTooLargeException"),
            Self::BodyTooSlow { .. } => (StatusCode::REQUEST_TIMEOUT, "RequestTimeoutException"),
        }
    }

    /// The text that the caller gets.
    pub(crate) fn told(&self) -> String {
        match self {
            Self::Internal { .. } => "The service failed to answer; try again".to_owned(),
            Self::ServiceUnavailable { .. } => "The service is unavailable now; try again".to_owned(),
            other => other.to_string(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Source: the model's `httpStatusCode` of each exception, as the generator wrote it.
    #[test]
    fn modelled_exceptions_have_the_models_status() {
        let (text, why) = (|| "x".to_owned(), || Why::new("x"));
        let ours = [
            ApiError::Validation(text()),
            ApiError::AccessDenied(text()),
            ApiError::PendingVerification(text()),
            ApiError::ResourceNotFound(why()),
            ApiError::ChannelNotBroadcasting(text()),
            ApiError::Conflict(why()),
            ApiError::ServiceQuotaExceeded(why()),
            ApiError::Throttling(why()),
            ApiError::StreamUnavailable(text()),
            ApiError::unavailable("testing", "x"),
            ApiError::internal("testing", "x"),
        ];
        for (name, status) in crate::ivs::EXCEPTIONS.iter().chain(crate::ivschat::EXCEPTIONS) {
            let wire = ours.iter().map(ApiError::wire).find(|(_, code)| code == name);
            assert_eq!(wire.map(|(status, _)| status.as_u16()), Some(*status), "{name}");
        }
    }

    #[test]
    fn a_failure_that_is_not_the_callers_tells_the_caller_nothing() {
        for fail in [ApiError::internal, ApiError::unavailable] {
            let error = fail("reading the channel", "disk on fire at /dev/sda");
            assert!(!error.told().contains("disk") && !error.told().contains("channel"));
        }
    }
}
