//! What can go wrong with the durable truth.
//!
//! Promise: a variant names the act and its object, never a secret; the cause is the source and is
//! not repeated in the text.

use std::path::PathBuf;

use domain::Arn;

/// Why an act on the store failed. The first group is about the caller's request and changes nothing
/// in the database, the second about the database file, the third about a single act.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The account has as many channels as it may have.
    #[error("the quota of {limit} channels is used up")]
    ChannelQuota {
        /// The quota.
        limit: u32,
    },
    /// The channel has as many stream keys as it may have.
    #[error("channel {channel} has all of its {limit} stream keys")]
    StreamKeyQuota {
        /// The channel.
        channel: Arn,
        /// The quota.
        limit: u32,
    },
    /// No channel of this name is in that account and region.
    #[error("there is no channel {arn}")]
    NoSuchChannel {
        /// The name that was asked for.
        arn: Arn,
    },
    /// No stream key of this name is in that account and region.
    #[error("there is no stream key {arn}")]
    NoSuchStreamKey {
        /// The name that was asked for.
        arn: Arn,
    },
    /// No access key has this id.
    #[error("there is no access key {id}")]
    NoSuchAccessKey {
        /// The id that was asked for.
        id: String,
    },
    /// An access key with this id exists.
    #[error("access key {id} exists")]
    AccessKeyTaken {
        /// The id that was to be added.
        id: String,
    },

    /// The database file or its folder could not be made or protected.
    #[error("could not prepare the database file {}", path.display())]
    Prepare {
        /// The database file.
        path: PathBuf,
        /// What the file system said.
        #[source]
        source: std::io::Error,
    },
    /// The file is something else, or damaged.
    #[error("{} is not a readable database", path.display())]
    NotADatabase {
        /// The database file.
        path: PathBuf,
        /// What the database said.
        #[source]
        source: sqlx::Error,
    },
    /// A newer version of the program has changed this database.
    #[error(
        "the database {} was made by a newer version (its step {found}, this version knows up to {known}); \
         use that version or restore a backup from before the update",
        path.display()
    )]
    NewerDatabase {
        /// The database file.
        path: PathBuf,
        /// The newest migration in the database.
        found: i64,
        /// The newest migration in this program.
        known: i64,
    },
    /// The database could not be opened.
    #[error("could not open the database {}", path.display())]
    Open {
        /// The database file.
        path: PathBuf,
        /// What the database said.
        #[source]
        source: sqlx::Error,
    },
    /// The database could not be brought up to date.
    #[error("could not bring the database {} up to date", path.display())]
    Migrate {
        /// The database file.
        path: PathBuf,
        /// The step that failed.
        #[source]
        source: sqlx::migrate::MigrateError,
    },

    /// A read failed.
    #[error("could not read {object}")]
    Read {
        /// What was to be read.
        object: &'static str,
        /// What the database said.
        #[source]
        source: sqlx::Error,
    },
    /// A change failed; nothing of it was kept.
    #[error("could not write {object}")]
    Write {
        /// What was to be written.
        object: &'static str,
        /// What the database said.
        #[source]
        source: sqlx::Error,
    },
    /// A stored body is not what this version writes.
    #[error("could not understand the stored body of {object}")]
    Decode {
        /// What was read.
        object: &'static str,
        /// Where the text stops making sense.
        #[source]
        source: serde_json::Error,
    },
    /// A value has no form as text.
    #[error("could not make the body of {object}")]
    Encode {
        /// What was to be written.
        object: &'static str,
        /// What has no form.
        #[source]
        source: serde_json::Error,
    },
}
