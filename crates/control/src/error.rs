//! What can go wrong, towards the roof and towards callers.
//!
//! Promise: one exhaustive `match` says what the wire tells of each failure of the store; of failures
//! that are not the caller's it tells nothing.

use api::ApiError;
use store::StoreError;

/// Why the service could not start.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The secret of the page tokens.
    #[error("could not get the page tokens' secret")]
    TokenSecret(#[source] StoreError),
}

/// What the caller is told.
pub(crate) fn refusal(error: StoreError) -> ApiError {
    match error {
        StoreError::NoSuchChannel { arn } | StoreError::NoSuchStreamKey { arn } => ApiError::not_found(&arn),
        StoreError::ChannelQuota { limit } => {
            ApiError::ServiceQuotaExceeded(format!("Channel quota exceeded: at most {limit} channels"))
        }
        StoreError::StreamKeyQuota { channel, limit } => ApiError::ServiceQuotaExceeded(format!(
            "Stream key quota exceeded: at most {limit} per channel, channel: {channel}"
        )),
        // About access keys, which no operation of the API handles.
        error @ (StoreError::NoSuchAccessKey { .. } | StoreError::AccessKeyTaken { .. }) => {
            ApiError::internal("handling access keys", error)
        }
        // About opening, which is long done.
        error @ (StoreError::Prepare { .. }
        | StoreError::NotADatabase { .. }
        | StoreError::NewerDatabase { .. }
        | StoreError::Open { .. }
        | StoreError::Migrate { .. }) => ApiError::internal("opening the database", error),
        error @ (StoreError::Read { .. } | StoreError::Decode { .. }) => {
            ApiError::internal("reading from the database", error)
        }
        error @ (StoreError::Write { .. } | StoreError::Encode { .. }) => {
            ApiError::internal("writing to the database", error)
        }
    }
}

/// There is no resource of this name for the caller. Takes the text, as a name that fits the model's
/// loose pattern (`[0-9]+` for an account) may still be none that anything here can have.
pub(crate) fn missing(arn: &str) -> ApiError {
    ApiError::ResourceNotFound(format!("Resource: {arn} not found"))
}
