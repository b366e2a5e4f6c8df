//! The nouns of Rillcast and their rules: names, ids, channels, stream keys, chat rooms, limits.
//!
//! Promise: everything here is a value. No clock, randomness, file or socket; whoever needs
//! an id passes the entropy in, whoever needs a time passes it in.

mod arn;
mod calendar;
mod cause;
mod channel;
pub mod chat_frame;
mod chat_rates;
mod chat_restriction;
mod event;
mod id;
mod limits;
mod logging_configuration;
mod playback_key_pair;
mod playback_restriction_policy;
mod recording;
mod recording_configuration;
mod room;
mod stream_key;
mod stream_sample;
mod stream_session;
pub mod strict_json;
mod tags;
mod viewer_revocation;

pub use arn::{AccountId, Arn, ArnError, Region, ResourceKind};
pub use calendar::{from_unix_millis, seconds as time_text, unix_millis};
pub use cause::chain;
pub use channel::{
    Channel, ChannelType, ContainerFormat, LatencyMode, MultitrackInput, MultitrackPolicy,
    MultitrackResolution, Preset,
};
pub use chat_rates::{AccountRates, ChatAct, ChatRates, Pace};
pub use chat_restriction::{ChatRestriction, RestrictionKind};
pub use event::{
    BreachedLimit, EVENT_SOURCE, Event, EventId, EventKind, EventSubject, HealthChange, LimitBreach,
    RecordingTrial, StateChange, TakeoverFailure,
};
pub use id::{Entropy, ResourceId, StreamId, alphanumeric, drawn};
pub use limits::{Limit, Limits};
pub use logging_configuration::{LogDestination, LoggingConfiguration, LoggingState};
pub use playback_key_pair::PlaybackKeyPair;
pub use playback_restriction_policy::PlaybackRestrictionPolicy;
pub use recording::{Recording, RecordingChange, RecordingStage, RecordingStatus};
pub use recording_configuration::{
    RecordedRendition, RecordingConfiguration, RecordingState, RenditionSelection, ThumbnailMode,
    ThumbnailResolution, ThumbnailStorage, Thumbnails,
};
pub use room::{CHAT_ATTRIBUTE_BYTES, ChatCapability, Fallback, ReviewHandler, Room, chat_attribute_bytes};
pub use stream_key::{StreamKey, StreamKeyValue};
pub use stream_sample::StreamSample;
pub use stream_session::{
    IncomingAudio, IncomingMedia, IncomingVideo, SessionEvent, StreamHealth, StreamSession,
};
pub use tags::Tags;
pub use viewer_revocation::ViewerRevocation;
