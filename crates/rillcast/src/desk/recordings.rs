//! Recordings from the desk: found, watched, checked, fetched and removed; and why recording configurations failed.
//!
//! | request | action |
//! | --- | --- |
//! | `GET recordings` | `rillcast:ListRecordings`, on the channel with `?arn=`, else on `*` |
//! | `GET recordings/{id}` | `rillcast:GetRecording` |
//! | `POST recordings/{id}/watch-pass` | `rillcast:WatchRecording` |
//! | `POST recordings/{id}/verify` | `rillcast:VerifyRecording` |
//! | `POST recordings/{id}/downloads` | `rillcast:DownloadRecording` |
//! | `DELETE recordings/{id}` | `rillcast:DeleteRecording` |
//! | `GET recording-configuration-reasons` | `rillcast:ListRecordingConfigurationReasons` |
//!
//! All with an id are about the channel that `?arn=` names, which must be the recording's, whether or not it still is.
//!
//! Promise: nobody learns of another account's recordings, not even that there are any; a recording that goes on is not
//! removed.

mod download;
mod facts;
mod list;
mod reasons;
mod verify;

use std::sync::Arc;

use api::{Admitted, ApiError, Why};
use domain::{Arn, Recording, RecordingStage, ResourceId, ResourceKind, chain, time_text, unix_millis};
use http_body_util::BodyExt;
use serde::Serialize;
use store::Tenant;
use tokio::sync::Semaphore;
use tokio_util::sync::CancellationToken;

use super::{House, Reply, failed, query, reply};

pub(super) use download::send;
pub(crate) use download::{DOWNLOADS, Film};

/// Recordings that are looked at closely at once, and films that are sent at once.
const VERIFIES: usize = 2;
const DOWNLOADS_AT_ONCE: usize = 4;

/// What is done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Act {
    List,
    Get,
    Watch,
    Verify,
    Download,
    Delete,
    Reasons,
}

/// Places for work that takes its time.
#[derive(Clone, Debug)]
pub(super) struct Places {
    verifies: Arc<Semaphore>,
    downloads: Arc<Semaphore>,
}

impl Default for Places {
    fn default() -> Self {
        let places = |count| Arc::new(Semaphore::new(count));
        Self { verifies: places(VERIFIES), downloads: places(DOWNLOADS_AT_ONCE) }
    }
}

/// Answers a request whose caller may do this; `names` are those in its path.
pub(super) async fn answer(
    house: &House,
    act: Act,
    names: &[String],
    admitted: Admitted,
    places: &Places,
    closing: &CancellationToken,
) -> Reply {
    let id = names.first().map_or("", String::as_str);
    match act {
        Act::List => {
            let told = list::list(house, &admitted).await;
            reply(admitted, told)
        }
        Act::Get => {
            let told = facts::get(house, &admitted, id).await;
            reply(admitted, told)
        }
        Act::Watch => {
            let told = watch(house, &admitted, id).await;
            reply(admitted, told)
        }
        Act::Verify => match verify::begin(house, &admitted, id, places, closing).await {
            Ok(lines) => admitted.stream("application/x-ndjson", lines).map(BodyExt::boxed_unsync),
            Err(error) => reply::<()>(admitted, Err(error)),
        },
        Act::Download => {
            let told = download::link(house, &admitted, id).await;
            reply(admitted, told)
        }
        Act::Delete => {
            let told = delete(house, &admitted, id).await;
            reply(admitted, told)
        }
        Act::Reasons => {
            let told = reasons::reasons(house, &admitted).await;
            reply(admitted, told)
        }
    }
}

fn tenant(admitted: &Admitted) -> Tenant {
    let call = &admitted.call;
    Tenant { account: call.principal.account.clone(), region: call.region.clone() }
}

/// The channel that the query names.
fn channel(admitted: &Admitted) -> Result<Option<Arn>, ApiError> {
    let Some(text) = query::find(&admitted.parts, "arn") else { return Ok(None) };
    let arn = Arn::parse(&text).ok().filter(|arn| arn.kind == ResourceKind::Channel);
    arn.map(Some).ok_or_else(|| ApiError::validation("arn: must be the ARN of a channel"))
}

/// The caller's recording of this id, which is of the channel that the query names.
async fn find(house: &House, admitted: &Admitted, id: &str) -> Result<Recording, ApiError> {
    let none = || ApiError::ResourceNotFound(Why::new(format!("Recording: {id} not found")).about(id));
    query::only(&admitted.parts, &["arn"])?;
    let arn =
        channel(admitted)?.ok_or_else(|| ApiError::validation("arn: the recording's channel is needed"))?;
    let known = ResourceId::parse(id).ok_or_else(none)?;
    let found = house.store.recording(&known).await.map_err(failed)?;
    found.filter(|one| one.channel == arn && Tenant::of(&one.channel) == tenant(admitted)).ok_or_else(none)
}

/// How a recording is watched.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Shown {
    playback_url: String,
    /// What the URLs of all of its objects begin with, up to a slash and their keys.
    base_url: String,
    expires_at: i64,
}

async fn watch(house: &House, admitted: &Admitted, id: &str) -> Result<Shown, ApiError> {
    let recording = find(house, admitted, id).await?;
    let who = &admitted.call.principal;
    tracing::info!(recording = %recording.id, key = %who.access_key_id, "a pass to watch was given");
    let (path, until) = house.delivery.show(&recording, &who.access_key_id);
    let base_url = format!("{}{path}", house.public_url);
    let playback_url = format!("{base_url}/{}", crate::recording_commands::url::MULTIVARIANT);
    Ok(Shown { playback_url, base_url, expires_at: unix_millis(until) })
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Removed {
    objects: u64,
}

async fn delete(house: &House, admitted: &Admitted, id: &str) -> Result<Removed, ApiError> {
    let recording = find(house, admitted, id).await?;
    if recording.stage == RecordingStage::Started {
        let why = format!(
            "Recording {id} goes on, or server {} has yet to finish it: stop its stream, and try again when it has ended",
            recording.node
        );
        return Err(ApiError::Conflict(Why::new(why).about(id)));
    }
    let removed = recording::remove(&house.store, &house.blobs, &recording).await;
    let objects = removed.map_err(|error| {
        tracing::warn!(recording = id, why = %chain(&error), "a recording can't be removed");
        ApiError::unavailable("removing a recording", error)
    })?;
    let key = &admitted.call.principal.access_key_id;
    tracing::info!(recording = id, %key, objects, "a recording was removed");
    Ok(Removed { objects })
}

fn moment(at: i64) -> String {
    time_text(at)
}
