//! The moment that a picture shows, written into its JPEG file as cameras do it: an Exif segment (CIPA DC-008) with
//! DateTimeOriginal, its milliseconds and its zone, in UTC.
//!
//! Promise: the picture itself stays as it is, byte for byte; what is no JPEG file stays as it is altogether.

use std::time::SystemTime;

use bytes::Bytes;
use domain::{time_text, unix_millis};

/// What a JPEG file begins with.
const START: [u8; 2] = [0xff, 0xd8];
/// The segment of the application that Exif is (APP1).
const SEGMENT: [u8; 2] = [0xff, 0xe1];
const NAME: &[u8] = b"Exif\0\0";

/// Types of values: text that ends with a zero, a 32-bit number, and bytes with a meaning of their own.
const TEXT: u16 = 2;
const LONG: u16 = 4;
const BYTES: u16 = 7;

const EXIF_FOLDER: u16 = 0x8769;
const EXIF_VERSION: u16 = 0x9000;
const DATE_TIME_ORIGINAL: u16 = 0x9003;
const OFFSET_TIME_ORIGINAL: u16 = 0x9011;
const SUBSEC_TIME_ORIGINAL: u16 = 0x9291;

/// Bytes of the header and of the first folder, which has one entry that tells where the second one is.
const BEFORE: u32 = 8 + 2 + 12 + 4;
/// Bytes of the second folder, which has four.
const FOLDER: u32 = 2 + 4 * 12 + 4;

/// The same image, which says that it shows this moment.
pub(super) fn dated(jpeg: &Bytes, at: SystemTime) -> Bytes {
    let Some(rest) = jpeg.strip_prefix(&START) else { return jpeg.clone() };
    let exif = exif(unix_millis(at));
    let length = u16::try_from(2 + NAME.len() + exif.len()).expect("it is a hundred bytes");
    [&START[..], &SEGMENT, &length.to_be_bytes(), NAME, &exif, rest].concat().into()
}

/// The moment that an image of [`dated`] shows, by its first bytes: `2017-06-12T10:23:43.071Z`; `None` of any other.
pub(super) fn date_of(jpeg: &[u8]) -> Option<String> {
    let (_, rest) = jpeg.strip_prefix(&START)?.strip_prefix(&SEGMENT)?.split_first_chunk::<2>()?;
    let file = rest.strip_prefix(NAME)?;
    // Where this version writes them.
    let at = |place: u32, length: usize| {
        let from = usize::try_from(place).ok()?;
        std::str::from_utf8(file.get(from..from + length)?).ok()
    };
    let (date, zone) = (at(BEFORE + FOLDER, 20)?, at(BEFORE + FOLDER + 20, 7)?);
    let millis = at(BEFORE + 2 + 3 * 12 + 8, 4)?.strip_suffix('\0')?;
    let (day, clock) = date.strip_suffix('\0')?.split_once(' ')?;
    let is_number = |text: &str, mark| text.bytes().all(|byte| byte.is_ascii_digit() || byte == mark);
    let is_ours =
        zone == "+00:00\0" && is_number(day, b':') && is_number(clock, b':') && is_number(millis, b'0');
    is_ours.then(|| format!("{}T{clock}.{millis}Z", day.replace(':', "-")))
}

/// A TIFF file with nothing but a date, in little-endian order.
fn exif(millis: i64) -> Vec<u8> {
    // `2017-06-12T10:23:43Z` as Exif has it: `2017:06:12 10:23:43`.
    let date = time_text(millis).replace('-', ":").replace('T', " ").replace('Z', "\0");
    let below = format!("{:03}\0", millis.rem_euclid(1_000));
    let (dates, zones) = (BEFORE + FOLDER, BEFORE + FOLDER + 20);
    let mut file = b"II*\0\x08\0\0\0".to_vec();
    folder(&mut file, &[(EXIF_FOLDER, LONG, 1, BEFORE.to_le_bytes())]);
    let below = below.as_bytes().try_into().expect("three digits and a zero");
    folder(
        &mut file,
        &[
            (EXIF_VERSION, BYTES, 4, *b"0232"),
            (DATE_TIME_ORIGINAL, TEXT, 20, dates.to_le_bytes()),
            (OFFSET_TIME_ORIGINAL, TEXT, 7, zones.to_le_bytes()),
            (SUBSEC_TIME_ORIGINAL, TEXT, 4, below),
        ],
    );
    file.extend_from_slice(date.as_bytes());
    file.extend_from_slice(b"+00:00\0");
    file
}

/// Entries: tag, type, count, and the value or where it is. No other folder follows.
fn folder(file: &mut Vec<u8>, entries: &[(u16, u16, u32, [u8; 4])]) {
    file.extend_from_slice(&u16::try_from(entries.len()).unwrap_or(u16::MAX).to_le_bytes());
    for (tag, kind, count, value) in entries {
        file.extend_from_slice(&tag.to_le_bytes());
        file.extend_from_slice(&kind.to_le_bytes());
        file.extend_from_slice(&count.to_le_bytes());
        file.extend_from_slice(value);
    }
    file.extend_from_slice(&[0; 4]);
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, UNIX_EPOCH};

    use super::*;

    #[test]
    fn a_dated_image_is_the_same_image_with_a_segment_before_it() {
        let jpeg = Bytes::from_static(&[0xff, 0xd8, 0xff, 0xdb, 0, 2, 0xff, 0xd9]);
        let dated = dated(&jpeg, UNIX_EPOCH + Duration::from_millis(1_497_264_223_071));
        let length = usize::from(u16::from_be_bytes([dated[4], dated[5]]));
        assert_eq!(dated[..4], [0xff, 0xd8, 0xff, 0xe1]);
        assert_eq!(dated[6..12], *NAME);
        assert_eq!(dated[4 + length..], jpeg[2..]);
        let tiff = &dated[12..4 + length];
        let text = |at: u32, length: usize| &tiff[at as usize..][..length];
        assert_eq!(text(BEFORE + FOLDER, 20), b"2017:06:12 10:43:43\0");
        assert_eq!(text(BEFORE + FOLDER + 20, 7), b"+00:00\0");
        assert_eq!(u32::try_from(tiff.len()), Ok(BEFORE + FOLDER + 27));
        assert!(tiff.windows(4).any(|four| four == b"071\0"));
        assert_eq!(date_of(&dated).as_deref(), Some("2017-06-12T10:43:43.071Z"));
        assert_eq!(date_of(&dated[..80]), None);
        assert_eq!(date_of(&jpeg), None);
    }

    #[test]
    fn what_is_no_image_stays_as_it_is() {
        for bytes in [&b""[..], b"GIF89a", &[0xff]] {
            let bytes = Bytes::copy_from_slice(bytes);
            assert_eq!(dated(&bytes, UNIX_EPOCH), bytes);
        }
    }
}
