//! Codec headers and tags as encoders send them, right ones and wrong ones.
//!
//! Promise: each known quirk has its row here: it is either understood or refused by name, and arbitrary
//! bytes never panic.

use bytes::Bytes;
use media::flv::{AudioTag, VideoTag, parse_audio, parse_video};
use media::{AacError, AvcError, AvcParams, FlvError, Ticks, TrackKind, aac, avc};
use proptest::prelude::*;
use testkit::Film;

fn video(film: &Film) -> AvcParams {
    film.tracks().video.expect("a film with a picture")
}

fn record() -> Vec<u8> {
    video(&Film::default()).record.to_vec()
}

fn tag(head: &[u8], payload: &[u8]) -> Bytes {
    [head, payload].concat().into()
}

/// The parameter sets of a record with one of each and no extension.
fn sets(record: &[u8]) -> (Vec<u8>, Vec<u8>) {
    let length = usize::from(u16::from_be_bytes([record[6], record[7]]));
    let sps = record[8..8 + length].to_vec();
    (sps, record[8 + length + 3..].to_vec())
}

fn nal(bytes: &[u8]) -> Vec<u8> {
    let length = u32::try_from(bytes.len()).expect("small").to_be_bytes();
    [&length, bytes].concat()
}

#[test]
fn composition_times_are_signed() {
    for (bytes, millis) in [([0, 0, 33], 33), ([0xff, 0xff, 0xdf], -33), ([0x80, 0, 0], -8_388_608)] {
        let body = tag(&[0x27, 1, bytes[0], bytes[1], bytes[2]], &[0, 0, 0, 1, 0x41]);
        let Ok(VideoTag::Picture { composition, keyframe, data }) = parse_video(&body) else {
            panic!("a picture")
        };
        assert_eq!(composition, Ticks::from_millis(millis));
        assert!(!keyframe);
        assert_eq!(data.len(), 5);
    }
}

#[test]
fn bodies_without_use_are_ignored() {
    for body in [&[][..], &[0x57, 0], &[0x17, 1, 0, 0, 0], &[0x17, 0, 0, 0, 0], &[0xd0], &[0x94, 1, 2]] {
        assert_eq!(parse_video(&Bytes::copy_from_slice(body)), Ok(VideoTag::Ignored), "{body:?}");
    }
    for body in [&[][..], &[0xaf, 0], &[0xaf, 1]] {
        assert_eq!(parse_audio(&Bytes::copy_from_slice(body)), Ok(AudioTag::Ignored), "{body:?}");
    }
}

#[test]
fn an_end_of_sequence_is_told_with_and_without_a_composition_time() {
    for body in [&[0x17, 2][..], &[0x17, 2, 0, 0, 0]] {
        assert_eq!(parse_video(&Bytes::copy_from_slice(body)), Ok(VideoTag::End));
    }
}

#[test]
fn foreign_codecs_are_refused_by_name() {
    for (body, name) in [
        (&b"\x12\0"[..], "Sorenson H.263"),
        (b"\x14\0", "On2 VP6"),
        (b"\x1c\0\0\0\0", "HEVC"),
        (b"\x1f\0", "number 15"),
        (b"\x90hvc1", "HEVC (Enhanced RTMP)"),
        (b"\x90av01", "AV1"),
        (b"\x90avc1", "H.264 (Enhanced RTMP)"),
        (b"\x96\x00avc1", "multitrack"),
        (b"\x90\x00\"", "''"),
    ] {
        let error = parse_video(&Bytes::from_static(body)).expect_err("not H.264 as it must be");
        assert!(matches!(&error, FlvError::UnsupportedCodec { track: TrackKind::Video, .. }));
        assert!(error.to_string().contains(name), "{error} names {name}");
    }
    for (body, name) in [
        (&b"\x2f"[..], "MP3"),
        (b"\x72", "A-law"),
        (b"\xb2", "Speex"),
        (b"\xd2", "Opus"),
        (b"\x90Opus", "Opus (Enhanced RTMP)"),
        (b"\x95\x00mp4a", "multitrack"),
    ] {
        let error = parse_audio(&Bytes::from_static(body)).expect_err("not AAC");
        assert!(error.to_string().contains(name), "{error} names {name}");
    }
}

#[test]
fn hevc_under_the_number_of_avc_is_named() {
    let hevc = tag(&[0x17, 0, 0, 0, 0], &[1, 1, 0x60, 0, 0, 0, 0x90, 0, 0, 0, 0, 0, 0x5d]);
    let error = parse_video(&hevc).expect_err("not H.264");
    assert!(error.to_string().contains("HEVC"), "{error}");
}

#[test]
fn unknown_packets_and_cut_headers_are_refused() {
    let unknown = FlvError::UnknownPacket { track: TrackKind::Video, packet: 9 };
    assert_eq!(parse_video(&Bytes::from_static(&[0x17, 9, 0, 0, 0])), Err(unknown));
    let cut = FlvError::Truncated { track: TrackKind::Video };
    assert_eq!(parse_video(&Bytes::from_static(&[0x17, 1, 0])), Err(cut));
    let cut = FlvError::Truncated { track: TrackKind::Audio };
    assert_eq!(parse_audio(&Bytes::from_static(&[0xaf])), Err(cut));
}

#[test]
fn a_repeated_header_is_equal_whatever_trails_it() {
    let header = |trailing: &[u8]| {
        let body = tag(&[0x17, 0, 0, 0, 0], &[&record()[..], trailing].concat());
        parse_video(&body).expect("a header")
    };
    assert_eq!(header(&[]), header(&[1, 2, 3, 4, 5]));
}

#[test]
fn the_record_tells_size_rate_and_codec() {
    let params = video(&Film { width: 1_280, height: 718, frame_rate: (25, 1), ..Film::default() });
    assert_eq!((params.width, params.height), (1_280, 718));
    assert_eq!(params.frame_rate, Some(25.0));
    assert_eq!(params.codec(), "avc1.4D4028");
    assert_eq!(avc::parse_record(&params.record), Ok(params));
}

#[test]
fn malformed_records_are_refused_with_their_reason() {
    let good = record();
    for length in 0..good.len() {
        assert!(avc::parse_record(&Bytes::copy_from_slice(&good[..length])).is_err(), "{length}");
    }
    let with = |at: usize, byte: u8| {
        let mut bad = good.clone();
        bad[at] = byte;
        avc::parse_record(&bad.into()).expect_err("malformed")
    };
    assert_eq!(with(0, 0), AvcError::Version(0));
    assert_eq!(with(4, 0xfe), AvcError::LengthSize);
    assert_eq!(with(5, 0xe2), AvcError::Truncated);
    assert!(matches!(with(8, 0x68), AvcError::MalformedSps(_)));
    let bare = |sps: u8, pps: u8| avc::parse_record(&Bytes::copy_from_slice(&[1, 77, 0, 40, 0xff, sps, pps]));
    assert_eq!(bare(0xe0, 0), Err(AvcError::NoSps));
}

#[test]
fn the_first_of_several_sequence_parameter_sets_speaks() {
    let (large, small) = (Film { width: 1_280, height: 720, ..Film::default() }, Film::default());
    let (first, pps) = sets(&video(&large).record);
    let (second, _) = sets(&video(&small).record);
    let params = avc::encode_record(&[&first, &second], &[&pps], 4).expect("both fit");
    assert_eq!((params.width, params.height), (1_280, 720));
    assert_eq!(avc::parse_record(&params.record), Ok(params));
}

#[test]
fn an_understated_level_and_trailing_zeros_do_not_matter() {
    let (mut sps, pps) = sets(&video(&Film { width: 1_920, height: 1_080, ..Film::default() }).record);
    sps[3] = 10;
    sps.extend([0, 0]);
    let params = avc::encode_record(&[&sps], &[&pps], 4).expect("players take it");
    assert_eq!((params.width, params.height, params.level), (1_920, 1_080, 10));
}

#[test]
fn empty_and_truncated_nal_units_are_passed_over() {
    let picture = [&nal(&[])[..], &nal(&[0x65, 1]), &nal(&[]), &nal(&[0x41]), &[0, 0, 0, 9, 0x65]].concat();
    let found: Vec<_> = avc::nals(&picture, 4).collect();
    assert_eq!(found, [&[0x65, 1][..], &[0x41]]);
}

#[test]
fn a_keyframe_flag_needs_an_idr_or_an_exact_recovery_point() {
    let idr = nal(&[0x65, 0x88]);
    let plain = nal(&[0x41, 0x9a]);
    let recovery =
        |count_bits: u8| [nal(&[0x06, 5, 1, 0xaa, 6, 1, count_bits, 0x80]), plain.clone()].concat();
    for (picture, claimed, starts) in [
        (&idr, true, true),
        (&idr, false, true),
        (&plain, true, false),
        (&recovery(0xc4), true, true),
        (&recovery(0xc4), false, false),
        (&recovery(0x44), true, false),
    ] {
        assert_eq!(avc::starts_decoding(picture, 4, claimed), starts, "{picture:?} {claimed}");
    }
}

#[test]
fn parameter_sets_within_a_picture_count_only_when_they_change() {
    let film = Film::default();
    let params = video(&film);
    let (sps, pps) = sets(&params.record);
    let slice = nal(&[0x65, 0x88]);
    let repeated = [nal(&sps), nal(&pps), slice.clone()].concat();
    assert_eq!(params.refreshed(&repeated), None);
    assert_eq!(params.refreshed(&slice), None);
    let larger = video(&Film { width: 1_280, height: 720, ..film });
    let (sps, _) = sets(&larger.record);
    let changed = [nal(&sps), slice.clone()].concat();
    assert_eq!(params.refreshed(&changed), Some(larger));
    let broken = [nal(&[0x67, 1, 2]), slice].concat();
    assert_eq!(params.refreshed(&broken), None);
}

#[test]
fn audio_configurations_read_as_players_hear_them() {
    for (config, object_type, sample_rate, channels) in [
        (&[0x12, 0x10][..], 2, 44_100, 2),
        (&[0x11, 0x90], 2, 48_000, 2),
        (&[0x11, 0x88], 2, 48_000, 1),
        (&[0x11, 0xb8], 2, 48_000, 8),
        // SBR told first: core 24 kHz, 48 kHz out; and behind the configuration.
        (&[0x2b, 0x11, 0x88, 0x00], 5, 24_000, 2),
        (&[0x13, 0x10, 0x56, 0xe5, 0x98], 5, 24_000, 2),
        // PS makes one coded channel two.
        (&[0xeb, 0x09, 0x88, 0x00], 29, 24_000, 2),
        // A rate written out: 48 000.
        (&[0x17, 0x80, 0x5d, 0xc0, 0x10], 2, 48_000, 2),
    ] {
        let params = aac::parse_config(&Bytes::copy_from_slice(config)).expect("a good configuration");
        let read = (params.object_type, params.sample_rate, params.channels);
        assert_eq!(read, (object_type, sample_rate, channels), "{config:02x?}");
        assert_eq!(params.codec(), format!("mp4a.40.{object_type}"));
    }
}

#[test]
fn unplayable_audio_configurations_are_refused_with_their_reason() {
    for (config, reason) in [
        (&[][..], AacError::Truncated),
        (&[0x12], AacError::Truncated),
        (&[0x11, 0x80], AacError::Channels(0)),
        (&[0x11, 0xc8], AacError::Channels(9)),
        (&[0x16, 0x90], AacError::SampleRate { index: 13, rate: 0 }),
        (&[0x11, 0x94], AacError::ShortFrames),
        (&[0xb9, 0x90], AacError::ObjectType(23)),
        (&[0; 65], AacError::TooLong(65)),
    ] {
        assert_eq!(aac::parse_config(&Bytes::copy_from_slice(config)), Err(reason), "{config:02x?}");
    }
}

proptest! {
    #[test]
    fn arbitrary_bodies_never_panic(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
        let body = Bytes::from(bytes);
        let _ = parse_video(&body);
        let _ = parse_audio(&body);
        let _ = avc::parse_record(&body);
        let _ = aac::parse_config(&body);
        for length_size in 0..=5 {
            let total: usize = avc::nals(&body, length_size).map(<[u8]>::len).sum();
            prop_assert!(total <= body.len());
            avc::starts_decoding(&body, length_size, true);
        }
    }

    #[test]
    fn a_flipped_bit_in_a_record_never_panics(at in 0_usize..60, bit in 0_u8..8) {
        let mut record = record();
        let at = at % record.len();
        record[at] ^= 1 << bit;
        if let Ok(params) = avc::parse_record(&record.into()) {
            prop_assert!(params.width > 0 && params.height > 0);
        }
    }
}
