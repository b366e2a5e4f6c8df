//! A tape that somebody left, taken up.
//!
//! Promise: what is told of it was written, in the order in which it was, without a hole that is not told of. Files
//! that the journal does not tell of are not looked at. Memory does not grow with the tape.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, BufReader, Read as _, Seek as _, SeekFrom};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use parking_lot::Mutex;

use super::account::Account;
use super::chunk::{Chunk, Draft, Parcel};
use super::deck::{Deck, Parts};
use super::journal::{ChunkLine, Line, Piece, Reader, SegmentLine, Step, ThumbnailLine};
use super::replay::Replay;
use super::{End, Header, Rack, Rendition, Run, Tape, disk, folder};
use crate::{Error, layout};

/// Items that are read at a time.
const BATCH: usize = 64;
/// Bytes of a file that are read at a time.
const BLOCK: usize = 1 << 16;

/// A tape that somebody left. Its open chunk is ended; whatever was torn is cut off.
#[derive(Debug)]
pub struct Recovered {
    /// The tape. It can go on; a segment then has to be in a new run.
    pub tape: Tape,
    /// What does not change.
    pub header: Header,
    /// Its streams.
    pub runs: Vec<Run>,
    /// The words that were kept, by name.
    pub notes: BTreeMap<String, String>,
    /// How it ended, if it did.
    pub end: Option<End>,
    /// Bytes at the journal's end that could not be read and were cut off; 0 unless something was torn.
    pub torn_bytes: u64,
    /// Segments that the journal tells of and the disk had not got whole. They are cut off.
    pub torn_segments: u64,
    /// Lines in the journal's midst that could not be read. What they told is made up from those around them: chunks
    /// are whole but for a missing split into entries, or missing with a discontinuity in their place.
    pub broken_lines: u64,
    rack: Rack,
    items: Arc<Mutex<Items>>,
    batch: std::vec::IntoIter<Item>,
    lost_files: u64,
}

/// What was written at one time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Item {
    /// A chunk that ended. A file that is on the tape and does not have as many bytes as were written is a gap.
    Chunk(Chunk),
    /// A numbered thumbnail.
    Thumbnail(Parcel),
}

impl Recovered {
    pub(super) fn new(rack: &Rack, found: Found) -> Self {
        let Found { deck, runs, notes, end, torn_bytes, torn_segments, broken_lines, items } = found;
        let header = deck.header().clone();
        Self {
            tape: Tape::new(rack.clone(), deck),
            header,
            runs,
            notes,
            end,
            torn_bytes,
            torn_segments,
            broken_lines,
            rack: rack.clone(),
            items: Arc::new(Mutex::new(items)),
            batch: Vec::new().into_iter(),
            lost_files: 0,
        }
    }

    /// Files of ended chunks, and thumbnails, that were written and are lost: those that are on the tape and not whole,
    /// and all of a chunk of which no line can be read. Complete when [`Self::next`] gave the last. What was torn off
    /// the open chunk is not among them.
    pub fn lost_files(&self) -> u64 {
        self.lost_files
    }

    /// What was written next, from the beginning on; `None` after the last that was written before recovery.
    ///
    /// # Errors
    /// [`Error::Tape`].
    pub async fn next(&mut self) -> Result<Option<Item>, Error> {
        if self.batch.as_slice().is_empty() {
            let items = Arc::clone(&self.items);
            let (batch, lost) = self.rack.aside(move || items.lock().batch()).await?;
            self.batch = batch.into_iter();
            self.lost_files = lost;
        }
        Ok(self.batch.next())
    }
}

/// What the first look at a tape gives.
#[derive(Debug)]
pub(super) struct Found {
    deck: Deck,
    runs: Vec<Run>,
    notes: BTreeMap<String, String>,
    end: Option<End>,
    torn_bytes: u64,
    torn_segments: u64,
    broken_lines: u64,
    items: Items,
}

/// Takes a tape up: reads its journal once, cuts off what is torn, ends the open chunk.
pub(super) fn recover(path: &Path, keep_free: u64) -> Result<Option<Found>, Error> {
    let journal_path = path.join(folder::JOURNAL);
    if !path.exists() || !journal_path.exists() && folder::has_media(path)? {
        return Ok(None);
    }
    let Some(lock) = folder::lock(path)? else { return Ok(None) };
    if !journal_path.exists() {
        return remove_empty(path);
    }
    let journal = disk::open(&journal_path)?;
    let failed = |source| disk::failed("read", &journal_path, source);
    let copy = journal.try_clone().map_err(failed)?;
    let replay = Replay::read(BufReader::with_capacity(BLOCK, copy)).map_err(failed)?;
    let is_lost = replay.account.has_lost_all();
    let Some(header) = replay.header.filter(|_| !is_lost) else {
        // The first lines are on the disk before any media is: without media they never were whole.
        return if folder::has_media(path)? {
            Err(failed(io::ErrorKind::InvalidData.into()))
        } else {
            remove_empty(path)
        };
    };
    let length = journal.metadata().map_err(failed)?.len();
    journal.set_len(replay.good_bytes).map_err(failed)?;
    folder::make_all(path, &header)?;
    let end =
        replay.account.draft().map(|draft| as_on_disk(path, &header, draft, replay.account.open_lines()));
    let Replay { account, runs, notes, end: ending, good_bytes: good, broken_lines, .. } = replay;
    let parts = Parts { folder: path.into(), lock, journal, journal_end: good, header, account };
    let mut deck = Deck::with(parts, keep_free);
    let torn_segments = end.as_ref().map_or(0, |(_, torn)| *torn);
    if let Some((end, _)) = end {
        deck.close_recovered(end)?;
    }
    let items = Items::open(path, deck.header().clone())?;
    let torn_bytes = length.saturating_sub(good);
    Ok(Some(Found { deck, runs, notes, end: ending, torn_bytes, torn_segments, broken_lines, items }))
}

fn remove_empty(path: &Path) -> Result<Option<Found>, Error> {
    folder::remove(path).map(|_| None)
}

/// How an open chunk ends when only those segments count that are on the disk as they were written, from the first on;
/// and how many are not.
fn as_on_disk(path: &Path, header: &Header, draft: &Draft, lines: &[SegmentLine]) -> (ChunkLine, u64) {
    let open = |(rendition, file): (&Rendition, &Option<_>)| {
        file.as_ref()?;
        File::open(path.join(layout::chunk(&rendition.name, draft.number, header.container))).ok()
    };
    let files: Vec<Option<File>> = header.renditions.iter().zip(&draft.files).map(open).collect();
    let is_whole = |line: &&SegmentLine| {
        let mut pieces = line.pieces.iter().zip(&files);
        !line.is_guess
            && pieces.all(|(piece, file)| match (piece, file) {
                (None, _) => true,
                (Some(piece), Some(file)) => has(file, piece),
                (Some(_), None) => false,
            })
    };
    let mut kept = draft.clone();
    kept.empty();
    let whole = lines.iter().take_while(is_whole).inspect(|line| kept.add(line)).count();
    (kept.end(), (lines.len() - whole) as u64)
}

/// Does the file have this piece as it was written?
fn has(mut file: &File, piece: &Piece) -> bool {
    file.seek(SeekFrom::Start(piece.at)).is_ok() && checksum(file, piece.bytes()) == Some(piece.crc)
}

/// Of so many bytes; `None` when there are fewer.
fn checksum(file: &File, bytes: u64) -> Option<u32> {
    let (mut hasher, mut block, mut left) = (crc32fast::Hasher::new(), vec![0; BLOCK], bytes);
    while left > 0 {
        let some = usize::try_from(left).unwrap_or(usize::MAX).min(BLOCK);
        let (mut file, block) = (file, &mut block[..some]);
        file.read_exact(block).ok()?;
        hasher.update(block);
        left -= some as u64;
    }
    Some(hasher.finalize())
}

/// Reads the journal a second time, a batch after the other.
#[derive(Debug)]
struct Items {
    folder: PathBuf,
    header: Header,
    reader: Reader<io::Take<BufReader<File>>>,
    account: Account,
    /// The number of the chunk that should be next.
    next_chunk: u64,
    lost_files: u64,
}

impl Items {
    fn open(folder: &Path, header: Header) -> Result<Self, Error> {
        let path = folder.join(folder::JOURNAL);
        let failed = |source| disk::failed("read", &path, source);
        let journal = File::open(&path).map_err(failed)?;
        let length = journal.metadata().map_err(failed)?.len();
        let mut reader = Reader::new(BufReader::with_capacity(BLOCK, journal).take(length));
        reader.next().map_err(failed)?;
        let account = Account::new(header.renditions.len());
        Ok(Self { folder: folder.to_owned(), header, reader, account, next_chunk: 0, lost_files: 0 })
    }

    /// The next items, and how many files of all so far are lost.
    fn batch(&mut self) -> Result<(Vec<Item>, u64), Error> {
        let path = self.folder.join(folder::JOURNAL);
        let mut found = Vec::new();
        while found.len() < BATCH {
            let step = self.reader.next().map_err(|source| disk::failed("read", &path, source))?;
            let line = match step {
                Step::Line(line) => Some(line),
                Step::Broken => None,
                Step::End => {
                    self.pass(self.account.chunk());
                    break;
                }
            };
            let added = line.and_then(|line| Some((self.account.add(&line).ok()?, line)));
            let Some((ended, line)) = added else {
                self.account.note_damage();
                continue;
            };
            found.extend(ended.map(|draft| Item::Chunk(self.chunk(draft))));
            if let Line::Thumbnail(line) = &*line {
                let thumbnail = thumbnail(&self.folder, line);
                self.lost_files += u64::from(thumbnail.is_none());
                found.extend(thumbnail.map(Item::Thumbnail));
            }
        }
        Ok((found, self.lost_files))
    }

    /// Counts what is missing before the chunk of this number.
    fn pass(&mut self, number: u64) {
        let missing = number.saturating_sub(self.next_chunk);
        let files = missing.saturating_mul(self.header.renditions.len() as u64);
        self.lost_files = self.lost_files.saturating_add(files);
        self.next_chunk = number;
    }

    fn chunk(&mut self, draft: Draft) -> Chunk {
        self.pass(draft.number);
        self.next_chunk = draft.number.saturating_add(1);
        let written = draft.files.iter().flatten().count();
        let Header { renditions, container, .. } = &self.header;
        let chunk = as_found(draft.finish(&self.folder, *container, renditions, self.account.new_inits()));
        self.lost_files += (written - chunk.files.iter().flatten().count()) as u64;
        chunk
    }
}

/// Says which of its files are on the tape.
fn as_found(mut chunk: Chunk) -> Chunk {
    for file in &mut chunk.files {
        let is_torn = file.as_mut().is_some_and(|file| {
            let init = file.init.as_mut().and_then(|init| init.parcel.as_mut());
            !look_for(&mut file.parcel) || init.is_some_and(|init| !look_for(init))
        });
        if is_torn {
            *file = None;
        }
    }
    chunk
}

/// Says whether it is on the tape; no if it is there and is not whole.
fn look_for(parcel: &mut Parcel) -> bool {
    let length =
        parcel.path.symlink_metadata().ok().filter(std::fs::Metadata::is_file).map(|found| found.len());
    parcel.on_tape = length.is_some();
    length.is_none_or(|length| length == parcel.bytes)
}

/// `None` for one that is on the tape and is not as it was written.
fn thumbnail(folder: &Path, line: &ThumbnailLine) -> Option<Parcel> {
    let mut parcel = Parcel::new(folder, layout::thumbnail(line.number), line.bytes);
    let is_sized = look_for(&mut parcel);
    if !is_sized || !parcel.on_tape {
        return is_sized.then_some(parcel);
    }
    let file = File::open(&parcel.path).ok()?;
    (checksum(&file, line.bytes) == Some(line.crc)).then_some(parcel)
}
