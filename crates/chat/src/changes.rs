//! Rooms that are to be read again, and who waits until they were.
//!
//! Promise: a room that is noted while it is being read is read once more; who waits goes on when all that was
//! noted before was read.

use std::collections::HashSet;

use domain::Arn;
use parking_lot::Mutex;
use tokio::sync::{Notify, watch};

/// Rooms that changed.
#[derive(Default)]
pub(crate) struct Changes {
    noted: Mutex<Noted>,
    more: Notify,
    /// Up to which note all was read.
    read: watch::Sender<u64>,
}

#[derive(Default)]
struct Noted {
    rooms: HashSet<Arn>,
    /// How many notes there were, ever.
    count: u64,
}

/// Rooms to read.
pub(crate) struct Taken {
    pub(crate) rooms: HashSet<Arn>,
    count: u64,
}

impl Changes {
    /// The room is to be read again.
    pub(crate) fn note(&self, arn: &Arn) {
        let mut noted = self.noted.lock();
        noted.rooms.insert(arn.clone());
        noted.count += 1;
        drop(noted);
        self.more.notify_one();
    }

    /// All that is to be read, as soon as there is something. For one reader.
    pub(crate) async fn take(&self) -> Taken {
        self.more.notified().await;
        let mut noted = self.noted.lock();
        Taken { rooms: std::mem::take(&mut noted.rooms), count: noted.count }
    }

    /// They were read.
    pub(crate) fn done(&self, taken: &Taken) {
        self.read.send_replace(taken.count);
    }

    /// Resolves when all that was noted by now was read.
    pub(crate) fn read(&self) -> impl Future<Output = ()> + use<> {
        let (wanted, mut read) = (self.noted.lock().count, self.read.subscribe());
        async move {
            // When the sender is gone, so is everybody who could care.
            let _ = read.wait_for(|read| *read >= wanted).await;
        }
    }
}

#[cfg(test)]
mod tests {
    use std::pin::{Pin, pin};
    use std::task::{Context, Waker};

    use super::*;

    fn room() -> Arn {
        Arn::parse("arn:aws:ivschat:us-east-1:123456789012:room/AbCdEfGh1234").expect("an ARN")
    }

    fn is_over(waiting: Pin<&mut impl Future<Output = ()>>) -> bool {
        waiting.poll(&mut Context::from_waker(Waker::noop())).is_ready()
    }

    #[tokio::test]
    async fn who_waits_goes_on_when_all_that_was_noted_before_was_read() {
        let changes = Changes::default();
        changes.read().await;
        changes.note(&room());
        let first = changes.take().await;
        changes.note(&room());
        let mut waiting = pin!(changes.read());
        changes.done(&first);
        assert!(!is_over(waiting.as_mut()), "it was noted again while it was read");
        let second = changes.take().await;
        assert_eq!(second.rooms.len(), 1);
        changes.done(&second);
        waiting.await;
    }
}
