//! Recordings are looked at, and exported: whole ones, those with announced gaps, and damaged ones.
//!
//! Promise: media is that of our own muxers, everything else is written as recordings are; each damage is found and
//! named, and none makes the reader panic.

mod studio;

use std::path::Path;

use domain::{ContainerFormat, Recording, RecordingStage};
use media::fmp4::read_init;
use media::{Ticks, TrackKind};
use proptest::prelude::*;
use recording::contents::contents;
use recording::export::{ExportError, Exported, Order, Sending, Sent, export};
use recording::verify::{Report, Subject, verify};
use testkit::Film;
use tokio_util::sync::CancellationToken;

use studio::{BUCKET, Piece, Studio};

const CONTAINERS: [ContainerFormat; 2] = [ContainerFormat::Ts, ContainerFormat::FragmentedMp4];

async fn look(studio: &Studio, row: Option<&Recording>) -> Report {
    let subject = Subject { bucket: BUCKET, prefix: studio.prefix(), row };
    verify(studio.blobs(), subject, &mut |_| {}).await.expect("a bucket on disk")
}

fn faults(report: &Report) -> Vec<String> {
    report.faults.iter().map(|fault| format!("{} {}", fault.object, fault.words)).collect()
}

/// The one fault that there has to be.
async fn the_fault(studio: &Studio) -> String {
    let found = faults(&look(studio, None).await);
    assert_eq!(found.len(), 1, "{found:#?}");
    found.concat()
}

#[tokio::test]
async fn a_whole_recording_has_no_fault() {
    for container in CONTAINERS {
        for film in [
            Film::default(),
            Film { b_frames: 2, ..Film::default() },
            Film { sound: false, ..Film::default() },
            Film { picture: false, ..Film::default() },
            Film { frame_rate: (30_000, 1_001), sample_rate: 44_100, ..Film::default() },
            Film { start: Ticks::new(1 << 33), ..Film::default() },
        ] {
            let studio = Studio::record(container, &film, 12).await;
            let report = look(&studio, Some(studio.row())).await;
            assert_eq!(faults(&report), Vec::<String>::new(), "{container:?} {film:?}");
            assert!(report.notes.is_empty() && !report.is_going_on, "{report:#?}");
            let [rendition] = &report.renditions[..] else { panic!("{report:?}") };
            let expected =
                if film.picture { film.pictures(std::time::Duration::from_secs(12)).len() } else { 0 };
            assert_eq!(rendition.pictures, u64::try_from(expected).expect("few"));
            assert_eq!(rendition.duration_ms, studio.row().duration_ms);
            assert_eq!((rendition.chunks, rendition.ranges), (4, 12));
        }
    }
}

#[tokio::test]
async fn an_announced_gap_and_a_discontinuity_are_no_faults() {
    for container in CONTAINERS {
        let mut studio = Studio::record(container, &Film::default(), 12).await;
        studio.edit(|pieces| {
            pieces[1].is_gap = true;
            pieces[3].discontinuity = true;
        });
        studio.write().await;
        let report = look(&studio, Some(studio.row())).await;
        assert_eq!(faults(&report), Vec::<String>::new(), "{container:?}");
        assert_eq!((report.renditions[0].gaps, report.renditions[0].discontinuities), (1, 1));
    }
}

#[tokio::test]
async fn what_is_missing_without_a_word_is_a_fault() {
    for container in CONTAINERS {
        let mut studio = Studio::record(container, &Film::default(), 12).await;
        studio.edit(|pieces| drop(pieces.remove(1)));
        studio.write().await;
        let found = faults(&look(&studio, None).await).join("\n");
        assert!(found.contains("begins 3000 ms after the end of what is before it"), "{found}");
    }
}

#[tokio::test]
async fn what_comes_twice_is_a_fault() {
    for container in CONTAINERS {
        let mut studio = Studio::record(container, &Film::default(), 12).await;
        studio.edit(|pieces| {
            let twice = Piece { number: 9, ..pieces[1].clone() };
            pieces.insert(2, twice);
        });
        studio.write().await;
        let found = faults(&look(&studio, None).await).join("\n");
        assert!(found.contains("begins 3000 ms before the end of what is before it"), "{found}");
    }
}

#[tokio::test]
async fn a_length_that_is_not_told_as_it_is_is_a_fault() {
    for container in CONTAINERS {
        let mut studio = Studio::record(container, &Film::default(), 12).await;
        studio.edit(|pieces| {
            let Piece { duration, entries, .. } = &mut pieces[3];
            *duration += Ticks::from_millis(200);
            entries[2].duration += Ticks::from_millis(200);
        });
        studio.write().await;
        let found = the_fault(&studio).await;
        assert!(found.ends_with("is 200 ms shorter than the playlist tells"), "{found}");
    }
}

#[tokio::test]
async fn a_ledger_that_says_something_else_is_a_fault() {
    let studio = Studio::record(ContainerFormat::Ts, &Film::default(), 6).await;
    let row = studio.row();
    for (row, words) in [
        (Recording { duration_ms: row.duration_ms + 2, ..row.clone() }, "but the database"),
        (Recording { stage: RecordingStage::EndedWithFailure, ..row.clone() }, "but the database"),
    ] {
        let found = faults(&look(&studio, Some(&row)).await);
        assert!(found.len() == 1 && found[0].contains(words), "{found:?}");
    }
    let late = Recording { stage: RecordingStage::Started, ended_at: None, ..row.clone() };
    let report = look(&studio, Some(&late)).await;
    assert!(report.is_good() && report.notes.len() == 1, "{report:?}");
}

#[tokio::test]
async fn one_that_goes_on_is_looked_at_as_far_as_it_is() {
    let mut studio = Studio::record(ContainerFormat::Ts, &Film::default(), 12).await;
    studio.go_on();
    studio.write().await;
    let report = look(&studio, Some(studio.row())).await;
    assert_eq!(faults(&report), Vec::<String>::new());
    assert!(report.is_going_on);
}

#[tokio::test]
async fn a_prefix_with_nothing_below_it_is_a_fault() {
    let folder = tempfile::tempdir().expect("a folder");
    let blobs = blob::Blobs::disk(folder.path().to_owned());
    let subject = Subject { bucket: BUCKET, prefix: "ivs/v1/none", row: None };
    let report = verify(&blobs, subject, &mut |_| {}).await.expect("an empty bucket");
    assert_eq!(faults(&report), ["events/recording-started.json is missing"]);
}

async fn exported(studio: &Studio, to: &Path) -> Result<Exported, ExportError> {
    let order = Order { bucket: BUCKET, prefix: studio.prefix(), rendition: None, to, force: false };
    export(studio.blobs(), order, &mut |_| {}, &CancellationToken::new()).await
}

#[tokio::test]
async fn an_export_has_all_there_is_behind_a_header_that_says_so() {
    let folder = tempfile::tempdir().expect("a folder");
    for (number, container) in CONTAINERS.into_iter().enumerate() {
        let film = Film { b_frames: 2, ..Film::default() };
        let mut studio = Studio::record(container, &film, 12).await;
        studio.edit(|pieces| {
            pieces[1].is_gap = true;
            pieces[3].discontinuity = true;
        });
        studio.write().await;
        let to = folder.path().join(format!("{number}.mp4"));
        let told = exported(&studio, &to).await.expect("a film");
        assert_eq!((told.pictures, told.gaps, told.is_header_last), (270, 1, false));
        let file = std::fs::read(&to).expect("a file");
        assert_eq!(u64::try_from(file.len()).expect("short"), told.bytes);
        let tracks = read_init(&file).expect("a header");
        let kinds: Vec<_> = tracks.iter().filter_map(|track| track.kind).collect();
        assert_eq!(kinds, [TrackKind::Video, TrackKind::Audio]);
        let again = exported(&studio, &to).await;
        assert!(matches!(again, Err(ExportError::Exists(_))), "{again:?}");
    }
    assert_eq!(std::fs::read_dir(folder.path()).expect("a folder").count(), 2, "nothing else is left");
}

/// All that is sent of a recording, and how long it was said to be.
async fn sent(studio: &Studio) -> Result<(u64, Vec<u8>), ExportError> {
    let (sent, mut sending) = begun(studio, u64::MAX).await?;
    let mut all = Vec::new();
    while let Some(bytes) = sending.next().await? {
        all.extend_from_slice(&bytes);
    }
    Ok((sent.bytes, all))
}

async fn begun(studio: &Studio, longest_ms: u64) -> Result<(Sent, Sending), ExportError> {
    Sending::begin(studio.blobs(), BUCKET, studio.prefix(), None, longest_ms).await
}

/// What is in the first box of this kind, at the top of a file, whose length has 64 bits or 32.
fn inside<'a>(mut file: &'a [u8], kind: &[u8; 4]) -> &'a [u8] {
    loop {
        let (size, rest) = file.split_first_chunk::<4>().expect("a box of that kind");
        let (found, rest) = rest.split_first_chunk::<4>().expect("a kind");
        let (size, rest, head) = match u32::from_be_bytes(*size) {
            1 => {
                let (size, rest) = rest.split_first_chunk::<8>().expect("a size");
                (u64::from_be_bytes(*size), rest, 16)
            }
            size => (u64::from(size), rest, 8),
        };
        let length = usize::try_from(size).expect("short") - head;
        if found == kind {
            return &rest[..length];
        }
        file = &rest[length..];
    }
}

#[tokio::test]
async fn what_is_sent_is_the_exported_film_header_first_and_as_long_as_was_said() {
    let folder = tempfile::tempdir().expect("a folder");
    for (number, container) in CONTAINERS.into_iter().enumerate() {
        let film = Film { b_frames: 2, ..Film::default() };
        let mut studio = Studio::record(container, &film, 12).await;
        studio.edit(|pieces| {
            pieces[1].is_gap = true;
            pieces[3].discontinuity = true;
        });
        studio.write().await;
        let (said, all) = sent(&studio).await.expect("a film");
        assert_eq!(said, u64::try_from(all.len()).expect("short"));
        let to = folder.path().join(format!("{number}.mp4"));
        exported(&studio, &to).await.expect("a film");
        let file = std::fs::read(&to).expect("a file");
        assert!(inside(&all, b"mdat") == inside(&file, b"mdat"), "the same media");
        // Only where the media is differs in the headers.
        let [ours, theirs] = [&all, &file].map(|file| inside(file, b"moov"));
        let unlike = ours.iter().zip(theirs).filter(|(ours, theirs)| ours != theirs).count();
        assert_eq!(ours.len(), theirs.len());
        let chunks = ours.windows(4).position(|kind| kind == b"co64").expect("places of chunks");
        assert!(chunks > 0 && unlike > 0, "{unlike}");
        let first = &ours[chunks + 12..chunks + 20];
        let first = u64::from_be_bytes(first.try_into().expect("eight bytes"));
        assert_eq!(
            first,
            said - inside(&all, b"mdat").len() as u64,
            "the first picture is where it is said to be"
        );
    }
}

#[tokio::test]
async fn a_recording_that_is_changed_while_it_is_sent_does_not_end_well() {
    let studio = Studio::record(ContainerFormat::Ts, &Film::default(), 12).await;
    let (_, mut sending) = begun(&studio, u64::MAX).await.expect("a film");
    // A chunk that is as whole, and has half of the pictures.
    let other = Studio::record(ContainerFormat::Ts, &Film::default(), 3).await;
    let [long, short] = [&studio, &other].map(Studio::files);
    let chunk = |files: &[std::path::PathBuf]| files.iter().find(|file| file.ends_with("0.ts")).cloned();
    let (to, from) = (chunk(&long).expect("a chunk"), chunk(&short).expect("a chunk"));
    let halved = std::fs::read(from).expect("a chunk");
    std::fs::write(&to, &halved[..halved.len() / 376 * 188]).expect("written");
    let end = loop {
        match sending.next().await {
            Ok(Some(_)) => {}
            end => break end,
        }
    };
    assert!(end.is_err(), "{end:?}");
    std::fs::remove_file(to).expect("removed");
    let told = sent(&studio).await;
    assert!(matches!(told, Err(ExportError::Missing(_))), "{told:?}");
}

#[tokio::test]
async fn a_recording_that_is_too_long_to_be_sent_is_refused_with_another_way() {
    let studio = Studio::record(ContainerFormat::Ts, &Film::default(), 12).await;
    let told = begun(&studio, 11_999).await.expect_err("too long").to_string();
    assert!(told.contains("rillcast recordings export"), "{told}");
    assert!(begun(&studio, 12_000).await.is_ok());
}

#[tokio::test]
async fn contents_are_what_the_manifest_and_the_playlist_say() {
    let studio = Studio::record(ContainerFormat::FragmentedMp4, &Film::default(), 12).await;
    let found = contents(studio.blobs(), BUCKET, studio.prefix(), 10).await.expect("a bucket");
    assert_eq!((found.duration_ms, found.renditions.len()), (studio.row().duration_ms, 1));
    assert!(found.shots.len() <= 10);
    let none = contents(studio.blobs(), BUCKET, "ivs/v1/none", 10).await;
    assert!(matches!(none, Err(ExportError::Missing(_))), "{none:?}");
}

#[tokio::test]
async fn an_export_that_is_stopped_leaves_nothing() {
    let folder = tempfile::tempdir().expect("a folder");
    let studio = Studio::record(ContainerFormat::Ts, &Film::default(), 12).await;
    let to = folder.path().join("film.mp4");
    let order = Order { bucket: BUCKET, prefix: studio.prefix(), rendition: None, to: &to, force: false };
    let cancel = CancellationToken::new();
    let stop = cancel.clone();
    let told = export(studio.blobs(), order, &mut |_| stop.cancel(), &cancel).await;
    assert!(matches!(told, Err(ExportError::Stopped)), "{told:?}");
    assert_eq!(std::fs::read_dir(folder.path()).expect("a folder").count(), 0);
}

/// What may happen to an object.
#[derive(Clone, Debug)]
enum Damage {
    Gone,
    Cut(prop::sample::Index),
    Changed(prop::sample::Index, Vec<u8>),
}

fn any_damage() -> impl Strategy<Value = Damage> {
    prop_oneof![
        Just(Damage::Gone),
        any::<prop::sample::Index>().prop_map(Damage::Cut),
        (any::<prop::sample::Index>(), prop::collection::vec(any::<u8>(), 1..300))
            .prop_map(|(at, bytes)| Damage::Changed(at, bytes)),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, ..ProptestConfig::default() })]
    #[test]
    fn no_damage_makes_the_reader_panic_and_what_is_cut_is_found(
        container in prop::sample::select(CONTAINERS.to_vec()),
        which in any::<prop::sample::Index>(),
        damage in any_damage(),
    ) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
        runtime.block_on(async {
            let studio = Studio::record(container, &Film::default(), 4).await;
            let file = which.get(&studio.files()).clone();
            let mut bytes = std::fs::read(&file).expect("an object");
            let must_be_found = match damage {
                Damage::Gone => {
                    std::fs::remove_file(&file).expect("it was there");
                    true
                }
                Damage::Cut(at) => {
                    // The last line's end is no loss.
                    let length = at.index(bytes.len());
                    let is_lost = bytes[length..] != *b"\n";
                    bytes.truncate(length);
                    std::fs::write(&file, &bytes).expect("writable");
                    is_lost
                }
                Damage::Changed(at, other) => {
                    let at = at.index(bytes.len());
                    bytes.iter_mut().skip(at).zip(other).for_each(|(byte, other)| *byte = other);
                    std::fs::write(&file, &bytes).expect("writable");
                    false
                }
            };
            let report = look(&studio, Some(studio.row())).await;
            assert!(!must_be_found || !report.is_good(), "{} {report:#?}", file.display());
            let to = tempfile::tempdir().expect("a folder");
            let _ = exported(&studio, &to.path().join("film.mp4")).await;
        });
    }
}
