//! What the operations on channels mean (API reference, `CreateChannel` to `ListChannels`).
//!
//! Promise: a channel that exists keeps all rules of its type, and came with a stream key; one on air
//! stays as it is.

mod rules;

use api::ivs::{
    BatchGetChannelRequest, BatchGetChannelResponse, CreateChannelRequest, CreateChannelResponse,
    DeleteChannelRequest, GetChannelRequest, GetChannelResponse, ListChannelsRequest, ListChannelsResponse,
    UpdateChannelRequest, UpdateChannelResponse,
};
use api::{ApiError, Call};
use domain::{
    Arn, Channel, ChannelType, ContainerFormat, LatencyMode, MultitrackInput, ResourceKind, StreamKey, Tags,
    alphanumeric,
};
use store::ChannelFilter;

use super::{batches, stream_keys};
use crate::error::{Refused, missing, refusal};
use crate::paging::List;
use crate::{Control, entropy, tags, tenant, views};

use rules::Wishes;

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
    refuse_on_air(control, &channel.arn)?;
    refuse_elsewhere(control, call, &channel.arn).await?;
    control.store.delete_channel(&tenant(call), &channel.arn).await.map_err(refusal)?;
    tracing::info!(channel = %channel.arn, "channel deleted");
    stop_latecomer(control, &channel.arn);
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
    control: &Control,
    call: &Call,
    input: BatchGetChannelRequest,
) -> Result<BatchGetChannelResponse, ApiError> {
    let (tenant, mut channels, mut errors) = (tenant(call), Vec::new(), Vec::new());
    for arn in batches::each_once(input.arns) {
        match batches::found(&arn, async |name| control.store.channel(&tenant, name).await).await? {
            Some(channel) => channels.push(control.endpoints.channel(channel)),
            None => errors.push(batches::absent(arn)),
        }
    }
    Ok(BatchGetChannelResponse { channels: Some(channels), errors: Some(errors) })
}

pub(super) async fn update(
    control: &Control,
    call: &Call,
    input: UpdateChannelRequest,
) -> Result<UpdateChannelResponse, ApiError> {
    let name = Arn::parse(&input.arn).map_err(|_| missing(&input.arn))?;
    refuse_elsewhere(control, call, &name).await?;
    let mut changed = false;
    let revise = |channel: &mut Channel| {
        let before = channel.clone();
        refuse_on_air(control, &channel.arn)?;
        Wishes::from(input).apply(channel)?;
        changed = *channel != before;
        Ok::<_, Refused>(())
    };
    let channel = control.store.update_channel(&tenant(call), &name, revise).await?;
    if changed {
        tracing::info!(channel = %name, "channel updated");
        stop_latecomer(control, &name);
    }
    Ok(UpdateChannelResponse { channel: Some(control.endpoints.channel(channel)) })
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
fn compose(arn: Arn, mut input: CreateChannelRequest) -> Result<Channel, ApiError> {
    let tags = tags::checked(input.tags.take());
    let mut channel = Channel {
        arn,
        name: String::new(),
        latency_mode: LatencyMode::Low,
        channel_type: ChannelType::Standard,
        preset: None,
        authorized: false,
        insecure_ingest: false,
        container_format: ContainerFormat::Ts,
        multitrack_input: MultitrackInput::default(),
        recording_configuration: None,
        playback_restriction_policy: None,
        srt_passphrase: alphanumeric(PASSPHRASE, &mut entropy::fill),
        tags: Tags::new(),
    };
    Wishes::from(input).apply(&mut channel)?;
    channel.tags = tags?;
    Ok(channel)
}

fn refuse_on_air(control: &Control, channel: &Arn) -> Result<(), ApiError> {
    match control.hub.broadcast(channel) {
        Some(_) => Err(online(channel)),
        None => Ok(()),
    }
}

/// The same for what another node has on air of the caller's channel.
async fn refuse_elsewhere(control: &Control, call: &Call, channel: &Arn) -> Result<(), ApiError> {
    match control.session_elsewhere(&tenant(call), channel).await? {
        Some(_) => Err(online(channel)),
        None => Ok(()),
    }
}

fn online(channel: &Arn) -> ApiError {
    ApiError::Conflict(format!("Channel: {channel} is currently online").into())
}

/// Somebody may have gone on air between the question and the commit, with what the channel was before.
fn stop_latecomer(control: &Control, channel: &Arn) {
    if let Some(broadcast) = control.hub.broadcast(channel) {
        tracing::info!(%channel, "stopping a stream that began while its channel was changed");
        broadcast.request_stop();
    }
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
        let mut filters = filters.into_iter().filter_map(|(member, value)| {
            let value = value.as_deref().filter(|value| !value.is_empty())?;
            Some((member, value))
        });
        let Some((member, value)) = filters.next() else {
            return Ok(Self { rows: Some(ChannelFilter::All), about: String::new() });
        };
        if let Some((second, _)) = filters.next() {
            let text =
                format!("Filters are mutually exclusive: {member} and {second} cannot be used together");
            return Err(ApiError::Conflict(text.into()));
        }
        let rows = match member {
            "filterByName" => Some(ChannelFilter::Named(value.to_owned())),
            "filterByRecordingConfigurationArn" => Arn::parse(value).ok().map(ChannelFilter::RecordedBy),
            "filterByPlaybackRestrictionPolicyArn" => Arn::parse(value).ok().map(ChannelFilter::RestrictedBy),
            _ => None,
        };
        Ok(Self { rows, about: format!("{member}={value}") })
    }
}
