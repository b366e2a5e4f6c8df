//! Chunks: what goes into the bucket as one object for each rendition.
//!
//! Promise: a chunk that is being made and one that is read again from the journal are told by the same lines, so
//! they come out the same.

use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use domain::ContainerFormat;
use media::Ticks;

use super::Rendition;
use super::journal::{ChunkLine, Piece, SegmentLine};
use crate::layout;
use crate::playlist::Entry;

/// Whole segments, one behind the other, in each rendition.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Chunk {
    /// 0, 1, …; may skip.
    pub number: u64,
    /// Which of the recording's streams it is of: 0, 1, …
    pub run: usize,
    /// How long all that was before it plays.
    pub start: Ticks,
    /// How long it plays.
    pub duration: Ticks,
    /// Wall clock time of its first picture, to the millisecond.
    pub time: SystemTime,
    /// Its media time does not continue that of the chunk before it.
    pub discontinuity: bool,
    /// Its file in each rendition, in the header's order; `None`: a gap.
    pub files: Vec<Option<ChunkFile>>,
}

/// A chunk in one rendition.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ChunkFile {
    /// The file.
    pub parcel: Parcel,
    /// The initialisation section it needs, where the container has such.
    pub init: Option<InitFile>,
    /// From one keyframe to the next; their bytes are the file's together, their durations the chunk's.
    pub entries: Vec<Entry>,
}

/// An initialisation section. Many chunks may need the same; it has to be in the bucket before the first of them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InitFile {
    /// The rendition's how many-th it is: 0, 1, …
    pub number: u32,
    /// The file, in the first chunk that needs it.
    pub parcel: Option<Parcel>,
}

/// A file that goes into the bucket, and off the tape when it is there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Parcel {
    /// Where it is.
    pub path: PathBuf,
    /// Its key below the recording's prefix.
    pub key: String,
    /// How many bytes it has.
    pub bytes: u64,
    /// Is it on the tape? If it is not, which recovery alone finds, it is in the bucket.
    pub on_tape: bool,
}

impl Parcel {
    pub(super) fn new(folder: &Path, key: String, bytes: u64) -> Self {
        Self { path: folder.join(&key), key, bytes, on_tape: true }
    }
}

/// A chunk as the journal's lines tell it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Draft {
    pub(super) number: u64,
    pub(super) run: usize,
    pub(super) start: Ticks,
    pub(super) duration: Ticks,
    pub(super) time: i64,
    pub(super) breaks: bool,
    pub(super) files: Vec<Option<DraftFile>>,
}

/// A file of it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct DraftFile {
    pub(super) bytes: u64,
    pub(super) init: Option<u32>,
    pub(super) entries: Vec<Entry>,
}

/// What the journal tells of an initialisation section: whose, which, how long.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct NewInit {
    pub(super) number: u32,
    /// `None`: as many as its file has.
    pub(super) bytes: Option<u64>,
}

impl NewInit {
    fn parcel(self, folder: &Path, key: String) -> Parcel {
        let length = || folder.join(&key).metadata().map_or(0, |found| found.len());
        let bytes = self.bytes.unwrap_or_else(length);
        Parcel::new(folder, key, bytes)
    }
}

impl Draft {
    /// One that begins with this segment.
    pub(super) fn begin(line: &SegmentLine, run: usize, start: Ticks) -> Self {
        let empty = |piece: &Piece| DraftFile { init: piece.init, ..DraftFile::default() };
        Self {
            number: line.chunk,
            run,
            start,
            duration: Ticks::ZERO,
            time: line.time,
            breaks: line.breaks,
            files: line.pieces.iter().map(|piece| piece.as_ref().map(empty)).collect(),
        }
    }

    /// Could this segment be its next? If not, it is not one that a tape has written.
    pub(super) fn fits(&self, line: &SegmentLine) -> bool {
        let piece_fits = |(file, piece): (&Option<DraftFile>, &Option<Piece>)| match (file, piece) {
            (Some(file), Some(piece)) => {
                piece.at == file.bytes
                    && piece.init == file.init
                    && (file.bytes > 0 || !piece.joins)
                    && piece.entries.iter().all(|(_, duration)| *duration >= 0)
            }
            (None, None) => true,
            _ => false,
        };
        self.number == line.chunk
            && line.duration >= 0
            && line.from == self.duration.count()
            && self.files.len() == line.pieces.len()
            && self.files.iter().zip(&line.pieces).all(piece_fits)
    }

    /// What is missing between the segments so far and a place in the chunk that is this far from its begin, and where
    /// each file has so many bytes: one segment, of this number, of which nothing else is known. `None` where the place
    /// is not behind them.
    pub(super) fn missing_before(
        &self,
        from: i64,
        bytes: &[Option<u64>],
        number: u64,
    ) -> Option<SegmentLine> {
        let missing = |(file, bytes): (&Option<DraftFile>, &Option<u64>)| match (file, bytes) {
            (Some(file), Some(bytes)) => {
                let length = bytes.checked_sub(file.bytes)?;
                let (at, init, crc) = (file.bytes, file.init, 0);
                let entries = vec![(length, from.checked_sub(self.duration.count())?)];
                Some(Some(Piece { at, crc, init, joins: false, entries }))
            }
            (None, None) => Some(None),
            _ => None,
        };
        if self.files.len() != bytes.len() || from <= self.duration.count() {
            return None;
        }
        let pieces = self.files.iter().zip(bytes).map(missing).collect::<Option<Vec<_>>>()?;
        let since = self.duration.count();
        Some(SegmentLine {
            chunk: self.number,
            number,
            time: self.time.saturating_add(since / (Ticks::PER_SECOND / 1_000)),
            from: since,
            duration: from - since,
            breaks: false,
            pieces,
            is_guess: true,
        })
    }

    /// Is it so long, and are these its files' lengths?
    pub(super) fn has(&self, duration: i64, bytes: &[Option<u64>]) -> bool {
        let lengths = self.files.iter().map(|file| file.as_ref().map(|file| file.bytes));
        self.duration.count() == duration && lengths.eq(bytes.iter().copied())
    }

    /// How it ends, as the journal tells it.
    pub(super) fn end(&self) -> ChunkLine {
        let bytes = self.files.iter().map(|file| file.as_ref().map(|file| file.bytes)).collect();
        ChunkLine { number: self.number, duration: self.duration.count(), bytes }
    }

    /// Takes all segments out again.
    pub(super) fn empty(&mut self) {
        self.duration = Ticks::ZERO;
        for file in self.files.iter_mut().flatten() {
            file.bytes = 0;
            file.entries.clear();
        }
    }

    /// Adds a segment that fits.
    pub(super) fn add(&mut self, line: &SegmentLine) {
        self.duration += line.duration();
        for (file, piece) in self.files.iter_mut().zip(&line.pieces) {
            if let (Some(file), Some(piece)) = (file, piece) {
                file.add(piece);
            }
        }
    }

    /// With its files, all of them on the tape. `new_inits` are those that no chunk before it needed.
    pub(super) fn finish(
        self,
        folder: &Path,
        container: ContainerFormat,
        renditions: &[Rendition],
        new_inits: &mut [Option<NewInit>],
    ) -> Chunk {
        let files = self.files.into_iter().zip(renditions).zip(new_inits).map(|((file, rendition), init)| {
            let file = file?;
            let parcel =
                Parcel::new(folder, layout::chunk(&rendition.name, self.number, container), file.bytes);
            let init = file.init.map(|number| {
                let new = init.take_if(|new| new.number == number);
                let key = || layout::init(&rendition.name, number);
                InitFile { number, parcel: new.map(|new| new.parcel(folder, key())) }
            });
            Some(ChunkFile { parcel, init, entries: file.entries })
        });
        Chunk {
            number: self.number,
            run: self.run,
            start: self.start,
            duration: self.duration,
            time: moment(self.time),
            discontinuity: self.breaks,
            files: files.collect(),
        }
    }
}

impl DraftFile {
    fn add(&mut self, piece: &Piece) {
        self.bytes = self.bytes.saturating_add(piece.bytes());
        let mut entries =
            piece.entries.iter().map(|&(bytes, ticks)| Entry { bytes, duration: Ticks::new(ticks) });
        if piece.joins
            && let (Some(last), Some(first)) = (self.entries.last_mut(), entries.next())
        {
            last.bytes = last.bytes.saturating_add(first.bytes);
            last.duration += first.duration;
        }
        self.entries.extend(entries);
    }
}

/// Milliseconds since 1970 as a time.
fn moment(millis: i64) -> SystemTime {
    let span = Duration::from_millis(millis.unsigned_abs());
    let time = if millis < 0 {
        SystemTime::UNIX_EPOCH.checked_sub(span)
    } else {
        SystemTime::UNIX_EPOCH.checked_add(span)
    };
    time.unwrap_or(SystemTime::UNIX_EPOCH)
}
