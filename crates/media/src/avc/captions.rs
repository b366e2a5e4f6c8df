//! Closed captions that travel within pictures: CEA-608 and CEA-708, as ATSC A/53 part 4 (6.2.3) puts them into SEI
//! messages of registered user data (ITU-T H.264, D.1.6).
//!
//! Promise: a caption's bytes are never changed, and nothing that is no caption is taken along.

use std::borrow::Cow;

use bytes::{BufMut, Bytes, BytesMut};
use h264_reader::rbsp;

use super::{SEI, nal_type, nals, take_sei_number};

/// `user_data_registered_itu_t_t35`.
const REGISTERED: usize = 4;
/// The United States, ATSC, its identifier, and the kind that is captions (`cc_data`).
const CAPTIONS: [u8; 8] = [0xb5, 0x00, 0x31, b'G', b'A', b'9', b'4', 0x03];
/// Slices and their partitions.
const SLICES: std::ops::RangeInclusive<u8> = 1..=5;
/// The bit behind the last message, and the zeros up to the byte's end.
const TRAILING_BITS: u8 = 0x80;
/// Stands between two zeros and a byte that would be taken for part of a start code.
const EMULATION_PREVENTION: u8 = 3;

/// The captions of a picture whose NAL units stand behind lengths of `length_size` bytes: SEI NAL units, without
/// lengths. One that holds other messages too comes without these, for they belong to the picture that it was in.
pub fn caption_units(picture: &[u8], length_size: u8) -> impl Iterator<Item = Cow<'_, [u8]>> {
    nals(picture, length_size).filter_map(captions)
}

/// The picture with these NAL units (each without its length) before its first slice. As it was if there is none, or if
/// a unit is longer than a length can tell.
pub fn with_units<U: AsRef<[u8]>>(picture: &Bytes, length_size: u8, units: &[U]) -> Bytes {
    let size = usize::from(length_size.clamp(1, 4));
    let mut walk = nals(picture, length_size);
    let slice = walk.by_ref().find(|nal| SLICES.contains(&nal_type(nal)));
    let at = slice.map(|slice| picture.len() - walk.rest.len() - slice.len() - size);
    let longest = (1u64 << (8 * size)) - 1;
    let fits = |unit: &U| u64::try_from(unit.as_ref().len()).is_ok_and(|length| length <= longest);
    let (Some(at), true) = (at, units.iter().all(fits)) else { return picture.clone() };
    if units.is_empty() {
        return picture.clone();
    }
    let more: usize = units.iter().map(|unit| unit.as_ref().len() + size).sum();
    let mut out = BytesMut::with_capacity(picture.len() + more);
    out.put_slice(&picture[..at]);
    for unit in units.iter().map(AsRef::as_ref) {
        let length = u64::try_from(unit.len()).unwrap_or(0);
        out.put_uint(length, size);
        out.put_slice(unit);
    }
    out.put_slice(&picture[at..]);
    out.freeze()
}

/// What of this NAL unit is captions.
fn captions(nal: &[u8]) -> Option<Cow<'_, [u8]>> {
    // Nearly every picture's units are told apart here, by a look at the header and a search.
    if nal_type(nal) != SEI || nal.len() < 2 {
        return None;
    }
    let payload = rbsp::decode_nal(nal).ok()?;
    let (mut rest, mut found, mut others) = (&payload[..], Vec::new(), 0usize);
    while rest.len() > 1 {
        let message = rest;
        let (Some(kind), Some(size)) = (take_sei_number(&mut rest), take_sei_number(&mut rest)) else {
            break;
        };
        let Some((body, after)) = rest.split_at_checked(size) else { break };
        let whole = &message[..message.len() - after.len()];
        if kind == REGISTERED && body.starts_with(&CAPTIONS) {
            found.extend_from_slice(whole);
        } else {
            others += 1;
        }
        rest = after;
    }
    match (found.is_empty(), others) {
        (true, _) => None,
        (false, 0) => Some(Cow::Borrowed(nal)),
        (false, _) => Some(Cow::Owned(unit(nal[0], &found))),
    }
}

/// A NAL unit of these messages.
fn unit(header: u8, messages: &[u8]) -> Vec<u8> {
    let mut out = vec![header];
    let mut zeros = 0;
    for byte in messages.iter().chain(&[TRAILING_BITS]) {
        if zeros >= 2 && *byte <= EMULATION_PREVENTION {
            out.push(EMULATION_PREVENTION);
            zeros = 0;
        }
        out.push(*byte);
        zeros = if *byte == 0 { zeros + 1 } else { 0 };
    }
    out
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn message(kind: u8, body: &[u8]) -> Vec<u8> {
        let mut out = vec![kind];
        out.extend(std::iter::repeat_n(255, body.len() / 255));
        out.push(u8::try_from(body.len() % 255).expect("below 255"));
        out.extend_from_slice(body);
        out
    }

    fn caption(text: &[u8]) -> Vec<u8> {
        message(4, &[&CAPTIONS[..], text].concat())
    }

    fn picture(nals: &[&[u8]]) -> Bytes {
        let length = |nal: &[u8]| u32::try_from(nal.len()).expect("small").to_be_bytes();
        nals.iter().flat_map(|nal| [&length(nal)[..], nal].concat()).collect::<Vec<u8>>().into()
    }

    fn found(picture: &[u8]) -> Vec<Vec<u8>> {
        caption_units(picture, 4).map(Cow::into_owned).collect()
    }

    #[test]
    fn captions_are_found_whole_and_alone() {
        // Zeros within them, so that there are bytes against false start codes.
        let own = unit(6, &caption(&[0x41, 0, 0, 1, 0, 0, 0, 0xff]));
        let timing = message(1, &[1, 2, 3]);
        let mixed = unit(6, &[timing.clone(), caption(b"two"), message(5, &[9; 300])].concat());
        let picture = picture(&[&[9, 0xf0], &own, &unit(6, &timing), &mixed, &[0x65, 1, 2]]);
        assert_eq!(found(&picture), [own, unit(6, &caption(b"two"))]);
    }

    #[test]
    fn other_user_data_is_no_caption() {
        let bars = message(4, &[0xb5, 0, 0x31, b'G', b'A', b'9', b'4', 6, 1]);
        let other = message(4, &[0x26, 0, 4]);
        assert!(found(&picture(&[&unit(6, &[bars, other].concat()), &[0x65, 1]])).is_empty());
        let cut = unit(6, &caption(b"cut short"));
        assert!(found(&picture(&[&cut[..8], &[0x65, 1]])).is_empty());
    }

    #[test]
    fn units_go_before_the_first_slice() {
        let before =
            picture(&[&[9, 0xf0], &[0x67, 1], &[0x68, 2], &[6, 5, 1, 1, 0x80], &[0x65, 3], &[0x65, 4]]);
        let after = with_units(&before, 4, &[&[6, 7][..], &[6, 8, 9]]);
        let expected: [&[u8]; 8] = [
            &[9, 0xf0],
            &[0x67, 1],
            &[0x68, 2],
            &[6, 5, 1, 1, 0x80],
            &[6, 7],
            &[6, 8, 9],
            &[0x65, 3],
            &[0x65, 4],
        ];
        assert_eq!(after, picture(&expected));
    }

    #[test]
    fn what_has_no_slice_or_no_room_stays_as_it_is() {
        let empty = picture(&[&[9, 0xf0]]);
        assert_eq!(with_units(&empty, 4, &[[6, 7]]), empty);
        let short = Bytes::from_static(&[2, 0x65, 1]);
        assert_eq!(with_units(&short, 1, &[vec![6; 256]]), short);
        assert_eq!(with_units(&short, 1, &[[6, 9]]), Bytes::from_static(&[2, 6, 9, 2, 0x65, 1]));
        assert_eq!(with_units::<Vec<u8>>(&short, 1, &[]), short);
    }

    proptest! {
        #[test]
        fn what_is_put_in_is_found_again(
            texts in prop::collection::vec(prop::collection::vec(prop_oneof![Just(0u8), 0u8..4, any::<u8>()], 0..400), 0..4),
        ) {
            let units: Vec<Vec<u8>> = texts.iter().map(|text| unit(6, &caption(text))).collect();
            let plain = picture(&[&[9, 0xf0], &[0x41, 1, 2, 3]]);
            prop_assert_eq!(found(&with_units(&plain, 4, &units)), units);
        }

        #[test]
        fn noise_never_panics(noise in prop::collection::vec(any::<u8>(), 0..200), length_size in 0u8..6) {
            let noise = Bytes::from([&[0, 0, 0, 199, 6][..], &noise].concat());
            for size in [4, length_size] {
                let units: Vec<_> = caption_units(&noise, size).collect();
                let _ = with_units(&noise, size, &units);
            }
        }
    }
}
