//! Text that is put between the frames, as an independent reader of boxes finds it in the parts.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use bytes::Bytes;
use live::{Text, TextSource};
use media::{Frame, Ticks, TrackKind};
use mp4_atom::{Decode, Emsg, EmsgTimestamp, Moof};
use packager::{Cut, Segmenter};
use proptest::prelude::*;
use testkit::Film;

const VERSION_0: &str = "urn:twitch:id3";
const VERSION_1: &str = "https://aomedia.org/emsg/ID3";
const OWNER: &[u8] = b"metadata.live-video.net\0";
/// In UTF-8.
const LATENCY: &[u8] = b"\x03segmentmetadata\0";

/// One step of what a segmenter is given.
#[derive(Clone, Debug)]
enum Step {
    Frame(Frame),
    Text(String),
    Lag,
}

/// A text as a part holds it.
#[derive(Clone, Debug, PartialEq)]
struct Told {
    text: String,
    id: u32,
    /// In 1/90 000 s of the stream.
    at: u64,
    /// In 1/90 000 s of the segment.
    after: u32,
}

/// What a segment says of its own way, for the service's players.
#[derive(Clone, Debug, PartialEq)]
struct Latency {
    id: u32,
    /// In 1/90 000 s of the segment.
    after: u32,
    /// JSON.
    told: String,
}

/// What was read of one part.
#[derive(Debug)]
struct Read {
    segment: u64,
    latency: Option<Latency>,
    told: Vec<Told>,
    /// Presentation times, in decoding order.
    pictures: Vec<u64>,
    /// Without the events.
    media: Bytes,
}

fn said(text: &str) -> Text {
    Text { text: text.into(), source: TextSource::Api }
}

fn film() -> Film {
    Film { gop: 60, b_frames: 2, ..Film::default() }
}

fn steps(film: &Film, seconds: u64) -> Vec<Step> {
    film.frames(Duration::from_secs(seconds)).into_iter().map(Step::Frame).collect()
}

/// `steps` with the text right before the first picture decoded at `millis` or later.
fn with_text(mut steps: Vec<Step>, millis: i64, text: &str) -> Vec<Step> {
    let at = Ticks::from_millis(millis);
    let is_it = |step: &Step| matches!(step, Step::Frame(frame) if frame.track == TrackKind::Video && frame.dts >= at);
    let place = steps.iter().position(is_it).unwrap_or(steps.len());
    steps.insert(place, Step::Text(text.to_owned()));
    steps
}

/// The cuts of all of it, to the end.
fn cut(film: &Film, steps: Vec<Step>) -> Vec<Cut> {
    let mut segmenter = Segmenter::new(Duration::from_millis(200));
    segmenter.tracks(Arc::new(film.tracks()));
    for step in steps {
        match step {
            Step::Frame(frame) => segmenter.frame(frame, SystemTime::UNIX_EPOCH),
            Step::Text(text) => assert!(segmenter.metadata(said(&text)), "there is room"),
            Step::Lag => segmenter.lagged(),
        }
    }
    segmenter.end();
    std::iter::from_fn(|| segmenter.next_cut()).collect()
}

fn play(film: &Film, steps: Vec<Step>) -> Vec<Read> {
    cut(film, steps).iter().filter_map(read).collect()
}

fn read(cut: &Cut) -> Option<Read> {
    let part = cut.part.as_ref()?;
    let mut rest = &part.data[..];
    let mut events = Vec::new();
    while rest[4..8] == *b"emsg" {
        events.push(Emsg::decode(&mut rest).expect("a whole event"));
    }
    let media = part.data.slice_ref(rest);
    let moof = Moof::decode(&mut rest).expect("a moof after the events");
    let latency = events.first().and_then(latency);
    events.drain(..usize::from(latency.is_some()));
    let told = events.chunks(2).map(|pair| told(&pair[0], &pair[1])).collect();
    Some(Read { segment: cut.heading.number, latency, told, pictures: pictures(&moof), media })
}

fn pictures(moof: &Moof) -> Vec<u64> {
    let Some(traf) = moof.traf.iter().find(|traf| traf.tfhd.track_id == media::fmp4::VIDEO_TRACK) else {
        return Vec::new();
    };
    let mut time = traf.tfdt.as_ref().expect("a time").base_media_decode_time;
    let samples = traf.trun.iter().flat_map(|trun| &trun.samples);
    samples
        .map(|sample| {
            let shown = time.saturating_add_signed(sample.cts.expect("an offset"));
            time += u64::from(sample.duration.expect("a duration"));
            shown
        })
        .collect()
}

/// Both boxes of one text say the same.
fn told(service: &Emsg, other: &Emsg) -> Told {
    let EmsgTimestamp::Relative(after) = service.presentation_time else { panic!("version 0 first") };
    let EmsgTimestamp::Absolute(at) = other.presentation_time else { panic!("then version 1") };
    assert_eq!((service.scheme_id_uri.as_str(), other.scheme_id_uri.as_str()), (VERSION_0, VERSION_1));
    assert_eq!((service.timescale, other.timescale), (90_000, 90_000));
    assert_eq!((service.id, &service.message_data), (other.id, &other.message_data));
    let frame = &service.message_data[10..];
    assert_eq!((&service.message_data[..3], &frame[..4]), (&b"ID3"[..], &b"PRIV"[..]));
    let text = frame[10..].strip_prefix(OWNER).expect("the owner that players look for");
    Told { text: String::from_utf8(text.to_vec()).expect("UTF-8"), id: service.id, at, after }
}

/// The latency frame, if this is one: for the service's players only, so in their form alone.
fn latency(event: &Emsg) -> Option<Latency> {
    let told = event.message_data[20..].strip_prefix(LATENCY)?;
    let EmsgTimestamp::Relative(after) = event.presentation_time else { panic!("version 0") };
    assert_eq!((event.scheme_id_uri.as_str(), event.timescale), (VERSION_0, 90_000));
    assert_eq!(&event.message_data[10..14], b"TXXX");
    let told = String::from_utf8(told.to_vec()).expect("UTF-8");
    Some(Latency { id: event.id, after, told })
}

fn all_told(parts: &[Read]) -> Vec<Told> {
    parts.iter().flat_map(|part| part.told.iter().cloned()).collect()
}

fn texts(parts: &[Read]) -> Vec<String> {
    all_told(parts).into_iter().map(|told| told.text).collect()
}

/// The presentation time of the first picture decoded at `millis` or later, from the film's start.
fn shown(film: &Film, millis: i64) -> u64 {
    let mut pictures = film.pictures(Duration::from_secs(60)).into_iter();
    let first = pictures.next().expect("a picture").dts;
    let at = Ticks::from_millis(millis);
    let picture = pictures.find(|picture| picture.dts - first >= at).expect("a later one");
    u64::try_from((picture.pts - first).count()).expect("after the start")
}

#[test]
fn text_is_in_the_part_of_the_next_picture_at_its_presentation_time() {
    let film = film();
    for millis in [4_000, 4_020, 4_110, 4_190, 5_990, 7_500] {
        let parts = play(&film, with_text(steps(&film, 12), millis, "goal"));
        let [part] = &parts.iter().filter(|part| !part.told.is_empty()).collect::<Vec<_>>()[..] else {
            panic!("one part has it");
        };
        let [told] = &part.told[..] else { panic!("once") };
        assert_eq!((told.text.as_str(), told.at), ("goal", shown(&film, millis)), "{millis}");
        assert!(part.pictures.contains(&told.at), "the time of a picture of that part");
    }
}

#[test]
fn both_forms_of_a_time_mean_the_same_moment() {
    let film = film();
    let texts = (0..40).fold(steps(&film, 12), |steps, n| with_text(steps, 3_000 + n * 130, "now"));
    let parts = play(&film, texts);
    let mut openings: BTreeMap<u64, u64> = BTreeMap::new();
    for part in &parts {
        let opening = openings.entry(part.segment).or_insert(u64::MAX);
        *opening = part.pictures.iter().fold(*opening, |one, other| one.min(*other));
    }
    assert_eq!(all_told(&parts).len(), 40);
    for part in &parts {
        for told in &part.told {
            assert_eq!(openings[&part.segment] + u64::from(told.after), told.at);
        }
    }
}

#[test]
fn texts_keep_their_order_and_have_numbers_of_their_own() {
    let film = film();
    let sent: Vec<String> = (0..30).map(|n| format!("text {n}")).collect();
    let mut all = steps(&film, 10);
    for text in sent.iter().rev() {
        all.insert(400, Step::Text(text.clone()));
    }
    let parts = play(&film, with_text(with_text(all, 9_000, "the last"), 0, "the first"));
    let heard = texts(&parts);
    assert_eq!((heard[0].as_str(), &heard[1..31], heard[31].as_str()), ("the first", &sent[..], "the last"));
    let mut ids: Vec<u32> = all_told(&parts).into_iter().map(|told| told.id).collect();
    ids.dedup();
    assert_eq!(ids.len(), 32);
    assert_eq!(parts.iter().filter(|part| !part.told.is_empty()).count(), 3);
}

#[test]
fn text_changes_nothing_but_the_part_that_carries_it() {
    let film = film();
    let plain = play(&film, steps(&film, 10));
    let parts = play(&film, with_text(steps(&film, 10), 6_000, "goal"));
    assert_eq!(parts.len(), plain.len());
    for (part, plain) in parts.iter().zip(&plain) {
        assert_eq!(part.media, plain.media);
    }
    let size = |steps| -> usize {
        cut(&film, steps).iter().flat_map(|cut| &cut.part).map(|part| part.data.len()).sum()
    };
    let events = size(with_text(steps(&film, 10), 6_000, "goal")) - size(steps(&film, 10));
    assert!(events < 2 * "goal".len() + 250, "{events}");
}

#[test]
fn text_from_before_the_rhythm_is_known_is_where_it_belongs() {
    let film = film();
    for millis in [0, 40, 1_000, 1_990] {
        let parts = play(&film, with_text(steps(&film, 8), millis, "early"));
        let [told] = &all_told(&parts)[..] else { panic!("once") };
        let first = parts[0].pictures[0];
        assert_eq!(told.at, if millis == 0 { first } else { shown(&film, millis) }, "{millis}");
    }
}

#[test]
fn each_segment_begins_with_its_latency_frame_which_no_text_disturbs() {
    let film = film();
    let mut all = steps(&film, 12);
    let place =
        all.iter().position(|step| matches!(step, Step::Frame(frame) if frame.dts.count() >= 360_000));
    // Right before a keyframe: the text belongs to the picture that the latency frame stands at.
    all.insert(place.expect("a long film"), Step::Text("goal".to_owned()));
    let parts = play(&film, all);
    let mut segments = BTreeMap::new();
    for part in &parts {
        let is_first = !segments.contains_key(&part.segment);
        assert_eq!(part.latency.is_some(), is_first, "the first part of {} and no other", part.segment);
        segments.entry(part.segment).or_insert_with(|| part.latency.clone());
    }
    let frames: Vec<Latency> = segments.into_values().flatten().collect();
    assert!(frames.iter().all(|frame| frame.after == 0 && frame.told.contains(r#""cmd":"ld_lat_data""#)));
    let mut ids: Vec<u32> = frames.iter().map(|frame| frame.id).collect();
    ids.extend(all_told(&parts).iter().map(|told| told.id));
    assert_eq!(ids.len(), 6 + 1);
    ids.sort_unstable();
    ids.dedup();
    assert_eq!(ids.len(), 6 + 1, "players take two of the same number for one");
    assert_eq!(all_told(&parts)[0].id, 1, "texts are counted by themselves");
}

#[test]
fn text_after_the_last_picture_goes_with_that_picture() {
    let film = film();
    for seconds in [1, 8] {
        let all = [steps(&film, seconds), vec![Step::Text("good night".to_owned())]].concat();
        let parts = play(&film, all);
        let last = parts.last().expect("something to play");
        assert_eq!(texts(&parts), ["good night"]);
        assert_eq!(Some(&last.told[0].at), last.pictures.last());
    }
}

#[test]
fn text_from_before_a_gap_goes_with_the_keyframe_after_it() {
    let film = film();
    for lost in [1_000, 5_000] {
        let at = Ticks::from_millis(lost);
        let (before, after): (Vec<_>, Vec<_>) =
            film.frames(Duration::from_secs(12)).into_iter().partition(|frame| frame.dts < at);
        let gap = [Step::Text("still here".to_owned()), Step::Lag];
        let all = before.into_iter().map(Step::Frame).chain(gap).chain(after.into_iter().map(Step::Frame));
        let parts = play(&film, all.collect());
        let [told] = &all_told(&parts)[..] else { panic!("once") };
        let part = parts.iter().find(|part| !part.told.is_empty()).expect("it was told");
        assert_eq!((told.at, told.after), (part.pictures[0], 0), "{lost}");
    }
}

#[test]
fn what_waits_for_a_picture_is_bounded_and_what_was_taken_is_told() {
    let film = film();
    let text = "x".repeat(1_000);
    for millis in [500, 6_000] {
        let mut segmenter = Segmenter::new(Duration::from_millis(200));
        segmenter.tracks(Arc::new(film.tracks()));
        let mut frames = film.frames(Duration::from_secs(10)).into_iter();
        let at = Ticks::from_millis(millis);
        for frame in frames.by_ref().take_while(|frame| frame.dts < at) {
            segmenter.frame(frame, SystemTime::UNIX_EPOCH);
        }
        let taken = (0..10_000).take_while(|_| segmenter.metadata(said(&text))).count();
        assert!((200..300).contains(&taken), "{taken}");
        assert!(!segmenter.metadata(said(&"x".repeat(1 << 20))));
        for frame in frames {
            segmenter.frame(frame, SystemTime::UNIX_EPOCH);
        }
        assert!(segmenter.metadata(said("room again")));
        segmenter.end();
        let parts: Vec<Read> =
            std::iter::from_fn(|| segmenter.next_cut()).filter_map(|cut| read(&cut)).collect();
        assert_eq!(texts(&parts).len(), taken + 1);
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(60))]

    #[test]
    fn every_text_is_told_once_with_the_picture_after_it_and_never_before_an_earlier_one(
        b_frames in 0u32..4,
        gop in 10u32..120,
        mut places in prop::collection::vec((0usize..700, "\\PC{0,20}"), 0..20),
    ) {
        let film = Film { gop, b_frames, ..Film::default() };
        let frames = film.frames(Duration::from_secs(8));
        places.sort_by_key(|(place, _)| *place);
        let mut all: Vec<Step> = frames.iter().cloned().map(Step::Frame).collect();
        for (place, text) in places.iter().rev() {
            all.insert((*place).min(frames.len()), Step::Text(text.clone()));
        }
        let first = film.pictures(Duration::from_secs(1))[0].dts;
        let is_picture = |frame: &&Frame| frame.track == TrackKind::Video;
        let last = frames.iter().rfind(is_picture);
        let mut newest = 0;
        let wanted: Vec<(String, u64)> = places
            .iter()
            .map(|(place, text)| {
                let next = frames.iter().skip(*place).find(is_picture).or(last).expect("a picture");
                newest = newest.max(u64::try_from((next.pts - first).count()).expect("after the start"));
                (text.clone(), newest)
            })
            .collect();
        let parts = play(&film, all);
        let heard: Vec<_> = all_told(&parts).into_iter().map(|told| (told.text, told.at)).collect();
        prop_assert_eq!(heard, wanted);
        let shown: BTreeSet<u64> = parts.iter().flat_map(|part| part.pictures.iter().copied()).collect();
        prop_assert!(all_told(&parts).iter().all(|told| shown.contains(&told.at)));
    }
}
