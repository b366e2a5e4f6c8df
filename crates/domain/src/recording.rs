//! A recording: one or more streams of a channel that were written to one place in a bucket.
//!
//! Promise: it stands for itself. It has the channel's name and the recording configuration as they were, so it
//! can be read when both are gone.
//!
//! Source: IVS user guide, "Auto-Record to Amazon S3" and "Using Amazon EventBridge with Amazon IVS".

use serde::{Deserialize, Serialize};

use crate::arn::Arn;
use crate::channel::words;
use crate::id::{ResourceId, StreamId};
use crate::recording_configuration::RecordingConfiguration;

words! {
    /// How far a recording is.
    RecordingStage {
        /// Its stream is live, or may still be joined by another; or what was recorded is still on its way into the
        /// bucket.
        Started = "RECORDING_STARTED",
        /// All of it is in the bucket.
        Ended = "RECORDING_ENDED",
        /// It ended before its stream did. What had been recorded by then is in the bucket.
        EndedWithFailure = "RECORDING_ENDED_WITH_FAILURE",
    }
}

/// A recording. Times are milliseconds since 1970.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Recording {
    /// Its id: the last step of its prefix.
    pub id: ResourceId,
    /// `recording_session_id` of its events: one for all of its streams.
    pub session: ResourceId,
    /// The channel.
    pub channel: Arn,
    /// The channel's name as it was when the recording began; may be empty.
    pub channel_name: String,
    /// Were viewers of the channel asked for tokens when the recording began? Then viewers of it are, too.
    pub is_private: bool,
    /// What it was made by, with its bucket.
    pub configuration: RecordingConfiguration,
    /// What the keys of all of its objects begin with, without a slash at either end.
    pub prefix: String,
    /// The server that records it: a name that survives restarts.
    pub node: String,
    /// Its streams, in order; never empty.
    pub streams: Vec<StreamId>,
    /// When it began.
    pub started_at: i64,
    /// When its last picture had come in; `None` while it goes on.
    pub ended_at: Option<i64>,
    /// How far it is.
    pub stage: RecordingStage,
    /// How long it plays; 0 while it goes on.
    pub duration_ms: u64,
    /// Bytes of all of its objects; 0 while it goes on.
    pub bytes: u64,
    /// Why it failed; empty unless it did.
    pub reason: String,
}

/// `IVS Recording State Change`: what consumers outside are told of a recording.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RecordingChange {
    /// What happened.
    pub status: RecordingStatus,
    /// Why, for failures, as the service calls it, such as `ValidationException`; otherwise empty.
    pub reason: String,
    /// The bucket.
    pub bucket: String,
    /// Where in the bucket; empty when nothing could be recorded.
    pub prefix: String,
    /// How long it plays; 0 when it starts.
    pub duration_ms: u64,
    /// One for all streams of a recording.
    pub session: ResourceId,
    /// Its streams; told at its end.
    pub streams: Vec<StreamId>,
}

/// What happened to a recording.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RecordingStatus {
    /// It began.
    Start,
    /// It is over and complete.
    End,
    /// It could not begin.
    StartFailure,
    /// It ended before its stream did.
    EndFailure,
}

impl RecordingStatus {
    /// `recording_status`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Start => "Recording Start",
            Self::End => "Recording End",
            Self::StartFailure => "Recording Start Failure",
            Self::EndFailure => "Recording End Failure",
        }
    }

    /// Did something go wrong?
    pub fn is_failure(self) -> bool {
        matches!(self, Self::StartFailure | Self::EndFailure)
    }
}
