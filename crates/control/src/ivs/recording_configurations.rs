//! What the operations mean on recording configurations (API reference, `CreateRecordingConfiguration` and its
//! siblings).
//!
//! Promise: one that is created is tried soon after and says whether it can be used; one that a channel is
//! attached to stays.

use api::ivs::{
    CreateRecordingConfigurationRequest, CreateRecordingConfigurationResponse,
    DeleteRecordingConfigurationRequest, GetRecordingConfigurationRequest, GetRecordingConfigurationResponse,
    ListRecordingConfigurationsRequest, ListRecordingConfigurationsResponse, RenditionConfiguration,
    ThumbnailConfiguration,
};
use api::{ApiError, Call};
use blob::Bucket;
use domain::{
    Arn, RecordedRendition, RecordingConfiguration, RecordingState, RenditionSelection, ResourceKind,
    Thumbnails,
};

use crate::error::{missing, refusal};
use crate::paging::List;
use crate::{Control, tags, tenant, views, words};

/// `ListRecordingConfigurations` without `maxResults`: the quota, where that is less.
const PAGE: u32 = 100;

pub(super) async fn create(
    control: &Control,
    call: &Call,
    input: CreateRecordingConfigurationRequest,
) -> Result<CreateRecordingConfigurationResponse, ApiError> {
    let configuration = compose(control.mint(call, ResourceKind::RecordingConfiguration), input)?;
    let quota = control.limits.recording_configurations;
    control.store.create_recording_configuration(&configuration, quota).await.map_err(refusal)?;
    control.trial.notify_one();
    tracing::info!(configuration = %configuration.arn, "recording configuration created");
    let configuration = Some(views::recording_configuration(configuration));
    Ok(CreateRecordingConfigurationResponse { recording_configuration: configuration })
}

pub(super) async fn delete(
    control: &Control,
    call: &Call,
    input: DeleteRecordingConfigurationRequest,
) -> Result<(), ApiError> {
    let name = Arn::parse(&input.arn).map_err(|_| missing(&input.arn))?;
    control.store.delete_recording_configuration(&tenant(call), &name).await.map_err(refusal)?;
    tracing::info!(configuration = %name, "recording configuration deleted");
    Ok(())
}

pub(super) async fn get(
    control: &Control,
    call: &Call,
    input: GetRecordingConfigurationRequest,
) -> Result<GetRecordingConfigurationResponse, ApiError> {
    let name = Arn::parse(&input.arn).map_err(|_| missing(&input.arn))?;
    let found = control.store.recording_configuration(&tenant(call), &name).await.map_err(refusal)?;
    let configuration = Some(views::recording_configuration(found.ok_or_else(|| missing(&input.arn))?));
    Ok(GetRecordingConfigurationResponse { recording_configuration: configuration })
}

pub(super) async fn list(
    control: &Control,
    call: &Call,
    input: ListRecordingConfigurationsRequest,
) -> Result<ListRecordingConfigurationsResponse, ApiError> {
    let (tenant, default) = (tenant(call), control.limits.recording_configurations.min(PAGE));
    let list = List { operation: "ListRecordingConfigurations", tenant: &tenant, about: "" };
    let request = control.tokens.request(&list, input.next_token.as_deref(), input.max_results, default)?;
    let page = control.store.recording_configurations(&tenant, request).await.map_err(refusal)?;
    Ok(ListRecordingConfigurationsResponse {
        recording_configurations: page
            .items
            .into_iter()
            .map(views::recording_configuration_summary)
            .collect(),
        next_token: page.next.map(|position| control.tokens.seal(&list, position)),
    })
}

/// The configuration that the caller asks for, with the defaults of what was left out.
fn compose(arn: Arn, input: CreateRecordingConfigurationRequest) -> Result<RecordingConfiguration, ApiError> {
    let s3 = input.destination_configuration.s3.ok_or_else(|| {
        ApiError::validation(
            "destinationConfiguration.s3: recordings can go nowhere else, so it must be given",
        )
    })?;
    let bucket = Bucket::parse(&s3.bucket_name)
        .map_err(|why| ApiError::validation(format!("destinationConfiguration.s3.bucketName: {why}")))?;
    let (rendition_selection, renditions) = renditions(input.rendition_configuration)?;
    let window = input.recording_reconnect_window_seconds.unwrap_or(0);
    Ok(RecordingConfiguration {
        state_reason: String::new(),
        arn,
        name: input.name.unwrap_or_default(),
        bucket: bucket.to_string(),
        state: RecordingState::Creating,
        thumbnails: thumbnails(input.thumbnail_configuration),
        rendition_selection,
        renditions,
        reconnect_window_seconds: u16::try_from(window).map_err(|_| {
            ApiError::validation("recordingReconnectWindowSeconds: must be between 0 and 300")
        })?,
        tags: tags::checked(input.tags)?,
    })
}

/// A list belongs to CUSTOM and to nothing else (API reference, `RenditionConfiguration`).
fn renditions(
    asked: Option<RenditionConfiguration>,
) -> Result<(RenditionSelection, Vec<RecordedRendition>), ApiError> {
    let asked = asked.unwrap_or_default();
    let selection = asked.rendition_selection.map_or(RenditionSelection::All, words::rendition_selection);
    let renditions = once(asked.renditions, words::recorded_rendition);
    match selection {
        RenditionSelection::Custom if renditions.is_empty() => Err(ApiError::validation(
            "renditionConfiguration.renditions: must be given when renditionSelection is CUSTOM",
        )),
        RenditionSelection::All | RenditionSelection::None if !renditions.is_empty() => {
            Err(ApiError::validation(format!(
                "renditionConfiguration.renditions: can be given only when renditionSelection is CUSTOM, not {}",
                selection.as_str()
            )))
        }
        _ => Ok((selection, renditions)),
    }
}

/// What is said beside DISABLED means nothing yet and is kept.
fn thumbnails(asked: Option<ThumbnailConfiguration>) -> Thumbnails {
    let (asked, default) = (asked.unwrap_or_default(), Thumbnails::default());
    let interval = asked.target_interval_seconds.and_then(|seconds| u8::try_from(seconds).ok());
    let storage = once(asked.storage, words::thumbnail_storage);
    Thumbnails {
        mode: asked.recording_mode.map_or(default.mode, words::thumbnail_mode),
        interval_seconds: interval.unwrap_or(default.interval_seconds),
        resolution: asked.resolution.map(words::thumbnail_resolution),
        storage: if storage.is_empty() { default.storage } else { storage },
    }
}

fn once<W, T: PartialEq>(asked: Option<Vec<W>>, word: fn(W) -> T) -> Vec<T> {
    let mut kept = Vec::new();
    for item in asked.into_iter().flatten().map(word) {
        if !kept.contains(&item) {
            kept.push(item);
        }
    }
    kept
}
