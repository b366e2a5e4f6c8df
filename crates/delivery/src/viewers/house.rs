//! One broadcast as its viewers have it: the broadcast, who is there, and what waits.
//!
//! Promise: the number of viewers that is told is the number of seats taken. After the end nobody is let in and
//! nobody counts. No more requests wait than may: of one viewer, of all viewers, and of whoever fetches media.

use std::collections::HashMap;
use std::hash::{BuildHasher, Hasher};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::Duration;

use live::{Broadcast, Ladder};

use super::Moment;
use super::seats::{Breach, Seats};
use crate::error::Error;
use crate::feed::{Feed, SOURCE};
use crate::pass::SessionId;

/// Locks among which sessions are spread.
const ROWS: usize = 16;

/// A session counts for at least this long after its last playlist: a player on a bad network skips a few.
const SHORTEST_WINDOW: Duration = Duration::from_secs(10);
/// A request is held for three target durations and is seen when it comes and when it is answered; this is for
/// what lies between the answer and the next request.
const BETWEEN_REQUESTS: Duration = Duration::from_secs(1);
/// Requests of one viewer that may wait at once. A player needs a playlist or two for each rendition that it
/// changes between.
const HELD_PER_VIEWER: u8 = 16;

/// A viewer who is there.
#[derive(Clone, Copy, Debug)]
struct Seat {
    seen: Moment,
    /// Requests that wait.
    held: u8,
}

#[derive(Debug, Default)]
struct Row {
    /// 24 bytes each, 28 to 56 with the room that the table keeps.
    seats: HashMap<SessionId, Seat, Spread>,
    closed: bool,
}

/// What waits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// Viewers' playlists.
    Playlist,
    /// Parts and segments, which whoever knows their URL may ask for.
    Media,
}

/// One broadcast's viewers.
#[derive(Debug)]
pub(crate) struct House {
    broadcast: Arc<Broadcast>,
    /// Once it is decided, so that it is read without a lock.
    ladder: OnceLock<Arc<Ladder>>,
    /// Viewers were led to the source though it is not offered: they are there as long as the stream lasts.
    stood_in: AtomicBool,
    own: Seats,
    account: Arc<Seats>,
    rows: [Mutex<Row>; ROWS],
    /// Counted apart, so that strangers who wait for media leave the viewers their places.
    playlists: AtomicUsize,
    media: AtomicUsize,
}

impl House {
    pub(super) fn new(broadcast: Arc<Broadcast>, own: Seats, account: Arc<Seats>) -> Self {
        Self {
            broadcast,
            ladder: OnceLock::new(),
            stood_in: AtomicBool::new(false),
            own,
            account,
            rows: Default::default(),
            playlists: AtomicUsize::new(0),
            media: AtomicUsize::new(0),
        }
    }

    pub(crate) fn broadcast(&self) -> &Arc<Broadcast> {
        &self.broadcast
    }

    /// The rendition that a path names, if viewers may read it.
    ///
    /// # Errors
    /// [`Error::Offline`] as long as nobody knows which there are; [`Error::Missing`] when there is none of this
    /// name, or it is the source and not to be had.
    pub(crate) fn feed(&self, name: &str) -> Result<Feed, Error> {
        let ladder = self.ladder().ok_or(Error::Offline)?;
        if name != SOURCE {
            return Feed::of(&self.broadcast, ladder, name).ok_or(Error::Missing);
        }
        let is_there =
            ladder.offers_source || self.stood_in.load(Ordering::Relaxed) || self.stands_alone(ladder);
        is_there.then(|| Feed::source(&self.broadcast)).ok_or(Error::Missing)
    }

    /// What a viewer who comes now can choose from, the best first; never nothing. Where all else is out, the
    /// source stands in for it, and stays for those who were told of it.
    pub(crate) fn feeds(&self) -> Vec<Feed> {
        let source = || Feed::source(&self.broadcast);
        let Some(ladder) = self.ladder() else { return vec![source()] };
        let offered = ladder.offers_source.then(source);
        let made = Feed::made(&self.broadcast, ladder).filter(|feed| feed.playable().is_some());
        let mut feeds: Vec<_> = offered.into_iter().chain(made).collect();
        if feeds.is_empty() {
            self.stood_in.store(true, Ordering::Relaxed);
            feeds.push(source());
        }
        feeds
    }

    fn stands_alone(&self, ladder: &Ladder) -> bool {
        Feed::made(&self.broadcast, ladder).all(|feed| feed.is_out())
    }

    fn ladder(&self) -> Option<&Ladder> {
        if let Some(ladder) = self.ladder.get() {
            return Some(ladder);
        }
        let decided = self.broadcast.ladder()?;
        Some(self.ladder.get_or_init(|| decided))
    }

    /// Is there room for one more?
    ///
    /// # Errors
    /// [`Error::Full`] when the channel or its account has as many viewers as it may have.
    pub(crate) fn welcome(&self) -> Result<(), Error> {
        for seats in [&self.own, &*self.account] {
            if !seats.has_room() {
                seats.refuse();
                return Err(Error::Full);
            }
        }
        Ok(())
    }

    /// Notes that a session, which is proven, is there now, and gives it a seat if it has none. With `waits` a
    /// request of it begins to wait.
    ///
    /// # Errors
    /// [`Error::Full`] when there is none left; [`Error::Impatient`] when too many requests of it wait.
    pub(crate) fn enter(&self, id: SessionId, now: Moment, waits: bool) -> Result<(), Error> {
        let mut row = self.row(id);
        if let Some(seat) = row.seats.get_mut(&id) {
            seat.seen = now;
            if waits && seat.held >= HELD_PER_VIEWER {
                return Err(Error::Impatient);
            }
            seat.held += u8::from(waits);
            return Ok(());
        }
        if row.closed {
            return Ok(());
        }
        if let Some(full) = self.take_seat() {
            drop(row);
            full.refuse();
            return Err(Error::Full);
        }
        row.seats.insert(id, Seat { seen: now, held: u8::from(waits) });
        drop(row);
        self.tell();
        Ok(())
    }

    /// Notes that a request of this session waits no more; if it was answered, that it was there all the while.
    pub(super) fn went_on(&self, id: SessionId, answered: Option<Moment>) {
        if let Some(seat) = self.row(id).seats.get_mut(&id) {
            seat.held = seat.held.saturating_sub(1);
            seat.seen = answered.unwrap_or(seat.seen);
        }
    }

    /// A place to wait at, of so many.
    ///
    /// # Errors
    /// [`Error::Crowded`] when all are taken.
    pub(crate) fn hold(self: &Arc<Self>, kind: Kind, places: usize) -> Result<Hold, Error> {
        let held = self.held_of(kind).fetch_add(1, Ordering::Relaxed);
        let hold = Hold { house: Arc::clone(self), kind };
        if held < places { Ok(hold) } else { Err(Error::Crowded) }
    }

    /// How many requests wait.
    pub(crate) fn held(&self, kind: Kind) -> usize {
        self.held_of(kind).load(Ordering::Relaxed)
    }

    fn held_of(&self, kind: Kind) -> &AtomicUsize {
        match kind {
            Kind::Playlist => &self.playlists,
            Kind::Media => &self.media,
        }
    }

    /// The channel's limit, if it was met since it was last told of.
    pub(super) fn breach(&self) -> Option<Breach> {
        self.own.breach()
    }

    /// Frees the seats of those who were not seen for longer than the window.
    pub(super) fn sweep(&self, now: Moment) {
        let window = self.window();
        for row in &self.rows {
            let mut row = lock(row);
            let before = row.seats.len();
            row.seats.retain(|_, seat| now.since(seat.seen) <= window);
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

    /// Takes a seat of the channel's and of the account's; tells which of them has none.
    fn take_seat(&self) -> Option<&Seats> {
        if !self.own.enter() {
            return Some(&self.own);
        }
        if !self.account.enter() {
            self.own.leave(1);
            return Some(&self.account);
        }
        None
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
        self.own.leave(seats);
        self.account.leave(seats);
    }

    /// Two who tell at once may tell in the wrong order; the next sweep tells again.
    fn tell(&self) {
        self.broadcast.pulse().set_viewers(self.own.taken());
    }

    fn row(&self, id: SessionId) -> MutexGuard<'_, Row> {
        lock(&self.rows[usize::from(id.bytes()[0]) % ROWS])
    }
}

/// A place at which a request waits; free again when this is gone.
#[derive(Debug)]
pub(crate) struct Hold {
    house: Arc<House>,
    kind: Kind,
}

impl Drop for Hold {
    fn drop(&mut self) {
        self.house.held_of(self.kind).fetch_sub(1, Ordering::Relaxed);
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
