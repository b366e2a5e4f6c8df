//! What the operations mean on streams on air (API reference, `GetStream` to `StopStream`).
//!
//! Promise: to be written.

use api::ivs::{
    GetStreamRequest, GetStreamResponse, ListStreamsRequest, ListStreamsResponse, PutMetadataRequest,
    StopStreamRequest, StopStreamResponse,
};
use api::{ApiError, Call};

use crate::Control;

pub(super) async fn get(
    _control: &Control,
    _call: &Call,
    _input: GetStreamRequest,
) -> Result<GetStreamResponse, ApiError> {
    Err(ApiError::UnknownOperation)
}

pub(super) async fn list(
    _control: &Control,
    _call: &Call,
    _input: ListStreamsRequest,
) -> Result<ListStreamsResponse, ApiError> {
    Err(ApiError::UnknownOperation)
}

pub(super) async fn put_metadata(
    _control: &Control,
    _call: &Call,
    _input: PutMetadataRequest,
) -> Result<(), ApiError> {
    Err(ApiError::UnknownOperation)
}

pub(super) async fn stop(
    _control: &Control,
    _call: &Call,
    _input: StopStreamRequest,
) -> Result<StopStreamResponse, ApiError> {
    Err(ApiError::UnknownOperation)
}
