//! The room for transcoding: how many coded pixels a second are promised, and how many more may be.
//!
//! Promise: no more is promised than there is, and what was promised comes back when its holder is gone, whatever
//! the reason. While nobody knows how much there is, nothing is promised.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// The coded pixels a second of one machine. Clones share them.
#[derive(Clone, Debug)]
pub struct Budget {
    account: Arc<Account>,
}

#[derive(Debug)]
struct Account {
    whole: u64,
    promised: AtomicU64,
}

impl Budget {
    /// So many coded pixels a second may be promised at a time.
    pub fn new(pixels: u64) -> Self {
        Self { account: Arc::new(Account { whole: pixels, promised: AtomicU64::new(0) }) }
    }

    /// All that may be promised, in coded pixels a second.
    pub fn whole(&self) -> u64 {
        self.account.whole
    }

    /// What is promised at the moment.
    pub fn promised(&self) -> u64 {
        self.account.promised.load(Ordering::Acquire)
    }

    /// What could be promised at the moment; another stream may be quicker to take it.
    pub fn room(&self) -> u64 {
        self.whole().saturating_sub(self.promised())
    }

    /// Promises so many coded pixels a second until the reservation is dropped; `None` if there are not as many.
    pub fn reserve(&self, pixels: u64) -> Option<Reservation> {
        let promised = &self.account.promised;
        let fits = |taken: u64| taken.checked_add(pixels).filter(|sum| *sum <= self.account.whole);
        promised.fetch_update(Ordering::AcqRel, Ordering::Acquire, fits).ok()?;
        Some(Reservation { account: Arc::clone(&self.account), pixels })
    }
}

/// A promise of coded pixels a second. Dropping it gives them back.
#[derive(Debug)]
pub struct Reservation {
    account: Arc<Account>,
    pixels: u64,
}

impl Reservation {
    /// How many it promises.
    pub fn pixels(&self) -> u64 {
        self.pixels
    }
}

impl Drop for Reservation {
    fn drop(&mut self) {
        self.account.promised.fetch_sub(self.pixels, Ordering::AcqRel);
    }
}

#[cfg(test)]
mod tests {
    use super::Budget;

    #[test]
    fn no_more_is_promised_than_there_is() {
        let budget = Budget::new(100);
        let first = budget.reserve(60).expect("there is room for 60 of 100");
        assert!(budget.reserve(41).is_none());
        let second = budget.reserve(40).expect("there is room for the rest");
        assert_eq!((budget.room(), first.pixels(), second.pixels()), (0, 60, 40));
        assert!(budget.reserve(1).is_none());
        assert!(budget.reserve(u64::MAX).is_none());
    }

    #[test]
    fn what_was_promised_comes_back() {
        let budget = Budget::new(100);
        drop(budget.reserve(100));
        assert_eq!((budget.room(), budget.promised()), (100, 0));
    }

    #[test]
    fn a_machine_without_room_still_promises_nothing_to_whoever_asks_for_nothing() {
        let budget = Budget::new(0);
        assert!(budget.reserve(1).is_none());
        assert!(budget.reserve(0).is_some());
    }

    #[test]
    fn streams_that_come_at_once_share_what_there_is() {
        let budget = Budget::new(1_000);
        let held: usize = std::thread::scope(|scope| {
            let takers: Vec<_> = (0..8)
                .map(|_| {
                    scope.spawn(|| (0..100).filter_map(|_| budget.reserve(10)).map(std::mem::forget).count())
                })
                .collect();
            takers.into_iter().map(|taker| taker.join().expect("no taker panics")).sum()
        });
        assert_eq!((held, budget.room()), (100, 0));
    }
}
