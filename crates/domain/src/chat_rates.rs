//! How often an account may speak, delete and disconnect in its chat rooms, over the API and by clients together
//! (user guide, "Service quotas").
//!
//! Promise: what one account does costs another nothing; asking takes no lock and allocates nothing; memory
//! follows the accounts that are asked for. The clock is the caller's: times come in.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;

use crate::arn::{AccountId, Region};
use crate::limits::Limits;

/// One second in the unit of [`Pace`].
const SECOND: u64 = 1_000_000_000;

/// A token bucket in eight bytes (GCRA): a second's worth may come at once. Times are nanoseconds since a moment
/// that is the same for all calls.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Pace(u64);

impl Pace {
    /// May one more come at `now`, of `rate` a second? Zero counts as one. One that may is counted.
    pub fn admit(&mut self, rate: u32, now: u64) -> bool {
        match self.after(rate, now) {
            Some(next) => {
                *self = next;
                true
            }
            None => false,
        }
    }

    /// Counts one that comes whether it may or not, such as another node's; the debt is two seconds at most.
    pub fn charge(&mut self, rate: u32, now: u64) {
        let due = self.0.max(now).saturating_add(interval(rate));
        self.0 = due.min(now.saturating_add(2 * SECOND));
    }

    fn after(self, rate: u32, now: u64) -> Option<Self> {
        let due = self.0.max(now).saturating_add(interval(rate));
        (due - now <= SECOND).then_some(Self(due))
    }
}

fn interval(rate: u32) -> u64 {
    SECOND / u64::from(rate.max(1))
}

/// What is counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ChatAct {
    /// A message that a client sends.
    Message,
    /// A message deleted, by a call or by a client.
    Deletion,
    /// A user disconnected, by a call or by a client.
    Disconnection,
}

/// The counts of one account in one region.
#[derive(Debug)]
pub struct AccountRates {
    since: Instant,
    /// How many a second, and the bucket, by [`ChatAct`].
    acts: [(u32, AtomicU64); 3],
}

impl AccountRates {
    fn new(limits: &Limits, since: Instant) -> Self {
        let acts = [limits.chat_messages, limits.chat_deletions, limits.chat_disconnections];
        Self { since, acts: acts.map(|rate| (rate, AtomicU64::new(0))) }
    }

    /// May the account do one more of these at `now`? One that may is counted.
    pub fn admit(&self, act: ChatAct, now: Instant) -> bool {
        let (rate, bucket) = &self.acts[act as usize];
        let now = self.since(now);
        let next = |due| Pace(due).after(*rate, now).map(|pace| pace.0);
        bucket.fetch_update(Ordering::Relaxed, Ordering::Relaxed, next).is_ok()
    }

    /// How many of these a second.
    pub fn rate(&self, act: ChatAct) -> u32 {
        self.acts[act as usize].0
    }

    fn since(&self, now: Instant) -> u64 {
        u64::try_from(now.saturating_duration_since(self.since).as_nanos()).unwrap_or(u64::MAX)
    }

    /// Has nothing been counted that would matter at `now`?
    fn is_full(&self, now: Instant) -> bool {
        let now = self.since(now);
        self.acts.iter().all(|(_, due)| due.load(Ordering::Relaxed) <= now)
    }
}

/// The counts of all accounts. Share it in an [`Arc`]: the API and the sockets ask the same one.
#[derive(Debug)]
pub struct ChatRates {
    limits: Limits,
    since: Instant,
    accounts: Mutex<Accounts>,
}

#[derive(Debug, Default)]
struct Accounts {
    rates: HashMap<(AccountId, Region), Arc<AccountRates>>,
    /// The next look for idle ones is due when there are so many.
    sweep_at: usize,
}

/// Accounts that are never swept: fewer than this cost nothing.
const FEW: usize = 1_024;

impl ChatRates {
    /// Counts that begin at `since`, which is not later than any time that will be asked about.
    pub fn new(limits: &Limits, since: Instant) -> Self {
        Self {
            limits: *limits,
            since,
            accounts: Mutex::new(Accounts { sweep_at: FEW, ..Accounts::default() }),
        }
    }

    /// The counts of this account in this region, to be kept by whoever asks often.
    pub fn account(&self, account: &AccountId, region: &Region, now: Instant) -> Arc<AccountRates> {
        // A panic under the lock leaves the map whole: each change is one call.
        let mut accounts = self.accounts.lock().unwrap_or_else(PoisonError::into_inner);
        if accounts.rates.len() >= accounts.sweep_at {
            accounts.rates.retain(|_, rates| Arc::strong_count(rates) > 1 || !rates.is_full(now));
            accounts.sweep_at = FEW.max(2 * accounts.rates.len());
        }
        let caller = (account.clone(), region.clone());
        let rates = accounts.rates.entry(caller);
        Arc::clone(rates.or_insert_with(|| Arc::new(AccountRates::new(&self.limits, self.since))))
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    fn caller(account: u64) -> (AccountId, Region) {
        let account = AccountId::parse(&format!("{account:012}")).expect("twelve digits");
        (account, Region::parse("us-east-1").expect("a region"))
    }

    #[test]
    fn a_seconds_worth_may_come_at_once_and_then_the_rate_holds() {
        let mut pace = Pace::default();
        let at_once = (0..100).filter(|_| pace.admit(10, 0)).count();
        assert_eq!(at_once, 10);
        assert!(!pace.admit(10, SECOND / 10 - 1));
        assert!(pace.admit(10, SECOND / 10));
        let later = (0..100u64).filter(|tenth| pace.admit(10, SECOND + tenth * SECOND / 20)).count();
        assert!((50..=61).contains(&later), "{later}");
    }

    #[test]
    fn what_others_did_counts_but_is_forgotten() {
        let mut pace = Pace::default();
        (0..1_000).for_each(|_| pace.charge(10, 0));
        assert!(!pace.admit(10, SECOND));
        assert!(pace.admit(10, 2 * SECOND));
    }

    #[test]
    fn each_account_has_its_own_rates_and_shares_them_with_all_who_ask() {
        let begin = Instant::now();
        let limits = Limits { chat_deletions: 2, chat_disconnections: 1, ..Limits::AWS };
        let rates = ChatRates::new(&limits, begin);
        let of = |account| {
            let (account, region) = caller(account);
            rates.account(&account, &region, begin)
        };
        assert!(of(1).admit(ChatAct::Deletion, begin) && of(1).admit(ChatAct::Deletion, begin));
        assert!(!of(1).admit(ChatAct::Deletion, begin));
        assert!(of(1).admit(ChatAct::Disconnection, begin), "another act");
        assert!(of(2).admit(ChatAct::Deletion, begin), "another account");
        assert!(of(1).admit(ChatAct::Deletion, begin + Duration::from_secs(1)));
    }

    #[test]
    fn accounts_that_are_idle_are_forgotten() {
        let begin = Instant::now();
        let rates = ChatRates::new(&Limits::AWS, begin);
        let mut now = begin;
        for number in 0..10 * FEW as u64 {
            now += Duration::from_millis(100);
            let (account, region) = caller(number);
            rates.account(&account, &region, now).admit(ChatAct::Message, now);
        }
        let kept = rates.accounts.lock().expect("no holder panics").rates.len();
        assert!(kept <= 2 * FEW, "{kept}");
    }
}
