//! What the operations on stream sessions mean (API reference, `GetStreamSession`, `ListStreamSessions`).
//!
//! Promise: the session on air is found, with the channel as it went on air: but for tags, nothing of it
//! can be changed meanwhile. Sessions that are over are not kept yet.

use std::sync::Arc;

use api::ivs::{
    GetStreamSessionRequest, GetStreamSessionResponse, ListStreamSessionsRequest, ListStreamSessionsResponse,
    StreamSession,
};
use api::{ApiError, Call};
use domain::Channel;
use live::Broadcast;

use super::channels;
use crate::error::refusal;
use crate::paging::List;
use crate::{Control, ingest_configuration, tenant, views};

/// `ListStreamSessions` without `maxResults`.
const PAGE: u32 = 100;

/// Without a `streamId`, the most recent one.
pub(super) async fn get(
    control: &Control,
    call: &Call,
    input: GetStreamSessionRequest,
) -> Result<GetStreamSessionResponse, ApiError> {
    let channel = channels::find(control, call, &input.channel_arn).await?;
    let wanted = input.stream_id.as_deref();
    let on_air = control.hub.broadcast(&channel.arn);
    let found = on_air.filter(|broadcast| wanted.is_none_or(|wanted| wanted == broadcast.stream().as_str()));
    let Some(broadcast) = found else {
        let which = wanted.map_or_else(String::new, |stream| format!(" {stream}"));
        let text = format!("Stream session{which} of channel: {} not found", channel.arn);
        return Err(ApiError::ResourceNotFound(text.into()));
    };
    let stream_session = session(control, call, channel, &broadcast).await?;
    Ok(GetStreamSessionResponse { stream_session: Some(stream_session) })
}

/// Newest first; there is one at most. No token was ever given out, so none is taken.
pub(super) async fn list(
    control: &Control,
    call: &Call,
    input: ListStreamSessionsRequest,
) -> Result<ListStreamSessionsResponse, ApiError> {
    let channel = channels::find(control, call, &input.channel_arn).await?;
    let tenant = tenant(call);
    let list = List { operation: "ListStreamSessions", tenant: &tenant, about: &input.channel_arn };
    control.tokens.request(&list, input.next_token.as_deref(), input.max_results, PAGE)?;
    let on_air: Option<Arc<Broadcast>> = control.hub.broadcast(&channel.arn);
    let summaries = on_air.iter().map(|broadcast| views::stream_session_summary(broadcast));
    Ok(ListStreamSessionsResponse { next_token: None, stream_sessions: summaries.collect() })
}

async fn session(
    control: &Control,
    call: &Call,
    channel: Channel,
    broadcast: &Broadcast,
) -> Result<StreamSession, ApiError> {
    let recording = match &channel.recording_configuration {
        Some(name) => control.store.recording_configuration(&tenant(call), name).await.map_err(refusal)?,
        None => None,
    };
    let tracks = broadcast.tracks();
    Ok(StreamSession {
        channel: Some(control.endpoints.channel(channel)),
        end_time: None,
        failover_slate_configuration: None,
        ingest_configuration: tracks.as_deref().map(ingest_configuration::configuration),
        ingest_configurations: tracks.as_deref().map(ingest_configuration::configurations),
        recording_configuration: recording.map(views::recording_configuration),
        start_time: Some(broadcast.started().into()),
        stream_id: Some(broadcast.stream().to_string()),
        truncated_events: Some(Vec::new()),
    })
}
