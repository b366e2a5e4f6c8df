//! What can go wrong with the durable truth.
//!
//! Promise: a variant names the act and its object, never a secret; the cause is the source and is
//! not repeated in the text.

use std::path::PathBuf;

use domain::{Arn, ResourceKind};

pub use crate::trouble::DatabaseError;

/// Why an act on the store failed. The first group is about the caller's request and changes nothing
/// in the database, the second about the database, the third about a single act.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The account has as many of this kind as it may have.
    #[error("the quota of {limit} of the kind {} is used up", kind.as_str())]
    ResourceQuota {
        /// What there are so many of.
        kind: ResourceKind,
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
    /// No resource of this name is in that account and region.
    #[error("there is no {arn}")]
    NoSuchResource {
        /// The name that was asked for.
        arn: Arn,
    },
    /// A channel or a room refers to it, so it can't be deleted.
    #[error("a channel or a room is attached to {arn}")]
    Attached {
        /// What was to be deleted.
        arn: Arn,
    },
    /// A room can't be logged to it, since it is not ACTIVE.
    #[error("nothing can be logged to {arn}: it is not active")]
    NotActive {
        /// The logging configuration.
        arn: Arn,
    },
    /// The room has as many bans and mutes as it may have.
    #[error("room {room} has all of its {limit} bans and mutes")]
    RestrictionQuota {
        /// The room.
        room: Arn,
        /// How many it may have.
        limit: u32,
    },
    /// The tenant has this public key already.
    #[error("the key is that of {arn}")]
    PlaybackKeyTaken {
        /// The key pair that it was imported as.
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
    #[error("{place} is not a readable database")]
    NotADatabase {
        /// The database file.
        place: String,
        /// What the database said.
        #[source]
        source: DatabaseError,
    },
    /// A newer version of the program has changed this database.
    #[error(
        "the database {place} was made by a newer version (its step {found}, this version knows up to \
         {known}); use that version or restore a backup from before the update"
    )]
    NewerDatabase {
        /// The database file, or where the server is and the database's name.
        place: String,
        /// The newest migration in the database.
        found: i64,
        /// The newest migration in this program.
        known: i64,
    },
    /// The database could not be opened.
    #[error("could not open the database {place}")]
    Open {
        /// The database file, or where the server is and the database's name.
        place: String,
        /// What the database said.
        #[source]
        source: DatabaseError,
    },
    /// The database could not be brought up to date.
    #[error("could not bring the database {place} up to date")]
    Migrate {
        /// The database file, or where the server is and the database's name.
        place: String,
        /// The step that failed.
        #[source]
        source: DatabaseError,
    },

    /// A backup's file could not be written or read.
    #[error("could not write or read the backup's file")]
    BackupFile(#[source] std::io::Error),
    /// The file is no backup, or not all of one, or somebody changed it.
    #[error("not a whole backup: line {line}: {why}")]
    NotABackup {
        /// Which line, counted from 1.
        line: u64,
        /// What is wrong.
        why: &'static str,
    },
    /// The backup is of a version that this one does not know.
    #[error(
        "the backup is of form {format} and step {migration}; this version knows form 1 up to step {known}"
    )]
    OtherBackup {
        /// The form of its lines.
        format: u32,
        /// The step of its tables.
        migration: i64,
        /// The step of the tables here.
        known: i64,
    },
    /// There is something in the database that a restore would drop.
    #[error("the database is not empty; a restore would drop what it holds")]
    NotEmpty,

    /// A read failed.
    #[error("could not read {object}")]
    Read {
        /// What was to be read.
        object: &'static str,
        /// What the database said.
        #[source]
        source: DatabaseError,
    },
    /// A change failed; nothing of it was kept.
    #[error("could not write {object}")]
    Write {
        /// What was to be written.
        object: &'static str,
        /// What the database said.
        #[source]
        source: DatabaseError,
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

impl StoreError {
    /// Is the database itself out of reach or unable to work just now (connections lost or refused, no
    /// room, a lock that another process keeps), so that the same act may well succeed later? What has
    /// this answer is not the caller's fault and needs the operator's eyes when it lasts.
    ///
    /// A change that failed so may still have been kept when the line broke while it was being committed.
    pub fn is_unavailable(&self) -> bool {
        match self {
            Self::Prepare { .. } => true,
            Self::Open { source, .. } | Self::Read { source, .. } | Self::Write { source, .. } => {
                source.is_unavailable()
            }
            _ => false,
        }
    }
}
