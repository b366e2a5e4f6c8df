//! Resources, sessions and events for tests.
//!
//! Promise: names are told apart by the number they are made from, so a failure can be read.

use domain::{
    AccountId, Arn, Channel, ChannelType, ContainerFormat, Event, EventId, EventKind, EventSubject,
    LatencyMode, LogDestination, LoggingConfiguration, LoggingState, MultitrackInput, PlaybackKeyPair,
    PlaybackRestrictionPolicy, RecordingConfiguration, RecordingState, Region, RenditionSelection,
    ResourceId, ResourceKind, Room, StateChange, StreamHealth, StreamId, StreamKey, StreamKeyValue,
    StreamSession, Tags, Thumbnails,
};
use store::Tenant;

pub(crate) fn tenant(account: &str, region: &str) -> Tenant {
    Tenant {
        account: AccountId::parse(account).expect("twelve digits"),
        region: Region::parse(region).expect("a region name"),
    }
}

pub(crate) fn home() -> Tenant {
    tenant("123456789012", "us-east-1")
}

pub(crate) fn arn(tenant: &Tenant, kind: ResourceKind, number: usize) -> Arn {
    let id = ResourceId::parse(&format!("id{number:010}")).expect("twelve characters");
    Arn { region: tenant.region.clone(), account: tenant.account.clone(), kind, id }
}

pub(crate) fn channel(tenant: &Tenant, number: usize) -> Channel {
    Channel {
        arn: arn(tenant, ResourceKind::Channel, number),
        name: format!("channel-{number}"),
        latency_mode: LatencyMode::Low,
        channel_type: ChannelType::Standard,
        preset: None,
        authorized: false,
        insecure_ingest: false,
        container_format: ContainerFormat::Ts,
        multitrack_input: MultitrackInput::default(),
        recording_configuration: None,
        playback_restriction_policy: None,
        srt_passphrase: "passphrase".repeat(6),
        tags: Tags::from([("stage".to_owned(), "tést/1".to_owned())]),
    }
}

pub(crate) fn stream_key(tenant: &Tenant, channel: usize, number: usize) -> StreamKey {
    StreamKey {
        arn: arn(tenant, ResourceKind::StreamKey, number),
        channel: arn(tenant, ResourceKind::Channel, channel),
        value: StreamKeyValue::parse(&format!("sk_{}_{}_{number}", tenant.region, tenant.account))
            .expect("a short value"),
        tags: Tags::new(),
    }
}

pub(crate) fn playback_key_pair(tenant: &Tenant, number: usize) -> PlaybackKeyPair {
    PlaybackKeyPair {
        arn: arn(tenant, ResourceKind::PlaybackKeyPair, number),
        name: format!("key-{number}"),
        public_key: format!("3076{number:04x}"),
        fingerprint: format!("{number:02x}:00"),
        tags: Tags::new(),
    }
}

pub(crate) fn playback_restriction_policy(tenant: &Tenant, number: usize) -> PlaybackRestrictionPolicy {
    PlaybackRestrictionPolicy {
        arn: arn(tenant, ResourceKind::PlaybackRestrictionPolicy, number),
        name: format!("policy-{number}"),
        allowed_countries: vec!["NO".to_owned()],
        allowed_origins: vec!["https://*.example.com".to_owned()],
        strict_origin: true,
        tags: Tags::new(),
    }
}

pub(crate) fn recording_configuration(tenant: &Tenant, number: usize) -> RecordingConfiguration {
    RecordingConfiguration {
        state_reason: String::new(),
        arn: arn(tenant, ResourceKind::RecordingConfiguration, number),
        name: format!("recording-{number}"),
        bucket: format!("bucket-{number}"),
        state: RecordingState::Creating,
        thumbnails: Thumbnails::default(),
        rendition_selection: RenditionSelection::All,
        renditions: Vec::new(),
        reconnect_window_seconds: 300,
        tags: Tags::new(),
    }
}

/// A room that was last changed at the time of its number.
pub(crate) fn room(tenant: &Tenant, number: usize) -> Room {
    let time = i64::try_from(number).expect("a small number");
    Room {
        arn: arn(tenant, ResourceKind::Room, number),
        name: format!("room-{number}"),
        created_at: time,
        updated_at: time,
        message_rate: Room::DEFAULT_RATE,
        message_length: Room::DEFAULT_LENGTH,
        review_handler: None,
        logging_configurations: Vec::new(),
        tags: Tags::from([("stage".to_owned(), "tést/1".to_owned())]),
    }
}

/// One that rooms can be logged to.
pub(crate) fn logging_configuration(tenant: &Tenant, number: usize) -> LoggingConfiguration {
    LoggingConfiguration {
        arn: arn(tenant, ResourceKind::LoggingConfiguration, number),
        name: format!("log-{number}"),
        created_at: 1,
        updated_at: 1,
        destination: LogDestination::S3 { bucket: format!("bucket-{number}") },
        state: LoggingState::Active,
        tags: Tags::new(),
    }
}

pub(crate) fn stream(number: usize) -> StreamId {
    StreamId::parse(&format!("st-{number:023}")).expect("23 characters")
}

/// A session that began at the time of its number, on the node `one`.
pub(crate) fn stream_session(channel: Channel, number: usize) -> StreamSession {
    StreamSession {
        stream: stream(number),
        channel,
        recording_configuration: Some(recording_configuration(&home(), 1)),
        node: "one".to_owned(),
        created_at: i64::try_from(number).expect("a small number"),
        started_at: None,
        ended_at: None,
        incoming: None,
        health: StreamHealth::Unknown,
        has_error: false,
    }
}

/// An event of a session; the session and the time make its id.
pub(crate) fn event(session: &StreamSession, at: i64, change: StateChange) -> Event {
    let channel = session.channel.arn.clone();
    let (account, region) = (channel.account.clone(), channel.region.clone());
    let subject =
        EventSubject { channel, channel_name: session.channel.name.clone(), stream: session.stream.clone() };
    let id = format!("{:08x}-0000-4000-8000-{}", at & 0xffff_ffff, &session.stream.as_str()[14..]);
    let id = EventId::parse(&id).expect("a UUID");
    Event { id, at, account, region, subject: Some(subject), kind: EventKind::State(change) }
}

pub(crate) fn event_id(number: i64) -> EventId {
    let number = number & 0xffff_ffff;
    EventId::parse(&format!("{number:08x}-0000-4000-8000-000000000000")).expect("a UUID")
}
