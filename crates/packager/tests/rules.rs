//! The rules that players hold a low-latency playlist to, over the whole matrix of frame rates, keyframe
//! intervals, B pictures and sample rates, and for hostile frames. Each pair of consecutive snapshots is
//! inspected.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use bytes::Bytes;
use domain::ContainerFormat;
use live::{Part, Segment, Snapshot, Terms};
use media::{Frame, Ticks, TrackKind, Tracks};
use packager::{Config, Segmenter, Window};
use proptest::prelude::*;
use testkit::Film;

const RATES: [(u32, u32); 8] =
    [(24_000, 1_001), (24, 1), (25, 1), (30_000, 1_001), (30, 1), (50, 1), (60_000, 1_001), (60, 1)];

/// What an inspector is strict about beyond what holds for any frames.
#[derive(Clone, Copy, PartialEq)]
enum Rhythm {
    /// A constant frame rate and keyframe interval.
    Steady,
    Wild,
}

/// Drives a segmenter and a window as a session does, and inspects each snapshot.
struct Inspector {
    config: Config,
    rhythm: Rhythm,
    segmenter: Segmenter,
    window: Option<Window>,
    snapshots: Vec<Arc<Snapshot>>,
    /// Largest bytes held at once.
    held: usize,
}

impl Inspector {
    fn new(rhythm: Rhythm) -> Self {
        Self::within(ContainerFormat::FragmentedMp4, rhythm)
    }

    fn within(container: ContainerFormat, rhythm: Rhythm) -> Self {
        let config = Config::default();
        let segmenter = Segmenter::within(container, config.part);
        Self { config, rhythm, segmenter, window: None, snapshots: Vec::new(), held: 0 }
    }

    fn film(film: &Film, length: Duration) -> Self {
        Self::film_within(ContainerFormat::FragmentedMp4, film, length)
    }

    fn film_within(container: ContainerFormat, film: &Film, length: Duration) -> Self {
        let mut inspector = Self::within(container, Rhythm::Steady);
        inspector.tracks(film.tracks());
        film.frames(length).into_iter().for_each(|frame| inspector.frame(frame));
        inspector
    }

    fn tracks(&mut self, tracks: Tracks) {
        self.segmenter.tracks(Arc::new(tracks));
        self.collect();
    }

    /// The clock runs with the media.
    fn frame(&mut self, frame: Frame) {
        let now = start().checked_add(frame.dts.to_duration()).unwrap_or_else(start);
        self.segmenter.frame(frame, now);
        self.collect();
    }

    fn end(&mut self) {
        self.segmenter.end();
        self.collect();
        if let Some(window) = &mut self.window {
            window.end();
            let last = window.snapshot(UNIX_EPOCH);
            last.into_iter().for_each(|last| self.inspect(last));
        }
    }

    fn collect(&mut self) {
        while let Some(cut) = self.segmenter.next_cut() {
            let terms = *self.segmenter.terms().expect("cuts come after terms");
            let window = self.window.get_or_insert_with(|| Window::new(terms, &self.config));
            window.apply(cut);
            let news = window.snapshot(UNIX_EPOCH);
            news.into_iter().for_each(|snapshot| self.inspect(snapshot));
        }
    }

    fn inspect(&mut self, now: Arc<Snapshot>) {
        inspect_one(&now, self.rhythm);
        if let Some(before) = self.snapshots.last() {
            inspect_pair(before, &now, self.rhythm);
        }
        let segments = now.listed.iter().chain(now.retired.iter());
        self.held = self
            .held
            .max(segments.flat_map(|segment| segment.parts.iter()).map(|part| part.data.len()).sum());
        // All of them would be gigabytes of lists; the newest few are enough to look at.
        if self.snapshots.len() == 64 {
            self.snapshots.remove(1);
        }
        self.snapshots.push(now);
    }

    fn latest(&self) -> &Snapshot {
        self.snapshots.last().expect("something was published")
    }

    fn terms(&self) -> Terms {
        *self.segmenter.terms().expect("enough was seen")
    }
}

fn start() -> SystemTime {
    UNIX_EPOCH + Duration::from_secs(1_790_000_000)
}

fn sum<'a>(parts: impl IntoIterator<Item = &'a Part>) -> Ticks {
    parts.into_iter().fold(Ticks::ZERO, |sum, part| sum + part.duration)
}

fn length(segments: &[Arc<Segment>]) -> Ticks {
    segments.iter().fold(Ticks::ZERO, |sum, segment| sum + segment.duration)
}

/// The very last picture's duration is the usual one; all else is exact.
fn assert_lasts(segments: &[Arc<Segment>], millis: i64) {
    let off = length(segments) - Ticks::from_millis(millis);
    assert!(off.count().abs() < 90, "{off:?} off");
}

/// Rules 2, 3, 7 and 10 of one snapshot.
fn inspect_one(now: &Snapshot, rhythm: Rhythm) {
    let terms = &now.terms;
    let least = Ticks::new(terms.target().count() * 3);
    assert!(now.ended || length(&now.listed) >= least, "fewer than three target durations");
    assert!(terms.part_hold_back.count() * 2 >= terms.part_target.count() * 7);
    assert!(terms.hold_back >= least && terms.part_target.count() > 0);
    let all: Vec<&Arc<Segment>> = now.retired.iter().chain(now.listed.iter()).collect();
    for segment in &all {
        assert_eq!(segment.duration, sum(segment.parts.iter()));
        assert!(
            segment.duration.count() * 2 < terms.target().count() * 2 + Ticks::PER_SECOND,
            "EXTINF rounds up"
        );
        let Some((last, full)) = segment.parts.split_last() else { panic!("an empty segment") };
        full.iter().chain([last]).for_each(|part| inspect_part(part, terms));
        if rhythm == Rhythm::Steady {
            assert!(full.iter().all(|part| part.duration.count() * 100 >= terms.part_target.count() * 85));
        }
    }
    for pair in all.windows(2) {
        assert_eq!(pair[1].number, pair[0].number + 1, "a hole in the numbers");
        let gap = pair[1].time.duration_since(pair[0].time).expect("time goes on");
        let declared = pair[0].duration.to_duration();
        assert!(gap + Duration::from_millis(1) >= declared, "{gap:?} for {declared:?}");
        if rhythm == Rhythm::Steady {
            assert!(gap <= declared + Duration::from_millis(1));
        }
    }
    if let Some(open) = &now.open {
        assert!(!open.parts.is_empty() && !now.ended);
        open.parts.iter().for_each(|part| inspect_part(part, terms));
        assert!(now.listed.last().is_none_or(|last| last.number + 1 == open.number));
    }
}

fn inspect_part(part: &Part, terms: &Terms) {
    assert!(part.duration > Ticks::ZERO && part.duration <= terms.part_target, "{:?}", part.duration);
    let media = match terms.container {
        ContainerFormat::FragmentedMp4 => Fragment::read(&part.data),
        ContainerFormat::Ts => packets(&part.data),
    };
    assert!(media.pictures + media.sounds > 0, "an empty part");
}

/// Rules 1, 4, 9 and 10 of two consecutive snapshots.
fn inspect_pair(before: &Snapshot, now: &Snapshot, rhythm: Rhythm) {
    assert_eq!(before.terms, now.terms);
    assert!(!before.ended);
    for segment in before.listed.iter().chain(before.retired.iter()) {
        let Some(same) = now.segment(segment.number) else { continue };
        assert!(Arc::ptr_eq(segment, same), "a segment changed");
    }
    for (part, old) in before.open.iter().flat_map(|open| open.parts.iter().enumerate()) {
        let number = before.next_number();
        let same = now.part(number, part).expect("a listed part is there");
        assert_eq!(old.data.as_ptr(), same.data.as_ptr(), "a part changed");
    }
    let parts = |snapshot: &Snapshot| -> usize {
        let newer = |segment: &&Arc<Segment>| segment.number >= before.next_number();
        let finished = snapshot.listed.iter().filter(newer).map(|segment| segment.parts.len()).sum::<usize>();
        finished + snapshot.open.iter().map(|open| open.parts.len()).sum::<usize>()
    };
    let news = parts(now) - parts(before);
    assert!(news == 1 || (news == 0 && (now.ended || rhythm == Rhythm::Wild)), "{news} parts at once");
    let gone = |segment: &&Arc<Segment>| now.listed.iter().all(|listed| listed.number != segment.number);
    let removed = before.listed.iter().filter(gone).filter(|segment| segment.discontinuity).count() as u64;
    assert_eq!(now.discontinuity_sequence, before.discontinuity_sequence + removed);
    let first = |list: &[Arc<Segment>]| list.first().map(|segment| segment.number);
    if first(&now.retired) > first(&before.retired).or(first(&before.listed)) {
        let window = Ticks::new(now.terms.target().count() * 8).max(Ticks::from_millis(12_000));
        assert!(length(&now.retired) >= window, "unreadable within a window");
    }
}

/// What a fragment's boxes say.
#[derive(Debug, Default)]
struct Fragment {
    pictures: usize,
    video: Option<(u64, u64)>,
    sounds: usize,
    audio: Option<(u64, u64)>,
}

impl Fragment {
    fn read(data: &Bytes) -> Self {
        let mut found = Self::default();
        let moof = children(data).find(|(kind, _)| kind == b"moof").expect("a moof").1;
        for (_, traf) in children(moof).filter(|(kind, _)| kind == b"traf") {
            let boxes: HashMap<[u8; 4], &[u8]> = children(traf).collect();
            let word = |bytes: &[u8], at: usize| {
                u32::from_be_bytes(bytes[at..at + 4].try_into().expect("four bytes"))
            };
            let track = word(boxes[b"tfhd"], 4);
            let time = u64::from_be_bytes(boxes[b"tfdt"][4..12].try_into().expect("eight bytes"));
            let trun = boxes[b"trun"];
            let count = word(trun, 4) as usize;
            let entry = (trun.len() - 12) / count;
            let spans = (0..count).map(|sample| u64::from(word(trun, 12 + sample * entry))).sum();
            if track == media::fmp4::VIDEO_TRACK {
                (found.pictures, found.video) = (count, Some((time, spans)));
            } else {
                (found.sounds, found.audio) = (count, Some((time, spans)));
            }
        }
        found
    }
}

/// The pictures and the packets of sound of a transport stream.
fn packets(data: &Bytes) -> Fragment {
    let begun = |pid: u8| data.chunks(188).filter(|packet| packet[..3] == [0x47, 0x41, pid]).count();
    assert_eq!(data[..3], [0x47, 0x40, 0], "tables come first");
    Fragment { pictures: begun(0), sounds: begun(1), ..Fragment::default() }
}

fn children(mut data: &[u8]) -> impl Iterator<Item = ([u8; 4], &[u8])> {
    std::iter::from_fn(move || {
        let (size, rest) = data.split_first_chunk::<4>()?;
        let (kind, _) = rest.split_first_chunk::<4>()?;
        let (this, next) = data.split_at(u32::from_be_bytes(*size) as usize);
        data = next;
        Some((*kind, &this[8..]))
    })
}

#[test]
fn every_rule_holds_over_the_whole_matrix() {
    for frame_rate in RATES {
        for gop in [1.0, 2.0, 0.5, 0.2, 3.37, 10.0] {
            let (fragments, transport) = (ContainerFormat::FragmentedMp4, ContainerFormat::Ts);
            for (container, b_frames, sample_rate) in
                [(fragments, 0, 48_000), (fragments, 2, 44_100), (transport, 2, 44_100)]
            {
                let rate = f64::from(frame_rate.0) / f64::from(frame_rate.1);
                #[expect(
                    clippy::cast_possible_truncation,
                    clippy::cast_sign_loss,
                    reason = "a small positive number"
                )]
                let gop = (gop * rate).round() as u32;
                let film = Film { frame_rate, gop, b_frames, sample_rate, ..Film::default() };
                let mut inspector = Inspector::film_within(container, &film, Duration::from_secs(70));
                assert!(
                    inspector.latest().listed.first().is_some_and(|first| first.number > 0),
                    "nothing left"
                );
                inspector.end();
                assert!(inspector.latest().ended);
            }
        }
    }
}

#[test]
fn nothing_is_lost_and_times_go_on_without_a_seam() {
    for (frame_rate, b_frames, sample_rate) in
        [((30, 1), 2, 44_100), ((30_000, 1_001), 0, 48_000), ((25, 1), 3, 22_050)]
    {
        let film = Film { frame_rate, b_frames, sample_rate, gop: 50, ..Film::default() };
        let length = Duration::from_secs(10);
        let mut inspector = Inspector::film(&film, length);
        inspector.end();
        let segments = &inspector.latest().listed;
        assert_eq!(segments.first().map(|first| first.number), Some(0));
        let (mut video, mut audio, mut pictures, mut sounds) = (0, 0, 0, 0);
        for part in segments.iter().flat_map(|segment| segment.parts.iter()) {
            let media = Fragment::read(&part.data);
            let (at, spans) = media.video.expect("pictures in each part");
            assert_eq!(at, video);
            assert_eq!(i64::try_from(spans).expect("small"), part.duration.count());
            video += spans;
            let (at, spans) = media.audio.expect("sound in each part");
            assert_eq!(at, audio);
            audio += spans;
            pictures += media.pictures;
            sounds += media.sounds;
        }
        assert_eq!(pictures, film.pictures(length).len());
        assert!(film.sounds(length).len() - sounds <= 2, "the end of the sound may pass the last picture");
    }
}

#[test]
fn segments_begin_with_keyframes_unless_the_group_is_too_long() {
    let begins = |gop: u32| -> Vec<bool> {
        let inspector = Inspector::film(&Film { gop, ..Film::default() }, Duration::from_secs(30));
        inspector.latest().listed.iter().map(|segment| segment.parts[0].independent).collect()
    };
    assert!(begins(60).into_iter().all(|independent| independent));
    assert!(begins(5).into_iter().all(|independent| independent));
    let long = begins(300);
    assert!(long.contains(&true) && long.contains(&false));
}

#[test]
fn short_groups_are_joined_to_half_a_second() {
    let inspector = Inspector::film(&Film { gop: 6, ..Film::default() }, Duration::from_secs(20));
    let half = Ticks::from_millis(500);
    assert!(inspector.latest().listed.iter().all(|segment| segment.duration >= half));
}

#[test]
fn a_part_is_out_when_the_picture_after_it_has_come() {
    let film = Film::default();
    let mut inspector = Inspector::new(Rhythm::Steady);
    inspector.tracks(film.tracks());
    let mut newest = Ticks::ZERO;
    for frame in film.frames(Duration::from_secs(20)) {
        newest = if frame.track == TrackKind::Video { frame.dts } else { newest };
        inspector.frame(frame);
        if let Some(now) = inspector.snapshots.last() {
            let out = length(&now.retired)
                + length(&now.listed)
                + sum(now.open.iter().flat_map(|open| &open.parts));
            assert!(newest - out < inspector.terms().part_target, "a full part is kept back");
        }
    }
}

#[test]
fn the_first_playlist_comes_with_the_third_target_duration() {
    for (gop, wanted) in [(30, 3_000), (60, 6_000), (15, 3_000)] {
        let film = Film { gop, sound: false, ..Film::default() };
        let mut inspector = Inspector::new(Rhythm::Steady);
        inspector.tracks(film.tracks());
        let mut pictures = film.pictures(Duration::from_secs(20)).into_iter();
        let first = pictures.find(|frame| {
            inspector.frame(frame.clone());
            !inspector.snapshots.is_empty()
        });
        assert_eq!(first.map(|frame| frame.dts), Some(Ticks::from_millis(wanted)), "{gop}");
    }
}

#[test]
fn wall_clock_times_are_those_of_the_first_picture_and_then_of_the_media() {
    let inspector = Inspector::film(&Film { gop: 60, ..Film::default() }, Duration::from_secs(9));
    for (segment, seconds) in inspector.latest().listed.iter().zip([0, 2, 4]) {
        assert_eq!(segment.time, start() + Duration::from_secs(seconds));
    }
}

fn shifted(frames: Vec<Frame>, by: Ticks) -> impl Iterator<Item = Frame> {
    frames.into_iter().map(move |frame| Frame { dts: frame.dts + by, pts: frame.pts + by, ..frame })
}

#[test]
fn a_long_pause_is_a_discontinuity_with_the_wall_clock_of_its_end() {
    let film = Film::default();
    let mut inspector = Inspector::film(&film, Duration::from_secs(6));
    inspector.rhythm = Rhythm::Wild;
    shifted(film.frames(Duration::from_secs(3)), Ticks::from_millis(10_000))
        .for_each(|frame| inspector.frame(frame));
    let listed = &inspector.latest().listed;
    let breaks: Vec<_> = listed.iter().filter(|segment| segment.discontinuity).collect();
    assert_eq!(breaks.len(), 1);
    assert_eq!(breaks[0].time, start() + Duration::from_secs(10));
    assert!(Arc::ptr_eq(&breaks[0].init, &listed[0].init), "the same media need no other init");
}

#[test]
fn a_short_pause_is_filled_with_the_sound_of_its_time() {
    let film = Film::default();
    let mut inspector = Inspector::film(&film, Duration::from_secs(6));
    inspector.rhythm = Rhythm::Wild;
    let pause = Ticks::from_millis(6_100)..Ticks::from_millis(7_000);
    let rest = film
        .frames(Duration::from_secs(12))
        .into_iter()
        .filter(|frame| frame.dts >= Ticks::from_millis(6_000));
    rest.filter(|frame| frame.track == TrackKind::Audio || !pause.contains(&frame.dts))
        .for_each(|frame| inspector.frame(frame));
    inspector.end();
    let listed = &inspector.latest().listed;
    assert!(listed.iter().all(|segment| !segment.discontinuity));
    assert_lasts(listed, 12_000);
    let parts = listed.iter().flat_map(|segment| segment.parts.iter());
    let mute = parts.map(|part| Fragment::read(&part.data)).filter(|media| media.pictures == 0);
    assert!(mute.count() >= 3);
}

#[test]
fn other_tracks_are_a_discontinuity_with_another_init_and_equal_ones_are_nothing() {
    let film = Film::default();
    let mut inspector = Inspector::film(&film, Duration::from_secs(6));
    inspector.rhythm = Rhythm::Wild;
    inspector.tracks(film.tracks());
    let larger = Film { width: 1_280, height: 720, ..film };
    inspector.tracks(larger.tracks());
    shifted(larger.frames(Duration::from_secs(3)), Ticks::from_millis(6_000))
        .for_each(|frame| inspector.frame(frame));
    let listed = &inspector.latest().listed;
    let breaks: Vec<_> = listed.iter().filter(|segment| segment.discontinuity).collect();
    assert_eq!(breaks.len(), 1);
    assert_eq!((listed[0].init.number, breaks[0].init.number), (0, 1));
    assert_eq!(*breaks[0].init.tracks, larger.tracks());
}

/// Six seconds, then three of the same picture under other parameters.
fn renewed(container: ContainerFormat) -> Inspector {
    let film = Film { sample_rate: 44_100, ..Film::default() };
    // Only the rate that the parameter set tells differs, and that there is no SBR is told.
    let mut other = Film { frame_rate: (60, 1), ..film.clone() }.tracks();
    let told = Bytes::from_static(&[0x12, 0x10, 0x56, 0xe5, 0x00]);
    other.audio = Some(media::aac::parse_config(&told).expect("a configuration"));
    let mut inspector = Inspector::film_within(container, &film, Duration::from_secs(6));
    inspector.rhythm = Rhythm::Wild;
    let same = film.tracks();
    assert!(other.video != same.video && other.audio != same.audio);
    inspector.tracks(other);
    film.frames(Duration::from_secs(9))
        .into_iter()
        .filter(|frame| frame.dts >= Ticks::from_millis(6_000))
        .for_each(|frame| inspector.frame(frame));
    inspector.end();
    inspector
}

#[test]
fn other_parameters_of_the_same_picture_go_on_without_a_break() {
    for container in [ContainerFormat::FragmentedMp4, ContainerFormat::Ts] {
        let inspector = renewed(container);
        let listed = &inspector.latest().listed;
        assert!(listed.iter().all(|segment| !segment.discontinuity), "{container:?}");
        assert_lasts(listed, 9_000);
        let inits: Vec<u32> = listed.iter().map(|segment| segment.init.number).collect();
        assert_eq!(inits, [0, 0, 0, 0, 0, 0, 1, 1, 1]);
        assert!(listed.iter().all(|segment| segment.parts[0].independent));
        let (old, new) = (&listed[5].init, &listed[6].init);
        assert_eq!(
            old.data == new.data,
            container == ContainerFormat::Ts,
            "the sets are in the init section"
        );
    }
    let inspector = renewed(ContainerFormat::FragmentedMp4);
    let parts = inspector.latest().listed.iter().flat_map(|segment| segment.parts.iter());
    let (mut video, mut audio) = (0, 0);
    for media in parts.map(|part| Fragment::read(&part.data)) {
        let (at, spans) = media.video.expect("pictures in each part");
        assert_eq!(at, video);
        video += spans;
        let (at, spans) = media.audio.expect("sound in each part");
        assert_eq!(at, audio);
        audio += spans;
    }
}

#[test]
fn an_encoder_that_renews_its_parameters_all_the_time_is_shown_as_soon_as_any_other() {
    let film = Film::default();
    let others = [film.tracks(), Film { frame_rate: (60, 1), ..film.clone() }.tracks()];
    for container in [ContainerFormat::FragmentedMp4, ContainerFormat::Ts] {
        let mut inspector = Inspector::within(container, Rhythm::Steady);
        let mut turns = others.iter().cycle();
        for frame in film.frames(Duration::from_secs(9)) {
            if frame.track == TrackKind::Video && frame.keyframe {
                inspector.tracks(turns.next().expect("an endless one").clone());
            }
            inspector.frame(frame);
        }
        inspector.end();
        let now = inspector.latest();
        assert_lasts(&now.listed, 9_000);
        assert!(now.listed.iter().all(|segment| !segment.discontinuity));
        let coded = now.listed.iter().map(|segment| &*segment.init.tracks);
        assert!(coded.eq(others.iter().cycle().take(9)), "each segment with its own");
    }
}

#[test]
fn other_parameters_in_the_middle_of_a_group_are_a_discontinuity_at_the_next_keyframe() {
    let film = Film { gop: 60, ..Film::default() };
    let mut inspector = Inspector::film(&film, Duration::from_secs(9));
    inspector.rhythm = Rhythm::Wild;
    inspector.tracks(Film { frame_rate: (60, 1), ..film.clone() }.tracks());
    film.frames(Duration::from_secs(16))
        .into_iter()
        .filter(|frame| frame.dts >= Ticks::from_millis(9_000))
        .for_each(|frame| inspector.frame(frame));
    inspector.end();
    let listed = &inspector.latest().listed;
    let breaks: Vec<_> = listed.iter().filter(|segment| segment.discontinuity).collect();
    assert_eq!(breaks.len(), 1);
    assert_eq!(breaks[0].time, start() + Duration::from_secs(10));
    assert_eq!(breaks[0].init.number, 1);
}

#[test]
fn sound_that_a_container_has_no_form_for_is_not_in_its_tracks() {
    let film = Film::default();
    let Tracks { video, audio } = film.tracks();
    // An explicit sample rate, which ADTS has no bits for.
    let audio = audio.map(|audio| media::AacParams {
        config: Bytes::from_static(&[0x17, 0x80, 0x5d, 0xc0, 0x10]),
        ..audio
    });
    for container in [ContainerFormat::FragmentedMp4, ContainerFormat::Ts] {
        let mut inspector = Inspector::within(container, Rhythm::Steady);
        inspector.tracks(Tracks { video: video.clone(), audio: audio.clone() });
        film.frames(Duration::from_secs(6)).into_iter().for_each(|frame| inspector.frame(frame));
        let told = &inspector.latest().listed[0].init.tracks;
        assert_eq!(told.audio.is_some(), container == ContainerFormat::FragmentedMp4);
    }
}

#[test]
fn sound_that_comes_late_joins_at_the_next_keyframe() {
    let mute = Film { sound: false, gop: 60, ..Film::default() };
    let film = Film { sound: true, ..mute.clone() };
    let mut inspector = Inspector::film(&mute, Duration::from_secs(9));
    inspector.rhythm = Rhythm::Wild;
    inspector.tracks(film.tracks());
    let late = film
        .frames(Duration::from_secs(16))
        .into_iter()
        .filter(|frame| frame.dts >= Ticks::from_millis(9_000));
    late.for_each(|frame| inspector.frame(frame));
    inspector.end();
    let listed = &inspector.latest().listed;
    assert_lasts(listed, 16_000);
    let joined = listed.iter().find(|segment| segment.discontinuity).expect("sound came");
    assert_eq!(joined.time, start() + Duration::from_secs(10));
    let part = Fragment::read(&joined.parts[0].data);
    assert!(part.sounds > 0 && joined.parts[0].independent);
}

#[test]
fn sound_that_comes_while_the_rhythm_is_measured_is_there_from_the_first_init() {
    let mute = Film { sound: false, ..Film::default() };
    let film = Film::default();
    let mut inspector = Inspector::new(Rhythm::Wild);
    inspector.tracks(mute.tracks());
    let (early, late): (Vec<_>, Vec<_>) = film
        .frames(Duration::from_secs(6))
        .into_iter()
        .partition(|frame| frame.dts < Ticks::from_millis(500));
    early
        .into_iter()
        .filter(|frame| frame.track == TrackKind::Video)
        .for_each(|frame| inspector.frame(frame));
    inspector.tracks(film.tracks());
    late.into_iter().for_each(|frame| inspector.frame(frame));
    let listed = &inspector.latest().listed;
    assert!(listed.iter().all(|segment| segment.init.tracks.audio.is_some() && !segment.discontinuity));
}

#[test]
fn lost_frames_are_a_discontinuity_at_the_next_keyframe() {
    let film = Film::default();
    let mut inspector = Inspector::film(&film, Duration::from_secs(6));
    inspector.rhythm = Rhythm::Wild;
    inspector.segmenter.lagged();
    inspector.collect();
    shifted(film.frames(Duration::from_secs(3)), Ticks::from_millis(6_900))
        .skip(20)
        .for_each(|frame| inspector.frame(frame));
    let joined =
        inspector.latest().listed.iter().find(|segment| segment.discontinuity).expect("frames were lost");
    assert!(joined.parts[0].independent);
}

#[test]
fn an_early_end_publishes_what_there_is() {
    let mut inspector = Inspector::film(&Film::default(), Duration::from_millis(700));
    assert!(inspector.snapshots.is_empty());
    inspector.end();
    let last = inspector.latest();
    assert!(last.ended);
    assert_lasts(&last.listed, 700);
    let mut silent = Inspector::new(Rhythm::Wild);
    silent.end();
    assert!(silent.snapshots.is_empty());
}

#[test]
fn the_byte_limit_shrinks_the_window_to_three_target_durations_at_least() {
    let film = Film::default();
    let mut inspector = Inspector::new(Rhythm::Wild);
    inspector.config.bytes = 1;
    inspector.tracks(film.tracks());
    film.frames(Duration::from_secs(20))
        .into_iter()
        .for_each(|frame| inspector.segmenter.frame(frame, start()));
    let terms = inspector.terms();
    let mut window = Window::new(terms, &inspector.config);
    while let Some(cut) = inspector.segmenter.next_cut() {
        window.apply(cut);
        if let Some(now) = window.snapshot(UNIX_EPOCH) {
            assert_eq!(length(&now.listed), Ticks::from_millis(3_000));
            assert!(now.retired.is_empty());
        }
    }
}

/// One thing that a strange encoder does.
#[derive(Clone, Debug)]
enum Act {
    Video { after: i64, keyframe: bool, size: usize, composition: i64 },
    Audio { after: i64, size: usize },
    Tracks { video: Option<u32>, audio: Option<u32> },
    Lag,
}

fn gap() -> impl Strategy<Value = i64> {
    prop_oneof![
        20 => 30i64..36,
        5 => 0i64..2_000,
        1 => -5_000i64..100_000,
        1 => any::<i32>().prop_map(i64::from),
    ]
}

fn act() -> impl Strategy<Value = Act> {
    let video = (gap(), prop::bool::weighted(0.1), 0usize..3_000, -500i64..500);
    let tracks = (prop::option::of(1u32..5), prop::option::of(0u32..3));
    prop_oneof![
        60 => video.prop_map(|(after, keyframe, size, composition)| Act::Video { after, keyframe, size, composition }),
        60 => (gap(), 0usize..500).prop_map(|(after, size)| Act::Audio { after, size }),
        1 => tracks.prop_map(|(video, audio)| Act::Tracks { video, audio }),
        1 => Just(Act::Lag),
    ]
}

/// The fourth picture is the third under other parameters.
fn tracks(video: Option<u32>, audio: Option<u32>) -> Tracks {
    let rates = [48_000, 44_100, 8_000];
    let sample_rate = audio.map_or(48_000, |rate| rates[rate as usize]);
    let (width, picture) = (video.unwrap_or(1).min(3) * 320, video.is_some());
    let frame_rate = if video == Some(4) { (60, 1) } else { (30, 1) };
    Film { width, frame_rate, picture, sound: audio.is_some(), sample_rate, ..Film::default() }.tracks()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn hostile_frames_break_no_rule(
        acts in prop::collection::vec(act(), 0..900),
        first in any::<i32>(),
        transport in any::<bool>(),
    ) {
        let container = if transport { ContainerFormat::Ts } else { ContainerFormat::FragmentedMp4 };
        let mut inspector = Inspector::within(container, Rhythm::Wild);
        inspector.tracks(tracks(Some(1), Some(0)));
        let mut clock = [Ticks::from_millis(first.into()); 2];
        let mut pushed = 0;
        for act in acts {
            match act {
                Act::Video { after, keyframe, size, composition } => {
                    clock[0] += Ticks::from_millis(after);
                    pushed += size;
                    let (dts, pts) = (clock[0], clock[0] + Ticks::from_millis(composition));
                    let data = Bytes::from(vec![0; size]);
                    inspector.frame(Frame { track: TrackKind::Video, dts, pts, keyframe, data });
                }
                Act::Audio { after, size } => {
                    clock[1] += Ticks::from_millis(after);
                    pushed += size;
                    let dts = clock[1];
                    let data = Bytes::from(vec![0; size]);
                    inspector.frame(Frame { track: TrackKind::Audio, dts, pts: dts, keyframe: true, data });
                }
                Act::Tracks { video, audio } => inspector.tracks(tracks(video, audio)),
                Act::Lag => {
                    inspector.segmenter.lagged();
                    inspector.collect();
                }
            }
        }
        inspector.end();
        // Transport packets cost up to three of them a frame, and two tables a part.
        let overhead = if transport { pushed / 40 + 900 * 900 } else { 900 * 200 };
        prop_assert!(inspector.held <= pushed + overhead);
    }

    #[test]
    fn unsteady_stamps_keep_the_part_target(jitter in prop::collection::vec(-8i64..=8, 600), gop in 1u32..200) {
        let film = Film { gop, ..Film::default() };
        let mut inspector = Inspector::new(Rhythm::Wild);
        inspector.tracks(film.tracks());
        for (frame, jitter) in film.pictures(Duration::from_secs(20)).into_iter().zip(jitter) {
            let by = Ticks::from_millis(jitter);
            inspector.frame(Frame { dts: frame.dts + by, pts: frame.pts + by, ..frame });
        }
        inspector.end();
        prop_assert!(inspector.latest().ended);
    }
}

#[test]
fn a_ten_minute_group_is_cut_all_the_same_and_held_within_the_window() {
    let film = Film { gop: 18_000, frame_rate: (30, 1), ..Film::default() };
    let inspector = Inspector::film(&film, Duration::from_secs(600));
    let now = inspector.latest();
    assert_eq!(now.terms.target_duration, 6);
    assert!(length(&now.listed) + length(&now.retired) < Ticks::from_millis(2 * 48_000 + 2 * 7_000));
}

#[test]
fn a_storm_of_keyframes_makes_ordinary_segments() {
    let inspector = Inspector::film(&Film { gop: 1, ..Film::default() }, Duration::from_secs(40));
    let now = inspector.latest();
    assert_eq!(now.terms.target_duration, 1);
    assert!(now.listed.iter().all(|segment| segment.duration >= Ticks::from_millis(500)));
}
