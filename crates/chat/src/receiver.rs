//! What the bus says about rooms, done on this node.
//!
//! Promise: frames go to a room's connections in the bus's order; a kick's event goes before its close frame; what
//! this node published it logs, whether somebody is here to read it or not.

use std::sync::{Arc, Weak};

use bus::{Body, CaughtUp, Envelope, FrameKind, Receiver, RoomNews, Subject};
use domain::Arn;
use fanout::{Close, Frame};
use serde::Deserialize;
use tracing::warn;

use crate::denial::Denial;
use crate::extensions::presence;
use crate::hall::Hall;
use crate::log::Record;
use crate::metrics::Delivered;
use crate::room::LiveRoom;

/// "Going away": what clients of the vendor's first samples take for a kick.
pub(crate) const KICKED: u16 = 1001;

/// The bus's way to the hall. Weak, since the hall holds the bus.
pub(crate) struct Ear(Weak<Hall>);

impl Ear {
    pub(crate) fn new(hall: &Arc<Hall>) -> Self {
        Self(Arc::downgrade(hall))
    }
}

impl Receiver for Ear {
    fn receive(&self, envelope: &Arc<Envelope>) {
        if let Some(hall) = self.0.upgrade() {
            let (Subject::Room(arn), Body::Room(news)) = (&envelope.subject, &envelope.body) else { return };
            hall.hear(arn, news, envelope);
        }
    }

    fn gap(&self) {
        if let Some(hall) = self.0.upgrade() {
            hall.must_read_all();
            if let Some(log) = &hall.log {
                log.forget_all();
            }
        }
    }

    fn lost(&self, envelope: &Arc<Envelope>) {
        let Subject::Room(arn) = &envelope.subject else { return };
        if let (Some(hall), Body::Room(RoomNews::Frame { id, sender: Some(sender), payload, .. })) =
            (self.0.upgrade(), &envelope.body)
        {
            hall.tell_lost(arn, id, sender, payload);
        }
    }

    fn caught_up(&self) -> CaughtUp {
        match self.0.upgrade() {
            Some(hall) => Box::pin(hall.caught_up()),
            None => Box::pin(std::future::ready(())),
        }
    }
}

impl Hall {
    fn hear(&self, arn: &Arn, news: &RoomNews, envelope: &Envelope) {
        let ours = envelope.node == self.node;
        match news {
            RoomNews::Frame { kind, id, sender, at, payload } => {
                if ours {
                    self.log(arn, *kind, *at, payload);
                }
                if let Some(room) = self.live(arn) {
                    let said = Said { kind: *kind, id, sender: sender.as_ref(), payload };
                    self.deliver(&room, said, ours);
                }
            }
            RoomNews::Disconnect { at, payload, user, reason, .. } => {
                if ours {
                    self.log(arn, FrameKind::Event, *at, payload);
                }
                if let Some(room) = self.live(arn) {
                    self.kick(&room, payload, user, reason.as_deref());
                }
            }
            RoomNews::ToUser { user, payload } => {
                if let Some(room) = self.live(arn) {
                    let frame = Frame::text(payload);
                    let floor = room.floor();
                    floor.of(user).iter().for_each(|seat| self.fanout().send(*seat, frame.clone()));
                }
            }
            RoomNews::Command { name, attributes } if &**name == presence::GOSSIP => {
                if let Some(room) = self.live(arn) {
                    presence::hear(&room, &envelope.node, attributes, self.steady());
                }
            }
            RoomNews::Command { name, attributes } => {
                if ours {
                    self.commands.take(arn, name, attributes);
                }
            }
            RoomNews::Changed => {
                self.must_read(arn);
                if let Some(log) = &self.log {
                    log.forget(arn);
                }
            }
        }
    }

    fn deliver(&self, room: &LiveRoom, said: Said<'_>, ours: bool) {
        let frame = Frame::text(said.payload);
        let what = Delivered::of(said.kind, said.payload);
        let rules = room.rules();
        let mut floor = room.floor();
        if said.kind == FrameKind::Message && !ours {
            floor.charge(rules.rate, self.steady());
            if let (Some(_), Some(sender)) = (rules.extensions.slow_mode, said.sender) {
                floor.speaks(sender, 0, self.steady());
            }
        }
        if rules.extensions.history > 0 {
            floor.history.hear(what, said, &frame, rules.extensions.history);
        }
        self.fanout().publish(room.group, &frame);
        self.metrics.delivered(what, floor.connections());
        room.tally.heard(what);
    }

    /// Tells the sender that the request failed. By now the connection is not known any more; the user's others
    /// have no request of that id, and pass it over.
    fn tell_lost(&self, arn: &Arn, id: &str, sender: &str, payload: &str) {
        warn!(room = %arn, "a frame was lost on the way to the broker");
        let Some(room) = self.live(arn) else { return };
        let request =
            serde_json::from_str::<Asked>(payload).map(|asked| asked.request_id).unwrap_or_default();
        let frame = Denial::INTERNAL.frame(id, &request);
        let floor = room.floor();
        floor.of(sender).iter().for_each(|seat| self.fanout().send(*seat, frame.clone()));
    }

    /// The event to all, then the end for the user's connections.
    fn kick(&self, room: &LiveRoom, payload: &str, user: &str, reason: Option<&str>) {
        let floor = room.floor();
        self.fanout().publish(room.group, &Frame::text(payload));
        self.metrics.delivered(Delivered::Disconnection, floor.connections());
        room.tally.heard(Delivered::Disconnection);
        for seat in floor.of(user) {
            let reason = reason.unwrap_or_default().to_owned();
            self.fanout().close(*seat, Close::Frame { code: KICKED, reason });
        }
    }

    fn log(&self, room: &Arn, kind: FrameKind, at: i64, payload: &Arc<str>) {
        let Some(log) = &self.log else { return };
        let record = Record { room: room.clone(), kind, at, payload: Arc::clone(payload) };
        // A log that can't keep up does not stop the room; the log itself says so and counts.
        let _ = log.append(record);
    }
}

/// Of a frame, what its sender knows it by.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Asked {
    request_id: String,
}

/// A frame that all get.
#[derive(Clone, Copy)]
pub(crate) struct Said<'a> {
    pub(crate) kind: FrameKind,
    pub(crate) id: &'a Arc<str>,
    pub(crate) sender: Option<&'a Arc<str>>,
    pub(crate) payload: &'a str,
}
