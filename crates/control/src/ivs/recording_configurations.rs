//! What the operations mean on recording configurations (API reference, `CreateRecordingConfiguration` and its siblings).
//!
//! Promise: to be written.

use api::ivs::{
    CreateRecordingConfigurationRequest, CreateRecordingConfigurationResponse,
    DeleteRecordingConfigurationRequest, GetRecordingConfigurationRequest, GetRecordingConfigurationResponse,
    ListRecordingConfigurationsRequest, ListRecordingConfigurationsResponse,
};
use api::{ApiError, Call};

use crate::Control;

pub(super) async fn create(
    _control: &Control,
    _call: &Call,
    _input: CreateRecordingConfigurationRequest,
) -> Result<CreateRecordingConfigurationResponse, ApiError> {
    Err(ApiError::UnknownOperation)
}

pub(super) async fn delete(
    _control: &Control,
    _call: &Call,
    _input: DeleteRecordingConfigurationRequest,
) -> Result<(), ApiError> {
    Err(ApiError::UnknownOperation)
}

pub(super) async fn get(
    _control: &Control,
    _call: &Call,
    _input: GetRecordingConfigurationRequest,
) -> Result<GetRecordingConfigurationResponse, ApiError> {
    Err(ApiError::UnknownOperation)
}

pub(super) async fn list(
    _control: &Control,
    _call: &Call,
    _input: ListRecordingConfigurationsRequest,
) -> Result<ListRecordingConfigurationsResponse, ApiError> {
    Err(ApiError::UnknownOperation)
}
