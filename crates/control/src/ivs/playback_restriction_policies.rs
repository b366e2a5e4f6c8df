//! What the operations mean on playback restriction policies (API reference, `CreatePlaybackRestrictionPolicy` and its siblings).
//!
//! Promise: to be written.

use api::ivs::{
    CreatePlaybackRestrictionPolicyRequest, CreatePlaybackRestrictionPolicyResponse,
    DeletePlaybackRestrictionPolicyRequest, GetPlaybackRestrictionPolicyRequest,
    GetPlaybackRestrictionPolicyResponse, ListPlaybackRestrictionPoliciesRequest,
    ListPlaybackRestrictionPoliciesResponse, UpdatePlaybackRestrictionPolicyRequest,
    UpdatePlaybackRestrictionPolicyResponse,
};
use api::{ApiError, Call};

use crate::Control;

pub(super) async fn create(
    _control: &Control,
    _call: &Call,
    _input: CreatePlaybackRestrictionPolicyRequest,
) -> Result<CreatePlaybackRestrictionPolicyResponse, ApiError> {
    Err(ApiError::UnknownOperation)
}

pub(super) async fn delete(
    _control: &Control,
    _call: &Call,
    _input: DeletePlaybackRestrictionPolicyRequest,
) -> Result<(), ApiError> {
    Err(ApiError::UnknownOperation)
}

pub(super) async fn get(
    _control: &Control,
    _call: &Call,
    _input: GetPlaybackRestrictionPolicyRequest,
) -> Result<GetPlaybackRestrictionPolicyResponse, ApiError> {
    Err(ApiError::UnknownOperation)
}

pub(super) async fn list(
    _control: &Control,
    _call: &Call,
    _input: ListPlaybackRestrictionPoliciesRequest,
) -> Result<ListPlaybackRestrictionPoliciesResponse, ApiError> {
    Err(ApiError::UnknownOperation)
}

pub(super) async fn update(
    _control: &Control,
    _call: &Call,
    _input: UpdatePlaybackRestrictionPolicyRequest,
) -> Result<UpdatePlaybackRestrictionPolicyResponse, ApiError> {
    Err(ApiError::UnknownOperation)
}
