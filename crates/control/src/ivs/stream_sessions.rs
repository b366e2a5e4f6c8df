//! What the operations mean on stream sessions (API reference, `GetStreamSession`, `ListStreamSessions`).
//!
//! Promise: to be written.

use api::ivs::{
    GetStreamSessionRequest, GetStreamSessionResponse, ListStreamSessionsRequest, ListStreamSessionsResponse,
};
use api::{ApiError, Call};

use crate::Control;

pub(super) async fn get(
    _control: &Control,
    _call: &Call,
    _input: GetStreamSessionRequest,
) -> Result<GetStreamSessionResponse, ApiError> {
    Err(ApiError::UnknownOperation)
}

pub(super) async fn list(
    _control: &Control,
    _call: &Call,
    _input: ListStreamSessionsRequest,
) -> Result<ListStreamSessionsResponse, ApiError> {
    Err(ApiError::UnknownOperation)
}
