//! Recordings that are asked for, with what is true of their channels now.
//!
//! Promise: what is said is at most a second old, or, while the database is away, the last that was known within ten
//! minutes. Memory has a bound, and so have questions to the database, whatever is asked for.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use domain::{Arn, Recording, RecordingStage};
use store::{Store, StoreError, Tenant};
use tokio::sync::Semaphore;
use tokio::time::{Instant, timeout};

use crate::error::Error;

/// How old what is known may be.
const FRESH: Duration = Duration::from_secs(1);
/// How old it may be while nothing newer can be read.
const STALE: Duration = Duration::from_secs(600);
/// How long to wait for the database, or for a turn to ask it.
const PATIENCE: Duration = Duration::from_secs(2);
/// Questions at once.
const QUESTIONS: usize = 4;
/// Recordings that are kept in memory: about 1.5 KB each.
const MOST: usize = 4_096;

/// A recording and how it may be seen.
#[derive(Debug)]
pub(super) struct Exhibit {
    pub(super) recording: Recording,
    /// It began private, or its channel is private now.
    pub(super) is_private: bool,
    /// The policy that its channel is under now.
    pub(super) restriction: Option<Arn>,
}

impl Exhibit {
    /// May it still grow?
    pub(super) fn goes_on(&self) -> bool {
        self.recording.stage == RecordingStage::Started
    }
}

/// Knows those that were asked for.
#[derive(Debug)]
pub(super) struct Exhibits {
    store: Store,
    known: Mutex<Known>,
    turns: Semaphore,
}

#[derive(Debug, Default)]
struct Known {
    exhibits: HashMap<String, (Arc<Exhibit>, Instant)>,
    /// When the database did not answer.
    failed: Option<Instant>,
}

impl Exhibits {
    pub(super) fn new(store: Store) -> Self {
        Self { store, known: Mutex::default(), turns: Semaphore::new(QUESTIONS) }
    }

    /// The recording under this prefix in this bucket.
    ///
    /// # Errors
    /// [`Error::Missing`] when there is none, [`Error::Unsure`] when nobody can tell.
    pub(super) async fn at(&self, bucket: &str, prefix: &str) -> Result<Arc<Exhibit>, Error> {
        let place = format!("{bucket}/{prefix}");
        if let Some(known) = self.known().get(&place, FRESH) {
            return Ok(known);
        }
        match timeout(PATIENCE, self.ask(bucket, prefix, &place)).await {
            Ok(Ok(found)) => found.ok_or(Error::Missing),
            failure => {
                let why = match failure {
                    Ok(Err(error)) => domain::chain(&error),
                    _ => "it does not answer".to_owned(),
                };
                let mut known = self.known();
                if known.failed.is_none_or(|failed| failed.elapsed() >= STALE) {
                    tracing::warn!(why, "rows of recordings can't be read");
                }
                known.failed = Some(Instant::now());
                known.get(&place, STALE).ok_or(Error::Unsure)
            }
        }
    }

    async fn ask(&self, bucket: &str, prefix: &str, place: &str) -> Result<Option<Arc<Exhibit>>, StoreError> {
        let _turn = self.turns.acquire().await;
        {
            let known = self.known();
            // Another may have asked meanwhile; and a database that is away is not waited for by everyone.
            let age = if known.failed.is_some_and(|failed| failed.elapsed() < FRESH) { STALE } else { FRESH };
            if let Some(known) = known.get(place, age) {
                return Ok(Some(known));
            }
        }
        let asked = Instant::now();
        let found = self.read(bucket, prefix).await?.map(Arc::new);
        let mut known = self.known();
        known.failed = None;
        match &found {
            Some(exhibit) => known.keep(place, exhibit, asked),
            None => drop(known.exhibits.remove(place)),
        }
        Ok(found)
    }

    async fn read(&self, bucket: &str, prefix: &str) -> Result<Option<Exhibit>, StoreError> {
        let Some(recording) = self.store.recording_at(bucket, prefix).await? else { return Ok(None) };
        let channel = self.store.channel(&Tenant::of(&recording.channel), &recording.channel).await?;
        let is_private = recording.is_private || channel.as_ref().is_some_and(|channel| channel.authorized);
        let restriction = channel.and_then(|channel| channel.playback_restriction_policy);
        Ok(Some(Exhibit { recording, is_private, restriction }))
    }

    fn known(&self) -> MutexGuard<'_, Known> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Known {
    fn get(&self, place: &str, age: Duration) -> Option<Arc<Exhibit>> {
        let (exhibit, asked) = self.exhibits.get(place)?;
        (asked.elapsed() < age).then(|| Arc::clone(exhibit))
    }

    fn keep(&mut self, place: &str, exhibit: &Arc<Exhibit>, asked: Instant) {
        if self.exhibits.len() >= MOST && !self.exhibits.contains_key(place) {
            self.exhibits.retain(|_, (_, asked)| asked.elapsed() < FRESH);
            if self.exhibits.len() >= MOST {
                self.exhibits.clear();
            }
        }
        self.exhibits.insert(place.to_owned(), (Arc::clone(exhibit), asked));
    }
}
