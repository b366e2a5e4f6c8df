//! Times on the wire.
//!
//! Promise: written as ISO 8601 in UTC with whole seconds (`2021-10-22T00:03:57Z`); the model says
//! `iso8601`, and every SDK reads this form.

use std::time::SystemTime;

use serde::{Serialize, Serializer};
use time::format_description::well_known::Rfc3339;
use time::{OffsetDateTime, UtcOffset};

/// A moment, kept to the second.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Timestamp(OffsetDateTime);

impl Timestamp {
    /// Reads a moment with any offset; `None` when the text is no RFC 3339 date and time.
    pub fn parse(text: &str) -> Option<Self> {
        let time = OffsetDateTime::parse(text, &Rfc3339).ok()?;
        // Near the end of the year 9999 the same moment in UTC has no form.
        time.checked_to_offset(UtcOffset::UTC).map(Self)
    }
}

impl From<SystemTime> for Timestamp {
    fn from(time: SystemTime) -> Self {
        Self(OffsetDateTime::from(time))
    }
}

impl From<Timestamp> for SystemTime {
    fn from(timestamp: Timestamp) -> Self {
        timestamp.0.into()
    }
}

impl Serialize for Timestamp {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let whole = self.0.replace_nanosecond(0).unwrap_or(self.0);
        let text = whole.format(&Rfc3339).map_err(serde::ser::Error::custom)?;
        serializer.serialize_str(&text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_written_in_utc_with_whole_seconds() {
        let time = Timestamp::parse("2021-10-22T02:03:57.750+02:00").expect("a time");
        assert_eq!(serde_json::to_string(&time).expect("a string"), "\"2021-10-22T00:03:57Z\"");
        assert_eq!(Timestamp::from(SystemTime::from(time)), time);
    }

    #[test]
    fn other_texts_are_no_times() {
        for text in
            ["", "2021", "1634860000", "2021-10-22", "2021-13-01T00:00:00Z", "9999-12-31T23:59:59-01:00"]
        {
            assert_eq!(Timestamp::parse(text), None, "{text}");
        }
    }
}
