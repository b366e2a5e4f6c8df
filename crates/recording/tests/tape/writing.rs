//! What a tape writes, and when a chunk ends.
//!
//! Promise: files are compared byte by byte with what was put on the tape.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::sync::Arc;

use domain::ContainerFormat::{self, FragmentedMp4, Ts};
use live::{Init, Part, Segment};
use media::{Ticks, Tracks};
use recording::tape::{Chunk, Rack};

use crate::reel::{self, Plan};

/// Takes all, and gives the chunks that ended, with the last one cut.
async fn written(plans: &[Plan], renditions: usize, container: ContainerFormat, root: &Path) -> Vec<Chunk> {
    let mut tape = reel::tape(&reel::rack(root), renditions, container).await;
    let mut chunks = Vec::new();
    for plan in plans {
        chunks.extend(reel::take(&mut tape, plan, renditions, container).await.unwrap());
    }
    chunks.extend(tape.cut().await.unwrap());
    chunks
}

fn seconds(chunks: &[Chunk]) -> Vec<f64> {
    chunks.iter().map(|chunk| chunk.duration.as_secs_f64()).collect()
}

#[tokio::test]
async fn a_chunk_ends_with_the_segment_by_which_it_has_ten_seconds() {
    let root = tempfile::tempdir().unwrap();
    let plans: Vec<Plan> = (7..20).map(Plan::of).collect();
    let chunks = written(&plans, 2, Ts, root.path()).await;
    assert_eq!(seconds(&chunks), [10.0, 10.0, 6.0]);
    assert_eq!(chunks.iter().map(|chunk| chunk.number).collect::<Vec<_>>(), [0, 1, 2]);
    assert_eq!(chunks.iter().map(|chunk| chunk.start.as_secs_f64()).collect::<Vec<_>>(), [0.0, 10.0, 20.0]);
    assert!(chunks.iter().all(|chunk| !chunk.discontinuity && chunk.run == 0));
    assert_eq!(chunks[1].time, plans[5].time());
}

#[tokio::test]
async fn a_file_has_the_segments_of_its_rendition_one_behind_the_other() {
    let root = tempfile::tempdir().unwrap();
    let plans: Vec<Plan> = (0..5).map(Plan::of).collect();
    let chunks = written(&plans, 3, Ts, root.path()).await;
    for (rendition, file) in chunks[0].files.iter().enumerate() {
        let file = file.as_ref().unwrap();
        let expected: Vec<u8> = plans.iter().flat_map(|plan| plan.payload(rendition)).collect();
        assert!(fs::read(&file.parcel.path).unwrap() == expected, "rendition {rendition}");
        assert_eq!(file.parcel.bytes, expected.len() as u64);
        assert_eq!(file.parcel.key, format!("media/hls/{}p30/0.ts", 720 - rendition * 100));
        assert_eq!(file.init, None);
        let entries: Vec<u64> = plans.iter().map(|plan| plan.payload(rendition).len() as u64).collect();
        assert_eq!(file.entries.iter().map(|entry| entry.bytes).collect::<Vec<_>>(), entries);
        assert!(file.entries.iter().all(|entry| entry.duration == Ticks::from_millis(2_000)));
    }
}

#[tokio::test]
async fn a_discontinuity_begins_a_chunk() {
    let root = tempfile::tempdir().unwrap();
    let mut plans: Vec<Plan> = (0..6).map(Plan::of).collect();
    plans[0].discontinuity = true;
    plans[3].discontinuity = true;
    let chunks = written(&plans, 1, Ts, root.path()).await;
    assert_eq!(seconds(&chunks), [6.0, 6.0]);
    // Before the first of all there is nothing to be continued.
    assert_eq!(chunks.iter().map(|chunk| chunk.discontinuity).collect::<Vec<_>>(), [false, true]);
}

#[tokio::test]
async fn another_initialisation_section_begins_a_chunk_and_is_brought_once() {
    let root = tempfile::tempdir().unwrap();
    let mut plans: Vec<Plan> = (0..9).map(Plan::of).collect();
    for plan in &mut plans[2..] {
        plan.init = 1;
    }
    let chunks = written(&plans, 2, FragmentedMp4, root.path()).await;
    assert_eq!(seconds(&chunks), [4.0, 10.0, 4.0]);
    let init = |chunk: usize| chunks[chunk].files[1].as_ref().unwrap().init.clone().unwrap();
    assert_eq!((0..3).map(|chunk| init(chunk).number).collect::<Vec<_>>(), [0, 1, 1]);
    let parcel = init(1).parcel.unwrap();
    assert_eq!(parcel.key, "media/hls/620p30/init-1.mp4");
    assert_eq!(fs::read(&parcel.path).unwrap(), reel::noise(1 << 32 | 1, 700));
    assert_eq!(init(2).parcel, None, "it is in the bucket when the chunk before is");
    assert_eq!(chunks[0].files[0].as_ref().unwrap().parcel.key, "media/hls/720p30/0.mp4");
}

#[tokio::test]
async fn a_gap_of_one_rendition_is_a_chunk_without_its_file_and_no_longer_than_the_gap() {
    let root = tempfile::tempdir().unwrap();
    let mut plans: Vec<Plan> = (0..6).map(Plan::of).collect();
    plans[2].gaps = 0b10;
    plans[3].gaps = 0b10;
    let chunks = written(&plans, 2, Ts, root.path()).await;
    assert_eq!(seconds(&chunks), [4.0, 4.0, 4.0]);
    let has = |chunk: &Chunk| chunk.files.iter().map(Option::is_some).collect::<Vec<_>>();
    assert_eq!(chunks.iter().map(has).collect::<Vec<_>>(), [[true, true], [true, false], [true, true]]);
    assert!(chunks.iter().all(|chunk| !chunk.discontinuity), "the others' media time goes on");
}

#[tokio::test]
async fn a_segment_that_is_missing_in_all_renditions_still_takes_its_time() {
    let root = tempfile::tempdir().unwrap();
    let mut plans: Vec<Plan> = (0..3).map(Plan::of).collect();
    plans[1].gaps = 0b11;
    let chunks = written(&plans, 2, Ts, root.path()).await;
    assert_eq!(seconds(&chunks), [2.0, 2.0, 2.0]);
    assert_eq!(chunks[1].files, [None, None]);
}

#[tokio::test]
async fn a_number_that_is_missing_is_counted_and_breaks_the_media_time() {
    let root = tempfile::tempdir().unwrap();
    let mut tape = reel::tape(&reel::rack(root.path()), 1, Ts).await;
    let mut chunks = Vec::new();
    for number in [4, 5, 9, 10] {
        chunks.extend(reel::take(&mut tape, &Plan::of(number), 1, Ts).await.unwrap());
    }
    assert_eq!(tape.sums().lost_segments, 3);
    chunks.extend(tape.cut().await.unwrap());
    assert_eq!(chunks.iter().map(|chunk| chunk.discontinuity).collect::<Vec<_>>(), [false, true]);
}

#[tokio::test]
async fn another_stream_goes_on_with_a_chunk_of_its_own_after_a_discontinuity() {
    let root = tempfile::tempdir().unwrap();
    let mut tape = reel::tape(&reel::rack(root.path()), 1, FragmentedMp4).await;
    for number in 0..2 {
        reel::take(&mut tape, &Plan::of(number), 1, FragmentedMp4).await.unwrap();
    }
    let first = tape.begin_run(reel::run(1)).await.unwrap();
    assert_eq!(seconds(&first), [4.0]);
    // A new broadcast counts its segments and sections anew.
    reel::take(&mut tape, &Plan::of(0), 1, FragmentedMp4).await.unwrap();
    let second = tape.end(reel::BEGIN, "").await.unwrap();
    assert_eq!((second[0].number, second[0].run, second[0].discontinuity), (1, 1, true));
    let init = second[0].files[0].as_ref().unwrap().init.as_ref().unwrap();
    assert_eq!((init.number, &init.parcel), (0, &None), "the same section is not brought twice");
    assert_eq!(tape.streams(), 2);
    assert_eq!(tape.sums().lost_segments, 0);
    assert_eq!(tape.duration(), Ticks::from_millis(6_000));
    assert!(reel::take(&mut tape, &Plan::of(1), 1, FragmentedMp4).await.is_err(), "it has ended");
}

/// A segment of sound alone: each part is independent.
fn sound(number: u64, parts: i64, millis: i64) -> Arc<Segment> {
    let tracks = Arc::new(Tracks { video: None, audio: None });
    let part = |_| Part { data: reel::noise(1, 10), duration: Ticks::from_millis(millis), independent: true };
    Arc::new(Segment {
        number,
        init: Arc::new(Init { number: 0, data: bytes::Bytes::new(), tracks }),
        discontinuity: false,
        time: Plan::of(number).time(),
        duration: Ticks::from_millis(millis * parts),
        parts: (0..parts).map(part).collect(),
    })
}

#[tokio::test]
async fn entries_begin_at_independent_parts_but_are_not_tiny() {
    let root = tempfile::tempdir().unwrap();
    let mut tape = reel::tape(&reel::rack(root.path()), 1, Ts).await;
    for number in 0..2 {
        let segment = sound(number, 7, 300);
        tape.take(vec![Some(Arc::clone(&segment))], &segment).await.unwrap();
    }
    let chunks = tape.cut().await.unwrap();
    let entries = &chunks[0].files[0].as_ref().unwrap().entries;
    let found: Vec<_> = entries.iter().map(|entry| (entry.bytes, entry.duration.count() / 90)).collect();
    // The seventh part of a segment and the first of the next one share an entry.
    assert_eq!(found, [(20, 600); 7]);
}

#[tokio::test]
async fn nobody_else_may_read_what_is_on_a_tape() {
    let root = tempfile::tempdir().unwrap();
    let rack = reel::rack(root.path());
    let mut tape = reel::tape(&rack, 1, FragmentedMp4).await;
    reel::take(&mut tape, &Plan::of(0), 1, FragmentedMp4).await.unwrap();
    tape.thumbnail(reel::noise(1, 100)).await.unwrap();
    let mut folders = vec![root.path().join("rack")];
    let mut files = 0;
    while let Some(folder) = folders.pop() {
        assert_eq!(
            fs::metadata(&folder).unwrap().permissions().mode() & 0o777,
            0o700,
            "{}",
            folder.display()
        );
        for entry in fs::read_dir(&folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else {
                files += 1;
                let mode = fs::metadata(&path).unwrap().permissions().mode();
                assert_eq!(mode & 0o777, 0o600, "{}", path.display());
            }
        }
    }
    // Lock, journal, ballast, chunk, initialisation section, thumbnail.
    assert_eq!(files, 6);
}

#[tokio::test]
async fn thumbnails_are_numbered_in_a_row() {
    let root = tempfile::tempdir().unwrap();
    let mut tape = reel::tape(&reel::rack(root.path()), 0, Ts).await;
    for number in 0..3 {
        let parcel = tape.thumbnail(reel::noise(number, 50)).await.unwrap();
        assert_eq!(parcel.key, format!("media/thumbnails/thumb{number}.jpg"));
        assert_eq!(fs::read(&parcel.path).unwrap(), reel::noise(number, 50));
    }
    assert_eq!(tape.bytes(), 150);
}

#[tokio::test]
async fn two_recordings_of_one_id_do_not_share_a_tape() {
    let root = tempfile::tempdir().unwrap();
    let rack = reel::rack(root.path());
    let mut tape = reel::tape(&rack, 1, Ts).await;
    rack.create(reel::header(1, Ts)).await.expect_err("it is there");
    reel::take(&mut tape, &Plan::of(0), 1, Ts).await.expect("the first is unharmed");
}

#[tokio::test]
async fn a_name_that_leads_elsewhere_is_refused() {
    let root = tempfile::tempdir().unwrap();
    let rack = Rack::new(root.path().to_owned(), 0);
    for name in ["", "..", "a/b", "720p30\n"] {
        let mut header = reel::header(1, Ts);
        header.renditions[0].name = name.to_owned();
        rack.create(header).await.expect_err(name);
    }
    assert_eq!(fs::read_dir(root.path()).unwrap().count(), 0);
}

#[tokio::test]
async fn a_discarded_tape_is_gone_but_for_what_others_put_there() {
    let root = tempfile::tempdir().unwrap();
    let rack = reel::rack(root.path());
    let mut tape = reel::tape(&rack, 2, FragmentedMp4).await;
    for number in 0..7 {
        reel::take(&mut tape, &Plan::of(number), 2, FragmentedMp4).await.unwrap();
    }
    fs::write(tape.scratch().join("a list"), "of something").unwrap();
    assert_eq!(tape.discard().await.unwrap(), Vec::<std::path::PathBuf>::new());
    assert_eq!(rack.inventory().await.unwrap(), Default::default());

    let tape = reel::tape(&rack, 2, FragmentedMp4).await;
    let strangers = [tape.folder().join("letter.txt"), tape.folder().join("media/hls/720p30/cover.png")];
    strangers.iter().for_each(|path| fs::write(path, "mine").unwrap());
    let mut told = tape.discard().await.unwrap();
    told.sort();
    assert_eq!(told, strangers);
    assert!(strangers.iter().all(|path| path.exists()));
    let folder = strangers[0].parent().unwrap();
    assert!(rack.recover(folder).await.unwrap().is_none(), "there is no tape in it any more");
    assert!(strangers.iter().all(|path| path.exists()));
}
