//! The signature's own time format.
//!
//! Promise: `parse` and `Display` are inverses: `YYYYMMDD'T'HHMMSS'Z'`, always UTC.

use std::fmt;
use std::time::{Duration, SystemTime};

use time::format_description::BorrowedFormatItem;
use time::format_description::well_known::Rfc2822;
use time::macros::format_description;
use time::{OffsetDateTime, PrimitiveDateTime, UtcOffset};

const BASIC: &[BorrowedFormatItem<'static>] =
    format_description!("[year][month][day]T[hour][minute][second]Z");

/// A moment in a signature.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Stamp(OffsetDateTime);

impl Stamp {
    /// Reads `20150830T123600Z`.
    pub(super) fn parse(text: &str) -> Option<Self> {
        PrimitiveDateTime::parse(text, BASIC).ok().map(|time| Self(time.assume_utc()))
    }

    /// Reads a `Date` header: the basic form, or RFC 2822 as HTTP has it.
    pub(super) fn parse_date(text: &str) -> Option<Self> {
        let http = || OffsetDateTime::parse(&text.replace("GMT", "+0000"), &Rfc2822).ok();
        // Near the end of the year 9999 the same moment in UTC has no form.
        Self::parse(text).or_else(|| http()?.checked_to_offset(UtcOffset::UTC).map(Self))
    }

    /// Is it on this day, as `20150830`?
    pub(super) fn is_on(self, day: &str) -> bool {
        let (year, month, date) = self.0.to_calendar_date();
        let number = year * 10_000 + i32::from(u8::from(month)) * 100 + i32::from(date);
        day.len() == 8 && day.parse() == Ok(number)
    }

    /// This much later; the end of time at most.
    pub(super) fn plus(self, span: Duration) -> Self {
        let span = time::Duration::try_from(span).unwrap_or(time::Duration::MAX);
        Self(self.0.saturating_add(span))
    }

    /// This much earlier; the beginning of time at most.
    pub(super) fn minus(self, span: Duration) -> Self {
        let span = time::Duration::try_from(span).unwrap_or(time::Duration::MAX);
        Self(self.0.saturating_sub(span))
    }
}

impl From<SystemTime> for Stamp {
    fn from(time: SystemTime) -> Self {
        Self(OffsetDateTime::from(time))
    }
}

impl fmt::Display for Stamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.format(BASIC).map_err(|_| fmt::Error)?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stamps_read_and_write_the_basic_form() {
        let stamp = Stamp::parse("20150830T123600Z").expect("a stamp");
        assert_eq!(stamp.to_string(), "20150830T123600Z");
        assert!(stamp.is_on("20150830"));
        for day in ["20150831", "2015083", "020150830", "+2015083", "", "x"] {
            assert!(!stamp.is_on(day), "{day}");
        }
        assert_eq!(Stamp::parse_date("Sun, 30 Aug 2015 12:36:00 GMT"), Some(stamp));
    }

    #[test]
    fn other_forms_are_refused() {
        for text in ["", "20150830", "2015-08-30T12:36:00Z", "20151330T123600Z", "20150830T123600", "x"] {
            assert_eq!(Stamp::parse(text), None, "{text}");
        }
    }
}
