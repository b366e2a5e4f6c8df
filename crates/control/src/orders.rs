//! What is asked of a stream that another server has on air, by way of the bus.
//!
//! Promise: what is answered with success was done, or for metadata handed to the bus; where no other server can
//! hear, that is said at once.

use std::sync::Arc;
use std::time::Duration;

use api::ApiError;
use bus::{Body, Bus, ChannelOrder, Envelope, Receiver, Subject};
use domain::{Arn, StreamId, StreamSession, chain};
use live::Hub;
use store::Tenant;

use crate::Control;
use crate::error::refusal;

/// How long a stream of another server may take to end; it takes a fraction of a second.
const PATIENCE: Duration = Duration::from_secs(5);

/// How often it is looked whether it did.
const LOOK: Duration = Duration::from_millis(50);

/// Does for other servers what they ask of this one's streams.
pub(crate) struct Hands {
    hub: Hub,
}

impl Hands {
    /// Listens for as long as the bus lives.
    pub(crate) fn lend(hub: &Hub, bus: &Bus) {
        if bus.reaches_others() {
            bus.subscribe(Arc::new(Self { hub: hub.clone() }));
        }
    }

    fn obey(&self, channel: &Arn, order: &ChannelOrder) {
        let (ChannelOrder::Stop { stream } | ChannelOrder::Metadata { stream, .. }) = order;
        let on_air = self.hub.broadcast(channel).filter(|broadcast| broadcast.stream() == stream);
        let Some(broadcast) = on_air else { return };
        match order {
            ChannelOrder::Stop { .. } => {
                tracing::info!(%channel, %stream, "stream stopped by a call to another server");
                broadcast.request_stop();
            }
            ChannelOrder::Metadata { text, .. } => broadcast.put_metadata(text),
        }
    }
}

impl Receiver for Hands {
    fn receive(&self, envelope: &Arc<Envelope>) {
        if let (Subject::Channel(channel), Body::Channel(order)) = (&envelope.subject, &envelope.body) {
            self.obey(channel, order);
        }
    }

    /// Whoever asked for something that is missed here waits for it in vain and is told.
    fn gap(&self) {}

    fn lost(&self, envelope: &Arc<Envelope>) {
        if let (Subject::Channel(channel), Body::Channel(ChannelOrder::Metadata { .. })) =
            (&envelope.subject, &envelope.body)
        {
            tracing::warn!(%channel, "metadata for a stream of another server was lost on the bus");
        }
    }
}

impl Control {
    /// Ends a stream that another server has on air; done when that server wrote its end.
    pub(crate) async fn stop_elsewhere(
        &self,
        tenant: &Tenant,
        session: &StreamSession,
    ) -> Result<(), ApiError> {
        let channel = &session.channel.arn;
        self.order(channel, ChannelOrder::Stop { stream: session.stream.clone() })?;
        let ended = tokio::time::timeout(PATIENCE, self.end_of(tenant, channel, &session.stream)).await;
        ended.unwrap_or_else(|_| Err(out_of_reach(channel)))
    }

    /// Hands text to the server that has the stream on air.
    pub(crate) fn put_metadata_elsewhere(&self, session: &StreamSession, text: &str) -> Result<(), ApiError> {
        let stream = session.stream.clone();
        self.order(&session.channel.arn, ChannelOrder::Metadata { stream, text: Arc::from(text) })
    }

    fn order(&self, channel: &Arn, order: ChannelOrder) -> Result<(), ApiError> {
        if !self.bus.reaches_others() {
            return Err(out_of_reach(channel));
        }
        self.bus.publish(Subject::Channel(channel.clone()), Body::Channel(order)).map_err(|error| {
            tracing::warn!(%channel, error = chain(&error), "a stream of another server is out of reach");
            out_of_reach(channel)
        })
    }

    async fn end_of(&self, tenant: &Tenant, channel: &Arn, stream: &StreamId) -> Result<(), ApiError> {
        loop {
            let session = self.store.stream_session(tenant, channel, Some(stream)).await.map_err(refusal)?;
            if session.is_none_or(|session| session.ended_at.is_some()) {
                return Ok(());
            }
            tokio::time::sleep(LOOK).await;
        }
    }
}

fn out_of_reach(channel: &Arn) -> ApiError {
    ApiError::StreamUnavailable(format!(
        "The stream of channel: {channel} is on air on another server, which can't be reached now"
    ))
}
