//! One record as one line of the spool: checksum, room, time, the record as its destination gets it.
//!
//! ```text
//! 1c291ca3 arn:aws:ivschat:us-east-1:123456789012:room/AbCdEfGhIjKl 1755150520415 {"event_timestamp":…}
//! ```
//!
//! Promise: a line that was cut or damaged is never taken for a record; a line holds one line's end, at its end.

use bus::FrameKind;
use bytes::Bytes;
use domain::Arn;
use flate2::Crc;
use time::OffsetDateTime;

use super::Record;

const NANOS_PER_MS: i64 = 1_000_000;
/// Digits of the checksum and the space after them.
const HEAD: usize = 9;

/// What a line says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Line {
    pub(super) room: Arn,
    /// Milliseconds since 1970.
    pub(super) at_ms: i64,
    /// The record's JSON text.
    pub(super) text: Bytes,
}

/// Appends a record's line.
pub(super) fn write(record: &Record, into: &mut Vec<u8>) {
    let start = into.len();
    into.extend_from_slice(&[b' '; HEAD]);
    let at_ms = record.at.div_euclid(NANOS_PER_MS);
    let kind = match record.kind {
        FrameKind::Message => "MESSAGE",
        FrameKind::Event => "EVENT",
    };
    into.extend_from_slice(format!("{} {at_ms} {{\"event_timestamp\":\"", record.room).as_bytes());
    timestamp(at_ms, into);
    into.extend_from_slice(format!("\",\"type\":\"{kind}\",\"payload\":").as_bytes());
    let payload = into.len();
    into.extend_from_slice(record.payload.as_bytes());
    // In JSON a bare line's end stands only between tokens, where a space says the same.
    into[payload..].iter_mut().filter(|byte| matches!(byte, b'\n' | b'\r')).for_each(|byte| *byte = b' ');
    into.extend_from_slice(b",\"version\":\"1.0\"}");
    seal(&mut into[start..]);
    into.push(b'\n');
}

/// Appends a line that was read, as it was.
pub(super) fn copy(line: &Line, into: &mut Vec<u8>) {
    let start = into.len();
    into.extend_from_slice(&[b' '; HEAD]);
    into.extend_from_slice(format!("{} {} ", line.room, line.at_ms).as_bytes());
    into.extend_from_slice(&line.text);
    seal(&mut into[start..]);
    into.push(b'\n');
}

/// Reads a line without its end; `None` when it is damaged.
pub(super) fn read(line: &Bytes) -> Option<Line> {
    let (sum, rest) = (line.get(..HEAD - 1)?, line.get(HEAD..)?);
    if u32::from_str_radix(str::from_utf8(sum).ok()?, 16).ok()? != checksum(rest) {
        return None;
    }
    let mut parts = rest.splitn(3, |byte| *byte == b' ');
    let mut next = || parts.next();
    let room = Arn::parse(str::from_utf8(next()?).ok()?).ok()?;
    let at_ms = str::from_utf8(next()?).ok()?.parse().ok()?;
    Some(Line { room, at_ms, text: line.slice_ref(next()?) })
}

fn seal(line: &mut [u8]) {
    let sum = format!("{:08x}", checksum(&line[HEAD..]));
    line[..HEAD - 1].copy_from_slice(sum.as_bytes());
}

fn checksum(bytes: &[u8]) -> u32 {
    let mut crc = Crc::new();
    crc.update(bytes);
    crc.sum()
}

/// `2025-08-14T05:48:40.415Z`.
fn timestamp(at_ms: i64, into: &mut Vec<u8>) {
    let at = moment(at_ms);
    let date = format!("{:04}-{:02}-{:02}", at.year(), u8::from(at.month()), at.day());
    let time = format!("T{:02}:{:02}:{:02}.{:03}Z", at.hour(), at.minute(), at.second(), at.millisecond());
    into.extend_from_slice(date.as_bytes());
    into.extend_from_slice(time.as_bytes());
}

/// A time that no calendar has is the epoch.
pub(super) fn moment(at_ms: i64) -> OffsetDateTime {
    let nanos = i128::from(at_ms) * i128::from(NANOS_PER_MS);
    OffsetDateTime::from_unix_timestamp_nanos(nanos).unwrap_or(OffsetDateTime::UNIX_EPOCH)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn record(payload: &str) -> Record {
        Record {
            room: Arn::parse("arn:aws:ivschat:us-east-1:123456789012:room/AbCdEfGhIjKl").unwrap(),
            kind: FrameKind::Message,
            at: 1_755_150_520_415_514_370,
            payload: payload.into(),
        }
    }

    fn line(record: &Record) -> Bytes {
        let mut line = Vec::new();
        write(record, &mut line);
        assert_eq!(line.pop(), Some(b'\n'));
        line.into()
    }

    #[test]
    fn a_record_has_the_vendors_form() {
        let read = read(&line(&record(r#"{"Type":"MESSAGE"}"#))).unwrap();
        let text = r#"{"event_timestamp":"2025-08-14T05:48:40.415Z","type":"MESSAGE","payload":{"Type":"MESSAGE"},"version":"1.0"}"#;
        assert_eq!(read.text, text);
        assert_eq!(read.at_ms, 1_755_150_520_415);
        assert_eq!(read.room.to_string(), "arn:aws:ivschat:us-east-1:123456789012:room/AbCdEfGhIjKl");
    }

    #[test]
    fn a_copy_is_the_line_itself() {
        let line = line(&record("{}"));
        let mut copied = Vec::new();
        copy(&read(&line).unwrap(), &mut copied);
        assert_eq!(copied, [&line[..], b"\n"].concat());
    }

    proptest! {
        #[test]
        fn no_damaged_line_is_a_record(at: prop::sample::Index, bit in 0..8u8, cut: bool) {
            let line = line(&record(r#"{"Type":"MESSAGE","Content":"hello"}"#));
            let at = at.index(line.len());
            let mut damaged = line.to_vec();
            if cut { damaged.truncate(at) } else { damaged[at] ^= 1 << bit }
            // Upper-case digits of the checksum and whatever separates it say the same.
            let same = !cut && read(&damaged.clone().into()) == read(&line) && at < HEAD;
            prop_assert!(same || read(&damaged.into()).is_none());
        }

        #[test]
        fn a_payload_never_makes_two_lines(payload: String) {
            prop_assert!(!line(&record(&payload)).contains(&b'\n'));
        }
    }
}
