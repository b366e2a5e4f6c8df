//! The seats of those who read streams of events.
//!
//! Promise: an account has a bounded number of them and so has the server; a seat is free when its stream is
//! dropped, and one whose reader has long taken nothing is given to the next who asks.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use domain::AccountId;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

/// A seat whose reader took nothing for so long may be given away: twice the time between signs of life.
const STUCK: Duration = Duration::from_secs(30);

/// Who reads. A clone is another handle on the same seats.
#[derive(Clone, Debug, Default)]
pub(crate) struct Readers {
    room: Arc<Mutex<Room>>,
    closed: CancellationToken,
}

#[derive(Debug, Default)]
struct Room {
    next: u64,
    taken: HashMap<u64, Taken>,
}

#[derive(Debug)]
struct Taken {
    account: AccountId,
    /// When its reader last took something.
    touched: Instant,
    lost: CancellationToken,
}

/// One reader's seat. Dropping it leaves it.
#[derive(Debug)]
pub(crate) struct Seat {
    number: u64,
    room: Arc<Mutex<Room>>,
    lost: CancellationToken,
}

impl Readers {
    /// Seats of one account.
    pub(crate) const MOST_OF_ACCOUNT: usize = 16;
    /// Seats of all.
    const MOST: usize = 256;

    /// A seat for a reader of this account; `None` when all that it may have are in use.
    pub(crate) fn sit(&self, account: &AccountId) -> Option<Seat> {
        let mut room = locked(&self.room);
        let now = Instant::now();
        if room.count(account) >= Self::MOST_OF_ACCOUNT {
            room.give_away(now, |taken| taken.account == *account)?;
        }
        if room.taken.len() >= Self::MOST {
            room.give_away(now, |_| true)?;
        }
        if self.closed.is_cancelled() {
            return None;
        }
        let (number, lost) = (room.next, self.closed.child_token());
        room.next += 1;
        room.taken.insert(number, Taken { account: account.clone(), touched: now, lost: lost.clone() });
        Some(Seat { number, room: Arc::clone(&self.room), lost })
    }

    /// Takes all seats away, for good.
    pub(crate) fn close(&self) {
        self.closed.cancel();
    }
}

impl Room {
    fn count(&self, account: &AccountId) -> usize {
        self.taken.values().filter(|taken| taken.account == *account).count()
    }

    /// Frees the seat that was not touched for longest, if that is long ago.
    fn give_away(&mut self, now: Instant, may: impl Fn(&Taken) -> bool) -> Option<()> {
        let (number, oldest) =
            self.taken.iter().filter(|(_, taken)| may(taken)).min_by_key(|(_, taken)| taken.touched)?;
        if now.duration_since(oldest.touched) <= STUCK {
            return None;
        }
        let number = *number;
        self.taken.remove(&number)?.lost.cancel();
        Some(())
    }
}

impl Seat {
    /// Its reader took something.
    pub(crate) fn touch(&self) {
        if let Some(taken) = locked(&self.room).taken.get_mut(&self.number) {
            taken.touched = Instant::now();
        }
    }

    /// Was it given away, or the room closed?
    pub(crate) fn is_lost(&self) -> bool {
        self.lost.is_cancelled()
    }

    /// Resolves when it is.
    pub(crate) async fn lost(&self) {
        self.lost.cancelled().await;
    }
}

impl Drop for Seat {
    fn drop(&mut self) {
        locked(&self.room).taken.remove(&self.number);
    }
}

/// A panic under the lock leaves the seats whole: each change is one call.
fn locked(room: &Mutex<Room>) -> MutexGuard<'_, Room> {
    room.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn account(number: usize) -> AccountId {
        AccountId::parse(&format!("{number:012}")).expect("twelve digits")
    }

    #[tokio::test(start_paused = true)]
    async fn an_account_has_so_many_seats_and_no_more() {
        let readers = Readers::default();
        let mut seats: Vec<_> =
            (0..Readers::MOST_OF_ACCOUNT).map(|_| readers.sit(&account(1)).expect("room")).collect();
        assert!(readers.sit(&account(1)).is_none());
        assert!(readers.sit(&account(2)).is_some(), "others have their own");
        seats.pop();
        assert!(readers.sit(&account(1)).is_some(), "one was left");
    }

    #[tokio::test(start_paused = true)]
    async fn all_accounts_together_have_so_many_seats() {
        let readers = Readers::default();
        let seats: Vec<_> =
            (0..Readers::MOST).map(|number| readers.sit(&account(number)).expect("room")).collect();
        assert!(readers.sit(&account(999)).is_none());
        drop(seats);
        assert!(readers.sit(&account(999)).is_some());
    }

    #[tokio::test(start_paused = true)]
    async fn the_seat_of_a_stuck_reader_goes_to_the_next() {
        let readers = Readers::default();
        let seats: Vec<_> =
            (0..Readers::MOST_OF_ACCOUNT).map(|_| readers.sit(&account(1)).expect("room")).collect();
        tokio::time::advance(STUCK + Duration::from_secs(1)).await;
        let (stuck, lively) = seats.split_first().expect("some");
        lively.iter().for_each(Seat::touch);
        let next = readers.sit(&account(1)).expect("the stuck one's");
        assert!(stuck.is_lost() && !next.is_lost() && lively.iter().all(|seat| !seat.is_lost()));
        assert!(readers.sit(&account(1)).is_none());
    }
}
