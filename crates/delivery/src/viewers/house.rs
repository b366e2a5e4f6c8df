//! The viewers of one broadcast.
//!
//! Promise: the number that is told is the number of seats taken. After the end nobody is let in and nobody
//! counts.

use std::collections::HashMap;
use std::hash::{BuildHasher, Hasher};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use live::Broadcast;

use super::Moment;
use super::account::Account;
use crate::error::Error;
use crate::pass::SessionId;

/// Locks among which sessions are spread.
const ROWS: usize = 16;

/// A session counts for at least this long after its last playlist: a player on a bad network skips a few.
const SHORTEST_WINDOW: Duration = Duration::from_secs(10);
/// A request is held for three target durations and is seen when it comes and when it is answered; this is for
/// what lies between the answer and the next request.
const BETWEEN_REQUESTS: Duration = Duration::from_secs(1);

#[derive(Debug, Default)]
struct Row {
    /// When each session was last seen. 20 bytes each, 24 to 48 with the room that the table keeps.
    seats: HashMap<SessionId, Moment, Spread>,
    closed: bool,
}

/// One broadcast's viewers.
#[derive(Debug)]
pub(super) struct House {
    broadcast: Arc<Broadcast>,
    account: Arc<Account>,
    rows: [Mutex<Row>; ROWS],
    taken: AtomicU32,
}

impl House {
    pub(super) fn new(broadcast: Arc<Broadcast>, account: Arc<Account>) -> Self {
        Self { broadcast, account, rows: Default::default(), taken: AtomicU32::new(0) }
    }

    pub(super) fn broadcast(&self) -> &Arc<Broadcast> {
        &self.broadcast
    }

    /// Notes that a session is there now; false when it has no seat.
    pub(super) fn see(&self, id: SessionId, now: Moment) -> bool {
        self.row(id).seats.get_mut(&id).map(|last| *last = now).is_some()
    }

    /// Notes that a session is there now, and gives it a seat if it has none.
    ///
    /// # Errors
    /// [`Error::Full`] when the account has none left.
    pub(super) fn enter(&self, id: SessionId, now: Moment) -> Result<(), Error> {
        let mut row = self.row(id);
        if let Some(last) = row.seats.get_mut(&id) {
            *last = now;
            return Ok(());
        }
        if row.closed {
            return Ok(());
        }
        if !self.account.enter() {
            drop(row);
            self.account.refuse();
            return Err(Error::Full);
        }
        row.seats.insert(id, now);
        self.taken.fetch_add(1, Ordering::Relaxed);
        drop(row);
        self.tell();
        Ok(())
    }

    /// Frees the seats of those who were not seen for longer than the window.
    pub(super) fn sweep(&self, now: Moment) {
        let window = self.window();
        for row in &self.rows {
            let mut row = lock(row);
            let before = row.seats.len();
            row.seats.retain(|_, last| now.since(*last) <= window);
            let left = before - row.seats.len();
            if row.seats.capacity() > 64 + 4 * row.seats.len() {
                row.seats.shrink_to_fit();
            }
            self.freed(left);
        }
        self.tell();
    }

    /// Frees all seats, for good.
    pub(super) fn close(&self) {
        for row in &self.rows {
            let mut row = lock(row);
            row.closed = true;
            let seats = std::mem::take(&mut row.seats);
            self.freed(seats.len());
        }
        self.tell();
    }

    /// How long a session counts after it was last seen: 10 to 19 seconds, by the target duration.
    fn window(&self) -> Duration {
        let terms = self.broadcast.shelf().latest().map(|now| now.terms);
        let hold = terms.map_or(Duration::ZERO, |terms| terms.target().to_duration() * 3);
        SHORTEST_WINDOW.max(hold + BETWEEN_REQUESTS)
    }

    /// Under the row's lock, so that no seat is given before it is free.
    fn freed(&self, seats: usize) {
        let seats = u32::try_from(seats).unwrap_or(u32::MAX);
        self.taken.fetch_sub(seats, Ordering::Relaxed);
        self.account.leave(seats);
    }

    /// Two who tell at once may tell in the wrong order; the next sweep tells again.
    fn tell(&self) {
        self.broadcast.pulse().set_viewers(self.taken.load(Ordering::Relaxed));
    }

    fn row(&self, id: SessionId) -> MutexGuard<'_, Row> {
        lock(&self.rows[usize::from(id.bytes()[0]) % ROWS])
    }
}

/// A panic under it leaves a row whole: each change is one call.
fn lock(row: &Mutex<Row>) -> MutexGuard<'_, Row> {
    row.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Ids that get a seat are proven random, so their own bytes are as good as a hash of them; no client chooses
/// among which others its id stands.
#[derive(Clone, Copy, Debug, Default)]
struct Spread(u64);

impl BuildHasher for Spread {
    type Hasher = Self;

    fn build_hasher(&self) -> Self {
        Self(0)
    }
}

impl Hasher for Spread {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, bytes: &[u8]) {
        if let Some(last) = bytes.last_chunk() {
            self.0 ^= u64::from_le_bytes(*last);
        }
    }

    fn write_usize(&mut self, _: usize) {}
}
