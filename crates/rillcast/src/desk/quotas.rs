//! `GET quotas`: what bounds the caller's account, and how near it is.
//!
//! Promise: every limit that there is is told with the number in force; how much of it is used is told where it can
//! be counted, by what the limit itself counts, and left out where it can't.

use std::sync::Arc;

use api::{Admitted, ApiError};
use domain::{Limit, Limits, ResourceKind};
use live::Broadcast;
use serde::Serialize;
use store::Tenant;

use super::{House, failed};

/// All limits.
#[derive(Debug, Serialize)]
pub(super) struct Quotas {
    /// The server that counts what is bounded on each server.
    node: String,
    quotas: Vec<Quota>,
}

/// One limit.
#[derive(Debug, Serialize)]
struct Quota {
    /// As the vendor's Service Quotas calls it, where it has it; else in its manner.
    name: &'static str,
    /// The setting that changes it.
    setting: &'static str,
    about: &'static str,
    limit: u32,
    /// As it is without that setting, in the profile `open` and in `aws`.
    open: u32,
    aws: u32,
    /// A rate of calls; else a number of things.
    rate: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    used: Option<u32>,
    /// The channel that is nearest, where each has a limit of its own.
    #[serde(skip_serializing_if = "Option::is_none")]
    at: Option<String>,
    /// Counted on this server alone.
    here: bool,
}

/// What is used of a limit.
#[derive(Debug, Default)]
struct Use {
    used: Option<u32>,
    at: Option<String>,
    here: bool,
}

/// The caller's limits.
pub(super) async fn quotas(house: &House, admitted: &Admitted) -> Result<Quotas, ApiError> {
    let call = &admitted.call;
    let tenant = Tenant { account: call.principal.account.clone(), region: call.region.clone() };
    let own = |broadcast: &Arc<Broadcast>| Tenant::of(broadcast.channel()) == tenant;
    let mut on_air = house.hub.on_air();
    on_air.retain(own);
    let mut limits = house.config.limits;
    let mut quotas = Vec::with_capacity(Limits::ALL.len());
    for Limit { key, open, aws, help } in Limits::ALL {
        let Some(limit) = limits.get_mut(key).copied() else { continue };
        let Use { used, at, here } = used(house, &tenant, &on_air, key).await?;
        quotas.push(Quota {
            name: name(key),
            setting: key,
            about: about(help),
            limit,
            open: *open,
            aws: *aws,
            rate: key.starts_with("rate_"),
            used,
            at,
            here,
        });
    }
    Ok(Quotas { node: house.node.clone(), quotas })
}

/// A help text without the numbers of the profiles.
fn about(help: &'static str) -> &'static str {
    help.split_once(" Profile open:").map_or(help, |(about, _)| about)
}

async fn used(house: &House, tenant: &Tenant, on_air: &[Arc<Broadcast>], key: &str) -> Result<Use, ApiError> {
    if let Some(kind) = kind(key) {
        let used = house.store.used(tenant, kind).await.map_err(failed)?;
        return Ok(Use { used: Some(used), ..Use::default() });
    }
    let viewers = |broadcast: &Arc<Broadcast>| broadcast.pulse().viewers();
    let here = |used: u32| Use { used: Some(used), at: None, here: true };
    Ok(match key {
        "quota_streams" => here(u32::try_from(on_air.len()).unwrap_or(u32::MAX)),
        "quota_viewers" => here(on_air.iter().map(viewers).fold(0, u32::saturating_add)),
        "quota_viewers_per_channel" => {
            let most = on_air.iter().max_by_key(|broadcast| viewers(broadcast));
            let at = most.map(|broadcast| broadcast.channel().to_string());
            Use { at, ..here(most.map_or(0, viewers)) }
        }
        "quota_chat_connections" => here(house.chat.connections(&tenant.account, &tenant.region)),
        _ => Use::default(),
    })
}

/// What is counted where it is made.
fn kind(key: &str) -> Option<ResourceKind> {
    Some(match key {
        "quota_channels" => ResourceKind::Channel,
        "quota_rooms" => ResourceKind::Room,
        "quota_recording_configurations" => ResourceKind::RecordingConfiguration,
        "quota_playback_key_pairs" => ResourceKind::PlaybackKeyPair,
        "quota_playback_restriction_policies" => ResourceKind::PlaybackRestrictionPolicy,
        "quota_logging_configurations" => ResourceKind::LoggingConfiguration,
        _ => return None,
    })
}

/// Source: user guides of both services, "Service quotas"; the general reference, "Amazon IVS endpoints and quotas".
fn name(key: &'static str) -> &'static str {
    match key {
        "quota_channels" => "Channels",
        "quota_stream_keys_per_channel" => "Stream keys per channel",
        "quota_streams" => "Concurrent streams",
        "quota_viewers" => "Concurrent views",
        "quota_viewers_per_channel" => "Concurrent views per channel",
        "quota_takeovers" => "Stream takeovers",
        "quota_ingest_bitrate" => "Ingest channel bitrate (STANDARD and ADVANCED)",
        "quota_ingest_bitrate_basic" => "Ingest channel bitrate (BASIC)",
        "quota_ingest_bitrate_basic_sd" => "Ingest channel bitrate (BASIC, 480p and below)",
        "quota_ingest_pixels" => "Ingest resolution, pixels",
        "quota_ingest_edge" => "Ingest resolution, longer edge",
        "quota_recording_configurations" => "Recording configurations",
        "quota_playback_key_pairs" => "Playback authorization key pairs",
        "quota_playback_restriction_policies" => "Playback restriction policies",
        "quota_countries_per_policy" => "Countries per playback restriction policy",
        "quota_origins_per_policy" => "Origins per playback restriction policy",
        "quota_rooms" => "Rooms",
        "quota_logging_configurations" => "Logging configurations",
        "quota_chat_connections" => "Concurrent chat connections",
        "rate_channels" => "Rate of channel requests",
        "rate_stream_keys" => "Rate of stream key requests",
        "rate_streams" => "Rate of stream requests",
        "rate_playback_restriction_policies" => "Rate of playback restriction policy requests",
        "rate_playback_key_pairs" => "Rate of playback key pair requests",
        "rate_recording_configurations" => "Rate of recording configuration requests",
        "rate_tags" => "Rate of tag requests",
        "rate_revocations" => "Rate of StartViewerSessionRevocation requests",
        "rate_revocation_batches" => "Rate of BatchStartViewerSessionRevocation requests",
        "rate_metadata" => "Rate of PutMetadata requests",
        "rate_metadata_per_channel" => "Rate of PutMetadata requests per channel",
        "rate_rooms" => "Rate of room requests",
        "rate_logging_configurations" => "Rate of logging configuration requests",
        "rate_chat_tokens" => "Rate of CreateChatToken requests",
        "rate_chat_events" => "Rate of SendEvent requests",
        "rate_chat_deletions" => "Rate of DeleteMessage requests",
        "rate_chat_disconnections" => "Rate of DisconnectUser requests",
        "rate_chat_messages" => "Rate of messaging requests across all rooms",
        "rate_chat_requests_per_connection" => "Rate of messaging requests per connection",
        // One that is new in the table: better its setting's name than none.
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_limit_has_a_name_for_people_and_a_text_without_numbers_of_profiles() {
        for limit in Limits::ALL {
            assert_ne!(name(limit.key), limit.key);
            assert!(!about(limit.help).contains("Profile"), "{}", limit.help);
        }
    }
}
