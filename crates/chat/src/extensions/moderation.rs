//! Commands to a room that the API was given as events.
//!
//! Promise: each is carried out once, on the node whose API was called, in the order of the calls; one for a room
//! that did not ask for commands does nothing. What waits is bounded; beyond that commands are dropped and told.

use std::collections::BTreeMap;
use std::sync::Arc;

use bus::{FrameKind, RoomNews};
use domain::chat_frame::{self, DELETE_MESSAGE, DISCONNECT_USER, delete_attributes, disconnect_attributes};
use domain::{Arn, ChatRestriction, RestrictionKind};
use store::StoreError;
use tokio::sync::mpsc;
use tracing::warn;

use crate::clock::{self, Id};
use crate::hall::Hall;
use crate::room::LiveRoom;

/// Commands that wait.
const QUEUE: usize = 1_024;
/// Event that tells applications to take all of a user's messages off the screens.
const DELETE_USER_MESSAGES: &str = "rillcast:DELETE_USER_MESSAGES";

/// A command as it came.
#[derive(Debug)]
pub(crate) struct Command {
    room: Arn,
    name: Arc<str>,
    attributes: BTreeMap<String, String>,
}

/// The way to the task that carries commands out.
pub(crate) struct Commands(mpsc::Sender<Command>);

pub(crate) fn commands() -> (Commands, mpsc::Receiver<Command>) {
    let (sender, receiver) = mpsc::channel(QUEUE);
    (Commands(sender), receiver)
}

impl Commands {
    pub(crate) fn take(&self, room: &Arn, name: &Arc<str>, attributes: &BTreeMap<String, String>) {
        let command = Command { room: room.clone(), name: Arc::clone(name), attributes: attributes.clone() };
        if self.0.try_send(command).is_err() {
            warn!(%room, %name, "too many commands wait; this one is dropped");
        }
    }
}

/// Carries commands out until no more can come.
pub(crate) async fn obey(hall: Arc<Hall>, mut commands: mpsc::Receiver<Command>) {
    while let Some(command) = commands.recv().await {
        if let Err(error) = command.carry_out(&hall).await {
            warn!(room = %command.room, name = %command.name, error = %domain::chain(&error), "a command failed");
        }
    }
}

impl Command {
    async fn carry_out(&self, hall: &Hall) -> Result<(), StoreError> {
        let Some(room) = hall.room(&self.room).await? else { return Ok(()) };
        let user = self.attributes.get("UserId").map_or("", String::as_str);
        let named = (1..=128).contains(&user.chars().count());
        // The tag may have been set a moment ago, so the store is asked, not memory.
        if !named || !hall.takes_commands(&self.room).await? {
            warn!(room = %self.room, name = %self.name, "not a command that this room takes");
            return Ok(());
        }
        match &*self.name {
            "rillcast:BAN_USER" => self.ban(hall, user).await?,
            "rillcast:MUTE_USER" => self.mute(hall, user).await?,
            "rillcast:UNBAN_USER" => self.lift(hall, user, RestrictionKind::Ban).await?,
            "rillcast:UNMUTE_USER" => self.lift(hall, user, RestrictionKind::Mute).await?,
            DELETE_USER_MESSAGES => self.delete_messages(hall, &room, user),
            "rillcast:SEND_TO_USER" => self.send_to_user(hall, user),
            _ => warn!(room = %self.room, name = %self.name, "no such command"),
        }
        Ok(())
    }

    fn reason(&self) -> Option<&str> {
        self.attributes.get("Reason").map(String::as_str).filter(|reason| !reason.is_empty())
    }

    async fn ban(&self, hall: &Hall, user: &str) -> Result<(), StoreError> {
        self.put(hall, user, RestrictionKind::Ban).await?;
        let (id, at, reason) = (Id::fresh(), clock::now(), self.reason());
        let attributes = disconnect_attributes(user, reason);
        let text = chat_frame::event(id.as_str(), "", DISCONNECT_USER, Some(&attributes), at);
        self.say(
            hall,
            RoomNews::Disconnect {
                id: id.as_str().into(),
                at,
                payload: text.into(),
                user: user.into(),
                reason: reason.map(Into::into),
            },
        );
        // The kick first: who is found here when the room is read again is cut off without the event.
        self.say(hall, RoomNews::Changed);
        Ok(())
    }

    async fn mute(&self, hall: &Hall, user: &str) -> Result<(), StoreError> {
        self.put(hall, user, RestrictionKind::Mute).await?;
        self.say(hall, RoomNews::Changed);
        self.tell_user(hall, user, "rillcast:MUTED");
        Ok(())
    }

    async fn put(&self, hall: &Hall, user: &str, kind: RestrictionKind) -> Result<(), StoreError> {
        let seconds: Option<i64> = self.attributes.get("Seconds").and_then(|text| text.parse().ok());
        let seconds = seconds.filter(|seconds| *seconds > 0);
        let until =
            seconds.map(|seconds| (clock::now() / 1_000_000).saturating_add(seconds.saturating_mul(1_000)));
        let reason = self.reason().map(str::to_owned);
        let restriction = ChatRestriction { user: user.to_owned(), kind, until, reason };
        hall.store.put_chat_restriction(&self.room, &restriction).await
    }

    async fn lift(&self, hall: &Hall, user: &str, kind: RestrictionKind) -> Result<(), StoreError> {
        if hall.store.lift_chat_restriction(&self.room, user, kind).await? {
            self.say(hall, RoomNews::Changed);
            if kind == RestrictionKind::Mute {
                self.tell_user(hall, user, "rillcast:UNMUTED");
            }
        }
        Ok(())
    }

    /// One event for applications that know it, and for all others one for each message that is remembered.
    fn delete_messages(&self, hall: &Hall, room: &LiveRoom, user: &str) {
        let mut attributes = BTreeMap::from([("UserId".to_owned(), user.to_owned())]);
        attributes.extend(self.reason().map(|reason| ("Reason".to_owned(), reason.to_owned())));
        self.tell_all(hall, DELETE_USER_MESSAGES, &attributes);
        let messages = room.floor().history.of(user);
        for message in messages {
            self.tell_all(hall, DELETE_MESSAGE, &delete_attributes(&message, self.reason()));
        }
    }

    /// An event to one user, with the name and the attributes that are left.
    fn send_to_user(&self, hall: &Hall, user: &str) {
        let mut attributes = self.attributes.clone();
        attributes.remove("UserId");
        let name = attributes.remove("EventName").unwrap_or_else(|| "rillcast:TO_USER".to_owned());
        self.say_to_user(hall, user, &name, &attributes);
    }

    fn tell_user(&self, hall: &Hall, user: &str, name: &str) {
        let wanted = |(key, _): &(&String, &String)| matches!(key.as_str(), "Reason" | "Seconds");
        let attributes = self.attributes.iter().filter(wanted);
        let attributes = attributes.map(|(key, value)| (key.clone(), value.clone())).collect();
        self.say_to_user(hall, user, name, &attributes);
    }

    fn say_to_user(&self, hall: &Hall, user: &str, name: &str, attributes: &BTreeMap<String, String>) {
        let text = chat_frame::event(Id::fresh().as_str(), "", name, Some(attributes), clock::now());
        self.say(hall, RoomNews::ToUser { user: user.into(), payload: text.into() });
    }

    fn tell_all(&self, hall: &Hall, name: &str, attributes: &BTreeMap<String, String>) {
        let (id, at) = (Id::fresh(), clock::now());
        let payload = chat_frame::event(id.as_str(), "", name, Some(attributes), at).into();
        let id = id.as_str().into();
        self.say(hall, RoomNews::Frame { kind: FrameKind::Event, id, sender: None, at, payload });
    }

    fn say(&self, hall: &Hall, news: RoomNews) {
        if hall.say(&self.room, news).is_err() {
            warn!(room = %self.room, name = %self.name, "a command could not be told to the room");
        }
    }
}
