//! The shapes of the served operations, with their bounds.
//!
//! Promise: an input exists only with every bound of the model met.
//!
//! Generated from the public model of `ivs` in botocore 1.44.5; do not edit.
//! To make it anew: `cargo run -p xtask -- generate`.

use std::collections::BTreeMap;
use std::marker::PhantomData;

use serde::Serialize;

use crate::rule::{Dictionary, Flag, Members, Nested, Number, Pattern, Structure, Text, Vocabulary, Word};
use crate::sensitive::Sensitive;

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

static MAX_CHANNEL_RESULTS: Number<i32> = Number { min: Some(1), max: Some(100), width: PhantomData };

static MAX_STREAM_KEY_RESULTS: Number<i32> = Number { min: Some(1), max: Some(50), width: PhantomData };

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

static TAG_KEY: Text =
    Text { min: Some(1), max: Some(128), pattern: Some(Pattern::new(r#"([\p{L}\p{Z}\p{N}_.:/=+\-@]+)"#)) };

static TAG_VALUE: Text =
    Text { min: Some(0), max: Some(256), pattern: Some(Pattern::new(r#"([\p{L}\p{Z}\p{N}_.:/=+\-@]*)"#)) };

static TAGS: Dictionary<Text> = Dictionary { min: Some(0), max: Some(50), key: &TAG_KEY, value: &TAG_VALUE };

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
