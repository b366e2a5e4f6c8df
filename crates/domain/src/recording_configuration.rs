//! Recording configurations: where streams are recorded to, and what of them.
//!
//! Promise: the defaults are the API reference's (CreateRecordingConfiguration).

use serde::{Deserialize, Serialize};

use crate::arn::Arn;
use crate::channel::words;
use crate::tags::Tags;

words! {
    /// How far a recording configuration has come.
    RecordingState {
        /// The bucket is being tried.
        Creating = "CREATING",
        /// The bucket could not be written to.
        CreateFailed = "CREATE_FAILED",
        /// Streams can be recorded.
        Active = "ACTIVE",
    }
}

words! {
    /// Are thumbnails made?
    ThumbnailMode {
        /// No.
        Disabled = "DISABLED",
        /// At an interval; the default.
        Interval = "INTERVAL",
    }
}

words! {
    /// The rendition that thumbnails are taken of.
    ThumbnailResolution {
        /// 480p class.
        Sd = "SD",
        /// 720p class.
        Hd = "HD",
        /// 1080p class.
        FullHd = "FULL_HD",
        /// The smallest there is.
        LowestResolution = "LOWEST_RESOLUTION",
    }
}

words! {
    /// How thumbnails are kept.
    ThumbnailStorage {
        /// All, numbered; the default.
        Sequential = "SEQUENTIAL",
        /// The newest one, overwritten each time.
        Latest = "LATEST",
    }
}

words! {
    /// Which renditions are recorded.
    RenditionSelection {
        /// All; the default.
        All = "ALL",
        /// None: thumbnails only.
        None = "NONE",
        /// Those of a list.
        Custom = "CUSTOM",
    }
}

words! {
    /// A class of renditions that can be recorded.
    RecordedRendition {
        /// 480p class.
        Sd = "SD",
        /// 720p class.
        Hd = "HD",
        /// 1080p class.
        FullHd = "FULL_HD",
        /// The smallest there is.
        LowestResolution = "LOWEST_RESOLUTION",
    }
}

/// Thumbnails of a recording.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Thumbnails {
    /// Default INTERVAL.
    pub mode: ThumbnailMode,
    /// Seconds between two, 1 to 60; default 60.
    pub interval_seconds: u8,
    /// `None`: that of the source.
    pub resolution: Option<ThumbnailResolution>,
    /// Default SEQUENTIAL alone.
    pub storage: Vec<ThumbnailStorage>,
}

impl Default for Thumbnails {
    fn default() -> Self {
        Self {
            mode: ThumbnailMode::Interval,
            interval_seconds: 60,
            resolution: None,
            storage: vec![ThumbnailStorage::Sequential],
        }
    }
}

/// Where streams of the channels that name it are recorded to. Only tags and state ever change.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RecordingConfiguration {
    /// Its ARN.
    pub arn: Arn,
    /// Not unique; 0 to 128 of `[a-zA-Z0-9-_]`.
    pub name: String,
    /// S3 bucket, 3 to 63 of `[a-z0-9-.]`.
    pub bucket: String,
    /// CREATING until the bucket was tried.
    pub state: RecordingState,
    /// Why it is in CREATE_FAILED, in words; otherwise empty. The vendor's API does not tell.
    #[serde(default)]
    pub state_reason: String,
    /// Thumbnails.
    pub thumbnails: Thumbnails,
    /// Default ALL.
    pub rendition_selection: RenditionSelection,
    /// With CUSTOM: which.
    pub renditions: Vec<RecordedRendition>,
    /// Streams of one channel that follow each other within so many seconds are one recording, 0 to 300.
    pub reconnect_window_seconds: u16,
    /// Tags.
    pub tags: Tags,
}
