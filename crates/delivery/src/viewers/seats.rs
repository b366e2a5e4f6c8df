//! How many viewers there may be at once: of a channel, or of an account over all of its channels; and what is
//! told when there may be no more.
//!
//! Promise: never more than the limit; of those who are refused, however many, one event a minute is made.

use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, SystemTime};

use domain::{AccountId, EventSubject, Region};
use tokio::time::Instant;

/// From one event about a limit to the next one.
const BETWEEN_EVENTS: Duration = Duration::from_secs(60);

/// A limit that was met.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Breach {
    /// Whose.
    pub(crate) owner: Owner,
    /// When the first one was refused.
    pub(crate) at: SystemTime,
    /// How many viewers there may be.
    pub(crate) limit: u32,
    /// Requests that were refused until it was looked at.
    pub(crate) refused: u32,
}

/// Whose viewers are limited.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Owner {
    pub(crate) account: AccountId,
    pub(crate) region: Region,
    /// The channel and its stream; `None`: all of the account's.
    pub(crate) subject: Option<EventSubject>,
}

#[derive(Debug, Default)]
struct Refusals {
    /// Since when, and how many; `None` while all are let in.
    met: Option<(SystemTime, u32)>,
    told: Option<Instant>,
}

/// So many seats, and no more.
#[derive(Debug)]
pub(super) struct Seats {
    owner: Owner,
    most: u32,
    taken: AtomicU32,
    refusals: Mutex<Refusals>,
}

impl Seats {
    pub(super) fn new(owner: Owner, most: u32) -> Self {
        Self { owner, most, taken: AtomicU32::new(0), refusals: Mutex::default() }
    }

    /// How many sit.
    pub(super) fn taken(&self) -> u32 {
        self.taken.load(Ordering::Relaxed)
    }

    /// Is there a seat left?
    pub(super) fn has_room(&self) -> bool {
        self.taken() < self.most
    }

    /// Takes a seat; false when there is none.
    pub(super) fn enter(&self) -> bool {
        let one_more = |taken| (taken < self.most).then_some(taken + 1);
        self.taken.fetch_update(Ordering::Relaxed, Ordering::Relaxed, one_more).is_ok()
    }

    /// Gives seats back.
    pub(super) fn leave(&self, seats: u32) {
        self.taken.fetch_sub(seats, Ordering::Relaxed);
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
        Some(Breach { owner: self.owner.clone(), at, limit: self.most, refused })
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

    fn seats(most: u32) -> Seats {
        let account = AccountId::parse("123456789012").expect("an account");
        let region = Region::parse("us-east-1").expect("a region");
        Seats::new(Owner { account, region, subject: None }, most)
    }

    #[test]
    fn there_are_as_many_seats_as_the_limit_says() {
        let seats = seats(2);
        assert!(seats.enter() && seats.has_room() && seats.enter());
        assert!(!seats.enter() && !seats.has_room());
        seats.leave(1);
        assert!(seats.enter() && !seats.enter());
    }

    #[tokio::test(start_paused = true)]
    async fn refusals_are_told_once_a_minute() {
        let seats = seats(5);
        assert_eq!((seats.breach(), seats.is_remembered()), (None, false));
        for _ in 0..3 {
            seats.refuse();
        }
        assert!(seats.is_remembered(), "it is to be told yet");
        let breach = seats.breach().expect("a breach");
        assert_eq!((breach.limit, breach.refused), (5, 3));
        for _ in 0..59 {
            seats.refuse();
            assert_eq!(seats.breach(), None);
            assert!(seats.is_remembered());
            tokio::time::advance(Duration::from_secs(1)).await;
        }
        tokio::time::advance(Duration::from_secs(1)).await;
        assert!(!seats.is_remembered());
        seats.refuse();
        assert_eq!(seats.breach().map(|breach| breach.refused), Some(1), "what was not told is forgotten");
    }
}
