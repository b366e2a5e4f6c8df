//! The shapes of the served operations, with their bounds.
//!
//! Promise: an input exists only with every bound of the model met.
//!
//! Generated from the public model of `ivs` in botocore 1.44.5; do not edit.
//! To make it anew: `cargo run -p xtask -- generate`.

use std::collections::BTreeMap;
use std::marker::PhantomData;

use serde::Serialize;

use crate::rule::{
    Dictionary, Flag, List, Members, Nested, Number, Pattern, Secret, Structure, Text, Vocabulary, Word,
};
use crate::sensitive::Sensitive;
use crate::timestamp::Timestamp;

/// `AudioConfiguration`.
#[derive(Clone, Debug, PartialEq, Eq, Default, Serialize)]
pub struct AudioConfiguration {
    /// `channels`: optional.
    #[serde(rename = "channels", skip_serializing_if = "Option::is_none")]
    pub channels: Option<i64>,
    /// `codec`: optional.
    #[serde(rename = "codec", skip_serializing_if = "Option::is_none")]
    pub codec: Option<String>,
    /// `sampleRate`: optional.
    #[serde(rename = "sampleRate", skip_serializing_if = "Option::is_none")]
    pub sample_rate: Option<i64>,
    /// `targetBitrate`: optional.
    #[serde(rename = "targetBitrate", skip_serializing_if = "Option::is_none")]
    pub target_bitrate: Option<i64>,
    /// `track`: optional.
    #[serde(rename = "track", skip_serializing_if = "Option::is_none")]
    pub track: Option<String>,
}

/// `BatchError`.
#[derive(Clone, Debug, PartialEq, Eq, Default, Serialize)]
pub struct BatchError {
    /// `arn`: optional, 1 to 128 characters.
    #[serde(rename = "arn", skip_serializing_if = "Option::is_none")]
    pub arn: Option<String>,
    /// `code`: optional.
    #[serde(rename = "code", skip_serializing_if = "Option::is_none")]
    pub code: Option<String>,
    /// `message`: optional.
    #[serde(rename = "message", skip_serializing_if = "Option::is_none")]
    pub message: Option<String>,
}

/// `BatchGetChannelRequest`.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct BatchGetChannelRequest {
    /// `arns`: required, 1 to 50 elements.
    pub arns: Vec<String>,
}

impl Structure for BatchGetChannelRequest {
    fn read(from: &mut Members<'_>) -> Option<Self> {
        let arns = from.required("arns", &CHANNEL_ARN_LIST);
        Some(Self { arns: arns? })
    }
}

/// `BatchGetChannelResponse`.
#[derive(Clone, Debug, PartialEq, Eq, Default, Serialize)]
pub struct BatchGetChannelResponse {
    /// `channels`: optional.
    #[serde(rename = "channels", skip_serializing_if = "Option::is_none")]
    pub channels: Option<Vec<Channel>>,
    /// `errors`: optional.
    #[serde(rename = "errors", skip_serializing_if = "Option::is_none")]
    pub errors: Option<Vec<BatchError>>,
}

/// `BatchGetStreamKeyRequest`.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct BatchGetStreamKeyRequest {
    /// `arns`: required, 1 to 50 elements.
    pub arns: Vec<String>,
}

impl Structure for BatchGetStreamKeyRequest {
    fn read(from: &mut Members<'_>) -> Option<Self> {
        let arns = from.required("arns", &STREAM_KEY_ARN_LIST);
        Some(Self { arns: arns? })
    }
}

/// `BatchGetStreamKeyResponse`.
#[derive(Clone, Debug, PartialEq, Eq, Default, Serialize)]
pub struct BatchGetStreamKeyResponse {
    /// `errors`: optional.
    #[serde(rename = "errors", skip_serializing_if = "Option::is_none")]
    pub errors: Option<Vec<BatchError>>,
    /// `streamKeys`: optional.
    #[serde(rename = "streamKeys", skip_serializing_if = "Option::is_none")]
    pub stream_keys: Option<Vec<StreamKey>>,
}

/// `BatchStartViewerSessionRevocationError`.
#[derive(Clone, Debug, PartialEq, Eq, Default, Serialize)]
pub struct BatchStartViewerSessionRevocationError {
    /// `channelArn`: required, 1 to 128 characters, pattern `arn:aws:ivs:[a-z0-9-]+:[0-9]+:channel/[a-zA-Z0-9-]+`.
    #[serde(rename = "channelArn")]
    pub channel_arn: String,
    /// `code`: optional.
    #[serde(rename = "code", skip_serializing_if = "Option::is_none")]
    pub code: Option<String>,
    /// `message`: optional.
    #[serde(rename = "message", skip_serializing_if = "Option::is_none")]
    pub message: Option<String>,
    /// `viewerId`: required, 1 to 40 characters.
    #[serde(rename = "viewerId")]
    pub viewer_id: String,
}

/// `BatchStartViewerSessionRevocationRequest`.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct BatchStartViewerSessionRevocationRequest {
    /// `viewerSessions`: required, 1 to 20 elements.
    pub viewer_sessions: Vec<BatchStartViewerSessionRevocationViewerSession>,
}

impl Structure for BatchStartViewerSessionRevocationRequest {
    fn read(from: &mut Members<'_>) -> Option<Self> {
        let viewer_sessions =
            from.required("viewerSessions", &BATCH_START_VIEWER_SESSION_REVOCATION_VIEWER_SESSION_LIST);
        Some(Self { viewer_sessions: viewer_sessions? })
    }
}

/// `BatchStartViewerSessionRevocationResponse`.
#[derive(Clone, Debug, PartialEq, Eq, Default, Serialize)]
pub struct BatchStartViewerSessionRevocationResponse {
    /// `errors`: optional.
    #[serde(rename = "errors", skip_serializing_if = "Option::is_none")]
    pub errors: Option<Vec<BatchStartViewerSessionRevocationError>>,
}

/// `BatchStartViewerSessionRevocationViewerSession`.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct BatchStartViewerSessionRevocationViewerSession {
    /// `channelArn`: required, 1 to 128 characters, pattern `arn:aws:ivs:[a-z0-9-]+:[0-9]+:channel/[a-zA-Z0-9-]+`.
    pub channel_arn: String,
    /// `viewerId`: required, 1 to 40 characters.
    pub viewer_id: String,
    /// `viewerSessionVersionsLessThanOrEqualTo`: optional, at least 0.
    pub viewer_session_versions_less_than_or_equal_to: Option<i32>,
}

impl Structure for BatchStartViewerSessionRevocationViewerSession {
    fn read(from: &mut Members<'_>) -> Option<Self> {
        let channel_arn = from.required("channelArn", &CHANNEL_ARN);
        let viewer_id = from.required("viewerId", &VIEWER_ID);
        let viewer_session_versions_less_than_or_equal_to =
            from.optional("viewerSessionVersionsLessThanOrEqualTo", &VIEWER_SESSION_VERSION);
        Some(Self {
            channel_arn: channel_arn?,
            viewer_id: viewer_id?,
            viewer_session_versions_less_than_or_equal_to,
        })
    }
}

static BATCH_START_VIEWER_SESSION_REVOCATION_VIEWER_SESSION_LIST: List<
    Nested<BatchStartViewerSessionRevocationViewerSession>,
> = List {
    min: Some(1),
    max: Some(20),
    each: &Nested::<BatchStartViewerSessionRevocationViewerSession>(PhantomData),
};

/// `Channel`.
#[derive(Clone, Debug, PartialEq, Eq, Default, Serialize)]
pub struct Channel {
    /// `adConfigurationArn`: optional, 0 to 128 characters, pattern `^$|^arn:aws:ivs:[a-z0-9-]+:[0-9]+:ad-configuration/[a-zA-Z0-9-]+$`.
    #[serde(rename = "adConfigurationArn", skip_serializing_if = "Option::is_none")]
    pub ad_configuration_arn: Option<String>,
    /// `arn`: optional, 1 to 128 characters, pattern `arn:aws:ivs:[a-z0-9-]+:[0-9]+:channel/[a-zA-Z0-9-]+`.
    #[serde(rename = "arn", skip_serializing_if = "Option::is_none")]
    pub arn: Option<String>,
    /// `authorized`: optional.
    #[serde(rename = "authorized", skip_serializing_if = "Option::is_none")]
    pub authorized: Option<bool>,
    /// `containerFormat`: optional.
    #[serde(rename = "containerFormat", skip_serializing_if = "Option::is_none")]
    pub container_format: Option<ContainerFormat>,
    /// `failoverSlateConfigurationArn`: optional, 0 to 128 characters, pattern `^$|^arn:aws:ivs:[a-z0-9-]+:[0-9]+:failover-slate-configuration/[a-zA-Z0-9-]+$`.
    #[serde(rename = "failoverSlateConfigurationArn", skip_serializing_if = "Option::is_none")]
    pub failover_slate_configuration_arn: Option<String>,
    /// `ingestEndpoint`: optional.
    #[serde(rename = "ingestEndpoint", skip_serializing_if = "Option::is_none")]
    pub ingest_endpoint: Option<String>,
    /// `insecureIngest`: optional.
    #[serde(rename = "insecureIngest", skip_serializing_if = "Option::is_none")]
    pub insecure_ingest: Option<bool>,
    /// `latencyMode`: optional.
    #[serde(rename = "latencyMode", skip_serializing_if = "Option::is_none")]
    pub latency_mode: Option<ChannelLatencyMode>,
    /// `multitrackInputConfiguration`: optional.
    #[serde(rename = "multitrackInputConfiguration", skip_serializing_if = "Option::is_none")]
    pub multitrack_input_configuration: Option<MultitrackInputConfiguration>,
    /// `name`: optional, 0 to 128 characters, pattern `[a-zA-Z0-9-_]*`.
    #[serde(rename = "name", skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// `playbackRestrictionPolicyArn`: optional, 0 to 128 characters, pattern `^$|^arn:aws:ivs:[a-z0-9-]+:[0-9]+:playback-restriction-policy/[a-zA-Z0-9-]+$`.
    #[serde(rename = "playbackRestrictionPolicyArn", skip_serializing_if = "Option::is_none")]
    pub playback_restriction_policy_arn: Option<String>,
    /// `playbackUrl`: optional.
    #[serde(rename = "playbackUrl", skip_serializing_if = "Option::is_none")]
    pub playback_url: Option<String>,
    /// `preset`: optional.
    #[serde(rename = "preset", skip_serializing_if = "Option::is_none")]
    pub preset: Option<TranscodePreset>,
    /// `recordingConfigurationArn`: optional, 0 to 128 characters, pattern `^$|^arn:aws:ivs:[a-z0-9-]+:[0-9]+:recording-configuration/[a-zA-Z0-9-]+$`.
    #[serde(rename = "recordingConfigurationArn", skip_serializing_if = "Option::is_none")]
    pub recording_configuration_arn: Option<String>,
    /// `srt`: optional.
    #[serde(rename = "srt", skip_serializing_if = "Option::is_none")]
    pub srt: Option<Srt>,
    /// `tags`: optional, 0 to 50 entries.
    #[serde(rename = "tags", skip_serializing_if = "Option::is_none")]
    pub tags: Option<BTreeMap<String, String>>,
    /// `type`: optional.
    #[serde(rename = "type", skip_serializing_if = "Option::is_none")]
    pub r#type: Option<ChannelType>,
}

static CHANNEL_AD_CONFIGURATION_ARN: Text = Text {
    min: Some(0),
    max: Some(128),
    pattern: Some(Pattern::new("^$|^arn:aws:ivs:[a-z0-9-]+:[0-9]+:ad-configuration/[a-zA-Z0-9-]+$")),
};

static CHANNEL_ARN: Text = Text {
    min: Some(1),
    max: Some(128),
    pattern: Some(Pattern::new("arn:aws:ivs:[a-z0-9-]+:[0-9]+:channel/[a-zA-Z0-9-]+")),
};

static CHANNEL_ARN_LIST: List<Text> = List { min: Some(1), max: Some(50), each: &CHANNEL_ARN };

static CHANNEL_FAILOVER_SLATE_CONFIGURATION_ARN: Text = Text {
    min: Some(0),
    max: Some(128),
    pattern: Some(Pattern::new(
        "^$|^arn:aws:ivs:[a-z0-9-]+:[0-9]+:failover-slate-configuration/[a-zA-Z0-9-]+$",
    )),
};

/// `ChannelLatencyMode`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub enum ChannelLatencyMode {
    /// `"NORMAL"`.
    #[serde(rename = "NORMAL")]
    Normal,
    /// `"LOW"`.
    #[serde(rename = "LOW")]
    Low,
}

impl ChannelLatencyMode {
    /// The word on the wire.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Normal => "NORMAL",
            Self::Low => "LOW",
        }
    }

    /// Reads the word on the wire; case counts.
    pub fn parse(word: &str) -> Option<Self> {
        match word {
            "NORMAL" => Some(Self::Normal),
            "LOW" => Some(Self::Low),
            _ => None,
        }
    }
}

impl Vocabulary for ChannelLatencyMode {
    const WORDS: &'static [&'static str] = &["NORMAL", "LOW"];

    fn from_word(word: &str) -> Option<Self> {
        Self::parse(word)
    }
}

static CHANNEL_NAME: Text =
    Text { min: Some(0), max: Some(128), pattern: Some(Pattern::new("[a-zA-Z0-9-_]*")) };

static CHANNEL_PLAYBACK_RESTRICTION_POLICY_ARN: Text = Text {
    min: Some(0),
    max: Some(128),
    pattern: Some(Pattern::new(
        "^$|^arn:aws:ivs:[a-z0-9-]+:[0-9]+:playback-restriction-policy/[a-zA-Z0-9-]+$",
    )),
};

static CHANNEL_RECORDING_CONFIGURATION_ARN: Text = Text {
    min: Some(0),
    max: Some(128),
    pattern: Some(Pattern::new("^$|^arn:aws:ivs:[a-z0-9-]+:[0-9]+:recording-configuration/[a-zA-Z0-9-]+$")),
};

/// `ChannelSummary`.
#[derive(Clone, Debug, PartialEq, Eq, Default, Serialize)]
pub struct ChannelSummary {
    /// `adConfigurationArn`: optional, 0 to 128 characters, pattern `^$|^arn:aws:ivs:[a-z0-9-]+:[0-9]+:ad-configuration/[a-zA-Z0-9-]+$`.
    #[serde(rename = "adConfigurationArn", skip_serializing_if = "Option::is_none")]
    pub ad_configuration_arn: Option<String>,
    /// `arn`: optional, 1 to 128 characters, pattern `arn:aws:ivs:[a-z0-9-]+:[0-9]+:channel/[a-zA-Z0-9-]+`.
    #[serde(rename = "arn", skip_serializing_if = "Option::is_none")]
    pub arn: Option<String>,
    /// `authorized`: optional.
    #[serde(rename = "authorized", skip_serializing_if = "Option::is_none")]
    pub authorized: Option<bool>,
    /// `failoverSlateConfigurationArn`: optional, 0 to 128 characters, pattern `^$|^arn:aws:ivs:[a-z0-9-]+:[0-9]+:failover-slate-configuration/[a-zA-Z0-9-]+$`.
    #[serde(rename = "failoverSlateConfigurationArn", skip_serializing_if = "Option::is_none")]
    pub failover_slate_configuration_arn: Option<String>,
    /// `insecureIngest`: optional.
    #[serde(rename = "insecureIngest", skip_serializing_if = "Option::is_none")]
    pub insecure_ingest: Option<bool>,
    /// `latencyMode`: optional.
    #[serde(rename = "latencyMode", skip_serializing_if = "Option::is_none")]
    pub latency_mode: Option<ChannelLatencyMode>,
    /// `name`: optional, 0 to 128 characters, pattern `[a-zA-Z0-9-_]*`.
    #[serde(rename = "name", skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// `playbackRestrictionPolicyArn`: optional, 0 to 128 characters, pattern `^$|^arn:aws:ivs:[a-z0-9-]+:[0-9]+:playback-restriction-policy/[a-zA-Z0-9-]+$`.
    #[serde(rename = "playbackRestrictionPolicyArn", skip_serializing_if = "Option::is_none")]
    pub playback_restriction_policy_arn: Option<String>,
    /// `preset`: optional.
    #[serde(rename = "preset", skip_serializing_if = "Option::is_none")]
    pub preset: Option<TranscodePreset>,
    /// `recordingConfigurationArn`: optional, 0 to 128 characters, pattern `^$|^arn:aws:ivs:[a-z0-9-]+:[0-9]+:recording-configuration/[a-zA-Z0-9-]+$`.
    #[serde(rename = "recordingConfigurationArn", skip_serializing_if = "Option::is_none")]
    pub recording_configuration_arn: Option<String>,
    /// `tags`: optional, 0 to 50 entries.
    #[serde(rename = "tags", skip_serializing_if = "Option::is_none")]
    pub tags: Option<BTreeMap<String, String>>,
    /// `type`: optional.
    #[serde(rename = "type", skip_serializing_if = "Option::is_none")]
    pub r#type: Option<ChannelType>,
}

/// `ChannelType`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub enum ChannelType {
    /// `"BASIC"`.
    #[serde(rename = "BASIC")]
    Basic,
    /// `"STANDARD"`.
    #[serde(rename = "STANDARD")]
    Standard,
    /// `"ADVANCED_SD"`.
    #[serde(rename = "ADVANCED_SD")]
    AdvancedSd,
    /// `"ADVANCED_HD"`.
    #[serde(rename = "ADVANCED_HD")]
    AdvancedHd,
}

impl ChannelType {
    /// The word on the wire.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Basic => "BASIC",
            Self::Standard => "STANDARD",
            Self::AdvancedSd => "ADVANCED_SD",
            Self::AdvancedHd => "ADVANCED_HD",
        }
    }

    /// Reads the word on the wire; case counts.
    pub fn parse(word: &str) -> Option<Self> {
        match word {
            "BASIC" => Some(Self::Basic),
            "STANDARD" => Some(Self::Standard),
            "ADVANCED_SD" => Some(Self::AdvancedSd),
            "ADVANCED_HD" => Some(Self::AdvancedHd),
            _ => None,
        }
    }
}

impl Vocabulary for ChannelType {
    const WORDS: &'static [&'static str] = &["BASIC", "STANDARD", "ADVANCED_SD", "ADVANCED_HD"];

    fn from_word(word: &str) -> Option<Self> {
        Self::parse(word)
    }
}

/// `ContainerFormat`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub enum ContainerFormat {
    /// `"TS"`.
    #[serde(rename = "TS")]
    Ts,
    /// `"FRAGMENTED_MP4"`.
    #[serde(rename = "FRAGMENTED_MP4")]
    FragmentedMp4,
}

impl ContainerFormat {
    /// The word on the wire.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Ts => "TS",
            Self::FragmentedMp4 => "FRAGMENTED_MP4",
        }
    }

    /// Reads the word on the wire; case counts.
    pub fn parse(word: &str) -> Option<Self> {
        match word {
            "TS" => Some(Self::Ts),
            "FRAGMENTED_MP4" => Some(Self::FragmentedMp4),
            _ => None,
        }
    }
}

impl Vocabulary for ContainerFormat {
    const WORDS: &'static [&'static str] = &["TS", "FRAGMENTED_MP4"];

    fn from_word(word: &str) -> Option<Self> {
        Self::parse(word)
    }
}

/// `CreateChannelRequest`.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct CreateChannelRequest {
    /// `adConfigurationArn`: optional, 0 to 128 characters, pattern `^$|^arn:aws:ivs:[a-z0-9-]+:[0-9]+:ad-configuration/[a-zA-Z0-9-]+$`.
    pub ad_configuration_arn: Option<String>,
    /// `authorized`: optional.
    pub authorized: Option<bool>,
    /// `containerFormat`: optional.
    pub container_format: Option<ContainerFormat>,
    /// `failoverSlateConfigurationArn`: optional, 0 to 128 characters, pattern `^$|^arn:aws:ivs:[a-z0-9-]+:[0-9]+:failover-slate-configuration/[a-zA-Z0-9-]+$`.
    pub failover_slate_configuration_arn: Option<String>,
    /// `insecureIngest`: optional.
    pub insecure_ingest: Option<bool>,
    /// `latencyMode`: optional.
    pub latency_mode: Option<ChannelLatencyMode>,
    /// `multitrackInputConfiguration`: optional.
    pub multitrack_input_configuration: Option<MultitrackInputConfiguration>,
    /// `name`: optional, 0 to 128 characters, pattern `[a-zA-Z0-9-_]*`.
    pub name: Option<String>,
    /// `playbackRestrictionPolicyArn`: optional, 0 to 128 characters, pattern `^$|^arn:aws:ivs:[a-z0-9-]+:[0-9]+:playback-restriction-policy/[a-zA-Z0-9-]+$`.
    pub playback_restriction_policy_arn: Option<String>,
    /// `preset`: optional.
    pub preset: Option<TranscodePreset>,
    /// `recordingConfigurationArn`: optional, 0 to 128 characters, pattern `^$|^arn:aws:ivs:[a-z0-9-]+:[0-9]+:recording-configuration/[a-zA-Z0-9-]+$`.
    pub recording_configuration_arn: Option<String>,
    /// `tags`: optional, 0 to 50 entries.
    pub tags: Option<BTreeMap<String, String>>,
    /// `type`: optional.
    pub r#type: Option<ChannelType>,
}

impl Structure for CreateChannelRequest {
    fn read(from: &mut Members<'_>) -> Option<Self> {
        let ad_configuration_arn = from.optional("adConfigurationArn", &CHANNEL_AD_CONFIGURATION_ARN);
        let authorized = from.optional("authorized", &Flag);
        let container_format = from.optional("containerFormat", &Word::<ContainerFormat>(PhantomData));
        let failover_slate_configuration_arn =
            from.optional("failoverSlateConfigurationArn", &CHANNEL_FAILOVER_SLATE_CONFIGURATION_ARN);
        let insecure_ingest = from.optional("insecureIngest", &Flag);
        let latency_mode = from.optional("latencyMode", &Word::<ChannelLatencyMode>(PhantomData));
        let multitrack_input_configuration = from
            .optional("multitrackInputConfiguration", &Nested::<MultitrackInputConfiguration>(PhantomData));
        let name = from.optional("name", &CHANNEL_NAME);
        let playback_restriction_policy_arn =
            from.optional("playbackRestrictionPolicyArn", &CHANNEL_PLAYBACK_RESTRICTION_POLICY_ARN);
        let preset = from.optional("preset", &Word::<TranscodePreset>(PhantomData));
        let recording_configuration_arn =
            from.optional("recordingConfigurationArn", &CHANNEL_RECORDING_CONFIGURATION_ARN);
        let tags = from.optional("tags", &TAGS);
        let r#type = from.optional("type", &Word::<ChannelType>(PhantomData));
        Some(Self {
            ad_configuration_arn,
            authorized,
            container_format,
            failover_slate_configuration_arn,
            insecure_ingest,
            latency_mode,
            multitrack_input_configuration,
            name,
            playback_restriction_policy_arn,
            preset,
            recording_configuration_arn,
            tags,
            r#type,
        })
    }
}

/// `CreateChannelResponse`.
#[derive(Clone, Debug, PartialEq, Eq, Default, Serialize)]
pub struct CreateChannelResponse {
    /// `channel`: optional.
    #[serde(rename = "channel", skip_serializing_if = "Option::is_none")]
    pub channel: Option<Channel>,
    /// `streamKey`: optional.
    #[serde(rename = "streamKey", skip_serializing_if = "Option::is_none")]
    pub stream_key: Option<StreamKey>,
}

/// `CreatePlaybackRestrictionPolicyRequest`.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct CreatePlaybackRestrictionPolicyRequest {
    /// `allowedCountries`: optional.
    pub allowed_countries: Option<Vec<String>>,
    /// `allowedOrigins`: optional.
    pub allowed_origins: Option<Vec<String>>,
    /// `enableStrictOriginEnforcement`: optional.
    pub enable_strict_origin_enforcement: Option<bool>,
    /// `name`: optional, 0 to 128 characters, pattern `[a-zA-Z0-9-_]*`.
    pub name: Option<String>,
    /// `tags`: optional, 0 to 50 entries.
    pub tags: Option<BTreeMap<String, String>>,
}

impl Structure for CreatePlaybackRestrictionPolicyRequest {
    fn read(from: &mut Members<'_>) -> Option<Self> {
        let allowed_countries =
            from.optional("allowedCountries", &PLAYBACK_RESTRICTION_POLICY_ALLOWED_COUNTRY_LIST);
        let allowed_origins =
            from.optional("allowedOrigins", &PLAYBACK_RESTRICTION_POLICY_ALLOWED_ORIGIN_LIST);
        let enable_strict_origin_enforcement = from.optional("enableStrictOriginEnforcement", &Flag);
        let name = from.optional("name", &PLAYBACK_RESTRICTION_POLICY_NAME);
        let tags = from.optional("tags", &TAGS);
        Some(Self { allowed_countries, allowed_origins, enable_strict_origin_enforcement, name, tags })
    }
}

/// `CreatePlaybackRestrictionPolicyResponse`.
#[derive(Clone, Debug, PartialEq, Eq, Default, Serialize)]
pub struct CreatePlaybackRestrictionPolicyResponse {
    /// `playbackRestrictionPolicy`: optional.
    #[serde(rename = "playbackRestrictionPolicy", skip_serializing_if = "Option::is_none")]
    pub playback_restriction_policy: Option<PlaybackRestrictionPolicy>,
}

/// `CreateRecordingConfigurationRequest`.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct CreateRecordingConfigurationRequest {
    /// `destinationConfiguration`: required.
    pub destination_configuration: DestinationConfiguration,
    /// `name`: optional, 0 to 128 characters, pattern `[a-zA-Z0-9-_]*`.
    pub name: Option<String>,
    /// `recordingReconnectWindowSeconds`: optional, 0 to 300.
    pub recording_reconnect_window_seconds: Option<i32>,
    /// `renditionConfiguration`: optional.
    pub rendition_configuration: Option<RenditionConfiguration>,
    /// `tags`: optional, 0 to 50 entries.
    pub tags: Option<BTreeMap<String, String>>,
    /// `thumbnailConfiguration`: optional.
    pub thumbnail_configuration: Option<ThumbnailConfiguration>,
}

impl Structure for CreateRecordingConfigurationRequest {
    fn read(from: &mut Members<'_>) -> Option<Self> {
        let destination_configuration =
            from.required("destinationConfiguration", &Nested::<DestinationConfiguration>(PhantomData));
        let name = from.optional("name", &RECORDING_CONFIGURATION_NAME);
        let recording_reconnect_window_seconds =
            from.optional("recordingReconnectWindowSeconds", &RECORDING_RECONNECT_WINDOW_SECONDS);
        let rendition_configuration =
            from.optional("renditionConfiguration", &Nested::<RenditionConfiguration>(PhantomData));
        let tags = from.optional("tags", &TAGS);
        let thumbnail_configuration =
            from.optional("thumbnailConfiguration", &Nested::<ThumbnailConfiguration>(PhantomData));
        Some(Self {
            destination_configuration: destination_configuration?,
            name,
            recording_reconnect_window_seconds,
            rendition_configuration,
            tags,
            thumbnail_configuration,
        })
    }
}

/// `CreateRecordingConfigurationResponse`.
#[derive(Clone, Debug, PartialEq, Eq, Default, Serialize)]
pub struct CreateRecordingConfigurationResponse {
    /// `recordingConfiguration`: optional.
    #[serde(rename = "recordingConfiguration", skip_serializing_if = "Option::is_none")]
    pub recording_configuration: Option<RecordingConfiguration>,
}

/// `CreateStreamKeyRequest`.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct CreateStreamKeyRequest {
    /// `channelArn`: required, 1 to 128 characters, pattern `arn:aws:ivs:[a-z0-9-]+:[0-9]+:channel/[a-zA-Z0-9-]+`.
    pub channel_arn: String,
    /// `tags`: optional, 0 to 50 entries.
    pub tags: Option<BTreeMap<String, String>>,
}

impl Structure for CreateStreamKeyRequest {
    fn read(from: &mut Members<'_>) -> Option<Self> {
        let channel_arn = from.required("channelArn", &CHANNEL_ARN);
        let tags = from.optional("tags", &TAGS);
        Some(Self { channel_arn: channel_arn?, tags })
    }
}

/// `CreateStreamKeyResponse`.
#[derive(Clone, Debug, PartialEq, Eq, Default, Serialize)]
pub struct CreateStreamKeyResponse {
    /// `streamKey`: optional.
    #[serde(rename = "streamKey", skip_serializing_if = "Option::is_none")]
    pub stream_key: Option<StreamKey>,
}

/// `DeleteChannelRequest`.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct DeleteChannelRequest {
    /// `arn`: required, 1 to 128 characters, pattern `arn:aws:ivs:[a-z0-9-]+:[0-9]+:channel/[a-zA-Z0-9-]+`.
    pub arn: String,
}

impl Structure for DeleteChannelRequest {
    fn read(from: &mut Members<'_>) -> Option<Self> {
        let arn = from.required("arn", &CHANNEL_ARN);
        Some(Self { arn: arn? })
    }
}

/// `DeletePlaybackKeyPairRequest`.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct DeletePlaybackKeyPairRequest {
    /// `arn`: required, 1 to 128 characters, pattern `arn:aws:ivs:[a-z0-9-]+:[0-9]+:playback-key/[a-zA-Z0-9-]+`.
    pub arn: String,
}

impl Structure for DeletePlaybackKeyPairRequest {
    fn read(from: &mut Members<'_>) -> Option<Self> {
        let arn = from.required("arn", &PLAYBACK_KEY_PAIR_ARN);
        Some(Self { arn: arn? })
    }
}

/// `DeletePlaybackKeyPairResponse`.
#[derive(Clone, Debug, PartialEq, Eq, Default, Serialize)]
pub struct DeletePlaybackKeyPairResponse {}

/// `DeletePlaybackRestrictionPolicyRequest`.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct DeletePlaybackRestrictionPolicyRequest {
    /// `arn`: required, 1 to 128 characters, pattern `arn:aws:ivs:[a-z0-9-]+:[0-9]+:playback-restriction-policy/[a-zA-Z0-9-]+`.
    pub arn: String,
}

impl Structure for DeletePlaybackRestrictionPolicyRequest {
    fn read(from: &mut Members<'_>) -> Option<Self> {
        let arn = from.required("arn", &PLAYBACK_RESTRICTION_POLICY_ARN);
        Some(Self { arn: arn? })
    }
}

/// `DeleteRecordingConfigurationRequest`.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct DeleteRecordingConfigurationRequest {
    /// `arn`: required, 0 to 128 characters, pattern `arn:aws:ivs:[a-z0-9-]+:[0-9]+:recording-configuration/[a-zA-Z0-9-]+`.
    pub arn: String,
}

impl Structure for DeleteRecordingConfigurationRequest {
    fn read(from: &mut Members<'_>) -> Option<Self> {
        let arn = from.required("arn", &RECORDING_CONFIGURATION_ARN);
        Some(Self { arn: arn? })
    }
}

/// `DeleteStreamKeyRequest`.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct DeleteStreamKeyRequest {
    /// `arn`: required, 1 to 128 characters, pattern `arn:aws:ivs:[a-z0-9-]+:[0-9]+:stream-key/[a-zA-Z0-9-]+`.
    pub arn: String,
}

impl Structure for DeleteStreamKeyRequest {
    fn read(from: &mut Members<'_>) -> Option<Self> {
        let arn = from.required("arn", &STREAM_KEY_ARN);
        Some(Self { arn: arn? })
    }
}

/// `DestinationConfiguration`.
#[derive(Clone, Debug, PartialEq, Eq, Default, Serialize)]
pub struct DestinationConfiguration {
    /// `s3`: optional.
    #[serde(rename = "s3", skip_serializing_if = "Option::is_none")]
    pub s3: Option<S3DestinationConfiguration>,
}

impl Structure for DestinationConfiguration {
    fn read(from: &mut Members<'_>) -> Option<Self> {
        let s3 = from.optional("s3", &Nested::<S3DestinationConfiguration>(PhantomData));
        Some(Self { s3 })
    }
}

/// `FailoverSlateConfiguration`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct FailoverSlateConfiguration {
    /// `activationThresholdSeconds`: optional, 3 to 5.
    #[serde(rename = "activationThresholdSeconds", skip_serializing_if = "Option::is_none")]
    pub activation_threshold_seconds: Option<i32>,
    /// `arn`: required, 0 to 128 characters, pattern `arn:aws:ivs:[a-z0-9-]+:[0-9]+:failover-slate-configuration/[a-zA-Z0-9-]+`.
    #[serde(rename = "arn")]
    pub arn: String,
    /// `maxSlateDisplaySeconds`: optional, 60 to 180.
    #[serde(rename = "maxSlateDisplaySeconds", skip_serializing_if = "Option::is_none")]
    pub max_slate_display_seconds: Option<i32>,
    /// `minSlateDisplaySeconds`: optional, 3 to 10.
    #[serde(rename = "minSlateDisplaySeconds", skip_serializing_if = "Option::is_none")]
    pub min_slate_display_seconds: Option<i32>,
    /// `name`: optional, 0 to 128 characters, pattern `[a-zA-Z0-9-_]*`.
    #[serde(rename = "name", skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// `state`: required.
    #[serde(rename = "state")]
    pub state: FailoverSlateConfigurationState,
    /// `tags`: optional, 0 to 50 entries.
    #[serde(rename = "tags", skip_serializing_if = "Option::is_none")]
    pub tags: Option<BTreeMap<String, String>>,
}

/// `FailoverSlateConfigurationState`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub enum FailoverSlateConfigurationState {
    /// `"CREATING"`.
    #[serde(rename = "CREATING")]
    Creating,
    /// `"CREATE_FAILED"`.
    #[serde(rename = "CREATE_FAILED")]
    CreateFailed,
    /// `"CREATED"`.
    #[serde(rename = "CREATED")]
    Created,
    /// `"UPDATING"`.
    #[serde(rename = "UPDATING")]
    Updating,
}

impl FailoverSlateConfigurationState {
    /// The word on the wire.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Creating => "CREATING",
            Self::CreateFailed => "CREATE_FAILED",
            Self::Created => "CREATED",
            Self::Updating => "UPDATING",
        }
    }

    /// Reads the word on the wire; case counts.
    pub fn parse(word: &str) -> Option<Self> {
        match word {
            "CREATING" => Some(Self::Creating),
            "CREATE_FAILED" => Some(Self::CreateFailed),
            "CREATED" => Some(Self::Created),
            "UPDATING" => Some(Self::Updating),
            _ => None,
        }
    }
}

/// `GetChannelRequest`.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct GetChannelRequest {
    /// `arn`: required, 1 to 128 characters, pattern `arn:aws:ivs:[a-z0-9-]+:[0-9]+:channel/[a-zA-Z0-9-]+`.
    pub arn: String,
}

impl Structure for GetChannelRequest {
    fn read(from: &mut Members<'_>) -> Option<Self> {
        let arn = from.required("arn", &CHANNEL_ARN);
        Some(Self { arn: arn? })
    }
}

/// `GetChannelResponse`.
#[derive(Clone, Debug, PartialEq, Eq, Default, Serialize)]
pub struct GetChannelResponse {
    /// `channel`: optional.
    #[serde(rename = "channel", skip_serializing_if = "Option::is_none")]
    pub channel: Option<Channel>,
}

/// `GetPlaybackKeyPairRequest`.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct GetPlaybackKeyPairRequest {
    /// `arn`: required, 1 to 128 characters, pattern `arn:aws:ivs:[a-z0-9-]+:[0-9]+:playback-key/[a-zA-Z0-9-]+`.
    pub arn: String,
}

impl Structure for GetPlaybackKeyPairRequest {
    fn read(from: &mut Members<'_>) -> Option<Self> {
        let arn = from.required("arn", &PLAYBACK_KEY_PAIR_ARN);
        Some(Self { arn: arn? })
    }
}

/// `GetPlaybackKeyPairResponse`.
#[derive(Clone, Debug, PartialEq, Eq, Default, Serialize)]
pub struct GetPlaybackKeyPairResponse {
    /// `keyPair`: optional.
    #[serde(rename = "keyPair", skip_serializing_if = "Option::is_none")]
    pub key_pair: Option<PlaybackKeyPair>,
}

/// `GetPlaybackRestrictionPolicyRequest`.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct GetPlaybackRestrictionPolicyRequest {
    /// `arn`: required, 1 to 128 characters, pattern `arn:aws:ivs:[a-z0-9-]+:[0-9]+:playback-restriction-policy/[a-zA-Z0-9-]+`.
    pub arn: String,
}

impl Structure for GetPlaybackRestrictionPolicyRequest {
    fn read(from: &mut Members<'_>) -> Option<Self> {
        let arn = from.required("arn", &PLAYBACK_RESTRICTION_POLICY_ARN);
        Some(Self { arn: arn? })
    }
}

/// `GetPlaybackRestrictionPolicyResponse`.
#[derive(Clone, Debug, PartialEq, Eq, Default, Serialize)]
pub struct GetPlaybackRestrictionPolicyResponse {
    /// `playbackRestrictionPolicy`: optional.
    #[serde(rename = "playbackRestrictionPolicy", skip_serializing_if = "Option::is_none")]
    pub playback_restriction_policy: Option<PlaybackRestrictionPolicy>,
}

/// `GetRecordingConfigurationRequest`.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct GetRecordingConfigurationRequest {
    /// `arn`: required, 0 to 128 characters, pattern `arn:aws:ivs:[a-z0-9-]+:[0-9]+:recording-configuration/[a-zA-Z0-9-]+`.
    pub arn: String,
}

impl Structure for GetRecordingConfigurationRequest {
    fn read(from: &mut Members<'_>) -> Option<Self> {
        let arn = from.required("arn", &RECORDING_CONFIGURATION_ARN);
        Some(Self { arn: arn? })
    }
}

/// `GetRecordingConfigurationResponse`.
#[derive(Clone, Debug, PartialEq, Eq, Default, Serialize)]
pub struct GetRecordingConfigurationResponse {
    /// `recordingConfiguration`: optional.
    #[serde(rename = "recordingConfiguration", skip_serializing_if = "Option::is_none")]
    pub recording_configuration: Option<RecordingConfiguration>,
}

/// `GetStreamKeyRequest`.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct GetStreamKeyRequest {
    /// `arn`: required, 1 to 128 characters, pattern `arn:aws:ivs:[a-z0-9-]+:[0-9]+:stream-key/[a-zA-Z0-9-]+`.
    pub arn: String,
}

impl Structure for GetStreamKeyRequest {
    fn read(from: &mut Members<'_>) -> Option<Self> {
        let arn = from.required("arn", &STREAM_KEY_ARN);
        Some(Self { arn: arn? })
    }
}

/// `GetStreamKeyResponse`.
#[derive(Clone, Debug, PartialEq, Eq, Default, Serialize)]
pub struct GetStreamKeyResponse {
    /// `streamKey`: optional.
    #[serde(rename = "streamKey", skip_serializing_if = "Option::is_none")]
    pub stream_key: Option<StreamKey>,
}

/// `GetStreamRequest`.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct GetStreamRequest {
    /// `channelArn`: required, 1 to 128 characters, pattern `arn:aws:ivs:[a-z0-9-]+:[0-9]+:channel/[a-zA-Z0-9-]+`.
    pub channel_arn: String,
}

impl Structure for GetStreamRequest {
    fn read(from: &mut Members<'_>) -> Option<Self> {
        let channel_arn = from.required("channelArn", &CHANNEL_ARN);
        Some(Self { channel_arn: channel_arn? })
    }
}

/// `GetStreamResponse`.
#[derive(Clone, Debug, PartialEq, Eq, Default, Serialize)]
pub struct GetStreamResponse {
    /// `stream`: optional.
    #[serde(rename = "stream", skip_serializing_if = "Option::is_none")]
    pub stream: Option<Stream>,
}

/// `GetStreamSessionRequest`.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct GetStreamSessionRequest {
    /// `channelArn`: required, 1 to 128 characters, pattern `arn:aws:ivs:[a-z0-9-]+:[0-9]+:channel/[a-zA-Z0-9-]+`.
    pub channel_arn: String,
    /// `streamId`: optional, 26 to 26 characters, pattern `st-[a-zA-Z0-9]+`.
    pub stream_id: Option<String>,
}

impl Structure for GetStreamSessionRequest {
    fn read(from: &mut Members<'_>) -> Option<Self> {
        let channel_arn = from.required("channelArn", &CHANNEL_ARN);
        let stream_id = from.optional("streamId", &STREAM_ID);
        Some(Self { channel_arn: channel_arn?, stream_id })
    }
}

/// `GetStreamSessionResponse`.
#[derive(Clone, Debug, PartialEq, Eq, Default, Serialize)]
pub struct GetStreamSessionResponse {
    /// `streamSession`: optional.
    #[serde(rename = "streamSession", skip_serializing_if = "Option::is_none")]
    pub stream_session: Option<StreamSession>,
}

/// `ImportPlaybackKeyPairRequest`.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct ImportPlaybackKeyPairRequest {
    /// `name`: optional, 0 to 128 characters, pattern `[a-zA-Z0-9-_]*`.
    pub name: Option<String>,
    /// `publicKeyMaterial`: required.
    pub public_key_material: String,
    /// `tags`: optional, 0 to 50 entries.
    pub tags: Option<BTreeMap<String, String>>,
}

impl Structure for ImportPlaybackKeyPairRequest {
    fn read(from: &mut Members<'_>) -> Option<Self> {
        let name = from.optional("name", &PLAYBACK_KEY_PAIR_NAME);
        let public_key_material = from.required("publicKeyMaterial", &PLAYBACK_PUBLIC_KEY_MATERIAL);
        let tags = from.optional("tags", &TAGS);
        Some(Self { name, public_key_material: public_key_material?, tags })
    }
}

/// `ImportPlaybackKeyPairResponse`.
#[derive(Clone, Debug, PartialEq, Eq, Default, Serialize)]
pub struct ImportPlaybackKeyPairResponse {
    /// `keyPair`: optional.
    #[serde(rename = "keyPair", skip_serializing_if = "Option::is_none")]
    pub key_pair: Option<PlaybackKeyPair>,
}

/// `IngestConfiguration`.
#[derive(Clone, Debug, PartialEq, Eq, Default, Serialize)]
pub struct IngestConfiguration {
    /// `audio`: optional.
    #[serde(rename = "audio", skip_serializing_if = "Option::is_none")]
    pub audio: Option<AudioConfiguration>,
    /// `video`: optional.
    #[serde(rename = "video", skip_serializing_if = "Option::is_none")]
    pub video: Option<VideoConfiguration>,
}

/// `IngestConfigurations`.
#[derive(Clone, Debug, PartialEq, Eq, Default, Serialize)]
pub struct IngestConfigurations {
    /// `audioConfigurations`: required.
    #[serde(rename = "audioConfigurations")]
    pub audio_configurations: Vec<AudioConfiguration>,
    /// `videoConfigurations`: required.
    #[serde(rename = "videoConfigurations")]
    pub video_configurations: Vec<VideoConfiguration>,
}

/// `ListChannelsRequest`.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct ListChannelsRequest {
    /// `filterByAdConfigurationArn`: optional, 0 to 128 characters, pattern `^$|^arn:aws:ivs:[a-z0-9-]+:[0-9]+:ad-configuration/[a-zA-Z0-9-]+$`.
    pub filter_by_ad_configuration_arn: Option<String>,
    /// `filterByFailoverSlateConfigurationArn`: optional, 0 to 128 characters, pattern `^$|^arn:aws:ivs:[a-z0-9-]+:[0-9]+:failover-slate-configuration/[a-zA-Z0-9-]+$`.
    pub filter_by_failover_slate_configuration_arn: Option<String>,
    /// `filterByName`: optional, 0 to 128 characters, pattern `[a-zA-Z0-9-_]*`.
    pub filter_by_name: Option<String>,
    /// `filterByPlaybackRestrictionPolicyArn`: optional, 0 to 128 characters, pattern `^$|^arn:aws:ivs:[a-z0-9-]+:[0-9]+:playback-restriction-policy/[a-zA-Z0-9-]+$`.
    pub filter_by_playback_restriction_policy_arn: Option<String>,
    /// `filterByRecordingConfigurationArn`: optional, 0 to 128 characters, pattern `^$|^arn:aws:ivs:[a-z0-9-]+:[0-9]+:recording-configuration/[a-zA-Z0-9-]+$`.
    pub filter_by_recording_configuration_arn: Option<String>,
    /// `maxResults`: optional, 1 to 100.
    pub max_results: Option<i32>,
    /// `nextToken`: optional, 0 to 1024 characters, pattern `[a-zA-Z0-9+/=_-]*`.
    pub next_token: Option<String>,
}

impl Structure for ListChannelsRequest {
    fn read(from: &mut Members<'_>) -> Option<Self> {
        let filter_by_ad_configuration_arn =
            from.optional("filterByAdConfigurationArn", &CHANNEL_AD_CONFIGURATION_ARN);
        let filter_by_failover_slate_configuration_arn =
            from.optional("filterByFailoverSlateConfigurationArn", &CHANNEL_FAILOVER_SLATE_CONFIGURATION_ARN);
        let filter_by_name = from.optional("filterByName", &CHANNEL_NAME);
        let filter_by_playback_restriction_policy_arn =
            from.optional("filterByPlaybackRestrictionPolicyArn", &CHANNEL_PLAYBACK_RESTRICTION_POLICY_ARN);
        let filter_by_recording_configuration_arn =
            from.optional("filterByRecordingConfigurationArn", &CHANNEL_RECORDING_CONFIGURATION_ARN);
        let max_results = from.optional("maxResults", &MAX_CHANNEL_RESULTS);
        let next_token = from.optional("nextToken", &PAGINATION_TOKEN);
        Some(Self {
            filter_by_ad_configuration_arn,
            filter_by_failover_slate_configuration_arn,
            filter_by_name,
            filter_by_playback_restriction_policy_arn,
            filter_by_recording_configuration_arn,
            max_results,
            next_token,
        })
    }
}

/// `ListChannelsResponse`.
#[derive(Clone, Debug, PartialEq, Eq, Default, Serialize)]
pub struct ListChannelsResponse {
    /// `channels`: required.
    #[serde(rename = "channels")]
    pub channels: Vec<ChannelSummary>,
    /// `nextToken`: optional, 0 to 1024 characters, pattern `[a-zA-Z0-9+/=_-]*`.
    #[serde(rename = "nextToken", skip_serializing_if = "Option::is_none")]
    pub next_token: Option<String>,
}

/// `ListPlaybackKeyPairsRequest`.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct ListPlaybackKeyPairsRequest {
    /// `maxResults`: optional, 1 to 100.
    pub max_results: Option<i32>,
    /// `nextToken`: optional, 0 to 1024 characters, pattern `[a-zA-Z0-9+/=_-]*`.
    pub next_token: Option<String>,
}

impl Structure for ListPlaybackKeyPairsRequest {
    fn read(from: &mut Members<'_>) -> Option<Self> {
        let max_results = from.optional("maxResults", &MAX_PLAYBACK_KEY_PAIR_RESULTS);
        let next_token = from.optional("nextToken", &PAGINATION_TOKEN);
        Some(Self { max_results, next_token })
    }
}

/// `ListPlaybackKeyPairsResponse`.
#[derive(Clone, Debug, PartialEq, Eq, Default, Serialize)]
pub struct ListPlaybackKeyPairsResponse {
    /// `keyPairs`: required.
    #[serde(rename = "keyPairs")]
    pub key_pairs: Vec<PlaybackKeyPairSummary>,
    /// `nextToken`: optional, 0 to 1024 characters, pattern `[a-zA-Z0-9+/=_-]*`.
    #[serde(rename = "nextToken", skip_serializing_if = "Option::is_none")]
    pub next_token: Option<String>,
}

/// `ListPlaybackRestrictionPoliciesRequest`.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct ListPlaybackRestrictionPoliciesRequest {
    /// `maxResults`: optional, 1 to 100.
    pub max_results: Option<i32>,
    /// `nextToken`: optional, 0 to 1024 characters, pattern `[a-zA-Z0-9+/=_-]*`.
    pub next_token: Option<String>,
}

impl Structure for ListPlaybackRestrictionPoliciesRequest {
    fn read(from: &mut Members<'_>) -> Option<Self> {
        let max_results = from.optional("maxResults", &MAX_PLAYBACK_RESTRICTION_POLICY_RESULTS);
        let next_token = from.optional("nextToken", &PAGINATION_TOKEN);
        Some(Self { max_results, next_token })
    }
}

/// `ListPlaybackRestrictionPoliciesResponse`.
#[derive(Clone, Debug, PartialEq, Eq, Default, Serialize)]
pub struct ListPlaybackRestrictionPoliciesResponse {
    /// `nextToken`: optional, 0 to 1024 characters, pattern `[a-zA-Z0-9+/=_-]*`.
    #[serde(rename = "nextToken", skip_serializing_if = "Option::is_none")]
    pub next_token: Option<String>,
    /// `playbackRestrictionPolicies`: required.
    #[serde(rename = "playbackRestrictionPolicies")]
    pub playback_restriction_policies: Vec<PlaybackRestrictionPolicySummary>,
}

/// `ListRecordingConfigurationsRequest`.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct ListRecordingConfigurationsRequest {
    /// `maxResults`: optional, 1 to 100.
    pub max_results: Option<i32>,
    /// `nextToken`: optional, 0 to 1024 characters, pattern `[a-zA-Z0-9+/=_-]*`.
    pub next_token: Option<String>,
}

impl Structure for ListRecordingConfigurationsRequest {
    fn read(from: &mut Members<'_>) -> Option<Self> {
        let max_results = from.optional("maxResults", &MAX_RECORDING_CONFIGURATION_RESULTS);
        let next_token = from.optional("nextToken", &PAGINATION_TOKEN);
        Some(Self { max_results, next_token })
    }
}

/// `ListRecordingConfigurationsResponse`.
#[derive(Clone, Debug, PartialEq, Eq, Default, Serialize)]
pub struct ListRecordingConfigurationsResponse {
    /// `nextToken`: optional, 0 to 1024 characters, pattern `[a-zA-Z0-9+/=_-]*`.
    #[serde(rename = "nextToken", skip_serializing_if = "Option::is_none")]
    pub next_token: Option<String>,
    /// `recordingConfigurations`: required.
    #[serde(rename = "recordingConfigurations")]
    pub recording_configurations: Vec<RecordingConfigurationSummary>,
}

/// `ListStreamKeysRequest`.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct ListStreamKeysRequest {
    /// `channelArn`: required, 1 to 128 characters, pattern `arn:aws:ivs:[a-z0-9-]+:[0-9]+:channel/[a-zA-Z0-9-]+`.
    pub channel_arn: String,
    /// `maxResults`: optional, 1 to 50.
    pub max_results: Option<i32>,
    /// `nextToken`: optional, 0 to 1024 characters, pattern `[a-zA-Z0-9+/=_-]*`.
    pub next_token: Option<String>,
}

impl Structure for ListStreamKeysRequest {
    fn read(from: &mut Members<'_>) -> Option<Self> {
        let channel_arn = from.required("channelArn", &CHANNEL_ARN);
        let max_results = from.optional("maxResults", &MAX_STREAM_KEY_RESULTS);
        let next_token = from.optional("nextToken", &PAGINATION_TOKEN);
        Some(Self { channel_arn: channel_arn?, max_results, next_token })
    }
}

/// `ListStreamKeysResponse`.
#[derive(Clone, Debug, PartialEq, Eq, Default, Serialize)]
pub struct ListStreamKeysResponse {
    /// `nextToken`: optional, 0 to 1024 characters, pattern `[a-zA-Z0-9+/=_-]*`.
    #[serde(rename = "nextToken", skip_serializing_if = "Option::is_none")]
    pub next_token: Option<String>,
    /// `streamKeys`: required.
    #[serde(rename = "streamKeys")]
    pub stream_keys: Vec<StreamKeySummary>,
}

/// `ListStreamSessionsRequest`.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct ListStreamSessionsRequest {
    /// `channelArn`: required, 1 to 128 characters, pattern `arn:aws:ivs:[a-z0-9-]+:[0-9]+:channel/[a-zA-Z0-9-]+`.
    pub channel_arn: String,
    /// `maxResults`: optional, 1 to 100.
    pub max_results: Option<i32>,
    /// `nextToken`: optional, 0 to 1024 characters, pattern `[a-zA-Z0-9+/=_-]*`.
    pub next_token: Option<String>,
}

impl Structure for ListStreamSessionsRequest {
    fn read(from: &mut Members<'_>) -> Option<Self> {
        let channel_arn = from.required("channelArn", &CHANNEL_ARN);
        let max_results = from.optional("maxResults", &MAX_STREAM_RESULTS);
        let next_token = from.optional("nextToken", &PAGINATION_TOKEN);
        Some(Self { channel_arn: channel_arn?, max_results, next_token })
    }
}

/// `ListStreamSessionsResponse`.
#[derive(Clone, Debug, PartialEq, Eq, Default, Serialize)]
pub struct ListStreamSessionsResponse {
    /// `nextToken`: optional, 0 to 1024 characters, pattern `[a-zA-Z0-9+/=_-]*`.
    #[serde(rename = "nextToken", skip_serializing_if = "Option::is_none")]
    pub next_token: Option<String>,
    /// `streamSessions`: required.
    #[serde(rename = "streamSessions")]
    pub stream_sessions: Vec<StreamSessionSummary>,
}

/// `ListStreamsRequest`.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct ListStreamsRequest {
    /// `filterBy`: optional.
    pub filter_by: Option<StreamFilters>,
    /// `maxResults`: optional, 1 to 100.
    pub max_results: Option<i32>,
    /// `nextToken`: optional, 0 to 1024 characters, pattern `[a-zA-Z0-9+/=_-]*`.
    pub next_token: Option<String>,
}

impl Structure for ListStreamsRequest {
    fn read(from: &mut Members<'_>) -> Option<Self> {
        let filter_by = from.optional("filterBy", &Nested::<StreamFilters>(PhantomData));
        let max_results = from.optional("maxResults", &MAX_STREAM_RESULTS);
        let next_token = from.optional("nextToken", &PAGINATION_TOKEN);
        Some(Self { filter_by, max_results, next_token })
    }
}

/// `ListStreamsResponse`.
#[derive(Clone, Debug, PartialEq, Eq, Default, Serialize)]
pub struct ListStreamsResponse {
    /// `nextToken`: optional, 0 to 1024 characters, pattern `[a-zA-Z0-9+/=_-]*`.
    #[serde(rename = "nextToken", skip_serializing_if = "Option::is_none")]
    pub next_token: Option<String>,
    /// `streams`: required.
    #[serde(rename = "streams")]
    pub streams: Vec<StreamSummary>,
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

static MAX_CHANNEL_RESULTS: Number<i32> = Number { min: Some(1), max: Some(100), width: PhantomData };

static MAX_PLAYBACK_KEY_PAIR_RESULTS: Number<i32> =
    Number { min: Some(1), max: Some(100), width: PhantomData };

static MAX_PLAYBACK_RESTRICTION_POLICY_RESULTS: Number<i32> =
    Number { min: Some(1), max: Some(100), width: PhantomData };

static MAX_RECORDING_CONFIGURATION_RESULTS: Number<i32> =
    Number { min: Some(1), max: Some(100), width: PhantomData };

static MAX_STREAM_KEY_RESULTS: Number<i32> = Number { min: Some(1), max: Some(50), width: PhantomData };

static MAX_STREAM_RESULTS: Number<i32> = Number { min: Some(1), max: Some(100), width: PhantomData };

/// `MultitrackInputConfiguration`.
#[derive(Clone, Debug, PartialEq, Eq, Default, Serialize)]
pub struct MultitrackInputConfiguration {
    /// `enabled`: optional.
    #[serde(rename = "enabled", skip_serializing_if = "Option::is_none")]
    pub enabled: Option<bool>,
    /// `maximumResolution`: optional.
    #[serde(rename = "maximumResolution", skip_serializing_if = "Option::is_none")]
    pub maximum_resolution: Option<MultitrackMaximumResolution>,
    /// `policy`: optional.
    #[serde(rename = "policy", skip_serializing_if = "Option::is_none")]
    pub policy: Option<MultitrackPolicy>,
}

impl Structure for MultitrackInputConfiguration {
    fn read(from: &mut Members<'_>) -> Option<Self> {
        let enabled = from.optional("enabled", &Flag);
        let maximum_resolution =
            from.optional("maximumResolution", &Word::<MultitrackMaximumResolution>(PhantomData));
        let policy = from.optional("policy", &Word::<MultitrackPolicy>(PhantomData));
        Some(Self { enabled, maximum_resolution, policy })
    }
}

/// `MultitrackMaximumResolution`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub enum MultitrackMaximumResolution {
    /// `"SD"`.
    #[serde(rename = "SD")]
    Sd,
    /// `"HD"`.
    #[serde(rename = "HD")]
    Hd,
    /// `"FULL_HD"`.
    #[serde(rename = "FULL_HD")]
    FullHd,
}

impl MultitrackMaximumResolution {
    /// The word on the wire.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Sd => "SD",
            Self::Hd => "HD",
            Self::FullHd => "FULL_HD",
        }
    }

    /// Reads the word on the wire; case counts.
    pub fn parse(word: &str) -> Option<Self> {
        match word {
            "SD" => Some(Self::Sd),
            "HD" => Some(Self::Hd),
            "FULL_HD" => Some(Self::FullHd),
            _ => None,
        }
    }
}

impl Vocabulary for MultitrackMaximumResolution {
    const WORDS: &'static [&'static str] = &["SD", "HD", "FULL_HD"];

    fn from_word(word: &str) -> Option<Self> {
        Self::parse(word)
    }
}

/// `MultitrackPolicy`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub enum MultitrackPolicy {
    /// `"ALLOW"`.
    #[serde(rename = "ALLOW")]
    Allow,
    /// `"REQUIRE"`.
    #[serde(rename = "REQUIRE")]
    Require,
}

impl MultitrackPolicy {
    /// The word on the wire.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Allow => "ALLOW",
            Self::Require => "REQUIRE",
        }
    }

    /// Reads the word on the wire; case counts.
    pub fn parse(word: &str) -> Option<Self> {
        match word {
            "ALLOW" => Some(Self::Allow),
            "REQUIRE" => Some(Self::Require),
            _ => None,
        }
    }
}

impl Vocabulary for MultitrackPolicy {
    const WORDS: &'static [&'static str] = &["ALLOW", "REQUIRE"];

    fn from_word(word: &str) -> Option<Self> {
        Self::parse(word)
    }
}

static PAGINATION_TOKEN: Text =
    Text { min: Some(0), max: Some(1024), pattern: Some(Pattern::new("[a-zA-Z0-9+/=_-]*")) };

/// `PlaybackKeyPair`.
#[derive(Clone, Debug, PartialEq, Eq, Default, Serialize)]
pub struct PlaybackKeyPair {
    /// `arn`: optional, 1 to 128 characters, pattern `arn:aws:ivs:[a-z0-9-]+:[0-9]+:playback-key/[a-zA-Z0-9-]+`.
    #[serde(rename = "arn", skip_serializing_if = "Option::is_none")]
    pub arn: Option<String>,
    /// `fingerprint`: optional.
    #[serde(rename = "fingerprint", skip_serializing_if = "Option::is_none")]
    pub fingerprint: Option<String>,
    /// `name`: optional, 0 to 128 characters, pattern `[a-zA-Z0-9-_]*`.
    #[serde(rename = "name", skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// `tags`: optional, 0 to 50 entries.
    #[serde(rename = "tags", skip_serializing_if = "Option::is_none")]
    pub tags: Option<BTreeMap<String, String>>,
}

static PLAYBACK_KEY_PAIR_ARN: Text = Text {
    min: Some(1),
    max: Some(128),
    pattern: Some(Pattern::new("arn:aws:ivs:[a-z0-9-]+:[0-9]+:playback-key/[a-zA-Z0-9-]+")),
};

static PLAYBACK_KEY_PAIR_NAME: Text =
    Text { min: Some(0), max: Some(128), pattern: Some(Pattern::new("[a-zA-Z0-9-_]*")) };

/// `PlaybackKeyPairSummary`.
#[derive(Clone, Debug, PartialEq, Eq, Default, Serialize)]
pub struct PlaybackKeyPairSummary {
    /// `arn`: optional, 1 to 128 characters, pattern `arn:aws:ivs:[a-z0-9-]+:[0-9]+:playback-key/[a-zA-Z0-9-]+`.
    #[serde(rename = "arn", skip_serializing_if = "Option::is_none")]
    pub arn: Option<String>,
    /// `name`: optional, 0 to 128 characters, pattern `[a-zA-Z0-9-_]*`.
    #[serde(rename = "name", skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// `tags`: optional, 0 to 50 entries.
    #[serde(rename = "tags", skip_serializing_if = "Option::is_none")]
    pub tags: Option<BTreeMap<String, String>>,
}

static PLAYBACK_PUBLIC_KEY_MATERIAL: Text = Text { min: None, max: None, pattern: None };

/// `PlaybackRestrictionPolicy`.
#[derive(Clone, Debug, PartialEq, Eq, Default, Serialize)]
pub struct PlaybackRestrictionPolicy {
    /// `allowedCountries`: required.
    #[serde(rename = "allowedCountries")]
    pub allowed_countries: Vec<String>,
    /// `allowedOrigins`: required.
    #[serde(rename = "allowedOrigins")]
    pub allowed_origins: Vec<String>,
    /// `arn`: required, 1 to 128 characters, pattern `arn:aws:ivs:[a-z0-9-]+:[0-9]+:playback-restriction-policy/[a-zA-Z0-9-]+`.
    #[serde(rename = "arn")]
    pub arn: String,
    /// `enableStrictOriginEnforcement`: optional.
    #[serde(rename = "enableStrictOriginEnforcement", skip_serializing_if = "Option::is_none")]
    pub enable_strict_origin_enforcement: Option<bool>,
    /// `name`: optional, 0 to 128 characters, pattern `[a-zA-Z0-9-_]*`.
    #[serde(rename = "name", skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// `tags`: optional, 0 to 50 entries.
    #[serde(rename = "tags", skip_serializing_if = "Option::is_none")]
    pub tags: Option<BTreeMap<String, String>>,
}

static PLAYBACK_RESTRICTION_POLICY_ALLOWED_COUNTRY: Text = Text { min: Some(2), max: Some(2), pattern: None };

static PLAYBACK_RESTRICTION_POLICY_ALLOWED_COUNTRY_LIST: List<Text> =
    List { min: None, max: None, each: &PLAYBACK_RESTRICTION_POLICY_ALLOWED_COUNTRY };

static PLAYBACK_RESTRICTION_POLICY_ALLOWED_ORIGIN: Text =
    Text { min: Some(0), max: Some(256), pattern: None };

static PLAYBACK_RESTRICTION_POLICY_ALLOWED_ORIGIN_LIST: List<Text> =
    List { min: None, max: None, each: &PLAYBACK_RESTRICTION_POLICY_ALLOWED_ORIGIN };

static PLAYBACK_RESTRICTION_POLICY_ARN: Text = Text {
    min: Some(1),
    max: Some(128),
    pattern: Some(Pattern::new("arn:aws:ivs:[a-z0-9-]+:[0-9]+:playback-restriction-policy/[a-zA-Z0-9-]+")),
};

static PLAYBACK_RESTRICTION_POLICY_NAME: Text =
    Text { min: Some(0), max: Some(128), pattern: Some(Pattern::new("[a-zA-Z0-9-_]*")) };

/// `PlaybackRestrictionPolicySummary`.
#[derive(Clone, Debug, PartialEq, Eq, Default, Serialize)]
pub struct PlaybackRestrictionPolicySummary {
    /// `allowedCountries`: required.
    #[serde(rename = "allowedCountries")]
    pub allowed_countries: Vec<String>,
    /// `allowedOrigins`: required.
    #[serde(rename = "allowedOrigins")]
    pub allowed_origins: Vec<String>,
    /// `arn`: required, 1 to 128 characters, pattern `arn:aws:ivs:[a-z0-9-]+:[0-9]+:playback-restriction-policy/[a-zA-Z0-9-]+`.
    #[serde(rename = "arn")]
    pub arn: String,
    /// `enableStrictOriginEnforcement`: optional.
    #[serde(rename = "enableStrictOriginEnforcement", skip_serializing_if = "Option::is_none")]
    pub enable_strict_origin_enforcement: Option<bool>,
    /// `name`: optional, 0 to 128 characters, pattern `[a-zA-Z0-9-_]*`.
    #[serde(rename = "name", skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// `tags`: optional, 0 to 50 entries.
    #[serde(rename = "tags", skip_serializing_if = "Option::is_none")]
    pub tags: Option<BTreeMap<String, String>>,
}

/// `PutMetadataRequest`.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct PutMetadataRequest {
    /// `channelArn`: required, 1 to 128 characters, pattern `arn:aws:ivs:[a-z0-9-]+:[0-9]+:channel/[a-zA-Z0-9-]+`.
    pub channel_arn: String,
    /// `metadata`: required, at least 1 characters, sensitive.
    pub metadata: Sensitive<String>,
}

impl Structure for PutMetadataRequest {
    fn read(from: &mut Members<'_>) -> Option<Self> {
        let channel_arn = from.required("channelArn", &CHANNEL_ARN);
        let metadata = from.required("metadata", &STREAM_METADATA);
        Some(Self { channel_arn: channel_arn?, metadata: metadata? })
    }
}

/// `RecordingConfiguration`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct RecordingConfiguration {
    /// `arn`: required, 0 to 128 characters, pattern `arn:aws:ivs:[a-z0-9-]+:[0-9]+:recording-configuration/[a-zA-Z0-9-]+`.
    #[serde(rename = "arn")]
    pub arn: String,
    /// `destinationConfiguration`: required.
    #[serde(rename = "destinationConfiguration")]
    pub destination_configuration: DestinationConfiguration,
    /// `name`: optional, 0 to 128 characters, pattern `[a-zA-Z0-9-_]*`.
    #[serde(rename = "name", skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// `recordingReconnectWindowSeconds`: optional, 0 to 300.
    #[serde(rename = "recordingReconnectWindowSeconds", skip_serializing_if = "Option::is_none")]
    pub recording_reconnect_window_seconds: Option<i32>,
    /// `renditionConfiguration`: optional.
    #[serde(rename = "renditionConfiguration", skip_serializing_if = "Option::is_none")]
    pub rendition_configuration: Option<RenditionConfiguration>,
    /// `state`: required.
    #[serde(rename = "state")]
    pub state: RecordingConfigurationState,
    /// `tags`: optional, 0 to 50 entries.
    #[serde(rename = "tags", skip_serializing_if = "Option::is_none")]
    pub tags: Option<BTreeMap<String, String>>,
    /// `thumbnailConfiguration`: optional.
    #[serde(rename = "thumbnailConfiguration", skip_serializing_if = "Option::is_none")]
    pub thumbnail_configuration: Option<ThumbnailConfiguration>,
}

static RECORDING_CONFIGURATION_ARN: Text = Text {
    min: Some(0),
    max: Some(128),
    pattern: Some(Pattern::new("arn:aws:ivs:[a-z0-9-]+:[0-9]+:recording-configuration/[a-zA-Z0-9-]+")),
};

static RECORDING_CONFIGURATION_NAME: Text =
    Text { min: Some(0), max: Some(128), pattern: Some(Pattern::new("[a-zA-Z0-9-_]*")) };

/// `RecordingConfigurationState`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub enum RecordingConfigurationState {
    /// `"CREATING"`.
    #[serde(rename = "CREATING")]
    Creating,
    /// `"CREATE_FAILED"`.
    #[serde(rename = "CREATE_FAILED")]
    CreateFailed,
    /// `"ACTIVE"`.
    #[serde(rename = "ACTIVE")]
    Active,
}

impl RecordingConfigurationState {
    /// The word on the wire.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Creating => "CREATING",
            Self::CreateFailed => "CREATE_FAILED",
            Self::Active => "ACTIVE",
        }
    }

    /// Reads the word on the wire; case counts.
    pub fn parse(word: &str) -> Option<Self> {
        match word {
            "CREATING" => Some(Self::Creating),
            "CREATE_FAILED" => Some(Self::CreateFailed),
            "ACTIVE" => Some(Self::Active),
            _ => None,
        }
    }
}

/// `RecordingConfigurationSummary`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct RecordingConfigurationSummary {
    /// `arn`: required, 0 to 128 characters, pattern `arn:aws:ivs:[a-z0-9-]+:[0-9]+:recording-configuration/[a-zA-Z0-9-]+`.
    #[serde(rename = "arn")]
    pub arn: String,
    /// `destinationConfiguration`: required.
    #[serde(rename = "destinationConfiguration")]
    pub destination_configuration: DestinationConfiguration,
    /// `name`: optional, 0 to 128 characters, pattern `[a-zA-Z0-9-_]*`.
    #[serde(rename = "name", skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// `state`: required.
    #[serde(rename = "state")]
    pub state: RecordingConfigurationState,
    /// `tags`: optional, 0 to 50 entries.
    #[serde(rename = "tags", skip_serializing_if = "Option::is_none")]
    pub tags: Option<BTreeMap<String, String>>,
}

/// `RecordingMode`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub enum RecordingMode {
    /// `"DISABLED"`.
    #[serde(rename = "DISABLED")]
    Disabled,
    /// `"INTERVAL"`.
    #[serde(rename = "INTERVAL")]
    Interval,
}

impl RecordingMode {
    /// The word on the wire.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Disabled => "DISABLED",
            Self::Interval => "INTERVAL",
        }
    }

    /// Reads the word on the wire; case counts.
    pub fn parse(word: &str) -> Option<Self> {
        match word {
            "DISABLED" => Some(Self::Disabled),
            "INTERVAL" => Some(Self::Interval),
            _ => None,
        }
    }
}

impl Vocabulary for RecordingMode {
    const WORDS: &'static [&'static str] = &["DISABLED", "INTERVAL"];

    fn from_word(word: &str) -> Option<Self> {
        Self::parse(word)
    }
}

static RECORDING_RECONNECT_WINDOW_SECONDS: Number<i32> =
    Number { min: Some(0), max: Some(300), width: PhantomData };

/// `RenditionConfiguration`.
#[derive(Clone, Debug, PartialEq, Eq, Default, Serialize)]
pub struct RenditionConfiguration {
    /// `renditionSelection`: optional.
    #[serde(rename = "renditionSelection", skip_serializing_if = "Option::is_none")]
    pub rendition_selection: Option<RenditionConfigurationRenditionSelection>,
    /// `renditions`: optional.
    #[serde(rename = "renditions", skip_serializing_if = "Option::is_none")]
    pub renditions: Option<Vec<RenditionConfigurationRendition>>,
}

impl Structure for RenditionConfiguration {
    fn read(from: &mut Members<'_>) -> Option<Self> {
        let rendition_selection = from
            .optional("renditionSelection", &Word::<RenditionConfigurationRenditionSelection>(PhantomData));
        let renditions = from.optional("renditions", &RENDITION_CONFIGURATION_RENDITION_LIST);
        Some(Self { rendition_selection, renditions })
    }
}

/// `RenditionConfigurationRendition`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub enum RenditionConfigurationRendition {
    /// `"SD"`.
    #[serde(rename = "SD")]
    Sd,
    /// `"HD"`.
    #[serde(rename = "HD")]
    Hd,
    /// `"FULL_HD"`.
    #[serde(rename = "FULL_HD")]
    FullHd,
    /// `"LOWEST_RESOLUTION"`.
    #[serde(rename = "LOWEST_RESOLUTION")]
    LowestResolution,
}

impl RenditionConfigurationRendition {
    /// The word on the wire.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Sd => "SD",
            Self::Hd => "HD",
            Self::FullHd => "FULL_HD",
            Self::LowestResolution => "LOWEST_RESOLUTION",
        }
    }

    /// Reads the word on the wire; case counts.
    pub fn parse(word: &str) -> Option<Self> {
        match word {
            "SD" => Some(Self::Sd),
            "HD" => Some(Self::Hd),
            "FULL_HD" => Some(Self::FullHd),
            "LOWEST_RESOLUTION" => Some(Self::LowestResolution),
            _ => None,
        }
    }
}

impl Vocabulary for RenditionConfigurationRendition {
    const WORDS: &'static [&'static str] = &["SD", "HD", "FULL_HD", "LOWEST_RESOLUTION"];

    fn from_word(word: &str) -> Option<Self> {
        Self::parse(word)
    }
}

static RENDITION_CONFIGURATION_RENDITION_LIST: List<Word<RenditionConfigurationRendition>> =
    List { min: None, max: None, each: &Word::<RenditionConfigurationRendition>(PhantomData) };

/// `RenditionConfigurationRenditionSelection`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub enum RenditionConfigurationRenditionSelection {
    /// `"ALL"`.
    #[serde(rename = "ALL")]
    All,
    /// `"NONE"`.
    #[serde(rename = "NONE")]
    None,
    /// `"CUSTOM"`.
    #[serde(rename = "CUSTOM")]
    Custom,
}

impl RenditionConfigurationRenditionSelection {
    /// The word on the wire.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::All => "ALL",
            Self::None => "NONE",
            Self::Custom => "CUSTOM",
        }
    }

    /// Reads the word on the wire; case counts.
    pub fn parse(word: &str) -> Option<Self> {
        match word {
            "ALL" => Some(Self::All),
            "NONE" => Some(Self::None),
            "CUSTOM" => Some(Self::Custom),
            _ => None,
        }
    }
}

impl Vocabulary for RenditionConfigurationRenditionSelection {
    const WORDS: &'static [&'static str] = &["ALL", "NONE", "CUSTOM"];

    fn from_word(word: &str) -> Option<Self> {
        Self::parse(word)
    }
}

static RESOURCE_ARN: Text = Text { min: Some(1), max: Some(128), pattern: None };

static S3_DESTINATION_BUCKET_NAME: Text =
    Text { min: Some(3), max: Some(63), pattern: Some(Pattern::new("[a-z0-9-.]+")) };

/// `S3DestinationConfiguration`.
#[derive(Clone, Debug, PartialEq, Eq, Default, Serialize)]
pub struct S3DestinationConfiguration {
    /// `bucketName`: required, 3 to 63 characters, pattern `[a-z0-9-.]+`.
    #[serde(rename = "bucketName")]
    pub bucket_name: String,
}

impl Structure for S3DestinationConfiguration {
    fn read(from: &mut Members<'_>) -> Option<Self> {
        let bucket_name = from.required("bucketName", &S3_DESTINATION_BUCKET_NAME);
        Some(Self { bucket_name: bucket_name? })
    }
}

/// `Srt`.
#[derive(Clone, Debug, PartialEq, Eq, Default, Serialize)]
pub struct Srt {
    /// `endpoint`: optional.
    #[serde(rename = "endpoint", skip_serializing_if = "Option::is_none")]
    pub endpoint: Option<String>,
    /// `passphrase`: optional, sensitive.
    #[serde(rename = "passphrase", skip_serializing_if = "Option::is_none")]
    pub passphrase: Option<Sensitive<String>>,
}

/// `StartViewerSessionRevocationRequest`.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct StartViewerSessionRevocationRequest {
    /// `channelArn`: required, 1 to 128 characters, pattern `arn:aws:ivs:[a-z0-9-]+:[0-9]+:channel/[a-zA-Z0-9-]+`.
    pub channel_arn: String,
    /// `viewerId`: required, 1 to 40 characters.
    pub viewer_id: String,
    /// `viewerSessionVersionsLessThanOrEqualTo`: optional, at least 0.
    pub viewer_session_versions_less_than_or_equal_to: Option<i32>,
}

impl Structure for StartViewerSessionRevocationRequest {
    fn read(from: &mut Members<'_>) -> Option<Self> {
        let channel_arn = from.required("channelArn", &CHANNEL_ARN);
        let viewer_id = from.required("viewerId", &VIEWER_ID);
        let viewer_session_versions_less_than_or_equal_to =
            from.optional("viewerSessionVersionsLessThanOrEqualTo", &VIEWER_SESSION_VERSION);
        Some(Self {
            channel_arn: channel_arn?,
            viewer_id: viewer_id?,
            viewer_session_versions_less_than_or_equal_to,
        })
    }
}

/// `StartViewerSessionRevocationResponse`.
#[derive(Clone, Debug, PartialEq, Eq, Default, Serialize)]
pub struct StartViewerSessionRevocationResponse {}

/// `StopStreamRequest`.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct StopStreamRequest {
    /// `channelArn`: required, 1 to 128 characters, pattern `arn:aws:ivs:[a-z0-9-]+:[0-9]+:channel/[a-zA-Z0-9-]+`.
    pub channel_arn: String,
}

impl Structure for StopStreamRequest {
    fn read(from: &mut Members<'_>) -> Option<Self> {
        let channel_arn = from.required("channelArn", &CHANNEL_ARN);
        Some(Self { channel_arn: channel_arn? })
    }
}

/// `StopStreamResponse`.
#[derive(Clone, Debug, PartialEq, Eq, Default, Serialize)]
pub struct StopStreamResponse {}

/// `Stream`.
#[derive(Clone, Debug, PartialEq, Eq, Default, Serialize)]
pub struct Stream {
    /// `channelArn`: optional, 1 to 128 characters, pattern `arn:aws:ivs:[a-z0-9-]+:[0-9]+:channel/[a-zA-Z0-9-]+`.
    #[serde(rename = "channelArn", skip_serializing_if = "Option::is_none")]
    pub channel_arn: Option<String>,
    /// `health`: optional.
    #[serde(rename = "health", skip_serializing_if = "Option::is_none")]
    pub health: Option<StreamHealth>,
    /// `playbackUrl`: optional.
    #[serde(rename = "playbackUrl", skip_serializing_if = "Option::is_none")]
    pub playback_url: Option<String>,
    /// `startTime`: optional.
    #[serde(rename = "startTime", skip_serializing_if = "Option::is_none")]
    pub start_time: Option<Timestamp>,
    /// `state`: optional.
    #[serde(rename = "state", skip_serializing_if = "Option::is_none")]
    pub state: Option<StreamState>,
    /// `streamId`: optional, 26 to 26 characters, pattern `st-[a-zA-Z0-9]+`.
    #[serde(rename = "streamId", skip_serializing_if = "Option::is_none")]
    pub stream_id: Option<String>,
    /// `viewerCount`: optional.
    #[serde(rename = "viewerCount", skip_serializing_if = "Option::is_none")]
    pub viewer_count: Option<i64>,
}

/// `StreamEvent`.
#[derive(Clone, Debug, PartialEq, Eq, Default, Serialize)]
pub struct StreamEvent {
    /// `code`: optional.
    #[serde(rename = "code", skip_serializing_if = "Option::is_none")]
    pub code: Option<String>,
    /// `eventTime`: optional.
    #[serde(rename = "eventTime", skip_serializing_if = "Option::is_none")]
    pub event_time: Option<Timestamp>,
    /// `name`: optional.
    #[serde(rename = "name", skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// `type`: optional.
    #[serde(rename = "type", skip_serializing_if = "Option::is_none")]
    pub r#type: Option<String>,
}

/// `StreamFilters`.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct StreamFilters {
    /// `health`: optional.
    pub health: Option<StreamHealth>,
}

impl Structure for StreamFilters {
    fn read(from: &mut Members<'_>) -> Option<Self> {
        let health = from.optional("health", &Word::<StreamHealth>(PhantomData));
        Some(Self { health })
    }
}

/// `StreamHealth`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub enum StreamHealth {
    /// `"HEALTHY"`.
    #[serde(rename = "HEALTHY")]
    Healthy,
    /// `"STARVING"`.
    #[serde(rename = "STARVING")]
    Starving,
    /// `"UNKNOWN"`.
    #[serde(rename = "UNKNOWN")]
    Unknown,
}

impl StreamHealth {
    /// The word on the wire.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Healthy => "HEALTHY",
            Self::Starving => "STARVING",
            Self::Unknown => "UNKNOWN",
        }
    }

    /// Reads the word on the wire; case counts.
    pub fn parse(word: &str) -> Option<Self> {
        match word {
            "HEALTHY" => Some(Self::Healthy),
            "STARVING" => Some(Self::Starving),
            "UNKNOWN" => Some(Self::Unknown),
            _ => None,
        }
    }
}

impl Vocabulary for StreamHealth {
    const WORDS: &'static [&'static str] = &["HEALTHY", "STARVING", "UNKNOWN"];

    fn from_word(word: &str) -> Option<Self> {
        Self::parse(word)
    }
}

static STREAM_ID: Text =
    Text { min: Some(26), max: Some(26), pattern: Some(Pattern::new("st-[a-zA-Z0-9]+")) };

/// `StreamKey`.
#[derive(Clone, Debug, PartialEq, Eq, Default, Serialize)]
pub struct StreamKey {
    /// `arn`: optional, 1 to 128 characters, pattern `arn:aws:ivs:[a-z0-9-]+:[0-9]+:stream-key/[a-zA-Z0-9-]+`.
    #[serde(rename = "arn", skip_serializing_if = "Option::is_none")]
    pub arn: Option<String>,
    /// `channelArn`: optional, 1 to 128 characters, pattern `arn:aws:ivs:[a-z0-9-]+:[0-9]+:channel/[a-zA-Z0-9-]+`.
    #[serde(rename = "channelArn", skip_serializing_if = "Option::is_none")]
    pub channel_arn: Option<String>,
    /// `tags`: optional, 0 to 50 entries.
    #[serde(rename = "tags", skip_serializing_if = "Option::is_none")]
    pub tags: Option<BTreeMap<String, String>>,
    /// `value`: optional, sensitive.
    #[serde(rename = "value", skip_serializing_if = "Option::is_none")]
    pub value: Option<Sensitive<String>>,
}

static STREAM_KEY_ARN: Text = Text {
    min: Some(1),
    max: Some(128),
    pattern: Some(Pattern::new("arn:aws:ivs:[a-z0-9-]+:[0-9]+:stream-key/[a-zA-Z0-9-]+")),
};

static STREAM_KEY_ARN_LIST: List<Text> = List { min: Some(1), max: Some(50), each: &STREAM_KEY_ARN };

/// `StreamKeySummary`.
#[derive(Clone, Debug, PartialEq, Eq, Default, Serialize)]
pub struct StreamKeySummary {
    /// `arn`: optional, 1 to 128 characters, pattern `arn:aws:ivs:[a-z0-9-]+:[0-9]+:stream-key/[a-zA-Z0-9-]+`.
    #[serde(rename = "arn", skip_serializing_if = "Option::is_none")]
    pub arn: Option<String>,
    /// `channelArn`: optional, 1 to 128 characters, pattern `arn:aws:ivs:[a-z0-9-]+:[0-9]+:channel/[a-zA-Z0-9-]+`.
    #[serde(rename = "channelArn", skip_serializing_if = "Option::is_none")]
    pub channel_arn: Option<String>,
    /// `tags`: optional, 0 to 50 entries.
    #[serde(rename = "tags", skip_serializing_if = "Option::is_none")]
    pub tags: Option<BTreeMap<String, String>>,
}

static STREAM_METADATA: Secret<Text> = Secret(Text { min: Some(1), max: None, pattern: None });

/// `StreamSession`.
#[derive(Clone, Debug, PartialEq, Eq, Default, Serialize)]
pub struct StreamSession {
    /// `channel`: optional.
    #[serde(rename = "channel", skip_serializing_if = "Option::is_none")]
    pub channel: Option<Channel>,
    /// `endTime`: optional.
    #[serde(rename = "endTime", skip_serializing_if = "Option::is_none")]
    pub end_time: Option<Timestamp>,
    /// `failoverSlateConfiguration`: optional.
    #[serde(rename = "failoverSlateConfiguration", skip_serializing_if = "Option::is_none")]
    pub failover_slate_configuration: Option<FailoverSlateConfiguration>,
    /// `ingestConfiguration`: optional.
    #[serde(rename = "ingestConfiguration", skip_serializing_if = "Option::is_none")]
    pub ingest_configuration: Option<IngestConfiguration>,
    /// `ingestConfigurations`: optional.
    #[serde(rename = "ingestConfigurations", skip_serializing_if = "Option::is_none")]
    pub ingest_configurations: Option<IngestConfigurations>,
    /// `recordingConfiguration`: optional.
    #[serde(rename = "recordingConfiguration", skip_serializing_if = "Option::is_none")]
    pub recording_configuration: Option<RecordingConfiguration>,
    /// `startTime`: optional.
    #[serde(rename = "startTime", skip_serializing_if = "Option::is_none")]
    pub start_time: Option<Timestamp>,
    /// `streamId`: optional, 26 to 26 characters, pattern `st-[a-zA-Z0-9]+`.
    #[serde(rename = "streamId", skip_serializing_if = "Option::is_none")]
    pub stream_id: Option<String>,
    /// `truncatedEvents`: optional, 0 to 500 elements.
    #[serde(rename = "truncatedEvents", skip_serializing_if = "Option::is_none")]
    pub truncated_events: Option<Vec<StreamEvent>>,
}

/// `StreamSessionSummary`.
#[derive(Clone, Debug, PartialEq, Eq, Default, Serialize)]
pub struct StreamSessionSummary {
    /// `endTime`: optional.
    #[serde(rename = "endTime", skip_serializing_if = "Option::is_none")]
    pub end_time: Option<Timestamp>,
    /// `hasErrorEvent`: optional.
    #[serde(rename = "hasErrorEvent", skip_serializing_if = "Option::is_none")]
    pub has_error_event: Option<bool>,
    /// `startTime`: optional.
    #[serde(rename = "startTime", skip_serializing_if = "Option::is_none")]
    pub start_time: Option<Timestamp>,
    /// `streamId`: optional, 26 to 26 characters, pattern `st-[a-zA-Z0-9]+`.
    #[serde(rename = "streamId", skip_serializing_if = "Option::is_none")]
    pub stream_id: Option<String>,
}

/// `StreamState`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub enum StreamState {
    /// `"LIVE"`.
    #[serde(rename = "LIVE")]
    Live,
    /// `"OFFLINE"`.
    #[serde(rename = "OFFLINE")]
    Offline,
}

impl StreamState {
    /// The word on the wire.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Live => "LIVE",
            Self::Offline => "OFFLINE",
        }
    }

    /// Reads the word on the wire; case counts.
    pub fn parse(word: &str) -> Option<Self> {
        match word {
            "LIVE" => Some(Self::Live),
            "OFFLINE" => Some(Self::Offline),
            _ => None,
        }
    }
}

/// `StreamSummary`.
#[derive(Clone, Debug, PartialEq, Eq, Default, Serialize)]
pub struct StreamSummary {
    /// `channelArn`: optional, 1 to 128 characters, pattern `arn:aws:ivs:[a-z0-9-]+:[0-9]+:channel/[a-zA-Z0-9-]+`.
    #[serde(rename = "channelArn", skip_serializing_if = "Option::is_none")]
    pub channel_arn: Option<String>,
    /// `health`: optional.
    #[serde(rename = "health", skip_serializing_if = "Option::is_none")]
    pub health: Option<StreamHealth>,
    /// `startTime`: optional.
    #[serde(rename = "startTime", skip_serializing_if = "Option::is_none")]
    pub start_time: Option<Timestamp>,
    /// `state`: optional.
    #[serde(rename = "state", skip_serializing_if = "Option::is_none")]
    pub state: Option<StreamState>,
    /// `streamId`: optional, 26 to 26 characters, pattern `st-[a-zA-Z0-9]+`.
    #[serde(rename = "streamId", skip_serializing_if = "Option::is_none")]
    pub stream_id: Option<String>,
    /// `viewerCount`: optional.
    #[serde(rename = "viewerCount", skip_serializing_if = "Option::is_none")]
    pub viewer_count: Option<i64>,
}

static TAG_KEY: Text =
    Text { min: Some(1), max: Some(128), pattern: Some(Pattern::new(r#"([\p{L}\p{Z}\p{N}_.:/=+\-@]+)"#)) };

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

static TAG_VALUE: Text =
    Text { min: Some(0), max: Some(256), pattern: Some(Pattern::new(r#"([\p{L}\p{Z}\p{N}_.:/=+\-@]*)"#)) };

static TAGS: Dictionary<Text> = Dictionary { min: Some(0), max: Some(50), key: &TAG_KEY, value: &TAG_VALUE };

static TARGET_INTERVAL_SECONDS: Number<i64> = Number { min: Some(1), max: Some(60), width: PhantomData };

/// `ThumbnailConfiguration`.
#[derive(Clone, Debug, PartialEq, Eq, Default, Serialize)]
pub struct ThumbnailConfiguration {
    /// `recordingMode`: optional.
    #[serde(rename = "recordingMode", skip_serializing_if = "Option::is_none")]
    pub recording_mode: Option<RecordingMode>,
    /// `resolution`: optional.
    #[serde(rename = "resolution", skip_serializing_if = "Option::is_none")]
    pub resolution: Option<ThumbnailConfigurationResolution>,
    /// `storage`: optional.
    #[serde(rename = "storage", skip_serializing_if = "Option::is_none")]
    pub storage: Option<Vec<ThumbnailConfigurationStorage>>,
    /// `targetIntervalSeconds`: optional, 1 to 60.
    #[serde(rename = "targetIntervalSeconds", skip_serializing_if = "Option::is_none")]
    pub target_interval_seconds: Option<i64>,
}

impl Structure for ThumbnailConfiguration {
    fn read(from: &mut Members<'_>) -> Option<Self> {
        let recording_mode = from.optional("recordingMode", &Word::<RecordingMode>(PhantomData));
        let resolution = from.optional("resolution", &Word::<ThumbnailConfigurationResolution>(PhantomData));
        let storage = from.optional("storage", &THUMBNAIL_CONFIGURATION_STORAGE_LIST);
        let target_interval_seconds = from.optional("targetIntervalSeconds", &TARGET_INTERVAL_SECONDS);
        Some(Self { recording_mode, resolution, storage, target_interval_seconds })
    }
}

/// `ThumbnailConfigurationResolution`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub enum ThumbnailConfigurationResolution {
    /// `"SD"`.
    #[serde(rename = "SD")]
    Sd,
    /// `"HD"`.
    #[serde(rename = "HD")]
    Hd,
    /// `"FULL_HD"`.
    #[serde(rename = "FULL_HD")]
    FullHd,
    /// `"LOWEST_RESOLUTION"`.
    #[serde(rename = "LOWEST_RESOLUTION")]
    LowestResolution,
}

impl ThumbnailConfigurationResolution {
    /// The word on the wire.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Sd => "SD",
            Self::Hd => "HD",
            Self::FullHd => "FULL_HD",
            Self::LowestResolution => "LOWEST_RESOLUTION",
        }
    }

    /// Reads the word on the wire; case counts.
    pub fn parse(word: &str) -> Option<Self> {
        match word {
            "SD" => Some(Self::Sd),
            "HD" => Some(Self::Hd),
            "FULL_HD" => Some(Self::FullHd),
            "LOWEST_RESOLUTION" => Some(Self::LowestResolution),
            _ => None,
        }
    }
}

impl Vocabulary for ThumbnailConfigurationResolution {
    const WORDS: &'static [&'static str] = &["SD", "HD", "FULL_HD", "LOWEST_RESOLUTION"];

    fn from_word(word: &str) -> Option<Self> {
        Self::parse(word)
    }
}

/// `ThumbnailConfigurationStorage`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub enum ThumbnailConfigurationStorage {
    /// `"SEQUENTIAL"`.
    #[serde(rename = "SEQUENTIAL")]
    Sequential,
    /// `"LATEST"`.
    #[serde(rename = "LATEST")]
    Latest,
}

impl ThumbnailConfigurationStorage {
    /// The word on the wire.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Sequential => "SEQUENTIAL",
            Self::Latest => "LATEST",
        }
    }

    /// Reads the word on the wire; case counts.
    pub fn parse(word: &str) -> Option<Self> {
        match word {
            "SEQUENTIAL" => Some(Self::Sequential),
            "LATEST" => Some(Self::Latest),
            _ => None,
        }
    }
}

impl Vocabulary for ThumbnailConfigurationStorage {
    const WORDS: &'static [&'static str] = &["SEQUENTIAL", "LATEST"];

    fn from_word(word: &str) -> Option<Self> {
        Self::parse(word)
    }
}

static THUMBNAIL_CONFIGURATION_STORAGE_LIST: List<Word<ThumbnailConfigurationStorage>> =
    List { min: None, max: None, each: &Word::<ThumbnailConfigurationStorage>(PhantomData) };

/// `TranscodePreset`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub enum TranscodePreset {
    /// `""`.
    #[serde(rename = "")]
    Unset,
    /// `"HIGHER_BANDWIDTH_DELIVERY"`.
    #[serde(rename = "HIGHER_BANDWIDTH_DELIVERY")]
    HigherBandwidthDelivery,
    /// `"CONSTRAINED_BANDWIDTH_DELIVERY"`.
    #[serde(rename = "CONSTRAINED_BANDWIDTH_DELIVERY")]
    ConstrainedBandwidthDelivery,
}

impl TranscodePreset {
    /// The word on the wire.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Unset => "",
            Self::HigherBandwidthDelivery => "HIGHER_BANDWIDTH_DELIVERY",
            Self::ConstrainedBandwidthDelivery => "CONSTRAINED_BANDWIDTH_DELIVERY",
        }
    }

    /// Reads the word on the wire; case counts.
    pub fn parse(word: &str) -> Option<Self> {
        match word {
            "" => Some(Self::Unset),
            "HIGHER_BANDWIDTH_DELIVERY" => Some(Self::HigherBandwidthDelivery),
            "CONSTRAINED_BANDWIDTH_DELIVERY" => Some(Self::ConstrainedBandwidthDelivery),
            _ => None,
        }
    }
}

impl Vocabulary for TranscodePreset {
    const WORDS: &'static [&'static str] = &["HIGHER_BANDWIDTH_DELIVERY", "CONSTRAINED_BANDWIDTH_DELIVERY"];

    fn from_word(word: &str) -> Option<Self> {
        Self::parse(word)
    }
}

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

/// `UpdateChannelRequest`.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct UpdateChannelRequest {
    /// `adConfigurationArn`: optional, 0 to 128 characters, pattern `^$|^arn:aws:ivs:[a-z0-9-]+:[0-9]+:ad-configuration/[a-zA-Z0-9-]+$`.
    pub ad_configuration_arn: Option<String>,
    /// `arn`: required, 1 to 128 characters, pattern `arn:aws:ivs:[a-z0-9-]+:[0-9]+:channel/[a-zA-Z0-9-]+`.
    pub arn: String,
    /// `authorized`: optional.
    pub authorized: Option<bool>,
    /// `containerFormat`: optional.
    pub container_format: Option<ContainerFormat>,
    /// `failoverSlateConfigurationArn`: optional, 0 to 128 characters, pattern `^$|^arn:aws:ivs:[a-z0-9-]+:[0-9]+:failover-slate-configuration/[a-zA-Z0-9-]+$`.
    pub failover_slate_configuration_arn: Option<String>,
    /// `insecureIngest`: optional.
    pub insecure_ingest: Option<bool>,
    /// `latencyMode`: optional.
    pub latency_mode: Option<ChannelLatencyMode>,
    /// `multitrackInputConfiguration`: optional.
    pub multitrack_input_configuration: Option<MultitrackInputConfiguration>,
    /// `name`: optional, 0 to 128 characters, pattern `[a-zA-Z0-9-_]*`.
    pub name: Option<String>,
    /// `playbackRestrictionPolicyArn`: optional, 0 to 128 characters, pattern `^$|^arn:aws:ivs:[a-z0-9-]+:[0-9]+:playback-restriction-policy/[a-zA-Z0-9-]+$`.
    pub playback_restriction_policy_arn: Option<String>,
    /// `preset`: optional.
    pub preset: Option<TranscodePreset>,
    /// `recordingConfigurationArn`: optional, 0 to 128 characters, pattern `^$|^arn:aws:ivs:[a-z0-9-]+:[0-9]+:recording-configuration/[a-zA-Z0-9-]+$`.
    pub recording_configuration_arn: Option<String>,
    /// `type`: optional.
    pub r#type: Option<ChannelType>,
}

impl Structure for UpdateChannelRequest {
    fn read(from: &mut Members<'_>) -> Option<Self> {
        let ad_configuration_arn = from.optional("adConfigurationArn", &CHANNEL_AD_CONFIGURATION_ARN);
        let arn = from.required("arn", &CHANNEL_ARN);
        let authorized = from.optional("authorized", &Flag);
        let container_format = from.optional("containerFormat", &Word::<ContainerFormat>(PhantomData));
        let failover_slate_configuration_arn =
            from.optional("failoverSlateConfigurationArn", &CHANNEL_FAILOVER_SLATE_CONFIGURATION_ARN);
        let insecure_ingest = from.optional("insecureIngest", &Flag);
        let latency_mode = from.optional("latencyMode", &Word::<ChannelLatencyMode>(PhantomData));
        let multitrack_input_configuration = from
            .optional("multitrackInputConfiguration", &Nested::<MultitrackInputConfiguration>(PhantomData));
        let name = from.optional("name", &CHANNEL_NAME);
        let playback_restriction_policy_arn =
            from.optional("playbackRestrictionPolicyArn", &CHANNEL_PLAYBACK_RESTRICTION_POLICY_ARN);
        let preset = from.optional("preset", &Word::<TranscodePreset>(PhantomData));
        let recording_configuration_arn =
            from.optional("recordingConfigurationArn", &CHANNEL_RECORDING_CONFIGURATION_ARN);
        let r#type = from.optional("type", &Word::<ChannelType>(PhantomData));
        Some(Self {
            ad_configuration_arn,
            arn: arn?,
            authorized,
            container_format,
            failover_slate_configuration_arn,
            insecure_ingest,
            latency_mode,
            multitrack_input_configuration,
            name,
            playback_restriction_policy_arn,
            preset,
            recording_configuration_arn,
            r#type,
        })
    }
}

/// `UpdateChannelResponse`.
#[derive(Clone, Debug, PartialEq, Eq, Default, Serialize)]
pub struct UpdateChannelResponse {
    /// `channel`: optional.
    #[serde(rename = "channel", skip_serializing_if = "Option::is_none")]
    pub channel: Option<Channel>,
}

/// `UpdatePlaybackRestrictionPolicyRequest`.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct UpdatePlaybackRestrictionPolicyRequest {
    /// `allowedCountries`: optional.
    pub allowed_countries: Option<Vec<String>>,
    /// `allowedOrigins`: optional.
    pub allowed_origins: Option<Vec<String>>,
    /// `arn`: required, 1 to 128 characters, pattern `arn:aws:ivs:[a-z0-9-]+:[0-9]+:playback-restriction-policy/[a-zA-Z0-9-]+`.
    pub arn: String,
    /// `enableStrictOriginEnforcement`: optional.
    pub enable_strict_origin_enforcement: Option<bool>,
    /// `name`: optional, 0 to 128 characters, pattern `[a-zA-Z0-9-_]*`.
    pub name: Option<String>,
}

impl Structure for UpdatePlaybackRestrictionPolicyRequest {
    fn read(from: &mut Members<'_>) -> Option<Self> {
        let allowed_countries =
            from.optional("allowedCountries", &PLAYBACK_RESTRICTION_POLICY_ALLOWED_COUNTRY_LIST);
        let allowed_origins =
            from.optional("allowedOrigins", &PLAYBACK_RESTRICTION_POLICY_ALLOWED_ORIGIN_LIST);
        let arn = from.required("arn", &PLAYBACK_RESTRICTION_POLICY_ARN);
        let enable_strict_origin_enforcement = from.optional("enableStrictOriginEnforcement", &Flag);
        let name = from.optional("name", &PLAYBACK_RESTRICTION_POLICY_NAME);
        Some(Self { allowed_countries, allowed_origins, arn: arn?, enable_strict_origin_enforcement, name })
    }
}

/// `UpdatePlaybackRestrictionPolicyResponse`.
#[derive(Clone, Debug, PartialEq, Eq, Default, Serialize)]
pub struct UpdatePlaybackRestrictionPolicyResponse {
    /// `playbackRestrictionPolicy`: optional.
    #[serde(rename = "playbackRestrictionPolicy", skip_serializing_if = "Option::is_none")]
    pub playback_restriction_policy: Option<PlaybackRestrictionPolicy>,
}

/// `VideoConfiguration`.
#[derive(Clone, Debug, PartialEq, Eq, Default, Serialize)]
pub struct VideoConfiguration {
    /// `avcLevel`: optional.
    #[serde(rename = "avcLevel", skip_serializing_if = "Option::is_none")]
    pub avc_level: Option<String>,
    /// `avcProfile`: optional.
    #[serde(rename = "avcProfile", skip_serializing_if = "Option::is_none")]
    pub avc_profile: Option<String>,
    /// `codec`: optional.
    #[serde(rename = "codec", skip_serializing_if = "Option::is_none")]
    pub codec: Option<String>,
    /// `encoder`: optional.
    #[serde(rename = "encoder", skip_serializing_if = "Option::is_none")]
    pub encoder: Option<String>,
    /// `level`: optional.
    #[serde(rename = "level", skip_serializing_if = "Option::is_none")]
    pub level: Option<String>,
    /// `profile`: optional.
    #[serde(rename = "profile", skip_serializing_if = "Option::is_none")]
    pub profile: Option<String>,
    /// `targetBitrate`: optional.
    #[serde(rename = "targetBitrate", skip_serializing_if = "Option::is_none")]
    pub target_bitrate: Option<i64>,
    /// `targetFramerate`: optional.
    #[serde(rename = "targetFramerate", skip_serializing_if = "Option::is_none")]
    pub target_framerate: Option<i64>,
    /// `track`: optional.
    #[serde(rename = "track", skip_serializing_if = "Option::is_none")]
    pub track: Option<String>,
    /// `videoHeight`: optional.
    #[serde(rename = "videoHeight", skip_serializing_if = "Option::is_none")]
    pub video_height: Option<i64>,
    /// `videoWidth`: optional.
    #[serde(rename = "videoWidth", skip_serializing_if = "Option::is_none")]
    pub video_width: Option<i64>,
}

static VIEWER_ID: Text = Text { min: Some(1), max: Some(40), pattern: None };

static VIEWER_SESSION_VERSION: Number<i32> = Number { min: Some(0), max: None, width: PhantomData };
