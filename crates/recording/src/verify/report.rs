//! What was found.
//!
//! Promise: bounded, however much is wrong: what is not told one by one is counted.

use domain::RecordingStage;
use serde::Serialize;

/// Findings of a kind that are told one by one.
const MOST: usize = 500;

/// What was found of a recording.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Report {
    /// Its bucket.
    pub bucket: String,
    /// Its prefix.
    pub prefix: String,
    /// What its manifest says; `None`: there is none that can be read.
    pub status: Option<RecordingStage>,
    /// It goes on: only what is there by now was looked at.
    pub is_going_on: bool,
    /// What is wrong.
    pub faults: Vec<Finding>,
    /// Faults that are not among `faults`.
    pub more_faults: u64,
    /// What is worth knowing, and not wrong.
    pub notes: Vec<Finding>,
    /// Notes that are not among `notes`.
    pub more_notes: u64,
    /// Objects below the prefix.
    pub objects: u64,
    /// Their bytes.
    pub bytes: u64,
    /// Numbered thumbnails.
    pub thumbnails: u64,
    /// By rendition.
    pub renditions: Vec<RenditionReport>,
}

/// Something about an object.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Finding {
    /// Its key below the prefix.
    pub object: String,
    /// Words that follow the key: `is missing`.
    pub words: String,
}

/// What was found of a rendition.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct RenditionReport {
    /// Its folder.
    pub name: String,
    /// Chunks that are there.
    pub chunks: u64,
    /// Chunks that are told to be missing.
    pub gaps: u64,
    /// Byte ranges.
    pub ranges: u64,
    /// Discontinuities.
    pub discontinuities: u64,
    /// Bytes of chunks.
    pub bytes: u64,
    /// How long it plays, gaps included.
    pub duration_ms: u64,
    /// Pictures.
    pub pictures: u64,
    /// AAC frames.
    pub sounds: u64,
    /// The longest time from one picture to the next within a byte range, in milliseconds.
    pub longest_pause_ms: u64,
}

impl Report {
    pub(super) fn of(bucket: &str, prefix: &str) -> Self {
        Self {
            bucket: bucket.to_owned(),
            prefix: prefix.to_owned(),
            status: None,
            is_going_on: false,
            faults: Vec::new(),
            more_faults: 0,
            notes: Vec::new(),
            more_notes: 0,
            objects: 0,
            bytes: 0,
            thumbnails: 0,
            renditions: Vec::new(),
        }
    }

    /// Nothing is wrong.
    pub fn is_good(&self) -> bool {
        self.faults.is_empty()
    }

    pub(super) fn fault(&mut self, object: &str, words: impl Into<String>) {
        add(&mut self.faults, &mut self.more_faults, object, words.into());
    }

    pub(super) fn note(&mut self, object: &str, words: impl Into<String>) {
        add(&mut self.notes, &mut self.more_notes, object, words.into());
    }
}

fn add(findings: &mut Vec<Finding>, more: &mut u64, object: &str, words: String) {
    if findings.len() < MOST {
        findings.push(Finding { object: object.to_owned(), words });
    } else {
        *more += 1;
    }
}
