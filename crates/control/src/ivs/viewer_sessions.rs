//! What the operations mean on viewer sessions (API reference, `StartViewerSessionRevocation`).
//!
//! Promise: to be written.

use api::ivs::{
    BatchStartViewerSessionRevocationRequest, BatchStartViewerSessionRevocationResponse,
    StartViewerSessionRevocationRequest, StartViewerSessionRevocationResponse,
};
use api::{ApiError, Call};

use crate::Control;

pub(super) async fn batch_start_revocation(
    _control: &Control,
    _call: &Call,
    _input: BatchStartViewerSessionRevocationRequest,
) -> Result<BatchStartViewerSessionRevocationResponse, ApiError> {
    Err(ApiError::UnknownOperation)
}

pub(super) async fn start_revocation(
    _control: &Control,
    _call: &Call,
    _input: StartViewerSessionRevocationRequest,
) -> Result<StartViewerSessionRevocationResponse, ApiError> {
    Err(ApiError::UnknownOperation)
}
