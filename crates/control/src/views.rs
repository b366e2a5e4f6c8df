//! Resources as the wire shows them.
//!
//! Promise: every member that a fresh resource of the real service has is there, an empty one as "" or
//! `{}`; a stream key's value only where the whole key is shown.

use api::{Timestamp, ivs as wire};
use domain::{
    Arn, Channel, MultitrackInput, PlaybackKeyPair, PlaybackRestrictionPolicy, RecordedRendition,
    RecordingConfiguration, RenditionSelection, SessionEvent, StreamKey, StreamSession, Thumbnails,
    from_unix_millis,
};

use crate::on_air::OnAir;
use crate::{ingest_configuration, words};

/// Where encoders and viewers go. Not stored with a channel: a server that moves shows its new address.
#[derive(Clone, Debug)]
pub(crate) struct Endpoints {
    ingest: String,
    srt: String,
    public_url: String,
}

impl Endpoints {
    pub(crate) fn new(ingest: String, srt: Option<String>, public_url: &str) -> Self {
        let srt = srt.unwrap_or_else(|| ingest.clone());
        Self { ingest, srt, public_url: public_url.trim_end_matches('/').to_owned() }
    }

    /// The path is the vendor's (user guide, "Getting started": the playback URL of a channel).
    fn playback_url(&self, channel: &Arn) -> String {
        let Arn { region, account, id, .. } = channel;
        format!("{}/api/video/v1/{region}.{account}.channel.{id}.m3u8", self.public_url)
    }

    pub(crate) fn channel(&self, channel: Channel) -> wire::Channel {
        wire::Channel {
            ad_configuration_arn: Some(String::new()),
            authorized: Some(channel.authorized),
            container_format: Some(words::wire_container_format(channel.container_format)),
            failover_slate_configuration_arn: Some(String::new()),
            ingest_endpoint: Some(self.ingest.clone()),
            insecure_ingest: Some(channel.insecure_ingest),
            latency_mode: Some(words::wire_latency_mode(channel.latency_mode)),
            multitrack_input_configuration: Some(multitrack_input(channel.multitrack_input)),
            name: Some(channel.name),
            playback_restriction_policy_arn: Some(attached(channel.playback_restriction_policy.as_ref())),
            playback_url: Some(self.playback_url(&channel.arn)),
            preset: Some(words::wire_preset(channel.preset)),
            recording_configuration_arn: Some(attached(channel.recording_configuration.as_ref())),
            srt: Some(wire::Srt {
                endpoint: Some(self.srt.clone()),
                passphrase: Some(channel.srt_passphrase.into()),
            }),
            tags: Some(channel.tags),
            r#type: Some(words::wire_channel_type(channel.channel_type)),
            arn: Some(channel.arn.to_string()),
        }
    }

    pub(crate) fn stream(&self, stream: &OnAir) -> wire::Stream {
        wire::Stream {
            channel_arn: Some(stream.channel.to_string()),
            health: Some(words::wire_stream_health(stream.health)),
            playback_url: Some(self.playback_url(&stream.channel)),
            start_time: Some(timestamp(stream.started_at)),
            state: Some(wire::StreamState::Live),
            stream_id: Some(stream.stream.to_string()),
            viewer_count: Some(viewers(stream)),
        }
    }

    /// With its events, newest first. One that never started has the time of its creation for its start.
    pub(crate) fn stream_session(
        &self,
        session: StreamSession,
        events: Vec<SessionEvent>,
    ) -> wire::StreamSession {
        let incoming = session.incoming.as_ref();
        wire::StreamSession {
            start_time: Some(start(&session)),
            end_time: session.ended_at.map(timestamp),
            failover_slate_configuration: None,
            ingest_configuration: incoming.map(ingest_configuration::configuration),
            ingest_configurations: incoming.map(ingest_configuration::configurations),
            channel: Some(self.channel(session.channel)),
            recording_configuration: session.recording_configuration.map(recording_configuration),
            stream_id: Some(session.stream.to_string()),
            truncated_events: Some(events.into_iter().map(stream_event).collect()),
        }
    }
}

/// -1 stands for "not known" (API reference, `Stream`).
fn viewers(stream: &OnAir) -> i64 {
    stream.viewers.map_or(-1, i64::from)
}

fn timestamp(milliseconds: i64) -> Timestamp {
    from_unix_millis(milliseconds).into()
}

fn start(session: &StreamSession) -> Timestamp {
    timestamp(session.started_at.unwrap_or(session.created_at))
}

fn stream_event(event: SessionEvent) -> wire::StreamEvent {
    wire::StreamEvent {
        code: event.code,
        event_time: Some(timestamp(event.at)),
        name: Some(event.name),
        r#type: Some(event.kind),
    }
}

pub(crate) fn channel_summary(channel: Channel) -> wire::ChannelSummary {
    wire::ChannelSummary {
        ad_configuration_arn: Some(String::new()),
        arn: Some(channel.arn.to_string()),
        authorized: Some(channel.authorized),
        failover_slate_configuration_arn: Some(String::new()),
        insecure_ingest: Some(channel.insecure_ingest),
        latency_mode: Some(words::wire_latency_mode(channel.latency_mode)),
        name: Some(channel.name),
        playback_restriction_policy_arn: Some(attached(channel.playback_restriction_policy.as_ref())),
        preset: Some(words::wire_preset(channel.preset)),
        recording_configuration_arn: Some(attached(channel.recording_configuration.as_ref())),
        tags: Some(channel.tags),
        r#type: Some(words::wire_channel_type(channel.channel_type)),
    }
}

pub(crate) fn stream_key(key: StreamKey) -> wire::StreamKey {
    wire::StreamKey {
        arn: Some(key.arn.to_string()),
        channel_arn: Some(key.channel.to_string()),
        tags: Some(key.tags),
        value: Some(key.value.reveal().to_owned().into()),
    }
}

pub(crate) fn stream_key_summary(key: StreamKey) -> wire::StreamKeySummary {
    wire::StreamKeySummary {
        arn: Some(key.arn.to_string()),
        channel_arn: Some(key.channel.to_string()),
        tags: Some(key.tags),
    }
}

pub(crate) fn playback_key_pair(pair: PlaybackKeyPair) -> wire::PlaybackKeyPair {
    wire::PlaybackKeyPair {
        arn: Some(pair.arn.to_string()),
        fingerprint: Some(pair.fingerprint),
        name: Some(pair.name),
        tags: Some(pair.tags),
    }
}

pub(crate) fn playback_key_pair_summary(pair: PlaybackKeyPair) -> wire::PlaybackKeyPairSummary {
    wire::PlaybackKeyPairSummary {
        arn: Some(pair.arn.to_string()),
        name: Some(pair.name),
        tags: Some(pair.tags),
    }
}

pub(crate) fn stream_summary(stream: &OnAir) -> wire::StreamSummary {
    wire::StreamSummary {
        channel_arn: Some(stream.channel.to_string()),
        health: Some(words::wire_stream_health(stream.health)),
        start_time: Some(timestamp(stream.started_at)),
        state: Some(wire::StreamState::Live),
        stream_id: Some(stream.stream.to_string()),
        viewer_count: Some(viewers(stream)),
    }
}

pub(crate) fn stream_session_summary(session: &StreamSession) -> wire::StreamSessionSummary {
    wire::StreamSessionSummary {
        end_time: session.ended_at.map(timestamp),
        has_error_event: Some(session.has_error),
        start_time: Some(start(session)),
        stream_id: Some(session.stream.to_string()),
    }
}

pub(crate) fn playback_restriction_policy(
    policy: PlaybackRestrictionPolicy,
) -> wire::PlaybackRestrictionPolicy {
    wire::PlaybackRestrictionPolicy {
        allowed_countries: policy.allowed_countries,
        allowed_origins: policy.allowed_origins,
        arn: policy.arn.to_string(),
        enable_strict_origin_enforcement: Some(policy.strict_origin),
        name: Some(policy.name),
        tags: Some(policy.tags),
    }
}

pub(crate) fn playback_restriction_policy_summary(
    policy: PlaybackRestrictionPolicy,
) -> wire::PlaybackRestrictionPolicySummary {
    wire::PlaybackRestrictionPolicySummary {
        allowed_countries: policy.allowed_countries,
        allowed_origins: policy.allowed_origins,
        arn: policy.arn.to_string(),
        enable_strict_origin_enforcement: Some(policy.strict_origin),
        name: Some(policy.name),
        tags: Some(policy.tags),
    }
}

pub(crate) fn recording_configuration(configuration: RecordingConfiguration) -> wire::RecordingConfiguration {
    wire::RecordingConfiguration {
        arn: configuration.arn.to_string(),
        destination_configuration: destination(configuration.bucket),
        name: Some(configuration.name),
        recording_reconnect_window_seconds: Some(configuration.reconnect_window_seconds.into()),
        rendition_configuration: Some(renditions(
            configuration.rendition_selection,
            &configuration.renditions,
        )),
        state: words::wire_recording_state(configuration.state),
        tags: Some(configuration.tags),
        thumbnail_configuration: Some(thumbnails(&configuration.thumbnails)),
    }
}

pub(crate) fn recording_configuration_summary(
    configuration: RecordingConfiguration,
) -> wire::RecordingConfigurationSummary {
    wire::RecordingConfigurationSummary {
        arn: configuration.arn.to_string(),
        destination_configuration: destination(configuration.bucket),
        name: Some(configuration.name),
        state: words::wire_recording_state(configuration.state),
        tags: Some(configuration.tags),
    }
}

fn destination(bucket: String) -> wire::DestinationConfiguration {
    wire::DestinationConfiguration { s3: Some(wire::S3DestinationConfiguration { bucket_name: bucket }) }
}

/// A list is there only where it means something: with CUSTOM, which has at least one.
fn renditions(selection: RenditionSelection, listed: &[RecordedRendition]) -> wire::RenditionConfiguration {
    let listed: Vec<_> = listed.iter().copied().map(words::wire_recorded_rendition).collect();
    wire::RenditionConfiguration {
        rendition_selection: Some(words::wire_rendition_selection(selection)),
        renditions: Some(listed).filter(|listed| !listed.is_empty()),
    }
}

fn thumbnails(thumbnails: &Thumbnails) -> wire::ThumbnailConfiguration {
    wire::ThumbnailConfiguration {
        recording_mode: Some(words::wire_thumbnail_mode(thumbnails.mode)),
        resolution: thumbnails.resolution.map(words::wire_thumbnail_resolution),
        storage: Some(thumbnails.storage.iter().copied().map(words::wire_thumbnail_storage).collect()),
        target_interval_seconds: Some(thumbnails.interval_seconds.into()),
    }
}

fn multitrack_input(input: MultitrackInput) -> wire::MultitrackInputConfiguration {
    wire::MultitrackInputConfiguration {
        enabled: Some(input.enabled),
        maximum_resolution: Some(words::wire_multitrack_resolution(input.maximum_resolution)),
        policy: Some(words::wire_multitrack_policy(input.policy)),
    }
}

fn attached(arn: Option<&Arn>) -> String {
    arn.map_or_else(String::new, Arn::to_string)
}
