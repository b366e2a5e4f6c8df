//! What each segment says of its own way through the server, in both containers.
//!
//! Promise: what is told is compared with the moments at which the test itself gave the frames.

use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use domain::ContainerFormat;
use media::{Frame, Ticks, TrackKind};
use packager::{Cut, Segmenter};
use serde_json::Value;
use testkit::Film;

const CONTAINERS: [ContainerFormat; 2] = [ContainerFormat::FragmentedMp4, ContainerFormat::Ts];
const NAME: &[u8] = b"\x03segmentmetadata\0";

/// What one part tells, and the segment it is of.
#[derive(Clone, Debug)]
struct Told {
    segment: u64,
    value: Value,
}

impl Told {
    fn moment(&self, key: &str) -> SystemTime {
        let millis = self.value[key].as_u64().unwrap_or_else(|| panic!("{key} in {}", self.value));
        UNIX_EPOCH + Duration::from_millis(millis)
    }
}

/// A machine whose clock does not run with the media: frames come in bursts of half a second.
struct Machine {
    segmenter: Segmenter,
    /// When each picture came: its decoding time, and the moment.
    came: Vec<(Ticks, SystemTime)>,
    cuts: Vec<Cut>,
}

impl Machine {
    fn new(container: ContainerFormat, film: &Film) -> Self {
        let mut segmenter = Segmenter::within(container, Duration::from_millis(200));
        segmenter.tracks(Arc::new(film.tracks()));
        Self { segmenter, came: Vec::new(), cuts: Vec::new() }
    }

    fn frame(&mut self, frame: Frame) {
        let burst = Ticks::from_millis(500).count();
        let millis = u64::try_from(frame.dts.count() / burst * 500 + 500).expect("after the start");
        let now = UNIX_EPOCH + Duration::from_millis(1_790_000_000_007 + millis);
        if frame.track == TrackKind::Video {
            self.came.push((frame.dts, now));
        }
        self.segmenter.frame(frame, now);
        self.cuts.extend(std::iter::from_fn(|| self.segmenter.next_cut()));
    }

    fn end(&mut self) -> Vec<Told> {
        self.segmenter.end();
        self.cuts.extend(std::iter::from_fn(|| self.segmenter.next_cut()));
        self.cuts.iter().flat_map(told).collect()
    }

    /// When the picture came that is decoded so long after the first one.
    fn arrival(&self, span: Ticks) -> SystemTime {
        let first = self.came[0].0;
        self.came.iter().find(|(dts, _)| *dts - first == span).expect("a picture then").1
    }
}

fn told(cut: &Cut) -> Vec<Told> {
    let data = cut.part.as_ref().map(|part| tags(&part.data)).unwrap_or_default();
    let places = data.windows(NAME.len()).enumerate().filter(|(_, bytes)| *bytes == NAME);
    let one = |(at, _): (usize, &[u8])| {
        let text = &data[at + NAME.len()..];
        let end = text.iter().position(|byte| *byte == b'}').expect("an end") + 1;
        Told { segment: cut.heading.number, value: serde_json::from_slice(&text[..end]).expect("JSON") }
    };
    places.map(one).collect()
}

/// The bytes that tags are in: events as they are, and what transport packets of theirs carry.
fn tags(part: &[u8]) -> Vec<u8> {
    const SYNC: u8 = 0x47;
    let payload = |packet: &[u8]| {
        let field = if packet[3] & 0x20 == 0 { 0 } else { 1 + usize::from(packet[4]) };
        packet[4 + field..].to_vec()
    };
    if part[0] == SYNC {
        let packets = part.chunks(188).filter(|packet| packet[1] & 0x1f == 1 && packet[2] == 2);
        packets.flat_map(payload).collect()
    } else {
        part.to_vec()
    }
}

fn shifted(frames: Vec<Frame>, by: Ticks) -> impl Iterator<Item = Frame> {
    frames.into_iter().map(move |frame| Frame { dts: frame.dts + by, pts: frame.pts + by, ..frame })
}

fn films() -> [Film; 2] {
    [(0, (30_000, 1_001)), (2, (25, 1))].map(|(b_frames, frame_rate)| Film {
        gop: 50,
        b_frames,
        frame_rate,
        ..Film::default()
    })
}

#[test]
fn each_segment_tells_when_its_first_picture_came() {
    for film in films() {
        for container in CONTAINERS {
            let mut machine = Machine::new(container, &film);
            film.frames(Duration::from_secs(12)).into_iter().for_each(|frame| machine.frame(frame));
            let told = machine.end();
            let keys: Vec<Ticks> = film
                .pictures(Duration::from_secs(12))
                .iter()
                .filter(|frame| frame.keyframe)
                .map(|frame| frame.dts)
                .collect();
            assert_eq!(
                told.iter().map(|told| told.segment).collect::<Vec<_>>(),
                (0..keys.len() as u64).collect::<Vec<_>>()
            );
            for (told, key) in told.iter().zip(&keys) {
                let arrived = machine.arrival(*key);
                assert_eq!(told.value["cmd"], "ld_lat_data");
                assert_eq!([told.moment("transc_r"), told.moment("ingest_r")], [arrived; 2], "{container:?}");
                assert!(told.moment("transc_s") >= arrived && told.value.get("broadc_s").is_none());
                let offset = told.value["stream_offset"].as_f64().expect("seconds");
                let shown = key.to_duration().as_secs_f64();
                assert!(
                    (offset - shown).abs() < 0.1,
                    "{offset} {shown}: B pictures are shown a picture later"
                );
            }
        }
    }
}

#[test]
fn what_was_collected_leaves_when_the_rhythm_is_known() {
    let film = &films()[0];
    let mut machine = Machine::new(ContainerFormat::Ts, film);
    film.frames(Duration::from_secs(12)).into_iter().for_each(|frame| machine.frame(frame));
    let told = machine.end();
    let known = told[0].moment("transc_s");
    assert!(known > told[0].moment("transc_r") + Duration::from_secs(1));
    assert!(told.windows(2).all(|pair| pair[0].moment("transc_s") <= pair[1].moment("transc_s")));
    let live = &told[5];
    assert!(
        live.moment("transc_s") < live.moment("transc_r") + Duration::from_secs(1),
        "later ones leave at once"
    );
}

#[test]
fn after_a_gap_or_another_encoder_the_times_are_those_of_the_new_pictures() {
    for container in CONTAINERS {
        let film = Film { gop: 60, b_frames: 2, ..Film::default() };
        let larger = Film { width: 1_280, height: 720, ..film.clone() };
        let renewed = Film { frame_rate: (60, 1), ..film.clone() };
        let mut machine = Machine::new(container, &film);
        film.frames(Duration::from_secs(8)).into_iter().for_each(|frame| machine.frame(frame));
        // A gap; then the same picture under other parameters; then another picture.
        for (tracks, from) in [(film.tracks(), 20_000), (renewed.tracks(), 24_000), (larger.tracks(), 28_000)]
        {
            machine.segmenter.tracks(Arc::new(tracks));
            shifted(film.frames(Duration::from_secs(4)), Ticks::from_millis(from))
                .for_each(|frame| machine.frame(frame));
        }
        let told = machine.end();
        let starts = [0, 2, 4, 6, 20, 22, 24, 26, 28, 30];
        let wanted: Vec<SystemTime> =
            starts.iter().map(|at| machine.arrival(Ticks::from_millis(at * 1_000))).collect();
        let found: Vec<SystemTime> = told.iter().map(|told| told.moment("transc_r")).collect();
        assert_eq!(found, wanted, "{container:?}");
    }
}

#[test]
fn a_segment_that_begins_between_keyframes_or_without_a_picture_tells_its_own_moment() {
    let film = Film { gop: 3_000, ..Film::default() };
    let mut machine = Machine::new(ContainerFormat::FragmentedMp4, &film);
    // A second without pictures lies where the third segment begins.
    let pause = Ticks::from_millis(11_900)..Ticks::from_millis(13_300);
    let frames = film.frames(Duration::from_secs(30)).into_iter();
    frames
        .filter(|frame| frame.track == TrackKind::Audio || !pause.contains(&frame.dts))
        .for_each(|frame| machine.frame(frame));
    let told = machine.end();
    // The head of a picture track's fragment: no flags but that offsets count from the `moof`, track 1.
    let pictures = b"tfhd\0\x02\0\0\0\0\0\x01";
    let first_parts = machine.cuts.chunk_by(|one, other| one.heading.number == other.heading.number);
    let mut first_parts = first_parts.filter_map(|cuts| cuts[0].part.as_ref());
    let shows_nothing = |data: &[u8]| !data.windows(pictures.len()).any(|bytes| bytes == pictures);
    assert!(first_parts.any(|part| shows_nothing(&part.data)), "a segment begins with sound alone");
    assert!(told.len() >= 4);
    assert!(told.windows(2).all(|pair| pair[0].segment + 1 == pair[1].segment));
    for pair in told.windows(2) {
        let spans = [pair[0].clone(), pair[1].clone()].map(|told| told.value["stream_offset"].as_f64());
        let media = spans[1].expect("seconds") - spans[0].expect("seconds");
        let clock =
            pair[1].moment("transc_r").duration_since(pair[0].moment("transc_r")).expect("it goes on");
        // Pictures come in bursts of half a second, and one that lasts 1.4 s came at its begin.
        assert!((clock.as_secs_f64() - media).abs() <= 0.6, "{clock:?} for {media}");
    }
}
