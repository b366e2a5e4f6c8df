//! The size of a JPEG image, from its own header (ITU-T T.81, annex B).
//!
//! Promise: it reads no further than the frame header, and no more than [`LONGEST_HEADER`] bytes; anything that is not
//! a JPEG image has no size.

/// Bytes up to the end of the frame header, at most: tables are some hundreds, and nothing else is asked for.
const LONGEST_HEADER: usize = 64 << 10;

const START: [u8; 2] = [0xff, 0xd8];
/// Where the coded data begin: a frame header must have come before.
const SCAN: u8 = 0xda;
const END: u8 = 0xd9;
/// Of the sixteen numbers of frame headers, these three mean something else: tables, an extension, arithmetic coding.
const NO_FRAMES: [u8; 3] = [0xc4, 0xc8, 0xcc];

/// Pixels across and down.
pub(crate) fn jpeg_size(image: &[u8]) -> Option<(u32, u32)> {
    let image = image.get(..LONGEST_HEADER).unwrap_or(image);
    let mut rest = image.strip_prefix(&START)?;
    loop {
        let (marker, after) = take_marker(rest)?;
        let (length, _) = after.split_first_chunk::<2>()?;
        let (segment, next) = after.split_at_checked(usize::from(u16::from_be_bytes(*length)))?;
        if matches!(marker, 0xc0..=0xcf) && !NO_FRAMES.contains(&marker) {
            return size_in_frame_header(segment);
        }
        // A segment is no shorter than its own length, so this ends.
        if marker == SCAN || marker == END || segment.len() < 2 {
            return None;
        }
        rest = next;
    }
}

/// A marker, and what follows it; any number of fill bytes may stand before it.
fn take_marker(bytes: &[u8]) -> Option<(u8, &[u8])> {
    let after = bytes.strip_prefix(&[0xff])?;
    let fill = after.iter().position(|byte| *byte != 0xff)?;
    let (marker, rest) = after[fill..].split_first()?;
    Some((*marker, rest))
}

/// Length, precision, lines, samples in a line. Lines may be told later, which no encoder of ours does.
fn size_in_frame_header(segment: &[u8]) -> Option<(u32, u32)> {
    let [_, _, _, down_high, down, across_high, across, ..] = *segment else { return None };
    let [height, width] = [[down_high, down], [across_high, across]].map(u16::from_be_bytes).map(u32::from);
    (width > 0 && height > 0).then_some((width, height))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// Comment, tables, frame header of 640 by 360, scan.
    const IMAGE: [u8; 41] = [
        0xff, 0xd8, 0xff, 0xfe, 0, 5, b'h', b'i', 0, 0xff, 0xff, 0xc4, 0, 3, 9, 0xff, 0xc0, 0, 17, 8, 1, 104,
        2, 128, 3, 1, 0x22, 0, 2, 0x11, 1, 3, 0x11, 1, 0xff, 0xda, 0, 2, 1, 0xff, 0xd9,
    ];

    #[test]
    fn the_frame_header_says_the_size() {
        assert_eq!(jpeg_size(&IMAGE), Some((640, 360)));
    }

    #[test]
    fn what_has_no_frame_header_has_no_size() {
        for image in [&[][..], &[0xff, 0xd8], &IMAGE[..20], &IMAGE[1..], b"GIF89a", b"\xff\xd8\xff\xc0\0\0"] {
            assert_eq!(jpeg_size(image), None, "{image:?}");
        }
        let mut early_scan = IMAGE;
        early_scan[3] = SCAN;
        assert_eq!(jpeg_size(&early_scan), None);
    }

    #[test]
    fn a_header_that_goes_on_and_on_is_not_read() {
        let comments = [0xff, 0xfe, 0, 2].repeat(LONGEST_HEADER);
        let image = [&START[..], &comments, &IMAGE[2..]].concat();
        assert_eq!(jpeg_size(&image), None);
    }

    proptest! {
        #[test]
        fn spoilt_images_never_panic(spoilt in prop::collection::vec((0usize..41, any::<u8>()), 0..9), length in 0usize..42) {
            let mut image = IMAGE;
            spoilt.into_iter().for_each(|(at, byte)| image[at] = byte);
            let _ = jpeg_size(&image[..length.min(41)]);
        }
    }
}
