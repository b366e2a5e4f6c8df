//! What the operations on channels mean (API reference, `CreateChannel` to `ListChannels`).
//!
//! Promise: a channel that exists keeps all rules of its type, and came with a stream key.

use api::ivs::{
    BatchGetChannelRequest, BatchGetChannelResponse, CreateChannelRequest, CreateChannelResponse,
    DeleteChannelRequest, GetChannelRequest, GetChannelResponse, ListChannelsRequest, ListChannelsResponse,
    UpdateChannelRequest, UpdateChannelResponse,
};
use api::{ApiError, Call};
use domain::{
    Arn, Channel, ChannelType, ContainerFormat, LatencyMode, MultitrackInput, Preset, ResourceKind,
    StreamKey, Tags, alphanumeric,
};
use store::ChannelFilter;

use super::stream_keys;
use crate::error::{missing, refusal};
use crate::paging::List;
use crate::{Control, entropy, tags, tenant, views, words};

/// `ListChannels` without `maxResults`.
const PAGE: u32 = 100;

/// As long as the one in the vendor's sample; SRT allows 10 to 79.
const PASSPHRASE: usize = 69;

pub(super) async fn create(
    control: &Control,
    call: &Call,
    input: CreateChannelRequest,
) -> Result<CreateChannelResponse, ApiError> {
    let channel = compose(control.mint(call, ResourceKind::Channel), input)?;
    let key = stream_keys::mint(control, call, channel.arn.clone(), Tags::new());
    control.store.create_channel(&channel, &key, control.limits.channels).await.map_err(refusal)?;
    tracing::info!(channel = %channel.arn, "channel created");
    Ok(answer(control, channel, key))
}

pub(super) async fn delete(
    control: &Control,
    call: &Call,
    input: DeleteChannelRequest,
) -> Result<(), ApiError> {
    let channel = find(control, call, &input.arn).await?;
    if control.hub.broadcast(&channel.arn).is_some() {
        return Err(ApiError::Conflict(format!("Channel: {} is currently online", channel.arn)));
    }
    control.store.delete_channel(&tenant(call), &channel.arn).await.map_err(refusal)?;
    tracing::info!(channel = %channel.arn, "channel deleted");
    // Somebody may have gone on air between the question and the commit, with a key that was still good.
    if let Some(broadcast) = control.hub.broadcast(&channel.arn) {
        broadcast.request_stop();
    }
    Ok(())
}

pub(super) async fn get(
    control: &Control,
    call: &Call,
    input: GetChannelRequest,
) -> Result<GetChannelResponse, ApiError> {
    let channel = find(control, call, &input.arn).await?;
    Ok(GetChannelResponse { channel: Some(control.endpoints.channel(channel)) })
}

pub(super) async fn list(
    control: &Control,
    call: &Call,
    input: ListChannelsRequest,
) -> Result<ListChannelsResponse, ApiError> {
    let (tenant, filter) = (tenant(call), Filter::of(&input)?);
    let list = List { operation: "ListChannels", tenant: &tenant, about: &filter.about };
    let request = control.tokens.request(&list, input.next_token.as_deref(), input.max_results, PAGE)?;
    let Some(rows) = &filter.rows else {
        return Ok(ListChannelsResponse::default());
    };
    let page = control.store.channels(&tenant, rows, request).await.map_err(refusal)?;
    Ok(ListChannelsResponse {
        channels: page.items.into_iter().map(views::channel_summary).collect(),
        next_token: page.next.map(|position| control.tokens.seal(&list, position)),
    })
}

pub(super) async fn batch_get(
    _control: &Control,
    _call: &Call,
    _input: BatchGetChannelRequest,
) -> Result<BatchGetChannelResponse, ApiError> {
    Err(ApiError::UnknownOperation)
}

pub(super) async fn update(
    _control: &Control,
    _call: &Call,
    _input: UpdateChannelRequest,
) -> Result<UpdateChannelResponse, ApiError> {
    Err(ApiError::UnknownOperation)
}

/// The caller's channel of this name. One of another account or region is not found either.
pub(super) async fn find(control: &Control, call: &Call, arn: &str) -> Result<Channel, ApiError> {
    let name = Arn::parse(arn).map_err(|_| missing(arn))?;
    let found = control.store.channel(&tenant(call), &name).await.map_err(refusal)?;
    found.ok_or_else(|| missing(arn))
}

fn answer(control: &Control, channel: Channel, key: StreamKey) -> CreateChannelResponse {
    CreateChannelResponse {
        channel: Some(control.endpoints.channel(channel)),
        stream_key: Some(views::stream_key(key)),
    }
}

/// The channel that the caller asks for, with the defaults of what was left out.
fn compose(arn: Arn, input: CreateChannelRequest) -> Result<Channel, ApiError> {
    let channel_type = input.r#type.map_or(ChannelType::Standard, words::channel_type);
    let container_format = input.container_format.map_or(ContainerFormat::Ts, words::container_format);
    let preset = preset(channel_type, input.preset.and_then(words::preset))?;
    let multitrack_input = multitrack_input(channel_type, &input)?;
    refuse_advertising_in_mp4(container_format, &input)?;
    let tags = tags::checked(input.tags.clone())?;
    refuse_attachments(&input)?;
    Ok(Channel {
        arn,
        name: input.name.unwrap_or_default(),
        latency_mode: input.latency_mode.map_or(LatencyMode::Low, words::latency_mode),
        channel_type,
        preset,
        authorized: input.authorized.unwrap_or(false),
        insecure_ingest: input.insecure_ingest.unwrap_or(false),
        container_format,
        multitrack_input,
        recording_configuration: None,
        playback_restriction_policy: None,
        srt_passphrase: alphanumeric(PASSPHRASE, &mut entropy::fill),
        tags,
    })
}

/// Presets are for the ADVANCED types, which always have one.
fn preset(channel_type: ChannelType, asked: Option<Preset>) -> Result<Option<Preset>, ApiError> {
    match channel_type {
        ChannelType::AdvancedSd | ChannelType::AdvancedHd => {
            Ok(Some(asked.unwrap_or(Preset::HigherBandwidth)))
        }
        ChannelType::Basic | ChannelType::Standard if asked.is_some() => Err(ApiError::validation(format!(
            "preset: can be set only for channel types ADVANCED_HD and ADVANCED_SD, not {}",
            channel_type.as_str()
        ))),
        ChannelType::Basic | ChannelType::Standard => Ok(None),
    }
}

/// Enabling it needs type STANDARD, container FRAGMENTED_MP4, and both other members said (API reference,
/// `MultitrackInputConfiguration`).
fn multitrack_input(
    channel_type: ChannelType,
    input: &CreateChannelRequest,
) -> Result<MultitrackInput, ApiError> {
    let Some(asked) = &input.multitrack_input_configuration else {
        return Ok(MultitrackInput::default());
    };
    let enabled = asked.enabled.unwrap_or(false);
    let unmet = [
        (channel_type == ChannelType::Standard, "type STANDARD"),
        (
            input.container_format == Some(api::ivs::ContainerFormat::FragmentedMp4),
            "containerFormat FRAGMENTED_MP4",
        ),
        (asked.policy.is_some(), "a policy"),
        (asked.maximum_resolution.is_some(), "a maximumResolution"),
    ]
    .into_iter()
    .find(|(met, _)| !met);
    if let Some((_, rule)) = unmet.filter(|_| enabled) {
        return Err(ApiError::validation(format!(
            "multitrackInputConfiguration: enabled multitrack input needs {rule}"
        )));
    }
    let default = MultitrackInput::default();
    Ok(MultitrackInput {
        enabled,
        policy: asked.policy.map_or(default.policy, words::multitrack_policy),
        maximum_resolution: asked
            .maximum_resolution
            .map_or(default.maximum_resolution, words::multitrack_resolution),
    })
}

fn refuse_advertising_in_mp4(
    container_format: ContainerFormat,
    input: &CreateChannelRequest,
) -> Result<(), ApiError> {
    let advertising = given(input.ad_configuration_arn.as_deref()).is_some();
    if advertising && container_format == ContainerFormat::FragmentedMp4 {
        return Err(ApiError::validation(
            "adConfigurationArn: cannot be used together with containerFormat FRAGMENTED_MP4",
        ));
    }
    Ok(())
}

/// What can be attached to a channel can't be made yet, so no name of it is found.
fn refuse_attachments(input: &CreateChannelRequest) -> Result<(), ApiError> {
    let attachments = [
        &input.recording_configuration_arn,
        &input.playback_restriction_policy_arn,
        &input.ad_configuration_arn,
        &input.failover_slate_configuration_arn,
    ];
    match attachments.into_iter().find_map(|arn| given(arn.as_deref())) {
        Some(arn) => Err(missing(arn)),
        None => Ok(()),
    }
}

/// On the wire "" is as good as nothing.
fn given(text: Option<&str>) -> Option<&str> {
    text.filter(|text| !text.is_empty())
}

/// Which channels are listed.
struct Filter {
    /// `None`: what is filtered by can't exist, so no channel has it.
    rows: Option<ChannelFilter>,
    /// Tells this filter from every other one, for the page token.
    about: String,
}

impl Filter {
    /// At most one may be given (API reference, `ListChannels`).
    fn of(input: &ListChannelsRequest) -> Result<Self, ApiError> {
        let filters = [
            ("filterByName", &input.filter_by_name),
            ("filterByRecordingConfigurationArn", &input.filter_by_recording_configuration_arn),
            ("filterByPlaybackRestrictionPolicyArn", &input.filter_by_playback_restriction_policy_arn),
            ("filterByAdConfigurationArn", &input.filter_by_ad_configuration_arn),
            ("filterByFailoverSlateConfigurationArn", &input.filter_by_failover_slate_configuration_arn),
        ];
        let mut filters =
            filters.into_iter().filter_map(|(member, value)| Some((member, given(value.as_deref())?)));
        let Some((member, value)) = filters.next() else {
            return Ok(Self { rows: Some(ChannelFilter::All), about: String::new() });
        };
        if let Some((second, _)) = filters.next() {
            return Err(ApiError::Conflict(format!(
                "Filters are mutually exclusive: {member} and {second} cannot be used together"
            )));
        }
        let named = (member == "filterByName").then(|| ChannelFilter::Named(value.to_owned()));
        Ok(Self { rows: named, about: format!("{member}={value}") })
    }
}
