//! One MP4 file of a recording's rendition, without coding anything anew.
//!
//! Promise: every picture of the rendition is in the file, once, at its time in the recording, also across
//! discontinuities, where the time goes on; sound stays with its pictures. The file has its name only when it is whole.
//! Memory: one chunk, and about twenty bytes for each picture and each frame of sound. Header first, where the room
//! that was left for it suffices, which is what players over HTTP want.

mod film;
mod sink;

use std::io;
use std::path::{Path, PathBuf};

use blob::{BlobError, Blobs};
use bytes::Bytes;
use domain::{ContainerFormat, RecordingStage};
use media::Ticks;
use tokio_util::sync::CancellationToken;

use crate::layout;
use crate::listed::{self, Listed, ListedEntry};
use crate::manifest::Manifest;
use crate::samples::Reader;

use film::Film;

/// What to export, and where to.
#[derive(Clone, Copy, Debug)]
pub struct Order<'a> {
    /// The recording's bucket.
    pub bucket: &'a str,
    /// What the keys of its objects begin with, without a slash at the end.
    pub prefix: &'a str,
    /// The rendition's folder; `None`: the highest.
    pub rendition: Option<&'a str>,
    /// The file.
    pub to: &'a Path,
    /// Replace a file that is there.
    pub force: bool,
}

/// What was exported.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Exported {
    /// The rendition.
    pub rendition: String,
    /// The file's length.
    pub bytes: u64,
    /// Pictures.
    pub pictures: usize,
    /// AAC frames.
    pub sounds: usize,
    /// How long it plays.
    pub duration_ms: u64,
    /// Chunks that the recording lacks: the picture stands still there.
    pub gaps: usize,
    /// The recording goes on: this is what there was of it.
    pub is_going_on: bool,
    /// The file's header stands behind the media, for want of room before it.
    pub is_header_last: bool,
}

/// Milliseconds that were exported, of those that there are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Progress {
    /// Exported.
    pub done: u64,
    /// There are.
    pub total: u64,
}

/// Why there is no file.
#[derive(Debug, thiserror::Error)]
pub enum ExportError {
    /// It would have been overwritten.
    #[error("{} is there already", .0.display())]
    Exists(PathBuf),
    /// It can't be written.
    #[error("can't {act} {}", path.display())]
    File {
        /// Such as `write to`.
        act: &'static str,
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// The bucket can't be read.
    #[error("the bucket can't be read")]
    Bucket(#[from] BlobError),
    /// An object is missing.
    #[error("{0} is missing")]
    Missing(String),
    /// An object is not what it should be.
    #[error("{key} can't be used: {words}")]
    Damaged {
        /// The object.
        key: String,
        /// What is wrong with it.
        words: String,
    },
    /// There is no such rendition.
    #[error("there is no rendition {wanted}; there are: {known}")]
    Rendition {
        /// The one that was asked for.
        wanted: String,
        /// Those that there are.
        known: String,
    },
    /// Nothing was recorded.
    #[error("there is nothing to play in it")]
    Empty,
    /// It was told to stop.
    #[error("stopped")]
    Stopped,
}

/// The largest chunk that is read.
const LARGEST_CHUNK: u64 = 1 << 30;

/// Writes the file, and tells `progress` after each chunk how far it is. When it fails, or `cancel` says so, nothing
/// is left of it.
///
/// # Errors
/// [`ExportError`].
pub async fn export(
    blobs: &Blobs,
    order: Order<'_>,
    progress: &mut (dyn FnMut(Progress) + Send),
    cancel: &CancellationToken,
) -> Result<Exported, ExportError> {
    let source = Source { blobs, order };
    source.check_target().await?;
    let manifest = source.manifest().await?;
    let rendition = source.choose(&manifest)?;
    let folder = format!("{}/{rendition}", manifest.media.hls.path);
    let listed = source.playlist(&manifest, &rendition).await?;
    let mut part = order.to.as_os_str().to_owned();
    part.push(".part");
    let part = PathBuf::from(part);
    let work = async {
        let mut film = Film::create(&part).await?;
        source.pour(&folder, &listed, &mut film, progress).await?;
        film.finish().await
    };
    let made = tokio::select! {
        made = work => made,
        () = cancel.cancelled() => Err(ExportError::Stopped),
    };
    let made = match made {
        Ok(made) => made,
        Err(error) => {
            // What is left is of no use; why it can't be removed neither.
            let _ = tokio::fs::remove_file(&part).await;
            return Err(error);
        }
    };
    source.check_target().await?;
    tokio::fs::rename(&part, order.to).await.map_err(|source| ExportError::File {
        act: "give its name to",
        path: order.to.to_owned(),
        source,
    })?;
    Ok(Exported {
        rendition,
        bytes: made.bytes,
        pictures: made.pictures,
        sounds: made.sounds,
        duration_ms: listed.entries.iter().map(|entry| entry.millis).sum(),
        gaps: listed.entries.iter().filter(|entry| entry.is_gap).count(),
        is_going_on: manifest.recording_status == RecordingStage::Started,
        is_header_last: made.is_header_last,
    })
}

/// The recording.
struct Source<'a> {
    blobs: &'a Blobs,
    order: Order<'a>,
}

impl Source<'_> {
    async fn check_target(&self) -> Result<(), ExportError> {
        let to = self.order.to;
        if !self.order.force && tokio::fs::symlink_metadata(to).await.is_ok() {
            return Err(ExportError::Exists(to.to_owned()));
        }
        Ok(())
    }

    fn key(&self, key: &str) -> String {
        format!("{}/{key}", self.order.prefix)
    }

    async fn find(&self, key: &str) -> Result<Option<Bytes>, ExportError> {
        let whole = self.key(key);
        Ok(self.blobs.read(self.order.bucket, &whole, 0..LARGEST_CHUNK).await?)
    }

    async fn fetch(&self, key: &str) -> Result<Bytes, ExportError> {
        self.find(key).await?.ok_or_else(|| ExportError::Missing(self.key(key)))
    }

    fn damaged(&self, key: &str, words: &impl ToString) -> ExportError {
        ExportError::Damaged { key: self.key(key), words: words.to_string() }
    }

    /// The last word about the recording.
    async fn manifest(&self) -> Result<Manifest, ExportError> {
        for key in [layout::ENDED, layout::FAILED, layout::STARTED] {
            if let Some(json) = self.find(key).await? {
                return Manifest::parse(&json).map_err(|error| self.damaged(key, &error));
            }
        }
        Err(ExportError::Missing(self.key(layout::STARTED)))
    }

    fn choose(&self, manifest: &Manifest) -> Result<String, ExportError> {
        let names: Vec<&str> =
            manifest.media.hls.renditions.iter().map(|rendition| rendition.path.as_str()).collect();
        let Some(wanted) = self.order.rendition else {
            return names.first().map(|first| (*first).to_owned()).ok_or(ExportError::Empty);
        };
        match names.iter().find(|name| **name == wanted) {
            Some(name) => Ok((*name).to_owned()),
            None => Err(ExportError::Rendition { wanted: wanted.to_owned(), known: names.join(", ") }),
        }
    }

    async fn playlist(&self, manifest: &Manifest, rendition: &str) -> Result<Listed, ExportError> {
        let known = manifest.media.hls.renditions.iter().find(|known| known.path == rendition);
        let name = known.map_or(layout::PLAYLIST, |known| &known.playlist);
        let key = format!("{}/{rendition}/{name}", manifest.media.hls.path);
        let is_over = manifest.recording_status != RecordingStage::Started;
        let text = match self.find(&key).await? {
            // Before its first chunk, or when there never was one, there is no playlist.
            None if !is_over || manifest.media.hls.duration_ms == Some(0) => return Err(ExportError::Empty),
            None => return Err(ExportError::Missing(self.key(&key))),
            Some(text) => text,
        };
        let text = std::str::from_utf8(&text).map_err(|error| self.damaged(&key, &error))?;
        let listed = listed::read(text).map_err(|error| self.damaged(&key, &error))?;
        if listed.entries.iter().all(|entry| entry.is_gap) {
            return Err(ExportError::Empty);
        }
        Ok(listed)
    }

    /// Brings every chunk into the film.
    async fn pour(
        &self,
        folder: &str,
        listed: &Listed,
        film: &mut Film,
        progress: &mut (dyn FnMut(Progress) + Send),
    ) -> Result<(), ExportError> {
        let total = listed.entries.iter().map(|entry| entry.millis).sum();
        let mut done = 0;
        let mut spool = Spool { reader: None, init: None };
        for entry in &listed.entries {
            if entry.discontinuity {
                film.cut();
                spool.forget_times();
            }
            if !entry.is_gap {
                let key = format!("{folder}/{}", entry.name);
                let reader = spool.reader(self, folder, entry).await?;
                let bytes = self.fetch(&key).await?;
                let piece = reader.read(&bytes);
                if let Some(trouble) = piece.troubles.first() {
                    return Err(self.damaged(&key, &format!("it has {trouble}")));
                }
                let at = |millis: u64| Ticks::from_millis(i64::try_from(millis).unwrap_or(i64::MAX));
                film.add(piece, at(done), at(total)).await?;
            }
            done += entry.millis;
            progress(Progress { done, total });
        }
        Ok(())
    }
}

/// The reader and what it is ready for.
struct Spool {
    reader: Option<(ContainerFormat, Reader)>,
    init: Option<std::sync::Arc<str>>,
}

impl Spool {
    fn forget_times(&mut self) {
        if let Some((_, reader)) = &mut self.reader {
            reader.forget_times();
        }
    }

    async fn reader(
        &mut self,
        source: &Source<'_>,
        folder: &str,
        entry: &ListedEntry,
    ) -> Result<&mut Reader, ExportError> {
        let container =
            if entry.name.ends_with(".ts") { ContainerFormat::Ts } else { ContainerFormat::FragmentedMp4 };
        if self.reader.as_ref().is_none_or(|(known, _)| *known != container) {
            self.reader = Some((container, Reader::new(container)));
            self.init = None;
        }
        let (_, reader) = self.reader.get_or_insert_with(|| (container, Reader::new(container)));
        if let Some(init) = entry.init.as_ref().filter(|init| self.init.as_ref() != Some(*init)) {
            let key = format!("{folder}/{init}");
            let bytes = source.fetch(&key).await?;
            reader.init(&bytes).map_err(|words| source.damaged(&key, &words))?;
            self.init = Some(std::sync::Arc::clone(init));
        }
        Ok(reader)
    }
}
