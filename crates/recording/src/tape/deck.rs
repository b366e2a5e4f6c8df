//! What writes a tape, one act after the other.
//!
//! Promise: an act that fails leaves the tape as it was. A line stands in the journal only when what it tells of was
//! written, and the line that ends a chunk only when that is on the disk for good.

use std::fs::File;
use std::io;
use std::mem;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use bytes::Bytes;
use live::{Init, Segment};
use media::Ticks;

use super::account::Account;
use super::chunk::{Chunk, Parcel};
use super::journal::{self, ChunkLine, InitLine, Line, NoteLine, Piece, SegmentLine, ThumbnailLine};
use super::{End, Header, Run, Sums, disk, folder};
use crate::{Error, layout};

/// A chunk ends with the first segment by which it is this long.
pub(super) const CHUNK: Ticks = Ticks::new(10 * Ticks::PER_SECOND);
/// An entry ends before the first independent part by which it is this long: sound alone is independent at each part,
/// and a playlist should not have a line for each.
const ENTRY: Ticks = Ticks::new(Ticks::PER_SECOND / 2);
/// Room that is kept for what must be written at the end.
const BALLAST: u64 = 1 << 20;

/// A tape's journal and files, open for writing.
#[derive(Debug)]
pub(super) struct Deck {
    folder: Arc<Path>,
    /// Held for as long as the tape is ours.
    _lock: File,
    journal: File,
    /// Where the next line goes.
    journal_end: u64,
    header: Header,
    account: Account,
    keep_free: u64,
    /// The files of the open chunk.
    files: Vec<Option<ChunkWriter>>,
    /// The initialisation section that each rendition had last, and the number it got here.
    inits: Vec<Option<(Arc<Init>, u32)>>,
    /// Ended chunks that nobody was told of yet.
    ready: Vec<Chunk>,
    /// Bytes that are reserved; `None` when they were released.
    ballast: Option<u64>,
}

/// A file of the open chunk.
#[derive(Debug)]
struct ChunkWriter {
    file: File,
    path: PathBuf,
    /// There may be bytes behind the last segment that was taken.
    is_frayed: bool,
}

/// What recovery found.
#[derive(Debug)]
pub(super) struct Parts {
    pub(super) folder: Arc<Path>,
    pub(super) lock: File,
    pub(super) journal: File,
    pub(super) journal_end: u64,
    pub(super) header: Header,
    pub(super) account: Account,
}

impl Deck {
    /// Makes a tape's folder.
    pub(super) fn create(folder: &Path, header: Header, keep_free: u64) -> Result<Self, Error> {
        if !header.renditions.iter().all(|rendition| folder::is_name(&rendition.name)) {
            return Err(disk::failed("make", folder, io::ErrorKind::InvalidInput));
        }
        disk::make_folder(folder)?;
        let made = Self::create_in(folder, header, keep_free);
        if made.is_err() {
            // The error that is told is the one above.
            drop(folder::remove(folder));
        }
        made
    }

    fn create_in(folder: &Path, header: Header, keep_free: u64) -> Result<Self, Error> {
        disk::check_room(folder, keep_free.saturating_add(BALLAST))?;
        let lock =
            folder::lock(folder)?.ok_or_else(|| disk::failed("lock", folder, io::ErrorKind::WouldBlock))?;
        folder::make_all(folder, &header)?;
        let path = folder.join(folder::JOURNAL);
        let journal = disk::make(&path)?;
        let account = Account::new(header.renditions.len());
        let parts = Parts { folder: folder.into(), lock, journal, journal_end: 0, header, account };
        let mut deck = Self::with(parts, keep_free);
        deck.ballast = Some(0);
        deck.grow_ballast(0)?;
        deck.append(&Line::Header(Box::new(deck.header.clone())))?;
        deck.settle_journal()?;
        disk::settle_folder(folder)?;
        Ok(deck)
    }

    /// One that goes on where a tape stopped.
    pub(super) fn with(parts: Parts, keep_free: u64) -> Self {
        let Parts { folder, lock, journal, journal_end, header, account } = parts;
        let renditions = header.renditions.len();
        Self {
            folder,
            _lock: lock,
            journal,
            journal_end,
            header,
            account,
            keep_free,
            files: Vec::new(),
            inits: vec![None; renditions],
            ready: Vec::new(),
            ballast: None,
        }
    }

    pub(super) fn folder(&self) -> Arc<Path> {
        Arc::clone(&self.folder)
    }

    pub(super) fn header(&self) -> &Header {
        &self.header
    }

    pub(super) fn sums(&self) -> Sums {
        self.account.sums()
    }

    pub(super) fn begin_run(&mut self, run: Run) -> Result<Vec<Chunk>, Error> {
        self.check_open()?;
        self.close()?;
        self.tell(&Line::Run(run))?;
        self.settle_journal()?;
        Ok(mem::take(&mut self.ready))
    }

    pub(super) fn take(
        &mut self,
        segments: &[Option<Arc<Segment>>],
        conductor: &Segment,
    ) -> Result<Vec<Chunk>, Error> {
        self.check_open()?;
        if segments.len() != self.header.renditions.len() || self.sums().streams == 0 {
            return Err(self.refused(io::ErrorKind::InvalidInput));
        }
        disk::check_room(&self.folder, self.keep_free)?;
        let whole: Vec<Option<&Segment>> =
            segments.iter().map(|segment| segment.as_deref().filter(is_whole)).collect();
        let breaks = self.breaks_before(conductor);
        if breaks || !self.can_go_on_with(&whole) {
            self.close()?;
        }
        self.write(&whole, conductor, breaks).inspect_err(|_| self.fray())?;
        if self.account.draft().is_some_and(|draft| draft.duration >= CHUNK)
            && let Err(error) = self.close()
        {
            // The segment is taken all the same; the next act ends the chunk, or fails.
            tracing::warn!(
                error = &error as &dyn std::error::Error,
                "a chunk of a recording is not on the disk yet"
            );
        }
        Ok(mem::take(&mut self.ready))
    }

    pub(super) fn cut(&mut self) -> Result<Vec<Chunk>, Error> {
        self.close()?;
        Ok(mem::take(&mut self.ready))
    }

    pub(super) fn thumbnail(&mut self, jpeg: &Bytes) -> Result<Parcel, Error> {
        self.check_open()?;
        disk::check_room(&self.folder, self.keep_free)?;
        let number = self.account.next_thumbnail();
        let parcel = Parcel::new(&self.folder, layout::thumbnail(number), jpeg.len() as u64);
        let file = disk::make(&parcel.path)?;
        let line = Line::Thumbnail(ThumbnailLine { number, bytes: parcel.bytes, crc: crc32fast::hash(jpeg) });
        let written = disk::write(&file, &parcel.path, jpeg, 0).and_then(|()| self.tell(&line));
        if written.is_err() {
            drop(disk::remove(&parcel.path));
        }
        written.map(|()| parcel)
    }

    pub(super) fn note(&mut self, name: String, text: String) -> Result<(), Error> {
        self.tell(&Line::Note(NoteLine { name, text }))?;
        self.settle_journal()
    }

    pub(super) fn end(&mut self, end: End) -> Result<Vec<Chunk>, Error> {
        self.check_open()?;
        self.close()?;
        self.tell(&Line::End(end))?;
        self.settle_journal()?;
        Ok(mem::take(&mut self.ready))
    }

    pub(super) fn grow_ballast(&mut self, bytes: u64) -> Result<(), Error> {
        let wanted = BALLAST.saturating_add(bytes);
        if self.ballast.is_some_and(|now| now < wanted) {
            let path = self.folder.join(folder::BALLAST);
            let file = disk::open(&path)?;
            disk::reserve(&file, &path, wanted)?;
            self.ballast = Some(wanted);
        }
        Ok(())
    }

    pub(super) fn release_ballast(&mut self) -> Result<(), Error> {
        self.ballast = None;
        disk::remove(&self.folder.join(folder::BALLAST))
    }

    pub(super) fn discard(&mut self) -> Result<Vec<PathBuf>, Error> {
        self.files.clear();
        folder::remove(&self.folder)
    }

    /// Ends the chunk that was open when the tape was left, as far as this line says.
    pub(super) fn close_recovered(&mut self, end: ChunkLine) -> Result<(), Error> {
        let lengths = self.header.renditions.iter().zip(&end.bytes);
        for (rendition, bytes) in lengths.filter(|_| end.duration > 0) {
            if let Some(bytes) = bytes {
                let path =
                    self.folder.join(layout::chunk(&rendition.name, end.number, self.header.container));
                let file = disk::open(&path)?;
                ChunkWriter { file, path, is_frayed: true }.settle(*bytes)?;
            }
        }
        self.tell_chunk(end)?;
        self.settle_journal()
    }

    /// Ends the open chunk: what the journal says of it then outlives a power cut.
    pub(super) fn close(&mut self) -> Result<(), Error> {
        let Some(draft) = self.account.draft() else { return Ok(()) };
        for (writer, file) in self.files.iter_mut().zip(&draft.files) {
            if let (Some(writer), Some(file)) = (writer, file) {
                writer.settle(file.bytes)?;
            }
        }
        let end = draft.end();
        let draft = self.tell_chunk(end)?;
        self.files.clear();
        self.settle_journal()?;
        let Header { renditions, container, .. } = &self.header;
        let new_inits = self.account.new_inits();
        self.ready.extend(draft.map(|draft| draft.finish(&self.folder, *container, renditions, new_inits)));
        Ok(())
    }

    fn tell_chunk(&mut self, end: ChunkLine) -> Result<Option<super::chunk::Draft>, Error> {
        let line = Line::Chunk(end);
        self.append(&line)?;
        self.account.add(&line).map_err(|_| self.refused(io::ErrorKind::InvalidData))
    }

    fn write(&mut self, whole: &[Option<&Segment>], conductor: &Segment, breaks: bool) -> Result<(), Error> {
        for (rendition, segment) in whole.iter().enumerate() {
            if let Some(segment) = segment {
                self.bring_init(rendition, &segment.init)?;
            }
        }
        if self.account.draft().is_none() {
            self.files = self.begin_files(whole)?;
        }
        let pieces = self.pieces(whole)?;
        let draft = self.account.draft();
        let line = SegmentLine {
            chunk: self.account.chunk(),
            number: conductor.number,
            time: domain::unix_millis(conductor.time),
            from: draft.map_or(0, |draft| draft.duration.count()),
            duration: conductor.duration.count().max(0),
            breaks: draft.map_or(breaks, |draft| draft.breaks),
            pieces,
            is_guess: false,
        };
        self.tell(&Line::Segment(line))
    }

    /// Writes the segment in each rendition that has it.
    fn pieces(&self, whole: &[Option<&Segment>]) -> Result<Vec<Option<Piece>>, Error> {
        let piece = |(rendition, segment): (usize, &Option<&Segment>)| {
            let (Some(segment), Some(Some(writer))) = (segment, self.files.get(rendition)) else {
                return Ok(None);
            };
            let so_far = self.account.draft().and_then(|draft| draft.files.get(rendition)?.as_ref());
            let at = so_far.map_or(0, |file| file.bytes);
            let last = so_far.and_then(|file| file.entries.last()).map(|entry| entry.duration);
            let blocks: Vec<&Bytes> = segment.parts.iter().map(|part| &part.data).collect();
            disk::write_blocks(&writer.file, &writer.path, &blocks, at)?;
            let (joins, entries) = entries(segment, last);
            Ok(Some(Piece { at, crc: checksum(&blocks), init: self.init_of(rendition), joins, entries }))
        };
        whole.iter().enumerate().map(piece).collect()
    }

    /// Does the media time of this segment not continue what was taken last?
    fn breaks_before(&self, conductor: &Segment) -> bool {
        let sums = self.sums();
        sums.segments > 0 && (conductor.discontinuity || sums.next_number != Some(conductor.number))
    }

    /// May these go into the open chunk?
    fn can_go_on_with(&self, whole: &[Option<&Segment>]) -> bool {
        let Some(draft) = self.account.draft() else { return true };
        let is_alike =
            |(rendition, (file, segment)): (usize, (&Option<_>, &Option<&Segment>))| match (file, segment) {
                (Some(_), Some(segment)) => self.has_init(rendition, &segment.init),
                (None, None) => true,
                _ => false,
            };
        draft.duration < CHUNK && draft.files.iter().zip(whole).enumerate().all(is_alike)
    }

    fn has_init(&self, rendition: usize, init: &Arc<Init>) -> bool {
        let known = self.inits.get(rendition).and_then(Option::as_ref);
        known.is_some_and(|(known, _)| Arc::ptr_eq(known, init) || known.data == init.data)
    }

    /// The number of the initialisation section that a rendition's segments need now.
    fn init_of(&self, rendition: usize) -> Option<u32> {
        let (init, number) = self.inits.get(rendition)?.as_ref()?;
        (!init.data.is_empty()).then_some(*number)
    }

    /// Writes an initialisation section that the rendition does not have yet.
    fn bring_init(&mut self, rendition: usize, init: &Arc<Init>) -> Result<(), Error> {
        if self.has_init(rendition, init) {
            return Ok(());
        }
        let number = self.account.next_init(rendition);
        if !init.data.is_empty() {
            let path = self.folder.join(layout::init(&self.header.renditions[rendition].name, number));
            let file = disk::make(&path)?;
            disk::write(&file, &path, &init.data, 0)?;
            disk::settle(&file, &path)?;
            let (bytes, crc) = (init.data.len() as u64, crc32fast::hash(&init.data));
            self.tell(&Line::Init(InitLine { rendition, number, bytes, crc }))?;
        }
        self.inits[rendition] = Some((Arc::clone(init), number));
        Ok(())
    }

    fn begin_files(&self, whole: &[Option<&Segment>]) -> Result<Vec<Option<ChunkWriter>>, Error> {
        let number = self.account.chunk();
        let begin = |(segment, rendition): (&Option<&Segment>, &super::Rendition)| {
            if segment.is_none() {
                return Ok(None);
            }
            let path = self.folder.join(layout::chunk(&rendition.name, number, self.header.container));
            Ok(Some(ChunkWriter { file: disk::make(&path)?, path, is_frayed: false }))
        };
        whole.iter().zip(&self.header.renditions).map(begin).collect()
    }

    /// Notes that files may have bytes that no line tells of.
    fn fray(&mut self) {
        for writer in self.files.iter_mut().flatten() {
            writer.is_frayed = true;
        }
        if self.account.draft().is_none() {
            for writer in mem::take(&mut self.files).into_iter().flatten() {
                // It takes room that may be short; it would be replaced otherwise.
                drop(disk::remove(&writer.path));
            }
        }
    }

    /// Writes a line and keeps account of it.
    fn tell(&mut self, line: &Line) -> Result<(), Error> {
        self.append(line)?;
        let added = self.account.add(line);
        added.map(drop).map_err(|_| self.refused(io::ErrorKind::InvalidData))
    }

    fn append(&mut self, line: &Line) -> Result<(), Error> {
        let path = self.folder.join(folder::JOURNAL);
        let text = journal::encode(line).map_err(|source| disk::failed("write to", &path, source))?;
        if text.len() > journal::LONGEST_LINE {
            return Err(disk::failed("write to", &path, io::ErrorKind::InvalidInput));
        }
        if let Err(error) = disk::write(&self.journal, &path, &text, self.journal_end) {
            // Readers stop at a torn line anyway.
            drop(self.journal.set_len(self.journal_end));
            return Err(error);
        }
        self.journal_end += text.len() as u64;
        Ok(())
    }

    fn settle_journal(&self) -> Result<(), Error> {
        disk::settle(&self.journal, &self.folder.join(folder::JOURNAL))
    }

    fn check_open(&self) -> Result<(), Error> {
        if self.account.has_ended() { Err(self.refused(io::ErrorKind::InvalidInput)) } else { Ok(()) }
    }

    fn refused(&self, kind: io::ErrorKind) -> Error {
        disk::failed("write to", &self.folder, kind)
    }
}

impl ChunkWriter {
    fn settle(&mut self, bytes: u64) -> Result<(), Error> {
        if self.is_frayed {
            self.file.set_len(bytes).map_err(|source| disk::failed("shorten", &self.path, source))?;
            self.is_frayed = false;
        }
        disk::settle(&self.file, &self.path)?;
        self.path.parent().map_or(Ok(()), disk::settle_folder)
    }
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "a filter's form")]
fn is_whole(segment: &&Segment) -> bool {
    !segment.is_gap()
}

fn checksum(blocks: &[&Bytes]) -> u32 {
    let mut hasher = crc32fast::Hasher::new();
    blocks.iter().for_each(|block| hasher.update(block));
    hasher.finalize()
}

/// A segment's entries, and whether the first belongs to the one before it, which is so long.
fn entries(segment: &Segment, last: Option<Ticks>) -> (bool, Vec<(u64, i64)>) {
    let (mut joins, mut length) = (false, last);
    let mut found: Vec<(u64, i64)> = Vec::new();
    for part in segment.parts.iter() {
        let (bytes, duration) = (part.data.len() as u64, part.duration.max(Ticks::ZERO));
        let begins = length.is_none_or(|length| part.independent && length >= ENTRY);
        joins |= found.is_empty() && !begins;
        match found.last_mut() {
            Some(entry) if !begins => *entry = (entry.0 + bytes, entry.1 + duration.count()),
            _ => found.push((bytes, duration.count())),
        }
        length = Some(if begins { duration } else { length.unwrap_or_default() + duration });
    }
    (joins, found)
}
