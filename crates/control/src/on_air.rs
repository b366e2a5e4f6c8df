//! What is on air, wherever: on this node by its hub, on others by what the store says.
//!
//! Promise: only streams that can be played; each once, with what is measured of it where that is known here.

use std::collections::HashMap;
use std::sync::Arc;

use api::ApiError;
use domain::{Arn, StreamHealth, StreamId, StreamSession, unix_millis};
use live::Broadcast;
use store::Tenant;

use crate::Control;
use crate::error::refusal;

/// One stream that can be played.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct OnAir {
    pub(crate) channel: Arn,
    pub(crate) stream: StreamId,
    /// When it could first be played, in milliseconds since 1970.
    pub(crate) started_at: i64,
    pub(crate) health: StreamHealth,
    /// Who watches; `None` when another node counts them.
    pub(crate) viewers: Option<u32>,
}

impl OnAir {
    /// As this node has it. The session says when it started, once that is written.
    fn here(broadcast: &Broadcast, session: Option<&StreamSession>) -> Self {
        let written = session.and_then(|session| session.started_at);
        Self {
            channel: broadcast.channel().clone(),
            stream: broadcast.stream().clone(),
            started_at: written.unwrap_or_else(|| unix_millis(broadcast.started())),
            health: broadcast.pulse().health(),
            viewers: Some(broadcast.pulse().viewers()),
        }
    }

    /// As another node wrote it down; `None` before it can be played.
    fn elsewhere(session: StreamSession) -> Option<Self> {
        let started_at = session.started_at?;
        let (channel, stream, health) = (session.channel.arn, session.stream, session.health);
        Some(Self { channel, stream, started_at, health, viewers: None })
    }
}

impl Control {
    /// What can be watched on a channel.
    pub(crate) async fn stream_on_air(&self, channel: &Arn) -> Result<Option<OnAir>, ApiError> {
        let tenant = Tenant::of(channel);
        match self.hub.broadcast(channel) {
            Some(broadcast) if !broadcast.is_playable() => Ok(None),
            Some(broadcast) => {
                let session = self.store.stream_session(&tenant, channel, Some(broadcast.stream()));
                let session = session.await.map_err(refusal)?;
                Ok(Some(OnAir::here(&broadcast, session.as_ref())))
            }
            None => Ok(self.session_elsewhere(&tenant, channel).await?.and_then(OnAir::elsewhere)),
        }
    }

    /// The session of a channel that another node has on air, whether it can be played yet or not.
    pub(crate) async fn session_elsewhere(
        &self,
        tenant: &Tenant,
        channel: &Arn,
    ) -> Result<Option<StreamSession>, ApiError> {
        let newest = self.store.stream_session(tenant, channel, None).await.map_err(refusal)?;
        Ok(newest.filter(|session| session.ended_at.is_none() && self.is_elsewhere(session)))
    }

    /// Everything that can be watched of an account in a region, in no order.
    pub(crate) async fn streams_on_air(&self, tenant: &Tenant) -> Result<Vec<OnAir>, ApiError> {
        let open = self.store.live_sessions(tenant).await.map_err(refusal)?;
        let mut open: HashMap<StreamId, StreamSession> =
            open.into_iter().map(|session| (session.stream.clone(), session)).collect();
        let mut streams = Vec::new();
        for broadcast in self.own_broadcasts(tenant) {
            let session = open.remove(broadcast.stream());
            if broadcast.is_playable() {
                streams.push(OnAir::here(&broadcast, session.as_ref()));
            }
        }
        let elsewhere = open.into_values().filter(|session| self.is_elsewhere(session));
        streams.extend(elsewhere.filter_map(OnAir::elsewhere));
        Ok(streams)
    }

    fn own_broadcasts(&self, tenant: &Tenant) -> Vec<Arc<Broadcast>> {
        let mut broadcasts = self.hub.on_air();
        broadcasts.retain(|broadcast| {
            let channel = broadcast.channel();
            channel.account == tenant.account && channel.region == tenant.region
        });
        broadcasts
    }

    /// A session of this node whose broadcast is not in the hub is over; only its last lines are unwritten.
    fn is_elsewhere(&self, session: &StreamSession) -> bool {
        session.node != self.node
    }
}
