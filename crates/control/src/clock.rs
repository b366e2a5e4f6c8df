//! The time as chat's resources and frames have it.
//!
//! Promise: the system's clock, in the units that rows and frames are written in.

use std::time::SystemTime;

use domain::unix_millis;

/// Milliseconds since 1970.
pub(crate) fn millis() -> i64 {
    unix_millis(SystemTime::now())
}

/// Nanoseconds since 1970.
pub(crate) fn nanos() -> i64 {
    let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_nanos()).unwrap_or(i64::MAX)
}
