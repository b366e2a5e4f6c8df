//! Points in time as conditions write them: the W3C's profile of ISO 8601 (w3.org, "Date and Time Formats")
//! or seconds since 1970 (IAM User Guide, "Date condition operators").
//!
//! Promise: total order over all that is read; what is not exactly of a form is `None`.

use time::{Date, Month, Time, UtcOffset};

/// A point in time, in nanoseconds since 1970.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Instant(i128);

impl Instant {
    /// Reads `YYYY`, `YYYY-MM`, `YYYY-MM-DD`, `YYYY-MM-DDThh:mm[:ss[.s…]]` with `Z` or `±hh:mm`, or seconds
    /// since 1970. Four digits are a year.
    pub(super) fn parse(text: &str) -> Option<Self> {
        let digits = text.strip_prefix('-').unwrap_or(text);
        if digits.len() != 4 && digits.bytes().all(|byte| byte.is_ascii_digit()) {
            return text.parse::<i64>().ok().map(|seconds| Self(i128::from(seconds) * NANOS));
        }
        let (day, clock) = text.split_once('T').map_or((text, None), |(day, clock)| (day, Some(clock)));
        let whole_day = day.len() == "YYYY-MM-DD".len();
        let day = read_day(day)?;
        let (time, offset) = match clock {
            Some(clock) if whole_day => read_clock(clock)?,
            Some(_) => return None,
            None => (Time::MIDNIGHT, UtcOffset::UTC),
        };
        Some(Self(day.with_time(time).assume_offset(offset).unix_timestamp_nanos()))
    }
}

const NANOS: i128 = 1_000_000_000;

fn read_day(text: &str) -> Option<Date> {
    let mut parts = text.split('-');
    let year = number(parts.next()?, 4)?;
    let month = parts.next().map_or(Some(1), |part| number(part, 2))?;
    let day = parts.next().map_or(Some(1), |part| number(part, 2))?;
    if parts.next().is_some() {
        return None;
    }
    let month = Month::try_from(u8::try_from(month).ok()?).ok()?;
    Date::from_calendar_date(i32::try_from(year).ok()?, month, u8::try_from(day).ok()?).ok()
}

/// Reads `hh:mm[:ss[.s…]]` and the zone.
fn read_clock(text: &str) -> Option<(Time, UtcOffset)> {
    let zone = text.find(['Z', '+', '-'])?;
    let (clock, zone) = text.split_at(zone);
    let mut parts = clock.splitn(3, ':');
    let hour = small(parts.next()?)?;
    let minute = small(parts.next()?)?;
    let (second, nanosecond) = parts.next().map_or(Some((0, 0)), read_second)?;
    Some((Time::from_hms_nano(hour, minute, second, nanosecond).ok()?, read_zone(zone)?))
}

fn read_second(text: &str) -> Option<(u8, u32)> {
    let Some((second, fraction)) = text.split_once('.') else { return Some((small(text)?, 0)) };
    if !(1..=9).contains(&fraction.len()) {
        return None;
    }
    let scale = 10_u32.pow(u32::try_from(9 - fraction.len()).ok()?);
    Some((small(second)?, number(fraction, fraction.len())? * scale))
}

fn read_zone(text: &str) -> Option<UtcOffset> {
    if text == "Z" {
        return Some(UtcOffset::UTC);
    }
    let (hours, minutes) = text.get(1..)?.split_once(':')?;
    let (hours, minutes) = (small(hours)?, small(minutes)?);
    if hours > 23 || minutes > 59 {
        return None;
    }
    let seconds = (i32::from(hours) * 60 + i32::from(minutes)) * 60;
    UtcOffset::from_whole_seconds(if text.starts_with('-') { -seconds } else { seconds }).ok()
}

fn small(text: &str) -> Option<u8> {
    number(text, 2).and_then(|number| u8::try_from(number).ok())
}

/// Reads exactly so many decimal digits, at most nine.
fn number(text: &str, digits: usize) -> Option<u32> {
    let fits = text.len() == digits && text.bytes().all(|byte| byte.is_ascii_digit());
    if fits { text.parse().ok() } else { None }
}
