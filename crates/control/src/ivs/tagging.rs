//! What the operations mean on tags (API reference, `TagResource` and its siblings).
//!
//! Promise: to be written.

use api::ivs::{
    ListTagsForResourceRequest, ListTagsForResourceResponse, TagResourceRequest, TagResourceResponse,
    UntagResourceRequest, UntagResourceResponse,
};
use api::{ApiError, Call};

use crate::Control;

pub(super) async fn list(
    _control: &Control,
    _call: &Call,
    _input: ListTagsForResourceRequest,
) -> Result<ListTagsForResourceResponse, ApiError> {
    Err(ApiError::UnknownOperation)
}

pub(super) async fn tag(
    _control: &Control,
    _call: &Call,
    _input: TagResourceRequest,
) -> Result<TagResourceResponse, ApiError> {
    Err(ApiError::UnknownOperation)
}

pub(super) async fn untag(
    _control: &Control,
    _call: &Call,
    _input: UntagResourceRequest,
) -> Result<UntagResourceResponse, ApiError> {
    Err(ApiError::UnknownOperation)
}
