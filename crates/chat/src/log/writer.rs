//! From memory to the spool.
//!
//! Promise: what waits in memory is on disk one turn later, whether or not the store answers; a room's records
//! are written in the order in which they were appended.

use std::collections::{HashMap, HashSet};
use std::fs::File;
use std::io;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use domain::Arn;
use tokio::task::{JoinSet, spawn_blocking};
use tokio::time::{Instant, sleep, sleep_until};
use tokio_util::sync::CancellationToken;

use super::counts::Lost;
use super::lanes::Lane;
use super::line::{self, Line};
use super::rooms::{Asked, configuration};
use super::spool::{Place, Spool};
use super::{Record, Shared};

/// The store has so long for all questions of one turn. What it does not answer is written unsorted.
const ASKING: Duration = Duration::from_millis(250);
/// What is sorted at once of what was written unsorted.
const SORTED: u64 = 4 << 20;
/// How often what could not be written or sorted is tried again.
const AGAIN: Duration = Duration::from_millis(500);
/// How often queues of deleted configurations are looked for.
const SWEEP: Duration = Duration::from_secs(3_600);
/// Files that are kept open from turn to turn.
const OPEN: usize = 64;

/// Lines of one turn for one queue.
#[derive(Default)]
struct Sheet {
    lines: Vec<u8>,
    count: u64,
}

#[derive(Default)]
struct Sheets {
    lanes: HashMap<Arn, (Arc<Lane>, Sheet)>,
    unsorted: Sheet,
}

/// Runs until `shutdown`, then writes what is there.
pub(super) async fn run(shared: Arc<Shared>, shutdown: CancellationToken) {
    let mut syncs = JoinSet::new();
    let mut synced = Instant::now();
    let mut swept = None;
    loop {
        let ending = shutdown.is_cancelled();
        turn(&shared).await;
        if ending {
            break;
        }
        if swept.is_none_or(|swept: Instant| swept.elapsed() > SWEEP) {
            swept = Some(Instant::now());
            sweep(&shared).await;
        }
        while syncs.try_join_next().is_some() {}
        // The next one starts when the last one is done, however slow the disk.
        if syncs.is_empty() && synced.elapsed() >= shared.config.sync {
            synced = Instant::now();
            let shared = Arc::clone(&shared);
            syncs.spawn_blocking(move || sync(&unsynced(&shared)));
        }
        let late = synced + shared.config.sync;
        let again = if backlog(&shared) { AGAIN } else { SWEEP };
        tokio::select! {
            () = shutdown.cancelled() => continue,
            () = shared.queue.wait() => {}
            () = sleep(again) => {}
            () = sleep_until(late), if !clean(&shared) => continue,
        }
        // One turn for all that comes in this time.
        tokio::select! {
            () = shutdown.cancelled() => {}
            () = sleep(shared.config.flush) => {}
        }
    }
    syncs.join_all().await;
    let files = unsynced(&shared);
    drop(spawn_blocking(move || sync(&files)).await);
    shared.written.cancel();
}

async fn turn(shared: &Arc<Shared>) {
    let (records, refused) = shared.queue.drain();
    shared.counts.lost(None, refused, Lost::Queue);
    let behind = {
        let unsorted = shared.lanes.unsorted.lock();
        unsorted.waiting() > 0 || unsorted.lags()
    };
    if records.is_empty() && !behind && !lags(shared) {
        return;
    }
    let deadline = Instant::now() + ASKING;
    // While some are unsorted all go that way, or a later one would overtake an earlier one.
    let sheets = sort(shared, records, behind, deadline).await;
    write(shared, sheets).await;
    if shared.lanes.unsorted.lock().waiting() > 0 {
        sort_again(shared).await;
    }
}

/// Puts each record on the sheets of its room's configurations.
async fn sort(shared: &Arc<Shared>, records: Vec<Record>, behind: bool, deadline: Instant) -> Sheets {
    let mut sheets = Sheets::default();
    let mut rooms: HashMap<Arn, Option<Vec<Arc<Lane>>>> = HashMap::new();
    let mut text = Vec::new();
    for record in records {
        if !rooms.contains_key(&record.room) {
            let lanes = if behind { None } else { lanes(shared, &record.room, deadline).await };
            rooms.insert(record.room.clone(), lanes);
        }
        text.clear();
        match rooms.get(&record.room) {
            Some(Some(lanes)) if lanes.is_empty() => {}
            Some(Some(lanes)) => {
                line::write(&record, &mut text);
                lanes.iter().for_each(|lane| sheets.put(lane, &text));
            }
            _ => {
                line::write(&record, &mut text);
                sheets.unsorted.put(&text);
            }
        }
    }
    sheets
}

/// The queues of the room's configurations; `None` when the store does not say.
async fn lanes(shared: &Arc<Shared>, room: &Arn, deadline: Instant) -> Option<Vec<Arc<Lane>>> {
    let configurations = shared.rooms.configurations(&shared.deps.store, room, deadline).await?;
    let mut lanes = Vec::with_capacity(configurations.len());
    for arn in configurations.iter() {
        if let Some(lane) = shared.lanes.get(arn) {
            lanes.push(lane);
            continue;
        }
        match configuration(&shared.deps.store, arn, deadline).await {
            Asked::Is(configuration) => {
                let all = Arc::clone(shared);
                let made = spawn_blocking(move || all.lanes.make(&configuration)).await;
                match made.unwrap_or_else(|_| Err(io::Error::other("cut short"))) {
                    Ok(lane) => lanes.push(lane),
                    Err(error) => {
                        tracing::error!(%error, configuration = %arn, "could not make a queue of the chat log");
                        return None;
                    }
                }
            }
            Asked::IsNot => {}
            Asked::NoAnswer => return None,
        }
    }
    Some(lanes)
}

/// Writes all sheets, on a thread that may wait for the disk.
async fn write(shared: &Arc<Shared>, sheets: Sheets) {
    let shared = Arc::clone(shared);
    let written = spawn_blocking(move || {
        // Also those without a sheet, if the disk refused their lines the last time.
        let late = shared.lanes.all().into_iter().filter(|lane| lane.spool().lags());
        let late = late.filter(|lane| !sheets.lanes.contains_key(&lane.arn));
        late.for_each(|lane| append(&shared, Some(&lane.arn), &mut lane.spool(), &Sheet::default()));
        for (lane, sheet) in sheets.lanes.values() {
            append(&shared, Some(&lane.arn), &mut lane.spool(), sheet);
        }
        append(&shared, None, &mut shared.lanes.unsorted.lock(), &sheets.unsorted);
        bound(&shared);
        if sheets.lanes.len() > OPEN {
            sheets.lanes.values().for_each(|(lane, _)| lane.spool().close());
        }
        shared.lanes.some.notify_one();
    });
    if written.await.is_err() {
        tracing::error!("writing the chat log was cut short");
    }
}

fn append(shared: &Shared, configuration: Option<&Arn>, spool: &mut Spool, sheet: &Sheet) {
    if sheet.lines.is_empty() && !spool.lags() {
        return;
    }
    if configuration.is_some() {
        shared.counts.spooled(sheet.count);
    }
    if let Err(unwritten) = spool.append(&sheet.lines) {
        tracing::error!(error = %unwritten.source, "could not write the chat log to disk");
        shared.counts.lost(configuration, unwritten.lost, Lost::Disk);
    }
}

fn bound(shared: &Shared) {
    match shared.lanes.shrink(shared.config.max_bytes) {
        Ok(lost) => {
            let each = lost.into_iter();
            each.for_each(|(configuration, records)| {
                shared.counts.lost(configuration.as_ref(), records, Lost::Bound);
            });
        }
        Err(error) => tracing::error!(%error, "could not drop the oldest part of the chat log"),
    }
    shared.counts.spool_bytes(shared.lanes.bytes());
}

/// Sorts what was written unsorted, as far as the store answers.
async fn sort_again(shared: &Arc<Shared>) {
    let deadline = Instant::now() + ASKING;
    let mut from = shared.lanes.unsorted.lock().cursor();
    loop {
        let all = Arc::clone(shared);
        let read = spawn_blocking(move || read_unsorted(&all)).await;
        let (lines, damaged, end) = match read.unwrap_or_else(|_| Err(io::Error::other("cut short"))) {
            Ok(read) => read,
            Err(error) => {
                tracing::error!(%error, "could not read the chat log's unsorted records");
                return;
            }
        };
        let mut sheets = Sheets::default();
        let mut text = Vec::new();
        let mut whole = true;
        for (line, place) in lines {
            let Some(lanes) = lanes(shared, &line.room, deadline).await else {
                whole = false;
                break;
            };
            text.clear();
            line::copy(&line, &mut text);
            lanes.iter().for_each(|lane| sheets.put(lane, &text));
            from = place;
        }
        if whole {
            from = end;
        }
        write(shared, sheets).await;
        shared.counts.lost(None, damaged, Lost::Damage);
        if let Err(error) = shared.lanes.unsorted.lock().acknowledge(from) {
            tracing::error!(%error, "could not keep how far the chat log is sorted");
        }
        if !whole || shared.lanes.unsorted.lock().waiting() == 0 || Instant::now() > deadline {
            return;
        }
    }
}

type Unsorted = (Vec<(Line, Place)>, u64, Place);

fn read_unsorted(shared: &Shared) -> io::Result<Unsorted> {
    let mut reader = shared.lanes.unsorted.lock().reader();
    let mut lines = Vec::new();
    while reader.consumed() < SORTED {
        match reader.next()? {
            Some(line) => lines.push(line),
            None => break,
        }
    }
    Ok((lines, reader.damaged(), reader.place()))
}

/// Removes empty queues whose configurations are no more, as many as there is time for.
async fn sweep(shared: &Arc<Shared>) {
    let deadline = Instant::now() + ASKING;
    for lane in shared.lanes.all() {
        if Instant::now() > deadline {
            break;
        }
        let idle = lane.spool().waiting() == 0;
        if idle && matches!(configuration(&shared.deps.store, &lane.arn, deadline).await, Asked::IsNot) {
            let shared = Arc::clone(shared);
            let removed = spawn_blocking(move || shared.lanes.remove(&lane)).await;
            if let Ok(Err(error)) = removed {
                tracing::warn!(%error, "could not remove a queue of the chat log");
            }
        }
    }
}

fn lags(shared: &Shared) -> bool {
    shared.lanes.unsorted.lock().lags() || shared.lanes.all().iter().any(|lane| lane.spool().lags())
}

/// Is there something that a later turn has to do, even if nothing new comes?
fn backlog(shared: &Shared) -> bool {
    lags(shared) || shared.lanes.unsorted.lock().waiting() > 0
}

fn clean(shared: &Shared) -> bool {
    shared.lanes.unsorted.lock().is_synced() && shared.lanes.all().iter().all(|lane| lane.spool().is_synced())
}

fn unsynced(shared: &Shared) -> Vec<PathBuf> {
    let mut files = shared.lanes.unsorted.lock().take_unsynced();
    for lane in shared.lanes.all() {
        files.append(&mut lane.spool().take_unsynced());
    }
    files
}

/// A file that is gone was taken by its destination, whole.
fn sync(files: &[PathBuf]) {
    for path in files {
        let synced = File::open(path).and_then(|file| file.sync_data());
        match synced {
            Err(error) if error.kind() != io::ErrorKind::NotFound => {
                tracing::error!(%error, file = %path.display(), "could not secure the chat log against power cuts");
            }
            _ => {}
        }
    }
    // New files have to have their names, too.
    let folders: HashSet<_> = files.iter().filter_map(|path| path.parent()).collect();
    for folder in folders {
        drop(File::open(folder).and_then(|folder| folder.sync_all()));
    }
}

impl Sheet {
    fn put(&mut self, line: &[u8]) {
        self.lines.extend_from_slice(line);
        self.count += 1;
    }
}

impl Sheets {
    fn put(&mut self, lane: &Arc<Lane>, line: &[u8]) {
        if let Some((_, sheet)) = self.lanes.get_mut(&lane.arn) {
            sheet.put(line);
            return;
        }
        let mut sheet = Sheet::default();
        sheet.put(line);
        self.lanes.insert(lane.arn.clone(), (Arc::clone(lane), sheet));
    }
}
