//! Which bytes of a file are asked for (RFC 9110, section 14).
//!
//! Promise: what can't be read, or is more than one range, asks for the whole file, as the standard allows; an
//! answer is never longer than the file.

use http::HeaderValue;

/// What to send of a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Wanted {
    /// All of it.
    Whole,
    /// From the first of these bytes to the last.
    Bytes { first: u64, last: u64 },
    /// Nothing: it begins behind the end, or is empty.
    Nothing,
}

/// What a `Range` header asks of a file of `length` bytes.
pub(crate) fn read(range: Option<&HeaderValue>, length: u64) -> Wanted {
    let text = range.and_then(|range| range.to_str().ok());
    text.and_then(|text| parse(text, length)).unwrap_or(Wanted::Whole)
}

fn parse(text: &str, length: u64) -> Option<Wanted> {
    let (unit, ranges) = text.split_once('=')?;
    // One range only: with several the answer would be longer than the file if they overlap.
    let (first, last) = ranges.trim().split_once('-')?;
    if !unit.trim().eq_ignore_ascii_case("bytes") || ranges.contains(',') {
        return None;
    }
    let end = length.checked_sub(1);
    if first.is_empty() {
        let count = number(last)?;
        let Some(end) = end.filter(|_| count > 0) else { return Some(Wanted::Nothing) };
        return Some(Wanted::Bytes { first: length.saturating_sub(count), last: end });
    }
    let first = number(first)?;
    let last = if last.is_empty() { u64::MAX } else { number(last)? };
    if last < first {
        return None;
    }
    let Some(end) = end.filter(|end| first <= *end) else { return Some(Wanted::Nothing) };
    Some(Wanted::Bytes { first, last: last.min(end) })
}

/// A number that no machine word holds is behind every end.
fn number(text: &str) -> Option<u64> {
    let is_digits = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    is_digits.then(|| text.parse().unwrap_or(u64::MAX))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn of_ten(range: &str) -> Wanted {
        read(Some(&HeaderValue::from_str(range).expect("a header")), 10)
    }

    #[test]
    fn one_range_is_read_whichever_way_it_is_written() {
        let bytes = |first, last| Wanted::Bytes { first, last };
        for (range, wanted) in [
            ("bytes=0-0", bytes(0, 0)),
            ("bytes=2-5", bytes(2, 5)),
            ("Bytes=2-5", bytes(2, 5)),
            ("bytes= 2-5 ", bytes(2, 5)),
            ("bytes=2-", bytes(2, 9)),
            ("bytes=0-99", bytes(0, 9)),
            ("bytes=9-99999999999999999999999", bytes(9, 9)),
            ("bytes=-3", bytes(7, 9)),
            ("bytes=-99", bytes(0, 9)),
            ("bytes=10-", Wanted::Nothing),
            ("bytes=99999999999999999999999-", Wanted::Nothing),
            ("bytes=-0", Wanted::Nothing),
        ] {
            assert_eq!(of_ten(range), wanted, "{range}");
        }
        assert_eq!(read(Some(&HeaderValue::from_static("bytes=0-")), 0), Wanted::Nothing);
    }

    #[test]
    fn what_cannot_be_read_and_several_ranges_are_the_whole_file() {
        for range in [
            "",
            "bytes",
            "bytes=",
            "bytes=-",
            "bytes=5-2",
            "bytes=a-b",
            "lines=0-1",
            "bytes=0-1,3-4",
            "bytes=+1-2",
        ] {
            assert_eq!(of_ten(range), Wanted::Whole, "{range}");
        }
        assert_eq!(read(None, 10), Wanted::Whole);
    }

    proptest! {
        #[test]
        fn whatever_is_asked_lies_within_the_file(range in "(bytes=)?[0-9,-]{0,12}", length in 0..50u64) {
            match read(HeaderValue::from_str(&range).ok().as_ref(), length) {
                Wanted::Bytes { first, last } => prop_assert!(first <= last && last < length),
                Wanted::Whole | Wanted::Nothing => {}
            }
        }
    }
}
