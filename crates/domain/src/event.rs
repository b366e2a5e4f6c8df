//! What happens to streams, as consumers outside are told (user guide, "Using Amazon EventBridge").
//!
//! Promise: the envelope's text is made here and nowhere else, once; whoever hands an event on hands on these
//! very bytes. Times in it have a fixed form, so that they can be compared as text.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use crate::arn::{AccountId, Arn, Region};
use crate::calendar;
use crate::id::{Entropy, StreamId};
use crate::recording::{RecordingChange, RecordingStatus};
use crate::recording_configuration::RecordingState;

/// Source of all events of the service.
pub const EVENT_SOURCE: &str = "aws.ivs";

/// A random UUID (RFC 9562, version 4): names an event wherever it goes, and however often.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct EventId(String);

impl EventId {
    /// A fresh one.
    pub fn mint(entropy: Entropy<'_>) -> Self {
        let mut bytes = [0; 16];
        entropy(&mut bytes);
        bytes[6] = bytes[6] & 0x0f | 0x40;
        bytes[8] = bytes[8] & 0x3f | 0x80;
        let number = u128::from_be_bytes(bytes);
        let groups = [(96, 8), (80, 4), (64, 4), (48, 4), (0, 12)];
        let text = groups.map(|(shift, digits)| {
            let part = number >> shift & ((1u128 << (digits * 4)) - 1);
            format!("{part:0digits$x}")
        });
        Self(text.join("-"))
    }

    /// Reads one; `None` when it has another form.
    pub fn parse(text: &str) -> Option<Self> {
        let fits = text.len() == 36 && text.bytes().all(|byte| byte.is_ascii_hexdigit() || byte == b'-');
        fits.then(|| Self(text.to_owned()))
    }

    /// The id as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl std::fmt::Display for EventId {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

/// Which stream of which channel an event is about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EventSubject {
    /// The channel's ARN.
    pub channel: Arn,
    /// The channel's name, as it was when the stream began; may be empty.
    pub channel_name: String,
    /// The stream.
    pub stream: StreamId,
}

/// Something that happened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Event {
    /// Names it.
    pub id: EventId,
    /// When, in milliseconds since 1970.
    pub at: i64,
    /// Whose.
    pub account: AccountId,
    /// Where.
    pub region: Region,
    /// About what; `None` for limits of an account.
    pub subject: Option<EventSubject>,
    /// What.
    pub kind: EventKind,
}

/// What happened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum EventKind {
    /// `IVS Stream State Change`.
    State(StateChange),
    /// `IVS Stream Health Change`.
    Health(HealthChange),
    /// `IVS Limit Breach`.
    Breach(LimitBreach),
    /// `IVS Recording State Change`.
    Recording(RecordingChange),
    /// `IVS Recording Configuration State Change`: ours, the vendor has no such event.
    Trial(RecordingTrial),
}

/// It was tried whether a recording configuration can be used.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RecordingTrial {
    /// The recording configuration's ARN.
    pub configuration: Arn,
    /// Its name; may be empty.
    pub name: String,
    /// Its bucket.
    pub bucket: String,
    /// What it is now: ACTIVE or CREATE_FAILED.
    pub state: RecordingState,
    /// Why it can't be used, in words; empty when it can.
    pub reason: String,
}

/// A stream's way from its key to its end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum StateChange {
    /// A stream key was accepted; nothing can be seen yet.
    SessionCreated,
    /// The encoder is gone, or was sent away.
    SessionEnded,
    /// It can be played.
    StreamStart,
    /// All that came in was handed on; nothing follows.
    StreamEnd,
    /// It could not start, or could not go on.
    StreamFailure {
        /// In words.
        reason: String,
    },
    /// Another encoder goes on with the stream.
    StreamTakeover,
    /// Another encoder wanted to and may not.
    StreamTakeoverFailure(TakeoverFailure),
}

/// Why a takeover was refused (API reference, `StreamEvent`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TakeoverFailure {
    /// Another size, codec or number of tracks.
    MediaMismatch,
    /// Its priority is not higher than the running encoder's.
    InvalidPriority,
    /// The stream was taken over as often as it may be.
    LimitBreached,
}

impl TakeoverFailure {
    /// The code on the wire.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::MediaMismatch => "StreamTakeoverMediaMismatch",
            Self::InvalidPriority => "StreamTakeoverInvalidPriority",
            Self::LimitBreached => "StreamTakeoverLimitBreached",
        }
    }
}

/// How a stream fares on its way in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum HealthChange {
    /// Less arrives than the encoder announced.
    StarvationStart,
    /// It arrives again.
    StarvationEnd,
}

/// A limit that was exceeded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LimitBreach {
    /// Which.
    pub limit: BreachedLimit,
    /// The limit, in its unit.
    pub value: u64,
    /// What was seen, less the limit.
    pub exceeded_by: u64,
}

/// Limits whose breach is an event.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BreachedLimit {
    /// Bits a second of all tracks.
    IngestBitrate,
    /// Width times height.
    IngestPixels,
    /// The longer edge.
    IngestEdge,
    /// Streams of an account that are on air at once.
    ConcurrentBroadcasts,
    /// Viewers of an account at once.
    ConcurrentViewers,
}

impl BreachedLimit {
    /// `limit_name`.
    pub fn name(self) -> &'static str {
        match self {
            Self::IngestBitrate => "Ingest Bitrate",
            Self::IngestPixels | Self::IngestEdge => "Ingest Resolution",
            Self::ConcurrentBroadcasts => "Concurrent Broadcasts",
            Self::ConcurrentViewers => "Concurrent Viewers",
        }
    }

    /// `limit_unit`.
    pub fn unit(self) -> &'static str {
        match self {
            Self::IngestBitrate => "bits per second",
            Self::IngestPixels => "total pixels",
            Self::IngestEdge => "pixels per edge",
            Self::ConcurrentBroadcasts => "active streams",
            Self::ConcurrentViewers => "viewers",
        }
    }
}

impl EventKind {
    /// `detail-type`.
    pub fn detail_type(&self) -> &'static str {
        match self {
            Self::State(_) => "IVS Stream State Change",
            Self::Health(_) => "IVS Stream Health Change",
            Self::Breach(_) => "IVS Limit Breach",
            Self::Recording(_) => "IVS Recording State Change",
            Self::Trial(_) => "IVS Recording Configuration State Change",
        }
    }

    /// What tells it from others of its type: `event_name`, `limit_name` or `recording_status`.
    pub fn name(&self) -> &'static str {
        match self {
            Self::State(StateChange::SessionCreated) => "Session Created",
            Self::State(StateChange::SessionEnded) => "Session Ended",
            Self::State(StateChange::StreamStart) => "Stream Start",
            Self::State(StateChange::StreamEnd) => "Stream End",
            Self::State(StateChange::StreamFailure { .. }) => "Stream Failure",
            Self::State(StateChange::StreamTakeover) => "Stream Takeover",
            Self::State(StateChange::StreamTakeoverFailure(_)) => "Stream Takeover Failure",
            Self::Health(HealthChange::StarvationStart) => "Starvation Start",
            Self::Health(HealthChange::StarvationEnd) => "Starvation End",
            Self::Breach(breach) => breach.limit.name(),
            Self::Recording(change) => change.status.as_str(),
            Self::Trial(trial) => trial.state.as_str(),
        }
    }

    /// `code`, where there is one.
    pub fn code(&self) -> Option<&'static str> {
        match self {
            Self::State(StateChange::StreamTakeoverFailure(failure)) => Some(failure.as_str()),
            _ => None,
        }
    }

    /// Does a session with it count as one that met an error (API reference, `StreamSessionSummary`:
    /// `hasErrorEvent`: a quota breach or a failure)?
    pub fn is_error(&self) -> bool {
        match self {
            Self::State(StateChange::StreamFailure { .. }) | Self::Breach(_) => true,
            Self::Recording(change) => change.status.is_failure(),
            Self::State(_) | Self::Health(_) | Self::Trial(_) => false,
        }
    }

    /// The members of `detail` that only this kind has.
    fn members(&self) -> Map<String, Value> {
        let members = match self {
            Self::State(StateChange::StreamFailure { reason }) => {
                json!({"event_name": self.name(), "reason": reason})
            }
            Self::State(StateChange::StreamTakeoverFailure(failure)) => {
                json!({"event_name": self.name(), "code": failure.as_str()})
            }
            Self::State(_) | Self::Health(_) => json!({"event_name": self.name()}),
            Self::Breach(breach) => json!({
                "limit_name": breach.limit.name(),
                "limit_value": breach.value,
                "exceeded_by": breach.exceeded_by,
                "limit_unit": breach.limit.unit(),
            }),
            Self::Recording(change) => recording(change),
            Self::Trial(trial) => json!({
                "recording_configuration_name": trial.name,
                "recording_configuration_state": self.name(),
                "recording_configuration_state_reason": trial.reason,
                "recording_s3_bucket_name": trial.bucket,
            }),
        };
        match members {
            Value::Object(members) => members,
            _ => Map::new(),
        }
    }
}

fn recording(change: &RecordingChange) -> Value {
    let mut members = json!({
        "recording_status": change.status.as_str(),
        "recording_status_reason": change.reason,
        "recording_s3_bucket_name": change.bucket,
        "recording_s3_key_prefix": change.prefix,
        "recording_duration_ms": change.duration_ms,
        "recording_session_id": change.session,
    });
    if matches!(change.status, RecordingStatus::End | RecordingStatus::EndFailure) {
        members["recording_session_stream_ids"] = json!(change.streams);
    }
    members
}

impl Event {
    /// The ARN of what it is about.
    fn resource(&self) -> Option<&Arn> {
        match &self.kind {
            EventKind::Trial(trial) => Some(&trial.configuration),
            _ => self.subject.as_ref().map(|subject| &subject.channel),
        }
    }

    /// The JSON text that consumers get: EventBridge's envelope, version 0.
    pub fn envelope(&self) -> String {
        let mut detail = self.kind.members();
        if let Some(subject) = &self.subject {
            detail.insert("channel_name".to_owned(), json!(subject.channel_name));
            detail.insert("stream_id".to_owned(), json!(subject.stream.as_str()));
        }
        let envelope = Envelope {
            version: "0",
            id: &self.id,
            detail_type: self.kind.detail_type(),
            source: EVENT_SOURCE,
            account: &self.account,
            time: calendar::seconds(self.at),
            region: &self.region,
            resources: self.resource().into_iter().collect(),
            detail,
        };
        serde_json::to_string(&envelope).expect("texts and numbers have a form in JSON")
    }
}

/// In the order in which the user guide shows it.
#[derive(Serialize)]
#[serde(rename_all = "kebab-case")]
struct Envelope<'a> {
    version: &'static str,
    id: &'a EventId,
    detail_type: &'static str,
    source: &'static str,
    account: &'a AccountId,
    time: String,
    region: &'a Region,
    resources: Vec<&'a Arn>,
    detail: Map<String, Value>,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::id::ResourceId;

    fn event(kind: EventKind) -> Event {
        let channel = Arn::parse("arn:aws:ivs:us-east-1:123456789012:channel/abcdABCD0123").expect("an ARN");
        let stream = StreamId::parse("st-12345678901234567890123").expect("a stream id");
        Event {
            id: EventId::mint(&mut |bytes| bytes.fill(0xff)),
            at: 1_497_264_203_999,
            account: channel.account.clone(),
            region: channel.region.clone(),
            subject: Some(EventSubject { channel, channel_name: "mine".to_owned(), stream }),
            kind,
        }
    }

    fn read(event: &Event) -> Value {
        serde_json::from_str(&event.envelope()).expect("JSON")
    }

    #[test]
    fn an_envelope_has_what_the_user_guide_shows() {
        let told = read(&event(EventKind::State(StateChange::StreamStart)));
        let expected = json!({
            "version": "0",
            "id": "ffffffff-ffff-4fff-bfff-ffffffffffff",
            "detail-type": "IVS Stream State Change",
            "source": "aws.ivs",
            "account": "123456789012",
            "time": "2017-06-12T10:43:23Z",
            "region": "us-east-1",
            "resources": ["arn:aws:ivs:us-east-1:123456789012:channel/abcdABCD0123"],
            "detail": {
                "event_name": "Stream Start",
                "channel_name": "mine",
                "stream_id": "st-12345678901234567890123",
            },
        });
        assert_eq!(told, expected);
    }

    #[test]
    fn a_breach_has_a_limit_and_no_event_name() {
        let limit = BreachedLimit::IngestPixels;
        let breach = LimitBreach { limit, value: 495_000, exceeded_by: 426_600 };
        let told = read(&event(EventKind::Breach(breach)));
        assert_eq!(told["detail"]["limit_name"], "Ingest Resolution");
        assert_eq!(told["detail"]["limit_unit"], "total pixels");
        assert_eq!(told["detail"]["exceeded_by"], 426_600);
        assert_eq!(told["detail"].get("event_name"), None);
    }

    #[test]
    fn a_limit_of_an_account_is_about_no_resource() {
        let limit = BreachedLimit::ConcurrentBroadcasts;
        let mut event = event(EventKind::Breach(LimitBreach { limit, value: 100, exceeded_by: 1 }));
        event.subject = None;
        let told = read(&event);
        assert_eq!(told["resources"], json!([]));
        assert_eq!(told["detail"].get("stream_id"), None);
    }

    #[test]
    fn a_recording_tells_its_place_and_at_its_end_its_streams() {
        let change = |status| RecordingChange {
            status,
            reason: String::new(),
            bucket: "films".to_owned(),
            prefix: "ivs/v1/123456789012/abcdABCD0123/2020/6/23/20/12/j8Z9O91ndcVs".to_owned(),
            duration_ms: 99_370,
            session: ResourceId::parse("a6RfV23ES97iyfoQ").expect("an id"),
            streams: vec![StreamId::parse("st-12345678901234567890123").expect("a stream id")],
        };
        let told = read(&event(EventKind::Recording(change(RecordingStatus::End))));
        assert_eq!(told["detail-type"], "IVS Recording State Change");
        assert_eq!(
            told["detail"],
            json!({
                "recording_status": "Recording End",
                "recording_status_reason": "",
                "recording_s3_bucket_name": "films",
                "recording_s3_key_prefix": "ivs/v1/123456789012/abcdABCD0123/2020/6/23/20/12/j8Z9O91ndcVs",
                "recording_duration_ms": 99_370,
                "recording_session_id": "a6RfV23ES97iyfoQ",
                "recording_session_stream_ids": ["st-12345678901234567890123"],
                "channel_name": "mine",
                "stream_id": "st-12345678901234567890123",
            })
        );
        let told = read(&event(EventKind::Recording(change(RecordingStatus::Start))));
        assert_eq!(told["detail"].get("recording_session_stream_ids"), None);
        assert_eq!(told["detail"].get("event_name"), None);
    }

    #[test]
    fn a_trial_is_about_the_recording_configuration() {
        let arn = "arn:aws:ivs:us-east-1:123456789012:recording-configuration/abcdABCD0123";
        let mut event = event(EventKind::Trial(RecordingTrial {
            configuration: Arn::parse(arn).expect("an ARN"),
            name: "mine".to_owned(),
            bucket: "films".to_owned(),
            state: RecordingState::CreateFailed,
            reason: "no such bucket".to_owned(),
        }));
        event.subject = None;
        let told = read(&event);
        assert_eq!(told["resources"], json!([arn]));
        assert_eq!(told["detail"]["recording_configuration_state"], "CREATE_FAILED");
        assert_eq!(told["detail"]["recording_configuration_state_reason"], "no such bucket");
    }

    #[test]
    fn a_refused_takeover_says_why() {
        let why = TakeoverFailure::MediaMismatch;
        let told = read(&event(EventKind::State(StateChange::StreamTakeoverFailure(why))));
        assert_eq!(told["detail"]["code"], "StreamTakeoverMediaMismatch");
    }
}
