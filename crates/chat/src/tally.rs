//! What happened in one room on this server since it is in memory here, for whoever looks after it.
//!
//! Promise: to count takes no lock; to read is rare, and tells of at most [`MOST_PEOPLE`] people by name.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::SystemTime;

use domain::{AccountId, Arn, Region};

use crate::denial::Denial;
use crate::metrics::Delivered;
use crate::room::LiveRoom;

/// People that are named; of more it is told how many.
const MOST_PEOPLE: usize = 500;

/// The counts of a room.
#[derive(Debug)]
pub(crate) struct Tally {
    since: SystemTime,
    heard: [AtomicU64; 4],
    joins: AtomicU64,
    allowed: AtomicU64,
    denied: AtomicU64,
    too_fast: AtomicU64,
    refused: AtomicU64,
}

/// What is known of a room on this server. Counts begin when the first comes into the room, and anew when nobody
/// was in it for a while.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RoomFigures {
    /// Since when is counted.
    pub since: SystemTime,
    /// Connections now.
    pub connections: u32,
    /// Users now; one may have several connections.
    pub users: usize,
    /// Some of them by name, in order, with the number of their connections; at most 500.
    pub people: Vec<(String, usize)>,
    /// Messages that the room got, from whatever server.
    pub messages: u64,
    /// Events, deletions and disconnections aside.
    pub events: u64,
    /// Deletions of messages.
    pub deletions: u64,
    /// Users who were disconnected.
    pub disconnections: u64,
    /// Connections that were opened.
    pub joins: u64,
    /// Messages that the review handler, or what stands in for it, let through.
    pub allowed: u64,
    /// Messages that it denied (ERROR 406).
    pub denied: u64,
    /// Requests that came too fast (429), slow mode among them.
    pub too_fast: u64,
    /// Requests that were refused for another reason.
    pub refused: u64,
    /// Messages that whoever joins gets first.
    pub remembered: usize,
}

impl Tally {
    pub(crate) fn new() -> Self {
        Self {
            since: SystemTime::now(),
            heard: Default::default(),
            joins: AtomicU64::new(0),
            allowed: AtomicU64::new(0),
            denied: AtomicU64::new(0),
            too_fast: AtomicU64::new(0),
            refused: AtomicU64::new(0),
        }
    }

    /// The room got this.
    pub(crate) fn heard(&self, what: Delivered) {
        more(&self.heard[what as usize]);
    }

    /// Somebody came in.
    pub(crate) fn joined(&self) {
        more(&self.joins);
    }

    /// A message came out of review.
    pub(crate) fn allowed(&self) {
        more(&self.allowed);
    }

    /// A request was answered with an ERROR.
    pub(crate) fn denied(&self, denial: &Denial) {
        more(match denial.code {
            406 => &self.denied,
            429 => &self.too_fast,
            _ => &self.refused,
        });
    }
}

impl RoomFigures {
    pub(crate) fn of(room: &LiveRoom) -> Self {
        let tally = &room.tally;
        let read = |count: &AtomicU64| count.load(Ordering::Relaxed);
        let heard = |what: Delivered| read(&tally.heard[what as usize]);
        let floor = room.floor();
        let mut people = floor.people(MOST_PEOPLE);
        let (connections, users, remembered) = (floor.connections(), floor.users(), floor.history.len());
        drop(floor);
        people.sort();
        Self {
            since: tally.since,
            connections,
            users,
            people,
            messages: heard(Delivered::Message),
            events: heard(Delivered::Event),
            deletions: heard(Delivered::Deletion),
            disconnections: heard(Delivered::Disconnection),
            joins: read(&tally.joins),
            allowed: read(&tally.allowed),
            denied: read(&tally.denied),
            too_fast: read(&tally.too_fast),
            refused: read(&tally.refused),
            remembered,
        }
    }
}

impl crate::Chat {
    /// What is known of a room here; `None` when nobody was in it on this server lately.
    pub fn room_figures(&self, room: &Arn) -> Option<RoomFigures> {
        self.hall.live(room).map(|room| RoomFigures::of(&room))
    }

    /// Connections that an account has open on this server in a region, which a quota bounds.
    pub fn connections(&self, account: &AccountId, region: &Region) -> u32 {
        self.hall.connections_of(account, region)
    }

    /// How a review handler fares here.
    pub fn handler_figures(&self, uri: &str) -> crate::review::HandlerFigures {
        self.hall.reviewer.figures(uri)
    }
}

fn more(count: &AtomicU64) {
    count.fetch_add(1, Ordering::Relaxed);
}
