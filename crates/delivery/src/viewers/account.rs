//! How many viewers an account has, over all of its channels, and what is told when it may have no more.
//!
//! Promise: never more than the limit; of those who are refused, however many, one event a minute is made.

use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, SystemTime};

use domain::{AccountId, Region};
use tokio::time::Instant;

/// From one event about an account to the next one.
const BETWEEN_EVENTS: Duration = Duration::from_secs(60);

/// A limit that was met.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Breach {
    /// Whose.
    pub(crate) account: AccountId,
    /// Where.
    pub(crate) region: Region,
    /// When the first one was refused.
    pub(crate) at: SystemTime,
    /// How many viewers there may be.
    pub(crate) limit: u32,
    /// Requests that were refused until it was looked at.
    pub(crate) refused: u32,
}

#[derive(Debug, Default)]
struct Refusals {
    /// Since when, and how many; `None` while all are let in.
    met: Option<(SystemTime, u32)>,
    told: Option<Instant>,
}

/// One account's viewers, in one region.
#[derive(Debug)]
pub(super) struct Account {
    owner: (AccountId, Region),
    most: u32,
    viewers: AtomicU32,
    refusals: Mutex<Refusals>,
}

impl Account {
    pub(super) fn new(owner: (AccountId, Region), most: u32) -> Self {
        Self { owner, most, viewers: AtomicU32::new(0), refusals: Mutex::default() }
    }

    /// Is there a seat left?
    pub(super) fn has_room(&self) -> bool {
        self.viewers.load(Ordering::Relaxed) < self.most
    }

    /// Takes a seat; false when there is none.
    pub(super) fn enter(&self) -> bool {
        let one_more = |viewers| (viewers < self.most).then_some(viewers + 1);
        self.viewers.fetch_update(Ordering::Relaxed, Ordering::Relaxed, one_more).is_ok()
    }

    /// Gives seats back.
    pub(super) fn leave(&self, seats: u32) {
        self.viewers.fetch_sub(seats, Ordering::Relaxed);
    }

    /// Notes that somebody was sent away.
    pub(super) fn refuse(&self) {
        let mut refusals = self.refusals();
        let (at, refused) = refusals.met.unwrap_or_else(|| (SystemTime::now(), 0));
        refusals.met = Some((at, refused.saturating_add(1)));
    }

    /// What is to be told now. What happens in the minute after that is told of with nothing.
    pub(super) fn breach(&self) -> Option<Breach> {
        let mut refusals = self.refusals();
        let (at, refused) = refusals.met.take()?;
        if refusals.told.is_some_and(|told| told.elapsed() < BETWEEN_EVENTS) {
            return None;
        }
        refusals.told = Some(Instant::now());
        let (account, region) = self.owner.clone();
        Some(Breach { account, region, at, limit: self.most, refused })
    }

    /// Must it be kept, though nobody watches: was something told of it a moment ago, or is something to tell?
    pub(super) fn is_remembered(&self) -> bool {
        let refusals = self.refusals();
        refusals.met.is_some() || refusals.told.is_some_and(|told| told.elapsed() < BETWEEN_EVENTS)
    }

    /// Held for a few moves only.
    fn refusals(&self) -> MutexGuard<'_, Refusals> {
        self.refusals.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn account(most: u32) -> Account {
        let account = AccountId::parse("123456789012").expect("an account");
        Account::new((account, Region::parse("us-east-1").expect("a region")), most)
    }

    #[test]
    fn there_are_as_many_seats_as_the_limit_says() {
        let account = account(2);
        assert!(account.enter() && account.has_room() && account.enter());
        assert!(!account.enter() && !account.has_room());
        account.leave(1);
        assert!(account.enter() && !account.enter());
    }

    #[tokio::test(start_paused = true)]
    async fn refusals_are_told_once_a_minute() {
        let account = account(5);
        assert_eq!((account.breach(), account.is_remembered()), (None, false));
        for _ in 0..3 {
            account.refuse();
        }
        assert!(account.is_remembered(), "it is to be told yet");
        let breach = account.breach().expect("a breach");
        assert_eq!((breach.limit, breach.refused), (5, 3));
        for _ in 0..59 {
            account.refuse();
            assert_eq!(account.breach(), None);
            assert!(account.is_remembered());
            tokio::time::advance(Duration::from_secs(1)).await;
        }
        tokio::time::advance(Duration::from_secs(1)).await;
        assert!(!account.is_remembered());
        account.refuse();
        assert_eq!(account.breach().map(|breach| breach.refused), Some(1), "what was not told is forgotten");
    }
}
