//! A room that somebody is in, or was a moment ago.
//!
//! Promise: what a room hears, who is in it and what it remembers change under one lock, so that whoever joins
//! gets each frame once: remembered or live.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};
use std::time::Instant;

use domain::{AccountRates, Arn, Pace};
use fanout::{Connection, Group};
use parking_lot::{Mutex, MutexGuard, RwLock};

use crate::clock::Steady;
use crate::extensions::history::History;
use crate::extensions::presence::Presence;
use crate::rules::Rules;
use crate::tally::Tally;

/// An account of a region, as far as chat counts it.
#[derive(Debug)]
pub(crate) struct Account {
    pub(crate) rates: Arc<AccountRates>,
    /// Open or about to open, on this node.
    pub(crate) connections: AtomicU32,
}

/// A room in memory.
#[derive(Debug)]
pub(crate) struct LiveRoom {
    pub(crate) arn: Arn,
    pub(crate) group: Group,
    pub(crate) account: Arc<Account>,
    clock: Steady,
    rules: RwLock<Arc<Rules>>,
    floor: Mutex<Floor>,
    /// Places that are taken: connections, and those about to be.
    places: AtomicU32,
    pub(crate) tally: Tally,
    /// When the last place was given back, on the steady clock.
    left_at: AtomicU64,
}

/// What changes with each frame and each connection.
#[derive(Debug, Default)]
pub(crate) struct Floor {
    pace: Pace,
    users: HashMap<Arc<str>, Seats>,
    connections: u32,
    pub(crate) history: History,
    pub(crate) presence: Presence,
    /// When users spoke last, in slow mode; on the steady clock.
    spoke: HashMap<Arc<str>, u64>,
}

/// The connections of a user. Nearly always one, which then needs no list.
#[derive(Debug)]
enum Seats {
    One(Connection),
    Many(Vec<Connection>),
}

impl Seats {
    fn add(&mut self, connection: Connection) {
        match self {
            Self::One(first) => *self = Self::Many(vec![*first, connection]),
            Self::Many(seats) => seats.push(connection),
        }
    }
}

/// Users that spoke are looked through for those who need not be remembered when there are so many.
const MANY_SPEAKERS: usize = 1_024;

impl LiveRoom {
    pub(crate) fn new(arn: Arn, group: Group, account: Arc<Account>, clock: Steady, rules: Rules) -> Self {
        Self {
            clock,
            arn,
            group,
            account,
            rules: RwLock::new(Arc::new(rules)),
            floor: Mutex::default(),
            places: AtomicU32::new(0),
            tally: Tally::new(),
            left_at: AtomicU64::new(0),
        }
    }

    pub(crate) fn rules(&self) -> Arc<Rules> {
        Arc::clone(&self.rules.read())
    }

    pub(crate) fn set_rules(&self, rules: Rules) {
        let most = rules.extensions.history;
        *self.rules.write() = Arc::new(rules);
        self.floor().history.keep(most);
    }

    pub(crate) fn floor(&self) -> MutexGuard<'_, Floor> {
        self.floor.lock()
    }

    /// Nobody is here, nor has been since `moment` on the steady clock.
    pub(crate) fn is_idle_since(&self, moment: u64) -> bool {
        self.places.load(Ordering::Acquire) == 0 && self.left_at.load(Ordering::Acquire) < moment
    }
}

impl Floor {
    /// May one more message be sent now? One that may is counted for room and account.
    pub(crate) fn admit(&mut self, rate: u32, now: u64, account: impl FnOnce() -> bool) -> bool {
        let before = self.pace;
        let admitted = self.pace.admit(rate, now) && account();
        if !admitted {
            self.pace = before;
        }
        admitted
    }

    /// Counts a message that another node let in.
    pub(crate) fn charge(&mut self, rate: u32, now: u64) {
        self.pace.charge(rate, now);
    }

    /// Seconds until the user may speak again, when each must wait `apart`, in nanoseconds.
    pub(crate) fn wait(&self, user: &str, apart: u64, now: u64) -> Option<u64> {
        let ready = self.spoke.get(user)?.saturating_add(apart);
        (ready > now).then(|| (ready - now).div_ceil(1_000_000_000))
    }

    /// The user speaks now, and whoever spoke `apart` ago is forgotten.
    pub(crate) fn speaks(&mut self, user: &Arc<str>, apart: u64, now: u64) {
        if self.spoke.len() >= MANY_SPEAKERS && self.spoke.len() == self.spoke.capacity() {
            self.spoke.retain(|_, at| at.saturating_add(apart) > now);
        }
        self.spoke.insert(Arc::clone(user), now);
    }

    /// Enters a connection; the name that comes back is shared by all connections of the user. True when this is
    /// the user's first.
    pub(crate) fn enter(&mut self, user: &str, connection: Connection) -> (Arc<str>, bool) {
        self.connections += 1;
        let known = self.users.get_key_value(user).map(|(name, _)| Arc::clone(name));
        let is_first = known.is_none();
        let name = known.unwrap_or_else(|| user.into());
        match self.users.entry(Arc::clone(&name)) {
            Entry::Occupied(mut seats) => seats.get_mut().add(connection),
            Entry::Vacant(seats) => drop(seats.insert(Seats::One(connection))),
        }
        (name, is_first)
    }

    /// Takes a connection out. True when it was the user's last.
    pub(crate) fn leave(&mut self, user: &str, connection: Connection) -> bool {
        let Some(seats) = self.users.get_mut(user) else { return false };
        self.connections -= 1;
        let none_left = match seats {
            Seats::One(_) => true,
            Seats::Many(seats) => {
                seats.retain(|seat| *seat != connection);
                seats.is_empty()
            }
        };
        if none_left {
            self.users.remove(user);
            if self.users.is_empty() {
                self.users = HashMap::new();
            }
        }
        none_left
    }

    pub(crate) fn connections(&self) -> u32 {
        self.connections
    }

    pub(crate) fn users(&self) -> usize {
        self.users.len()
    }

    /// Some of the users, with the number of their connections.
    pub(crate) fn people(&self, most: usize) -> Vec<(String, usize)> {
        let seats = |seats: &Seats| match seats {
            Seats::One(_) => 1,
            Seats::Many(seats) => seats.len(),
        };
        self.users.iter().take(most).map(|(user, held)| (user.to_string(), seats(held))).collect()
    }

    /// The connections of a user.
    pub(crate) fn of(&self, user: &str) -> &[Connection] {
        match self.users.get(user) {
            Some(Seats::One(seat)) => std::slice::from_ref(seat),
            Some(Seats::Many(seats)) => seats,
            None => &[],
        }
    }
}

/// A place in a room and in its account's quota, given back when it is dropped.
#[derive(Debug)]
pub(crate) struct Place {
    room: Arc<LiveRoom>,
}

impl Place {
    /// `None` when the account has `quota` places already.
    pub(crate) fn take(room: Arc<LiveRoom>, quota: u32) -> Option<Self> {
        let taken = &room.account.connections;
        let more = |count: u32| (count < quota).then_some(count + 1);
        taken.fetch_update(Ordering::Relaxed, Ordering::Relaxed, more).ok()?;
        room.places.fetch_add(1, Ordering::AcqRel);
        Some(Self { room })
    }

    pub(crate) fn room(&self) -> &Arc<LiveRoom> {
        &self.room
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        self.room.left_at.store(self.room.clock.at(Instant::now()), Ordering::Release);
        self.room.places.fetch_sub(1, Ordering::AcqRel);
        self.room.account.connections.fetch_sub(1, Ordering::Relaxed);
    }
}
