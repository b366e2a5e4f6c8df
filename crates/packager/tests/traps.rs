//! The traps that other servers fell into, each with the test that shows this one does not.
//!
//! Promise: every test that the table names exists (the last test looks), and those of this file read the media
//! that viewers get, not what the packager says of it.
//!
//! | trap (who fell into it) | test |
//! | --- | --- |
//! | the part target is an average, parts are longer (zap-stream-core#96, #98) | `every_rule_holds_over_the_whole_matrix`, `unsteady_stamps_keep_the_part_target` |
//! | hold-back or part target change in a session (mediamtx#6237) | `hostile_frames_break_no_rule` |
//! | a hold-back of three parts makes AVPlayer stall (zap-stream-core) | `hold_backs_follow_the_targets` |
//! | full parts below 85 % of the target, at 23.976, 29.97, 59.94 a second (multimux#1621) | `every_rule_holds_over_the_whole_matrix`, `part_target_is_the_nearest_whole_number_of_pictures_and_a_little` |
//! | a part of no length, an empty part before a segment ends (multimux#1597, gohlslib#184) | `hostile_frames_break_no_rule` |
//! | sound from before the first keyframe in the first part (multimux#1599) | `sound_from_before_the_first_keyframe_is_left_out` |
//! | a first playlist of less than three target durations (AetherEngine 5.18.5) | `the_first_playlist_comes_with_the_third_target_duration` |
//! | several parts at once, of which hls.js skips some (hls.js#5028) | `every_rule_holds_over_the_whole_matrix` |
//! | the target duration wanders (gohlslib#187), or shrinks below a segment | `a_scene_cut_in_the_first_group_does_not_shorten_the_session`, `hostile_frames_break_no_rule` |
//! | lag that grows over hours (mediamtx#972), an end after ten minutes (OME#848) | `hours_later_the_edge_is_as_near_as_at_the_start` |
//! | stale parts when a source returns (zap-stream-core#96), a window that is dropped without a sign (multimux) | `lost_frames_are_a_discontinuity_at_the_next_keyframe`, `a_long_pause_is_a_discontinuity_with_the_wall_clock_of_its_end` |
//! | sound and picture out of step after a gap (hls.js#6857, #6976) | `after_a_gap_picture_and_sound_begin_together` |
//! | pictures behind a break that nothing can be decoded from | `after_a_gap_picture_and_sound_begin_together` |
//! | a break at each repeated parameter set (srs#4695) | `an_encoder_that_renews_its_parameters_all_the_time_is_shown_as_soon_as_any_other` |
//! | parameter sets frozen at the first ones (gohlslib) | `other_tracks_are_a_discontinuity_with_another_init_and_equal_ones_are_nothing`, `other_parameters_of_the_same_picture_go_on_without_a_break` |
//! | the first segment's date before the stream's start (gohlslib#92) | `wall_clock_times_are_those_of_the_first_picture_and_then_of_the_media` |
//! | numbers that go back or have holes | `hostile_frames_break_no_rule` |
//! | segments cut by the clock at 23.976 a second (zap-stream-core) | `segments_begin_with_keyframes_at_every_rate` |
//! | EXTINF by the clock, not the media (srs#3824) | `nothing_is_lost_and_times_go_on_without_a_seam` |
//! | sound stamped in milliseconds clicks (srs#547) | `sound_is_exact_to_the_sample_in_both_containers`, `rounded_stamps_leave_no_gap` |
//! | audio frames that straddle packets (mpegts.js#302) or are not told apart (OME#2224) | `every_segment_and_part_of_a_transport_stream_can_be_read_alone`, `sound_is_exact_to_the_sample_in_both_containers` |
//! | HE-AAC told as something else | `players_are_told_of_he_aac_what_it_is` |
//! | 33 bits of a transport stream's clock run out after 26.5 hours | `the_clock_of_a_transport_stream_runs_over_without_a_seam` |
//! | a clock that jumps by hours | `a_clock_that_jumps_by_hours_is_one_break_and_memory_stays_small` |
//! | sound far ahead of the picture, or behind it | `sound_that_comes_early_or_late_is_where_it_belongs` |
//! | sound that is missing for seconds pulls the rest forward | `sound_that_is_missing_for_seconds_leaves_the_rest_in_step` |
//! | texts that share an id or a time (hls.js#4964, #4458), or are missed between segments without (hls.js#3879) | `texts_keep_their_order_and_have_numbers_of_their_own`, `each_segment_begins_with_its_latency_frame_which_no_text_disturbs` |
//!
//! The publisher's own clock (wraps at 24, 31 and 32 bits, steps back) is made straight before frames come here:
//! `clocks_wrap_at_24_31_and_32_bits_without_a_seam` and its neighbours in `ingest`. What playlists say of all this
//! is tested in `delivery` and `media`.

use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use bytes::Bytes;
use domain::ContainerFormat;
use media::fmp4::{AUDIO_TRACK, VIDEO_TRACK};
use media::{Frame, Ticks, TrackKind, aac};
use mp4_atom::{Decode, Emsg, Moof, Traf};
use packager::{Config, Cut, Segmenter, Window};
use testkit::Film;

const CONTAINERS: [ContainerFormat; 2] = [ContainerFormat::FragmentedMp4, ContainerFormat::Ts];
/// Timestamps of transport streams have 33 bits.
const WRAP: i64 = 1 << 33;

/// A track in a part: when it begins and ends, in its own units, and how many frames it has. In a transport
/// stream it is packets, and the end is when the last one begins.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Span {
    start: i64,
    end: i64,
    frames: usize,
}

/// What is in a part.
#[derive(Clone, Debug)]
struct Piece {
    segment: u64,
    discontinuity: bool,
    independent: bool,
    time: SystemTime,
    video: Option<Span>,
    audio: Option<Span>,
}

fn start() -> SystemTime {
    UNIX_EPOCH + Duration::from_secs(1_790_000_000)
}

fn segmenter(container: ContainerFormat, film: &Film) -> Segmenter {
    let mut segmenter = Segmenter::within(container, Duration::from_millis(200));
    segmenter.tracks(Arc::new(film.tracks()));
    segmenter
}

/// The pieces of these frames, which come in this order; the clock runs with the pictures.
fn cut(container: ContainerFormat, film: &Film, frames: impl IntoIterator<Item = Frame>) -> Vec<Piece> {
    let mut segmenter = segmenter(container, film);
    let mut now = start();
    for frame in frames {
        if frame.track == TrackKind::Video {
            now = now.max(start() + frame.dts.to_duration());
        }
        segmenter.frame(frame, now);
    }
    segmenter.end();
    std::iter::from_fn(|| segmenter.next_cut()).filter_map(|cut| piece(&cut)).collect()
}

fn piece(cut: &Cut) -> Option<Piece> {
    let part = cut.part.as_ref()?;
    let read = if part.data[0] == 0x47 { packets } else { fragments };
    let [video, audio] = read(&part.data);
    let (segment, discontinuity) = (cut.heading.number, cut.heading.discontinuity);
    Some(Piece {
        segment,
        discontinuity,
        independent: part.independent,
        time: cut.heading.time,
        video,
        audio,
    })
}

fn fragments(data: &Bytes) -> [Option<Span>; 2] {
    let mut rest = &data[..];
    while rest[4..8] == *b"emsg" {
        Emsg::decode(&mut rest).expect("a whole event");
    }
    let moof = Moof::decode(&mut rest).expect("a moof after the events");
    let span = |traf: &Traf| {
        let start = traf.tfdt.as_ref().expect("a time").base_media_decode_time;
        let samples: Vec<_> = traf.trun.iter().flat_map(|run| &run.samples).collect();
        let length: u64 = samples.iter().map(|sample| u64::from(sample.duration.expect("a duration"))).sum();
        let [start, end] = [start, start + length].map(|time| i64::try_from(time).expect("63 bits"));
        Span { start, end, frames: samples.len() }
    };
    [VIDEO_TRACK, AUDIO_TRACK]
        .map(|track| moof.traf.iter().find(|traf| traf.tfhd.track_id == track).map(span))
}

fn packets(data: &Bytes) -> [Option<Span>; 2] {
    [0x00, 0x01].map(|pid| {
        let begun = data.chunks(188).filter(|packet| packet[1] & 0x5f == 0x41 && packet[2] == pid);
        let times: Vec<i64> = begun.map(|packet| decoded(unit(packet))).collect();
        let (start, end) = (*times.first()?, *times.last()?);
        Some(Span { start, end, frames: times.len() })
    })
}

/// What a packet carries.
fn unit(packet: &[u8]) -> &[u8] {
    let field = if packet[3] & 0x20 == 0 { 0 } else { 1 + usize::from(packet[4]) };
    &packet[4 + field..]
}

/// Decoding time of a PES packet.
fn decoded(pes: &[u8]) -> i64 {
    let at = if pes[7] & 0x40 == 0 { 9 } else { 14 };
    let [a, b, c, d, e] = [0, 1, 2, 3, 4].map(|byte| i64::from(pes[at + byte]));
    (a >> 1 & 7) << 30 | b << 22 | (c >> 1) << 15 | d << 7 | e >> 1
}

fn moved(frames: Vec<Frame>, millis: i64) -> impl Iterator<Item = Frame> {
    let by = Ticks::from_millis(millis);
    frames.into_iter().map(move |frame| Frame { dts: frame.dts + by, pts: frame.pts + by, ..frame })
}

fn between(film: &Film, from: i64, to: i64) -> impl Iterator<Item = Frame> {
    let span = Ticks::from_millis(from)..Ticks::from_millis(to);
    film.frames(Duration::from_secs(60)).into_iter().filter(move |frame| span.contains(&frame.dts))
}

fn breaks(pieces: &[Piece]) -> Vec<&Piece> {
    let first_of = |pair: &[Piece]| pair[0].segment != pair[1].segment && pair[1].discontinuity;
    pieces.windows(2).filter(|pair| first_of(pair)).map(|pair| &pair[1]).collect()
}

/// Times in 1/90 000 s of these parts' sound, part by part.
fn heard(pieces: &[Piece], rate: u32) -> Vec<[Ticks; 2]> {
    let sounds = pieces.iter().filter_map(|piece| piece.audio);
    sounds.map(|span| [span.start, span.end].map(|at| Ticks::from_scale(at, rate))).collect()
}

#[test]
fn sound_from_before_the_first_keyframe_is_left_out() {
    let film = Film::default();
    for container in CONTAINERS {
        // Half a second of sound, then pictures that nothing can be decoded from, then a keyframe.
        let frames = between(&film, 0, 9_000);
        let late = frames.filter(|frame| frame.track == TrackKind::Audio || frame.dts.count() >= 45_000);
        let pieces = cut(container, &film, late);
        let (video, audio) = (pieces[0].video.expect("pictures"), pieces[0].audio.expect("sound"));
        assert!(pieces[0].independent);
        let [video, audio] = match container {
            ContainerFormat::FragmentedMp4 => {
                [Ticks::new(video.start), Ticks::from_scale(audio.start, film.sample_rate)]
            }
            ContainerFormat::Ts => [video, audio].map(|span| Ticks::new(span.start)),
        };
        let apart = audio - video;
        assert!((Ticks::ZERO..Ticks::from_millis(25)).contains(&apart), "{container:?}: {apart:?}");
    }
}

#[test]
fn after_a_gap_picture_and_sound_begin_together() {
    let film = Film { b_frames: 2, sample_rate: 44_100, ..Film::default() };
    let frames = between(&film, 0, 6_000).chain(between(&film, 9_400, 15_000));
    let pieces = cut(ContainerFormat::FragmentedMp4, &film, frames);
    let [joined] = breaks(&pieces)[..] else { panic!("one break") };
    let (video, audio) = (joined.video.expect("pictures"), joined.audio.expect("sound"));
    assert!(joined.independent);
    assert_eq!(video.start, 10 * Ticks::PER_SECOND, "the first keyframe after the gap");
    let apart = Ticks::from_scale(audio.start, film.sample_rate) - Ticks::new(video.start);
    assert!((Ticks::ZERO..Ticks::from_millis(25)).contains(&apart), "{apart:?}");
    let dated = joined.time.duration_since(start()).expect("later");
    assert_eq!(dated, Duration::from_secs(10), "the date is that of the picture's arrival");
}

#[test]
fn segments_begin_with_keyframes_at_every_rate() {
    for frame_rate in [(24_000u32, 1_001u32), (30_000, 1_001), (60_000, 1_001), (25, 1), (50, 1)] {
        let gop = 2 * frame_rate.0.div_ceil(frame_rate.1);
        let film = Film { frame_rate, gop, b_frames: 2, ..Film::default() };
        let pieces = cut(ContainerFormat::FragmentedMp4, &film, film.frames(Duration::from_secs(20)));
        let firsts: Vec<&Piece> =
            pieces.chunk_by(|one, other| one.segment == other.segment).map(|all| &all[0]).collect();
        let keys = film.pictures(Duration::from_secs(20)).iter().filter(|frame| frame.keyframe).count();
        assert_eq!(firsts.len(), keys, "{frame_rate:?}: a segment for each group");
        assert!(firsts.iter().all(|piece| piece.independent));
    }
}

/// Frames without end, of a few bytes each: what is in them is nothing to this test.
fn endless(rate: u32) -> impl Iterator<Item = Frame> {
    let of = |track, stamp: Ticks, keyframe| Frame {
        track,
        dts: stamp,
        pts: stamp,
        keyframe,
        data: Bytes::from_static(&[0, 0, 0, 1, 0x65]),
    };
    let millis = |count: i64, units: i64, seconds: i64| {
        Ticks::from_millis((count * seconds * 1_000 + units / 2) / units)
    };
    let pictures = (0..).map(move |n| of(TrackKind::Video, millis(n, 60_000, 1_001), n % 120 == 0));
    let sounds =
        (0..).map(move |n| of(TrackKind::Audio, millis(n, rate.into(), aac::FRAME_SAMPLES.into()), true));
    let (mut pictures, mut sounds) = (pictures.peekable(), sounds.peekable());
    std::iter::from_fn(move || {
        let sound_is_next = sounds.peek()?.dts < pictures.peek()?.dts;
        if sound_is_next { sounds.next() } else { pictures.next() }
    })
}

#[test]
fn hours_later_the_edge_is_as_near_as_at_the_start() {
    let film = Film { frame_rate: (60_000, 1_001), sample_rate: 44_100, ..Film::default() };
    let mut segmenter = segmenter(ContainerFormat::FragmentedMp4, &film);
    let (hour, end) = (Ticks::from_millis(3_600_000), Ticks::from_millis(3 * 3_600_000));
    let mut window: Option<Window> = None;
    let (mut early, mut late) = ((Ticks::ZERO, 0), (Ticks::ZERO, 0));
    let mut out = Ticks::ZERO;
    let mut last_sound = 0;
    for frame in endless(film.sample_rate).take_while(|frame| frame.dts < end) {
        let (newest, is_picture) = (frame.dts, frame.track == TrackKind::Video);
        segmenter.frame(frame, start() + newest.to_duration());
        while let Some(cut) = segmenter.next_cut() {
            let terms = *segmenter.terms().expect("terms come before cuts");
            assert!(!cut.heading.discontinuity);
            let sound = piece(&cut).and_then(|piece| piece.audio).expect("sound in each part");
            assert!(last_sound == 0 || sound.start == last_sound, "no click");
            last_sound = sound.end;
            out += cut.part.as_ref().map_or(Ticks::ZERO, |part| part.duration);
            window.get_or_insert_with(|| Window::new(terms, &Config::default())).apply(cut);
        }
        let Some(window) = window.as_mut().filter(|_| is_picture) else { continue };
        let worst = if newest < hour { &mut early } else { &mut late };
        worst.0 = worst.0.max(newest - out);
        if newest.count() % 9_000 == 0 {
            let listed = window.snapshot(start()).map_or(0, |now| now.listed.len() + now.retired.len());
            worst.1 = worst.1.max(listed);
        }
    }
    assert_eq!(early, late, "how far behind, and how much is kept");
    assert!(early.1 > 0 && early.0 < Ticks::from_millis(250));
    let apart = Ticks::from_scale(last_sound, film.sample_rate) - out;
    assert!(apart.count().abs() < 3 * 1_920, "sound and picture: {apart:?} apart");
}

#[test]
fn the_clock_of_a_transport_stream_runs_over_without_a_seam() {
    let film = Film { b_frames: 2, gop: 60, ..Film::default() };
    // After 26.5 hours less ten seconds of lead and four of film; the step there is a break.
    let far = WRAP / 90 - 14_000;
    let rest = moved(film.frames(Duration::from_secs(12)), far);
    let pieces = cut(ContainerFormat::Ts, &film, between(&film, 0, 8_000).chain(rest));
    let [joined] = breaks(&pieces)[..] else { panic!("one break, and none where the clock runs over") };
    let after: Vec<&Piece> = pieces.iter().skip_while(|piece| piece.segment != joined.segment).collect();
    let wraps = |spans: Vec<Span>| -> usize {
        let times: Vec<i64> = spans.iter().flat_map(|span| [span.start, span.end]).collect();
        times
            .windows(2)
            .map(|pair| {
                let step = (pair[1] - pair[0]).rem_euclid(WRAP);
                assert!(step < Ticks::PER_SECOND / 2, "a step of {step} at {}", pair[0]);
                usize::from(pair[1] < pair[0])
            })
            .sum()
    };
    assert_eq!(wraps(after.iter().filter_map(|piece| piece.video).collect()), 1);
    assert_eq!(wraps(after.iter().filter_map(|piece| piece.audio).collect()), 1);
    let count: usize = after.iter().filter_map(|piece| piece.video).map(|span| span.frames).sum();
    assert_eq!(count, film.pictures(Duration::from_secs(12)).len(), "no picture is lost there");
}

#[test]
fn a_clock_that_jumps_by_hours_is_one_break_and_memory_stays_small() {
    let film = Film::default();
    for container in CONTAINERS {
        let hours = 5 * 3_600_000;
        let frames = between(&film, 0, 6_000).chain(moved(film.frames(Duration::from_secs(6)), hours));
        let pieces = cut(container, &film, frames);
        assert_eq!(breaks(&pieces).len(), 1);
        let numbers: Vec<u64> =
            pieces.chunk_by(|one, other| one.segment == other.segment).map(|all| all[0].segment).collect();
        assert_eq!(numbers, (0..12).collect::<Vec<_>>(), "the hours between have no segments");
    }
}

#[test]
fn sound_that_comes_early_or_late_is_where_it_belongs() {
    let film = Film { sample_rate: 44_100, gop: 60, ..Film::default() };
    let plain = cut(ContainerFormat::FragmentedMp4, &film, film.frames(Duration::from_secs(12)));
    let video = |pieces: &[Piece]| pieces.iter().map(|piece| piece.video).collect::<Vec<_>>();
    // What comes before the first picture of all has nothing to go with.
    for (late, lost) in [(-3_000, 3_000), (700, 0)] {
        // The stamps are as they were; only the order in which frames come is another.
        let mut frames = film.frames(Duration::from_secs(12));
        frames.sort_by_key(|frame| match frame.track {
            TrackKind::Video => frame.dts,
            TrackKind::Audio => frame.dts + Ticks::from_millis(late),
        });
        let pieces = cut(ContainerFormat::FragmentedMp4, &film, frames);
        assert_eq!(video(&pieces), video(&plain));
        let [times, wanted] = [&pieces, &plain].map(|pieces| heard(pieces, film.sample_rate));
        let begin = times[0][0] - Ticks::from_millis(lost);
        assert!((Ticks::ZERO..Ticks::from_millis(25)).contains(&begin), "{begin:?}");
        assert!(times.windows(2).all(|pair| pair[0][1] == pair[1][0]), "none is lost and none is moved");
        let [end, wanted] = [times, wanted].map(|times| times.last().expect("sound")[1]);
        // Stamps are whole milliseconds, and the first one is what the others are counted from.
        assert!((end - wanted).count().abs() <= 90, "{end:?} for {wanted:?}");
    }
}

#[test]
fn sound_that_is_missing_for_seconds_leaves_the_rest_in_step() {
    let film = Film { gop: 60, ..Film::default() };
    let hole = Ticks::from_millis(7_000)..Ticks::from_millis(10_500);
    let frames = film.frames(Duration::from_secs(16)).into_iter();
    let frames: Vec<Frame> =
        frames.filter(|frame| frame.track == TrackKind::Video || !hole.contains(&frame.dts)).collect();
    let after = frames.iter().find(|frame| frame.track == TrackKind::Audio && frame.dts >= hole.end);
    let after = after.expect("sound after the hole").dts;
    for container in CONTAINERS {
        let pieces = cut(container, &film, frames.clone());
        assert!(breaks(&pieces).is_empty(), "the pictures go on");
        let silent = pieces.iter().filter(|piece| piece.audio.is_none()).count();
        assert!(silent >= 15, "{silent} parts of pictures alone");
        let back = pieces.iter().rposition(|piece| piece.audio.is_none()).expect("a silent part") + 1;
        let (video, audio) = (pieces[back].video.expect("pictures"), pieces[back].audio.expect("sound"));
        let apart = match container {
            ContainerFormat::FragmentedMp4 => {
                Ticks::from_scale(audio.start, film.sample_rate) - Ticks::new(video.start)
            }
            ContainerFormat::Ts => Ticks::new(audio.start - video.start),
        };
        let times = pieces.iter().map(|piece| piece.video.expect("pictures").start);
        let zero = times.min().expect("parts");
        let wanted = after - Ticks::new(video.start - zero);
        assert!((apart - wanted).count().abs() <= 90, "{container:?}: {apart:?} for {wanted:?}");
    }
}

/// All tests of this crate by name: those that stand in its sources and those beside this file.
fn names() -> String {
    let sources = [
        "src/fit.rs",
        "src/sound.rs",
        "tests/decode.rs",
        "tests/metadata.rs",
        "tests/rules.rs",
        "tests/traps.rs",
    ];
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR"));
    let ingest = folder.join("../ingest/src/timeline.rs");
    let read = |path| std::fs::read_to_string(path).expect("a source of this workspace");
    sources.iter().map(|name| folder.join(name)).chain([ingest]).map(read).collect()
}

#[test]
fn every_test_that_the_table_names_is_there() {
    let names = names();
    let told = include_str!("traps.rs").lines().filter_map(|line| line.strip_prefix("//!"));
    let named: Vec<&str> = told.flat_map(|line| line.split('`').skip(1).step_by(2)).collect();
    let is_test = |name: &&str| name.len() > 20 && !name.contains('-');
    let tests: Vec<&str> = named.into_iter().filter(is_test).collect();
    assert!(tests.len() > 25);
    for name in tests {
        assert!(names.contains(&format!("fn {name}(")), "no test is called {name}");
    }
}
