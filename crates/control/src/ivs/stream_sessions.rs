//! What the operations on stream sessions mean (API reference, `GetStreamSession`, `ListStreamSessions`).
//!
//! Promise: a session is shown as it is kept, live or over, also when its channel is gone.

use api::ivs::{
    GetStreamSessionRequest, GetStreamSessionResponse, ListStreamSessionsRequest, ListStreamSessionsResponse,
};
use api::{ApiError, Call};
use domain::{Arn, StreamId, StreamSession};

use super::channels;
use crate::error::{missing, refusal};
use crate::paging::List;
use crate::{Control, tenant, views};

/// `ListStreamSessions` without `maxResults`.
const PAGE: u32 = 100;

/// Without a `streamId`, the most recent one.
pub(super) async fn get(
    control: &Control,
    call: &Call,
    input: GetStreamSessionRequest,
) -> Result<GetStreamSessionResponse, ApiError> {
    let channel = Arn::parse(&input.channel_arn).map_err(|_| missing(&input.channel_arn))?;
    let wanted = input.stream_id.as_deref();
    let Some(session) = session(control, call, &channel, wanted).await? else {
        channels::find(control, call, &input.channel_arn).await?;
        let which = wanted.map_or_else(String::new, |stream| format!(" {stream}"));
        let text = format!("Stream session{which} of channel: {channel} not found");
        return Err(ApiError::ResourceNotFound(text.into()));
    };
    let events = control.store.session_events(&session.stream).await.map_err(refusal)?;
    Ok(GetStreamSessionResponse { stream_session: Some(control.endpoints.stream_session(session, events)) })
}

/// Newest first.
pub(super) async fn list(
    control: &Control,
    call: &Call,
    input: ListStreamSessionsRequest,
) -> Result<ListStreamSessionsResponse, ApiError> {
    let channel = Arn::parse(&input.channel_arn).map_err(|_| missing(&input.channel_arn))?;
    let tenant = tenant(call);
    let list = List { operation: "ListStreamSessions", tenant: &tenant, about: &input.channel_arn };
    let request = control.tokens.newest(&list, input.next_token.as_deref(), input.max_results, PAGE)?;
    let page = control.store.stream_sessions(&tenant, &channel, request).await.map_err(refusal)?;
    if page.items.is_empty() {
        // One without sessions has an empty list, one that never was has none.
        channels::find(control, call, &input.channel_arn).await?;
    }
    Ok(ListStreamSessionsResponse {
        next_token: page.next.map(|position| control.tokens.seal(&list, position)),
        stream_sessions: page.items.iter().map(views::stream_session_summary).collect(),
    })
}

/// The caller's; of another account or region there is none.
async fn session(
    control: &Control,
    call: &Call,
    channel: &Arn,
    wanted: Option<&str>,
) -> Result<Option<StreamSession>, ApiError> {
    let stream = match wanted.map(StreamId::parse) {
        None => None,
        Some(Some(stream)) => Some(stream),
        Some(None) => return Ok(None),
    };
    control.store.stream_session(&tenant(call), channel, stream.as_ref()).await.map_err(refusal)
}
