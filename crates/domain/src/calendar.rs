//! Moments as numbers and as text.
//!
//! Promise: a text has the same number of characters for every moment between the years 0 and 9999, so that texts compare
//! as their moments do.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// A moment as rows and events have it, in milliseconds since 1970: 0 for what is before.
pub fn unix_millis(at: SystemTime) -> i64 {
    i64::try_from(at.duration_since(UNIX_EPOCH).unwrap_or_default().as_millis()).unwrap_or(i64::MAX)
}

/// The moment so many milliseconds after 1970: 1970 itself for a number below 0, or one that the clock can't hold.
pub fn from_unix_millis(millis: i64) -> SystemTime {
    let since = Duration::from_millis(u64::try_from(millis).unwrap_or(0));
    UNIX_EPOCH.checked_add(since).unwrap_or(UNIX_EPOCH)
}

/// A day in milliseconds.
const DAY: i64 = 86_400_000;

/// A moment, in milliseconds since 1970, to the second: `2017-06-12T10:23:43Z`. What is outside those years is
/// taken for the nearest moment within.
pub fn seconds(at: i64) -> String {
    const FIRST: i64 = -62_167_219_200_000;
    const LAST: i64 = 253_402_300_799_000;
    let at = at.clamp(FIRST, LAST);
    let (year, month, day) = civil(at.div_euclid(DAY));
    let time = at.rem_euclid(DAY) / 1_000;
    let (hour, minute, second) = (time / 3_600, time / 60 % 60, time % 60);
    format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}Z")
}

/// Year, month and day of a day counted from 1 January 1970 in the Gregorian calendar. Counts in years that
/// begin in March, so that the leap day is the last of its year.
pub(crate) fn civil(days: i64) -> (i64, i64, i64) {
    /// Days in 400 years, after which the calendar repeats.
    const ERA: i64 = 146_097;
    /// From 1 March of the year 0 to 1 January 1970.
    const EPOCH: i64 = 719_468;
    let days = days + EPOCH;
    let (era, day) = (days.div_euclid(ERA), days.rem_euclid(ERA));
    let year = (day - day / 1_460 + day / 36_524 - day / 146_096) / 365;
    let day = day - (365 * year + year / 4 - year / 100);
    let march = (5 * day + 2) / 153;
    let month = if march < 10 { march + 3 } else { march - 9 };
    let year = era * 400 + year + i64::from(month <= 2);
    (year, month, day - (153 * march + 2) / 5 + 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_moment_and_its_milliseconds_are_the_same() {
        for millis in [0, 1, 1_497_264_203_999] {
            assert_eq!(unix_millis(from_unix_millis(millis)), millis);
        }
        assert_eq!(unix_millis(UNIX_EPOCH - Duration::from_secs(1)), 0);
        assert_eq!(from_unix_millis(-1), UNIX_EPOCH);
    }

    #[test]
    fn moments_are_those_of_the_calendar() {
        for (at, text) in [
            (0, "1970-01-01T00:00:00Z"),
            (-1, "1969-12-31T23:59:59Z"),
            (951_782_400_000, "2000-02-29T00:00:00Z"),
            (1_709_251_199_999, "2024-02-29T23:59:59Z"),
            (1_709_251_200_000, "2024-03-01T00:00:00Z"),
            (4_107_542_400_000, "2100-03-01T00:00:00Z"),
            (i64::MIN, "0000-01-01T00:00:00Z"),
            (i64::MAX, "9999-12-31T23:59:59Z"),
        ] {
            assert_eq!(seconds(at), text);
        }
    }
}
