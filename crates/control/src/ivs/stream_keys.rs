//! What the operations on stream keys mean (API reference, `CreateStreamKey` to `ListStreamKeys`).
//!
//! Promise: a key's value is shown by create, get and batch get, never by a list or a log.

use api::ivs::{
    BatchGetStreamKeyRequest, BatchGetStreamKeyResponse, CreateStreamKeyRequest, CreateStreamKeyResponse,
    DeleteStreamKeyRequest, GetStreamKeyRequest, GetStreamKeyResponse, ListStreamKeysRequest,
    ListStreamKeysResponse,
};
use api::{ApiError, Call};
use domain::{Arn, ResourceKind, StreamKey, StreamKeyValue, Tags};

use super::{batches, channels};
use crate::error::{missing, refusal};
use crate::paging::List;
use crate::{Control, entropy, tags, tenant, views};

/// `ListStreamKeys` without `maxResults`: one, by the model's default.
const PAGE: u32 = 1;

pub(super) async fn create(
    control: &Control,
    call: &Call,
    input: CreateStreamKeyRequest,
) -> Result<CreateStreamKeyResponse, ApiError> {
    let tags = tags::checked(input.tags)?;
    let channel = Arn::parse(&input.channel_arn).map_err(|_| missing(&input.channel_arn))?;
    let key = mint(control, call, channel, tags);
    let quota = control.limits.stream_keys_per_channel;
    control.store.create_stream_key(&key, quota).await.map_err(refusal)?;
    tracing::info!(key = %key.arn, channel = %key.channel, "stream key created");
    Ok(CreateStreamKeyResponse { stream_key: Some(views::stream_key(key)) })
}

/// From now on the key admits nobody; a stream that it let in goes on.
pub(super) async fn delete(
    control: &Control,
    call: &Call,
    input: DeleteStreamKeyRequest,
) -> Result<(), ApiError> {
    let name = Arn::parse(&input.arn).map_err(|_| missing(&input.arn))?;
    control.store.delete_stream_key(&tenant(call), &name).await.map_err(refusal)?;
    tracing::info!(key = %name, "stream key deleted");
    Ok(())
}

pub(super) async fn get(
    control: &Control,
    call: &Call,
    input: GetStreamKeyRequest,
) -> Result<GetStreamKeyResponse, ApiError> {
    let name = Arn::parse(&input.arn).map_err(|_| missing(&input.arn))?;
    let found = control.store.stream_key(&tenant(call), &name).await.map_err(refusal)?;
    let key = found.ok_or_else(|| missing(&input.arn))?;
    Ok(GetStreamKeyResponse { stream_key: Some(views::stream_key(key)) })
}

pub(super) async fn list(
    control: &Control,
    call: &Call,
    input: ListStreamKeysRequest,
) -> Result<ListStreamKeysResponse, ApiError> {
    let channel = channels::find(control, call, &input.channel_arn).await?.arn;
    let tenant = tenant(call);
    let list = List { operation: "ListStreamKeys", tenant: &tenant, about: &input.channel_arn };
    let request = control.tokens.request(&list, input.next_token.as_deref(), input.max_results, PAGE)?;
    let page = control.store.stream_keys(&tenant, &channel, request).await.map_err(refusal)?;
    Ok(ListStreamKeysResponse {
        stream_keys: page.items.into_iter().map(views::stream_key_summary).collect(),
        next_token: page.next.map(|position| control.tokens.seal(&list, position)),
    })
}

pub(super) async fn batch_get(
    control: &Control,
    call: &Call,
    input: BatchGetStreamKeyRequest,
) -> Result<BatchGetStreamKeyResponse, ApiError> {
    let (tenant, mut keys, mut errors) = (tenant(call), Vec::new(), Vec::new());
    for arn in batches::each_once(input.arns) {
        match batches::found(&arn, async |name| control.store.stream_key(&tenant, name).await).await? {
            Some(key) => keys.push(views::stream_key(key)),
            None => errors.push(batches::absent(arn)),
        }
    }
    Ok(BatchGetStreamKeyResponse { errors: Some(errors), stream_keys: Some(keys) })
}

/// A fresh key of the caller for a channel. Its value names the region and the key's own id.
pub(super) fn mint(control: &Control, call: &Call, channel: Arn, tags: Tags) -> StreamKey {
    let arn = control.mint(call, ResourceKind::StreamKey);
    let value = StreamKeyValue::mint(&arn.region, &arn.id, &mut entropy::fill);
    StreamKey { arn, channel, value, tags }
}
