//! Settings of what is kept and told of streams.
//!
//! Promise: every span is bounded on both sides.

use std::path::PathBuf;
use std::time::Duration;

use super::{ConfigError, Values, number};

const DAY: u64 = 24 * 3_600;

/// How long streams and what is known of them last, and who is told. Fields are documented in
/// [`super::SETTINGS`].
#[derive(Clone, Debug)]
pub struct LifeSettings {
    pub max_stream: Duration,
    pub session_age: Duration,
    pub rewind_bytes: u64,
    pub event_sinks: Option<PathBuf>,
    pub event_age: Duration,
}

impl LifeSettings {
    pub(super) fn from_values(values: &Values<'_>) -> Result<Self, ConfigError> {
        let days = |most| move |text: &str| number(text, 1, most).map(|days| Duration::from_secs(days * DAY));
        Ok(Self {
            max_stream: values
                .needed("max_stream_seconds", |text| number(text, 10, 30 * DAY).map(Duration::from_secs))?,
            session_age: values.needed("session_days", days(3_650))?,
            rewind_bytes: values.needed("dvr_disk_mb", |text| Ok(number(text, 0, 1 << 24)? << 20))?,
            event_sinks: values.wanted("event_sinks", |text| Ok(PathBuf::from(text)))?,
            event_age: values.needed("event_days", days(365))?,
        })
    }
}
