//! Playlists as players must find them.
//!
//! Promise: the golden texts are the shape that is served; an independent parser reads every line of
//! them; a delta update plus the playlist before it is the full playlist.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use media::Ticks;
use media::hls::{
    DateRange, Growing, MediaPlaylist, MultivariantPlaylist, Part, Past, Report, Segment, ServerControl,
    Variant, past, rendition_name,
};
use proptest::prelude::*;
use quick_m3u8::config::ParsingOptionsBuilder;
use quick_m3u8::tag::KnownTag;
use quick_m3u8::tag::hls::{self, Tag};
use quick_m3u8::{HlsLine, Reader};
use testkit::Film;

const CONTROL: ServerControl = ServerControl {
    part_target: Ticks::from_millis(200),
    part_hold_back: Ticks::from_millis(700),
    hold_back: Ticks::from_millis(6_000),
    can_skip_until: Some(Ticks::from_millis(12_000)),
};

fn wall(millis: u64) -> SystemTime {
    UNIX_EPOCH + Duration::from_millis(1_791_462_392_000 + millis)
}

fn part(uri: &str, millis: i64, independent: bool) -> Part<'_> {
    Part { uri, duration: Ticks::from_millis(millis), independent, gap: false }
}

fn segment<'a>(uri: &'a str, at: u64, map: &'a str, parts: Vec<Part<'a>>) -> Segment<'a> {
    let duration = Ticks::from_millis(400);
    Segment { uri, duration, wall: wall(at), discontinuity: false, map: Some(map), gap: false, parts }
}

/// Three segments, the second behind a discontinuity, and one in the making.
fn playlist<'a>() -> MediaPlaylist<'a> {
    let first = segment("7.m4s", 0, "init0.mp4", vec![]);
    let parts = vec![part("8.0.m4s", 200, true), part("8.1.m4s", 200, false)];
    let second = Segment { discontinuity: true, ..segment("8.m4s", 400, "init1.mp4", parts) };
    let parts = vec![part("9.0.m4s", 200, true), part("9.1.m4s", 200, false)];
    let third = segment("9.m4s", 800, "init1.mp4", parts);
    let parts = vec![part("10.0.m4s", 200, true)];
    let growing = Growing { wall: wall(1_200), discontinuity: false, map: Some("init1.mp4"), parts };
    MediaPlaylist {
        target_duration: 2,
        control: Some(CONTROL),
        elapsed: None,
        date_ranges: &[],
        media_sequence: 7,
        discontinuity_sequence: 0,
        past: &[],
        segments: vec![first, second, third],
        growing: Some(growing),
        prefetch: &[],
        hint: Some("10.1.m4s"),
        reports: &[],
        ended: false,
        skip: None,
    }
}

const HEADER: &str = "\
#EXTM3U
#EXT-X-VERSION:9
#EXT-X-TARGETDURATION:2
#EXT-X-SERVER-CONTROL:CAN-BLOCK-RELOAD=YES,PART-HOLD-BACK=0.700,HOLD-BACK=6.000,CAN-SKIP-UNTIL=12.000
#EXT-X-PART-INF:PART-TARGET=0.200
#EXT-X-MEDIA-SEQUENCE:7
#EXT-X-DISCONTINUITY-SEQUENCE:0
";

const FIRST: &str = "\
#EXT-X-MAP:URI=\"init0.mp4\"
#EXT-X-PROGRAM-DATE-TIME:2026-10-08T12:26:32.000Z
#EXTINF:0.400,live
7.m4s
";

const SECOND: &str = "\
#EXT-X-DISCONTINUITY
#EXT-X-MAP:URI=\"init1.mp4\"
#EXT-X-PROGRAM-DATE-TIME:2026-10-08T12:26:32.400Z
#EXT-X-PART:DURATION=0.200,URI=\"8.0.m4s\",INDEPENDENT=YES
#EXT-X-PART:DURATION=0.200,URI=\"8.1.m4s\"
#EXTINF:0.400,live
8.m4s
";

const THIRD: &str = "\
#EXT-X-PROGRAM-DATE-TIME:2026-10-08T12:26:32.800Z
#EXT-X-PART:DURATION=0.200,URI=\"9.0.m4s\",INDEPENDENT=YES
#EXT-X-PART:DURATION=0.200,URI=\"9.1.m4s\"
#EXTINF:0.400,live
9.m4s
";

const GROWING: &str = "\
#EXT-X-PROGRAM-DATE-TIME:2026-10-08T12:26:33.200Z
#EXT-X-PART:DURATION=0.200,URI=\"10.0.m4s\",INDEPENDENT=YES
";

const HINT: &str = "#EXT-X-PRELOAD-HINT:TYPE=PART,URI=\"10.1.m4s\"\n";

#[test]
fn a_live_playlist_has_parts_before_their_segment_and_the_hint_last() {
    let expected = [HEADER, FIRST, SECOND, THIRD, GROWING, HINT].concat();
    assert_eq!(playlist().to_string(), expected);
}

#[test]
fn what_is_missing_is_told_of_the_part_and_of_its_segment() {
    let lost = |part: Part<'static>| Part { gap: true, ..part };
    let mut holed = playlist();
    let second = &mut holed.segments[1];
    second.gap = true;
    second.parts[0] = lost(second.parts[0]);
    holed.growing.iter_mut().for_each(|growing| growing.parts[0] = lost(growing.parts[0]));
    let second = SECOND
        .replace("8.0.m4s\",INDEPENDENT=YES", "8.0.m4s\",GAP=YES")
        .replace("#EXTINF", "#EXT-X-GAP\n#EXTINF");
    let growing = GROWING.replace("INDEPENDENT=YES", "GAP=YES");
    assert_eq!(holed.to_string(), [HEADER, FIRST, &second, THIRD, &growing, HINT].concat());
    let past = past(&holed.segments);
    assert_eq!(past.matches("#EXT-X-GAP\n#EXTINF:0.400,live\n8.m4s\n").count(), 1, "{past}");
}

#[test]
fn a_finished_playlist_ends_and_hints_at_nothing() {
    let ended = MediaPlaylist { ended: true, growing: None, ..playlist() };
    assert_eq!(ended.to_string(), [HEADER, FIRST, SECOND, THIRD, "#EXT-X-ENDLIST\n"].concat());
}

#[test]
fn a_segment_without_parts_yet_lists_nothing_of_itself() {
    let growing = Growing { wall: wall(1_200), discontinuity: true, map: Some("init2.mp4"), parts: vec![] };
    let fresh = MediaPlaylist { growing: Some(growing), ..playlist() };
    assert_eq!(fresh.to_string(), [HEADER, FIRST, SECOND, THIRD, HINT].concat());
}

#[test]
fn what_is_to_be_prefetched_and_how_far_the_others_are_stand_around_the_hint() {
    let reports = [
        Report { uri: "../720p30/index.m3u8", last_segment: 10, last_part: 0 },
        Report { uri: "../160p30/index.m3u8", last_segment: 9, last_part: 1 },
    ];
    let both = MediaPlaylist { prefetch: &["10.m4s", "11.m4s"], reports: &reports, ..playlist() };
    let prefetch = "#EXT-X-PREFETCH:10.m4s\n#EXT-X-PREFETCH:11.m4s\n";
    let told = "\
#EXT-X-RENDITION-REPORT:URI=\"../720p30/index.m3u8\",LAST-MSN=10,LAST-PART=0
#EXT-X-RENDITION-REPORT:URI=\"../160p30/index.m3u8\",LAST-MSN=9,LAST-PART=1
";
    assert_eq!(both.to_string(), [HEADER, FIRST, SECOND, THIRD, GROWING, prefetch, HINT, told].concat());
    let ended = MediaPlaylist { ended: true, growing: None, ..both };
    assert_eq!(ended.to_string(), [HEADER, FIRST, SECOND, THIRD, "#EXT-X-ENDLIST\n"].concat());
}

/// In the shape that was captured of the real service.
fn captured<'a>(ranges: &'a [DateRange<'a>]) -> MediaPlaylist<'a> {
    let segments = playlist().segments.into_iter().map(|segment| Segment { map: None, ..segment });
    MediaPlaylist {
        control: None,
        elapsed: Some(Ticks::from_millis(2_800)),
        date_ranges: ranges,
        segments: segments.collect(),
        growing: playlist().growing.map(|growing| Growing { map: None, ..growing }),
        prefetch: &["10.ts", "11.ts"],
        skip: Some(1),
        ..playlist()
    }
}

#[test]
fn without_low_latencys_terms_a_playlist_is_what_the_ivs_player_knows() {
    let ranges = [DateRange {
        id: "source-1",
        class: "live-video-net-stream-source",
        start: wall(0),
        attributes: &[("X-NET-LIVE-VIDEO-STREAM-SOURCE", "live")],
    }];
    let expected = "\
#EXTM3U
#EXT-X-VERSION:3
#EXT-X-TARGETDURATION:2
#EXT-X-MEDIA-SEQUENCE:7
#EXT-X-DISCONTINUITY-SEQUENCE:0
#EXT-X-NET-LIVE-VIDEO-LIVE-SEQUENCE:7
#EXT-X-NET-LIVE-VIDEO-ELAPSED-SECS:2.800
#EXT-X-DATERANGE:ID=\"source-1\",CLASS=\"live-video-net-stream-source\",\
START-DATE=\"2026-10-08T12:26:32.000Z\",END-ON-NEXT=YES,X-NET-LIVE-VIDEO-STREAM-SOURCE=\"live\"
#EXT-X-PROGRAM-DATE-TIME:2026-10-08T12:26:32.000Z
#EXTINF:0.400,live
7.m4s
#EXT-X-DISCONTINUITY
#EXT-X-PROGRAM-DATE-TIME:2026-10-08T12:26:32.400Z
#EXTINF:0.400,live
8.m4s
#EXT-X-PROGRAM-DATE-TIME:2026-10-08T12:26:32.800Z
#EXTINF:0.400,live
9.m4s
#EXT-X-PREFETCH:10.ts
#EXT-X-PREFETCH:11.ts
";
    assert_eq!(captured(&ranges).to_string(), expected);
    let range = read_range(expected);
    assert_eq!(range.id(), "source-1");
    assert!(range.end_on_next());
}

fn read_range(text: &str) -> hls::Daterange<'_> {
    let line = text.lines().find(|line| line.starts_with("#EXT-X-DATERANGE")).expect("a range");
    let tags = read(line);
    let [Tag::Daterange(range)] = &tags[..] else { panic!("not a range: {tags:?}") };
    range.clone()
}

#[test]
fn a_change_is_told_before_the_segment_that_it_begins_with_is_prefetched() {
    let growing = Growing { wall: wall(1_200), discontinuity: true, map: Some("init2.mp4"), parts: vec![] };
    let parts = vec![part("10.0.m4s", 200, true)];
    let changed = MediaPlaylist {
        control: None,
        growing: Some(Growing { parts, ..growing }),
        prefetch: &["10.m4s", "11.m4s"],
        ..playlist()
    };
    let text = changed.to_string();
    let edge = "\n9.m4s\n#EXT-X-DISCONTINUITY\n#EXT-X-MAP:URI=\"init2.mp4\"\n#EXT-X-PREFETCH:10.m4s\n";
    assert!(text.contains(edge), "{text}");
    let plain = MediaPlaylist { prefetch: &[], ..changed };
    assert!(plain.to_string().ends_with("\n9.m4s\n"));
}

#[test]
fn the_version_is_the_least_that_knows_the_tags() {
    let version = |playlist: &MediaPlaylist<'_>| playlist.version();
    assert_eq!(version(&playlist()), 9);
    assert_eq!(version(&MediaPlaylist { control: None, ..playlist() }), 6);
    assert_eq!(version(&captured(&[])), 3);
}

#[test]
fn without_init_segments_there_is_no_map() {
    let mut playlist = playlist();
    playlist.segments.iter_mut().for_each(|segment| segment.map = None);
    playlist.growing.iter_mut().for_each(|growing| growing.map = None);
    let bare = [HEADER, FIRST, SECOND, THIRD, GROWING, HINT].concat();
    assert_eq!(playlist.to_string(), without_maps(&bare) + "\n");
}

#[test]
fn a_delta_update_leaves_out_what_was_skipped_and_tells_a_changed_map() {
    let skip = "#EXT-X-SKIP:SKIPPED-SEGMENTS=1\n";
    let delta = MediaPlaylist { skip: Some(1), ..playlist() };
    assert_eq!(delta.to_string(), [HEADER, skip, SECOND, THIRD, GROWING, HINT].concat());
    let skip = "#EXT-X-SKIP:SKIPPED-SEGMENTS=2\n";
    let delta = MediaPlaylist { skip: Some(2), ..playlist() };
    assert_eq!(delta.to_string(), [HEADER, skip, THIRD, GROWING, HINT].concat());
}

#[test]
fn only_segments_that_end_before_the_skip_boundary_are_skippable() {
    let of = |millis: i64| {
        let control = ServerControl { can_skip_until: Some(Ticks::from_millis(millis)), ..CONTROL };
        MediaPlaylist { control: Some(control), ..playlist() }.skippable()
    };
    // 0.2 s in the making behind three segments of 0.4 s.
    assert_eq!(of(200), Some(3));
    assert_eq!(of(201), Some(2));
    assert_eq!(of(600), Some(2));
    assert_eq!(of(1_000), Some(1));
    assert_eq!(of(1_001), None);
    let off = ServerControl { can_skip_until: None, ..CONTROL };
    assert_eq!(MediaPlaylist { control: Some(off), ..playlist() }.skippable(), None);
}

/// Every line as the independent parser understands it; it must know each of them.
fn read(text: &str) -> Vec<Tag<'_>> {
    let options = ParsingOptionsBuilder::new().with_parsing_for_all_tags().build();
    let mut reader = Reader::from_str(text, options);
    let mut tags = Vec::new();
    while let Some(line) = reader.read_line().expect("a line of a playlist") {
        match line {
            HlsLine::KnownTag(KnownTag::Hls(tag)) => tags.push(tag),
            HlsLine::Uri(_) => {}
            other => panic!("not understood: {other:?}"),
        }
    }
    tags
}

#[test]
fn an_independent_parser_reads_the_same_values() {
    let text = playlist().to_string();
    let tags = read(&text);
    let control = tags.iter().find_map(|tag| match tag {
        Tag::ServerControl(control) => Some(control),
        _ => None,
    });
    let control = control.expect("server control");
    assert!(control.can_block_reload());
    assert_eq!(control.part_hold_back(), Some(0.7));
    assert_eq!(control.hold_back(), Some(6.0));
    assert_eq!(control.can_skip_until(), Some(12.0));
    let parts: Vec<&hls::Part<'_>> = tags
        .iter()
        .filter_map(|tag| match tag {
            Tag::Part(part) => Some(part),
            _ => None,
        })
        .collect();
    assert_eq!(parts.len(), 5);
    assert_eq!((parts[4].uri(), parts[4].duration(), parts[4].independent()), ("10.0.m4s", 0.2, true));
    assert!(tags.iter().any(|tag| matches!(tag, Tag::PreloadHint(hint) if hint.uri() == "10.1.m4s")));
}

#[test]
fn the_multivariant_playlist_has_the_shape_of_ivs() {
    let film = Film { width: 1_280, height: 720, frame_rate: (60, 1), ..Film::default() };
    let tracks = film.tracks();
    let name = rendition_name(720, Some(60.0));
    let source = Variant {
        uri: "720p60.m3u8",
        group: &name,
        name: &name,
        bandwidth: 3_422_999,
        average_bandwidth: Some(3_000_000),
        tracks: &tracks,
        frame_rate: Some(60.0),
    };
    let text = MultivariantPlaylist {
        independent_segments: true,
        session_data: &[("SERVER-TIME", "1659448883.23")],
        variants: &[source],
    }
    .to_string();
    assert_eq!(
        text,
        "\
#EXTM3U
#EXT-X-INDEPENDENT-SEGMENTS
#EXT-X-SESSION-DATA:DATA-ID=\"SERVER-TIME\",VALUE=\"1659448883.23\"
#EXT-X-MEDIA:TYPE=VIDEO,GROUP-ID=\"720p60\",NAME=\"720p60\",AUTOSELECT=YES,DEFAULT=YES
#EXT-X-STREAM-INF:BANDWIDTH=3422999,AVERAGE-BANDWIDTH=3000000,RESOLUTION=1280x720,\
CODECS=\"avc1.4D4028,mp4a.40.2\",VIDEO=\"720p60\",FRAME-RATE=60.000
720p60.m3u8
"
    );
    assert!(read(&text).iter().any(|tag| matches!(
        tag,
        Tag::StreamInf(inf) if inf.bandwidth() == 3_422_999 && inf.frame_rate() == Some(60.0)
    )));
}

#[test]
fn sound_alone_has_no_size_and_no_rate_and_is_nobodys_default() {
    let tracks = Film { picture: false, ..Film::default() }.tracks();
    let alone = Variant {
        uri: "audio_only/index.m3u8",
        group: "audio_only",
        name: "audio_only",
        bandwidth: 64_000,
        average_bandwidth: None,
        tracks: &tracks,
        frame_rate: Some(30.0),
    };
    let playlist =
        MultivariantPlaylist { independent_segments: false, session_data: &[], variants: &[alone] };
    assert_eq!(
        playlist.to_string(),
        "\
#EXTM3U
#EXT-X-MEDIA:TYPE=VIDEO,GROUP-ID=\"audio_only\",NAME=\"audio_only\",AUTOSELECT=NO,DEFAULT=NO
#EXT-X-STREAM-INF:BANDWIDTH=64000,CODECS=\"mp4a.40.2\",VIDEO=\"audio_only\"
audio_only/index.m3u8
"
    );
}

#[test]
fn a_rendition_is_named_by_height_and_whole_rate() {
    assert_eq!(rendition_name(1_080, Some(29.97)), "1080p30");
    assert_eq!(rendition_name(360, None), "360p");
    assert_eq!(rendition_name(360, Some(f64::NAN)), "360p");
}

#[test]
fn hostile_names_stay_within_their_quotes() {
    let tracks = Film::default().tracks();
    let evil = "a\",URI=\"x\n#EXT-X-ENDLIST";
    let variant = Variant {
        uri: evil,
        group: evil,
        name: evil,
        bandwidth: 1,
        average_bandwidth: None,
        tracks: &tracks,
        frame_rate: None,
    };
    let playlist = MultivariantPlaylist {
        independent_segments: false,
        session_data: &[],
        variants: std::slice::from_ref(&variant),
    };
    assert_eq!(playlist.to_string().lines().count(), 4);
}

/// A segment of the model: its length, whether a discontinuity opens it, and which init segment it has.
fn shape() -> impl Strategy<Value = (i64, bool, u8)> {
    (1_i64..4_000, any::<bool>(), 0_u8..3)
}

/// Puts the skipped lines of the playlist before back into a delta update, as a player does.
///
/// A segment's lines are those up to its URI. The player knows them by their sequence number.
fn rebuild(before: &str, delta: &str) -> String {
    let sequence = |text: &str| -> usize {
        let tag = "#EXT-X-MEDIA-SEQUENCE:";
        let value = text.lines().find_map(|line| line.strip_prefix(tag)).expect("always written");
        value.parse().expect("a number")
    };
    let (head, tail) = delta.split_once("#EXT-X-SKIP:SKIPPED-SEGMENTS=").expect("a delta");
    let (count, tail) = tail.split_once('\n').expect("a line");
    let header_end = before.find("#EXT-X-DISCONTINUITY-SEQUENCE").expect("always written");
    let body = before[header_end..].split_once('\n').expect("a line").1;
    let gone = sequence(delta) - sequence(before);
    let skipped: usize = count.parse().expect("a number");
    let mut segments = Vec::new();
    let mut current = String::new();
    for line in body.lines() {
        current.push_str(line);
        current.push('\n');
        if !line.starts_with('#') {
            segments.push(std::mem::take(&mut current));
        }
    }
    let kept: String = segments[gone..gone + skipped].concat();
    format!("{head}{kept}{tail}")
}

/// Segments that were written before.
struct Blocked<'a> {
    text: String,
    segments: &'a [Segment<'a>],
}

impl<'a> Blocked<'a> {
    fn of(segments: &'a [Segment<'a>]) -> Self {
        Self { text: past(segments), segments }
    }

    fn past(&self) -> Past<'_> {
        let duration = self.segments.iter().fold(Ticks::ZERO, |sum, segment| sum + segment.duration);
        let map = self.segments.last().and_then(|last| last.map);
        Past { text: &self.text, segments: self.segments.len(), duration, map }
    }
}

/// A playlist with a map only where it is told, one line for each, for comparing.
fn without_maps(text: &str) -> String {
    text.lines().filter(|line| !line.starts_with("#EXT-X-MAP")).collect::<Vec<_>>().join("\n")
}

proptest! {
    #[test]
    fn a_delta_update_and_the_playlist_before_make_the_full_one(
        shapes in proptest::collection::vec(shape(), 4..30),
        gone in 0_usize..3,
        added in 0_usize..3,
        boundary in 1_i64..20_000,
        blocked in 0_usize..20,
    ) {
        let uris: Vec<String> = (0..shapes.len()).map(|number| format!("{number}.m4s")).collect();
        let maps = ["a.mp4", "b.mp4", "c.mp4"];
        let made: Vec<Segment<'_>> = shapes.iter().zip(&uris).map(|((millis, discontinuity, map), uri)| Segment {
            uri,
            duration: Ticks::from_millis(*millis),
            wall: wall(0),
            discontinuity: *discontinuity,
            map: Some(maps[usize::from(*map)]),
            gap: false,
            parts: vec![],
        }).collect();
        let control = ServerControl { can_skip_until: Some(Ticks::from_millis(boundary)), ..CONTROL };
        let bare = MediaPlaylist { control: Some(control), growing: None, hint: Some("next.m4s"), ..playlist() };
        let list = |from: usize, to: usize| MediaPlaylist {
            media_sequence: u64::try_from(from).expect("small"),
            segments: made[from..to].to_vec(),
            ..bare.clone()
        };
        let before = list(0, shapes.len() - added).to_string();
        let full = list(gone.min(shapes.len()), shapes.len());
        if let Some(skip) = full.skippable() {
            // A player's older playlist holds all that is skipped, or it must not ask for a delta.
            prop_assume!(gone + skip <= shapes.len() - added);
            let delta = MediaPlaylist { skip: Some(skip), ..full.clone() }.to_string();
            let rebuilt = rebuild(&before, &delta);
            // The window's first segment repeats the map that the older playlist told further up.
            prop_assert_eq!(without_maps(&rebuilt), without_maps(&full.to_string()));
            if gone == 0 {
                prop_assert_eq!(rebuilt, full.to_string());
            }
            prop_assert_eq!(delta.lines().filter(|line| line.ends_with(".m4s")).count(), full.segments.len() - skip);
        }
        // The same with its older segments written in blocks.
        let blocks: Vec<_> = full.segments[..blocked.min(full.segments.len())].chunks(5).map(Blocked::of).collect();
        let past: Vec<_> = blocks.iter().map(Blocked::past).collect();
        let segments = full.segments[blocked.min(full.segments.len())..].to_vec();
        let long = MediaPlaylist { past: &past, segments, ..full.clone() };
        prop_assert_eq!(without_maps(&long.to_string()), without_maps(&full.to_string()));
        let (of_long, of_full) = (long.skippable().unwrap_or(0), full.skippable().unwrap_or(0));
        prop_assert!(of_long <= of_full, "a block is skipped as a whole");
        if of_full >= blocked {
            prop_assert_eq!(of_long, of_full);
        }
        let delta = MediaPlaylist { skip: Some(of_long), ..long.clone() }.to_string();
        if of_long > 0 {
            prop_assert_eq!(without_maps(&rebuild(&long.to_string(), &delta)), without_maps(&long.to_string()));
        }
    }
}
