//! The shapes of the served operations, with their bounds.
//!
//! Promise: an input exists only with every bound of the model met.
//!
//! Generated from the public model of `ivschat` in botocore 1.44.5; do not edit.
//! To make it anew: `cargo run -p xtask -- generate`.

use std::collections::BTreeMap;
use std::marker::PhantomData;

use serde::Serialize;

use crate::rule::{
    Dictionary, List, Members, Nested, Number, Pattern, Secret, Structure, Text, Vocabulary, Word,
};
use crate::sensitive::Sensitive;
use crate::timestamp::Timestamp;

static BUCKET_NAME: Text = Text { min: Some(3), max: Some(63), pattern: Some(Pattern::new("[a-z0-9-.]+")) };

static CHAT_TOKEN_ATTRIBUTES: Secret<Dictionary<Text>> =
    Secret(Dictionary { min: None, max: None, key: &STRING, value: &STRING });

static CHAT_TOKEN_CAPABILITIES: List<Word<ChatTokenCapability>> =
    List { min: None, max: None, each: &Word::<ChatTokenCapability>(PhantomData) };

/// `ChatTokenCapability`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ChatTokenCapability {
    /// `"SEND_MESSAGE"`.
    SendMessage,
    /// `"DISCONNECT_USER"`.
    DisconnectUser,
    /// `"DELETE_MESSAGE"`.
    DeleteMessage,
}

impl ChatTokenCapability {
    /// The word on the wire.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::SendMessage => "SEND_MESSAGE",
            Self::DisconnectUser => "DISCONNECT_USER",
            Self::DeleteMessage => "DELETE_MESSAGE",
        }
    }

    /// Reads the word on the wire; case counts.
    pub fn parse(word: &str) -> Option<Self> {
        match word {
            "SEND_MESSAGE" => Some(Self::SendMessage),
            "DISCONNECT_USER" => Some(Self::DisconnectUser),
            "DELETE_MESSAGE" => Some(Self::DeleteMessage),
            _ => None,
        }
    }
}

impl Vocabulary for ChatTokenCapability {
    const WORDS: &'static [&'static str] = &["SEND_MESSAGE", "DISCONNECT_USER", "DELETE_MESSAGE"];

    fn from_word(word: &str) -> Option<Self> {
        Self::parse(word)
    }
}

/// `CloudWatchLogsDestinationConfiguration`.
#[derive(Clone, Debug, PartialEq, Eq, Default, Serialize)]
pub struct CloudWatchLogsDestinationConfiguration {
    /// `logGroupName`: required, 1 to 512 characters, pattern `[\.\-_/#A-Za-z0-9]+`.
    #[serde(rename = "logGroupName")]
    pub log_group_name: String,
}

impl Structure for CloudWatchLogsDestinationConfiguration {
    fn read(from: &mut Members<'_>) -> Option<Self> {
        let log_group_name = from.required("logGroupName", &LOG_GROUP_NAME);
        Some(Self { log_group_name: log_group_name? })
    }
}

/// `CreateChatTokenRequest`.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct CreateChatTokenRequest {
    /// `attributes`: optional, sensitive.
    pub attributes: Option<Sensitive<BTreeMap<String, String>>>,
    /// `capabilities`: optional.
    pub capabilities: Option<Vec<ChatTokenCapability>>,
    /// `roomIdentifier`: required, 1 to 128 characters, pattern `arn:aws:ivschat:[a-z0-9-]+:[0-9]+:room/[a-zA-Z0-9-]+`.
    pub room_identifier: String,
    /// `sessionDurationInMinutes`: optional, 1 to 180.
    pub session_duration_in_minutes: Option<i32>,
    /// `userId`: required, 1 to 128 characters, sensitive.
    pub user_id: Sensitive<String>,
}

impl Structure for CreateChatTokenRequest {
    fn read(from: &mut Members<'_>) -> Option<Self> {
        let attributes = from.optional("attributes", &CHAT_TOKEN_ATTRIBUTES);
        let capabilities = from.optional("capabilities", &CHAT_TOKEN_CAPABILITIES);
        let room_identifier = from.required("roomIdentifier", &ROOM_IDENTIFIER);
        let session_duration_in_minutes =
            from.optional("sessionDurationInMinutes", &SESSION_DURATION_IN_MINUTES);
        let user_id = from.required("userId", &USER_ID);
        Some(Self {
            attributes,
            capabilities,
            room_identifier: room_identifier?,
            session_duration_in_minutes,
            user_id: user_id?,
        })
    }
}

/// `CreateChatTokenResponse`.
#[derive(Clone, Debug, PartialEq, Eq, Default, Serialize)]
pub struct CreateChatTokenResponse {
    /// `sessionExpirationTime`: optional.
    #[serde(rename = "sessionExpirationTime", skip_serializing_if = "Option::is_none")]
    pub session_expiration_time: Option<Timestamp>,
    /// `token`: optional, sensitive.
    #[serde(rename = "token", skip_serializing_if = "Option::is_none")]
    pub token: Option<Sensitive<String>>,
    /// `tokenExpirationTime`: optional.
    #[serde(rename = "tokenExpirationTime", skip_serializing_if = "Option::is_none")]
    pub token_expiration_time: Option<Timestamp>,
}

/// `CreateLoggingConfigurationRequest`.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct CreateLoggingConfigurationRequest {
    /// `destinationConfiguration`: required.
    pub destination_configuration: DestinationConfiguration,
    /// `name`: optional, 0 to 128 characters, pattern `[a-zA-Z0-9-_]*`.
    pub name: Option<String>,
    /// `tags`: optional, 0 to 50 entries.
    pub tags: Option<BTreeMap<String, String>>,
}

impl Structure for CreateLoggingConfigurationRequest {
    fn read(from: &mut Members<'_>) -> Option<Self> {
        let destination_configuration =
            from.required("destinationConfiguration", &Nested::<DestinationConfiguration>(PhantomData));
        let name = from.optional("name", &LOGGING_CONFIGURATION_NAME);
        let tags = from.optional("tags", &TAGS);
        Some(Self { destination_configuration: destination_configuration?, name, tags })
    }
}

/// `CreateLoggingConfigurationResponse`.
#[derive(Clone, Debug, PartialEq, Eq, Default, Serialize)]
pub struct CreateLoggingConfigurationResponse {
    /// `arn`: optional, 1 to 128 characters, pattern `arn:aws:ivschat:[a-z0-9-]+:[0-9]+:logging-configuration/[a-zA-Z0-9-]+`.
    #[serde(rename = "arn", skip_serializing_if = "Option::is_none")]
    pub arn: Option<String>,
    /// `createTime`: optional.
    #[serde(rename = "createTime", skip_serializing_if = "Option::is_none")]
    pub create_time: Option<Timestamp>,
    /// `destinationConfiguration`: optional.
    #[serde(rename = "destinationConfiguration", skip_serializing_if = "Option::is_none")]
    pub destination_configuration: Option<DestinationConfiguration>,
    /// `id`: optional, 12 to 12 characters, pattern `[a-zA-Z0-9]+`.
    #[serde(rename = "id", skip_serializing_if = "Option::is_none")]
    pub id: Option<String>,
    /// `name`: optional, 0 to 128 characters, pattern `[a-zA-Z0-9-_]*`.
    #[serde(rename = "name", skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// `state`: optional.
    #[serde(rename = "state", skip_serializing_if = "Option::is_none")]
    pub state: Option<CreateLoggingConfigurationState>,
    /// `tags`: optional, 0 to 50 entries.
    #[serde(rename = "tags", skip_serializing_if = "Option::is_none")]
    pub tags: Option<BTreeMap<String, String>>,
    /// `updateTime`: optional.
    #[serde(rename = "updateTime", skip_serializing_if = "Option::is_none")]
    pub update_time: Option<Timestamp>,
}

/// `CreateLoggingConfigurationState`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub enum CreateLoggingConfigurationState {
    /// `"ACTIVE"`.
    #[serde(rename = "ACTIVE")]
    Active,
    /// `"CREATING"`.
    #[serde(rename = "CREATING")]
    Creating,
    /// `"CREATE_FAILED"`.
    #[serde(rename = "CREATE_FAILED")]
    CreateFailed,
}

impl CreateLoggingConfigurationState {
    /// The word on the wire.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Active => "ACTIVE",
            Self::Creating => "CREATING",
            Self::CreateFailed => "CREATE_FAILED",
        }
    }

    /// Reads the word on the wire; case counts.
    pub fn parse(word: &str) -> Option<Self> {
        match word {
            "ACTIVE" => Some(Self::Active),
            "CREATING" => Some(Self::Creating),
            "CREATE_FAILED" => Some(Self::CreateFailed),
            _ => None,
        }
    }
}

/// `CreateRoomRequest`.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct CreateRoomRequest {
    /// `loggingConfigurationIdentifiers`: optional, 0 to 3 elements.
    pub logging_configuration_identifiers: Option<Vec<String>>,
    /// `maximumMessageLength`: optional, 1 to 500.
    pub maximum_message_length: Option<i32>,
    /// `maximumMessageRatePerSecond`: optional, 1 to 100.
    pub maximum_message_rate_per_second: Option<i32>,
    /// `messageReviewHandler`: optional.
    pub message_review_handler: Option<MessageReviewHandler>,
    /// `name`: optional, 0 to 128 characters, pattern `[a-zA-Z0-9-_]*`.
    pub name: Option<String>,
    /// `tags`: optional, 0 to 50 entries.
    pub tags: Option<BTreeMap<String, String>>,
}

impl Structure for CreateRoomRequest {
    fn read(from: &mut Members<'_>) -> Option<Self> {
        let logging_configuration_identifiers =
            from.optional("loggingConfigurationIdentifiers", &LOGGING_CONFIGURATION_IDENTIFIER_LIST);
        let maximum_message_length = from.optional("maximumMessageLength", &ROOM_MAX_MESSAGE_LENGTH);
        let maximum_message_rate_per_second =
            from.optional("maximumMessageRatePerSecond", &ROOM_MAX_MESSAGE_RATE_PER_SECOND);
        let message_review_handler =
            from.optional("messageReviewHandler", &Nested::<MessageReviewHandler>(PhantomData));
        let name = from.optional("name", &ROOM_NAME);
        let tags = from.optional("tags", &TAGS);
        Some(Self {
            logging_configuration_identifiers,
            maximum_message_length,
            maximum_message_rate_per_second,
            message_review_handler,
            name,
            tags,
        })
    }
}

/// `CreateRoomResponse`.
#[derive(Clone, Debug, PartialEq, Eq, Default, Serialize)]
pub struct CreateRoomResponse {
    /// `arn`: optional, 1 to 128 characters, pattern `arn:aws:ivschat:[a-z0-9-]+:[0-9]+:room/[a-zA-Z0-9-]+`.
    #[serde(rename = "arn", skip_serializing_if = "Option::is_none")]
    pub arn: Option<String>,
    /// `createTime`: optional.
    #[serde(rename = "createTime", skip_serializing_if = "Option::is_none")]
    pub create_time: Option<Timestamp>,
    /// `id`: optional, 12 to 12 characters, pattern `[a-zA-Z0-9]+`.
    #[serde(rename = "id", skip_serializing_if = "Option::is_none")]
    pub id: Option<String>,
    /// `loggingConfigurationIdentifiers`: optional, 0 to 3 elements.
    #[serde(rename = "loggingConfigurationIdentifiers", skip_serializing_if = "Option::is_none")]
    pub logging_configuration_identifiers: Option<Vec<String>>,
    /// `maximumMessageLength`: optional, 1 to 500.
    #[serde(rename = "maximumMessageLength", skip_serializing_if = "Option::is_none")]
    pub maximum_message_length: Option<i32>,
    /// `maximumMessageRatePerSecond`: optional, 1 to 100.
    #[serde(rename = "maximumMessageRatePerSecond", skip_serializing_if = "Option::is_none")]
    pub maximum_message_rate_per_second: Option<i32>,
    /// `messageReviewHandler`: optional.
    #[serde(rename = "messageReviewHandler", skip_serializing_if = "Option::is_none")]
    pub message_review_handler: Option<MessageReviewHandler>,
    /// `name`: optional, 0 to 128 characters, pattern `[a-zA-Z0-9-_]*`.
    #[serde(rename = "name", skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// `tags`: optional, 0 to 50 entries.
    #[serde(rename = "tags", skip_serializing_if = "Option::is_none")]
    pub tags: Option<BTreeMap<String, String>>,
    /// `updateTime`: optional.
    #[serde(rename = "updateTime", skip_serializing_if = "Option::is_none")]
    pub update_time: Option<Timestamp>,
}

/// `DeleteLoggingConfigurationRequest`.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct DeleteLoggingConfigurationRequest {
    /// `identifier`: required, 1 to 128 characters, pattern `arn:aws:ivschat:[a-z0-9-]+:[0-9]+:logging-configuration/[a-zA-Z0-9-]+`.
    pub identifier: String,
}

impl Structure for DeleteLoggingConfigurationRequest {
    fn read(from: &mut Members<'_>) -> Option<Self> {
        let identifier = from.required("identifier", &LOGGING_CONFIGURATION_IDENTIFIER);
        Some(Self { identifier: identifier? })
    }
}

/// `DeleteMessageRequest`.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct DeleteMessageRequest {
    /// `id`: required, 12 to 12 characters, pattern `[a-zA-Z0-9]+`.
    pub id: String,
    /// `reason`: optional, 1 to 256 characters.
    pub reason: Option<String>,
    /// `roomIdentifier`: required, 1 to 128 characters, pattern `arn:aws:ivschat:[a-z0-9-]+:[0-9]+:room/[a-zA-Z0-9-]+`.
    pub room_identifier: String,
}

impl Structure for DeleteMessageRequest {
    fn read(from: &mut Members<'_>) -> Option<Self> {
        let id = from.required("id", &MESSAGE_ID);
        let reason = from.optional("reason", &REASON);
        let room_identifier = from.required("roomIdentifier", &ROOM_IDENTIFIER);
        Some(Self { id: id?, reason, room_identifier: room_identifier? })
    }
}

/// `DeleteMessageResponse`.
#[derive(Clone, Debug, PartialEq, Eq, Default, Serialize)]
pub struct DeleteMessageResponse {
    /// `id`: optional, 12 to 12 characters, pattern `[a-zA-Z0-9]+`.
    #[serde(rename = "id", skip_serializing_if = "Option::is_none")]
    pub id: Option<String>,
}

/// `DeleteRoomRequest`.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct DeleteRoomRequest {
    /// `identifier`: required, 1 to 128 characters, pattern `arn:aws:ivschat:[a-z0-9-]+:[0-9]+:room/[a-zA-Z0-9-]+`.
    pub identifier: String,
}

impl Structure for DeleteRoomRequest {
    fn read(from: &mut Members<'_>) -> Option<Self> {
        let identifier = from.required("identifier", &ROOM_IDENTIFIER);
        Some(Self { identifier: identifier? })
    }
}

static DELIVERY_STREAM_NAME: Text =
    Text { min: Some(1), max: Some(64), pattern: Some(Pattern::new("[a-zA-Z0-9_.-]+")) };

/// `DestinationConfiguration`.
#[derive(Clone, Debug, PartialEq, Eq, Default, Serialize)]
pub struct DestinationConfiguration {
    /// `cloudWatchLogs`: optional.
    #[serde(rename = "cloudWatchLogs", skip_serializing_if = "Option::is_none")]
    pub cloud_watch_logs: Option<CloudWatchLogsDestinationConfiguration>,
    /// `firehose`: optional.
    #[serde(rename = "firehose", skip_serializing_if = "Option::is_none")]
    pub firehose: Option<FirehoseDestinationConfiguration>,
    /// `s3`: optional.
    #[serde(rename = "s3", skip_serializing_if = "Option::is_none")]
    pub s3: Option<S3DestinationConfiguration>,
}

impl Structure for DestinationConfiguration {
    fn read(from: &mut Members<'_>) -> Option<Self> {
        from.exactly_one(&["cloudWatchLogs", "firehose", "s3"]);
        let cloud_watch_logs =
            from.optional("cloudWatchLogs", &Nested::<CloudWatchLogsDestinationConfiguration>(PhantomData));
        let firehose = from.optional("firehose", &Nested::<FirehoseDestinationConfiguration>(PhantomData));
        let s3 = from.optional("s3", &Nested::<S3DestinationConfiguration>(PhantomData));
        Some(Self { cloud_watch_logs, firehose, s3 })
    }
}

/// `DisconnectUserRequest`.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct DisconnectUserRequest {
    /// `reason`: optional, 1 to 256 characters.
    pub reason: Option<String>,
    /// `roomIdentifier`: required, 1 to 128 characters, pattern `arn:aws:ivschat:[a-z0-9-]+:[0-9]+:room/[a-zA-Z0-9-]+`.
    pub room_identifier: String,
    /// `userId`: required, 1 to 128 characters, sensitive.
    pub user_id: Sensitive<String>,
}

impl Structure for DisconnectUserRequest {
    fn read(from: &mut Members<'_>) -> Option<Self> {
        let reason = from.optional("reason", &REASON);
        let room_identifier = from.required("roomIdentifier", &ROOM_IDENTIFIER);
        let user_id = from.required("userId", &USER_ID);
        Some(Self { reason, room_identifier: room_identifier?, user_id: user_id? })
    }
}

/// `DisconnectUserResponse`.
#[derive(Clone, Debug, PartialEq, Eq, Default, Serialize)]
pub struct DisconnectUserResponse {}

static EVENT_ATTRIBUTES: Dictionary<Text> = Dictionary { min: None, max: None, key: &STRING, value: &STRING };

static EVENT_NAME: Text = Text { min: Some(1), max: Some(100), pattern: None };

/// `FallbackResult`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub enum FallbackResult {
    /// `"ALLOW"`.
    #[serde(rename = "ALLOW")]
    Allow,
    /// `"DENY"`.
    #[serde(rename = "DENY")]
    Deny,
}

impl FallbackResult {
    /// The word on the wire.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Allow => "ALLOW",
            Self::Deny => "DENY",
        }
    }

    /// Reads the word on the wire; case counts.
    pub fn parse(word: &str) -> Option<Self> {
        match word {
            "ALLOW" => Some(Self::Allow),
            "DENY" => Some(Self::Deny),
            _ => None,
        }
    }
}

impl Vocabulary for FallbackResult {
    const WORDS: &'static [&'static str] = &["ALLOW", "DENY"];

    fn from_word(word: &str) -> Option<Self> {
        Self::parse(word)
    }
}

/// `FirehoseDestinationConfiguration`.
#[derive(Clone, Debug, PartialEq, Eq, Default, Serialize)]
pub struct FirehoseDestinationConfiguration {
    /// `deliveryStreamName`: required, 1 to 64 characters, pattern `[a-zA-Z0-9_.-]+`.
    #[serde(rename = "deliveryStreamName")]
    pub delivery_stream_name: String,
}

impl Structure for FirehoseDestinationConfiguration {
    fn read(from: &mut Members<'_>) -> Option<Self> {
        let delivery_stream_name = from.required("deliveryStreamName", &DELIVERY_STREAM_NAME);
        Some(Self { delivery_stream_name: delivery_stream_name? })
    }
}

/// `GetLoggingConfigurationRequest`.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct GetLoggingConfigurationRequest {
    /// `identifier`: required, 1 to 128 characters, pattern `arn:aws:ivschat:[a-z0-9-]+:[0-9]+:logging-configuration/[a-zA-Z0-9-]+`.
    pub identifier: String,
}

impl Structure for GetLoggingConfigurationRequest {
    fn read(from: &mut Members<'_>) -> Option<Self> {
        let identifier = from.required("identifier", &LOGGING_CONFIGURATION_IDENTIFIER);
        Some(Self { identifier: identifier? })
    }
}

/// `GetLoggingConfigurationResponse`.
#[derive(Clone, Debug, PartialEq, Eq, Default, Serialize)]
pub struct GetLoggingConfigurationResponse {
    /// `arn`: optional, 1 to 128 characters, pattern `arn:aws:ivschat:[a-z0-9-]+:[0-9]+:logging-configuration/[a-zA-Z0-9-]+`.
    #[serde(rename = "arn", skip_serializing_if = "Option::is_none")]
    pub arn: Option<String>,
    /// `createTime`: optional.
    #[serde(rename = "createTime", skip_serializing_if = "Option::is_none")]
    pub create_time: Option<Timestamp>,
    /// `destinationConfiguration`: optional.
    #[serde(rename = "destinationConfiguration", skip_serializing_if = "Option::is_none")]
    pub destination_configuration: Option<DestinationConfiguration>,
    /// `id`: optional, 12 to 12 characters, pattern `[a-zA-Z0-9]+`.
    #[serde(rename = "id", skip_serializing_if = "Option::is_none")]
    pub id: Option<String>,
    /// `name`: optional, 0 to 128 characters, pattern `[a-zA-Z0-9-_]*`.
    #[serde(rename = "name", skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// `state`: optional.
    #[serde(rename = "state", skip_serializing_if = "Option::is_none")]
    pub state: Option<LoggingConfigurationState>,
    /// `tags`: optional, 0 to 50 entries.
    #[serde(rename = "tags", skip_serializing_if = "Option::is_none")]
    pub tags: Option<BTreeMap<String, String>>,
    /// `updateTime`: optional.
    #[serde(rename = "updateTime", skip_serializing_if = "Option::is_none")]
    pub update_time: Option<Timestamp>,
}

/// `GetRoomRequest`.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct GetRoomRequest {
    /// `identifier`: required, 1 to 128 characters, pattern `arn:aws:ivschat:[a-z0-9-]+:[0-9]+:room/[a-zA-Z0-9-]+`.
    pub identifier: String,
}

impl Structure for GetRoomRequest {
    fn read(from: &mut Members<'_>) -> Option<Self> {
        let identifier = from.required("identifier", &ROOM_IDENTIFIER);
        Some(Self { identifier: identifier? })
    }
}

/// `GetRoomResponse`.
#[derive(Clone, Debug, PartialEq, Eq, Default, Serialize)]
pub struct GetRoomResponse {
    /// `arn`: optional, 1 to 128 characters, pattern `arn:aws:ivschat:[a-z0-9-]+:[0-9]+:room/[a-zA-Z0-9-]+`.
    #[serde(rename = "arn", skip_serializing_if = "Option::is_none")]
    pub arn: Option<String>,
    /// `createTime`: optional.
    #[serde(rename = "createTime", skip_serializing_if = "Option::is_none")]
    pub create_time: Option<Timestamp>,
    /// `id`: optional, 12 to 12 characters, pattern `[a-zA-Z0-9]+`.
    #[serde(rename = "id", skip_serializing_if = "Option::is_none")]
    pub id: Option<String>,
    /// `loggingConfigurationIdentifiers`: optional, 0 to 3 elements.
    #[serde(rename = "loggingConfigurationIdentifiers", skip_serializing_if = "Option::is_none")]
    pub logging_configuration_identifiers: Option<Vec<String>>,
    /// `maximumMessageLength`: optional, 1 to 500.
    #[serde(rename = "maximumMessageLength", skip_serializing_if = "Option::is_none")]
    pub maximum_message_length: Option<i32>,
    /// `maximumMessageRatePerSecond`: optional, 1 to 100.
    #[serde(rename = "maximumMessageRatePerSecond", skip_serializing_if = "Option::is_none")]
    pub maximum_message_rate_per_second: Option<i32>,
    /// `messageReviewHandler`: optional.
    #[serde(rename = "messageReviewHandler", skip_serializing_if = "Option::is_none")]
    pub message_review_handler: Option<MessageReviewHandler>,
    /// `name`: optional, 0 to 128 characters, pattern `[a-zA-Z0-9-_]*`.
    #[serde(rename = "name", skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// `tags`: optional, 0 to 50 entries.
    #[serde(rename = "tags", skip_serializing_if = "Option::is_none")]
    pub tags: Option<BTreeMap<String, String>>,
    /// `updateTime`: optional.
    #[serde(rename = "updateTime", skip_serializing_if = "Option::is_none")]
    pub update_time: Option<Timestamp>,
}

static LAMBDA_ARN: Text = Text {
    min: Some(0),
    max: Some(170),
    pattern: Some(Pattern::new("$|^arn:aws:lambda:[a-z0-9-]+:[0-9]{12}:function:.+.*")),
};

/// `ListLoggingConfigurationsRequest`.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct ListLoggingConfigurationsRequest {
    /// `maxResults`: optional, 1 to 50.
    pub max_results: Option<i32>,
    /// `nextToken`: optional, 0 to 1024 characters.
    pub next_token: Option<String>,
}

impl Structure for ListLoggingConfigurationsRequest {
    fn read(from: &mut Members<'_>) -> Option<Self> {
        let max_results = from.optional("maxResults", &MAX_LOGGING_CONFIGURATION_RESULTS);
        let next_token = from.optional("nextToken", &PAGINATION_TOKEN);
        Some(Self { max_results, next_token })
    }
}

/// `ListLoggingConfigurationsResponse`.
#[derive(Clone, Debug, PartialEq, Eq, Default, Serialize)]
pub struct ListLoggingConfigurationsResponse {
    /// `loggingConfigurations`: required.
    #[serde(rename = "loggingConfigurations")]
    pub logging_configurations: Vec<LoggingConfigurationSummary>,
    /// `nextToken`: optional, 0 to 1024 characters.
    #[serde(rename = "nextToken", skip_serializing_if = "Option::is_none")]
    pub next_token: Option<String>,
}

/// `ListRoomsRequest`.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct ListRoomsRequest {
    /// `loggingConfigurationIdentifier`: optional, 1 to 128 characters, pattern `arn:aws:ivschat:[a-z0-9-]+:[0-9]+:logging-configuration/[a-zA-Z0-9-]+`.
    pub logging_configuration_identifier: Option<String>,
    /// `maxResults`: optional, 1 to 50.
    pub max_results: Option<i32>,
    /// `messageReviewHandlerUri`: optional, 0 to 170 characters, pattern `$|^arn:aws:lambda:[a-z0-9-]+:[0-9]{12}:function:.+.*`.
    pub message_review_handler_uri: Option<String>,
    /// `name`: optional, 0 to 128 characters, pattern `[a-zA-Z0-9-_]*`.
    pub name: Option<String>,
    /// `nextToken`: optional, 0 to 1024 characters.
    pub next_token: Option<String>,
}

impl Structure for ListRoomsRequest {
    fn read(from: &mut Members<'_>) -> Option<Self> {
        let logging_configuration_identifier =
            from.optional("loggingConfigurationIdentifier", &LOGGING_CONFIGURATION_IDENTIFIER);
        let max_results = from.optional("maxResults", &MAX_ROOM_RESULTS);
        let message_review_handler_uri = from.optional("messageReviewHandlerUri", &LAMBDA_ARN);
        let name = from.optional("name", &ROOM_NAME);
        let next_token = from.optional("nextToken", &PAGINATION_TOKEN);
        Some(Self {
            logging_configuration_identifier,
            max_results,
            message_review_handler_uri,
            name,
            next_token,
        })
    }
}

/// `ListRoomsResponse`.
#[derive(Clone, Debug, PartialEq, Eq, Default, Serialize)]
pub struct ListRoomsResponse {
    /// `nextToken`: optional, 0 to 1024 characters.
    #[serde(rename = "nextToken", skip_serializing_if = "Option::is_none")]
    pub next_token: Option<String>,
    /// `rooms`: required.
    #[serde(rename = "rooms")]
    pub rooms: Vec<RoomSummary>,
}

/// `ListTagsForResourceRequest`.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct ListTagsForResourceRequest {
    /// `resourceArn`: required, 1 to 128 characters.
    pub resource_arn: String,
}

impl Structure for ListTagsForResourceRequest {
    fn read(from: &mut Members<'_>) -> Option<Self> {
        let resource_arn = from.required("resourceArn", &RESOURCE_ARN);
        Some(Self { resource_arn: resource_arn? })
    }
}

/// `ListTagsForResourceResponse`.
#[derive(Clone, Debug, PartialEq, Eq, Default, Serialize)]
pub struct ListTagsForResourceResponse {
    /// `tags`: required, 0 to 50 entries.
    #[serde(rename = "tags")]
    pub tags: BTreeMap<String, String>,
}

static LOG_GROUP_NAME: Text =
    Text { min: Some(1), max: Some(512), pattern: Some(Pattern::new(r#"[\.\-_/#A-Za-z0-9]+"#)) };

static LOGGING_CONFIGURATION_IDENTIFIER: Text = Text {
    min: Some(1),
    max: Some(128),
    pattern: Some(Pattern::new("arn:aws:ivschat:[a-z0-9-]+:[0-9]+:logging-configuration/[a-zA-Z0-9-]+")),
};

static LOGGING_CONFIGURATION_IDENTIFIER_LIST: List<Text> =
    List { min: Some(0), max: Some(3), each: &LOGGING_CONFIGURATION_IDENTIFIER };

static LOGGING_CONFIGURATION_NAME: Text =
    Text { min: Some(0), max: Some(128), pattern: Some(Pattern::new("[a-zA-Z0-9-_]*")) };

/// `LoggingConfigurationState`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub enum LoggingConfigurationState {
    /// `"CREATING"`.
    #[serde(rename = "CREATING")]
    Creating,
    /// `"CREATE_FAILED"`.
    #[serde(rename = "CREATE_FAILED")]
    CreateFailed,
    /// `"DELETING"`.
    #[serde(rename = "DELETING")]
    Deleting,
    /// `"DELETE_FAILED"`.
    #[serde(rename = "DELETE_FAILED")]
    DeleteFailed,
    /// `"UPDATING"`.
    #[serde(rename = "UPDATING")]
    Updating,
    /// `"UPDATE_FAILED"`.
    #[serde(rename = "UPDATE_FAILED")]
    UpdateFailed,
    /// `"ACTIVE"`.
    #[serde(rename = "ACTIVE")]
    Active,
}

impl LoggingConfigurationState {
    /// The word on the wire.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Creating => "CREATING",
            Self::CreateFailed => "CREATE_FAILED",
            Self::Deleting => "DELETING",
            Self::DeleteFailed => "DELETE_FAILED",
            Self::Updating => "UPDATING",
            Self::UpdateFailed => "UPDATE_FAILED",
            Self::Active => "ACTIVE",
        }
    }

    /// Reads the word on the wire; case counts.
    pub fn parse(word: &str) -> Option<Self> {
        match word {
            "CREATING" => Some(Self::Creating),
            "CREATE_FAILED" => Some(Self::CreateFailed),
            "DELETING" => Some(Self::Deleting),
            "DELETE_FAILED" => Some(Self::DeleteFailed),
            "UPDATING" => Some(Self::Updating),
            "UPDATE_FAILED" => Some(Self::UpdateFailed),
            "ACTIVE" => Some(Self::Active),
            _ => None,
        }
    }
}

/// `LoggingConfigurationSummary`.
#[derive(Clone, Debug, PartialEq, Eq, Default, Serialize)]
pub struct LoggingConfigurationSummary {
    /// `arn`: optional, 1 to 128 characters, pattern `arn:aws:ivschat:[a-z0-9-]+:[0-9]+:logging-configuration/[a-zA-Z0-9-]+`.
    #[serde(rename = "arn", skip_serializing_if = "Option::is_none")]
    pub arn: Option<String>,
    /// `createTime`: optional.
    #[serde(rename = "createTime", skip_serializing_if = "Option::is_none")]
    pub create_time: Option<Timestamp>,
    /// `destinationConfiguration`: optional.
    #[serde(rename = "destinationConfiguration", skip_serializing_if = "Option::is_none")]
    pub destination_configuration: Option<DestinationConfiguration>,
    /// `id`: optional, 12 to 12 characters, pattern `[a-zA-Z0-9]+`.
    #[serde(rename = "id", skip_serializing_if = "Option::is_none")]
    pub id: Option<String>,
    /// `name`: optional, 0 to 128 characters, pattern `[a-zA-Z0-9-_]*`.
    #[serde(rename = "name", skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// `state`: optional.
    #[serde(rename = "state", skip_serializing_if = "Option::is_none")]
    pub state: Option<LoggingConfigurationState>,
    /// `tags`: optional, 0 to 50 entries.
    #[serde(rename = "tags", skip_serializing_if = "Option::is_none")]
    pub tags: Option<BTreeMap<String, String>>,
    /// `updateTime`: optional.
    #[serde(rename = "updateTime", skip_serializing_if = "Option::is_none")]
    pub update_time: Option<Timestamp>,
}

static MAX_LOGGING_CONFIGURATION_RESULTS: Number<i32> =
    Number { min: Some(1), max: Some(50), width: PhantomData };

static MAX_ROOM_RESULTS: Number<i32> = Number { min: Some(1), max: Some(50), width: PhantomData };

static MESSAGE_ID: Text = Text { min: Some(12), max: Some(12), pattern: Some(Pattern::new("[a-zA-Z0-9]+")) };

/// `MessageReviewHandler`.
#[derive(Clone, Debug, PartialEq, Eq, Default, Serialize)]
pub struct MessageReviewHandler {
    /// `fallbackResult`: optional.
    #[serde(rename = "fallbackResult", skip_serializing_if = "Option::is_none")]
    pub fallback_result: Option<FallbackResult>,
    /// `uri`: optional, 0 to 170 characters, pattern `$|^arn:aws:lambda:[a-z0-9-]+:[0-9]{12}:function:.+.*`.
    #[serde(rename = "uri", skip_serializing_if = "Option::is_none")]
    pub uri: Option<String>,
}

impl Structure for MessageReviewHandler {
    fn read(from: &mut Members<'_>) -> Option<Self> {
        let fallback_result = from.optional("fallbackResult", &Word::<FallbackResult>(PhantomData));
        let uri = from.optional("uri", &LAMBDA_ARN);
        Some(Self { fallback_result, uri })
    }
}

static PAGINATION_TOKEN: Text = Text { min: Some(0), max: Some(1024), pattern: None };

static REASON: Text = Text { min: Some(1), max: Some(256), pattern: None };

static RESOURCE_ARN: Text = Text { min: Some(1), max: Some(128), pattern: None };

static ROOM_IDENTIFIER: Text = Text {
    min: Some(1),
    max: Some(128),
    pattern: Some(Pattern::new("arn:aws:ivschat:[a-z0-9-]+:[0-9]+:room/[a-zA-Z0-9-]+")),
};

static ROOM_MAX_MESSAGE_LENGTH: Number<i32> = Number { min: Some(1), max: Some(500), width: PhantomData };

static ROOM_MAX_MESSAGE_RATE_PER_SECOND: Number<i32> =
    Number { min: Some(1), max: Some(100), width: PhantomData };

static ROOM_NAME: Text = Text { min: Some(0), max: Some(128), pattern: Some(Pattern::new("[a-zA-Z0-9-_]*")) };

/// `RoomSummary`.
#[derive(Clone, Debug, PartialEq, Eq, Default, Serialize)]
pub struct RoomSummary {
    /// `arn`: optional, 1 to 128 characters, pattern `arn:aws:ivschat:[a-z0-9-]+:[0-9]+:room/[a-zA-Z0-9-]+`.
    #[serde(rename = "arn", skip_serializing_if = "Option::is_none")]
    pub arn: Option<String>,
    /// `createTime`: optional.
    #[serde(rename = "createTime", skip_serializing_if = "Option::is_none")]
    pub create_time: Option<Timestamp>,
    /// `id`: optional, 12 to 12 characters, pattern `[a-zA-Z0-9]+`.
    #[serde(rename = "id", skip_serializing_if = "Option::is_none")]
    pub id: Option<String>,
    /// `loggingConfigurationIdentifiers`: optional, 0 to 3 elements.
    #[serde(rename = "loggingConfigurationIdentifiers", skip_serializing_if = "Option::is_none")]
    pub logging_configuration_identifiers: Option<Vec<String>>,
    /// `messageReviewHandler`: optional.
    #[serde(rename = "messageReviewHandler", skip_serializing_if = "Option::is_none")]
    pub message_review_handler: Option<MessageReviewHandler>,
    /// `name`: optional, 0 to 128 characters, pattern `[a-zA-Z0-9-_]*`.
    #[serde(rename = "name", skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// `tags`: optional, 0 to 50 entries.
    #[serde(rename = "tags", skip_serializing_if = "Option::is_none")]
    pub tags: Option<BTreeMap<String, String>>,
    /// `updateTime`: optional.
    #[serde(rename = "updateTime", skip_serializing_if = "Option::is_none")]
    pub update_time: Option<Timestamp>,
}

/// `S3DestinationConfiguration`.
#[derive(Clone, Debug, PartialEq, Eq, Default, Serialize)]
pub struct S3DestinationConfiguration {
    /// `bucketName`: required, 3 to 63 characters, pattern `[a-z0-9-.]+`.
    #[serde(rename = "bucketName")]
    pub bucket_name: String,
}

impl Structure for S3DestinationConfiguration {
    fn read(from: &mut Members<'_>) -> Option<Self> {
        let bucket_name = from.required("bucketName", &BUCKET_NAME);
        Some(Self { bucket_name: bucket_name? })
    }
}

/// `SendEventRequest`.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct SendEventRequest {
    /// `attributes`: optional.
    pub attributes: Option<BTreeMap<String, String>>,
    /// `eventName`: required, 1 to 100 characters.
    pub event_name: String,
    /// `roomIdentifier`: required, 1 to 128 characters, pattern `arn:aws:ivschat:[a-z0-9-]+:[0-9]+:room/[a-zA-Z0-9-]+`.
    pub room_identifier: String,
}

impl Structure for SendEventRequest {
    fn read(from: &mut Members<'_>) -> Option<Self> {
        let attributes = from.optional("attributes", &EVENT_ATTRIBUTES);
        let event_name = from.required("eventName", &EVENT_NAME);
        let room_identifier = from.required("roomIdentifier", &ROOM_IDENTIFIER);
        Some(Self { attributes, event_name: event_name?, room_identifier: room_identifier? })
    }
}

/// `SendEventResponse`.
#[derive(Clone, Debug, PartialEq, Eq, Default, Serialize)]
pub struct SendEventResponse {
    /// `id`: optional, 12 to 12 characters, pattern `[a-zA-Z0-9]+`.
    #[serde(rename = "id", skip_serializing_if = "Option::is_none")]
    pub id: Option<String>,
}

static SESSION_DURATION_IN_MINUTES: Number<i32> = Number { min: Some(1), max: Some(180), width: PhantomData };

static STRING: Text = Text { min: None, max: None, pattern: None };

static TAG_KEY: Text = Text { min: Some(1), max: Some(128), pattern: None };

static TAG_KEY_LIST: List<Text> = List { min: Some(0), max: Some(50), each: &TAG_KEY };

/// `TagResourceRequest`.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct TagResourceRequest {
    /// `resourceArn`: required, 1 to 128 characters.
    pub resource_arn: String,
    /// `tags`: required, 0 to 50 entries.
    pub tags: BTreeMap<String, String>,
}

impl Structure for TagResourceRequest {
    fn read(from: &mut Members<'_>) -> Option<Self> {
        let resource_arn = from.required("resourceArn", &RESOURCE_ARN);
        let tags = from.required("tags", &TAGS);
        Some(Self { resource_arn: resource_arn?, tags: tags? })
    }
}

/// `TagResourceResponse`.
#[derive(Clone, Debug, PartialEq, Eq, Default, Serialize)]
pub struct TagResourceResponse {}

static TAG_VALUE: Text = Text { min: Some(0), max: Some(256), pattern: None };

static TAGS: Dictionary<Text> = Dictionary { min: Some(0), max: Some(50), key: &TAG_KEY, value: &TAG_VALUE };

/// `UntagResourceRequest`.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct UntagResourceRequest {
    /// `resourceArn`: required, 1 to 128 characters.
    pub resource_arn: String,
    /// `tagKeys`: required, 0 to 50 elements.
    pub tag_keys: Vec<String>,
}

impl Structure for UntagResourceRequest {
    fn read(from: &mut Members<'_>) -> Option<Self> {
        let resource_arn = from.required("resourceArn", &RESOURCE_ARN);
        let tag_keys = from.required("tagKeys", &TAG_KEY_LIST);
        Some(Self { resource_arn: resource_arn?, tag_keys: tag_keys? })
    }
}

/// `UntagResourceResponse`.
#[derive(Clone, Debug, PartialEq, Eq, Default, Serialize)]
pub struct UntagResourceResponse {}

/// `UpdateLoggingConfigurationRequest`.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct UpdateLoggingConfigurationRequest {
    /// `destinationConfiguration`: optional.
    pub destination_configuration: Option<DestinationConfiguration>,
    /// `identifier`: required, 1 to 128 characters, pattern `arn:aws:ivschat:[a-z0-9-]+:[0-9]+:logging-configuration/[a-zA-Z0-9-]+`.
    pub identifier: String,
    /// `name`: optional, 0 to 128 characters, pattern `[a-zA-Z0-9-_]*`.
    pub name: Option<String>,
}

impl Structure for UpdateLoggingConfigurationRequest {
    fn read(from: &mut Members<'_>) -> Option<Self> {
        let destination_configuration =
            from.optional("destinationConfiguration", &Nested::<DestinationConfiguration>(PhantomData));
        let identifier = from.required("identifier", &LOGGING_CONFIGURATION_IDENTIFIER);
        let name = from.optional("name", &LOGGING_CONFIGURATION_NAME);
        Some(Self { destination_configuration, identifier: identifier?, name })
    }
}

/// `UpdateLoggingConfigurationResponse`.
#[derive(Clone, Debug, PartialEq, Eq, Default, Serialize)]
pub struct UpdateLoggingConfigurationResponse {
    /// `arn`: optional, 1 to 128 characters, pattern `arn:aws:ivschat:[a-z0-9-]+:[0-9]+:logging-configuration/[a-zA-Z0-9-]+`.
    #[serde(rename = "arn", skip_serializing_if = "Option::is_none")]
    pub arn: Option<String>,
    /// `createTime`: optional.
    #[serde(rename = "createTime", skip_serializing_if = "Option::is_none")]
    pub create_time: Option<Timestamp>,
    /// `destinationConfiguration`: optional.
    #[serde(rename = "destinationConfiguration", skip_serializing_if = "Option::is_none")]
    pub destination_configuration: Option<DestinationConfiguration>,
    /// `id`: optional, 12 to 12 characters, pattern `[a-zA-Z0-9]+`.
    #[serde(rename = "id", skip_serializing_if = "Option::is_none")]
    pub id: Option<String>,
    /// `name`: optional, 0 to 128 characters, pattern `[a-zA-Z0-9-_]*`.
    #[serde(rename = "name", skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// `state`: optional.
    #[serde(rename = "state", skip_serializing_if = "Option::is_none")]
    pub state: Option<UpdateLoggingConfigurationState>,
    /// `tags`: optional, 0 to 50 entries.
    #[serde(rename = "tags", skip_serializing_if = "Option::is_none")]
    pub tags: Option<BTreeMap<String, String>>,
    /// `updateTime`: optional.
    #[serde(rename = "updateTime", skip_serializing_if = "Option::is_none")]
    pub update_time: Option<Timestamp>,
}

/// `UpdateLoggingConfigurationState`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub enum UpdateLoggingConfigurationState {
    /// `"ACTIVE"`.
    #[serde(rename = "ACTIVE")]
    Active,
    /// `"CREATING"`.
    #[serde(rename = "CREATING")]
    Creating,
    /// `"CREATE_FAILED"`.
    #[serde(rename = "CREATE_FAILED")]
    CreateFailed,
    /// `"UPDATING"`.
    #[serde(rename = "UPDATING")]
    Updating,
    /// `"UPDATE_FAILED"`.
    #[serde(rename = "UPDATE_FAILED")]
    UpdateFailed,
}

impl UpdateLoggingConfigurationState {
    /// The word on the wire.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Active => "ACTIVE",
            Self::Creating => "CREATING",
            Self::CreateFailed => "CREATE_FAILED",
            Self::Updating => "UPDATING",
            Self::UpdateFailed => "UPDATE_FAILED",
        }
    }

    /// Reads the word on the wire; case counts.
    pub fn parse(word: &str) -> Option<Self> {
        match word {
            "ACTIVE" => Some(Self::Active),
            "CREATING" => Some(Self::Creating),
            "CREATE_FAILED" => Some(Self::CreateFailed),
            "UPDATING" => Some(Self::Updating),
            "UPDATE_FAILED" => Some(Self::UpdateFailed),
            _ => None,
        }
    }
}

/// `UpdateRoomRequest`.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct UpdateRoomRequest {
    /// `identifier`: required, 1 to 128 characters, pattern `arn:aws:ivschat:[a-z0-9-]+:[0-9]+:room/[a-zA-Z0-9-]+`.
    pub identifier: String,
    /// `loggingConfigurationIdentifiers`: optional, 0 to 3 elements.
    pub logging_configuration_identifiers: Option<Vec<String>>,
    /// `maximumMessageLength`: optional, 1 to 500.
    pub maximum_message_length: Option<i32>,
    /// `maximumMessageRatePerSecond`: optional, 1 to 100.
    pub maximum_message_rate_per_second: Option<i32>,
    /// `messageReviewHandler`: optional.
    pub message_review_handler: Option<MessageReviewHandler>,
    /// `name`: optional, 0 to 128 characters, pattern `[a-zA-Z0-9-_]*`.
    pub name: Option<String>,
}

impl Structure for UpdateRoomRequest {
    fn read(from: &mut Members<'_>) -> Option<Self> {
        let identifier = from.required("identifier", &ROOM_IDENTIFIER);
        let logging_configuration_identifiers =
            from.optional("loggingConfigurationIdentifiers", &LOGGING_CONFIGURATION_IDENTIFIER_LIST);
        let maximum_message_length = from.optional("maximumMessageLength", &ROOM_MAX_MESSAGE_LENGTH);
        let maximum_message_rate_per_second =
            from.optional("maximumMessageRatePerSecond", &ROOM_MAX_MESSAGE_RATE_PER_SECOND);
        let message_review_handler =
            from.optional("messageReviewHandler", &Nested::<MessageReviewHandler>(PhantomData));
        let name = from.optional("name", &ROOM_NAME);
        Some(Self {
            identifier: identifier?,
            logging_configuration_identifiers,
            maximum_message_length,
            maximum_message_rate_per_second,
            message_review_handler,
            name,
        })
    }
}

/// `UpdateRoomResponse`.
#[derive(Clone, Debug, PartialEq, Eq, Default, Serialize)]
pub struct UpdateRoomResponse {
    /// `arn`: optional, 1 to 128 characters, pattern `arn:aws:ivschat:[a-z0-9-]+:[0-9]+:room/[a-zA-Z0-9-]+`.
    #[serde(rename = "arn", skip_serializing_if = "Option::is_none")]
    pub arn: Option<String>,
    /// `createTime`: optional.
    #[serde(rename = "createTime", skip_serializing_if = "Option::is_none")]
    pub create_time: Option<Timestamp>,
    /// `id`: optional, 12 to 12 characters, pattern `[a-zA-Z0-9]+`.
    #[serde(rename = "id", skip_serializing_if = "Option::is_none")]
    pub id: Option<String>,
    /// `loggingConfigurationIdentifiers`: optional, 0 to 3 elements.
    #[serde(rename = "loggingConfigurationIdentifiers", skip_serializing_if = "Option::is_none")]
    pub logging_configuration_identifiers: Option<Vec<String>>,
    /// `maximumMessageLength`: optional, 1 to 500.
    #[serde(rename = "maximumMessageLength", skip_serializing_if = "Option::is_none")]
    pub maximum_message_length: Option<i32>,
    /// `maximumMessageRatePerSecond`: optional, 1 to 100.
    #[serde(rename = "maximumMessageRatePerSecond", skip_serializing_if = "Option::is_none")]
    pub maximum_message_rate_per_second: Option<i32>,
    /// `messageReviewHandler`: optional.
    #[serde(rename = "messageReviewHandler", skip_serializing_if = "Option::is_none")]
    pub message_review_handler: Option<MessageReviewHandler>,
    /// `name`: optional, 0 to 128 characters, pattern `[a-zA-Z0-9-_]*`.
    #[serde(rename = "name", skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// `tags`: optional, 0 to 50 entries.
    #[serde(rename = "tags", skip_serializing_if = "Option::is_none")]
    pub tags: Option<BTreeMap<String, String>>,
    /// `updateTime`: optional.
    #[serde(rename = "updateTime", skip_serializing_if = "Option::is_none")]
    pub update_time: Option<Timestamp>,
}

static USER_ID: Secret<Text> = Secret(Text { min: Some(1), max: Some(128), pattern: None });
