//! The chronicle: all stories of this server, and what it does for those of servers that died.
//!
//! Promise: a story that was begun is written to its end, or left to the next start, and nothing outlives
//! [`Chronicle::close`].

use std::collections::HashMap;
use std::sync::atomic::AtomicBool;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use domain::{
    AccountId, BreachedLimit, Channel, Event, EventId, EventKind, LimitBreach, RecordingConfiguration,
    Region, StreamHealth, StreamSession, chain,
};
use live::Broadcast;
use store::{Store, StoreError};
use tokio::sync::{mpsc, oneshot};
use tokio::time::{Instant, timeout};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::story::{Archive, STEPS, Story};
use super::{Life, Teller, now};
use crate::Config;

/// How long stories have at the end to be written; the database may be away.
const GRACE: Duration = Duration::from_secs(5);
/// An account that has too many streams is told of it once in so long.
const QUIET: Duration = Duration::from_secs(10);

/// Begins stories.
#[derive(Clone, Debug)]
pub(crate) struct Chronicle {
    archive: Archive,
    config: Arc<Config>,
    stories: TaskTracker,
    /// When each account was last told that it has too many streams.
    told: Arc<Mutex<HashMap<(AccountId, Region), Instant>>>,
}

impl Chronicle {
    pub(crate) fn new(config: Arc<Config>, store: Store) -> Self {
        let archive = Archive { store, deadline: CancellationToken::new() };
        Self { archive, config, stories: TaskTracker::new(), told: Arc::default() }
    }

    pub(super) fn store(&self) -> &Store {
        &self.archive.store
    }

    pub(super) fn config(&self) -> &Config {
        &self.config
    }

    /// Is a story of this server open?
    pub(super) fn is_busy(&self) -> bool {
        !self.stories.is_empty()
    }

    /// Opens the session of a stream whose key was accepted, and tells of it; returns when that is committed. The
    /// session is closed whatever becomes of the caller.
    ///
    /// # Errors
    /// What the store said; then there is no session.
    pub(crate) async fn begin(
        &self,
        broadcast: &Arc<Broadcast>,
        channel: Channel,
        recording_configuration: Option<RecordingConfiguration>,
    ) -> Result<Life, StoreError> {
        let (sender, steps) = mpsc::channel(STEPS);
        let (gone, forfeited) = (CancellationToken::new(), Arc::new(AtomicBool::new(false)));
        let teller = Teller::new(&sender, gone.clone(), Arc::clone(&forfeited));
        let life = Life::new(&self.config, Arc::clone(broadcast), channel.channel_type, teller);
        let session = StreamSession {
            stream: broadcast.stream().clone(),
            channel,
            recording_configuration,
            node: self.config.node.clone(),
            created_at: now(),
            started_at: None,
            ended_at: None,
            incoming: None,
            health: StreamHealth::Unknown,
            has_error: false,
        };
        let archive = self.archive.clone();
        let broadcast = Arc::clone(broadcast);
        let story = Story { archive, session, broadcast, steps, sender, gone, forfeited };
        let (opened, outcome) = oneshot::channel();
        self.stories.spawn(story.run(opened));
        outcome.await.expect("a story says how it began before it ends")?;
        Ok(life)
    }

    /// Tells an account that it has as many streams as it may have, and wanted one more.
    pub(crate) fn quota_reached(&self, account: &AccountId, region: &Region, limit: u32) {
        let whose = (account.clone(), region.clone());
        let mut told = self.told.lock().unwrap_or_else(PoisonError::into_inner);
        told.retain(|_, at| at.elapsed() < QUIET);
        if told.contains_key(&whose) {
            return;
        }
        told.insert(whose, Instant::now());
        drop(told);
        let limit =
            LimitBreach { limit: BreachedLimit::ConcurrentBroadcasts, value: limit.into(), exceeded_by: 1 };
        let event = Event {
            id: EventId::mint(&mut crate::entropy),
            at: now(),
            account: account.clone(),
            region: region.clone(),
            subject: None,
            kind: EventKind::Breach(limit),
        };
        let archive = self.archive.clone();
        self.stories.spawn(async move {
            let (store, events) = (&archive.store, [event]);
            let put = || store.put_events(&events);
            archive.insist("that an account has too many streams", events[0].account.as_str(), put).await;
        });
    }

    /// Waits for all stories to be written, a few seconds at most. New ones must not begin any more.
    pub(crate) async fn close(&self) {
        self.stories.close();
        if timeout(GRACE, self.stories.wait()).await.is_err() {
            tracing::warn!("sessions are left open that could not be written; the next start closes them");
            self.archive.deadline.cancel();
            self.stories.wait().await;
        }
    }
}

/// Says of a failure that is looked at again soon.
pub(super) fn complain(act: &'static str, error: &StoreError) {
    tracing::warn!(cause = chain(error), "{act}");
}
