//! What the operations on connected users and their messages mean (API reference, `DeleteMessage`,
//! `DisconnectUser`, `SendEvent`).
//!
//! Promise: an operation that was answered was taken by the bus; its id is that of the event which the room gets.

use std::collections::BTreeMap;
use std::sync::Arc;

use api::ivschat::{
    DeleteMessageRequest, DeleteMessageResponse, DisconnectUserRequest, DisconnectUserResponse,
    SendEventRequest, SendEventResponse,
};
use api::{ApiError, Call};
use bus::{FrameKind, RoomNews};
use domain::{ResourceId, alphanumeric, chat_frame};

use super::{bounds, commands, rooms};
use crate::{Control, clock, entropy};

/// Nobody keeps messages, so it is not asked whether there ever was one of this id.
pub(super) async fn delete(
    control: &Control,
    call: &Call,
    input: DeleteMessageRequest,
) -> Result<DeleteMessageResponse, ApiError> {
    let room = rooms::find(control, call, &input.room_identifier).await?;
    let attributes = chat_frame::delete_attributes(&input.id, input.reason.as_deref());
    let event = Event::new(chat_frame::DELETE_MESSAGE, Some(&attributes));
    let id = event.id.to_string();
    control.tell(&room.arn, event.into_frame())?;
    tracing::info!(room = %room.arn, message_id = input.id, "chat message deleted by a call");
    Ok(DeleteMessageResponse { id: Some(id) })
}

/// All connections of the user in the room; whether there are any is not asked.
pub(super) async fn disconnect_user(
    control: &Control,
    call: &Call,
    input: DisconnectUserRequest,
) -> Result<DisconnectUserResponse, ApiError> {
    let room = rooms::find(control, call, &input.room_identifier).await?;
    let (user, reason) = (input.user_id.0, input.reason);
    bounds::user(&user)?;
    let attributes = chat_frame::disconnect_attributes(&user, reason.as_deref());
    let Event { id, at, payload } = Event::new(chat_frame::DISCONNECT_USER, Some(&attributes));
    let (user, reason) = (Arc::from(user), reason.map(Arc::from));
    control.tell(&room.arn, RoomNews::Disconnect { id, at, payload, user, reason })?;
    tracing::info!(room = %room.arn, "chat user disconnected by a call");
    Ok(DisconnectUserResponse {})
}

pub(super) async fn send_event(
    control: &Control,
    call: &Call,
    input: SendEventRequest,
) -> Result<SendEventResponse, ApiError> {
    if let Some(attributes) = &input.attributes {
        bounds::attributes(attributes)?;
    }
    let room = rooms::find(control, call, &input.room_identifier).await?;
    let event = Event::new(&input.event_name, input.attributes.as_ref());
    let id = event.id.to_string();
    let command = commands::command(&room, &input.event_name, input.attributes.as_ref())?;
    control.tell(&room.arn, command.unwrap_or_else(|| event.into_frame()))?;
    tracing::debug!(room = %room.arn, event = input.event_name, "chat event sent by a call");
    Ok(SendEventResponse { id: Some(id) })
}

/// An event that is about to be told. It answers no client's request, so its `RequestId` is "".
struct Event {
    id: Arc<str>,
    at: i64,
    payload: Arc<str>,
}

impl Event {
    fn new(name: &str, attributes: Option<&BTreeMap<String, String>>) -> Self {
        let (id, at) = (alphanumeric(ResourceId::LENGTH, &mut entropy::fill), clock::nanos());
        let payload = chat_frame::event(&id, "", name, attributes, at);
        Self { id: id.into(), at, payload: payload.into() }
    }

    fn into_frame(self) -> RoomNews {
        let Self { id, at, payload } = self;
        RoomNews::Frame { kind: FrameKind::Event, id, sender: None, at, payload }
    }
}
