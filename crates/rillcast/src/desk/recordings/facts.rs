//! What is told of a recording.
//!
//! Promise: what the database knows is told also when the bucket can't be read, with the reason why.

use std::time::Duration;

use api::{Admitted, ApiError};
use domain::{Recording, StreamId, ThumbnailMode, ThumbnailStorage, chain};
use recording::contents::{Contents, Shot, contents};
use recording::manifest::Rendition;
use serde::Serialize;
use tokio::time::timeout;

use super::{House, find, moment};
use crate::config::BucketPlace;
use crate::recording_commands::url;

/// How long the bucket is waited for.
const PATIENCE: Duration = Duration::from_secs(10);
/// Thumbnails that are told one by one.
const SHOTS: u64 = 48;

/// A recording as lists tell it.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Row {
    id: String,
    recording_session_id: String,
    state: &'static str,
    reason: String,
    channel_arn: String,
    channel_name: String,
    private: bool,
    recording_configuration_arn: String,
    /// `disk` or `s3`.
    storage: &'static str,
    bucket: String,
    prefix: String,
    server: String,
    stream_ids: Vec<String>,
    started_at: String,
    ended_at: Option<String>,
    duration_ms: u64,
    bytes: u64,
    /// Where viewers find it: on this server, or on the S3 service, which must let them in.
    url: String,
    /// The key below the prefix of a thumbnail that is likely to be there.
    #[serde(skip_serializing_if = "Option::is_none")]
    thumbnail: Option<&'static str>,
}

/// A recording, and what its bucket has of it.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Facts {
    #[serde(flatten)]
    row: Row,
    /// Why the bucket could not be read.
    #[serde(skip_serializing_if = "Option::is_none")]
    trouble: Option<String>,
    /// How long it plays by now, in milliseconds.
    playable_ms: u64,
    renditions: Vec<Part>,
    thumbnails: u64,
    shots: Vec<Shot>,
}

/// A rendition.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Part {
    name: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    width: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    height: Option<u32>,
}

impl Row {
    pub(super) fn of(house: &House, recording: &Recording) -> Self {
        let configuration = &recording.configuration;
        let base = url::base(&house.config, &house.public_url, &configuration.bucket);
        let storage = match house.config.outside.buckets {
            BucketPlace::Disk => "disk",
            BucketPlace::S3 => "s3",
        };
        Self {
            id: recording.id.to_string(),
            recording_session_id: recording.session.to_string(),
            state: recording.stage.as_str(),
            reason: recording.reason.clone(),
            channel_arn: recording.channel.to_string(),
            channel_name: recording.channel_name.clone(),
            private: recording.is_private,
            recording_configuration_arn: configuration.arn.to_string(),
            storage,
            bucket: configuration.bucket.clone(),
            prefix: recording.prefix.clone(),
            server: recording.node.clone(),
            stream_ids: recording.streams.iter().map(StreamId::to_string).collect(),
            started_at: moment(recording.started_at),
            ended_at: recording.ended_at.map(moment),
            duration_ms: recording.duration_ms,
            bytes: recording.bytes,
            url: format!("{base}/{}/{}", recording.prefix, url::MULTIVARIANT),
            thumbnail: thumbnail(recording),
        }
    }
}

fn thumbnail(recording: &Recording) -> Option<&'static str> {
    let wanted = &recording.configuration.thumbnails;
    let has = |kind| wanted.mode == ThumbnailMode::Interval && wanted.storage.contains(&kind);
    if has(ThumbnailStorage::Latest) {
        return Some(recording::layout::LATEST_THUMBNAIL);
    }
    has(ThumbnailStorage::Sequential).then_some("media/thumbnails/thumb0.jpg")
}

impl From<Rendition> for Part {
    fn from(rendition: Rendition) -> Self {
        let Rendition { path, resolution_height, resolution_width, .. } = rendition;
        Self { name: path, width: resolution_width, height: resolution_height }
    }
}

pub(super) async fn get(house: &House, admitted: &Admitted, id: &str) -> Result<Facts, ApiError> {
    let recording = find(house, admitted, id).await?;
    let look = contents(&house.blobs, &recording.configuration.bucket, &recording.prefix, SHOTS);
    let (found, trouble) = match timeout(PATIENCE, look).await {
        Ok(Ok(found)) => (Some(found), None),
        Ok(Err(error)) => (None, Some(chain(&error))),
        Err(_) => (None, Some(format!("the bucket did not answer within {} s", PATIENCE.as_secs()))),
    };
    let row = Row::of(house, &recording);
    let Some(Contents { renditions, duration_ms, thumbnails, shots, .. }) = found else {
        return Ok(Facts { row, trouble, playable_ms: 0, renditions: vec![], thumbnails: 0, shots: vec![] });
    };
    let renditions = renditions.into_iter().map(Part::from).collect();
    Ok(Facts { row, trouble, playable_ms: duration_ms, renditions, thumbnails, shots })
}
