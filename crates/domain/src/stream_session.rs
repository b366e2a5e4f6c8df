//! A stream session: what is kept of one stream, while it is live and long after.
//!
//! Promise: it stands for itself. It has the channel as it was, so it can be read when the channel is gone.

use serde::{Deserialize, Serialize};

use crate::channel::{Channel, words};
use crate::event::Event;
use crate::id::StreamId;
use crate::recording_configuration::RecordingConfiguration;

words! {
    /// How a stream fares (API reference, `Stream`).
    StreamHealth {
        /// As much arrives as the encoder announced.
        Healthy = "HEALTHY",
        /// Less.
        Starving = "STARVING",
        /// Not known yet, or nothing was announced to measure against.
        Unknown = "UNKNOWN",
    }
}

/// One stream from the acceptance of its key to its end. Times are milliseconds since 1970.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct StreamSession {
    /// Its id.
    pub stream: StreamId,
    /// The channel as it went on air.
    pub channel: Channel,
    /// What the channel was recorded by, as it went on air.
    pub recording_configuration: Option<RecordingConfiguration>,
    /// The server that has it on air: a name that survives restarts.
    pub node: String,
    /// When its key was accepted.
    pub created_at: i64,
    /// When it could first be played; `None` before, and for ever if it never could.
    pub started_at: Option<i64>,
    /// When all that came in was handed on; `None` while it is live.
    pub ended_at: Option<i64>,
    /// What comes in; `None` before that is known. After a takeover, of the newest encoder.
    pub incoming: Option<IncomingMedia>,
    /// How it fares; after its end, how it fared at last.
    pub health: StreamHealth,
    /// Some event of it is an error ([`crate::EventKind::is_error`]).
    pub has_error: bool,
}

/// What an encoder sends: by its codec headers, and by its own word where `target` is in the name.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct IncomingMedia {
    /// The picture.
    pub video: Option<IncomingVideo>,
    /// The sound.
    pub audio: Option<IncomingAudio>,
}

/// A video track.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct IncomingVideo {
    /// RFC 6381, such as `avc1.42C028`.
    pub codec: String,
    /// Such as `Baseline`; `None` for one without a name.
    pub profile: Option<String>,
    /// Such as `4.0`.
    pub level: String,
    /// Pixels.
    pub width: u32,
    /// Pixels.
    pub height: u32,
    /// Bits a second.
    pub target_bitrate: Option<u64>,
    /// Pictures a second, to the nearest whole number.
    pub target_frame_rate: Option<u32>,
    /// The encoder's name.
    pub encoder: Option<String>,
}

/// An audio track.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct IncomingAudio {
    /// RFC 6381, such as `mp4a.40.2`.
    pub codec: String,
    /// How many.
    pub channels: u8,
    /// A second.
    pub sample_rate: u32,
    /// Bits a second.
    pub target_bitrate: Option<u64>,
}

/// An event as a session tells of it (API reference, `StreamEvent`).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SessionEvent {
    /// When, in milliseconds since 1970.
    pub at: i64,
    /// `detail-type` of the event outside.
    pub kind: String,
    /// `event_name`, or `limit_name`.
    pub name: String,
    /// Where there is one.
    pub code: Option<String>,
}

impl StreamSession {
    /// Most events that are kept of a session: the newest.
    pub const MOST_EVENTS: usize = 500;
}

impl SessionEvent {
    /// What a session keeps of an event.
    pub fn of(event: &Event) -> Self {
        Self {
            at: event.at,
            kind: event.kind.detail_type().to_owned(),
            name: event.kind.name().to_owned(),
            code: event.kind.code().map(str::to_owned),
        }
    }
}
