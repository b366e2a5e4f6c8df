//! What earlier runs of the server left: tapes that are not in their buckets yet, and rows of recordings that nobody
//! works on.
//!
//! Promise: every tape whose lock can be had is brought to its end, beside what is on air; nothing that is on a tape is
//! ever given up. A row that says that a recording goes on, though nothing does, is closed.

mod orphan;

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, SystemTime};

use domain::{Recording, RecordingStage, RecordingStatus, chain, unix_millis};
use tokio::sync::Semaphore;
use tokio::task::JoinSet;
use tokio::time::sleep;

use crate::Error;
use crate::courier::{Courier, Errand};
use crate::house::House;
use crate::ledger::Ledger;
use crate::listing::Listing;
use crate::session::{Ending, INTERNAL, Introduction, finish, manifest, place, target};
use crate::tape::{End, Item, Recovered};

/// Tapes that are read at once.
const AT_ONCE: usize = 8;
/// From one try to read the rack, or the database, to the next.
const PAUSE: Duration = Duration::from_secs(5);
/// The same for a tape that can't be read.
const LONG_PAUSE: Duration = Duration::from_secs(60);

/// Takes up what is there, until the deadline.
pub(crate) async fn recover(house: House) {
    let deadline = house.deadline.clone();
    deadline.run_until_cancelled_owned(take_up(house)).await;
}

async fn take_up(house: House) {
    let tapes = inventory(&house).await;
    let places = Arc::new(Semaphore::new(AT_ONCE));
    let mut resumed = JoinSet::new();
    for folder in tapes {
        let (house, places) = (house.clone(), Arc::clone(&places));
        resumed.spawn(async move { resume(&house, folder, &places).await });
    }
    close_rows(&house).await;
    while let Some(done) = resumed.join_next().await {
        if let Err(cause) = done {
            tracing::error!(%cause, "a recording could not be finished; the next start tries again");
        }
    }
}

async fn inventory(house: &House) -> Vec<PathBuf> {
    let mut is_first = true;
    loop {
        match house.rack.inventory().await {
            Ok(found) => {
                for stranger in &found.strangers {
                    tracing::warn!(path = %stranger.display(), "this is in the folder of recordings and is no tape");
                }
                return found.tapes;
            }
            Err(cause) if is_first => {
                tracing::error!(
                    cause = chain(&cause),
                    "can't look for recordings that are to be finished; trying on"
                );
            }
            Err(_) => {}
        }
        is_first = false;
        sleep(PAUSE).await;
    }
}

/// Finishes what is on a tape, or leaves it to who has it. Tries again where the disk makes trouble.
async fn resume(house: &House, folder: PathBuf, places: &Semaphore) {
    let mut is_first = true;
    while let Err(cause) = try_resume(house, &folder, places).await {
        if is_first {
            let (folder, cause) = (folder.display(), chain(&cause));
            tracing::error!(%folder, cause, "can't read the tape of a recording; trying on");
        }
        is_first = false;
        sleep(LONG_PAUSE).await;
    }
}

async fn try_resume(house: &House, folder: &Path, places: &Semaphore) -> Result<(), Error> {
    // Tapes are read one after the other; buckets that are away hold up nobody but their own.
    let permit = places.acquire().await;
    // One that can't be had is another server's, or of a stream that is on air.
    let Some(recovered) = house.rack.recover(folder).await? else { return Ok(()) };
    go_on(house, recovered, permit).await
}

/// Sends all of it, and then brings it to its end.
async fn go_on<P>(house: &House, mut recovered: Recovered, permit: P) -> Result<(), Error> {
    let recording = recording(&recovered);
    if is_over(house, &recording).await {
        // The server died when all was done but this.
        return recovered.tape.discard().await.map(drop);
    }
    let (torn_bytes, torn_segments) = (recovered.torn_bytes, recovered.torn_segments);
    tracing::info!(recording = %recording.id, torn_bytes, torn_segments, "a recording that was left is finished");
    let mut beside = JoinSet::new();
    let (ledger, scribe) = Ledger::open(house.store.clone(), recording.clone(), house.deadline.clone());
    beside.spawn(scribe);
    let header = recovered.header.clone();
    let seconds = recovered.runs.iter().map(|run| target(run.target_duration)).max().unwrap_or(target(0));
    let listing = Listing::new(recovered.tape.scratch(), &header, seconds);
    let courier = Courier::start(place(&recording), listing, &house.means);
    let begun = manifest(&header, &header.recording);
    let introduction = Introduction::begin(&courier, &ledger, &begun, &mut beside);
    let mut until = header.recording.started_at;
    while let Some(item) = recovered.next().await? {
        match item {
            Item::Chunk(chunk) => {
                until = unix_millis(chunk.time + chunk.duration.to_duration());
                courier.send(Errand::Chunk(chunk));
            }
            Item::Thumbnail(parcel) => courier.send(Errand::Files(vec![parcel])),
        }
    }
    drop(permit);
    let is_ended = recovered.end.is_some();
    let mut end = recovered.end.take().unwrap_or(End { at: until, reason: String::new() });
    let lost = recovered.lost_files();
    if lost > 0 && end.reason.is_empty() {
        tracing::error!(recording = %header.recording.id, lost, "files of a recording were damaged on its tape");
        INTERNAL.clone_into(&mut end.reason);
    }
    let ending = Ending { tape: recovered.tape, courier, ledger, introduction, header, end, is_ended };
    finish(house, ending).await;
    while beside.join_next().await.is_some() {}
    Ok(())
}

/// Does its row say that all of it is in its bucket?
async fn is_over(house: &House, recording: &Recording) -> bool {
    loop {
        match house.store.recording(&recording.id).await {
            Ok(row) => return row.is_some_and(|row| row.stage != RecordingStage::Started),
            Err(_) => sleep(PAUSE).await,
        }
    }
}

/// As far as the tape knows it.
fn recording(recovered: &Recovered) -> Recording {
    let began = recovered.header.recording.clone();
    let streams: Vec<_> = recovered.runs.iter().map(|run| run.stream.clone()).collect();
    if streams.is_empty() { began } else { Recording { streams, ..began } }
}

/// Closes rows of this server that nobody works on: the tape is gone, as it was on another disk.
async fn close_rows(house: &House) {
    let open = loop {
        match house.store.open_recordings_of(&house.node).await {
            Ok(open) => break open,
            Err(_) => sleep(PAUSE).await,
        }
    };
    // First the tapes, then the row again: whoever ends a recording writes its row before the tape goes.
    let tapes = inventory(house).await;
    for row in open {
        if tapes.iter().any(|tape| tape.file_stem().is_some_and(|id| id == row.id.as_str())) {
            continue;
        }
        let again = house.store.recording(&row.id).await;
        if let Ok(Some(row)) = again
            && row.stage == RecordingStage::Started
        {
            close_row(house, row).await;
        }
    }
}

async fn close_row(house: &House, mut row: Recording) {
    tracing::error!(recording = %row.id, "the tape of a recording is gone: what of it was not in its bucket is lost");
    row.stage = RecordingStage::EndedWithFailure;
    row.ended_at = Some(unix_millis(SystemTime::now()));
    INTERNAL.clone_into(&mut row.reason);
    match orphan::close(&house.means.blobs, &mut row).await {
        Ok(()) => {}
        Err(cause) => {
            let (id, cause) = (&row.id, chain(&cause));
            tracing::error!(recording = %id, cause, "what is left of a recording could not be closed in its bucket");
        }
    }
    let (ledger, scribe) = Ledger::open(house.store.clone(), row, house.deadline.clone());
    ledger.tell(RecordingStatus::EndFailure, SystemTime::now());
    drop(ledger);
    scribe.await;
    house.figures().failed.fetch_add(1, Ordering::Relaxed);
}
