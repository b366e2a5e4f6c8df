//! What the operations on streams on air mean (API reference, `GetStream` to `StopStream`).
//!
//! Promise: a stream that is shown can be played; one of a channel of another account is never seen or
//! touched.

use std::sync::Arc;

use api::ivs::{
    GetStreamRequest, GetStreamResponse, ListStreamsRequest, ListStreamsResponse, PutMetadataRequest,
    StopStreamRequest, StopStreamResponse,
};
use api::{ApiError, Call};
use domain::{Arn, StreamId, StreamSession};
use live::Broadcast;

use super::channels;
use crate::on_air::OnAir;
use crate::paging::{self, List};
use crate::{Control, tenant, views, words};

/// `ListStreams` without `maxResults`.
const PAGE: u32 = 100;

/// The longest text of timed metadata, in bytes (user guide, "Service quotas").
const METADATA: usize = 1_024;

/// One that can't be played yet is not shown: whoever asks wants to watch.
pub(super) async fn get(
    control: &Control,
    call: &Call,
    input: GetStreamRequest,
) -> Result<GetStreamResponse, ApiError> {
    let channel = channels::find(control, call, &input.channel_arn).await?;
    let stream = control.stream_on_air(&channel.arn).await?.ok_or_else(|| offline(&input.channel_arn))?;
    Ok(GetStreamResponse { stream: Some(control.endpoints.stream(&stream)) })
}

/// In order of their start.
pub(super) async fn list(
    control: &Control,
    call: &Call,
    input: ListStreamsRequest,
) -> Result<ListStreamsResponse, ApiError> {
    let (tenant, health) = (tenant(call), input.filter_by.and_then(|filter| filter.health));
    let about = health.map_or_else(String::new, |health| format!("health={}", health.as_str()));
    let list = List { operation: "ListStreams", tenant: &tenant, about: &about };
    let after = control.tokens.place(&list, input.next_token.as_deref())?.map(Place::decode);
    let health = health.map(words::stream_health);
    let mut streams = control.streams_on_air(&tenant).await?;
    streams.retain(|stream| health.is_none_or(|health| health == stream.health));
    let mut streams: Vec<_> = streams.into_iter().map(|stream| (Place::of(&stream), stream)).collect();
    streams.retain(|(place, _)| after.as_ref().is_none_or(|after| place > after));
    streams.sort_unstable_by(|(one, _), (other, _)| one.cmp(other));
    let limit = usize::try_from(paging::limit(input.max_results, PAGE)).unwrap_or(usize::MAX);
    let more = streams.len() > limit;
    streams.truncate(limit);
    let last = streams.last().filter(|_| more);
    Ok(ListStreamsResponse {
        next_token: last.map(|(place, _)| control.tokens.seal_place(&list, place.encode())),
        streams: streams.iter().map(|(_, stream)| views::stream_summary(stream)).collect(),
    })
}

/// To all viewers at the same picture. Also before the first of them can play: what was put in by then is
/// part of what they get.
pub(super) async fn put_metadata(
    control: &Control,
    call: &Call,
    input: PutMetadataRequest,
) -> Result<(), ApiError> {
    let text = input.metadata.0;
    if text.len() > METADATA {
        return Err(ApiError::validation("Metadata size exceeds payload limit"));
    }
    let channel = channels::find(control, call, &input.channel_arn).await?.arn;
    let found = on_air(control, call, &channel).await?;
    control.rates.admit_metadata(&channel)?;
    match found {
        Found::Here(broadcast) => broadcast.put_metadata(&text),
        Found::Elsewhere(session) => control.put_metadata_elsewhere(&session, &text)?,
    }
    tracing::info!(%channel, bytes = text.len(), "metadata put");
    Ok(())
}

/// Also one that can't be played yet. The encoder may come back at once.
pub(super) async fn stop(
    control: &Control,
    call: &Call,
    input: StopStreamRequest,
) -> Result<StopStreamResponse, ApiError> {
    let channel = channels::find(control, call, &input.channel_arn).await?.arn;
    match on_air(control, call, &channel).await? {
        Found::Here(broadcast) => {
            broadcast.request_stop();
            tracing::info!(%channel, stream = %broadcast.stream(), "stream stopped by a call");
        }
        Found::Elsewhere(session) => {
            control.stop_elsewhere(&tenant(call), &session).await?;
            tracing::info!(%channel, stream = %session.stream, "stream of another server stopped by a call");
        }
    }
    Ok(StopStreamResponse {})
}

/// Which server has a stream on air.
enum Found {
    Here(Arc<Broadcast>),
    Elsewhere(Box<StreamSession>),
}

/// What is on air on the caller's channel, whether it can be played yet or not.
async fn on_air(control: &Control, call: &Call, channel: &Arn) -> Result<Found, ApiError> {
    if let Some(broadcast) = control.hub.broadcast(channel) {
        return Ok(Found::Here(broadcast));
    }
    let elsewhere = control.session_elsewhere(&tenant(call), channel).await?;
    let session = elsewhere.ok_or_else(|| offline(channel))?;
    Ok(Found::Elsewhere(Box::new(session)))
}

fn offline(channel: impl std::fmt::Display) -> ApiError {
    ApiError::ChannelNotBroadcasting(format!("Channel: {channel} is not currently online"))
}

/// Where a stream stands in the list: by its start, and of several by its id. Neither ever changes once it is
/// written, so paging is stable.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Place {
    /// Milliseconds of Unix time, big-endian.
    started: [u8; 8],
    /// The stream id without its fixed beginning.
    id: [u8; Self::ID],
}

impl Place {
    const ID: usize = 23;
    const LENGTH: usize = 8 + Self::ID;

    fn of(stream: &OnAir) -> Self {
        let started = u64::try_from(stream.started_at).unwrap_or_default().to_be_bytes();
        Self { started, id: random(&stream.stream) }
    }

    fn encode(&self) -> [u8; Self::LENGTH] {
        let mut bytes = [0; Self::LENGTH];
        let (started, id) = bytes.split_at_mut(self.started.len());
        started.copy_from_slice(&self.started);
        id.copy_from_slice(&self.id);
        bytes
    }

    fn decode(bytes: [u8; Self::LENGTH]) -> Self {
        let (started, id) = bytes.split_at(8);
        Self {
            started: started.try_into().expect("8 of the 31 bytes"),
            id: id.try_into().expect("the other 23"),
        }
    }
}

fn random(stream: &StreamId) -> [u8; Place::ID] {
    let id = stream.as_str().as_bytes().last_chunk();
    *id.expect("a stream id has 26 characters")
}
