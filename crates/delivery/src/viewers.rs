//! Viewers: who watches what at this moment, and the broadcasts that they watch.
//!
//! Promise: a session counts from its first media playlist until the broadcast's window has passed since its
//! last one; to find a broadcast by its path and to see a session again takes one shared and one short lock among
//! sixteen each and no allocation; memory is bounded by what is on air and what an account may have.

mod house;
mod seats;
mod telling;

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};
use std::time::Duration;

use domain::{AccountId, Arn, EventSubject, Region};
use live::{Broadcast, Hub};
use tokio::time::Instant;

use seats::{Owner, Seats};

use crate::error::Error;
use crate::pass::SessionId;
use crate::path::{Place, broadcast_name};

pub(crate) use house::{Hold, House, Kind};
pub(crate) use seats::Breach;
pub(crate) use telling::Teller;

/// Locks among which broadcasts are spread, to be found by their paths.
const AISLES: usize = 16;

/// Most viewers at once.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Most {
    pub(crate) of_channel: u32,
    pub(crate) of_account: u32,
}

/// All viewers of this node.
#[derive(Debug)]
pub(crate) struct Viewers {
    hub: Hub,
    most: Most,
    begun: Instant,
    /// By what their paths begin with.
    aisles: [RwLock<HashMap<Box<str>, Arc<House>>>; AISLES],
    accounts: Mutex<HashMap<(AccountId, Region), Arc<Seats>>>,
}

impl Viewers {
    pub(crate) fn new(hub: Hub, most: Most) -> Self {
        Self { hub, most, begun: Instant::now(), aisles: Default::default(), accounts: Mutex::default() }
    }

    /// The broadcast that a path names, on air or over and still at hand.
    ///
    /// # Errors
    /// [`Error::Missing`] when the path can name none; [`Error::Offline`] when there is none.
    pub(crate) fn at(&self, place: &Place<'_>) -> Result<Arc<House>, Error> {
        if let Some(house) = self.known(place.broadcast) {
            return Ok(house);
        }
        let (channel, stream) = place.names().ok_or(Error::Missing)?;
        let broadcast = self.hub.find(&channel, &stream).ok_or(Error::Offline)?;
        Ok(self.open(place.broadcast, &broadcast))
    }

    /// Where this broadcast's viewers are.
    pub(crate) fn of(&self, broadcast: &Arc<Broadcast>) -> Arc<House> {
        let name = broadcast_name(broadcast.channel(), broadcast.stream());
        self.known(&name).unwrap_or_else(|| self.open(&name, broadcast))
    }

    /// Notes that a session, which is proven, reads a broadcast's playlist now.
    ///
    /// # Errors
    /// [`Error::Full`] when it is new and there are as many viewers as there may be.
    pub(crate) fn seen(&self, house: &House, session: SessionId) -> Result<(), Error> {
        house.enter(session, self.moment(), false)
    }

    /// Notes that a request of a session begins to wait.
    ///
    /// # Errors
    /// Those of [`Viewers::seen`]; [`Error::Impatient`] when too many requests of the session wait.
    pub(crate) fn waits<'a>(&'a self, house: &'a House, session: SessionId) -> Result<Visit<'a>, Error> {
        house.enter(session, self.moment(), true)?;
        Ok(Visit { viewers: self, house, session, answered: false })
    }

    /// Lets go of those who were not seen for long, and of broadcasts that are over. To be called each second.
    pub(crate) fn sweep(&self) {
        let now = self.moment();
        for house in self.houses() {
            if self.is_on_air(house.broadcast()) {
                house.sweep(now);
            } else {
                house.close();
            }
        }
        for aisle in &self.aisles {
            let mut aisle = aisle.write().unwrap_or_else(PoisonError::into_inner);
            aisle.retain(|_, house| !house.broadcast().is_forgotten());
        }
        // Houses hold their accounts, and nobody takes one from the register while it is locked: what only the
        // register holds, nobody counts with.
        self.accounts().retain(|_, account| Arc::strong_count(account) > 1 || account.is_remembered());
    }

    /// Limits that were met since they were last told of, at most one for each account and channel in a minute.
    pub(crate) fn breaches(&self) -> Vec<Breach> {
        let accounts: Vec<_> = self.accounts().values().cloned().collect();
        let of_accounts = accounts.iter().filter_map(|account| account.breach());
        of_accounts.chain(self.houses().iter().filter_map(|house| house.breach())).collect()
    }

    /// How many requests wait at this moment.
    pub(crate) fn held(&self, kind: Kind) -> usize {
        self.houses().iter().map(|house| house.held(kind)).sum()
    }

    fn known(&self, name: &str) -> Option<Arc<House>> {
        let house = self.aisle(name).get(name).map(Arc::clone)?;
        (!house.broadcast().is_forgotten()).then_some(house)
    }

    fn open(&self, name: &str, broadcast: &Arc<Broadcast>) -> Arc<House> {
        let account = self.account(broadcast.channel());
        let own = Seats::new(channel(broadcast), self.most.of_channel);
        let new = || Arc::new(House::new(Arc::clone(broadcast), own, account));
        let house = Arc::clone(self.aisle_mut(name).entry(name.into()).or_insert_with(new));
        // Asked after it was put in: what ends after that the next sweep finds.
        if !self.is_on_air(broadcast) {
            house.close();
        }
        house
    }

    fn account(&self, channel: &Arn) -> Arc<Seats> {
        let owner = (channel.account.clone(), channel.region.clone());
        let (account, region) = owner.clone();
        let new = || Arc::new(Seats::new(Owner { account, region, subject: None }, self.most.of_account));
        Arc::clone(self.accounts().entry(owner).or_insert_with(new))
    }

    fn houses(&self) -> Vec<Arc<House>> {
        let read = |aisle: &RwLock<HashMap<_, _>>| -> Vec<Arc<House>> {
            aisle.read().unwrap_or_else(PoisonError::into_inner).values().cloned().collect()
        };
        self.aisles.iter().flat_map(read).collect()
    }

    fn is_on_air(&self, broadcast: &Broadcast) -> bool {
        self.hub.broadcast(broadcast.channel()).is_some_and(|now| now.stream() == broadcast.stream())
    }

    fn moment(&self) -> Moment {
        Moment::after(self.begun.elapsed())
    }

    fn aisle(&self, name: &str) -> RwLockReadGuard<'_, HashMap<Box<str>, Arc<House>>> {
        self.aisles[number(name)].read().unwrap_or_else(PoisonError::into_inner)
    }

    fn aisle_mut(&self, name: &str) -> RwLockWriteGuard<'_, HashMap<Box<str>, Arc<House>>> {
        self.aisles[number(name)].write().unwrap_or_else(PoisonError::into_inner)
    }

    fn accounts(&self) -> MutexGuard<'_, HashMap<(AccountId, Region), Arc<Seats>>> {
        self.accounts.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Names end with a stream's id, and ids are drawn evenly, so a few of their characters spread them.
fn number(name: &str) -> usize {
    let sum = name.bytes().rev().take(4).fold(0usize, |sum, byte| sum * 31 + usize::from(byte));
    sum % AISLES
}

/// Whose the viewers of one channel are.
fn channel(broadcast: &Broadcast) -> Owner {
    let channel = broadcast.channel();
    let subject = EventSubject {
        channel: channel.clone(),
        // Only its owner's table knows it.
        channel_name: String::new(),
        stream: broadcast.stream().clone(),
    };
    Owner { account: channel.account.clone(), region: channel.region.clone(), subject: Some(subject) }
}

/// A request of a viewer that waits; waits no more when this is gone.
#[derive(Debug)]
pub(crate) struct Visit<'a> {
    viewers: &'a Viewers,
    house: &'a House,
    session: SessionId,
    answered: bool,
}

impl Visit<'_> {
    /// It gets its answer, so somebody was there all the while.
    pub(crate) fn answered(mut self) {
        self.answered = true;
    }
}

impl Drop for Visit<'_> {
    fn drop(&mut self) {
        self.house.went_on(self.session, self.answered.then(|| self.viewers.moment()));
    }
}

/// Tenths of a second since delivery began: 13 years in four bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Moment(u32);

impl Moment {
    fn after(since: Duration) -> Self {
        Self(u32::try_from(since.as_millis() / 100).unwrap_or(u32::MAX))
    }

    /// How long ago `earlier` was; zero if it is later.
    fn since(self, earlier: Self) -> Duration {
        Duration::from_millis(u64::from(self.0.saturating_sub(earlier.0)) * 100)
    }
}
