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

#[cfg(test)]
mod tests {
    use domain::{
        Arn, Channel, ChannelType, ContainerFormat, LatencyMode, MultitrackInput, ResourceKind, StreamKey,
        StreamKeyValue, Tags,
    };
    use store::Tenant;

    use super::*;

    async fn stage() -> (Store, Arn, Revoked) {
        let store = Store::in_memory().await.expect("memory");
        let arn: Arn = "arn:aws:ivs:us-east-1:123456789012:channel/abcdABCD0123".parse().expect("an ARN");
        let channel = Channel {
            arn: arn.clone(),
            name: String::new(),
            latency_mode: LatencyMode::Low,
            channel_type: ChannelType::Standard,
            preset: None,
            authorized: true,
            insecure_ingest: false,
            container_format: ContainerFormat::Ts,
            multitrack_input: MultitrackInput::default(),
            recording_configuration: None,
            playback_restriction_policy: None,
            srt_passphrase: "passphrase".to_owned(),
            tags: Tags::new(),
        };
        let key = StreamKey {
            arn: Arn { kind: ResourceKind::StreamKey, ..arn.clone() },
            channel: arn.clone(),
            value: StreamKeyValue::parse("sk_us-east-1_abc_def").expect("a value"),
            tags: Tags::new(),
        };
        store.create_channel(&channel, &key, 1).await.expect("room for it");
        let revoked = Revoked::new(store.clone(), Mint::new(&[7; 32]));
        (store, arn, revoked)
    }

    async fn revoke(store: &Store, channel: &Arn, viewer: &str, version: u32, revoked_at: SystemTime) {
        let revocation =
            ViewerRevocation { channel: channel.clone(), viewer: viewer.to_owned(), version, revoked_at };
        store.revoke_viewers(&Tenant::of(channel), &[revocation]).await.expect("kept");
    }

    fn ends(revoked: &Revoked, channel: &Arn, viewer: &str, version: i64) -> bool {
        revoked.ends(&Holder { tag: revoked.mint.tag(channel, viewer), version })
    }

    #[tokio::test]
    async fn what_was_revoked_before_the_start_is_known_and_what_comes_is_learnt() {
        let (store, channel, revoked) = stage().await;
        let now = SystemTime::now();
        for viewer in 0..2_500 {
            revoke(&store, &channel, &viewer.to_string(), 1, now).await;
        }
        assert!(!revoked.is_known());
        revoked.know().await.expect("known");
        assert!(
            revoked.is_known() && ends(&revoked, &channel, "0", 1) && ends(&revoked, &channel, "2499", 0)
        );
        assert!(!ends(&revoked, &channel, "0", 2) && !ends(&revoked, &channel, "2500", 0));
        let shutdown = CancellationToken::new();
        let learns = async {
            revoke(&store, &channel, "0", 7, now).await;
            while !ends(&revoked, &channel, "0", 7) {
                tokio::task::yield_now().await;
            }
            shutdown.cancel();
        };
        tokio::join!(revoked.follow(&shutdown), learns);
        assert!(!ends(&revoked, &channel, "0", 8));
    }

    #[tokio::test]
    async fn what_no_pass_is_old_enough_for_is_forgotten() {
        let (store, channel, revoked) = stage().await;
        let now = SystemTime::now();
        let past = now.checked_sub(KEPT + Duration::from_secs(60)).expect("later than 1970");
        revoke(&store, &channel, "old", 1, past).await;
        revoke(&store, &channel, "new", 1, now).await;
        revoked.know().await.expect("known");
        assert!(ends(&revoked, &channel, "old", 1));
        revoked.sweep();
        assert!(!ends(&revoked, &channel, "old", 1) && ends(&revoked, &channel, "new", 1));
    }
}
