//! A rendition, chunk by chunk.
//!
//! Promise: each chunk is fetched when it is asked for, read on a thread that may take its time, and then forgotten.

use std::sync::Arc;

use domain::{ContainerFormat, RecordingStage};
use media::Ticks;

use super::{ExportError, Progress};
use crate::listed::{Listed, ListedEntry};
use crate::samples::{Piece, Reader};
use crate::source::Source;

/// What a step brings: samples and where they stand in the recording; `None`: a gap.
pub(super) type Step = Option<(Cut, Ticks)>;

/// The samples of a chunk.
pub(super) struct Cut {
    pub(super) piece: Piece,
    /// Another timeline begins.
    pub(super) is_new: bool,
}

/// One way through a rendition.
pub(super) struct Roll {
    source: Source,
    folder: String,
    rendition: String,
    listed: Arc<Listed>,
    is_going_on: bool,
    next: usize,
    done_ms: u64,
    /// A discontinuity that no chunk has followed yet.
    is_new: bool,
    reader: Option<(ContainerFormat, Reader)>,
    init: Option<Arc<str>>,
}

impl Roll {
    /// Finds out what there is.
    pub(super) async fn open(source: Source, rendition: Option<&str>) -> Result<Self, ExportError> {
        let manifest = source.manifest().await?;
        let rendition = source.choose(&manifest, rendition)?;
        let listed = source.playlist(&manifest, &rendition).await?;
        Ok(Self {
            folder: format!("{}/{rendition}", manifest.media.hls.path),
            source,
            rendition,
            listed: Arc::new(listed),
            is_going_on: manifest.recording_status == RecordingStage::Started,
            next: 0,
            done_ms: 0,
            is_new: false,
            reader: None,
            init: None,
        })
    }

    /// The same from the beginning, of what there was when this one was opened.
    pub(super) fn again(&self) -> Self {
        let (source, folder, rendition) = (self.source.clone(), self.folder.clone(), self.rendition.clone());
        let (listed, is_going_on) = (Arc::clone(&self.listed), self.is_going_on);
        let fresh = (0, 0, false, None, None);
        let (next, done_ms, is_new, reader, init) = fresh;
        Self { source, folder, rendition, listed, is_going_on, next, done_ms, is_new, reader, init }
    }

    pub(super) fn rendition(&self) -> &str {
        &self.rendition
    }

    pub(super) fn is_going_on(&self) -> bool {
        self.is_going_on
    }

    pub(super) fn total_ms(&self) -> u64 {
        self.listed.entries.iter().map(|entry| entry.millis).sum()
    }

    pub(super) fn total(&self) -> Ticks {
        ticks(self.total_ms())
    }

    pub(super) fn gaps(&self) -> usize {
        self.listed.entries.iter().filter(|entry| entry.is_gap).count()
    }

    pub(super) fn progress(&self) -> Progress {
        Progress { done: self.done_ms, total: self.total_ms() }
    }

    /// The next step; `None` at the end.
    pub(super) async fn next(&mut self) -> Result<Option<Step>, ExportError> {
        let listed = Arc::clone(&self.listed);
        let Some(entry) = listed.entries.get(self.next) else { return Ok(None) };
        self.next += 1;
        if entry.discontinuity {
            self.is_new = true;
            if let Some((_, reader)) = &mut self.reader {
                reader.forget_times();
            }
        }
        let at = ticks(self.done_ms);
        self.done_ms += entry.millis;
        if entry.is_gap {
            return Ok(Some(None));
        }
        let piece = self.read(entry).await?;
        let is_new = std::mem::take(&mut self.is_new);
        Ok(Some(Some((Cut { piece, is_new }, at))))
    }

    async fn read(&mut self, entry: &ListedEntry) -> Result<Piece, ExportError> {
        let key = format!("{}/{}", self.folder, entry.name);
        let (container, mut reader) = self.reader(entry).await?;
        let bytes = self.source.fetch(&key).await?;
        let read = tokio::task::spawn_blocking(move || {
            let piece = reader.read(&bytes);
            (reader, piece)
        });
        // A thread that was cut short is the end of all.
        let (reader, piece) = read.await.map_err(|_| ExportError::Stopped)?;
        self.reader = Some((container, reader));
        match piece.troubles.first() {
            Some(trouble) => Err(self.source.damaged(&key, &format!("it has {trouble}"))),
            None => Ok(piece),
        }
    }

    /// The reader, ready for a chunk.
    async fn reader(&mut self, entry: &ListedEntry) -> Result<(ContainerFormat, Reader), ExportError> {
        let container =
            if entry.name.ends_with(".ts") { ContainerFormat::Ts } else { ContainerFormat::FragmentedMp4 };
        let mut reader = match self.reader.take() {
            Some((known, reader)) if known == container => reader,
            _ => {
                self.init = None;
                Reader::new(container)
            }
        };
        if let Some(init) = entry.init.as_ref().filter(|init| self.init.as_ref() != Some(*init)) {
            let key = format!("{}/{init}", self.folder);
            let bytes = self.source.fetch(&key).await?;
            reader.init(&bytes).map_err(|words| self.source.damaged(&key, &words))?;
            self.init = Some(Arc::clone(init));
        }
        Ok((container, reader))
    }
}

fn ticks(millis: u64) -> Ticks {
    Ticks::from_millis(i64::try_from(millis).unwrap_or(i64::MAX))
}
