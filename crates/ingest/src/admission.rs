//! Who may publish: from a stream key to a place on air.
//!
//! Promise: a refusal names its cause to the publisher without telling a stranger anything about
//! channels, and leaves nothing behind.
//!
//! The codes are chosen by what OBS does with them: its RTMP library closes at once and logs code and
//! description on `NetStream.Publish.Denied`, `NetStream.Publish.Rejected` and `NetStream.Failed`, and OBS
//! then tells its user that the channel or key could not be accessed. On `NetStream.Publish.BadName`, the
//! traditional word for a taken stream, it waits in silence (obs-studio#3078); it is not used here.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::SystemTime;

use domain::{Arn, Channel, Limits, RecordingConfiguration, StreamId, StreamKey, StreamKeyValue};
use live::{Airing, Audience, Hub, Publisher};
use store::{Store, StoreError, Tenant};

use crate::life::{Chronicle, Life};
use crate::rewind;
use crate::rtmp::PublishRequest;

/// Someone who may not publish, and why.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Refusal {
    #[error("no such stream key")]
    UnknownKey,
    #[error("channel {channel} takes RTMPS only")]
    Insecure { channel: Arn },
    #[error("channel {channel} is on air")]
    OnAir { channel: Arn },
    #[error("the account of channel {channel} has {limit} streams on air, its maximum")]
    Quota { channel: Arn, limit: u32 },
    #[error("look up a stream key")]
    Unavailable(#[source] StoreError),
    #[error("open a stream's session")]
    Unrecorded(#[source] StoreError),
}

impl Refusal {
    /// The RTMP status code.
    pub(crate) fn code(&self) -> &'static str {
        match self {
            Self::UnknownKey | Self::Insecure { .. } => "NetStream.Publish.Denied",
            Self::OnAir { .. } | Self::Quota { .. } => "NetStream.Publish.Rejected",
            Self::Unavailable(_) | Self::Unrecorded(_) => "NetStream.Failed",
        }
    }

    /// What the publisher's user reads.
    pub(crate) fn description(&self) -> &'static str {
        match self {
            Self::UnknownKey => "The stream key is not valid.",
            Self::Insecure { .. } => "This channel takes RTMPS only: use an rtmps:// address.",
            Self::OnAir { .. } => "This channel is already live: the previous stream has not ended.",
            Self::Quota { .. } => "The account has as many live streams as it may have.",
            Self::Unrecorded(_) => "The server could not begin the stream. Try again later.",
            Self::Unavailable(_) => "The server could not check the stream key. Try again later.",
        }
    }
}

/// Someone who is on air now.
pub(crate) struct Admitted {
    pub(crate) publisher: Publisher,
    /// What is told of the stream.
    pub(crate) life: Life,
    /// The stream key's ARN, which is no secret.
    pub(crate) key: Arn,
}

/// The gate.
pub(crate) struct Admission {
    store: Store,
    hub: Hub,
    chronicle: Chronicle,
    limits: Limits,
    /// Held from counting to publishing, so that two can't take the last place.
    counting: Mutex<()>,
}

impl Admission {
    pub(crate) fn new(store: Store, hub: Hub, chronicle: Chronicle, limits: Limits) -> Self {
        Self { store, hub, chronicle, limits, counting: Mutex::new(()) }
    }

    /// Puts the channel that the key opens on air. `encrypted` tells whether the key came over TLS.
    pub(crate) async fn admit(
        &self,
        request: &PublishRequest,
        encrypted: bool,
        now: SystemTime,
    ) -> Result<Admitted, Refusal> {
        let value = request.stream_key.as_ref().ok_or(Refusal::UnknownKey)?;
        let mut known = self.look_up(value).await?;
        loop {
            let (_, channel) = &known;
            if !encrypted && !channel.insecure_ingest {
                return Err(Refusal::Insecure { channel: channel.arn.clone() });
            }
            let recording = self.recording(channel).await?;
            let audience = if channel.authorized { Audience::TokenHolders } else { Audience::Everyone };
            let airing = Airing {
                audience,
                container: channel.container_format,
                latency: channel.latency_mode,
                restriction: channel.playback_restriction_policy.clone(),
                rewind: rewind::asked(channel),
                channel_type: channel.channel_type,
                preset: channel.preset,
                channel_name: channel.name.clone(),
                recording: recording.clone().map(Arc::new),
            };
            let publisher = self.take_place(channel.arn.clone(), airing, now)?;
            // A call may have changed or deleted the channel since it was read; from here on it would be
            // refused, as the channel is on air.
            let again = self.look_up(value).await?;
            if again == known {
                let (key, channel) = known;
                let life = self.begin(&publisher, channel, recording).await?;
                return Ok(Admitted { publisher, life, key: key.arn });
            }
            known = again;
        }
    }

    /// Opens the stream's session, before its publisher is told that it is on air.
    async fn begin(
        &self,
        publisher: &Publisher,
        channel: Channel,
        recording: Option<RecordingConfiguration>,
    ) -> Result<Life, Refusal> {
        let begun = self.chronicle.begin(publisher.broadcast(), channel, recording).await;
        begun.map_err(Refusal::Unrecorded)
    }

    /// What the channel is recorded by. None of it but its state and tags ever changes.
    async fn recording(&self, channel: &Channel) -> Result<Option<RecordingConfiguration>, Refusal> {
        let Some(arn) = &channel.recording_configuration else { return Ok(None) };
        let found = self.store.recording_configuration(&Tenant::of(arn), arn).await;
        found.map_err(Refusal::Unavailable)
    }

    async fn look_up(&self, value: &StreamKeyValue) -> Result<(StreamKey, Channel), Refusal> {
        let found = self.store.stream_key_by_value(value).await.map_err(Refusal::Unavailable)?;
        found.ok_or(Refusal::UnknownKey)
    }

    fn take_place(&self, channel: Arn, airing: Airing, now: SystemTime) -> Result<Publisher, Refusal> {
        let _counting = self.counting.lock().unwrap_or_else(PoisonError::into_inner);
        let of_account = |broadcast: &&_| account_of(broadcast) == (&channel.account, &channel.region);
        let on_air = self.hub.on_air();
        let limit = self.limits.concurrent_streams;
        let taken = self.hub.broadcast(&channel).is_some();
        if !taken && on_air.iter().filter(of_account).count() >= usize::try_from(limit).unwrap_or(usize::MAX)
        {
            self.chronicle.quota_reached(&channel.account, &channel.region, limit);
            return Err(Refusal::Quota { channel, limit });
        }
        let stream = StreamId::mint(&mut crate::entropy);
        self.hub.publish(&channel, stream, airing, now).map_err(|_| Refusal::OnAir { channel })
    }
}

fn account_of(broadcast: &Arc<live::Broadcast>) -> (&domain::AccountId, &domain::Region) {
    (&broadcast.channel().account, &broadcast.channel().region)
}
