//! Segments that left memory, read from disk for those who go back.
//!
//! Promise: who asks for the same shares one reading and one copy; all copies together, also those that slow
//! clients still take, keep within a bound, and nobody waits for the disk longer than [`PATIENCE`].

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use blob::Spool;
use bytes::Bytes;
use live::Past;
use tokio::sync::{OnceCell, OwnedSemaphorePermit, Semaphore};
use tokio::time::timeout;
use tracing::debug;

use crate::error::Error;

/// How long a viewer waits for the disk, and for others to take what they asked for.
const PATIENCE: Duration = Duration::from_secs(5);
/// Kibibytes that are in memory at once.
const MOST_KIB: u32 = 256 << 10;
/// Bytes of them that stay there for others who may come; the system remembers more.
const RECENT: u64 = 64 << 20;

/// Reads what the packager wrote.
#[derive(Debug)]
pub(crate) struct History {
    spool: Spool,
    room: Arc<Semaphore>,
    recent: Mutex<Recent>,
}

/// What was asked for last.
#[derive(Debug, Default)]
struct Recent {
    /// The latest at the end.
    readings: VecDeque<Reading>,
    bytes: u64,
}

#[derive(Debug)]
struct Reading {
    reel: Box<str>,
    number: u64,
    bytes: u64,
    data: Arc<OnceCell<Bytes>>,
}

/// Bytes with the room that they take, until the last of them is sent.
struct Copy {
    data: Vec<u8>,
    _room: OwnedSemaphorePermit,
}

impl AsRef<[u8]> for Copy {
    fn as_ref(&self) -> &[u8] {
        &self.data
    }
}

impl History {
    pub(crate) fn new(spool: Spool) -> Self {
        Self { spool, room: Arc::new(Semaphore::new(MOST_KIB as usize)), recent: Mutex::default() }
    }

    /// The bytes of a segment.
    ///
    /// # Errors
    /// [`Error::Missing`] when they are not there any more, [`Error::Crowded`] when they take too long.
    pub(crate) async fn read(&self, reel: &str, past: &Past) -> Result<Bytes, Error> {
        let data = self.recent().reading(reel, past);
        let fetched = timeout(PATIENCE, data.get_or_try_init(|| self.fetch(reel, past))).await;
        fetched.map_err(|_| Error::Crowded)?.cloned()
    }

    async fn fetch(&self, reel: &str, past: &Past) -> Result<Bytes, Error> {
        let kib = u32::try_from(past.bytes.div_ceil(1 << 10)).unwrap_or(MOST_KIB).min(MOST_KIB);
        let room = Arc::clone(&self.room).acquire_many_owned(kib).await.map_err(|_| Error::Crowded)?;
        match self.spool.read(reel, past.number, past.bytes).await {
            Ok(Some(data)) => Ok(Bytes::from_owner(Copy { data, _room: room })),
            Ok(None) => Err(Error::Missing),
            Err(cause) => {
                debug!(%reel, %cause, "a segment can't be read from disk");
                Err(Error::Missing)
            }
        }
    }

    /// Held for a search in a short list.
    fn recent(&self) -> MutexGuard<'_, Recent> {
        self.recent.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Recent {
    fn reading(&mut self, reel: &str, past: &Past) -> Arc<OnceCell<Bytes>> {
        let is_it = |known: &Reading| known.number == past.number && *known.reel == *reel;
        let known = self.readings.iter().rposition(is_it).and_then(|at| self.readings.remove(at));
        let reading = known.unwrap_or_else(|| {
            self.bytes = self.bytes.saturating_add(past.bytes);
            Reading { reel: reel.into(), number: past.number, bytes: past.bytes, data: Arc::default() }
        });
        let data = Arc::clone(&reading.data);
        self.readings.push_back(reading);
        while self.bytes > RECENT
            && let Some(oldest) = self.readings.pop_front()
        {
            self.bytes -= oldest.bytes;
        }
        data
    }
}

#[cfg(test)]
mod tests {
    use std::time::UNIX_EPOCH;

    use domain::StreamId;
    use live::Init;
    use media::{Ticks, Tracks};

    use super::*;

    fn reel(number: u8) -> String {
        StreamId::mint(&mut |bytes| bytes.fill(number)).to_string()
    }

    fn past(number: u64, bytes: u64) -> Past {
        let init = Init { number: 0, data: Bytes::new(), tracks: Arc::new(Tracks::default()) };
        let duration = Ticks::from_millis(2_000);
        Past {
            number,
            init: Arc::new(init),
            discontinuity: false,
            time: UNIX_EPOCH,
            duration,
            bytes,
            gap: false,
        }
    }

    fn folder() -> tempfile::TempDir {
        tempfile::tempdir().expect("a temporary folder")
    }

    #[tokio::test]
    async fn those_who_ask_for_the_same_share_one_copy() {
        let folder = folder();
        let spool = Spool::new(folder.path().to_owned());
        spool.write(&reel(1), 3, vec![Bytes::from_static(b"media")]).await.expect("room");
        let history = History::new(spool.clone());
        let (reel, past) = (reel(1), past(3, 5));
        let (one, other) = tokio::join!(history.read(&reel, &past), history.read(&reel, &past));
        let (one, other) = (one.expect("it is there"), other.expect("it is there"));
        assert_eq!((&one[..], one.as_ptr()), (&b"media"[..], other.as_ptr()));
    }

    #[tokio::test]
    async fn what_is_gone_is_missing_and_may_come_later() {
        let folder = folder();
        let spool = Spool::new(folder.path().to_owned());
        let history = History::new(spool.clone());
        let (reel, past) = (reel(1), past(3, 5));
        assert_eq!(history.read(&reel, &past).await, Err(Error::Missing));
        spool.write(&reel, 3, vec![Bytes::from_static(b"media")]).await.expect("room");
        assert_eq!(history.read(&reel, &past).await, Ok(Bytes::from_static(b"media")));
    }

    #[tokio::test(start_paused = true)]
    async fn copies_that_nobody_takes_make_others_wait_and_not_for_ever() {
        let folder = folder();
        let history = History::new(Spool::new(folder.path().to_owned()));
        let taken = Arc::clone(&history.room).acquire_many_owned(MOST_KIB).await.expect("it is open");
        let (reel, past) = (reel(1), past(3, 5));
        assert_eq!(history.read(&reel, &past).await, Err(Error::Crowded));
        drop(taken);
        assert_eq!(history.read(&reel, &past).await, Err(Error::Missing), "it was looked for");
    }

    #[test]
    fn only_so_much_is_remembered() {
        let mut recent = Recent::default();
        for number in 0..100 {
            recent.reading(&reel(1), &past(number, 10 << 20));
            recent.reading(&reel(2), &past(0, 10 << 20));
        }
        assert!(recent.bytes <= RECENT && recent.readings.len() == 6);
        assert!(recent.readings.iter().any(|reading| *reading.reel == *reel(2)), "what is asked for stays");
        assert_eq!(recent.readings.iter().map(|reading| reading.bytes).sum::<u64>(), recent.bytes);
    }
}
