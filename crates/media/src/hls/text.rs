//! Numbers, times and quoted text as playlists write them.
//!
//! Promise: whatever goes in, one line stays one line and a quoted string stays quoted.

use std::fmt::{self, Display, Write};
use std::time::{SystemTime, UNIX_EPOCH};

use crate::ticks::Ticks;

/// Seconds with three to six decimals, rounded to the microsecond; a negative span is zero.
pub(super) struct Seconds(pub(super) Ticks);

impl Display for Seconds {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let ticks = i128::from(self.0.count().max(0));
        let micros = (ticks * 100 + 4) / 9;
        let (whole, rest) = (micros / 1_000_000, micros % 1_000_000);
        match (rest % 1_000, rest / 1_000) {
            (0, millis) => write!(f, "{whole}.{millis:03}"),
            _ => write!(f, "{whole}.{rest:06}"),
        }
    }
}

/// A quoted-string (4.2): what may not stand in one is percent-encoded, which in a URI means the same.
pub(super) struct Quoted<'a>(pub(super) &'a str);

impl Display for Quoted<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_char('"')?;
        put_escaped(f, self.0)?;
        f.write_char('"')
    }
}

/// A URI on a line of its own; a leading `#` would make it a comment.
pub(super) struct UriLine<'a>(pub(super) &'a str);

impl Display for UriLine<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0.strip_prefix('#') {
            Some(rest) => {
                f.write_str("%23")?;
                put_escaped(f, rest)
            }
            None => put_escaped(f, self.0),
        }
    }
}

fn put_escaped(f: &mut fmt::Formatter<'_>, text: &str) -> fmt::Result {
    for character in text.chars() {
        if character == '"' || character.is_ascii_control() {
            write!(f, "%{:02X}", u32::from(character))?;
        } else {
            f.write_char(character)?;
        }
    }
    Ok(())
}

/// ISO 8601 in UTC with milliseconds and `Z`, rounded down; before 1970 is 1970.
pub(super) struct DateTime(pub(super) SystemTime);

impl Display for DateTime {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let since = self.0.duration_since(UNIX_EPOCH).unwrap_or_default();
        let (days, seconds) = (since.as_secs() / 86_400, since.as_secs() % 86_400);
        let (year, month, day) = civil(days);
        let (hour, minute, second) = (seconds / 3_600, seconds / 60 % 60, seconds % 60);
        let millis = since.subsec_millis();
        write!(f, "{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}.{millis:03}Z")
    }
}

/// Year, month and day of a count of days since 1970-01-01, in the Gregorian calendar.
///
/// Years are counted from March, so the leap day is the last of its year and months follow a line of
/// 153 days in 5 months.
fn civil(days: u64) -> (u64, u64, u64) {
    const DAYS_BEFORE_1970: u64 = 719_468; // from 1 March of year 0
    const ERA: u64 = 146_097; // 400 years
    let days = days + DAYS_BEFORE_1970;
    let (era, day_of_era) = (days / ERA, days % ERA);
    let leap_days = day_of_era / 1_460 - day_of_era / 36_524 + day_of_era / (ERA - 1);
    let year_of_era = (day_of_era - leap_days) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let from_march = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * from_march + 2) / 5 + 1;
    let month = if from_march < 10 { from_march + 3 } else { from_march - 9 };
    (era * 400 + year_of_era + u64::from(month <= 2), month, day)
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn seconds_are_exact_to_the_microsecond() {
        for (ticks, text) in [
            (180_000, "2.000"),
            (177_000, "1.966667"),
            (18_000, "0.200"),
            (1, "0.000011"),
            (-5, "0.000"),
            (90_000 * 86_400 + 45_000, "86400.500"),
        ] {
            assert_eq!(Seconds(Ticks::new(ticks)).to_string(), text);
        }
    }

    #[test]
    fn dates_follow_the_calendar() {
        for (millis, text) in [
            (0, "1970-01-01T00:00:00.000Z"),
            (951_782_400_000, "2000-02-29T00:00:00.000Z"),
            (1_709_251_199_999, "2024-02-29T23:59:59.999Z"),
            (1_791_462_392_089, "2026-10-08T12:26:32.089Z"),
            (4_107_542_400_000, "2100-03-01T00:00:00.000Z"),
        ] {
            let time = UNIX_EPOCH + Duration::from_millis(millis);
            assert_eq!(DateTime(time).to_string(), text);
        }
    }

    #[test]
    fn hostile_text_stays_in_its_place() {
        assert_eq!(Quoted("a\"b\nc").to_string(), "\"a%22b%0Ac\"");
        assert_eq!(UriLine("#a\r\n#EXT-X-ENDLIST").to_string(), "%23a%0D%0A#EXT-X-ENDLIST");
    }
}
