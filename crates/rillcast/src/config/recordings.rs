//! Settings of recordings: where they wait for their buckets, and how long they are kept.
//!
//! Promise: every number is bounded on both sides.

use std::path::PathBuf;
use std::time::Duration;

use super::{ConfigError, Values, count, number};

const DAY: u64 = 24 * 3_600;

/// What [`super::SETTINGS`] says of recordings.
#[derive(Clone, Debug)]
pub struct RecordingSettings {
    pub folder: Option<PathBuf>,
    pub keep_free: u64,
    pub uploads: usize,
    pub keep_for: Option<Duration>,
    pub keep_bytes: Option<u64>,
}

impl RecordingSettings {
    pub(super) fn from_values(values: &Values<'_>) -> Result<Self, ConfigError> {
        Ok(Self {
            folder: values.wanted("recording_folder", |text| Ok(PathBuf::from(text)))?,
            keep_free: values.needed("recording_keep_free_mb", |text| Ok(number(text, 0, 1 << 24)? << 20))?,
            uploads: values.needed("recording_uploads", |text| count(text, 256))?,
            keep_for: values
                .wanted("recording_days", |text| Ok(Duration::from_secs(number(text, 1, 36_500)? * DAY)))?,
            keep_bytes: values.wanted("recording_disk_mb", |text| Ok(number(text, 1, 1 << 40)? << 20))?,
        })
    }
}
