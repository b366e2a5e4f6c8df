//! What the operations mean on playback key pairs (API reference, `ImportPlaybackKeyPair` and its siblings).
//!
//! Promise: to be written.

use api::ivs::{
    DeletePlaybackKeyPairRequest, DeletePlaybackKeyPairResponse, GetPlaybackKeyPairRequest,
    GetPlaybackKeyPairResponse, ImportPlaybackKeyPairRequest, ImportPlaybackKeyPairResponse,
    ListPlaybackKeyPairsRequest, ListPlaybackKeyPairsResponse,
};
use api::{ApiError, Call};

use crate::Control;

pub(super) async fn delete(
    _control: &Control,
    _call: &Call,
    _input: DeletePlaybackKeyPairRequest,
) -> Result<DeletePlaybackKeyPairResponse, ApiError> {
    Err(ApiError::UnknownOperation)
}

pub(super) async fn get(
    _control: &Control,
    _call: &Call,
    _input: GetPlaybackKeyPairRequest,
) -> Result<GetPlaybackKeyPairResponse, ApiError> {
    Err(ApiError::UnknownOperation)
}

pub(super) async fn import(
    _control: &Control,
    _call: &Call,
    _input: ImportPlaybackKeyPairRequest,
) -> Result<ImportPlaybackKeyPairResponse, ApiError> {
    Err(ApiError::UnknownOperation)
}

pub(super) async fn list(
    _control: &Control,
    _call: &Call,
    _input: ListPlaybackKeyPairsRequest,
) -> Result<ListPlaybackKeyPairsResponse, ApiError> {
    Err(ApiError::UnknownOperation)
}
