//! What `media::ts::Demuxer` reads: our own muxer's streams, ffmpeg's, and spoilt ones.
//!
//! Promise: ffprobe, which knows nothing of us, says how many packets there are, when they are shown and what is in
//! them; a spoilt stream yields nothing that was not in the sound one.

use std::path::Path;
use std::process::Command;
use std::time::Duration;

use bytes::Bytes;
use media::avc::{AccessUnit, annex_b_nals};
use media::fmp4::Sample;
use media::ts::{AdtsFrames, Demuxer, LARGEST_UNIT, Muxer, Part, Tag, Unit, UnitKind};
use media::{AvcParams, Ticks, Tracks, aac};
use proptest::prelude::*;
use testkit::Film;

const PACKET: usize = 188;
/// The stream's time zero, as the muxer has it.
const ZERO: i64 = 10 * Ticks::PER_SECOND;
const METADATA: UnitKind = UnitKind::Data(0x15);

/// Reads it all, in pieces of these sizes, over and over.
fn read_in(demuxer: &mut Demuxer, stream: &[u8], pieces: &[usize]) -> Vec<Unit> {
    let (mut found, mut rest) = (Vec::new(), stream);
    for piece in pieces.iter().cycle() {
        let (now, later) = rest.split_at((*piece).clamp(1, rest.len().max(1)).min(rest.len()));
        demuxer.push(now);
        found.extend(std::iter::from_fn(|| demuxer.next()));
        rest = later;
        if rest.is_empty() {
            break;
        }
    }
    demuxer.end();
    found.extend(std::iter::from_fn(|| demuxer.next()));
    found
}

fn read(stream: &[u8]) -> Vec<Unit> {
    let mut demuxer = Demuxer::new();
    let found = read_in(&mut demuxer, stream, &[64 << 10]);
    assert_eq!(demuxer.damage(), Default::default());
    found
}

/// A film through our muxer, in parts.
fn muxed(tracks: &Tracks, parts: &[(Vec<Sample>, Vec<Sample>)]) -> Vec<u8> {
    let mut muxer = Muxer::new(tracks);
    let (mut video_time, mut audio_time) = (0, 0);
    let mut out = Vec::new();
    for (video, audio) in parts {
        out.extend_from_slice(&muxer.part(&Part { tags: &[], video_time, video, audio_time, audio }));
        video_time += video.iter().map(|sample| u64::from(sample.duration)).sum::<u64>();
        audio_time += audio.iter().map(|sample| u64::from(sample.duration)).sum::<u64>();
    }
    out
}

fn behind_lengths(nals: &[Vec<u8>]) -> Bytes {
    let length = |nal: &Vec<u8>| u32::try_from(nal.len()).expect("small").to_be_bytes();
    nals.iter().flat_map(|nal| [&length(nal)[..], nal].concat()).collect::<Vec<u8>>().into()
}

fn picture(size: usize, keyframe: bool) -> Sample {
    let nal = [&[if keyframe { 0x65 } else { 0x41 }][..], &vec![7; size]].concat();
    Sample { duration: 3_000, composition: 0, keyframe, data: behind_lengths(&[nal]) }
}

fn sound(size: usize) -> Sample {
    Sample { duration: 1_024, composition: 0, keyframe: true, data: vec![0x21; size].into() }
}

/// Runs ffmpeg, whose output is the stream.
fn ffmpeg(arguments: &str) -> Vec<u8> {
    let output = Command::new("ffmpeg")
        .args(["-v", "error", "-nostdin"])
        .args(arguments.split_whitespace())
        .args(["-f", "mpegts", "-"])
        .output()
        .expect("ffmpeg is installed");
    assert_eq!(String::from_utf8_lossy(&output.stderr), "");
    output.stdout
}

/// What ffprobe finds of a stream: time in ticks and bytes of each packet.
fn probe(path: &Path, stream: &str) -> Vec<(i64, i64, usize)> {
    let output = Command::new("ffprobe")
        .args(["-v", "error", "-select_streams", stream, "-show_entries", "packet=pts,dts,size"])
        .args(["-of", "csv=p=0"])
        .arg(path)
        .output()
        .expect("ffprobe is installed");
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    let lines = text.lines().filter(|line| !line.is_empty());
    lines
        .map(|line| {
            let fields: Vec<&str> = line.split(',').collect();
            let number = |at: usize| fields[at].parse::<i64>().expect("a number");
            (number(0), number(1), usize::try_from(number(2)).expect("a size"))
        })
        .collect()
}

const FILM: &str = "-f lavfi -i testsrc2=s=320x180:r=30:d=2 -f lavfi -i sine=r=48000:d=2 -c:v libx264 \
                    -preset veryfast -g 30 -threads 1 -c:a aac";

#[test]
fn ffmpegs_streams_read_as_ffprobe_reads_them() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    for more in ["-bf 2", "-bf 2 -omit_video_pes_length 0", "-bf 0 -tune zerolatency -pes_payload_size 0"] {
        let stream = ffmpeg(&format!("{FILM} {more}"));
        let file = folder.path().join("film.ts");
        std::fs::write(&file, &stream).expect("the folder is writable");
        let units = read(&stream);
        let video: Vec<_> = units.iter().filter(|unit| unit.kind == UnitKind::Video).collect();
        let told: Vec<_> = video
            .iter()
            .map(|unit| {
                let [pts, dts] = [unit.pts, unit.dts].map(|time| time.expect("told").count());
                (pts, dts, unit.data.len())
            })
            .collect();
        assert_eq!(told, probe(&file, "v"), "{more}");
        assert_eq!(told.len(), 60);
        let keyframes = video.iter().filter(|unit| unit.random_access).count();
        assert_eq!(keyframes, 2);

        let audio = units.iter().filter(|unit| unit.kind == UnitKind::Audio);
        let frames: Vec<_> = audio.clone().flat_map(|unit| AdtsFrames::new(unit.data.clone())).collect();
        let told: Vec<_> = frames.iter().map(|frame| frame.data.len() + 7).collect();
        assert_eq!(told, probe(&file, "a").iter().map(|(_, _, size)| *size).collect::<Vec<_>>());
        let params = frames[0].header.params().expect("a usual form");
        assert_eq!((params.object_type, params.sample_rate, params.channels), (2, 48_000, 1));
    }
}

#[test]
fn access_units_of_an_encoder_are_pictures_and_parameters() {
    let stream = ffmpeg(&format!("{FILM} -bf 0 -tune zerolatency"));
    let mut params: Option<AvcParams> = None;
    let mut changes = 0;
    for unit in read(&stream).into_iter().filter(|unit| unit.kind == UnitKind::Video) {
        let read = AccessUnit::from_annex_b(&unit.data);
        assert_eq!(read.keyframe, unit.random_access);
        if let Some(next) = read.params(params.as_ref()) {
            params = Some(next);
            changes += 1;
        }
        let kinds: Vec<u8> = media::avc::nals(&read.picture, 4).map(|nal| nal[0] & 0x1f).collect();
        assert!(kinds.iter().all(|kind| matches!(kind, 1 | 5 | 6)), "{kinds:?}");
        // Nothing but what belongs to the container is missing.
        let own = |nal: &&[u8]| !matches!(nal[0] & 0x1f, 7..=9);
        assert!(annex_b_nals(&unit.data).filter(own).eq(media::avc::nals(&read.picture, 4)));
    }
    let params = params.expect("a picture");
    assert_eq!((params.width, params.height, params.length_size, changes), (320, 180, 4, 1));
    assert_eq!(media::avc::parse_record(&params.record), Ok(params));
}

#[test]
fn a_unit_comes_out_with_its_last_byte() {
    // Pictures above 64 KiB can't tell their length; what stuffs their last packet does.
    let large =
        "-f lavfi -i testsrc2=s=1280x720:r=10:d=1 -c:v libx264 -preset ultrafast -qp 3 -g 5 -threads 2";
    for stream in [ffmpeg(&format!("{FILM} -omit_video_pes_length 0")), ffmpeg(large)] {
        let mut demuxer = Demuxer::new();
        let (mut late, mut video) = (0, 0);
        let packets: Vec<&[u8]> = stream.chunks(PACKET).collect();
        for (number, packet) in packets.iter().enumerate() {
            demuxer.push(packet);
            let units: Vec<Unit> = std::iter::from_fn(|| demuxer.next()).collect();
            video += units.iter().filter(|unit| unit.kind == UnitKind::Video).count();
            // The next packet begins another one: all before is told, unless it fills its last packet wholly.
            let next_begins = packets.get(number + 1).is_none_or(|next| next[1] & 0x40 != 0);
            let is_full = packet[3] & 0x20 == 0;
            if next_begins && demuxer.held() > 0 {
                assert!(is_full, "packet {number}");
                late += 1;
            }
        }
        demuxer.end();
        video += std::iter::from_fn(|| demuxer.next()).filter(|unit| unit.kind == UnitKind::Video).count();
        assert!(video >= 10);
        assert!(late <= 1, "{late} of {video}");
    }
}

#[test]
fn small_pictures_in_a_private_stream_read_back() {
    let stream = ffmpeg(
        "-f lavfi -i testsrc2=s=320x180:r=2:d=2 -c:v mjpeg -pix_fmt yuvj420p -omit_video_pes_length 0",
    );
    let units = read(&stream);
    assert_eq!(units.len(), 4);
    for unit in &units {
        assert_eq!(unit.kind, UnitKind::Data(6));
        assert!(unit.data.starts_with(&[0xff, 0xd8]) && unit.data.ends_with(&[0xff, 0xd9]));
    }
    let step = units[1].pts.expect("told") - units[0].pts.expect("told");
    assert_eq!(step, Ticks::new(45_000));
}

#[test]
fn times_go_on_beyond_their_33_bits_and_back() {
    let tracks = Film::default().tracks();
    const WRAP: i64 = 1 << 33;
    // Ten seconds are the muxer's own.
    let begin = WRAP - ZERO - 6_000;
    for (from, demuxer) in
        [(begin, Demuxer::new()), (5 * WRAP + begin, Demuxer::near(Ticks::new(5 * WRAP + begin)))]
    {
        let video: Vec<Sample> = (0..6).map(|number| picture(99, number == 0)).collect();
        let time = u64::try_from(from).expect("positive");
        let part = Part { tags: &[], video_time: time, video: &video, audio_time: 0, audio: &[] };
        let stream = Muxer::new(&tracks).part(&part);
        let mut demuxer = demuxer;
        let units = read_in(&mut demuxer, &stream, &[400]);
        let times: Vec<i64> = units.iter().filter_map(|unit| unit.pts).map(Ticks::count).collect();
        assert_eq!(times, (0..6).map(|number| from + ZERO + number * 3_000).collect::<Vec<_>>());
    }
    // Backwards over the wrap: a picture that is shown before the clock's zero.
    let part = |time: i64| {
        let time = time.rem_euclid(WRAP).cast_unsigned();
        let video = [picture(9, true)];
        Muxer::new(&tracks).part(&Part {
            tags: &[],
            video_time: time,
            video: &video,
            audio_time: 0,
            audio: &[],
        })
    };
    let mut demuxer = Demuxer::new();
    demuxer.push(&part(-ZERO + 10));
    demuxer.push(&part(-ZERO - 10));
    let times: Vec<_> =
        std::iter::from_fn(|| demuxer.next()).filter_map(|unit| unit.pts).map(Ticks::count).collect();
    assert_eq!(times, [10, -10]);
}

#[test]
fn the_tables_may_change_in_mid_stream() {
    let film = Film::default().tracks();
    let only = Tracks { audio: None, ..film.clone() };
    let mut muxer = Muxer::new(&only);
    let (video, audio) = ([picture(3_000, true)], [sound(50)]);
    let part = Part { tags: &[], video_time: 0, video: &video, audio_time: 0, audio: &audio };
    let mut stream = muxer.part(&part).to_vec();
    muxer.set_tracks(&film);
    stream.extend_from_slice(&muxer.part(&part));
    let kinds: Vec<_> = read(&stream).iter().map(|unit| unit.kind).collect();
    assert_eq!(kinds, [UnitKind::Video, UnitKind::Audio, UnitKind::Video]);
}

#[test]
fn an_endless_unit_is_dropped_before_it_takes_too_much() {
    let tracks = Film::default().tracks();
    let stream = muxed(&tracks, &[(vec![picture(70_000, true)], vec![])]);
    let mut demuxer = Demuxer::new();
    let (tables, packets) = stream.split_at(2 * PACKET);
    demuxer.push(tables);
    demuxer.push(&packets[..PACKET]);
    let mut packet = packets[PACKET..2 * PACKET].to_vec();
    for number in 1..=LARGEST_UNIT / 184 + 10 {
        packet[3] = packet[3] & 0xf0 | u8::try_from(number & 0x0f).expect("four bits");
        demuxer.push(&packet);
        assert!(demuxer.held() <= LARGEST_UNIT + 2 * PACKET);
    }
    assert_eq!((demuxer.held(), demuxer.damage().units), (0, 1));
    // And the next one is read again.
    let mut next = Demuxer::new();
    let units = read_in(&mut next, &stream, &[1_000]);
    assert_eq!(units.len(), 1);
}

#[test]
fn stuffing_in_the_middle_of_a_unit_costs_one_unit() {
    let tracks = Film::default().tracks();
    // An encoder that stuffs a packet within each picture: the first is cut short, then it is known.
    let stream = muxed(&tracks, &[((0..3).map(|_| picture(70_000, true)).collect(), vec![])]);
    let mut spoilt = Vec::new();
    let mut counter = 0u8;
    for packet in stream.chunks(PACKET) {
        let pid = u16::from(packet[1] & 0x1f) << 8 | u16::from(packet[2]);
        let plain = packet[3] & 0x20 == 0;
        if pid != 0x100 {
            spoilt.extend_from_slice(packet);
            continue;
        }
        // Each plain packet becomes two halves, each with half a packet of stuffing.
        let pieces: Vec<&[u8]> = if plain { packet[4..].chunks(92).collect() } else { vec![&packet[4..]] };
        for (index, piece) in pieces.iter().enumerate() {
            let start = if index == 0 { packet[1] } else { packet[1] & 0xbf };
            let control = 0x10 | if plain { 0x20 } else { packet[3] & 0x20 } | counter;
            counter = (counter + 1) & 0x0f;
            spoilt.extend_from_slice(&[0x47, start, packet[2], control]);
            if plain {
                spoilt.extend_from_slice(&[91, 0]);
                spoilt.extend_from_slice(&[0xff; 90]);
            }
            spoilt.extend_from_slice(piece);
        }
    }
    let mut demuxer = Demuxer::new();
    let units = read_in(&mut demuxer, &spoilt, &[5_000]);
    assert_eq!(demuxer.damage().units, 1);
    let sizes: Vec<_> = units.iter().map(|unit| unit.data.len() > 70_000).collect();
    assert_eq!(sizes, [false, true, true]);
}

/// A picture of a few packets and a sound, and the stream's packets.
fn few_packets() -> Vec<Vec<u8>> {
    let stream = muxed(
        &Film::default().tracks(),
        &[
            (vec![picture(900, true), picture(10, false)], vec![sound(50)]),
            (vec![picture(20, false)], vec![]),
        ],
    );
    stream.chunks(PACKET).map(<[u8]>::to_vec).collect()
}

#[test]
fn packets_may_come_twice() {
    let packets = few_packets();
    let twice: Vec<u8> =
        packets.iter().flat_map(|packet| [packet.clone(), packet.clone()].concat()).collect();
    assert_eq!(read(&twice), read(&packets.concat()));
}

#[test]
fn scrambled_and_faulty_packets_cost_their_units() {
    for (byte, flag) in [(3, 0x80), (1, 0x80)] {
        let mut packets = few_packets();
        let whole = read(&packets.concat());
        // Within the first picture.
        packets[4][byte] |= flag;
        let mut demuxer = Demuxer::new();
        let units = read_in(&mut demuxer, &packets.concat(), &[500]);
        let keyframe = |unit: &&Unit| unit.random_access;
        assert_eq!(whole.iter().filter(keyframe).count(), 1);
        assert!(units.iter().eq(whole.iter().filter(|unit| !unit.random_access)));
        let damage = demuxer.damage();
        assert_eq!((damage.scrambled + damage.packets, damage.units), (1, 1));
    }
}

/// A packet with a payload.
fn packet(pid: u16, starts: bool, counter: u8, payload: &[u8]) -> Vec<u8> {
    let [high, low] = pid.to_be_bytes();
    let mut out = vec![0x47, high | if starts { 0x40 } else { 0 }, low, 0x10 | counter];
    out.extend_from_slice(payload);
    out.resize(PACKET, 0xff);
    out
}

/// A section: what is between the header and the checksum, and how they go with it.
fn section(table: u8, version: u8, body: &[u8]) -> Vec<u8> {
    let length = u8::try_from(body.len() + 9).expect("short");
    let mut out = [&[table, 0xb0, length, 0, 1, 0xc1 | version << 1, 0, 0][..], body].concat();
    let sum = out.iter().fold(u32::MAX, |sum, byte| {
        (0..8).rev().fold(sum, |sum, bit| {
            let one = sum >> 31 ^ u32::from(byte >> bit & 1) == 1;
            sum << 1 ^ if one { 0x04c1_1db7 } else { 0 }
        })
    });
    out.extend_from_slice(&sum.to_be_bytes());
    out
}

/// A picture of unknown length, at a time.
fn pes(data: &[u8]) -> Vec<u8> {
    [&[0, 0, 1, 0xe0, 0, 0, 0x80, 0x80, 5, 0x21, 0, 1, 0, 1][..], data].concat()
}

#[test]
fn tables_are_found_wherever_they_are() {
    // A network's entry before the program's; a table that goes on in a second packet, behind a private one; other
    // PIDs than usual.
    let pat = [&[0][..], &section(0, 0, &[0, 0, 0xe0, 0x10, 0, 7, 0xe0 | 0x12, 0x34])].concat();
    let descriptors = [&[0x05, 4][..], b"HDMV"].concat();
    let streams = [&[0x1b, 0xe0 | 0x04, 0x56, 0xf0, 6][..], &descriptors].concat();
    let pmt = section(2, 0, &[&[0xe4, 0x56, 0xf0, 0][..], &streams, &[0x0f, 0xe0, 0x20, 0xf0, 0]].concat());
    let private = section(0x80, 0, &[1; 160]);
    let (begin, end) = pmt.split_at(184 - 1 - private.len());
    let goes_on = [&[u8::try_from(end.len()).expect("short")][..], end].concat();
    let stream = [
        packet(0, true, 3, &pat),
        packet(0x1234, true, 0, &[&[0][..], &private, begin].concat()),
        packet(0x1234, true, 1, &goes_on),
        packet(0x456, true, 0, &pes(&[7; 200])[..184]),
        packet(0x456, false, 1, &[&pes(&[7; 200])[184..], &[7; 154]].concat()),
    ];
    let units = read(&stream.concat());
    assert_eq!(units.len(), 1);
    assert_eq!((units[0].kind, units[0].pid, units[0].data.len()), (UnitKind::Video, 0x456, 354));

    // A program whose tables have a wrong checksum is not believed.
    let mut wrong = stream.clone();
    wrong[1][PACKET - 4] ^= 1;
    let mut demuxer = Demuxer::new();
    assert_eq!(read_in(&mut demuxer, &wrong.concat(), &[1_000]), []);
    assert_eq!(demuxer.damage().tables, 1);
}

#[test]
fn a_program_may_move() {
    let pat = |version: u8, pmt: u8| [&[0][..], &section(0, version, &[0, 1, 0xe1, pmt])].concat();
    let pmt = |version: u8, pid: u8| {
        let body = [0xe1, pid, 0xf0, 0, 0x1b, 0xe1, pid, 0xf0, 0];
        [&[0][..], &section(2, version, &body)].concat()
    };
    let picture = pes(&[9; 170]);
    let stream = [
        packet(0, true, 0, &pat(0, 1)),
        packet(0x101, true, 0, &pmt(0, 2)),
        packet(0x102, true, 0, &picture),
        // Elsewhere from here on; the old place says nothing any more.
        packet(0, true, 1, &pat(1, 3)),
        packet(0x103, true, 0, &pmt(1, 4)),
        packet(0x102, true, 1, &picture),
        packet(0x104, true, 0, &picture),
        packet(0x104, true, 1, &picture),
    ];
    let pids: Vec<u16> = read(&stream.concat()).iter().map(|unit| unit.pid).collect();
    assert_eq!(pids, [0x102, 0x104, 0x104]);
}

/// Pictures (by size, and whether they are keyframes), sounds and tags of a part.
type Sizes = (Vec<(usize, bool)>, Vec<usize>, Vec<usize>);

fn part() -> impl Strategy<Value = Sizes> {
    let size = prop_oneof![8 => 0usize..3_000, 1 => 60_000usize..70_000];
    (
        prop::collection::vec((size, any::<bool>()), 0..6),
        prop::collection::vec(1usize..800, 0..12),
        prop::collection::vec(0usize..900, 0..2),
    )
}

/// What a stream is made of, and the stream.
fn film(parts: &[Sizes]) -> Vec<u8> {
    let mut muxer = Muxer::new(&Film::default().tracks());
    let (mut video_time, mut audio_time) = (0, 0);
    let mut out = Vec::new();
    for (pictures, sounds, tags) in parts {
        let video: Vec<_> = pictures.iter().map(|(size, key)| picture(*size, *key)).collect();
        let audio: Vec<_> = sounds.iter().map(|size| sound(*size)).collect();
        let tags: Vec<_> =
            tags.iter().map(|size| Tag { at: video_time, data: vec![3; *size].into() }).collect();
        let part = Part { tags: &tags, video_time, video: &video, audio_time, audio: &audio };
        out.extend_from_slice(&muxer.part(&part));
        video_time += 3_000 * u64::try_from(video.len()).expect("few");
        audio_time += 1_024 * u64::try_from(audio.len()).expect("few");
    }
    out
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(60))]

    #[test]
    fn what_our_muxer_writes_is_read_back_at_any_chunking(
        parts in prop::collection::vec(part(), 1..5),
        pieces in prop::collection::vec(prop_oneof![1usize..400, Just(188), Just(1_316), Just(65_536)], 1..6),
    ) {
        let stream = film(&parts);
        let mut demuxer = Demuxer::new();
        let units = read_in(&mut demuxer, &stream, &pieces);
        prop_assert_eq!(demuxer.damage(), Default::default());
        prop_assert_eq!(demuxer.held(), 0);

        let mut video = units.iter().filter(|unit| unit.kind == UnitKind::Video);
        let mut time = ZERO;
        for (size, keyframe) in parts.iter().flat_map(|(pictures, _, _)| pictures) {
            let unit = video.next().expect("as many as were written");
            prop_assert_eq!(unit.dts, Some(Ticks::new(time)));
            prop_assert_eq!(unit.random_access, *keyframe);
            let read = AccessUnit::from_annex_b(&unit.data);
            prop_assert_eq!(&read.picture, &picture(*size, *keyframe).data);
            prop_assert_eq!(read.keyframe, *keyframe);
            time += 3_000;
        }
        prop_assert!(video.next().is_none());

        let audio = units.iter().filter(|unit| unit.kind == UnitKind::Audio);
        let sizes: Vec<usize> =
            audio.flat_map(|unit| AdtsFrames::new(unit.data.clone())).map(|frame| frame.data.len()).collect();
        prop_assert_eq!(sizes, parts.iter().flat_map(|(_, sounds, _)| sounds.clone()).collect::<Vec<_>>());

        let tags = units.iter().filter(|unit| unit.kind == METADATA).map(|unit| unit.data.len());
        prop_assert!(tags.eq(parts.iter().flat_map(|(_, _, tags)| tags.clone())));
    }

    #[test]
    fn lost_packets_cost_their_units_and_no_other(
        parts in prop::collection::vec(part(), 1..4),
        lost in prop::collection::vec(any::<prop::sample::Index>(), 1..4),
    ) {
        let stream = film(&parts);
        let packets: Vec<&[u8]> = stream.chunks(PACKET).collect();
        // The tables stay: what follows them can't be read without.
        let is_lost = |number: &usize| *number > 1 && lost.iter().any(|at| at.index(packets.len()) == *number);
        let left: Vec<u8> =
            (0..packets.len()).filter(|number| !is_lost(number)).flat_map(|number| packets[number].to_vec()).collect();
        let whole = read(&stream);
        let mut demuxer = Demuxer::new();
        let units = read_in(&mut demuxer, &left, &[10_000]);
        // A unit without a length that lost its end, and a number that was lost sixteen times, can't be told.
        prop_assert!(units.iter().all(|unit| whole.contains(unit)));
        prop_assert!(units.len() + lost.len() >= whole.len());
    }

    #[test]
    fn spoilt_bytes_never_panic_and_never_pile_up(
        parts in prop::collection::vec(part(), 1..4),
        spoilt in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 0..40),
        garbage in prop::collection::vec((any::<prop::sample::Index>(), prop::collection::vec(any::<u8>(), 0..500)), 0..4),
        pieces in prop::collection::vec(1usize..5_000, 1..4),
    ) {
        let mut stream = film(&parts);
        for (at, byte) in &spoilt {
            let at = at.index(stream.len());
            stream[at] = *byte;
        }
        for (at, bytes) in &garbage {
            let at = at.index(stream.len());
            stream.splice(at..at, bytes.iter().copied());
        }
        let mut demuxer = Demuxer::new();
        let units = read_in(&mut demuxer, &stream, &pieces);
        let told: usize = units.iter().map(|unit| unit.data.len()).sum();
        prop_assert!(told <= stream.len());
        for unit in units {
            let read = AccessUnit::from_annex_b(&unit.data);
            prop_assert!(read.picture.len() <= unit.data.len() * 2);
            let _ = read.params(None);
            prop_assert!(AdtsFrames::new(unit.data.clone()).map(|frame| frame.data.len()).sum::<usize>() <= unit.data.len());
        }
    }

    #[test]
    fn noise_is_no_stream(noise in prop::collection::vec(any::<u8>(), 0..2_000), sync in any::<bool>()) {
        let noise: Vec<u8> = if sync { noise.chunks(187).flat_map(|some| [&[0x47], some].concat()).collect() } else { noise };
        let mut demuxer = Demuxer::new();
        let _ = read_in(&mut demuxer, &noise, &[100]);
        prop_assert_eq!(demuxer.held(), 0);
    }

    #[test]
    fn nal_units_are_found_between_their_start_codes(
        nals in prop::collection::vec((prop::collection::vec(1u8..=255, 1..9), 0usize..4), 0..6),
    ) {
        let mut stream = Vec::new();
        for (nal, zeros) in &nals {
            stream.extend(std::iter::repeat_n(0u8, *zeros));
            stream.extend_from_slice(&[0, 0, 1]);
            stream.extend_from_slice(nal);
        }
        let found: Vec<Vec<u8>> = annex_b_nals(&stream).map(<[u8]>::to_vec).collect();
        prop_assert_eq!(found, nals.iter().map(|(nal, _)| nal.clone()).collect::<Vec<_>>());
    }
}

#[test]
fn a_films_sound_keeps_its_form() {
    let film = Film { sample_rate: 44_100, channels: 1, ..Film::default() };
    let frames = film.frames(Duration::from_secs(1));
    let audio: Vec<Sample> = frames
        .iter()
        .filter(|frame| frame.track == media::TrackKind::Audio)
        .map(|frame| Sample {
            duration: aac::FRAME_SAMPLES,
            composition: 0,
            keyframe: true,
            data: frame.data.clone(),
        })
        .collect();
    let stream = muxed(&film.tracks(), &[(vec![], audio.clone())]);
    let units = read(&stream);
    let found: Vec<_> = units.iter().flat_map(|unit| AdtsFrames::new(unit.data.clone())).collect();
    assert!(found.iter().map(|frame| &frame.data).eq(audio.iter().map(|sample| &sample.data)));
    let params = found[0].header.params().expect("a usual form");
    let told = film.tracks().audio.expect("sound");
    assert_eq!((params.sample_rate, params.channels), (told.sample_rate, told.channels));
}
