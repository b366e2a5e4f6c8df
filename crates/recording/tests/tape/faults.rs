//! Tapes that are damaged, disks that are full, disks that hang.
//!
//! Promise: damage is done to the files themselves, at places that chance gives; what is found again is compared with
//! what was written.

use std::fs;
use std::path::Path;
use std::process::Command;

use domain::ContainerFormat::{self, FragmentedMp4, Ts};
use media::Ticks;
use proptest::prelude::*;
use recording::tape::{Chunk, Rack, Recovered, Tape};

use crate::reel::{self, Plan};

const RENDITIONS: usize = 2;

#[derive(Clone, Copy, Debug)]
enum Act {
    Take(Plan),
    Cut,
    Thumbnail,
    Note,
    Run,
}

fn act() -> impl Strategy<Value = Act> {
    let plan = (200_i64..12_000, 0_u32..3, prop::bool::weighted(0.1), 0_u8..8, 0_usize..2_000);
    let take = plan.prop_map(|(millis, init, discontinuity, gaps, bytes)| {
        let gaps = if gaps < 4 { gaps } else { 0 };
        Act::Take(Plan { millis, init: init / 2, discontinuity, gaps, bytes: bytes + 1, ..Plan::of(0) })
    });
    prop_oneof![20 => take, 1 => Just(Act::Cut), 1 => Just(Act::Thumbnail), 1 => Just(Act::Note), 1 => Just(Act::Run)]
}

/// What was done, in words of bytes: all of each rendition, and where each segment of it ends.
#[derive(Default)]
struct Model {
    told: Vec<Chunk>,
    plans: Vec<Plan>,
    thumbnails: u64,
}

async fn play(tape: &mut Tape, acts: &[Act], container: ContainerFormat) -> Model {
    let mut model = Model::default();
    for act in acts {
        let told = match act {
            Act::Take(plan) => {
                let plan = Plan { number: model.plans.len() as u64, ..*plan };
                model.plans.push(plan);
                reel::take(tape, &plan, RENDITIONS, container).await.unwrap()
            }
            Act::Cut => tape.cut().await.unwrap(),
            Act::Thumbnail => {
                tape.thumbnail(reel::noise(model.thumbnails, 3_000)).await.unwrap();
                model.thumbnails += 1;
                Vec::new()
            }
            Act::Note => {
                tape.note("word", "a word").await.unwrap();
                Vec::new()
            }
            Act::Run => tape.begin_run(reel::run(tape.streams())).await.unwrap(),
        };
        model.told.extend(told);
    }
    model
}

impl Model {
    /// The segments of each chunk.
    fn chunks(&self) -> Vec<Vec<Plan>> {
        let mut plans = self.plans.iter();
        let whole = |chunk: &Chunk| {
            let mut left = chunk.duration.count();
            let mut its = Vec::new();
            while left > 0 {
                let plan = plans.next().expect("no more was told than written");
                left -= plan.millis * 90;
                its.push(*plan);
            }
            assert_eq!(left, 0, "half a segment was told");
            its
        };
        let mut chunks: Vec<Vec<Plan>> = self.told.iter().map(whole).collect();
        chunks.push(plans.copied().collect());
        chunks
    }

    /// Is what was found what was written: from the first chunk on, all but the last one whole?
    fn check_beginning(&self, found: &[Chunk]) {
        assert!(
            found.iter().enumerate().all(|(index, chunk)| chunk.number == index as u64),
            "a chunk is missing"
        );
        for (chunk, told) in found.iter().zip(&self.told).take(found.len().saturating_sub(1)) {
            assert_eq!(chunk, told);
        }
        self.check_bytes(found);
    }

    /// Is what was found part of what was written, and each hole told of?
    fn check_parts(&self, found: &[Chunk]) {
        for pair in found.windows(2) {
            assert!(pair[0].number < pair[1].number);
            assert!(
                pair[0].number + 1 == pair[1].number || pair[1].discontinuity,
                "a hole that is not told of"
            );
        }
        for chunk in found {
            let told = self.told.iter().find(|told| told.number == chunk.number);
            assert!(chunk.discontinuity || told.is_none_or(|told| !told.discontinuity));
        }
        self.check_bytes(found);
    }

    /// Files that are there have exactly the bytes of their segments.
    fn check_bytes(&self, found: &[Chunk]) {
        let written = self.chunks();
        for chunk in found {
            let (mut left, mut expected) = (chunk.duration.count(), vec![Vec::new(); RENDITIONS]);
            let mut plans = written[usize::try_from(chunk.number).unwrap()].iter();
            while left > 0 {
                let plan = plans.next().expect("no more is found than was written");
                left -= plan.millis * 90;
                expected
                    .iter_mut()
                    .enumerate()
                    .for_each(|(rendition, bytes)| bytes.extend(plan.payload(rendition)));
            }
            assert_eq!(left, 0, "half a segment");
            for (file, expected) in chunk.files.iter().zip(expected) {
                let Some(file) = file else { continue };
                assert!(fs::read(&file.parcel.path).unwrap() == expected, "chunk {}", chunk.number);
                assert_eq!(file.entries.iter().map(|entry| entry.bytes).sum::<u64>(), expected.len() as u64);
                let length = file.entries.iter().map(|entry| entry.duration.count()).sum::<i64>();
                assert_eq!(length, chunk.duration.count());
            }
        }
    }
}

/// Where and how it is damaged; shares of 1000.
#[derive(Clone, Copy, Debug)]
enum Damage {
    CutJournal(usize),
    FlipJournal(usize, u8),
    ZeroJournalFrom(usize),
    CutOpenChunk(usize),
    FlipOpenChunk(usize, u8),
}

fn damage() -> impl Strategy<Value = Damage> {
    let place = || 0_usize..1_000;
    prop_oneof![
        place().prop_map(Damage::CutJournal),
        (place(), 0_u8..8).prop_map(|(at, bit)| Damage::FlipJournal(at, bit)),
        place().prop_map(Damage::ZeroJournalFrom),
        place().prop_map(Damage::CutOpenChunk),
        (place(), 0_u8..8).prop_map(|(at, bit)| Damage::FlipOpenChunk(at, bit)),
    ]
}

impl Damage {
    fn is_of_the_journal(&self) -> bool {
        matches!(self, Self::CutJournal(_) | Self::FlipJournal(..) | Self::ZeroJournalFrom(_))
    }

    fn apply(self, folder: &Path, told: &[Chunk]) {
        let path = match self {
            Self::CutJournal(_) | Self::FlipJournal(..) | Self::ZeroJournalFrom(_) => folder.join("journal"),
            Self::CutOpenChunk(_) | Self::FlipOpenChunk(..) => {
                folder.join(format!("media/hls/720p30/{}.ts", told.len()))
            }
        };
        let Ok(mut bytes) = fs::read(&path) else { return };
        // The first line is on the disk before anything else: what becomes of it is tested elsewhere.
        let first = if path.ends_with("journal") {
            bytes.iter().position(|byte| *byte == b'\n').unwrap() + 1
        } else {
            0
        };
        let at = |share: usize| first + (bytes.len() - first) * share / 1_000;
        match self {
            Self::CutJournal(share) | Self::CutOpenChunk(share) => bytes.truncate(at(share)),
            Self::FlipJournal(share, bit) | Self::FlipOpenChunk(share, bit) => {
                let at = at(share);
                if let Some(byte) = bytes.get_mut(at) {
                    *byte ^= 1 << bit;
                }
            }
            Self::ZeroJournalFrom(share) => {
                let at = at(share);
                bytes[at..].fill(0);
            }
        }
        fs::write(&path, bytes).unwrap();
    }
}

fn in_runtime(act: impl Future<Output = ()>) {
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(act);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 96, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn whatever_is_torn_or_flipped_what_is_found_was_written(
        acts in prop::collection::vec(act(), 1..30),
        damages in prop::collection::vec(damage(), 0..3),
    ) {
        in_runtime(async {
            let root = reel::quick_folder();
            let rack = reel::rack(root.path());
            let mut tape = reel::tape(&rack, RENDITIONS, Ts).await;
            let model = play(&mut tape, &acts, Ts).await;
            let folder = tape.folder().to_owned();
            drop(tape);
            damages.iter().for_each(|damage| damage.apply(&folder, &model.told));
            let recovered = reel::until_unlocked(async || match rack.recover(&folder).await {
                Ok(None) if folder.exists() => None,
                result => Some(result),
            });
            match recovered.await {
                Ok(Some(recovered)) => check_recovered(&rack, &model, recovered, &damages).await,
                Ok(None) => assert!(damages.iter().any(Damage::is_of_the_journal)),
                // Whose segments they are stood in a line that is gone: all of it is left as it is.
                Err(_) => assert!(damages.iter().any(Damage::is_of_the_journal) && folder.join("media").exists()),
            }
        });
    }
}

async fn check_recovered(rack: &Rack, model: &Model, mut recovered: Recovered, damages: &[Damage]) {
    let (sums, broken) = (recovered.tape.sums(), recovered.broken_lines);
    let found = reel::chunks(&mut recovered).await;
    let missing = found.last().map_or(0, |last| last.number + 1 - found.len() as u64);
    let gaps = found.iter().flat_map(|chunk| &chunk.files).filter(|file| file.is_none()).count() as u64;
    assert!(recovered.lost_files() >= missing * RENDITIONS as u64);
    assert!(broken > 0 || recovered.lost_files() <= gaps);
    if broken == 0 {
        model.check_beginning(&found);
    } else {
        model.check_parts(&found);
    }
    let length = found.iter().fold(0, |sum, chunk| sum + chunk.duration.count());
    assert_eq!(length, sums.duration.count());
    if damages.is_empty() {
        assert_eq!(sums.segments, model.plans.len() as u64);
    }
    // A second recovery finds the same, and nothing torn.
    drop(recovered);
    let mut again = reel::recover(rack).await;
    assert_eq!((again.torn_bytes, again.torn_segments, again.broken_lines), (0, 0, broken));
    assert_eq!(again.tape.sums(), sums);
    assert_eq!(reel::chunks(&mut again).await, found);
}

#[tokio::test]
async fn a_line_that_flips_costs_no_more_than_what_it_told() {
    let root = reel::quick_folder();
    let rack = reel::rack(root.path());
    let mut tape = reel::tape(&rack, RENDITIONS, FragmentedMp4).await;
    let acts: Vec<Act> = (0..17).map(|number| Act::Take(Plan::of(number))).collect();
    let told = play(&mut tape, &acts, FragmentedMp4).await.told;
    let journal = tape.folder().join("journal");
    drop(tape);
    let whole = fs::read(&journal).unwrap();
    let lines: Vec<usize> = (0..whole.len()).filter(|at| whole[*at] == b'\n').collect();
    // Not the first two, without which nobody knows whose segments they are, nor those of the last, open chunk.
    for (index, end) in lines.iter().enumerate().take(lines.len() - 2).skip(2) {
        let mut bytes = whole.clone();
        bytes[end - 3] ^= 4;
        fs::write(&journal, bytes).unwrap();
        let mut recovered = reel::recover(&rack).await;
        assert_eq!(recovered.broken_lines, 1, "line {index}");
        let found = reel::chunks(&mut recovered).await;
        assert_eq!(recovered.tape.duration(), Ticks::from_millis(34_000), "line {index}");
        assert_eq!(recovered.lost_files(), 0, "line {index}");
        for (mut found, told) in found.into_iter().zip(&told) {
            for (found, told) in found.files.iter_mut().zip(&told.files) {
                let (found, told) = (found.as_mut().unwrap(), told.as_ref().unwrap());
                assert!(told.entries.len() - found.entries.len() <= 1, "line {index}");
                found.entries.clone_from(&told.entries);
            }
            assert_eq!(&found, told, "line {index}");
        }
    }
}

async fn left_with(root: &Path, segments: u64) -> (Rack, Vec<Chunk>) {
    let rack = reel::rack(root);
    let mut tape = reel::tape(&rack, RENDITIONS, FragmentedMp4).await;
    let acts: Vec<Act> = (0..segments).map(|number| Act::Take(Plan::of(number))).collect();
    let told = play(&mut tape, &acts, FragmentedMp4).await.told;
    (rack, told)
}

fn numbers(chunks: &[Chunk]) -> Vec<u64> {
    chunks.iter().map(|chunk| chunk.number).collect()
}

#[tokio::test]
async fn a_file_of_an_ended_chunk_that_is_too_short_is_a_gap_and_the_rest_is_unharmed() {
    let root = tempfile::tempdir().unwrap();
    let (rack, told) = left_with(root.path(), 15).await;
    let file = &told[1].files[0].as_ref().unwrap().parcel;
    fs::OpenOptions::new().write(true).open(&file.path).unwrap().set_len(file.bytes - 1).unwrap();
    let mut recovered = reel::recover(&rack).await;
    let found = reel::chunks(&mut recovered).await;
    assert_eq!((numbers(&found), recovered.lost_files()), (vec![0, 1, 2], 1));
    assert_eq!((&found[0], &found[2]), (&told[0], &told[2]));
    assert_eq!((&found[1].files[0], &found[1].files[1]), (&None, &told[1].files[1]));
}

#[tokio::test]
async fn bytes_behind_the_last_segment_are_cut_off() {
    let root = tempfile::tempdir().unwrap();
    let (rack, told) = left_with(root.path(), 7).await;
    let path = told[0].files[0].as_ref().unwrap().parcel.path.with_file_name("1.mp4");
    let mut bytes = fs::read(&path).unwrap();
    let whole = bytes.len();
    bytes.extend([7; 1_000]);
    fs::write(&path, bytes).unwrap();
    let found = reel::chunks(&mut reel::recover(&rack).await).await;
    assert_eq!(fs::metadata(&path).unwrap().len(), whole as u64);
    assert_eq!(found[1].files[0].as_ref().unwrap().parcel.bytes, whole as u64);
}

#[tokio::test]
async fn less_room_than_is_to_be_kept_free_ends_the_taking_but_not_what_was_taken() {
    let root = tempfile::tempdir().unwrap();
    let folder = root.path().join("rack");
    let error = Rack::new(folder.clone(), u64::MAX).create(reel::header(1, Ts)).await.unwrap_err();
    assert!(error.is_full(), "{error:?}");
    assert_eq!(fs::read_dir(&folder).unwrap().count(), 0, "nothing is left");

    let mut tape = reel::tape(&Rack::new(folder.clone(), 0), 1, Ts).await;
    reel::take(&mut tape, &Plan::of(0), 1, Ts).await.unwrap();
    drop(tape);
    let mut recovered: Recovered = reel::recover(&Rack::new(folder, u64::MAX)).await;
    assert_eq!(reel::chunks(&mut recovered).await.len(), 1);
    let mut tape = recovered.tape;
    tape.begin_run(reel::run(1)).await.unwrap();
    let error = reel::take(&mut tape, &Plan::of(0), 1, Ts).await.unwrap_err();
    assert!(error.is_full(), "{error:?}");
    assert!(tape.thumbnail(reel::noise(1, 10)).await.unwrap_err().is_full());
    tape.release_ballast().await.unwrap();
    tape.end(reel::BEGIN, "full").await.expect("the last words need no room");
}

/// Not a test of its own: what the process does that may not write large files.
#[tokio::test]
async fn somebody_whose_files_may_not_grow() {
    let Some(root) = std::env::var_os(CONFINED) else { return };
    let mut tape = reel::tape(&reel::rack(root.as_ref()), 1, Ts).await;
    let (mut taken, mut refused) = (0, 0);
    while refused < 3 {
        let plan = Plan { bytes: 100_000, ..Plan::of(taken) };
        match reel::take(&mut tape, &plan, 1, Ts).await {
            Ok(chunks) => taken += u64::from(chunks.is_empty()),
            Err(_) => refused += 1,
        }
    }
    assert_eq!(tape.sums().segments, taken);
    // A smaller one has its place behind the last that was taken.
    reel::take(&mut tape, &Plan { bytes: 10, ..Plan::of(taken) }, 1, Ts).await.unwrap();
    let chunks = tape.end(reel::BEGIN, "full").await.unwrap();
    check_confined(taken, &chunks);
    fs::write(tape.folder().with_extension("taken"), taken.to_string()).unwrap();
}

const CONFINED: &str = "RILLCAST_TEST_CONFINED_TAPE";

fn check_confined(taken: u64, chunks: &[Chunk]) {
    let bytes = |number| if number < taken { 100_000 } else { 10 };
    let plans = (0..=taken).map(|number| Plan { bytes: bytes(number), ..Plan::of(number) });
    let expected: Vec<u8> = plans.flat_map(|plan| plan.payload(0)).collect();
    assert!(taken > 0 && chunks.len() == 1);
    assert!(fs::read(&chunks[0].files[0].as_ref().unwrap().parcel.path).unwrap() == expected);
}

#[tokio::test]
async fn what_could_be_written_by_half_is_taken_back() {
    let root = tempfile::tempdir().unwrap();
    // Files may have 2200 blocks of 512 bytes, little more than the ballast: so writes are refused in their middle as
    // by a disk that is full.
    let script =
        "trap '' XFSZ; ulimit -f 2200; exec \"$0\" --exact faults::somebody_whose_files_may_not_grow";
    let mut command = Command::new("sh");
    command.args(["-c", script]).arg(std::env::current_exe().unwrap()).env(CONFINED, root.path());
    let done = command.output().unwrap();
    assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stdout));
    let mut recovered = reel::recover(&reel::rack(root.path())).await;
    assert_eq!(recovered.end.as_ref().map(|end| end.reason.as_str()), Some("full"));
    let taken: u64 =
        fs::read_to_string(recovered.tape.folder().with_extension("taken")).unwrap().parse().unwrap();
    check_confined(taken, &reel::chunks(&mut recovered).await);
}

#[tokio::test]
async fn a_disk_that_hangs_holds_up_nobody_else() {
    let root = tempfile::tempdir().unwrap();
    let rack = reel::rack(root.path());
    let mut tape = reel::tape(&rack, 1, Ts).await;
    reel::take(&mut tape, &Plan::of(0), 1, Ts).await.unwrap();
    let folder = tape.folder().to_owned();
    drop(tape);
    // Whoever opens a pipe to read hangs until somebody opens it to write.
    let pipe = folder.join("media/hls/720p30/0.ts");
    fs::remove_file(&pipe).unwrap();
    assert!(Command::new("mkfifo").arg(&pipe).status().unwrap().success());
    let mut hangs = std::pin::pin!(reel::until_unlocked(async || rack.recover(&folder).await.unwrap()));
    let goes_on = async {
        let mut header = reel::header(1, Ts);
        header.recording = reel::recording("recording002");
        let mut tape = rack.create(header).await.unwrap();
        tape.begin_run(reel::run(0)).await.unwrap();
        for number in 0..20 {
            reel::take(&mut tape, &Plan::of(number), 1, Ts).await.unwrap();
        }
        tape.discard().await.unwrap();
    };
    tokio::select! {
        biased;
        _ = &mut hangs => panic!("nobody writes to the pipe"),
        () = goes_on => {}
    }
    let writer = tokio::task::spawn_blocking(move || fs::OpenOptions::new().write(true).open(pipe));
    let mut recovered = hangs.await;
    drop(writer.await.unwrap().unwrap());
    assert_eq!((recovered.torn_segments, reel::chunks(&mut recovered).await.len()), (1, 0));
}
