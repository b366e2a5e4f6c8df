//! What the operations on tags mean (API reference, `TagResource` and its siblings).
//!
//! Promise: all kinds of resources are tagged alike.

use api::ivs::{
    ListTagsForResourceRequest, ListTagsForResourceResponse, TagResourceRequest, TagResourceResponse,
    UntagResourceRequest, UntagResourceResponse,
};
use api::{ApiError, Call};

use crate::Control;

const SERVICE: &str = "ivs";

pub(super) async fn list(
    control: &Control,
    call: &Call,
    input: ListTagsForResourceRequest,
) -> Result<ListTagsForResourceResponse, ApiError> {
    let tags = control.tags_of(call, SERVICE, &input.resource_arn).await?;
    Ok(ListTagsForResourceResponse { tags })
}

pub(super) async fn tag(
    control: &Control,
    call: &Call,
    input: TagResourceRequest,
) -> Result<TagResourceResponse, ApiError> {
    control.tag(call, SERVICE, &input.resource_arn, input.tags).await?;
    Ok(TagResourceResponse {})
}

pub(super) async fn untag(
    control: &Control,
    call: &Call,
    input: UntagResourceRequest,
) -> Result<UntagResourceResponse, ApiError> {
    control.untag(call, SERVICE, &input.resource_arn, &input.tag_keys).await?;
    Ok(UntagResourceResponse {})
}
