//! What is found again of a tape that somebody left.
//!
//! Promise: what was told while it was written is the measure.

use std::fs;

use domain::ContainerFormat::{FragmentedMp4, Ts};
use media::Ticks;
use recording::tape::{Chunk, Item, Parcel, Tape};

use crate::reel::{self, Plan};

/// Takes segments, all whole.
async fn take(tape: &mut Tape, numbers: std::ops::Range<u64>) -> Vec<Chunk> {
    let mut told = Vec::new();
    for number in numbers {
        told.extend(reel::take(tape, &Plan::of(number), 2, FragmentedMp4).await.unwrap());
    }
    told
}

#[tokio::test]
async fn a_tape_that_was_left_is_found_as_it_was_told() {
    let root = tempfile::tempdir().unwrap();
    let rack = reel::rack(root.path());
    let mut tape = reel::tape(&rack, 2, FragmentedMp4).await;
    tape.note("started", "event 1").await.unwrap();
    let mut told = take(&mut tape, 0..7).await;
    let thumbnail = tape.thumbnail(reel::noise(3, 5_000)).await.unwrap();
    tape.note("started", "event 2").await.unwrap();
    told.extend(tape.begin_run(reel::run(1)).await.unwrap());
    told.extend(take(&mut tape, 40..48).await);
    let sums = tape.sums();
    drop(tape);

    let mut recovered = reel::recover(&rack).await;
    assert_eq!(recovered.header, reel::header(2, FragmentedMp4));
    assert_eq!(recovered.runs, [reel::run(0), reel::run(1)]);
    assert_eq!(recovered.notes.get("started").map(String::as_str), Some("event 2"));
    assert_eq!((recovered.end.as_ref(), recovered.torn_bytes, recovered.torn_segments), (None, 0, 0));
    assert_eq!(recovered.tape.sums(), sums);
    let items = reel::items(&mut recovered).await;
    assert_eq!(items[1], Item::Thumbnail(thumbnail));
    let chunks: Vec<Chunk> = items
        .into_iter()
        .filter_map(|item| if let Item::Chunk(chunk) = item { Some(chunk) } else { None })
        .collect();
    // The last one was open: recovery ends it.
    assert_eq!((told.len(), chunks.len()), (3, 4));
    assert_eq!(chunks[..3], told);
    let last = &chunks[3];
    assert_eq!(
        (last.number, last.run, last.start, last.duration),
        (3, 1, Ticks::from_millis(24_000), Ticks::from_millis(6_000))
    );
    let expected: Vec<u8> = (45..48).flat_map(|number| Plan::of(number).payload(1)).collect();
    assert!(fs::read(&last.files[1].as_ref().unwrap().parcel.path).unwrap() == expected);
}

#[tokio::test]
async fn what_was_brought_away_is_known_to_be_gone() {
    let root = tempfile::tempdir().unwrap();
    let rack = reel::rack(root.path());
    let mut tape = reel::tape(&rack, 2, FragmentedMp4).await;
    let told = take(&mut tape, 0..15).await;
    let mut expected = told.clone();
    let away = |parcel: &mut Parcel| {
        fs::remove_file(&parcel.path).unwrap();
        parcel.on_tape = false;
    };
    for file in expected[0].files.iter_mut().flatten() {
        away(&mut file.parcel);
        away(file.init.as_mut().unwrap().parcel.as_mut().unwrap());
    }
    away(&mut expected[1].files[1].as_mut().unwrap().parcel);
    drop(tape);
    assert_eq!(reel::chunks(&mut reel::recover(&rack).await).await, expected);
}

#[tokio::test]
async fn a_tape_that_somebody_has_is_left_to_them() {
    let root = tempfile::tempdir().unwrap();
    let rack = reel::rack(root.path());
    let mut tape = reel::tape(&rack, 2, FragmentedMp4).await;
    let folder = tape.folder().to_owned();
    assert!(rack.recover(&folder).await.unwrap().is_none());
    take(&mut tape, 0..5).await;
    drop(tape);
    let recovered = reel::recover(&rack).await;
    assert!(rack.recover(&folder).await.unwrap().is_none(), "who recovered it has it");
    recovered.tape.discard().await.unwrap();
    assert!(!folder.exists());
    assert!(rack.recover(&folder).await.unwrap().is_none());
}

#[tokio::test]
async fn a_recovered_tape_goes_on() {
    let root = tempfile::tempdir().unwrap();
    let rack = reel::rack(root.path());
    let mut tape = reel::tape(&rack, 2, FragmentedMp4).await;
    let mut told = take(&mut tape, 0..7).await;
    drop(tape);
    let mut recovered = reel::recover(&rack).await;
    told.extend(reel::chunks(&mut recovered).await.drain(1..));
    let mut tape = recovered.tape;
    tape.begin_run(reel::run(1)).await.unwrap();
    told.extend(take(&mut tape, 0..1).await);
    told.extend(tape.end(reel::BEGIN + 99, "because").await.unwrap());
    drop(tape);
    assert_eq!(
        told.iter().map(|chunk| (chunk.number, chunk.run, chunk.discontinuity)).collect::<Vec<_>>(),
        [(0, 0, false), (1, 0, false), (2, 1, true)]
    );
    let mut recovered = reel::recover(&rack).await;
    let end = recovered.end.clone().unwrap();
    assert_eq!((end.at, end.reason.as_str()), (reel::BEGIN + 99, "because"));
    // The section was brought with the first chunk, and again with the third, as nobody knew it any more.
    assert_eq!(reel::chunks(&mut recovered).await, told);
    assert_eq!(told[2].files[0].as_ref().unwrap().init.as_ref().unwrap().number, 1);
    recovered.tape.note("told", "yes").await.expect("words can be kept after the end");
}

#[tokio::test]
async fn a_tape_that_was_not_made_to_its_end_is_cleared_away() {
    let root = tempfile::tempdir().unwrap();
    let rack = reel::rack(root.path());
    drop(rack.create(reel::header(1, Ts)).await.unwrap());
    let folder = rack.inventory().await.unwrap().tapes.remove(0);
    let journal = fs::read(folder.join("journal")).unwrap();
    fs::write(folder.join("journal"), &journal[..journal.len() - 1]).unwrap();
    reel::until_unlocked(async || {
        assert!(rack.recover(&folder).await.unwrap().is_none());
        (!folder.exists()).then_some(())
    })
    .await;
}

#[tokio::test]
async fn media_of_which_nobody_knows_whose_they_are_stay() {
    let root = tempfile::tempdir().unwrap();
    let rack = reel::rack(root.path());
    let mut tape = reel::tape(&rack, 2, FragmentedMp4).await;
    take(&mut tape, 0..2).await;
    let folder = tape.folder().to_owned();
    drop(tape);
    let mut journal = fs::read(folder.join("journal")).unwrap();
    journal[20] ^= 1;
    fs::write(folder.join("journal"), &journal).unwrap();
    reel::until_unlocked(async || match rack.recover(&folder).await {
        Err(error) => Some(error),
        Ok(found) => found.map(|_| unreachable!("the journal can't be read")),
    })
    .await;
    fs::remove_file(folder.join("journal")).unwrap();
    assert!(rack.recover(&folder).await.unwrap().is_none());
    assert!(folder.join("media/hls/720p30/0.mp4").exists());
}

#[tokio::test]
async fn strangers_in_the_rack_are_told_of_and_left_alone() {
    let root = tempfile::tempdir().unwrap();
    let rack = reel::rack(root.path());
    drop(rack.create(reel::header(1, Ts)).await.unwrap());
    let strangers = [root.path().join("rack/notes.txt"), root.path().join("rack/old")];
    fs::write(&strangers[0], "mine").unwrap();
    fs::create_dir(&strangers[1]).unwrap();
    let found = rack.inventory().await.unwrap();
    assert_eq!((found.tapes.len(), found.strangers), (1, strangers.to_vec()));
}
