//! The layout of recordings: keys, JSON, playlists, what is recorded and what is merged.
//!
//! Promise: the texts here are those of the service's documentation and captures; an independent parser reads the
//! same numbers from any playlist as went in.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use domain::{
    Arn, ContainerFormat, RecordedRendition, Recording, RecordingConfiguration, RecordingStage,
    RecordingState, RenditionSelection, ResourceId, StreamId, Tags, ThumbnailMode, ThumbnailResolution,
    ThumbnailStorage, Thumbnails,
};
use media::Ticks;
use proptest::prelude::*;
use quick_m3u8::tag::KnownTag;
use quick_m3u8::tag::hls::Tag;
use quick_m3u8::{HlsLine, Reader, config::ParsingOptionsBuilder};
use recording::layout;
use recording::manifest::{Manifest, Rendition, Size};
use recording::merge::{self, Difference, LONGEST, MOST_STREAMS, Profile};
use recording::playlist::{self, ChunkLines, Entry, Form, Head, Variant};
use recording::selection::{Candidate, select, thumbnail_lines};

const CHANNEL: &str = "arn:aws:ivs:us-west-2:123456789012:channel/AsXego4U6tnj";
const CONFIGURATION: &str = "arn:aws:ivs:us-west-2:123456789012:recording-configuration/0123456789ab";

fn at(millis: u64) -> SystemTime {
    UNIX_EPOCH + Duration::from_millis(millis)
}

fn arn(text: &str) -> Arn {
    Arn::parse(text).expect("an ARN")
}

fn id(text: &str) -> ResourceId {
    ResourceId::parse(text).expect("an id")
}

fn configuration() -> RecordingConfiguration {
    RecordingConfiguration {
        arn: arn(CONFIGURATION),
        name: String::new(),
        bucket: "recordings".to_owned(),
        state: RecordingState::Active,
        state_reason: String::new(),
        thumbnails: Thumbnails::default(),
        rendition_selection: RenditionSelection::All,
        renditions: Vec::new(),
        reconnect_window_seconds: 0,
        tags: Tags::default(),
    }
}

fn custom(renditions: &[RecordedRendition]) -> RecordingConfiguration {
    RecordingConfiguration {
        rendition_selection: RenditionSelection::Custom,
        renditions: renditions.to_vec(),
        ..configuration()
    }
}

// --- keys ---

#[test]
fn a_prefix_is_of_utc_and_not_padded() {
    for (millis, expected) in [
        (1_592_943_120_000, "ivs/v1/123456789012/AsXego4U6tnj/2020/6/23/20/12/j8Z9O91ndcVs"),
        (1_577_836_800_000, "ivs/v1/123456789012/AsXego4U6tnj/2020/1/1/0/0/j8Z9O91ndcVs"),
        (1_791_462_392_089, "ivs/v1/123456789012/AsXego4U6tnj/2026/10/8/12/26/j8Z9O91ndcVs"),
    ] {
        assert_eq!(layout::prefix(&arn(CHANNEL), at(millis), &id("j8Z9O91ndcVs")), expected);
    }
}

#[test]
fn objects_have_the_keys_and_types_of_the_documented_tree() {
    let (ts, mp4) = (ContainerFormat::Ts, ContainerFormat::FragmentedMp4);
    for (key, expected, kind) in [
        (layout::STARTED.to_owned(), "events/recording-started.json", "application/json"),
        (layout::ENDED.to_owned(), "events/recording-ended.json", "application/json"),
        (layout::FAILED.to_owned(), "events/recording-failed.json", "application/json"),
        (layout::master(Form::Whole), "media/hls/master.m3u8", "application/vnd.apple.mpegurl"),
        (
            layout::master(Form::Ranges),
            "media/hls/byte-range-multivariant.m3u8",
            "application/vnd.apple.mpegurl",
        ),
        (
            layout::playlist("720p60", Form::Whole),
            "media/hls/720p60/playlist.m3u8",
            "application/vnd.apple.mpegurl",
        ),
        (
            layout::playlist("720p60", Form::Ranges),
            "media/hls/720p60/byte-range-variant.m3u8",
            "application/vnd.apple.mpegurl",
        ),
        (layout::chunk("720p60", 0, ts), "media/hls/720p60/0.ts", "video/mp2t"),
        (layout::chunk("160p30", 17, mp4), "media/hls/160p30/17.mp4", "video/mp4"),
        (layout::init("160p30", 0), "media/hls/160p30/init-0.mp4", "video/mp4"),
        (layout::thumbnail(3), "media/thumbnails/thumb3.jpg", "image/jpeg"),
        (layout::LATEST_THUMBNAIL.to_owned(), "media/latest_thumbnail/thumb.jpg", "image/jpeg"),
    ] {
        assert_eq!(key, expected);
        assert_eq!(blob::media_type(&key), kind, "{key}");
    }
    assert_eq!(blob::media_type("what"), "application/octet-stream");
}

// --- JSON ---

fn recorded(stage: RecordingStage) -> Recording {
    let is_over = stage != RecordingStage::Started;
    let is_failed = stage == RecordingStage::EndedWithFailure;
    Recording {
        id: id("j8Z9O91ndcVs"),
        session: id("uxa0OrtRP8Rs"),
        channel: arn(CHANNEL),
        channel_name: "one".to_owned(),
        is_private: false,
        configuration: configuration(),
        prefix: "ivs/v1/123456789012/AsXego4U6tnj/2020/6/12/12/53/j8Z9O91ndcVs".to_owned(),
        node: "one".to_owned(),
        streams: StreamId::parse("st-1BFfRucA3M934F2XJV2QjKO").into_iter().collect(),
        started_at: 1_591_966_406_789,
        ended_at: is_over.then_some(1_592_139_200_123),
        stage,
        duration_ms: if is_over { 172_794_489 } else { 0 },
        bytes: 0,
        reason: if is_failed { "InternalServerException".to_owned() } else { String::new() },
    }
}

fn renditions() -> Vec<Rendition> {
    vec![
        Rendition::new("720p60", Some(Size { width: 1280, height: 720 })),
        Rendition::new("480p30", Some(Size { width: 852, height: 480 })),
    ]
}

const RENDITIONS: &str = r#""renditions": [
        {
          "path": "720p60",
          "playlist": "playlist.m3u8",
          "byte_range_playlist": "byte-range-variant.m3u8",
          "resolution_height": 720,
          "resolution_width": 1280
        },
        {
          "path": "480p30",
          "playlist": "playlist.m3u8",
          "byte_range_playlist": "byte-range-variant.m3u8",
          "resolution_height": 480,
          "resolution_width": 852
        }
      ]"#;

#[test]
fn what_is_told_at_the_start_has_the_documented_fields_and_no_others() {
    let manifest = Manifest::new(&recorded(RecordingStage::Started), renditions(), None);
    let expected = r#"{
  "version": "v1",
  "channel_arn": "arn:aws:ivs:us-west-2:123456789012:channel/AsXego4U6tnj",
  "recording_started_at": "2020-06-12T12:53:26Z",
  "recording_status": "RECORDING_STARTED",
  "media": {
    "hls": {
      "path": "media/hls",
      "playlist": "master.m3u8",
      "byte_range_playlist": "byte-range-multivariant.m3u8",
      RENDITIONS
    }
  }
}
"#;
    assert_eq!(manifest.to_json(), expected.replace("RENDITIONS", RENDITIONS));
    assert_eq!(manifest.key(), layout::STARTED);
}

#[test]
fn what_is_told_at_the_end_says_when_and_how_long_and_where_thumbnails_are() {
    let mut ended = recorded(RecordingStage::Ended);
    ended.configuration.thumbnails.storage = vec![ThumbnailStorage::Latest, ThumbnailStorage::Sequential];
    let manifest = Manifest::new(&ended, renditions(), Some(Size { width: 852, height: 480 }));
    let expected = r#"{
  "version": "v1",
  "channel_arn": "arn:aws:ivs:us-west-2:123456789012:channel/AsXego4U6tnj",
  "recording_ended_at": "2020-06-14T12:53:20Z",
  "recording_started_at": "2020-06-12T12:53:26Z",
  "recording_status": "RECORDING_ENDED",
  "media": {
    "hls": {
      "duration_ms": 172794489,
      "path": "media/hls",
      "playlist": "master.m3u8",
      "byte_range_playlist": "byte-range-multivariant.m3u8",
      RENDITIONS
    },
    "thumbnails": {
      "path": "media/thumbnails",
      "resolution_height": 480,
      "resolution_width": 852
    },
    "latest_thumbnail": {
      "path": "media/latest_thumbnail/thumb.jpg",
      "resolution_height": 480,
      "resolution_width": 852
    }
  }
}
"#;
    assert_eq!(manifest.to_json(), expected.replace("RENDITIONS", RENDITIONS));
    assert_eq!(manifest.key(), layout::ENDED);
}

#[test]
fn a_failure_tells_its_reason() {
    let manifest = Manifest::new(&recorded(RecordingStage::EndedWithFailure), Vec::new(), None);
    assert_eq!(manifest.recording_status_message.as_deref(), Some("InternalServerException"));
    assert!(manifest.to_json().contains("\"recording_status\": \"RECORDING_ENDED_WITH_FAILURE\""));
    assert!(manifest.to_json().contains("\"renditions\": []"));
    assert_eq!(manifest.key(), layout::FAILED);
    assert!(recorded(RecordingStage::Started).reason.is_empty());
}

#[test]
fn thumbnails_are_told_where_they_are_made_and_kept_so() {
    let size = Some(Size { width: 1280, height: 720 });
    for (mode, storage, numbered, latest) in [
        (ThumbnailMode::Interval, vec![ThumbnailStorage::Sequential], true, false),
        (ThumbnailMode::Interval, vec![ThumbnailStorage::Latest], false, true),
        (ThumbnailMode::Disabled, vec![ThumbnailStorage::Sequential, ThumbnailStorage::Latest], false, false),
    ] {
        let mut recording = recorded(RecordingStage::Started);
        recording.configuration.thumbnails.mode = mode;
        recording.configuration.thumbnails.storage = storage;
        let media = Manifest::new(&recording, renditions(), size).media;
        assert_eq!((media.thumbnails.is_some(), media.latest_thumbnail.is_some()), (numbered, latest));
    }
}

#[test]
fn sound_alone_has_no_size() {
    let manifest =
        Manifest::new(&recorded(RecordingStage::Started), vec![Rendition::new("audio_only", None)], None);
    assert!(!manifest.to_json().contains("resolution"));
    assert!(manifest.to_json().contains("\"path\": \"audio_only\""));
}

#[test]
fn what_was_told_can_be_read_back_and_anything_else_is_refused() {
    for stage in [RecordingStage::Started, RecordingStage::Ended, RecordingStage::EndedWithFailure] {
        let manifest = Manifest::new(&recorded(stage), renditions(), Some(Size { width: 852, height: 480 }));
        assert_eq!(Manifest::parse(manifest.to_json().as_bytes()).expect("ours"), manifest);
    }
    for wrong in ["", "{}", "[]", "{\"version\":\"v1\"}", "\u{0}"] {
        assert!(Manifest::parse(wrong.as_bytes()).is_err(), "{wrong}");
    }
}

// --- which renditions ---

fn candidate(name: &str, width: u32, height: u32) -> Candidate {
    let lines = Some(width.min(height)).filter(|lines| *lines > 0);
    Candidate { name: name.to_owned(), lines, width, height, is_source: false }
}

/// In the order that a ladder may come in; the source is in the middle.
fn ladder() -> Vec<Candidate> {
    vec![
        candidate("audio_only", 0, 0),
        candidate("360p30", 640, 360),
        Candidate { is_source: true, ..candidate("1080p30", 1920, 1080) },
        candidate("160p30", 284, 160),
        candidate("720p30", 1280, 720),
        candidate("480p30", 852, 480),
    ]
}

fn names(config: &RecordingConfiguration, is_basic: bool, candidates: &[Candidate]) -> Vec<String> {
    select(config, is_basic, candidates).into_iter().map(|index| candidates[index].name.clone()).collect()
}

#[test]
fn all_are_recorded_the_highest_first_but_sound_alone_is_not() {
    let expected = ["1080p30", "720p30", "480p30", "360p30", "160p30"];
    assert_eq!(names(&configuration(), false, &ladder()), expected);
    let basic = [Candidate { is_source: true, ..candidate("720p60", 1280, 720) }];
    assert_eq!(names(&configuration(), true, &basic), ["720p60"]);
    assert_eq!(names(&configuration(), false, &[]), Vec::<String>::new());
}

#[test]
fn a_stream_of_sound_is_recorded_as_sound() {
    let sound = [candidate("audio_only", 0, 0)];
    assert_eq!(names(&configuration(), true, &sound), ["audio_only"]);
    assert_eq!(names(&custom(&[RecordedRendition::Hd]), false, &sound), ["audio_only"]);
}

#[test]
fn none_is_none() {
    let none = RecordingConfiguration { rendition_selection: RenditionSelection::None, ..configuration() };
    assert_eq!(names(&none, false, &ladder()), Vec::<String>::new());
    assert_eq!(names(&none, true, &ladder()), Vec::<String>::new());
}

#[test]
fn classes_are_told_by_the_shorter_edge() {
    use RecordedRendition::{FullHd, Hd, LowestResolution, Sd};
    let portrait = [
        Candidate { is_source: true, ..candidate("1920p30", 1080, 1920) },
        candidate("1280p30", 720, 1280),
        candidate("852p30", 480, 852),
        candidate("640p30", 360, 640),
    ];
    for (wanted, expected, of_portrait) in [
        (vec![FullHd], vec!["1080p30"], vec!["1920p30"]),
        (vec![Hd], vec!["720p30"], vec!["1280p30"]),
        (vec![Sd], vec!["480p30"], vec!["852p30"]),
        (vec![LowestResolution], vec!["160p30"], vec!["640p30"]),
        (vec![LowestResolution, Hd], vec!["720p30", "160p30"], vec!["1280p30", "640p30"]),
        (vec![Sd, Sd], vec!["480p30"], vec!["852p30"]),
    ] {
        assert_eq!(names(&custom(&wanted), false, &ladder()), expected, "{wanted:?}");
        assert_eq!(names(&custom(&wanted), false, &portrait), of_portrait, "{wanted:?}");
    }
}

#[test]
fn boundaries_of_classes_belong_to_the_lower_class() {
    use RecordedRendition::{FullHd, Hd, LowestResolution, Sd};
    for (lines, class) in [
        (160, LowestResolution),
        (360, LowestResolution),
        (361, Sd),
        (480, Sd),
        (481, Hd),
        (720, Hd),
        (721, FullHd),
        (1_080, FullHd),
    ] {
        let both = [candidate("top", 4_000, 2_000), candidate("this", lines * 2, lines)];
        for wanted in [LowestResolution, Sd, Hd, FullHd] {
            let expected = if wanted == class { "this" } else { "top" };
            assert_eq!(names(&custom(&[wanted]), false, &both), [expected], "{lines} {wanted:?}");
        }
    }
}

#[test]
fn a_class_that_is_missing_is_answered_with_the_best_there_is_once() {
    use RecordedRendition::{FullHd, Hd, LowestResolution, Sd};
    let two = [candidate("720p30", 1280, 720), candidate("480p30", 852, 480)];
    assert_eq!(names(&custom(&[FullHd]), false, &two), ["720p30"]);
    assert_eq!(names(&custom(&[FullHd, LowestResolution, Hd]), false, &two), ["720p30"]);
    assert_eq!(names(&custom(&[FullHd, Sd]), false, &two), ["720p30", "480p30"]);
    assert_eq!(names(&custom(&[]), false, &two), ["720p30"]);
}

#[test]
fn classes_mean_nothing_on_a_basic_channel() {
    let source = [Candidate { is_source: true, ..candidate("720p60", 1280, 720) }];
    assert_eq!(names(&custom(&[RecordedRendition::Sd]), true, &source), ["720p60"]);
}

#[test]
fn thumbnails_have_the_size_of_their_class_or_of_the_source() {
    let of = |resolution| {
        let thumbnails = Thumbnails { resolution, ..Thumbnails::default() };
        thumbnail_lines(&RecordingConfiguration { thumbnails, ..configuration() }, &ladder()[..4])
    };
    assert_eq!(of(None), None);
    assert_eq!(of(Some(ThumbnailResolution::FullHd)), Some(1_080));
    assert_eq!(of(Some(ThumbnailResolution::LowestResolution)), Some(160));
    assert_eq!(of(Some(ThumbnailResolution::Sd)), None);
}

// --- playlists ---

const DAY: u64 = 1_789_699_500_726;

fn head(container: ContainerFormat) -> Head {
    Head { container, target_duration: 14, written: at(DAY), total: Ticks::from_millis(20_700) }
}

fn chunk<'a>(name: &'a str, start: i64, millis: i64, entries: &'a [Entry]) -> ChunkLines<'a> {
    ChunkLines {
        name,
        init: None,
        start: Ticks::from_millis(start),
        duration: Ticks::from_millis(millis),
        time: at(DAY + u64::try_from(start).expect("not negative")),
        discontinuity: false,
        is_gap: false,
        entries,
    }
}

fn entry(bytes: u64, millis: i64) -> Entry {
    Entry { bytes, duration: Ticks::from_millis(millis) }
}

#[test]
fn a_playlist_is_what_was_captured_of_the_service() {
    let whole = Form::Whole;
    let gap = ChunkLines { is_gap: true, ..chunk("1.ts", 10_000, 200, &[]) };
    let merged = ChunkLines { discontinuity: true, ..chunk("2.ts", 10_200, 10_500, &[]) };
    let text = [
        playlist::head(whole, &head(ContainerFormat::Ts)),
        playlist::lines(whole, &chunk("0.ts", 0, 10_000, &[])),
        playlist::lines(whole, &gap),
        playlist::lines(whole, &merged),
        playlist::END.to_owned(),
    ];
    let expected = "\
#EXTM3U
#EXT-X-VERSION:3
#EXT-X-TARGETDURATION:14
#ID3-EQUIV-TDTG:2026-09-18T02:45:00
#EXT-X-PLAYLIST-TYPE:EVENT
#EXT-X-MEDIA-SEQUENCE:0
#EXT-X-TWITCH-ELAPSED-SECS:0.000
#EXT-X-TWITCH-TOTAL-SECS:20.700
#EXT-X-PROGRAM-DATE-TIME:2026-09-18T02:45:00.726Z
#EXTINF:10.000,
0.ts
#EXT-X-GAP
#EXT-X-PROGRAM-DATE-TIME:2026-09-18T02:45:10.726Z
#EXTINF:0.200,
1.ts
#EXT-X-DISCONTINUITY
#EXT-X-TWITCH-DISCONTINUITY
#EXT-X-PROGRAM-DATE-TIME:2026-09-18T02:45:10.926Z
#EXTINF:10.500,
2.ts
#EXT-X-ENDLIST
";
    assert_eq!(text.concat(), expected);
}

#[test]
fn byte_ranges_tile_their_chunk_and_each_has_its_own_time() {
    let entries = [entry(1_000, 4_000), entry(500, 4_000), entry(77, 2_500)];
    let merged = ChunkLines { discontinuity: true, ..chunk("1.mp4", 10_500, 10_000, &[]) };
    let first = ChunkLines { init: Some("init-0.mp4"), ..chunk("0.mp4", 0, 10_500, &entries) };
    let text = [
        playlist::head(Form::Ranges, &head(ContainerFormat::FragmentedMp4)),
        playlist::lines(Form::Ranges, &first),
        playlist::lines(Form::Ranges, &ChunkLines { init: Some("init-1.mp4"), ..merged }),
    ];
    let expected = "\
#EXTM3U
#EXT-X-VERSION:7
#EXT-X-TARGETDURATION:14
#ID3-EQUIV-TDTG:2026-09-18T02:45:00
#EXT-X-PLAYLIST-TYPE:EVENT
#EXT-X-MEDIA-SEQUENCE:0
#EXT-X-TWITCH-ELAPSED-SECS:0.000
#EXT-X-TWITCH-TOTAL-SECS:20.700
#EXT-X-MAP:URI=\"init-0.mp4\"
#EXT-X-PROGRAM-DATE-TIME:2026-09-18T02:45:00.726Z
#EXTINF:4.000,
#EXT-X-BYTERANGE:1000@0
0.mp4
#EXT-X-PROGRAM-DATE-TIME:2026-09-18T02:45:04.726Z
#EXTINF:4.000,
#EXT-X-BYTERANGE:500@1000
0.mp4
#EXT-X-PROGRAM-DATE-TIME:2026-09-18T02:45:08.726Z
#EXTINF:2.500,
#EXT-X-BYTERANGE:77@1500
0.mp4
#EXT-X-DISCONTINUITY
#EXT-X-TWITCH-DISCONTINUITY
#EXT-X-MAP:URI=\"init-1.mp4\"
#EXT-X-PROGRAM-DATE-TIME:2026-09-18T02:45:11.226Z
#EXTINF:10.000,
1.mp4
";
    assert_eq!(text.concat(), expected);
    assert!(playlist::head(Form::Ranges, &head(ContainerFormat::Ts)).contains("#EXT-X-VERSION:4\n"));
}

#[test]
fn a_multivariant_playlist_is_read_by_programs_that_look_for_folders() {
    let high = Variant {
        name: "720p60",
        width: 1280,
        height: 720,
        codecs: "avc1.64001F,mp4a.40.2",
        frame_rate: Some(60.0),
        bandwidth: 3_422_999,
    };
    let low =
        Variant { name: "160p30", width: 284, height: 160, frame_rate: None, bandwidth: 230_000, ..high };
    let expected = "\
#EXTM3U
#EXT-X-MEDIA:TYPE=VIDEO,GROUP-ID=\"720p60\",NAME=\"720p60\",AUTOSELECT=YES,DEFAULT=YES
#EXT-X-STREAM-INF:BANDWIDTH=3422999,RESOLUTION=1280x720,CODECS=\"avc1.64001F,mp4a.40.2\",VIDEO=\"720p60\",\
FRAME-RATE=60.000
720p60/byte-range-variant.m3u8
#EXT-X-MEDIA:TYPE=VIDEO,GROUP-ID=\"160p30\",NAME=\"160p30\",AUTOSELECT=YES,DEFAULT=YES
#EXT-X-STREAM-INF:BANDWIDTH=230000,RESOLUTION=284x160,CODECS=\"avc1.64001F,mp4a.40.2\",VIDEO=\"160p30\"
160p30/byte-range-variant.m3u8
";
    assert_eq!(playlist::multivariant(Form::Ranges, &[high, low]), expected);
    let whole = playlist::multivariant(Form::Whole, &[high, low]);
    // What the service's clip sample looks for.
    let is_variant = |line: &&str| {
        let (height, rate) = line.split_once('p').unwrap_or_default();
        (1..=3).contains(&height.len())
            && height.bytes().all(|byte| byte.is_ascii_digit())
            && rate.bytes().take(2).all(|byte| byte.is_ascii_digit())
            && rate.get(2..3) == Some("/")
    };
    let found: Vec<&str> = whole.lines().filter(is_variant).collect();
    assert_eq!(found, ["720p60/playlist.m3u8", "160p30/playlist.m3u8"]);
}

/// What the service's clip sample reads: behind each time its length, then the range if ranges are asked for, then the
/// URI.
fn as_clip_sample_reads(text: &str, form: Form) -> Vec<(f64, String, String)> {
    let lines: Vec<&str> = text.lines().collect();
    let times = lines.iter().enumerate().filter(|(_, line)| line.starts_with("#EXT-X-PROGRAM-DATE-TIME"));
    times
        .map(|(index, _)| {
            let length = lines[index + 1].trim_start_matches("#EXTINF:").trim_end_matches(',');
            let length = length.parse().expect("seconds");
            match form {
                Form::Whole => (length, String::new(), lines[index + 2].to_owned()),
                Form::Ranges => (length, lines[index + 2].to_owned(), lines[index + 3].to_owned()),
            }
        })
        .collect()
}

#[derive(Clone, Debug)]
struct Chunk {
    duration: Ticks,
    entries: Vec<Entry>,
    discontinuity: bool,
    is_gap: bool,
}

fn any_chunk() -> impl Strategy<Value = Chunk> {
    let entries = prop::collection::vec((1u64..5_000_000, 1i64..400_000), 1..6);
    (entries, any::<bool>(), prop::bool::weighted(0.1)).prop_map(|(entries, discontinuity, is_gap)| {
        let entries: Vec<Entry> =
            entries.into_iter().map(|(bytes, ticks)| Entry { bytes, duration: Ticks::new(ticks) }).collect();
        let duration = entries.iter().fold(Ticks::ZERO, |sum, entry| sum + entry.duration);
        Chunk { duration, entries, discontinuity, is_gap }
    })
}

fn written(form: Form, container: ContainerFormat, chunks: &[Chunk]) -> (String, Ticks) {
    let total = chunks.iter().fold(Ticks::ZERO, |sum, chunk| sum + chunk.duration);
    let head = Head { container, target_duration: 30, written: at(DAY), total };
    let mut text = playlist::head(form, &head);
    let mut start = Ticks::ZERO;
    for (number, chunk) in (0u64..).zip(chunks) {
        let name = layout::chunk_name(number, container);
        text += &playlist::lines(
            form,
            &ChunkLines {
                name: &name,
                init: None,
                start,
                duration: chunk.duration,
                time: at(DAY) + start.to_duration(),
                discontinuity: chunk.discontinuity,
                is_gap: chunk.is_gap,
                entries: &chunk.entries,
            },
        );
        start += chunk.duration;
    }
    (text + playlist::END, total)
}

fn tags(text: &str) -> (Vec<Tag<'_>>, Vec<&str>) {
    let mut reader = Reader::from_str(text, ParsingOptionsBuilder::new().with_parsing_for_all_tags().build());
    let (mut tags, mut uris) = (Vec::new(), Vec::new());
    while let Some(line) = reader.read_line().expect("a playlist") {
        match line {
            HlsLine::KnownTag(KnownTag::Hls(tag)) => tags.push(tag),
            HlsLine::Uri(uri) => uris.push(match uri {
                std::borrow::Cow::Borrowed(uri) => uri,
                std::borrow::Cow::Owned(_) => unreachable!("read from a borrowed text"),
            }),
            HlsLine::UnknownTag(tag) => assert!(tag.name().starts_with("-X-TWITCH-"), "{tag:?}"),
            HlsLine::Comment(comment) => assert!(comment.starts_with("ID3-EQUIV-TDTG:"), "{comment}"),
            other => panic!("{other:?}"),
        }
    }
    (tags, uris)
}

proptest! {
    #[test]
    fn any_playlist_tells_an_independent_parser_what_went_in(
        chunks in prop::collection::vec(any_chunk(), 0..40),
        form in prop::sample::select(Form::ALL.to_vec()),
    ) {
        let container = ContainerFormat::Ts;
        let (text, total) = written(form, container, &chunks);
        let (tags, uris) = tags(&text);
        let expected: Vec<String> = (0u64..).zip(&chunks).flat_map(|(number, chunk)| {
            let entries = if form == Form::Whole || chunk.is_gap { 1 } else { chunk.entries.len() };
            vec![layout::chunk_name(number, container); entries]
        }).collect();
        prop_assert_eq!(uris, expected);
        let lengths: Vec<f64> = tags.iter().filter_map(|tag| match tag {
            Tag::Inf(inf) => Some(inf.duration()),
            _ => None,
        }).collect();
        let sum: f64 = lengths.iter().sum();
        prop_assert!((sum - total.as_secs_f64()).abs() < 0.001, "{} {}", sum, total.as_secs_f64());
        let ranges: Vec<(u64, Option<u64>)> = tags.iter().filter_map(|tag| match tag {
            Tag::Byterange(range) => Some((range.length(), range.offset())),
            _ => None,
        }).collect();
        let tiles: Vec<(u64, Option<u64>)> = chunks.iter()
            .filter(|chunk| form == Form::Ranges && !chunk.is_gap)
            .flat_map(|chunk| chunk.entries.iter().scan(0, |at, entry| {
                *at += entry.bytes;
                Some((entry.bytes, Some(*at - entry.bytes)))
            }))
            .collect();
        prop_assert_eq!(ranges, tiles);
        let count = |wanted: fn(&Tag<'_>) -> bool| tags.iter().filter(|tag| wanted(tag)).count();
        let discontinuities = chunks.iter().filter(|chunk| chunk.discontinuity).count();
        prop_assert_eq!(count(|tag| matches!(tag, Tag::Discontinuity(_))), discontinuities);
        prop_assert_eq!(count(|tag| matches!(tag, Tag::Gap(_))), chunks.iter().filter(|chunk| chunk.is_gap).count());
        prop_assert_eq!(count(|tag| matches!(tag, Tag::ProgramDateTime(_))), lengths.len());
        prop_assert_eq!(count(|tag| matches!(tag, Tag::Endlist(_))), 1);
    }

    #[test]
    fn times_go_on_by_the_lengths_to_a_millisecond(chunks in prop::collection::vec(any_chunk(), 1..40)) {
        let (text, _) = written(Form::Ranges, ContainerFormat::Ts, &chunks);
        let (tags, _) = tags(&text);
        let mut at = None;
        for tag in &tags {
            match tag {
                Tag::ProgramDateTime(told) => {
                    let time = told.program_date_time();
                    let minutes = f64::from(time.time_hour) * 60.0 + f64::from(time.time_minute);
                    let seconds = minutes * 60.0 + time.time_second;
                    let expected = at.unwrap_or(seconds);
                    let off = (seconds - expected).rem_euclid(86_400.0);
                    prop_assert!(!(0.0021..=86_400.0 - 0.0021).contains(&off), "{seconds} {expected}");
                    at = Some(expected);
                }
                Tag::Inf(inf) => at = at.map(|at| at + inf.duration()),
                _ => {}
            }
        }
    }

    #[test]
    fn the_services_clip_sample_reads_every_entry(chunks in prop::collection::vec(any_chunk(), 1..20)) {
        let chunks: Vec<Chunk> = chunks.into_iter().map(|chunk| Chunk { is_gap: false, ..chunk }).collect();
        for form in Form::ALL {
            let (text, _) = written(form, ContainerFormat::Ts, &chunks);
            let read = as_clip_sample_reads(&text, form);
            let entries = chunks.iter().map(|chunk| if form == Form::Whole { 1 } else { chunk.entries.len() });
            prop_assert_eq!(read.len(), entries.sum::<usize>());
            for (_, range, uri) in read {
                prop_assert_eq!(range.starts_with("#EXT-X-BYTERANGE:"), form == Form::Ranges);
                prop_assert!(uri.ends_with(".ts"));
            }
        }
    }
}

// --- merging ---

fn profile() -> Profile {
    Profile {
        width: 1280,
        height: 720,
        frame_rate: Some(30.0),
        codecs: "avc1.64001F,mp4a.40.2".to_owned(),
        bitrate: 2_000_000,
        renditions: vec!["720p30".to_owned()],
        container: ContainerFormat::Ts,
        configuration: arn(CONFIGURATION),
    }
}

#[test]
fn a_stream_like_the_first_goes_on_with_its_recording() {
    let first = profile();
    for next in [
        profile(),
        Profile { bitrate: 3_000_000, ..profile() },
        Profile { bitrate: 1_000_000, ..profile() },
        Profile { bitrate: 0, ..profile() },
        Profile { frame_rate: Some(29.97), ..profile() },
    ] {
        assert_eq!(merge::may_follow(&first, &next), Ok(()), "{next:?}");
    }
}

#[test]
fn each_rule_has_its_refusal() {
    let first = profile();
    for (next, why) in [
        (Profile { width: 1281, ..profile() }, Difference::Size),
        (Profile { width: 720, height: 1280, ..profile() }, Difference::Size),
        (Profile { frame_rate: Some(60.0), ..profile() }, Difference::FrameRate),
        (Profile { frame_rate: Some(25.0), ..profile() }, Difference::FrameRate),
        (Profile { frame_rate: None, ..profile() }, Difference::FrameRate),
        (Profile { codecs: "avc1.4D001F,mp4a.40.2".to_owned(), ..profile() }, Difference::Codecs),
        (Profile { codecs: "avc1.64001F".to_owned(), ..profile() }, Difference::Codecs),
        (Profile { bitrate: 3_000_001, ..profile() }, Difference::Bitrate),
        (Profile { bitrate: 999_999, ..profile() }, Difference::Bitrate),
        (Profile { container: ContainerFormat::FragmentedMp4, ..profile() }, Difference::Container),
        (Profile { renditions: vec!["480p30".to_owned()], ..profile() }, Difference::Renditions),
        (Profile { configuration: arn(CHANNEL), ..profile() }, Difference::Configuration),
    ] {
        assert_eq!(merge::may_follow(&first, &next), Err(why), "{next:?}");
    }
}

#[test]
fn twenty_streams_and_forty_eight_hours_are_the_most() {
    assert_eq!(merge::may_go_on(MOST_STREAMS - 1, LONGEST - Duration::from_secs(1)), Ok(()));
    assert_eq!(merge::may_go_on(MOST_STREAMS, Duration::ZERO), Err(Difference::Streams));
    assert_eq!(merge::may_go_on(1, LONGEST), Err(Difference::Age));
}

#[test]
fn a_profile_survives_the_journal() {
    let text = serde_json::to_string(&profile()).expect("JSON");
    assert_eq!(serde_json::from_str::<Profile>(&text).expect("a profile"), profile());
}
