//! Why a request is not proven.
//!
//! Promise: the texts are fit for the caller; they hold nothing secret.

use super::stamp::Stamp;

/// Why a request is not proven; the wire's codes are in the crate `api`.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// Neither an `Authorization` header nor a signed query.
    #[error("Missing Authentication Token")]
    Missing,
    /// A signature is there, but parts of it are missing or malformed.
    #[error("{0}")]
    Incomplete(&'static str),
    /// The key id is unknown or inactive, or a session token is used.
    #[error("The security token included in the request is invalid.")]
    UnrecognizedClient,
    /// The signature is not that of this request, or for another region or service.
    #[error("{0}")]
    Invalid(String),
    /// Signed too long ago, or a presigned request after its life.
    #[error("Signature expired: {signed} is now earlier than {earliest} ({now}{allowance})")]
    Expired {
        /// When it was signed (or ended, for a presigned one).
        signed: Stamp,
        /// The earliest time that is good now.
        earliest: Stamp,
        /// The server's clock.
        now: Stamp,
        /// How the earliest time follows from the clock, in words.
        allowance: &'static str,
    },
    /// Signed in the future.
    #[error("Signature not yet current: {signed} is still later than {latest} ({now} + 5 min.)")]
    NotYetCurrent {
        /// When it says to be signed.
        signed: Stamp,
        /// The latest time that is good now.
        latest: Stamp,
        /// The server's clock.
        now: Stamp,
    },
}

impl Error {
    /// The signature does not match: no word on which part differs.
    pub(super) fn mismatch() -> Self {
        Self::Invalid(
            "The request signature we calculated does not match the signature you provided. Check your AWS \
             Secret Access Key and signing method. Consult the service documentation for details."
                .to_owned(),
        )
    }
}
