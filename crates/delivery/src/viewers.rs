//! Viewers: who watches what at this moment.
//!
//! Promise: a session counts from its first media playlist until the broadcast's window has passed since its
//! last one; to see a session again takes one short lock among sixteen of its broadcast and no allocation;
//! memory is bounded by what an account may have.

mod account;
mod house;
mod telling;

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};
use std::time::Duration;

use domain::{AccountId, Arn, Region, StreamId};
use live::{Broadcast, Hub};
use tokio::time::Instant;

use account::Account;
use house::House;

use crate::error::Error;
use crate::pass::SessionId;

pub(crate) use account::Breach;
pub(crate) use telling::Teller;

/// Locks among which broadcasts are spread, to be found by their streams.
const AISLES: usize = 16;

/// All viewers of this node.
#[derive(Debug)]
pub(crate) struct Viewers {
    hub: Hub,
    /// Most viewers of an account.
    most: u32,
    begun: Instant,
    aisles: [RwLock<HashMap<StreamId, Arc<House>>>; AISLES],
    accounts: Mutex<HashMap<(AccountId, Region), Arc<Account>>>,
}

impl Viewers {
    pub(crate) fn new(hub: Hub, most: u32) -> Self {
        Self { hub, most, begun: Instant::now(), aisles: Default::default(), accounts: Mutex::default() }
    }

    /// Is there room for one more?
    ///
    /// # Errors
    /// [`Error::Full`] when the account has as many viewers as it may have.
    pub(crate) fn welcome(&self, broadcast: &Broadcast) -> Result<(), Error> {
        let account = self.accounts().get(&owner(broadcast.channel())).cloned();
        match account {
            Some(account) if !account.has_room() => {
                account.refuse();
                Err(Error::Full)
            }
            _ => Ok(()),
        }
    }

    /// Notes that a session, which is proven, reads a broadcast's playlist now.
    ///
    /// # Errors
    /// [`Error::Full`] when it is new and the account has as many viewers as it may have.
    pub(crate) fn seen(&self, broadcast: &Arc<Broadcast>, session: SessionId) -> Result<Visit, Error> {
        let Some(house) = self.house(broadcast) else { return Ok(Visit { place: None }) };
        house.enter(session, self.moment())?;
        Ok(Visit { place: Some((house, session)) })
    }

    /// Notes that a visit goes on.
    pub(crate) fn again(&self, visit: &Visit) {
        if let Some((house, id)) = &visit.place {
            house.see(*id, self.moment());
        }
    }

    /// Lets go of those who were not seen for long, and of broadcasts that are over. To be called each second.
    pub(crate) fn sweep(&self) {
        let now = self.moment();
        for house in self.houses() {
            if self.is_on_air(house.broadcast()) {
                house.sweep(now);
            } else {
                self.aisle_mut(house.broadcast().stream()).remove(house.broadcast().stream());
                house.close();
            }
        }
        // Houses hold their accounts, and nobody takes one from the register while it is locked: what only the
        // register holds, nobody counts with.
        self.accounts().retain(|_, account| Arc::strong_count(account) > 1 || account.is_remembered());
    }

    /// Limits that were met since they were last told of, at most one for each account in a minute.
    pub(crate) fn breaches(&self) -> Vec<Breach> {
        let accounts: Vec<_> = self.accounts().values().cloned().collect();
        accounts.iter().filter_map(|account| account.breach()).collect()
    }

    fn house(&self, broadcast: &Arc<Broadcast>) -> Option<Arc<House>> {
        if let Some(house) = self.aisle(broadcast.stream()).get(broadcast.stream()) {
            return Some(Arc::clone(house));
        }
        // Asked before it is put in: what ends after that the next sweep finds.
        if !self.is_on_air(broadcast) {
            return None;
        }
        let account = self.account(broadcast.channel());
        let mut aisle = self.aisle_mut(broadcast.stream());
        let house = aisle.entry(broadcast.stream().clone());
        Some(Arc::clone(house.or_insert_with(|| Arc::new(House::new(Arc::clone(broadcast), account)))))
    }

    fn account(&self, channel: &Arn) -> Arc<Account> {
        let mut accounts = self.accounts();
        let new = || Arc::new(Account::new(owner(channel), self.most));
        Arc::clone(accounts.entry(owner(channel)).or_insert_with(new))
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

    fn aisle(&self, stream: &StreamId) -> RwLockReadGuard<'_, HashMap<StreamId, Arc<House>>> {
        self.aisles[number(stream)].read().unwrap_or_else(PoisonError::into_inner)
    }

    fn aisle_mut(&self, stream: &StreamId) -> RwLockWriteGuard<'_, HashMap<StreamId, Arc<House>>> {
        self.aisles[number(stream)].write().unwrap_or_else(PoisonError::into_inner)
    }

    fn accounts(&self) -> MutexGuard<'_, HashMap<(AccountId, Region), Arc<Account>>> {
        self.accounts.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Ids are drawn evenly, so a few of their characters spread them.
fn number(stream: &StreamId) -> usize {
    let sum = stream.as_str().bytes().rev().take(4).fold(0usize, |sum, byte| sum * 31 + usize::from(byte));
    sum % AISLES
}

fn owner(channel: &Arn) -> (AccountId, Region) {
    (channel.account.clone(), channel.region.clone())
}

/// One request's place among the viewers; none when its broadcast is over.
#[derive(Debug)]
pub(crate) struct Visit {
    place: Option<(Arc<House>, SessionId)>,
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
