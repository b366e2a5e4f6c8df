//! The JSON that tells what a recording consists of, when it starts and when it is over.
//!
//! Promise: the fields, their names and their order are those of the schema "v1" and its examples; a field that has
//! nothing to tell is left out.
//!
//! Source: IVS user guide, "Auto-Record to Amazon S3", "JSON Metadata Files".

use domain::{Recording, RecordingStage, ThumbnailMode, ThumbnailStorage, time_text};
use serde::{Deserialize, Serialize};

use crate::layout;
use crate::playlist::Form;

/// The version of the schema.
const VERSION: &str = "v1";

/// What a recording consists of. Paths are relative to what stands above them, at last to the recording's prefix.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Manifest {
    /// `v1`.
    pub version: String,
    /// The channel.
    pub channel_arn: String,
    /// RFC 3339; once it is over.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub recording_ended_at: Option<String>,
    /// RFC 3339.
    pub recording_started_at: String,
    /// How far it is.
    pub recording_status: RecordingStage,
    /// Why it failed, as the service calls it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub recording_status_message: Option<String>,
    /// What there is to be looked at.
    pub media: Media,
}

/// What there is to be looked at.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Media {
    /// Playlists.
    pub hls: Hls,
    /// The folder of numbered thumbnails, if they are made.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub thumbnails: Option<Pictures>,
    /// The newest thumbnail, if it is kept.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub latest_thumbnail: Option<Pictures>,
}

/// Playlists.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Hls {
    /// How long it plays; once it is over.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub duration_ms: Option<u64>,
    /// Their folder.
    pub path: String,
    /// The multivariant playlist.
    pub playlist: String,
    /// The multivariant playlist of byte ranges.
    pub byte_range_playlist: String,
    /// The renditions, the highest first; none where only thumbnails are recorded.
    pub renditions: Vec<Rendition>,
}

/// A rendition.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Rendition {
    /// Its folder.
    pub path: String,
    /// Its playlist.
    pub playlist: String,
    /// Its playlist of byte ranges.
    pub byte_range_playlist: String,
    /// Pixels down; where it has pictures.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub resolution_height: Option<u32>,
    /// Pixels across; where it has pictures.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub resolution_width: Option<u32>,
}

/// Where thumbnails are, and their size.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Pictures {
    /// A folder, or a file.
    pub path: String,
    /// Pixels down.
    pub resolution_height: u32,
    /// Pixels across.
    pub resolution_width: u32,
}

/// Pixels across and down.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Size {
    /// Pixels across.
    pub width: u32,
    /// Pixels down.
    pub height: u32,
}

impl Rendition {
    /// The rendition in the folder of this name; `None` as its size: it is sound alone.
    pub fn new(name: &str, size: Option<Size>) -> Self {
        Self {
            path: name.to_owned(),
            playlist: layout::playlist_name(Form::Whole).to_owned(),
            byte_range_playlist: layout::playlist_name(Form::Ranges).to_owned(),
            resolution_height: size.map(|size| size.height),
            resolution_width: size.map(|size| size.width),
        }
    }
}

impl Manifest {
    /// Tells of a recording as it is now. `thumbnail`: the size of thumbnails; `None`: there can't be any, as of
    /// a stream without pictures.
    pub fn new(recording: &Recording, renditions: Vec<Rendition>, thumbnail: Option<Size>) -> Self {
        let is_over = recording.stage != RecordingStage::Started;
        let thumbnails = &recording.configuration.thumbnails;
        let pictures = |storage: ThumbnailStorage, path: &str| {
            let is_made = thumbnails.mode == ThumbnailMode::Interval && thumbnails.storage.contains(&storage);
            let size = thumbnail.filter(|_| is_made)?;
            let Size { width, height } = size;
            Some(Pictures { path: path.to_owned(), resolution_height: height, resolution_width: width })
        };
        let reason = Some(recording.reason.clone()).filter(|reason| is_over && !reason.is_empty());
        Self {
            version: VERSION.to_owned(),
            channel_arn: recording.channel.to_string(),
            recording_ended_at: recording.ended_at.filter(|_| is_over).map(time_text),
            recording_started_at: time_text(recording.started_at),
            recording_status: recording.stage,
            recording_status_message: reason,
            media: Media {
                hls: Hls {
                    duration_ms: is_over.then_some(recording.duration_ms),
                    path: layout::HLS.to_owned(),
                    playlist: layout::master_name(Form::Whole).to_owned(),
                    byte_range_playlist: layout::master_name(Form::Ranges).to_owned(),
                    renditions,
                },
                thumbnails: pictures(ThumbnailStorage::Sequential, layout::THUMBNAILS),
                latest_thumbnail: pictures(ThumbnailStorage::Latest, layout::LATEST_THUMBNAIL),
            },
        }
    }

    /// Where it stands below the recording's prefix.
    pub fn key(&self) -> &'static str {
        match self.recording_status {
            RecordingStage::Started => layout::STARTED,
            RecordingStage::Ended => layout::ENDED,
            RecordingStage::EndedWithFailure => layout::FAILED,
        }
    }

    /// The file's text.
    pub fn to_json(&self) -> String {
        let mut text =
            serde_json::to_string_pretty(self).expect("texts and numbers in named fields are JSON");
        text.push('\n');
        text
    }

    /// Reads such a file.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn parse(json: &[u8]) -> Result<Self, serde_json::Error> {
        serde_json::from_slice(json)
    }
}
