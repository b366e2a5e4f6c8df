//! What a channel may be: the rules between its members.
//!
//! Promise: the same rules on create and update, and on update they hold for the channel as it would be
//! afterwards, not for the members that happen to be in the request.

use api::ApiError;
use api::ivs as wire;
use domain::{Arn, Channel, ChannelType, ContainerFormat, MultitrackInput, Preset, ResourceKind};

use super::super::set;
use crate::error::missing;
use crate::words;

/// What a caller asks of a channel. What is `None` stays as it is.
pub(super) struct Wishes {
    name: Option<String>,
    latency_mode: Option<wire::ChannelLatencyMode>,
    channel_type: Option<wire::ChannelType>,
    preset: Option<wire::TranscodePreset>,
    authorized: Option<bool>,
    insecure_ingest: Option<bool>,
    container_format: Option<wire::ContainerFormat>,
    multitrack_input: Option<wire::MultitrackInputConfiguration>,
    recording_configuration: Option<String>,
    playback_restriction_policy: Option<String>,
    ad_configuration: Option<String>,
    failover_slate_configuration: Option<String>,
}

/// Both requests ask for the same under the same names.
macro_rules! wishes_of {
    ($($request:ident),+) => {$(
        impl From<wire::$request> for Wishes {
            fn from(input: wire::$request) -> Self {
                Self {
                    name: input.name,
                    latency_mode: input.latency_mode,
                    channel_type: input.r#type,
                    preset: input.preset,
                    authorized: input.authorized,
                    insecure_ingest: input.insecure_ingest,
                    container_format: input.container_format,
                    multitrack_input: input.multitrack_input_configuration,
                    recording_configuration: input.recording_configuration_arn,
                    playback_restriction_policy: input.playback_restriction_policy_arn,
                    ad_configuration: input.ad_configuration_arn,
                    failover_slate_configuration: input.failover_slate_configuration_arn,
                }
            }
        }
    )+};
}

wishes_of!(CreateChannelRequest, UpdateChannelRequest);

impl Wishes {
    /// Changes the channel, unless the result would break a rule. Whether what it gets attached to exists
    /// is not asked here.
    pub(super) fn apply(self, channel: &mut Channel) -> Result<(), ApiError> {
        set(&mut channel.channel_type, self.channel_type.map(words::channel_type));
        set(&mut channel.container_format, self.container_format.map(words::container_format));
        channel.preset = preset(channel, self.preset)?;
        channel.multitrack_input = multitrack_input(channel, self.multitrack_input.as_ref())?;
        let [ad, slate] = [&self.ad_configuration, &self.failover_slate_configuration].map(given);
        refuse_advertising_in_mp4(channel, ad)?;
        refuse_what_cannot_exist(ad.or(slate))?;
        attach(
            &mut channel.recording_configuration,
            self.recording_configuration.as_deref(),
            ResourceKind::RecordingConfiguration,
        )?;
        attach(
            &mut channel.playback_restriction_policy,
            self.playback_restriction_policy.as_deref(),
            ResourceKind::PlaybackRestrictionPolicy,
        )?;
        set(&mut channel.name, self.name);
        set(&mut channel.latency_mode, self.latency_mode.map(words::latency_mode));
        set(&mut channel.authorized, self.authorized);
        set(&mut channel.insecure_ingest, self.insecure_ingest);
        Ok(())
    }
}

/// On the wire "" is as good as nothing.
fn given(text: &Option<String>) -> Option<&str> {
    text.as_deref().filter(|text| !text.is_empty())
}

/// Presets are for the ADVANCED types, which always have one; "" asks for the default. A channel that
/// changes to another type loses its preset, as otherwise no change of type alone could succeed.
fn preset(channel: &Channel, wish: Option<wire::TranscodePreset>) -> Result<Option<Preset>, ApiError> {
    let named = wish.and_then(words::preset);
    match channel.channel_type {
        ChannelType::AdvancedSd | ChannelType::AdvancedHd => {
            let kept = channel.preset.filter(|_| wish.is_none());
            Ok(Some(named.or(kept).unwrap_or(Preset::HigherBandwidth)))
        }
        ChannelType::Basic | ChannelType::Standard if named.is_some() => Err(ApiError::validation(format!(
            "preset: can be set only for channel types ADVANCED_HD and ADVANCED_SD, not {}",
            channel.channel_type.as_str()
        ))),
        ChannelType::Basic | ChannelType::Standard => Ok(None),
    }
}

/// Enabled, it needs type STANDARD and container FRAGMENTED_MP4; who enables it must say both other members
/// (API reference, `MultitrackInputConfiguration`).
fn multitrack_input(
    channel: &Channel,
    wish: Option<&wire::MultitrackInputConfiguration>,
) -> Result<MultitrackInput, ApiError> {
    let mut input = channel.multitrack_input;
    let mut said = [true, true];
    if let Some(wish) = wish {
        set(&mut input.enabled, wish.enabled);
        set(&mut input.policy, wish.policy.map(words::multitrack_policy));
        set(&mut input.maximum_resolution, wish.maximum_resolution.map(words::multitrack_resolution));
        if wish.enabled == Some(true) {
            said = [wish.policy.is_some(), wish.maximum_resolution.is_some()];
        }
    }
    let [policy, resolution] = said;
    let unmet = [
        (channel.channel_type == ChannelType::Standard, "type STANDARD"),
        (channel.container_format == ContainerFormat::FragmentedMp4, "containerFormat FRAGMENTED_MP4"),
        (policy, "a policy"),
        (resolution, "a maximumResolution"),
    ]
    .into_iter()
    .find(|(met, _)| !met);
    match unmet.filter(|_| input.enabled) {
        Some((_, rule)) => Err(ApiError::validation(format!(
            "multitrackInputConfiguration: enabled multitrack input needs {rule}"
        ))),
        None => Ok(input),
    }
}

fn refuse_advertising_in_mp4(channel: &Channel, ad: Option<&str>) -> Result<(), ApiError> {
    if ad.is_some() && channel.container_format == ContainerFormat::FragmentedMp4 {
        return Err(ApiError::validation(
            "adConfigurationArn: cannot be used together with containerFormat FRAGMENTED_MP4",
        ));
    }
    Ok(())
}

/// Ad and failover slate configurations can't be made, so no name of one is found.
fn refuse_what_cannot_exist(arn: Option<&str>) -> Result<(), ApiError> {
    arn.map_or(Ok(()), |arn| Err(missing(arn)))
}

/// "" detaches.
fn attach(attached: &mut Option<Arn>, wish: Option<&str>, kind: ResourceKind) -> Result<(), ApiError> {
    let Some(wish) = wish else {
        return Ok(());
    };
    let name = |text| Arn::parse(text).ok().filter(|arn| arn.kind == kind).ok_or_else(|| missing(text));
    *attached = Some(wish).filter(|text| !text.is_empty()).map(name).transpose()?;
    Ok(())
}
