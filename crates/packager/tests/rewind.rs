//! Streams that can be rewound: what is listed, what is on disk, and what a bad disk costs.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;
use std::time::{Duration, UNIX_EPOCH};

use blob::Spool;
use bytes::Bytes;
use domain::{Arn, ChannelType, ContainerFormat, StreamId};
use live::{
    Airing, Audience, Broadcast, Hub, Init, Part, Publisher, RenditionPublisher, RenditionSound,
    RenditionTerms, RingLimits, Snapshot, Terms,
};
use media::{Ticks, TrackKind, Tracks};
use packager::{Config, Cut, Deps, Heading, Packager, Window};
use proptest::prelude::*;
use testkit::Film;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

/// Listed in all, in these tests.
const LENGTH: Duration = Duration::from_secs(60);

fn terms() -> Terms {
    Terms {
        part_target: Ticks::from_millis(200),
        target_duration: 2,
        part_hold_back: Ticks::from_millis(700),
        hold_back: Ticks::from_millis(6_000),
        can_skip_until: Ticks::from_millis(12_000),
        frame_rate: Some(30.0),
        container: ContainerFormat::FragmentedMp4,
    }
}

/// A segment of one part, whose bytes are its number.
fn cut(number: u64, millis: i64, discontinuity: bool) -> Cut {
    let init = Init { number: 0, data: Bytes::from_static(b"init"), tracks: Arc::new(Tracks::default()) };
    let heading = Heading { number, init: Arc::new(init), discontinuity, time: UNIX_EPOCH };
    let data = Bytes::from(number.to_be_bytes().to_vec());
    let part = Part { data, duration: Ticks::from_millis(millis), independent: true };
    Cut { heading, part: Some(part), last: true, measure: None }
}

/// What happens to a window.
#[derive(Clone, Debug)]
enum Step {
    Segment {
        millis: i64,
        discontinuity: bool,
    },
    /// So many of those that wait are on disk now.
    Written(usize),
    /// So many of the oldest on disk are given up.
    Shed(u64),
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let segment = (200_i64..2_400, prop::bool::weighted(0.1));
    let segment = segment.prop_map(|(millis, discontinuity)| Step::Segment { millis, discontinuity });
    let step = prop_oneof![
        10 => segment,
        8 => (0_usize..4).prop_map(Step::Written),
        1 => (1_u64..25).prop_map(Step::Shed),
    ];
    prop::collection::vec(step, 0..400)
}

/// The numbers of all that is listed, and how much that is.
fn listed(now: &Snapshot) -> (Vec<u64>, Ticks) {
    let past = now.history.listed().map(|past| (past.number, past.duration));
    let recent = now.listed.iter().map(|segment| (segment.number, segment.duration));
    let all: Vec<_> = past.chain(recent).collect();
    let length = all.iter().fold(Ticks::ZERO, |sum, (_, duration)| sum + *duration);
    (all.into_iter().map(|(number, _)| number).collect(), length)
}

/// Drives a window as a session with a disk does.
struct Desk {
    window: Window,
    next: u64,
    /// Of each segment that was made.
    discontinuities: Vec<bool>,
    on_disk: BTreeSet<u64>,
    first: u64,
}

impl Desk {
    fn new() -> Self {
        let window = Window::new(terms(), &Config::default()).rewindable(Some(LENGTH));
        let (discontinuities, on_disk) = (Vec::new(), BTreeSet::new());
        Self { window, next: 0, discontinuities, on_disk, first: 0 }
    }

    fn step(&mut self, step: &Step) {
        match step {
            Step::Segment { millis, discontinuity } => {
                self.window.apply(cut(self.next, *millis, *discontinuity));
                self.discontinuities.push(*discontinuity);
                self.next += 1;
            }
            Step::Written(count) => {
                for _ in 0..*count {
                    let Some(number) = self.window.unwritten().map(|segment| segment.number) else { break };
                    self.on_disk.insert(number);
                    self.window.written(number);
                }
            }
            Step::Shed(count) => {
                self.window.shed_before(self.first + count);
            }
        }
        if let Some(now) = self.window.snapshot(UNIX_EPOCH) {
            self.inspect(&now);
        }
        if let Some(due) = self.window.due() {
            self.on_disk.retain(|number| !due.contains(number));
            let now = self.window.snapshot(UNIX_EPOCH);
            now.iter().for_each(|now| self.inspect(now));
        }
    }

    fn inspect(&mut self, now: &Snapshot) {
        let (numbers, length) = listed(now);
        let whole: Vec<u64> = (numbers[0]..self.next).collect();
        assert_eq!(numbers, whole, "numbers without a hole, up to the newest");
        assert_eq!(now.first_number(), numbers[0]);
        assert!(numbers[0] >= self.first, "the first number went back");
        self.first = numbers[0];
        let gone = self.discontinuities.iter().take(usize::try_from(numbers[0]).unwrap_or(usize::MAX));
        assert_eq!(now.discontinuity_sequence, gone.filter(|is_one| **is_one).count() as u64);
        assert_eq!(now.history.len(), now.history.listed().count());
        let sum = now.history.listed().fold(Ticks::ZERO, |sum, past| sum + past.duration);
        assert_eq!(now.history.length(), sum);
        let readable = now.history.unlisted().chain(now.history.listed());
        for past in readable {
            assert!(self.on_disk.contains(&past.number), "{} is not on disk", past.number);
            assert_eq!(now.history.get(past.number).map(|found| found.number), Some(past.number));
        }
        assert!(length < Ticks::from_millis(60_000 + 2_400), "{length:?} are listed");
        let memory = now.listed.iter().chain(now.retired.iter());
        let memory = memory.fold(Ticks::ZERO, |sum, segment| sum + segment.duration);
        assert!(memory < Ticks::from_millis(2 * 16_000 + 3 * 2_400), "{memory:?} are in memory");
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn whatever_the_disk_does_numbers_have_no_hole_and_never_go_back(steps in steps()) {
        let mut desk = Desk::new();
        steps.iter().for_each(|step| desk.step(step));
    }

    #[test]
    fn with_a_good_disk_all_is_listed_that_was_asked_for(lengths in prop::collection::vec(500_i64..2_400, 100..200)) {
        let mut desk = Desk::new();
        for millis in lengths {
            desk.step(&Step::Segment { millis, discontinuity: false });
            desk.step(&Step::Written(1));
        }
        let now = desk.window.snapshot(UNIX_EPOCH).expect("enough was made");
        let (numbers, length) = listed(&now);
        prop_assert!(length >= Ticks::from_millis(60_000) || numbers[0] == 0, "{length:?}");
        prop_assert_eq!(desk.window.lost(), 0);
        prop_assert!(desk.on_disk.len() < 320, "old files go: {}", desk.on_disk.len());
    }
}

/// Hub and packager, with a spool in a folder of their own.
struct House {
    hub: Hub,
    folder: tempfile::TempDir,
    shutdown: CancellationToken,
    running: JoinSet<()>,
}

impl House {
    fn open(config: Config) -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder");
        Self::open_in(folder, config)
    }

    fn open_in(folder: tempfile::TempDir, config: Config) -> Self {
        let (hub, shutdown) = (Hub::new(RingLimits::default()), CancellationToken::new());
        let spool = Some(Spool::new(folder.path().join("dvr")));
        let mut running = JoinSet::new();
        running.spawn(Packager::bind(config, Deps { hub: hub.clone(), spool }).run(shutdown.clone()));
        Self { hub, folder, shutdown, running }
    }

    fn publish(&self, number: u8) -> Publisher {
        self.publish_as(number, ChannelType::Basic)
    }

    fn publish_as(&self, number: u8, channel_type: ChannelType) -> Publisher {
        let channel = Arn::parse(&format!("arn:aws:ivs:us-east-1:123456789012:channel/channel{number}"));
        let stream = StreamId::mint(&mut |bytes| bytes.fill(number));
        let airing = Airing { rewind: Some(LENGTH), channel_type, ..Audience::Everyone.into() };
        self.hub.publish(&channel.expect("an ARN"), stream, airing, UNIX_EPOCH).expect("a free channel")
    }

    fn reel(&self, broadcast: &Broadcast) -> PathBuf {
        self.folder.path().join(format!("dvr/{}.reel", broadcast.stream()))
    }

    async fn close(mut self) {
        self.shutdown.cancel();
        while let Some(done) = self.running.join_next().await {
            done.expect("the service ends without a panic");
        }
    }
}

/// A film that is pushed on, some seconds at a time.
struct Reel {
    publisher: Publisher,
    frames: std::vec::IntoIter<media::Frame>,
    /// How long a second of it takes.
    pace: Duration,
    /// Bytes of each segment as memory had them.
    seen: BTreeMap<u64, Vec<u8>>,
}

impl Reel {
    fn new(mut publisher: Publisher, seconds: u64) -> Self {
        // Small, for minutes of it are made.
        let film = Film { width: 64, height: 36, gop: 30, ..Film::default() };
        publisher.set_tracks(film.tracks());
        let frames = film.frames(Duration::from_secs(seconds)).into_iter();
        Self { publisher, frames, pace: Duration::from_millis(20), seen: BTreeMap::new() }
    }

    fn broadcast(&self) -> Arc<Broadcast> {
        Arc::clone(self.publisher.broadcast())
    }

    /// Pushes until `is_there`, a segment's worth of frames at a time, and gives the disk its turn.
    async fn play_until(&mut self, is_there: impl Fn(&Snapshot) -> bool) -> Arc<Snapshot> {
        self.play_beside_until(None, is_there).await
    }

    /// The same, with the pictures as those of a rendition, too.
    async fn play_beside_until(
        &mut self,
        mut beside: Option<&mut RenditionPublisher>,
        is_there: impl Fn(&Snapshot) -> bool,
    ) -> Arc<Snapshot> {
        let broadcast = self.broadcast();
        loop {
            if let Some(now) = broadcast.shelf().latest() {
                self.look(&now);
                if is_there(&now) {
                    return now;
                }
            }
            let frame = self.frames.next().expect("it comes before the film ends");
            let is_key = frame.track == TrackKind::Video && frame.keyframe;
            self.publisher.push(frame.clone());
            if let Some(beside) = beside.as_mut().filter(|_| frame.track == TrackKind::Video) {
                beside.push(frame);
            }
            tokio::task::yield_now().await;
            if is_key {
                // Not for luck: real disks are faster than real films.
                tokio::time::sleep(self.pace).await;
            }
        }
    }

    fn look(&mut self, now: &Snapshot) {
        for segment in now.listed.iter() {
            let bytes = || segment.parts.iter().flat_map(|part| part.data.to_vec()).collect();
            self.seen.entry(segment.number).or_insert_with(bytes);
        }
    }
}

async fn gone(path: &Path) {
    while path.exists() {
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}

#[tokio::test]
async fn segments_on_disk_are_the_bytes_that_memory_had() {
    let house = House::open(Config::default());
    let mut film = Reel::new(house.publish(1), 300);
    let now = film.play_until(|now| now.history.len() > 30).await;
    let broadcast = film.broadcast();
    let spool = Spool::new(house.folder.path().join("dvr"));
    for past in now.history.listed() {
        let found = spool.read(broadcast.stream().as_str(), past.number, past.bytes).await.expect("a disk");
        assert_eq!(found.as_ref(), film.seen.get(&past.number), "{}", past.number);
    }
    house.close().await;
}

#[tokio::test]
async fn files_go_when_an_ended_stream_is_forgotten() {
    let house = House::open(Config { linger: Duration::from_millis(300), ..Config::default() });
    let mut film = Reel::new(house.publish(1), 300);
    film.play_until(|now| now.history.len() > 3).await;
    let broadcast = film.broadcast();
    let reel = house.reel(&broadcast);
    assert!(reel.join("0").exists());
    drop(film);
    let last = broadcast.shelf().reader().wait(|_| false).await.expect("the end");
    assert_eq!(last.first_number(), 0, "all of it is listed to the end");
    gone(&reel).await;
    house.close().await;
}

#[tokio::test]
async fn what_an_earlier_run_left_goes_and_what_runs_stays() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let left = folder.path().join("dvr/st-leftleftleftleftleftleft.reel");
    fs::create_dir_all(&left).expect("room");
    fs::write(left.join("17"), "old").expect("room");
    let house = House::open_in(folder, Config::default());
    let mut film = Reel::new(house.publish(1), 300);
    gone(&left).await;
    film.play_until(|now| now.history.len() > 3).await;
    assert!(house.reel(&film.broadcast()).join("0").exists());
    house.close().await;
}

#[tokio::test]
async fn a_disk_that_hangs_costs_history_and_nothing_else() {
    let house = House::open(Config::default());
    let mut film = Reel::new(house.publish(1), 600);
    film.play_until(|now| now.history.len() > 3).await;
    let reel = house.reel(&film.broadcast());
    let number = film.seen.keys().last().expect("segments") + 4;
    let pipe = reel.join(number.to_string());
    // Whoever opens it to write waits for a reader.
    assert!(Command::new("mkfifo").arg(&pipe).status().expect("mkfifo is installed").success());
    let now = film.play_until(|now| now.first_number() > number).await;
    assert!(now.history.is_empty());
    let length = listed(&now).1;
    assert!(length >= Ticks::from_millis(8_000) && length < Ticks::from_millis(40_000), "{length:?}");
    // It goes on by itself.
    let reader = tokio::task::spawn_blocking(move || fs::read(pipe).expect("a pipe").len());
    let now = film.play_until(|now| now.history.len() > 5).await;
    assert!(now.history.first().is_some_and(|first| first.number > number));
    assert!(reader.await.expect("a reader") > 0);
    house.close().await;
}

#[tokio::test]
async fn a_full_disk_makes_a_stream_give_up_its_oldest() {
    let house = House::open(Config::default());
    let mut film = Reel::new(house.publish(1), 600);
    // A disk that failed is left alone for half a second, in which the list must not pass it.
    film.pace = Duration::from_millis(80);
    film.play_until(|now| now.history.len() > 3).await;
    let reel = house.reel(&film.broadcast());
    let number = film.seen.keys().last().expect("segments") + 4;
    // There is never room on that device; what failed is removed, and then there is.
    std::os::unix::fs::symlink("/dev/full", reel.join(number.to_string())).expect("a link");
    let now = film.play_until(|now| now.history.last().is_some_and(|last| last.number > number)).await;
    assert!(now.first_number() > 0 && now.first_number() < number, "{}", now.first_number());
    assert!(!reel.join("0").exists());
    house.close().await;
}

#[tokio::test]
async fn no_folder_at_all_leaves_the_usual_window() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    fs::write(folder.path().join("dvr"), "in the way").expect("room");
    let house = House::open_in(folder, Config::default());
    let mut film = Reel::new(house.publish(1), 300);
    let now = film.play_until(|now| now.first_number() > 3).await;
    assert!(now.history.is_empty());
    house.close().await;
}

/// A stream with one rendition beside it, both of which can be rewound.
#[tokio::test]
async fn renditions_have_files_of_their_own_and_list_as_much_as_the_source() {
    let house = House::open(Config { linger: Duration::from_millis(300), ..Config::default() });
    let mut film = Reel::new(house.publish_as(1, ChannelType::Standard), 300);
    let broadcast = film.broadcast();
    let publishers = broadcast.set_ladder(true, vec![rendition()]).expect("not decided before");
    let mut own = publishers.into_iter().next().expect("one rendition");
    own.set_tracks(Film { width: 32, height: 18, ..Film::default() }.tracks());
    let now = film.play_beside_until(Some(&mut own), |now| now.history.len() > 3).await;
    let ladder = broadcast.ladder().expect("decided");
    let beside = ladder.renditions[0].shelf().latest().expect("shown");
    assert_eq!(beside.first_number(), now.first_number());
    let spool = Spool::new(house.folder.path().join("dvr"));
    let reel = format!("{}.360p", broadcast.stream());
    let past = beside.history.first().expect("on disk");
    let found = spool.read(&reel, past.number, past.bytes).await.expect("a disk");
    assert!(found.is_some_and(|found| found.len() as u64 == past.bytes && !past.gap));
    drop((film, own));
    gone(&house.folder.path().join(format!("dvr/{reel}.reel"))).await;
    gone(&house.reel(&broadcast)).await;
    house.close().await;
}

#[tokio::test]
async fn where_disk_is_short_all_renditions_give_up_the_same() {
    let house = House::open(Config { rewind_bytes: 60_000, ..Config::default() });
    let mut film = Reel::new(house.publish_as(1, ChannelType::Standard), 1_200);
    let broadcast = film.broadcast();
    let publishers = broadcast.set_ladder(true, vec![rendition()]).expect("not decided before");
    let mut own = publishers.into_iter().next().expect("one rendition");
    own.set_tracks(Film { width: 32, height: 18, ..Film::default() }.tracks());
    let is_shed = |now: &Snapshot| now.first_number() > 0 && !now.history.is_empty();
    film.play_beside_until(Some(&mut own), is_shed).await;
    let beside = Arc::clone(&broadcast.ladder().expect("decided").renditions[0]);
    let first = |shelf: &live::Shelf| shelf.latest().map(|now| now.first_number());
    film.play_beside_until(Some(&mut own), |_| first(beside.shelf()) == first(broadcast.shelf())).await;
    assert!(first(beside.shelf()) > Some(0));
    house.close().await;
}

fn rendition() -> RenditionTerms {
    RenditionTerms {
        name: String::from("360p"),
        label: String::from("360p"),
        bandwidth: 600_000,
        lines: Some(18),
        frame_rate: None,
        sound: RenditionSound::Source,
    }
}
