//! What the operations on logging configurations mean (API reference, `CreateLoggingConfiguration` to
//! `UpdateLoggingConfiguration`).
//!
//! Promise: the state tells whether the destination could be written to when it was named; one that a room is
//! logged to stays.

use api::ivschat::{
    CreateLoggingConfigurationRequest, CreateLoggingConfigurationResponse, DeleteLoggingConfigurationRequest,
    DestinationConfiguration, GetLoggingConfigurationRequest, GetLoggingConfigurationResponse,
    ListLoggingConfigurationsRequest, ListLoggingConfigurationsResponse, UpdateLoggingConfigurationRequest,
    UpdateLoggingConfigurationResponse,
};
use api::{ApiError, Call};
use blob::Bucket;
use domain::{Arn, LogDestination, LoggingConfiguration, LoggingState, ResourceKind};

use super::views;
use crate::error::{Refused, missing, refusal, refusal_of_quota};
use crate::log_trial::on_trial;
use crate::paging::List;
use crate::{Control, clock, tags, tenant};

/// `ListLoggingConfigurations` without `maxResults`.
const PAGE: u32 = 50;

pub(super) async fn create(
    control: &Control,
    call: &Call,
    input: CreateLoggingConfigurationRequest,
) -> Result<CreateLoggingConfigurationResponse, ApiError> {
    let now = clock::millis();
    let mut configuration = LoggingConfiguration {
        arn: control.mint(call, ResourceKind::LoggingConfiguration),
        name: input.name.unwrap_or_default(),
        created_at: now,
        updated_at: now,
        destination: destination(input.destination_configuration)?,
        state: LoggingState::Creating,
        tags: tags::checked(input.tags)?,
    };
    let created =
        control.store.create_logging_configuration(&configuration, control.limits.logging_configurations);
    created.await.map_err(|error| refusal_of_quota(call, error))?;
    tracing::info!(configuration = %configuration.arn, "logging configuration created");
    configuration.state = control.tried(&configuration).await;
    Ok(views::created_log(configuration))
}

pub(super) async fn delete(
    control: &Control,
    call: &Call,
    input: DeleteLoggingConfigurationRequest,
) -> Result<(), ApiError> {
    let name = Arn::parse(&input.identifier).map_err(|_| missing(&input.identifier))?;
    control.store.delete_logging_configuration(&tenant(call), &name).await.map_err(refusal)?;
    tracing::info!(configuration = %name, "logging configuration deleted");
    Ok(())
}

pub(super) async fn get(
    control: &Control,
    call: &Call,
    input: GetLoggingConfigurationRequest,
) -> Result<GetLoggingConfigurationResponse, ApiError> {
    let name = Arn::parse(&input.identifier).map_err(|_| missing(&input.identifier))?;
    let found = control.store.logging_configuration(&tenant(call), &name).await.map_err(refusal)?;
    Ok(views::got_log(found.ok_or_else(|| missing(&input.identifier))?))
}

/// In order of creation; the vendor does not say which order there is.
pub(super) async fn list(
    control: &Control,
    call: &Call,
    input: ListLoggingConfigurationsRequest,
) -> Result<ListLoggingConfigurationsResponse, ApiError> {
    let tenant = tenant(call);
    let list = List { operation: "ListLoggingConfigurations", tenant: &tenant, about: "" };
    let request = control.tokens.request(&list, input.next_token.as_deref(), input.max_results, PAGE)?;
    let page = control.store.logging_configurations(&tenant, request).await.map_err(refusal)?;
    Ok(ListLoggingConfigurationsResponse {
        logging_configurations: page.items.into_iter().map(views::log_summary).collect(),
        next_token: page.next.map(|position| control.tokens.seal(&list, position)),
    })
}

/// A destination that is given is tried, also the same again: so one that failed gets another chance.
pub(super) async fn update(
    control: &Control,
    call: &Call,
    input: UpdateLoggingConfigurationRequest,
) -> Result<UpdateLoggingConfigurationResponse, ApiError> {
    let name = Arn::parse(&input.identifier).map_err(|_| missing(&input.identifier))?;
    let destination = input.destination_configuration.map(destination).transpose()?;
    let mut changed = false;
    let revise = |configuration: &mut LoggingConfiguration| {
        let before = configuration.clone();
        if let Some(name) = input.name {
            configuration.name = name;
        }
        if let Some(destination) = destination {
            configuration.destination = destination;
            configuration.state = LoggingState::Updating;
        }
        changed = *configuration != before || on_trial(configuration.state);
        if changed {
            configuration.updated_at = clock::millis();
        }
        Ok::<_, Refused>(())
    };
    let tenant = tenant(call);
    let mut configuration = control.store.update_logging_configuration(&tenant, &name, revise).await?;
    if changed {
        tracing::info!(configuration = %name, "logging configuration updated");
        control.announce_logged(&name).await;
    }
    if on_trial(configuration.state) {
        configuration.state = control.tried(&configuration).await;
    }
    Ok(views::updated_log(configuration))
}

/// Exactly one is there: the model's bounds see to it.
fn destination(asked: DestinationConfiguration) -> Result<LogDestination, ApiError> {
    if let Some(logs) = asked.cloud_watch_logs {
        return Ok(LogDestination::CloudWatchLogs { log_group: logs.log_group_name });
    }
    if let Some(firehose) = asked.firehose {
        return Ok(LogDestination::Firehose { delivery_stream: firehose.delivery_stream_name });
    }
    let s3 = asked.s3.ok_or_else(|| {
        ApiError::validation("destinationConfiguration: must have cloudWatchLogs, firehose or s3")
    })?;
    let bucket = Bucket::parse(&s3.bucket_name)
        .map_err(|why| ApiError::validation(format!("destinationConfiguration.s3.bucketName: {why}")))?;
    Ok(LogDestination::S3 { bucket: bucket.to_string() })
}
