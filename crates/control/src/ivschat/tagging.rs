//! What the operations on tags mean (API reference, `TagResource` and its siblings).
//!
//! Promise: rooms and logging configurations are tagged alike; a room's sockets learn of its new tags, which may
//! turn extensions on and off.

use api::ivschat::{
    ListTagsForResourceRequest, ListTagsForResourceResponse, TagResourceRequest, TagResourceResponse,
    UntagResourceRequest, UntagResourceResponse,
};
use api::{ApiError, Call};
use domain::{Arn, ResourceKind};

use crate::Control;

const SERVICE: &str = "ivschat";

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
    let name = control.tag(call, SERVICE, &input.resource_arn, input.tags).await?;
    announce(control, &name).await;
    Ok(TagResourceResponse {})
}

pub(super) async fn untag(
    control: &Control,
    call: &Call,
    input: UntagResourceRequest,
) -> Result<UntagResourceResponse, ApiError> {
    let name = control.untag(call, SERVICE, &input.resource_arn, &input.tag_keys).await?;
    announce(control, &name).await;
    Ok(UntagResourceResponse {})
}

async fn announce(control: &Control, name: &Arn) {
    if name.kind == ResourceKind::Room {
        control.announce(name).await;
    }
}
