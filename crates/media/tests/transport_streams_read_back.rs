//! Transport streams, read back by a small reader of the tests' own.
//!
//! Promise: the reader is strict: sync bytes, continuity, checksums, PES lengths and marker bits are looked at.

use std::collections::HashMap;

use bytes::Bytes;
use media::fmp4::Sample;
use media::ts::{LARGEST_TAG, Muxer, Part, Tag, carried};
use media::{AacParams, Ticks, Tracks, aac};
use proptest::prelude::*;
use testkit::Film;

const VIDEO: u8 = 0x1b;
const AUDIO: u8 = 0x0f;
const METADATA: u8 = 0x15;
/// Timestamps have 33 bits.
const WRAP: i64 = 1 << 33;
/// The stream's time zero.
const ZERO: i64 = 10 * Ticks::PER_SECOND;

/// A PES packet.
#[derive(Clone, Debug, PartialEq)]
struct Unit {
    kind: u8,
    pts: i64,
    dts: i64,
    data: Vec<u8>,
    random_access: bool,
    clock: Option<i64>,
}

/// Reads parts of one stream in order.
#[derive(Default)]
struct Reader {
    counters: HashMap<u16, u8>,
    version: u8,
}

struct Packet<'a> {
    pid: u16,
    start: bool,
    random_access: bool,
    clock: Option<i64>,
    payload: &'a [u8],
}

impl Reader {
    fn read(&mut self, data: &[u8]) -> Vec<Unit> {
        assert_eq!(data.len() % 188, 0, "whole packets");
        let mut kinds = HashMap::new();
        let mut units: Vec<(u16, Unit)> = Vec::new();
        for (number, packet) in data.chunks(188).enumerate() {
            let packet = self.packet(packet);
            match number {
                0 => assert_eq!((packet.pid, section(packet.payload, 0).0.len()), (0, 4)),
                1 => {
                    assert_eq!(packet.pid, 0x1000);
                    let (body, version) = section(packet.payload, 2);
                    kinds = streams(body);
                    self.version = version;
                }
                _ if packet.start => {
                    let unit = Unit {
                        kind: kinds[&packet.pid],
                        pts: 0,
                        dts: 0,
                        data: packet.payload.to_vec(),
                        random_access: packet.random_access,
                        clock: packet.clock,
                    };
                    units.push((packet.pid, unit));
                }
                _ => {
                    let unit =
                        units.iter_mut().rfind(|(pid, _)| *pid == packet.pid).expect("begun in this part");
                    unit.1.data.extend_from_slice(packet.payload);
                }
            }
        }
        units.into_iter().map(|(_, unit)| whole(&unit)).collect()
    }

    fn packet<'a>(&mut self, packet: &'a [u8]) -> Packet<'a> {
        assert_eq!(packet[0], 0x47);
        let pid = u16::from(packet[1] & 0x1f) << 8 | u16::from(packet[2]);
        let count = packet[3] & 0x0f;
        let before = self.counters.insert(pid, count);
        assert!(before.is_none_or(|before| (before + 1) & 0x0f == count), "PID {pid:#x} jumps to {count}");
        assert_eq!(packet[1] & 0xa0, 0, "no error, no priority");
        assert_eq!(packet[3] & 0xd0, 0x10, "a payload in the clear");
        let (mut random_access, mut clock, mut at) = (false, None, 4);
        if packet[3] & 0x20 != 0 {
            let length = usize::from(packet[4]);
            at += 1 + length;
            let mut used = 1;
            if length > 0 {
                random_access = packet[5] & 0x40 != 0;
                if packet[5] & 0x10 != 0 {
                    let field = packet[6..12].iter().fold(0i64, |value, byte| value << 8 | i64::from(*byte));
                    assert_eq!(field & 0x7fff, 0x7e00);
                    clock = Some(field >> 15);
                    used += 6;
                }
                assert!(packet[5 + used..at].iter().all(|byte| *byte == 0xff), "stuffing");
            }
        }
        assert!(at < 188, "a packet without payload");
        Packet { pid, start: packet[1] & 0x40 != 0, random_access, clock, payload: &packet[at..] }
    }
}

/// Body and version of a section, whose checksum must be right.
fn section(payload: &[u8], table: u8) -> (&[u8], u8) {
    let section = &payload[1 + usize::from(payload[0])..];
    assert_eq!(section[0], table);
    let length = 3 + (usize::from(section[1] & 0x0f) << 8 | usize::from(section[2]));
    let sum = section[..length].iter().fold(u32::MAX, |sum, byte| {
        (0..8).rev().fold(sum, |sum, bit| {
            let one = sum >> 31 ^ u32::from(byte >> bit & 1) == 1;
            sum << 1 ^ if one { 0x04c1_1db7 } else { 0 }
        })
    });
    assert_eq!(sum, 0, "the checksum");
    assert!(section[length..].iter().all(|byte| *byte == 0xff), "stuffing");
    (&section[8..length - 4], section[5] >> 1 & 0x1f)
}

fn streams(body: &[u8]) -> HashMap<u16, u8> {
    let mut found = HashMap::new();
    let word = |at: usize| u16::from(body[at]) << 8 | u16::from(body[at + 1]);
    let mut at = 4 + usize::from(word(2) & 0x0fff);
    while at < body.len() {
        found.insert(word(at + 1) & 0x1fff, body[at]);
        at += 5 + usize::from(word(at + 3) & 0x0fff);
    }
    found
}

/// Takes the header off.
fn whole(unit: &Unit) -> Unit {
    let data = &unit.data;
    assert_eq!(data[..3], [0, 0, 1]);
    let length = usize::from(data[4]) << 8 | usize::from(data[5]);
    let unbounded = length == 0 && unit.kind == VIDEO && data.len() - 6 > 0xffff;
    assert!(unbounded || length == data.len() - 6, "{length} for {}", data.len() - 6);
    let pts = time(&data[9..14]);
    let dts = if data[7] & 0x40 != 0 { time(&data[14..19]) } else { pts };
    let data = data[9 + usize::from(data[8])..].to_vec();
    Unit { pts, dts, data, ..*unit }
}

fn time(bytes: &[u8]) -> i64 {
    assert!([0, 2, 4].into_iter().all(|at| bytes[at] & 1 == 1), "marker bits");
    let word = |at: usize| i64::from(bytes[at]) << 8 | i64::from(bytes[at + 1]);
    i64::from(bytes[0] >> 1 & 7) << 30 | word(1) >> 1 << 15 | word(3) >> 1
}

/// The units of a byte stream.
fn nals(mut data: &[u8]) -> Vec<Vec<u8>> {
    let mut found = Vec::new();
    while let Some(rest) = data.strip_prefix(&[0, 0, 0, 1]) {
        let end = rest.windows(4).position(|four| four == [0, 0, 0, 1]).unwrap_or(rest.len());
        found.push(rest[..end].to_vec());
        data = &rest[end..];
    }
    assert!(data.is_empty());
    found
}

/// Frames behind their headers.
fn frames(mut data: &[u8]) -> Vec<Vec<u8>> {
    let mut found = Vec::new();
    while !data.is_empty() {
        assert_eq!((data[0], data[1]), (0xff, 0xf1));
        let size = usize::from(data[3] & 3) << 11 | usize::from(data[4]) << 3 | usize::from(data[5] >> 5);
        found.push(data[7..size].to_vec());
        data = &data[size..];
    }
    found
}

fn behind_lengths(nals: &[Vec<u8>]) -> Bytes {
    let length = |nal: &Vec<u8>| u32::try_from(nal.len()).expect("small").to_be_bytes();
    nals.iter().flat_map(|nal| [&length(nal)[..], nal].concat()).collect::<Vec<u8>>().into()
}

fn sets(tracks: &Tracks) -> Vec<Vec<u8>> {
    let record = &tracks.video.as_ref().expect("a picture").record;
    media::avc::parameter_sets(record).iter().map(|set| set.to_vec()).collect()
}

#[test]
fn a_film_is_read_back_picture_by_picture() {
    let film = Film { b_frames: 2, sample_rate: 44_100, ..Film::default() };
    let tracks = film.tracks();
    let (mut muxer, mut reader) = (Muxer::new(&tracks), Reader::default());
    let pictures = film.pictures(std::time::Duration::from_secs(2));
    let mut seen = 0;
    for (number, some) in pictures.chunks(6).enumerate() {
        let video: Vec<Sample> = some
            .iter()
            .map(|frame| Sample {
                duration: 3_000,
                composition: i32::try_from((frame.pts - frame.dts).count()).expect("small"),
                keyframe: frame.keyframe,
                data: frame.data.clone(),
            })
            .collect();
        let at = number as u64 * 18_000;
        let part = Part { tags: &[], video_time: at, video: &video, audio_time: 0, audio: &[] };
        for (at, (unit, sample)) in reader.read(&muxer.part(&part)).iter().zip(&video).enumerate() {
            let mut expected = vec![vec![9, 0xf0]];
            if sample.keyframe || at == 0 {
                expected.extend(sets(&tracks));
            }
            expected.extend(media::avc::nals(&sample.data, 4).map(<[u8]>::to_vec));
            assert_eq!(nals(&unit.data), expected);
            assert_eq!(unit.random_access, sample.keyframe);
            assert!(unit.clock.is_some_and(|clock| clock < unit.dts));
            seen += 1;
        }
    }
    assert_eq!(seen, pictures.len());
}

#[test]
fn sets_that_a_picture_brings_itself_are_written_once() {
    let tracks = Film::default().tracks();
    let own = [sets(&tracks), vec![vec![0x65, 1, 2, 3]]].concat();
    let with_delimiter = [vec![vec![9, 0x10]], own.clone()].concat();
    let video =
        [Sample { duration: 3_000, composition: 0, keyframe: true, data: behind_lengths(&with_delimiter) }];
    let part = Part { tags: &[], video_time: 0, video: &video, audio_time: 0, audio: &[] };
    let units = Reader::default().read(&Muxer::new(&tracks).part(&part));
    assert_eq!(nals(&units[0].data), [vec![vec![9, 0xf0]], own].concat());
}

#[test]
fn a_picture_too_large_for_a_length_has_none_and_is_whole() {
    let tracks = Film::default().tracks();
    for size in [65_400usize, 65_600, 300_000] {
        let own = vec![[&[0x41], &vec![1; size][..]].concat()];
        let video =
            [Sample { duration: 3_000, composition: 90, keyframe: false, data: behind_lengths(&own) }];
        let part = Part { tags: &[], video_time: 0, video: &video, audio_time: 0, audio: &[] };
        let units = Reader::default().read(&Muxer::new(&tracks).part(&part));
        assert_eq!(nals(&units[0].data)[1 + sets(&tracks).len()..], own[..]);
    }
}

#[test]
fn other_tracks_have_tables_of_another_version_and_equal_ones_the_same() {
    let film = Film::default();
    let mut muxer = Muxer::new(&Film { sound: false, ..film.clone() }.tracks());
    let mut reader = Reader::default();
    let empty = Part { tags: &[], video_time: 0, video: &[], audio_time: 0, audio: &[] };
    let mut version = |muxer: &mut Muxer| {
        reader.read(&muxer.part(&empty));
        reader.version
    };
    assert_eq!(version(&mut muxer), 0);
    muxer.set_tracks(&film.tracks());
    assert_eq!(version(&mut muxer), 1);
    muxer.set_tracks(&Film { width: 1_280, ..film }.tracks());
    assert_eq!(version(&mut muxer), 1, "the tables say nothing of sizes");
}

/// A configuration of this object type, rate index and channel configuration, with SBR told in front or not.
fn sound(object_type: u16, rate: u16, channels: u16, sbr: bool) -> AacParams {
    let bits: u32 = match sbr {
        false => u32::from(object_type << 11 | rate << 7 | channels << 3) << 16,
        true => {
            5 << 27
                | u32::from(rate) << 23
                | u32::from(channels) << 19
                | 3 << 15
                | u32::from(object_type) << 10
        }
    };
    aac::parse_config(&Bytes::copy_from_slice(&bits.to_be_bytes())).expect("a configuration")
}

#[test]
fn the_header_of_sound_tells_the_core_coder() {
    for (params, third, fourth) in [
        (sound(2, 3, 2, false), 0x4c, 0x80),
        (sound(2, 4, 1, false), 0x50, 0x40),
        (sound(2, 6, 2, true), 0x58, 0x80),
    ] {
        let tracks = Tracks { video: Film::default().tracks().video, audio: Some(params) };
        let audio =
            [Sample { duration: 1_024, composition: 0, keyframe: true, data: Bytes::from_static(&[7; 9]) }];
        let part = Part { tags: &[], video_time: 0, video: &[], audio_time: 0, audio: &audio };
        let units = Reader::default().read(&Muxer::new(&tracks).part(&part));
        assert_eq!((units[0].data[2], units[0].data[3] & 0xc0), (third, fourth));
        assert_eq!(frames(&units[0].data), [vec![7; 9]]);
    }
}

#[test]
fn sound_that_no_header_can_tell_is_left_out_and_the_picture_stays() {
    let tracks = Film::default().tracks();
    assert_eq!(carried(&tracks), tracks);
    let wide = Tracks { audio: Some(sound(2, 3, 11, false)), ..tracks.clone() };
    assert_eq!(carried(&wide), Tracks { audio: None, ..tracks });
}

/// A picture: its units without start codes in them, and how it is timed.
fn picture() -> impl Strategy<Value = (Vec<Vec<u8>>, u32, i32, bool)> {
    let kind = prop_oneof![Just(1u8), Just(5), Just(6), Just(0x65), Just(0x41)];
    let nal = (kind, prop::collection::vec(1u8..=255, 0..400))
        .prop_map(|(kind, rest)| [&[kind], &rest[..]].concat());
    (prop::collection::vec(nal, 0..4), 0u32..20_000, -9_000i32..9_000, any::<bool>())
}

fn tag() -> impl Strategy<Value = Tag> {
    let size = prop_oneof![20 => 0usize..2_000, 1 => LARGEST_TAG - 1..LARGEST_TAG + 2];
    (any::<u32>(), size).prop_map(|(at, size)| Tag { at: at.into(), data: vec![0x49; size].into() })
}

fn wrapped(time: i64) -> i64 {
    time.rem_euclid(WRAP)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(150))]

    #[test]
    fn whatever_goes_in_comes_out_at_its_time(
        parts in prop::collection::vec(
            (
                prop::collection::vec(picture(), 0..8),
                prop::collection::vec((0usize..9_000, 0u32..3), 0..30),
                prop::collection::vec(tag(), 0..3),
                0u64..1 << 40,
                0u64..1 << 40,
            ),
            1..5,
        ),
        rate in prop_oneof![Just(48_000u32), Just(44_100)],
    ) {
        let tracks = Film { sample_rate: rate, ..Film::default() }.tracks();
        let (mut muxer, mut reader) = (Muxer::new(&tracks), Reader::default());
        for (pictures, sounds, tags, video_time, audio_time) in parts {
            let video: Vec<Sample> = pictures.iter().map(|(nals, duration, composition, keyframe)| Sample {
                duration: *duration, composition: *composition, keyframe: *keyframe, data: behind_lengths(nals),
            }).collect();
            let audio: Vec<Sample> = sounds.iter().map(|(size, gap)| Sample {
                duration: 1_024 + gap * 500, composition: 0, keyframe: true, data: vec![0x21; *size].into(),
            }).collect();
            let part = Part { tags: &tags, video_time, video: &video, audio_time, audio: &audio };
            let units = reader.read(&muxer.part(&part));
            let of = |kind: u8| units.iter().filter(move |unit| unit.kind == kind);

            let mut dts = ZERO + i64::try_from(video_time).expect("below 2^40");
            prop_assert_eq!(of(VIDEO).count(), video.len());
            for (at, (unit, (own, duration, composition, keyframe))) in of(VIDEO).zip(&pictures).enumerate() {
                prop_assert_eq!((unit.pts, unit.dts), (wrapped(dts + i64::from(*composition)), wrapped(dts)));
                prop_assert_eq!(unit.clock, Some(wrapped(dts - 9_000)));
                let begin = if *keyframe || at == 0 { 1 + sets(&tracks).len() } else { 1 };
                prop_assert_eq!(&nals(&unit.data)[begin..], &own[..]);
                dts += i64::from(*duration);
            }

            let mut at = audio_time;
            let mut expected = Vec::new();
            for (sample, (size, _)) in audio.iter().zip(&sounds) {
                if (1..=8_184).contains(size) {
                    expected.push((*size, at));
                }
                at += u64::from(sample.duration);
            }
            let mut heard = Vec::new();
            for unit in of(AUDIO) {
                let found = frames(&unit.data);
                let time = Ticks::from_scale(i64::try_from(at_of(&expected, heard.len())).expect("small"), rate).count();
                // A frame that was left out may have been the first of its packet.
                let early = wrapped(ZERO + time - unit.pts);
                prop_assert!(early < 8 * 2_400 * 90_000 / i64::from(rate), "{early}");
                heard.extend(found.iter().map(Vec::len));
            }
            prop_assert_eq!(heard, expected.iter().map(|(size, _)| *size).collect::<Vec<_>>());

            let fitting: Vec<(i64, usize)> = tags.iter().filter(|tag| tag.data.len() <= LARGEST_TAG)
                .map(|tag| (wrapped(ZERO + i64::try_from(tag.at).expect("32 bits")), tag.data.len())).collect();
            prop_assert_eq!(of(METADATA).map(|unit| (unit.pts, unit.data.len())).collect::<Vec<_>>(), fitting);
        }
    }

    #[test]
    fn noise_makes_whole_packets(
        noise in prop::collection::vec((prop::collection::vec(any::<u8>(), 0..300), any::<[u32; 2]>(), any::<bool>()), 0..9),
        times in any::<[u64; 2]>(),
        pictures in any::<bool>(),
    ) {
        let samples: Vec<Sample> = noise.into_iter().map(|(data, [duration, composition], keyframe)| Sample {
            duration, composition: composition.cast_signed(), keyframe, data: data.into(),
        }).collect();
        let (video, audio) = if pictures { (&samples[..], &[][..]) } else { (&[][..], &samples[..]) };
        let [video_time, audio_time] = times;
        let part = Part { tags: &[Tag { at: u64::MAX, data: Bytes::new() }], video_time, video, audio_time, audio };
        let units = Reader::default().read(&Muxer::new(&Film::default().tracks()).part(&part));
        prop_assert_eq!(units.iter().filter(|unit| unit.kind == VIDEO).count(), video.len());
    }
}

fn at_of(expected: &[(usize, u64)], index: usize) -> u64 {
    expected.get(index).map_or(0, |(_, at)| *at)
}
