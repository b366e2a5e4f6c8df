//! Why a token opens nothing.
//!
//! Promise: one line for each reason, which whoever writes tokens can act on and which repeats nothing of the
//! token.

use super::{MAX_LIFE, MAX_STRICT_ORIGINS, MAX_TOKEN, MAX_VIEWER};

/// Why a token is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, thiserror::Error)]
pub enum Refusal {
    /// More than [`MAX_TOKEN`] bytes.
    #[error("the token is longer than {MAX_TOKEN} bytes")]
    TooLong,
    /// Not three parts in base64url.
    #[error("the token is not three parts in base64url without padding, joined by dots")]
    Form,
    /// No JSON object, or a member stands twice in it.
    #[error("the token's header is no JSON object with each member once")]
    Header,
    /// Another `alg`.
    #[error("the token's alg is not ES384")]
    Algorithm,
    /// Another `typ`.
    #[error("the token's typ is not JWT")]
    Kind,
    /// With `crit`.
    #[error("the token's crit names something that is not understood here")]
    Critical,
    /// No JSON object, or a member stands twice in it.
    #[error("the token's claims are no JSON object with each member once")]
    Claims,
    /// A claim that must be there.
    #[error("the token has no {claim}")]
    Missing {
        /// Its name.
        claim: &'static str,
    },
    /// A claim that says something it can't.
    #[error("the token's {claim} is not {wanted}")]
    Claim {
        /// Its name.
        claim: &'static str,
        /// What it should be.
        wanted: &'static str,
    },
    /// A version of nobody's session.
    #[error("the token has aws:viewer-session-version without aws:viewer-id")]
    VersionAlone,
    /// More origins than may be strictly enforced.
    #[error(
        "the token has more than {MAX_STRICT_ORIGINS} origins, which is the most with strict enforcement"
    )]
    ManyOrigins,
    /// More characters than a viewer's id may have.
    #[error("the token's aws:viewer-id has more than {MAX_VIEWER} characters")]
    LongViewer,
    /// For another channel.
    #[error("the token is for another channel")]
    Channel,
    /// It is over.
    #[error("the token has expired")]
    Expired,
    /// Tokens that can be used up or revoked may not last.
    #[error("the token's exp is more than {} minutes ahead, which is the most with {claim}", MAX_LIFE / 60)]
    TooFarAhead {
        /// Which makes it so.
        claim: &'static str,
    },
    /// Not the right number of bytes.
    #[error("the token's signature does not have the 96 bytes of ES384")]
    SignatureLength,
    /// No key of the account has signed it, or it was changed since.
    #[error("the token is not signed by a playback key of the channel's account and region")]
    Signature,
}
