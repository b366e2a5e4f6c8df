//! A queue of lines on disk, in files of some MiB that are called segments.
//!
//! ```text
//! <folder>/cursor                    what was taken: segment and offset
//! <folder>/0000019a0c5e2f10.log      lines; the last one is appended to
//! ```
//!
//! Promise: what [`Spool::append`] wrote outlives the process; lines are read in the order in which they were
//! written; what was acknowledged is not read again, also by the next process, unless the process died just
//! then; a line that was cut by a crash is cut off, one that is damaged is passed over and counted.

use std::collections::VecDeque;
use std::fs::{self, File, OpenOptions};
use std::io::{self, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};

use bytes::Bytes;

use super::line::{self, Line};

/// A segment that has so many bytes is ended. Also what is read into memory at once.
pub(super) const SEGMENT: u64 = 4 << 20;
/// Bytes in memory while the disk refuses them; what comes then is lost.
const UNWRITTEN: usize = 8 << 20;
const CURSOR: &str = "cursor";
const SUFFIX: &str = ".log";

/// Between two lines.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct Place {
    pub(super) segment: u64,
    pub(super) offset: u64,
}

#[derive(Clone, Copy, Debug)]
struct Segment {
    number: u64,
    bytes: u64,
}

#[derive(Debug)]
pub(super) struct Spool {
    folder: PathBuf,
    /// Never one that was taken whole.
    segments: VecDeque<Segment>,
    /// What was taken.
    cursor: Place,
    /// The number of the next segment to be made.
    next: u64,
    /// May the last segment be appended to? Not if an earlier process wrote it: what the cursor says of it may
    /// have survived a power cut that its last lines did not.
    open: bool,
    /// The last segment's file, when it is open.
    active: Option<File>,
    /// Whole lines that the disk has not taken yet.
    unwritten: Vec<u8>,
    /// Files with lines that a power cut may take.
    unsynced: Vec<PathBuf>,
}

impl Spool {
    /// Opens the queue, which is made when there is none. `fresh` numbers its first segment then: larger than
    /// that of any queue that was here before.
    pub(super) fn open(folder: PathBuf, fresh: u64) -> io::Result<Self> {
        let cursor = read_cursor(&folder);
        let mut segments = VecDeque::new();
        for segment in found(&folder)? {
            if cursor.is_some_and(|cursor| segment.number < cursor.segment) {
                fs::remove_file(path(&folder, segment.number))?;
            } else {
                segments.push_back(segment);
            }
        }
        if let Some(last) = segments.back_mut() {
            last.bytes = cut_torn_end(&path(&folder, last.number), last.bytes)?;
        }
        let first = segments.front().map(|segment| Place { segment: segment.number, offset: 0 });
        let after = segments.back().map_or(fresh, |segment| segment.number + 1);
        let next = after.max(cursor.map_or(fresh, |cursor| cursor.segment + 1));
        let cursor = cursor.max(first).unwrap_or(Place { segment: next, offset: 0 });
        Ok(Self {
            folder,
            segments,
            cursor,
            next,
            open: false,
            active: None,
            unwritten: Vec::new(),
            unsynced: Vec::new(),
        })
    }

    /// Writes whole lines; what the disk refuses is kept and written the next time, up to a bound.
    ///
    /// # Errors
    /// What the disk said, and how many lines were given up.
    pub(super) fn append(&mut self, lines: &[u8]) -> Result<(), Unwritten> {
        let room = UNWRITTEN.saturating_sub(self.unwritten.len());
        let lost = if self.unwritten.is_empty() || lines.len() <= room {
            self.unwritten.extend_from_slice(lines);
            0
        } else {
            count(lines)
        };
        self.write().map_err(|source| {
            let kept = self.unwritten.len().min(UNWRITTEN);
            let kept = end_of_lines(&self.unwritten[..kept]);
            let lost = lost + count(&self.unwritten[kept..]);
            self.unwritten.truncate(kept);
            Unwritten { lost, source }
        })
    }

    fn write(&mut self) -> io::Result<()> {
        while !self.unwritten.is_empty() {
            let full = usize::try_from(SEGMENT).unwrap_or(usize::MAX).min(self.unwritten.len());
            // At least a line, however long.
            let end = match end_of_lines(&self.unwritten[..full]) {
                0 => self.unwritten.iter().position(|byte| *byte == b'\n').map_or(full, |at| at + 1),
                end => end,
            };
            self.write_piece(end)?;
            self.unwritten.drain(..end);
        }
        Ok(())
    }

    /// Writes the first bytes of what is unwritten into one segment, whole or not at all.
    fn write_piece(&mut self, end: usize) -> io::Result<()> {
        let size = end as u64;
        let fits = self.open && self.segments.back().is_some_and(|last| last.bytes + size <= SEGMENT);
        if !fits {
            self.end_segment();
        }
        let number = match self.segments.back() {
            Some(last) if fits => last.number,
            _ => self.begin_segment(),
        };
        let path = path(&self.folder, number);
        let mut file = match self.active.take() {
            Some(file) => file,
            None => OpenOptions::new().append(true).create(true).mode(0o600).open(&path)?,
        };
        let Some(last) = self.segments.back_mut() else { return Ok(()) };
        if let Err(error) = file.write_all(&self.unwritten[..end]) {
            // Half a line would swallow the next one.
            self.open = file.set_len(last.bytes).is_ok();
            return Err(error);
        }
        last.bytes += size;
        self.active = Some(file);
        if self.unsynced.last() != Some(&path) {
            self.unsynced.push(path);
        }
        Ok(())
    }

    fn begin_segment(&mut self) -> u64 {
        let number = self.next;
        self.next += 1;
        self.open = true;
        self.segments.push_back(Segment { number, bytes: 0 });
        number
    }

    fn end_segment(&mut self) {
        self.open = false;
        self.active = None;
    }

    /// Lets go of the open file; the next line opens it again.
    pub(super) fn close(&mut self) {
        self.active = None;
    }

    /// The files to be synchronised for all lines so far to survive a power cut. Some may be gone by then.
    pub(super) fn take_unsynced(&mut self) -> Vec<PathBuf> {
        std::mem::take(&mut self.unsynced)
    }

    /// Does a power cut leave all lines where they are?
    pub(super) fn is_synced(&self) -> bool {
        self.unsynced.is_empty()
    }

    /// Bytes on disk.
    pub(super) fn bytes(&self) -> u64 {
        self.segments.iter().map(|segment| segment.bytes).sum()
    }

    /// Bytes on disk that were not taken.
    pub(super) fn waiting(&self) -> u64 {
        let taken = match self.segments.front() {
            Some(first) if first.number == self.cursor.segment => self.cursor.offset.min(first.bytes),
            _ => 0,
        };
        self.bytes() - taken
    }

    /// Has the disk refused lines that are still kept?
    pub(super) fn lags(&self) -> bool {
        !self.unwritten.is_empty()
    }

    /// Up to where was taken.
    pub(super) fn cursor(&self) -> Place {
        self.cursor
    }

    /// Reads what was not taken as it is now, on whatever thread may wait for the disk.
    pub(super) fn reader(&self) -> Reader {
        let segments = self.segments.iter().copied().collect();
        Reader {
            folder: self.folder.clone(),
            segments,
            at: self.cursor,
            loaded: None,
            consumed: 0,
            damaged: 0,
        }
    }

    /// Everything before `to` was taken: it is not read again.
    ///
    /// # Errors
    /// What the disk said; then it is not read again by this process.
    pub(super) fn acknowledge(&mut self, to: Place) -> io::Result<()> {
        if to <= self.cursor {
            return Ok(());
        }
        self.cursor = to;
        let all =
            self.segments.back().is_some_and(|last| to >= Place { segment: last.number, offset: last.bytes });
        if all {
            self.end_segment();
            self.cursor = Place { segment: self.next, offset: 0 };
        }
        write_cursor(&self.folder, self.cursor)?;
        self.remove_before(self.cursor.segment)
    }

    /// Drops the oldest segment. Returns how many lines nobody took.
    ///
    /// # Errors
    /// What the disk said; then the segment is still there, but is not read again by this process.
    pub(super) fn drop_oldest(&mut self) -> io::Result<u64> {
        let Some(first) = self.segments.front().copied() else { return Ok(0) };
        let bytes = fs::read(path(&self.folder, first.number)).unwrap_or_default();
        let taken = if self.cursor.segment == first.number { self.cursor.offset } else { 0 };
        let lost = count(bytes.get(usize::try_from(taken).unwrap_or(usize::MAX)..).unwrap_or_default());
        if self.segments.len() == 1 {
            self.end_segment();
        }
        let segment = self.segments.get(1).map_or(self.next, |second| second.number);
        self.cursor = self.cursor.max(Place { segment, offset: 0 });
        write_cursor(&self.folder, self.cursor)?;
        self.remove_before(segment)?;
        Ok(lost)
    }

    fn remove_before(&mut self, number: u64) -> io::Result<()> {
        while let Some(first) = self.segments.front().filter(|first| first.number < number) {
            let path = path(&self.folder, first.number);
            self.segments.pop_front();
            match fs::remove_file(&path) {
                Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
                _ => {}
            }
        }
        Ok(())
    }

    /// When the oldest segment was last written to.
    pub(super) fn oldest(&self) -> Option<std::time::SystemTime> {
        let first = self.segments.front()?;
        fs::metadata(path(&self.folder, first.number)).and_then(|file| file.modified()).ok()
    }
}

/// The disk did not take lines.
#[derive(Debug)]
pub(super) struct Unwritten {
    /// So many lines were given up; the others are kept for the next time.
    pub(super) lost: u64,
    pub(super) source: io::Error,
}

/// Reads lines in order, a segment at a time.
#[derive(Debug)]
pub(super) struct Reader {
    folder: PathBuf,
    segments: VecDeque<Segment>,
    at: Place,
    loaded: Option<(u64, Bytes)>,
    consumed: u64,
    damaged: u64,
}

impl Reader {
    /// The next line, and where it ends.
    ///
    /// # Errors
    /// What the disk said.
    pub(super) fn next(&mut self) -> io::Result<Option<(Line, Place)>> {
        loop {
            let Some(bytes) = self.load()? else { return Ok(None) };
            let start = usize::try_from(self.at.offset).unwrap_or(usize::MAX).min(bytes.len());
            let Some(length) = bytes[start..].iter().position(|byte| *byte == b'\n') else {
                self.segments.pop_front();
                continue;
            };
            let raw = bytes.slice(start..start + length);
            self.at.offset = (start + length + 1) as u64;
            self.consumed += length as u64 + 1;
            match line::read(&raw) {
                Some(line) => return Ok(Some((line, self.at))),
                None => self.damaged += 1,
            }
        }
    }

    /// Where reading stands: behind the last line, damaged ones included.
    pub(super) fn place(&self) -> Place {
        self.at
    }

    /// Bytes that were read, those of damaged lines included.
    pub(super) fn consumed(&self) -> u64 {
        self.consumed
    }

    /// Damaged lines that were passed over.
    pub(super) fn damaged(&self) -> u64 {
        self.damaged
    }

    /// The segment to read from. One that was dropped meanwhile is passed over.
    fn load(&mut self) -> io::Result<Option<Bytes>> {
        while let Some(first) = self.segments.front() {
            if first.number > self.at.segment {
                self.at = Place { segment: first.number, offset: 0 };
            }
            match &self.loaded {
                Some((number, bytes)) if *number == first.number => return Ok(Some(bytes.clone())),
                _ => {}
            }
            match fs::read(path(&self.folder, first.number)) {
                Ok(mut bytes) => {
                    bytes.truncate(usize::try_from(first.bytes).unwrap_or(usize::MAX));
                    self.loaded = Some((first.number, bytes.into()));
                }
                Err(error) if error.kind() == io::ErrorKind::NotFound => drop(self.segments.pop_front()),
                Err(error) => return Err(error),
            }
        }
        Ok(None)
    }
}

fn path(folder: &Path, number: u64) -> PathBuf {
    folder.join(format!("{number:016x}{SUFFIX}"))
}

/// The segments in the folder, oldest first.
fn found(folder: &Path) -> io::Result<Vec<Segment>> {
    let mut segments = Vec::new();
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        let name = entry.file_name();
        let number = name.to_str().and_then(|name| name.strip_suffix(SUFFIX));
        if let Some(number) = number.and_then(|number| u64::from_str_radix(number, 16).ok()) {
            segments.push(Segment { number, bytes: entry.metadata()?.len() });
        }
    }
    segments.sort_by_key(|segment| segment.number);
    Ok(segments)
}

/// How many bytes are left.
fn cut_torn_end(path: &Path, bytes: u64) -> io::Result<u64> {
    let whole = end_of_lines(&fs::read(path)?) as u64;
    let file = OpenOptions::new().write(true).open(path)?;
    if whole < bytes {
        file.set_len(whole)?;
    }
    file.sync_data()?;
    Ok(whole)
}

fn end_of_lines(bytes: &[u8]) -> usize {
    bytes.iter().rposition(|byte| *byte == b'\n').map_or(0, |at| at + 1)
}

fn count(lines: &[u8]) -> u64 {
    lines.iter().filter(|byte| **byte == b'\n').count() as u64
}

/// `None` when there is none that can be read: then everything that is there is read again.
fn read_cursor(folder: &Path) -> Option<Place> {
    let text = fs::read_to_string(folder.join(CURSOR)).ok()?;
    let (segment, offset) = text.trim_end().split_once(' ')?;
    Some(Place { segment: u64::from_str_radix(segment, 16).ok()?, offset: offset.parse().ok()? })
}

fn write_cursor(folder: &Path, cursor: Place) -> io::Result<()> {
    replace(&folder.join(CURSOR), format!("{:016x} {}\n", cursor.segment, cursor.offset).as_bytes())
}

/// Puts a small file in place of another: after a crash there is the old or the new one, whole.
pub(super) fn replace(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let draft = path.with_extension("draft");
    let mut file = OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(&draft)?;
    file.write_all(bytes)?;
    file.sync_data()?;
    fs::rename(&draft, path)
}

#[cfg(test)]
mod tests;
