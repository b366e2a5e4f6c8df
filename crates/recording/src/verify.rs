//! Is a recording whole? Looks at what is in the bucket, as a player would, and then more closely.
//!
//! Promise: nothing is changed, and nothing is believed: each object that the manifest leads to is fetched and read to
//! its last sample. Memory is bounded by one chunk and the list of keys. A report without a fault means: all that
//! was announced is there, has the lengths that were told, and goes on without a gap that was not.

mod counters;
mod playlists;
mod rendition;
mod report;
mod thumbnails;

use std::collections::BTreeMap;

use blob::{BlobError, Blobs};
use bytes::Bytes;
use domain::{Recording, RecordingStage};

use crate::layout;
use crate::manifest::Manifest;
use crate::playlist::Form;
use crate::{Error, listed};

pub use report::{Finding, RenditionReport, Report};

/// Which recording.
#[derive(Clone, Copy, Debug)]
pub struct Subject<'a> {
    /// Its bucket.
    pub bucket: &'a str,
    /// What the keys of its objects begin with, without a slash at the end.
    pub prefix: &'a str,
    /// What the database knows of it, if that is to be compared.
    pub row: Option<&'a Recording>,
}

/// Bytes of a recording that were looked at, of those that there are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Progress {
    /// Looked at.
    pub done: u64,
    /// There are.
    pub total: u64,
}

/// The largest text that is read.
const LARGEST_TEXT: u64 = 256 << 20;
/// The largest chunk, init section or picture that is read: ten seconds of more than any encoder sends.
const LARGEST_OBJECT: u64 = 1 << 30;

/// Looks at a recording, and tells `progress` now and then how far it is.
///
/// # Errors
/// [`Error::Bucket`] when the bucket can't be read, which says nothing of the recording.
pub async fn verify(
    blobs: &Blobs,
    subject: Subject<'_>,
    progress: &mut (dyn FnMut(Progress) + Send),
) -> Result<Report, Error> {
    let mut check = Check {
        blobs,
        subject,
        objects: BTreeMap::new(),
        report: Report::of(subject.bucket, subject.prefix),
        progress,
        done: 0,
    };
    check.take_stock().await?;
    if let Some(manifest) = check.manifest().await? {
        check.compare_with_row(&manifest);
        check.media(&manifest).await?;
        thumbnails::look(&mut check, &manifest).await?;
        check.note_strays();
    }
    Ok(check.report)
}

/// An object that is there.
struct Object {
    bytes: u64,
    /// Something led to it.
    is_known: bool,
}

/// One look at a recording.
struct Check<'a> {
    blobs: &'a Blobs,
    subject: Subject<'a>,
    /// By their keys below the prefix.
    objects: BTreeMap<String, Object>,
    report: Report,
    progress: &'a mut (dyn FnMut(Progress) + Send),
    done: u64,
}

impl Check<'_> {
    /// Lists what is there.
    async fn take_stock(&mut self) -> Result<(), Error> {
        let below = format!("{}/", self.subject.prefix);
        let mut after = String::new();
        loop {
            let page = self.blobs.objects(self.subject.bucket, &below, &after).await?;
            let Some(last) = page.last() else { break };
            after.clone_from(&last.key);
            for listed in page {
                let key = listed.key.strip_prefix(&below).unwrap_or(&listed.key).to_owned();
                self.report.objects += 1;
                self.report.bytes += listed.stat.bytes;
                self.objects.insert(key, Object { bytes: listed.stat.bytes, is_known: false });
            }
        }
        Ok(())
    }

    /// Notes that something leads to this object; its size, if it is there.
    async fn size_of(&mut self, key: &str) -> Result<Option<u64>, Error> {
        if let Some(object) = self.objects.get_mut(key) {
            object.is_known = true;
            return Ok(Some(object.bytes));
        }
        // It may have come since the list was made.
        let whole = format!("{}/{key}", self.subject.prefix);
        let stat = self.blobs.stat(self.subject.bucket, &whole).await?;
        Ok(stat.map(|stat| {
            self.objects.insert(key.to_owned(), Object { bytes: stat.bytes, is_known: true });
            stat.bytes
        }))
    }

    /// An object's bytes; `None`, and a fault, when it is missing, too large, or can't be read.
    async fn fetch(&mut self, key: &str, largest: u64) -> Result<Option<Bytes>, Error> {
        let Some(size) = self.size_of(key).await? else {
            self.report.fault(key, "is missing");
            return Ok(None);
        };
        if size > largest {
            self.report.fault(key, format!("has {size} bytes, more than any of its kind"));
            return Ok(None);
        }
        let whole = format!("{}/{key}", self.subject.prefix);
        let found = match self.blobs.read(self.subject.bucket, &whole, 0..size).await {
            // One file of a disk may be damaged; a service that is away says nothing of the recording.
            Err(error @ BlobError::Read { .. }) => {
                self.report.fault(key, domain::chain(&error));
                None
            }
            found => {
                let found = found?;
                if found.is_none() {
                    self.report.fault(key, "is missing");
                }
                found
            }
        };
        self.done += size;
        (self.progress)(Progress { done: self.done.min(self.report.bytes), total: self.report.bytes });
        Ok(found)
    }

    async fn fetch_text(&mut self, key: &str) -> Result<Option<String>, Error> {
        let Some(bytes) = self.fetch(key, LARGEST_TEXT).await? else { return Ok(None) };
        let text = String::from_utf8(bytes.into());
        if text.is_err() {
            self.report.fault(key, "is no text");
        }
        Ok(text.ok())
    }

    /// What the recording says that it is: its last word.
    async fn manifest(&mut self) -> Result<Option<Manifest>, Error> {
        let is_there = |key: &str| self.objects.contains_key(key);
        let last = match (is_there(layout::ENDED), is_there(layout::FAILED)) {
            (true, true) => {
                self.report.fault(layout::FAILED, "says that it failed, beside the word that it ended");
                layout::FAILED
            }
            (true, false) => layout::ENDED,
            (false, true) => layout::FAILED,
            (false, false) => layout::STARTED,
        };
        let mut found = None;
        for key in [layout::STARTED, layout::ENDED, layout::FAILED] {
            if key != layout::STARTED && !self.objects.contains_key(key) {
                continue;
            }
            let Some(text) = self.fetch_text(key).await? else { continue };
            match Manifest::parse(text.as_bytes()) {
                Err(error) => self.report.fault(key, format!("can't be read: {error}")),
                Ok(manifest) if manifest.key() != key => {
                    self.report.fault(key, format!("says {}", manifest.recording_status.as_str()));
                }
                Ok(manifest) if key == last => found = Some(manifest),
                Ok(_) => {}
            }
        }
        let status = found.as_ref().map(|manifest| manifest.recording_status);
        self.report.status = status;
        self.report.is_going_on = status == Some(RecordingStage::Started);
        Ok(found)
    }

    fn compare_with_row(&mut self, manifest: &Manifest) {
        let Some(row) = self.subject.row else { return };
        let key = manifest.key();
        let stage = manifest.recording_status;
        if row.channel.to_string() != manifest.channel_arn {
            self.report.fault(key, format!("tells of {}, not of {}", manifest.channel_arn, row.channel));
        }
        match (row.stage, stage) {
            // The word in the bucket comes first.
            (RecordingStage::Started, RecordingStage::Ended | RecordingStage::EndedWithFailure) => {
                self.report.note(key, "is over; the database does not know yet");
            }
            (known, told) if known != told => {
                let words = format!("says {}, but the database {}", told.as_str(), known.as_str());
                self.report.fault(key, words);
            }
            _ => {}
        }
        let told = manifest.media.hls.duration_ms;
        if row.stage == stage && told.is_some_and(|told| told != row.duration_ms) {
            let words =
                format!("tells {} ms, but the database {} ms", told.unwrap_or_default(), row.duration_ms);
            self.report.fault(key, words);
        }
    }

    /// Playlists, and all that they lead to.
    async fn media(&mut self, manifest: &Manifest) -> Result<(), Error> {
        let hls = &manifest.media.hls;
        if hls.renditions.is_empty() {
            self.report.note(manifest.key(), "has no rendition: only thumbnails were to be recorded");
            return Ok(());
        }
        let has_begun = self.objects.contains_key(&format!("{}/{}", hls.path, hls.playlist));
        if !has_begun && (self.report.is_going_on || hls.duration_ms == Some(0)) {
            self.report.note(manifest.key(), "has nothing to play");
            return Ok(());
        }
        for (form, name) in [(Form::Whole, &hls.playlist), (Form::Ranges, &hls.byte_range_playlist)] {
            let expected: Vec<String> = hls
                .renditions
                .iter()
                .map(|rendition| match form {
                    Form::Whole => format!("{}/{}", rendition.path, rendition.playlist),
                    Form::Ranges => format!("{}/{}", rendition.path, rendition.byte_range_playlist),
                })
                .collect();
            let key = format!("{}/{name}", hls.path);
            let Some(text) = self.fetch_text(&key).await? else { continue };
            match listed::read_multivariant(&text) {
                Err(error) => self.report.fault(&key, error.to_string()),
                Ok(uris) if uris != expected => {
                    let words = format!("leads to {}, not to {}", uris.join(", "), expected.join(", "));
                    self.report.fault(&key, words);
                }
                Ok(_) => {}
            }
        }
        for rendition in &hls.renditions {
            let told = rendition::look(self, &hls.path, rendition).await?;
            self.compare_length(manifest, &told);
            self.report.renditions.push(told);
        }
        Ok(())
    }

    fn compare_length(&mut self, manifest: &Manifest, rendition: &RenditionReport) {
        let Some(told) = manifest.media.hls.duration_ms else { return };
        if told.abs_diff(rendition.duration_ms) > 1 {
            let words = format!("tells {told} ms, but {} has {} ms", rendition.name, rendition.duration_ms);
            self.report.fault(manifest.key(), words);
        }
    }

    /// What nothing led to. It does no harm, so it is no fault.
    fn note_strays(&mut self) {
        let strays = self.objects.iter().filter(|(_, object)| !object.is_known);
        let strays: Vec<String> = strays.map(|(key, _)| key.clone()).collect();
        for key in strays {
            // While it goes on, files come before the playlists that name them.
            if !self.report.is_going_on {
                self.report.note(&key, "is not part of the recording");
            }
        }
    }
}
