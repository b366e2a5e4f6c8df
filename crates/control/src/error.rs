//! What can go wrong, towards the roof and towards callers.
//!
//! Promise: one exhaustive `match` says what the wire tells of each failure of the store; of failures
//! that are not the caller's it tells nothing.

use api::{ApiError, Call, Why};
use domain::ResourceKind;
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
        error if error.is_unavailable() => ApiError::unavailable("reaching the database", error),
        StoreError::NoSuchResource { arn } => ApiError::not_found(&arn),
        StoreError::Attached { arn } => {
            let user = if arn.kind == ResourceKind::LoggingConfiguration { "room" } else { "channel" };
            let text = format!("Resource: {arn} is in use: at least one {user} is attached to it");
            ApiError::Conflict(Why::new(text).about(arn.id.as_str()))
        }
        StoreError::ResourceQuota { kind, limit } => {
            let (one, many) = nouns(kind);
            ApiError::ServiceQuotaExceeded(
                Why::new(format!("{one} quota exceeded: at most {limit} {many}")).at(limit),
            )
        }
        StoreError::StreamKeyQuota { channel, limit } => ApiError::ServiceQuotaExceeded(
            format!("Stream key quota exceeded: at most {limit} per channel, channel: {channel}").into(),
        ),
        StoreError::NotActive { arn } => ApiError::validation(format!(
            "loggingConfigurationIdentifiers: {arn} is not ACTIVE, so nothing can be logged there"
        )),
        // About bans and mutes, which no operation of the API sets by itself.
        error @ StoreError::RestrictionQuota { .. } => ApiError::internal("restricting a user", error),
        StoreError::PlaybackKeyTaken { arn } => {
            ApiError::Conflict(format!("publicKeyMaterial: this key is imported already, as {arn}").into())
        }
        // About access keys, which no operation of the API handles.
        error @ (StoreError::NoSuchAccessKey { .. } | StoreError::AccessKeyTaken { .. }) => {
            ApiError::internal("handling access keys", error)
        }
        // About opening, which is long done, and about backups, which no operation of the API makes.
        error @ (StoreError::Prepare { .. }
        | StoreError::BackupFile(_)
        | StoreError::NotABackup { .. }
        | StoreError::OtherBackup { .. }
        | StoreError::NotEmpty
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

/// The same; a quota is that of the caller's account.
pub(crate) fn refusal_of_quota(call: &Call, error: StoreError) -> ApiError {
    match refusal(error) {
        ApiError::ServiceQuotaExceeded(why) => {
            ApiError::ServiceQuotaExceeded(why.about(call.principal.account.as_str()))
        }
        other => other,
    }
}

/// Why a change of the store was not made, by the store or by the operation that looked at what was there.
/// `?` turns both into this and this into what the caller is told.
pub(crate) struct Refused(ApiError);

impl From<StoreError> for Refused {
    fn from(error: StoreError) -> Self {
        Self(refusal(error))
    }
}

impl From<ApiError> for Refused {
    fn from(error: ApiError) -> Self {
        Self(error)
    }
}

impl From<Refused> for ApiError {
    fn from(Refused(error): Refused) -> Self {
        error
    }
}

/// What people call the kind, at the beginning of a sentence and in the plural.
fn nouns(kind: ResourceKind) -> (&'static str, &'static str) {
    match kind {
        ResourceKind::Channel => ("Channel", "channels"),
        ResourceKind::StreamKey => ("Stream key", "stream keys"),
        ResourceKind::PlaybackKeyPair => ("Playback key pair", "playback key pairs"),
        ResourceKind::PlaybackRestrictionPolicy => {
            ("Playback restriction policy", "playback restriction policies")
        }
        ResourceKind::RecordingConfiguration => ("Recording configuration", "recording configurations"),
        ResourceKind::Room => ("Room", "rooms"),
        ResourceKind::LoggingConfiguration => ("Logging configuration", "logging configurations"),
    }
}

/// There is no resource of this name for the caller. Takes the text, as a name that fits the model's
/// loose pattern (`[0-9]+` for an account) may still be none that anything here can have.
pub(crate) fn missing(arn: &str) -> ApiError {
    let id = arn.rsplit('/').next().unwrap_or_default();
    ApiError::ResourceNotFound(Why::new(format!("Resource: {arn} not found")).about(id))
}
