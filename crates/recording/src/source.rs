//! Where a recording's objects are read from.
//!
//! Promise: what is missing or damaged is named by its whole key; no more is read of an object than [`LARGEST_CHUNK`].

use blob::Blobs;
use bytes::Bytes;
use domain::RecordingStage;

use crate::export::ExportError;
use crate::layout;
use crate::listed::{self, Listed};
use crate::manifest::Manifest;

/// The largest object that is read.
const LARGEST_CHUNK: u64 = 1 << 30;

/// A recording in its bucket.
#[derive(Clone, Debug)]
pub(crate) struct Source {
    blobs: Blobs,
    bucket: String,
    prefix: String,
}

impl Source {
    /// `prefix` without a slash at the end.
    pub(crate) fn new(blobs: Blobs, bucket: &str, prefix: &str) -> Self {
        Self { blobs, bucket: bucket.to_owned(), prefix: prefix.to_owned() }
    }

    fn key(&self, key: &str) -> String {
        format!("{}/{key}", self.prefix)
    }

    /// Is there an object of this key below the prefix?
    pub(crate) async fn has(&self, key: &str) -> Result<bool, ExportError> {
        Ok(self.blobs.stat(&self.bucket, &self.key(key)).await?.is_some())
    }

    /// The first so many bytes of an object.
    pub(crate) async fn head(&self, key: &str, most: u64) -> Result<Option<Bytes>, ExportError> {
        Ok(self.blobs.read(&self.bucket, &self.key(key), 0..most).await?)
    }

    async fn find(&self, key: &str) -> Result<Option<Bytes>, ExportError> {
        self.head(key, LARGEST_CHUNK).await
    }

    pub(crate) async fn fetch(&self, key: &str) -> Result<Bytes, ExportError> {
        self.find(key).await?.ok_or_else(|| ExportError::Missing(self.key(key)))
    }

    pub(crate) fn damaged(&self, key: &str, words: &impl ToString) -> ExportError {
        ExportError::Damaged { key: self.key(key), words: words.to_string() }
    }

    /// The last word about the recording.
    pub(crate) async fn manifest(&self) -> Result<Manifest, ExportError> {
        for key in [layout::ENDED, layout::FAILED, layout::STARTED] {
            if let Some(json) = self.find(key).await? {
                return Manifest::parse(&json).map_err(|error| self.damaged(key, &error));
            }
        }
        Err(ExportError::Missing(self.key(layout::STARTED)))
    }

    /// The rendition of this name; the highest when none is named.
    pub(crate) fn choose(&self, manifest: &Manifest, wanted: Option<&str>) -> Result<String, ExportError> {
        let names: Vec<&str> =
            manifest.media.hls.renditions.iter().map(|rendition| rendition.path.as_str()).collect();
        let Some(wanted) = wanted else {
            return names.first().map(|first| (*first).to_owned()).ok_or(ExportError::Empty);
        };
        match names.iter().find(|name| **name == wanted) {
            Some(name) => Ok((*name).to_owned()),
            None => Err(ExportError::Rendition { wanted: wanted.to_owned(), known: names.join(", ") }),
        }
    }

    pub(crate) async fn playlist(&self, manifest: &Manifest, rendition: &str) -> Result<Listed, ExportError> {
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
}
