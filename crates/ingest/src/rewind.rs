//! How far back viewers of a channel may go: its tag `rillcast:dvr`.
//!
//! Promise: whatever the tag says, the stream goes on air; a value that makes no sense is as good as none.

use std::time::Duration;

use domain::Channel;
use tracing::warn;

const TAG: &str = "rillcast:dvr";
const LEAST: u64 = 60;
const MOST: u64 = 24 * 3_600;

/// What the channel's tag asks for; says so when it can't be read.
pub(crate) fn asked(channel: &Channel) -> Option<Duration> {
    let value = channel.tags.get(TAG)?;
    let length = parse(value);
    if length.is_none() {
        let channel = &channel.arn;
        warn!(%channel, tag = TAG, "not from 1m to 24h, such as 30m or 2h: viewers get the usual window");
    }
    length
}

/// A whole number and `m` for minutes or `h` for hours, from a minute to a day.
fn parse(value: &str) -> Option<Duration> {
    let seconds = [('m', 60), ('h', 3_600)].into_iter().find_map(|(unit, seconds)| {
        let count = value.strip_suffix(unit)?;
        let is_plain = count.len() <= 4 && count.bytes().all(|byte| byte.is_ascii_digit());
        count.parse::<u64>().ok().filter(|_| is_plain).map(|count| count * seconds)
    });
    seconds.filter(|seconds| (LEAST..=MOST).contains(seconds)).map(Duration::from_secs)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn minutes_and_hours_are_read_from_one_minute_to_a_day() {
        for (value, minutes) in [("1m", 1), ("30m", 30), ("1440m", 1_440), ("2h", 120), ("024h", 1_440)] {
            assert_eq!(parse(value), Some(Duration::from_secs(minutes * 60)), "{value}");
        }
        for value in [
            "", "m", "0m", "0h", "30", "1441m", "25h", "1.5h", "-1h", "+1h", " 1h", "1H", "90s", "2h30m",
            "1hm",
        ] {
            assert_eq!(parse(value), None, "{value}");
        }
        assert_eq!(parse("99999999999999999999m"), None);
        assert_eq!(parse("٣m"), None);
    }
}
