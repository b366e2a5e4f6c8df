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
use super::chunk::{Chunk, Parcel};
use super::deck::{Deck, Parts};
use super::journal::{Line, Piece, Reader, SegmentLine, ThumbnailLine};
use super::{End, Header, Rack, Run, Tape, disk, folder};
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
    rack: Rack,
    items: Arc<Mutex<Items>>,
    batch: std::vec::IntoIter<Item>,
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
        let Found { deck, runs, notes, end, torn_bytes, torn_segments, items, header } = found;
        Self {
            tape: Tape::new(rack.clone(), deck),
            header,
            runs,
            notes,
            end,
            torn_bytes,
            torn_segments,
            rack: rack.clone(),
            items: Arc::new(Mutex::new(items)),
            batch: Vec::new().into_iter(),
        }
    }

    /// What was written next, from the beginning on; `None` after the last that was written before recovery.
    ///
    /// # Errors
    /// [`Error::Tape`].
    pub async fn next(&mut self) -> Result<Option<Item>, Error> {
        if self.batch.as_slice().is_empty() {
            let items = Arc::clone(&self.items);
            self.batch = self.rack.aside(move || items.lock().batch()).await?.into_iter();
        }
        Ok(self.batch.next())
    }
}

/// What the first look at a tape gives.
#[derive(Debug)]
pub(super) struct Found {
    deck: Deck,
    header: Header,
    runs: Vec<Run>,
    notes: BTreeMap<String, String>,
    end: Option<End>,
    torn_bytes: u64,
    torn_segments: u64,
    items: Items,
}

/// Takes a tape up: reads its journal once, cuts off what is torn, ends the open chunk.
pub(super) fn recover(path: &Path, keep_free: u64) -> Result<Option<Found>, Error> {
    if !path.join(folder::JOURNAL).exists() {
        // Nothing was on it.
        return match path.exists() && !folder::has_media(path)? && folder::lock(path)?.is_some() {
            true => remove_empty(path),
            false => Ok(None),
        };
    }
    let Some(lock) = folder::lock(path)? else { return Ok(None) };
    let journal_path = path.join(folder::JOURNAL);
    let journal = disk::open(&journal_path)?;
    let failed = |source| disk::failed("read", &journal_path, source);
    let mut reader = Reader::new(BufReader::with_capacity(BLOCK, journal.try_clone().map_err(failed)?));
    let Some(header) = first(reader.next().map_err(failed)?) else {
        // The first line is on the disk before anything else is: without media it never was whole.
        return if folder::has_media(path)? {
            Err(failed(io::ErrorKind::InvalidData.into()))
        } else {
            remove_empty(path)
        };
    };
    let mut account = Account::new(header.renditions.len());
    let (mut runs, mut notes, mut end) = (Vec::new(), BTreeMap::new(), None);
    let mut good = reader.good();
    while let Some(line) = reader.next().map_err(failed)? {
        if account.add(&line).is_err() {
            break;
        }
        good = reader.good();
        match line {
            Line::Run(run) => runs.push(run),
            Line::Note(note) => drop(notes.insert(note.name, note.text)),
            Line::End(ending) => end = Some(ending),
            _ => {}
        }
    }
    let length = journal.metadata().map_err(failed)?.len();
    journal.set_len(good).map_err(failed)?;
    folder::make_all(path, &header)?;
    let torn_segments = {
        let whole = whole_segments(path, &header, account.open_lines())?;
        (whole, account.open_lines().len() - whole)
    };
    let parts =
        Parts { folder: path.into(), lock, journal, journal_end: good, header: header.clone(), account };
    let mut deck = Deck::with(parts, keep_free);
    deck.close_recovered(torn_segments.0)?;
    let items = Items::open(path, header.clone())?;
    let torn_segments = torn_segments.1 as u64;
    Ok(Some(Found { deck, header, runs, notes, end, torn_bytes: length - good, torn_segments, items }))
}

fn remove_empty(path: &Path) -> Result<Option<Found>, Error> {
    folder::remove(path).map(|_| None)
}

fn first(line: Option<Line>) -> Option<Header> {
    let Some(Line::Header(header)) = line else { return None };
    header.renditions.iter().all(|rendition| folder::is_name(&rendition.name)).then_some(*header)
}

/// How many of these segments of the open chunk are on the disk as they were written, from the first on.
fn whole_segments(path: &Path, header: &Header, lines: &[SegmentLine]) -> Result<usize, Error> {
    let Some(first) = lines.first() else { return Ok(0) };
    let mut files = Vec::new();
    for (rendition, piece) in header.renditions.iter().zip(&first.pieces) {
        let path = path.join(layout::chunk(&rendition.name, first.chunk, header.container));
        files.push(piece.as_ref().and_then(|_| File::open(&path).ok()));
    }
    let is_whole = |line: &&SegmentLine| {
        line.pieces.iter().zip(&files).all(|(piece, file)| match (piece, file) {
            (None, _) => true,
            (Some(piece), Some(file)) => has(file, piece),
            (Some(_), None) => false,
        })
    };
    Ok(lines.iter().take_while(is_whole).count())
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
        Ok(Self { folder: folder.to_owned(), header, reader, account })
    }

    fn batch(&mut self) -> Result<Vec<Item>, Error> {
        let path = self.folder.join(folder::JOURNAL);
        let mut found = Vec::new();
        while found.len() < BATCH {
            let line = self.reader.next().map_err(|source| disk::failed("read", &path, source))?;
            let Some(line) = line else { break };
            let Ok(ended) = self.account.add(&line) else { break };
            if let Some(draft) = ended {
                let Header { renditions, container, .. } = &self.header;
                let chunk = draft.finish(&self.folder, *container, renditions, self.account.new_inits());
                found.push(Item::Chunk(as_found(chunk)));
            }
            if let Line::Thumbnail(line) = line {
                found.extend(thumbnail(&self.folder, &line).map(Item::Thumbnail));
            }
        }
        Ok(found)
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
