//! Chat logging configurations: where the messages of rooms are kept.
//!
//! Promise: the states are the vendor's (model, `LoggingConfigurationState`).

use serde::{Deserialize, Serialize};

use crate::arn::Arn;
use crate::channel::words;
use crate::tags::Tags;

words! {
    /// How far a logging configuration has come.
    LoggingState {
        /// The destination is being tried.
        Creating = "CREATING",
        /// The destination could not be written to.
        CreateFailed = "CREATE_FAILED",
        /// Being deleted.
        Deleting = "DELETING",
        /// Could not be deleted.
        DeleteFailed = "DELETE_FAILED",
        /// The new destination is being tried.
        Updating = "UPDATING",
        /// The new destination could not be written to.
        UpdateFailed = "UPDATE_FAILED",
        /// Rooms can be logged.
        Active = "ACTIVE",
    }
}

/// Where log records go. One of three (the model's union `DestinationConfiguration`).
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum LogDestination {
    /// Gzipped files in an S3 bucket, or in the bucket of that name under the data folder.
    S3 {
        /// 3 to 63 of `[a-z0-9-.]`.
        bucket: String,
    },
    /// CloudWatch Logs.
    CloudWatchLogs {
        /// 1 to 512 of `[.\-_/#A-Za-z0-9]`.
        log_group: String,
    },
    /// Kinesis Data Firehose.
    Firehose {
        /// 1 to 64 of `[a-zA-Z0-9_.-]`.
        delivery_stream: String,
    },
}

/// Where the messages of the rooms that name it are logged.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LoggingConfiguration {
    /// Its ARN.
    pub arn: Arn,
    /// Not unique; 0 to 128 of `[a-zA-Z0-9-_]`.
    pub name: String,
    /// When it was made, in milliseconds since 1970.
    pub created_at: i64,
    /// When it was last changed (its tags do not count), in milliseconds since 1970.
    pub updated_at: i64,
    /// Where to.
    pub destination: LogDestination,
    /// CREATING or UPDATING until the destination was tried.
    pub state: LoggingState,
    /// Tags.
    pub tags: Tags,
}
