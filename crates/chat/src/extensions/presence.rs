//! How many are in a room, and who comes and goes.
//!
//! Promise: counts are told at the period that the room asks for, and only when they changed; nodes tell each other
//! theirs, and one that falls silent stops counting after three periods.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;
use std::time::Duration;

use bus::{FrameKind, NodeId, RoomNews};
use domain::chat_frame;
use fanout::Frame;
use tracing::debug;

use crate::clock::{self, Id};
use crate::hall::Hall;
use crate::metrics::Delivered;
use crate::room::LiveRoom;

/// What nodes tell each other; no name that the API takes for a command.
pub(crate) const GOSSIP: &str = "rillcast:node-presence";
const PRESENCE: &str = "rillcast:PRESENCE";
const JOIN: &str = "rillcast:JOIN";
const LEAVE: &str = "rillcast:LEAVE";

/// Connections and users.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Counts {
    connections: u64,
    users: u64,
}

/// What a room knows of who is in it, on all nodes.
#[derive(Debug, Default)]
pub(crate) struct Presence {
    nodes: HashMap<NodeId, (Counts, u64)>,
    /// What the room was told last.
    told: Counts,
    /// What the other nodes were told last, and when.
    gossiped: (Counts, u64),
    due: u64,
}

/// Tells the counts of each room that asks for them and whose time it is. To be called every second.
pub(crate) fn tell_counts(hall: &Hall) {
    let now = hall.steady();
    for room in hall.all() {
        if let Some(period) = room.rules().extensions.presence {
            tell_count(hall, &room, nanoseconds(period), now);
        }
    }
}

fn tell_count(hall: &Hall, room: &LiveRoom, period: u64, now: u64) {
    let here = {
        let mut floor = room.floor();
        if floor.presence.due > now {
            return;
        }
        // Calls come a second apart, give or take: half of one may be missing.
        floor.presence.due = now + period - 500_000_000;
        Counts { connections: floor.connections().into(), users: floor.users() as u64 }
    };
    gossip(hall, room, here, 2 * period, now);
    let mut floor = room.floor();
    let total = floor.presence.total(now.saturating_sub(3 * period));
    if total == floor.presence.told || floor.connections() == 0 {
        return;
    }
    floor.presence.told = total;
    let attributes = BTreeMap::from([
        ("Connections".to_owned(), total.connections.to_string()),
        ("Users".to_owned(), total.users.to_string()),
    ]);
    let text = chat_frame::event(Id::fresh().as_str(), "", PRESENCE, Some(&attributes), clock::now());
    hall.fanout().publish(room.group, &Frame::text(&text));
    hall.metrics.delivered(Delivered::Event, floor.connections());
}

/// Tells all nodes, this one among them, what is here: when it changed, and every `again`.
fn gossip(hall: &Hall, room: &LiveRoom, here: Counts, again: u64, now: u64) {
    {
        let mut floor = room.floor();
        let (last, at) = floor.presence.gossiped;
        if last == here && (here == Counts::default() || now.saturating_sub(at) < again) {
            return;
        }
        floor.presence.gossiped = (here, now);
    }
    let attributes = BTreeMap::from([
        ("Connections".to_owned(), here.connections.to_string()),
        ("Users".to_owned(), here.users.to_string()),
    ]);
    if hall.say(&room.arn, RoomNews::Command { name: GOSSIP.into(), attributes }).is_err() {
        debug!(room = %room.arn, "could not tell other nodes who is here");
    }
}

/// A node told what is on it.
pub(crate) fn hear(room: &LiveRoom, node: &NodeId, attributes: &BTreeMap<String, String>, now: u64) {
    let number = |key: &str| attributes.get(key).and_then(|text| text.parse().ok()).unwrap_or(0);
    let counts = Counts { connections: number("Connections"), users: number("Users") };
    room.floor().presence.nodes.insert(node.clone(), (counts, now));
}

impl Presence {
    fn total(&mut self, since: u64) -> Counts {
        self.nodes.retain(|_, (_, at)| *at >= since);
        self.nodes.values().fold(Counts::default(), |sum, (counts, _)| Counts {
            connections: sum.connections.saturating_add(counts.connections),
            users: sum.users.saturating_add(counts.users),
        })
    }
}

/// A user's first connection is there.
pub(crate) fn tell_join(hall: &Hall, room: &LiveRoom, user: &str) {
    tell(hall, room, user, JOIN);
}

/// A user's last connection is gone.
pub(crate) fn tell_leave(hall: &Hall, room: &LiveRoom, user: &str) {
    tell(hall, room, user, LEAVE);
}

fn tell(hall: &Hall, room: &LiveRoom, user: &str, name: &str) {
    // At the end all leave, and nobody is there to hear it.
    if !room.rules().extensions.join_leave || hall.is_draining() {
        return;
    }
    let attributes = BTreeMap::from([("UserId".to_owned(), user.to_owned())]);
    let (id, at) = (Id::fresh(), clock::now());
    let text = chat_frame::event(id.as_str(), "", name, Some(&attributes), at);
    let (id, payload): (Arc<str>, Arc<str>) = (id.as_str().into(), text.into());
    let news = RoomNews::Frame { kind: FrameKind::Event, id, sender: None, at, payload };
    if hall.say(&room.arn, news).is_err() {
        debug!(room = %room.arn, "could not tell who comes or goes");
    }
}

fn nanoseconds(period: Duration) -> u64 {
    u64::try_from(period.as_nanos()).unwrap_or(u64::MAX)
}
