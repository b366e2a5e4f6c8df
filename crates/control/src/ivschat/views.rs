//! Chat's resources as the wire shows them.
//!
//! Promise: every member that has a value is there, an empty one as "", `[]` or `{}`; a review handler that was
//! never given is absent.

use api::ivschat as wire;
use domain::{ChatCapability, Fallback, LogDestination, LoggingConfiguration, Room, from_unix_millis};

/// The operations answer alike, each in a structure of its own.
macro_rules! rooms {
    ($($function:ident $output:ident;)+) => {$(
        pub(super) fn $function(room: Room) -> wire::$output {
            wire::$output {
                id: Some(room.arn.id.to_string()),
                create_time: Some(from_unix_millis(room.created_at).into()),
                logging_configuration_identifiers: Some(
                    room.logging_configurations.iter().map(ToString::to_string).collect(),
                ),
                maximum_message_length: Some(room.message_length.into()),
                maximum_message_rate_per_second: Some(room.message_rate.into()),
                message_review_handler: review_handler(&room),
                name: Some(room.name),
                tags: Some(room.tags),
                update_time: Some(from_unix_millis(room.updated_at).into()),
                arn: Some(room.arn.to_string()),
            }
        }
    )+};
}

rooms! {
    created CreateRoomResponse;
    got GetRoomResponse;
    updated UpdateRoomResponse;
}

macro_rules! logs {
    ($($function:ident $output:ident $state:ident;)+) => {$(
        pub(super) fn $function(configuration: LoggingConfiguration) -> wire::$output {
            wire::$output {
                id: Some(configuration.arn.id.to_string()),
                create_time: Some(from_unix_millis(configuration.created_at).into()),
                destination_configuration: Some(destination(configuration.destination)),
                name: Some(configuration.name),
                state: wire::$state::parse(configuration.state.as_str()),
                tags: Some(configuration.tags),
                update_time: Some(from_unix_millis(configuration.updated_at).into()),
                arn: Some(configuration.arn.to_string()),
            }
        }
    )+};
}

logs! {
    created_log CreateLoggingConfigurationResponse CreateLoggingConfigurationState;
    got_log GetLoggingConfigurationResponse LoggingConfigurationState;
    log_summary LoggingConfigurationSummary LoggingConfigurationState;
    updated_log UpdateLoggingConfigurationResponse UpdateLoggingConfigurationState;
}

pub(super) fn summary(room: Room) -> wire::RoomSummary {
    let wire::GetRoomResponse {
        arn,
        create_time,
        id,
        logging_configuration_identifiers,
        message_review_handler,
        name,
        tags,
        update_time,
        maximum_message_length: _,
        maximum_message_rate_per_second: _,
    } = got(room);
    wire::RoomSummary {
        arn,
        create_time,
        id,
        logging_configuration_identifiers,
        message_review_handler,
        name,
        tags,
        update_time,
    }
}

fn review_handler(room: &Room) -> Option<wire::MessageReviewHandler> {
    let handler = room.review_handler.as_ref()?;
    let fallback_result = match handler.fallback {
        Fallback::Allow => wire::FallbackResult::Allow,
        Fallback::Deny => wire::FallbackResult::Deny,
    };
    Some(wire::MessageReviewHandler {
        fallback_result: Some(fallback_result),
        uri: Some(handler.uri.clone()),
    })
}

fn destination(destination: LogDestination) -> wire::DestinationConfiguration {
    let mut shown = wire::DestinationConfiguration::default();
    match destination {
        LogDestination::S3 { bucket } => {
            shown.s3 = Some(wire::S3DestinationConfiguration { bucket_name: bucket });
        }
        LogDestination::CloudWatchLogs { log_group } => {
            let logs = wire::CloudWatchLogsDestinationConfiguration { log_group_name: log_group };
            shown.cloud_watch_logs = Some(logs);
        }
        LogDestination::Firehose { delivery_stream } => {
            let firehose = wire::FirehoseDestinationConfiguration { delivery_stream_name: delivery_stream };
            shown.firehose = Some(firehose);
        }
    }
    shown
}

pub(super) fn fallback(word: wire::FallbackResult) -> Fallback {
    match word {
        wire::FallbackResult::Allow => Fallback::Allow,
        wire::FallbackResult::Deny => Fallback::Deny,
    }
}

pub(super) fn capability(word: wire::ChatTokenCapability) -> ChatCapability {
    match word {
        wire::ChatTokenCapability::SendMessage => ChatCapability::SendMessage,
        wire::ChatTokenCapability::DisconnectUser => ChatCapability::DisconnectUser,
        wire::ChatTokenCapability::DeleteMessage => ChatCapability::DeleteMessage,
    }
}

#[cfg(test)]
mod tests {
    use domain::LoggingState;

    use super::*;

    #[test]
    fn every_state_has_its_word_on_the_wire() {
        for state in [
            LoggingState::Creating,
            LoggingState::CreateFailed,
            LoggingState::Deleting,
            LoggingState::DeleteFailed,
            LoggingState::Updating,
            LoggingState::UpdateFailed,
            LoggingState::Active,
        ] {
            let shown = wire::LoggingConfigurationState::parse(state.as_str());
            assert_eq!(shown.map(wire::LoggingConfigurationState::as_str), Some(state.as_str()));
        }
    }
}
