//! Who may watch no more.
//!
//! Promise: what this process commits is known here at once and what others commit within half a second; it stays
//! known for as long as a pass can live. What is asked for each request waits for nothing.

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{PoisonError, RwLock, RwLockWriteGuard};
use std::time::{Duration, SystemTime};

use domain::ViewerRevocation;
use store::{Store, StoreError};
use tokio::sync::Mutex;
use tokio::time::{MissedTickBehavior, interval};
use tokio_util::sync::CancellationToken;

use crate::error::Error;
use crate::pass::{Holder, Mint, ViewerTag};

/// How often to look for what other servers have committed.
const LOOK: Duration = Duration::from_millis(500);
/// A pass lives as long as its stream, 48 hours at most, and the token for it ten minutes before that. The rest is
/// for clocks that differ.
const KEPT: Duration = Duration::from_secs(49 * 3_600);
/// Rows that are read at a time.
const PAGE: u32 = 1_000;

/// From when on revocations must be remembered.
pub(super) fn needed_since() -> SystemTime {
    SystemTime::now().checked_sub(KEPT).unwrap_or(SystemTime::UNIX_EPOCH)
}

#[derive(Clone, Copy, Debug)]
struct Ended {
    version: i64,
    at: SystemTime,
}

/// Revocations in memory: about 60 bytes each.
#[derive(Debug)]
pub(super) struct Revoked {
    store: Store,
    mint: Mint,
    ended: RwLock<HashMap<ViewerTag, Ended>>,
    known: AtomicBool,
    /// The newest revocation that was seen; held while reading on.
    position: Mutex<i64>,
}

impl Revoked {
    pub(super) fn new(store: Store, mint: Mint) -> Self {
        Self { store, mint, ended: RwLock::default(), known: AtomicBool::new(false), position: Mutex::new(0) }
    }

    /// Were all revocations read once?
    pub(super) fn is_known(&self) -> bool {
        self.known.load(Ordering::Acquire)
    }

    /// Are this viewer's sessions of this version ended?
    pub(super) fn ends(&self, holder: &Holder) -> bool {
        let ended = self.ended.read().unwrap_or_else(PoisonError::into_inner);
        ended.get(&holder.tag).is_some_and(|ended| ended.version >= holder.version)
    }

    /// Reads all revocations, if that was not done yet.
    ///
    /// # Errors
    /// [`Error::Unsure`] when the database can't be read.
    pub(super) async fn know(&self) -> Result<(), Error> {
        if self.is_known() { Ok(()) } else { self.refresh().await.map_err(|_| Error::Unsure) }
    }

    /// Reads on as soon as there is news, until `shutdown`.
    pub(super) async fn follow(&self, shutdown: &CancellationToken) {
        let mut news = self.store.revocation_news();
        let mut looks = interval(LOOK);
        looks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut is_away = false;
        loop {
            tokio::select! {
                () = shutdown.cancelled() => return,
                _ = looks.tick() => {}
                Ok(()) = news.changed() => {}
            }
            match self.refresh().await {
                Err(error) if !is_away => {
                    is_away = true;
                    tracing::warn!(why = %domain::chain(&error), "revoked viewers can't be read");
                }
                Err(_) => {}
                Ok(()) => is_away = false,
            }
        }
    }

    /// Forgets what no pass is old enough for.
    pub(super) fn sweep(&self) {
        let since = needed_since();
        self.write().retain(|_, ended| ended.at >= since);
    }

    async fn refresh(&self) -> Result<(), StoreError> {
        let mut position = self.position.lock().await;
        if !self.is_known() {
            // Before the first page, so that what is committed meanwhile is read twice rather than never.
            *position = self.store.newest_revocation().await?;
            self.read_all().await?;
            self.known.store(true, Ordering::Release);
        }
        loop {
            let page = self.store.viewer_revocations_after(*position, PAGE).await?;
            let Some((last, _)) = page.last() else { return Ok(()) };
            *position = *last;
            self.keep(page.iter().map(|(_, revocation)| revocation));
        }
    }

    async fn read_all(&self) -> Result<(), StoreError> {
        let mut last: Option<ViewerRevocation> = None;
        loop {
            let page = self.store.viewer_revocations(last.as_ref(), PAGE).await?;
            let Some(newest) = page.last() else { return Ok(()) };
            self.keep(page.iter());
            last = Some(newest.clone());
        }
    }

    fn keep<'r>(&self, revocations: impl Iterator<Item = &'r ViewerRevocation>) {
        let named = revocations.map(|revocation| {
            let ended = Ended { version: revocation.version.into(), at: revocation.revoked_at };
            (self.mint.tag(&revocation.channel, &revocation.viewer), ended)
        });
        let named: Vec<_> = named.collect();
        // The store keeps the highest version and the latest time of each.
        self.write().extend(named);
    }

    fn write(&self) -> RwLockWriteGuard<'_, HashMap<ViewerTag, Ended>> {
        self.ended.write().unwrap_or_else(PoisonError::into_inner)
    }
}
