//! A recording's row and events on their way into the store: one ledger for each recording.
//!
//! Promise: writing down never waits. What the store gets is always the newest state, and events in the order in which
//! they were told, each once however often a recording is taken up again: their ids are derived from the recording's
//! own. While the database is away one row and four events wait, no more.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use aws_lc_rs::digest;
use domain::{
    Event, EventId, EventKind, EventSubject, Recording, RecordingChange, RecordingStatus, StreamId, chain,
    unix_millis,
};
use store::{Store, StoreError};
use tokio::sync::watch;
use tokio::time::sleep;
use tokio_util::sync::CancellationToken;

/// Pauses between tries, in milliseconds; the last one goes on.
const PAUSES: [u64; 6] = [100, 200, 500, 1_000, 2_000, 5_000];
/// Tries of what the database refuses although it is there.
const TRIES: usize = 5;

/// What is to be written.
#[derive(Debug)]
struct Draft {
    recording: Recording,
    events: Vec<Event>,
    /// Which have been told, so that none is told twice.
    told: BTreeSet<&'static str>,
    /// The row changed, or there are events.
    is_dirty: bool,
    /// The database refuses it.
    is_refused: bool,
    /// No recording: its row goes, or never comes.
    is_void: bool,
}

impl Draft {
    fn is_written(&self) -> bool {
        !self.is_dirty || self.is_refused
    }
}

/// One recording's ledger. Clones are the same.
#[derive(Clone, Debug)]
pub(crate) struct Ledger {
    draft: Arc<watch::Sender<Draft>>,
}

impl Ledger {
    /// An empty one for this recording, and what brings it into the store until `deadline`: a future that somebody has
    /// to run, which ends when the last clone of the ledger is gone and all is written.
    pub(crate) fn open(
        store: Store,
        recording: Recording,
        deadline: CancellationToken,
    ) -> (Self, impl Future<Output = ()> + Send + 'static) {
        let draft = Draft {
            recording,
            events: Vec::new(),
            told: BTreeSet::new(),
            is_dirty: false,
            is_refused: false,
            is_void: false,
        };
        let draft = Arc::new(watch::Sender::new(draft));
        let scribe = Scribe { draft: Arc::downgrade(&draft), news: draft.subscribe(), store, deadline };
        (Self { draft }, scribe.run())
    }

    /// The recording as it is to be written.
    pub(crate) fn recording(&self) -> Recording {
        self.draft.borrow().recording.clone()
    }

    /// Changes what is known of the recording; the store learns of it with what is written next.
    pub(crate) fn amend(&self, change: impl FnOnce(&mut Recording)) {
        self.draft.send_modify(|draft| change(&mut draft.recording));
    }

    /// Has the row written as it is now.
    pub(crate) fn write(&self) {
        self.draft.send_modify(|draft| draft.is_dirty = true);
    }

    /// Has an event told of the recording as it is now, with its row; the second time nothing.
    pub(crate) fn tell(&self, status: RecordingStatus, at: SystemTime) {
        self.draft.send_if_modified(|draft| {
            if !draft.told.insert(status.as_str()) {
                return false;
            }
            draft.events.push(event(&draft.recording, status, at));
            draft.is_dirty = true;
            true
        });
    }

    /// Has the event told that the recording could not begin; there is no row of it then.
    pub(crate) fn give_up(&self, at: SystemTime) {
        self.draft.send_modify(|draft| draft.is_void = true);
        self.tell(RecordingStatus::StartFailure, at);
    }

    /// Waits until all is written. False: it was given up, or the database refuses it.
    pub(crate) async fn written(&self) -> bool {
        let mut news = self.draft.subscribe();
        // `self` holds the sender.
        news.wait_for(Draft::is_written).await.is_ok_and(|draft| !draft.is_refused)
    }
}

/// Brings a ledger into the store.
struct Scribe {
    draft: std::sync::Weak<watch::Sender<Draft>>,
    news: watch::Receiver<Draft>,
    store: Store,
    deadline: CancellationToken,
}

impl Scribe {
    async fn run(mut self) {
        while let Some(entry) = self.next().await {
            let outcome = self.keep(&entry).await;
            let Some(draft) = self.draft.upgrade() else { return };
            draft.send_modify(|draft| match outcome {
                Outcome::Kept => {
                    draft.events.drain(..entry.events.len());
                    draft.is_dirty = !draft.events.is_empty() || draft.recording != entry.recording;
                }
                Outcome::Refused => draft.is_refused = true,
            });
            if matches!(outcome, Outcome::Refused) {
                return;
            }
        }
    }

    /// What is to be written next; `None` when nothing more comes.
    async fn next(&mut self) -> Option<Entry> {
        let draft = self.news.wait_for(|draft| draft.is_dirty).await.ok()?;
        Some(Entry {
            recording: draft.recording.clone(),
            events: draft.events.clone(),
            is_void: draft.is_void,
        })
    }

    async fn keep(&self, entry: &Entry) -> Outcome {
        let whose = entry.recording.id.as_str();
        let mut refusals = 0;
        for attempt in 0.. {
            let Err(error) = entry.put(&self.store).await else { return Outcome::Kept };
            let cause = chain(&error);
            if !error.is_unavailable() {
                refusals += 1;
            }
            if refusals >= TRIES {
                tracing::error!(recording = whose, cause, "the database refuses what is told of a recording");
                return Outcome::Refused;
            }
            if attempt == 0 {
                tracing::warn!(recording = whose, cause, "could not write down a recording yet; trying on");
            }
            let pause = Duration::from_millis(PAUSES[attempt.min(PAUSES.len() - 1)]);
            tokio::select! {
                () = sleep(pause) => {}
                () = self.deadline.cancelled() => {
                    tracing::warn!(recording = whose, cause, "a recording is written down by the next start");
                    return Outcome::Refused;
                }
            }
        }
        Outcome::Refused
    }
}

#[derive(Clone, Copy)]
enum Outcome {
    Kept,
    Refused,
}

/// What one change writes.
struct Entry {
    recording: Recording,
    events: Vec<Event>,
    is_void: bool,
}

impl Entry {
    async fn put(&self, store: &Store) -> Result<(), StoreError> {
        let Some(stream) = self.stream() else { return store.put_events(&self.events).await };
        store.put_recording(&self.recording, stream, &self.events).await?;
        if self.is_void {
            store.remove_recording(&self.recording.id).await?;
        }
        Ok(())
    }

    /// The one that the events are told of.
    fn stream(&self) -> Option<&StreamId> {
        let told = self.events.last().and_then(|event| event.subject.as_ref());
        told.map(|subject| &subject.stream).or_else(|| self.recording.streams.last())
    }
}

/// The same recording and status give the same id, whenever and by whomever it is told.
fn event_id(recording: &Recording, status: RecordingStatus) -> EventId {
    let seed = format!("{} {} {}", recording.id, recording.session, status.as_str());
    let hash = digest::digest(&digest::SHA256, seed.as_bytes());
    EventId::mint(&mut |bytes| {
        for (to, from) in bytes.iter_mut().zip(hash.as_ref()) {
            *to = *from;
        }
    })
}

/// A start is told of the first stream, an end of the last one.
fn event(recording: &Recording, status: RecordingStatus, at: SystemTime) -> Event {
    let is_end = matches!(status, RecordingStatus::End | RecordingStatus::EndFailure);
    let stream = if is_end { recording.streams.last() } else { recording.streams.first() };
    let (is_failure, has_begun) = (status.is_failure(), status != RecordingStatus::StartFailure);
    let change = RecordingChange {
        status,
        reason: if is_failure { recording.reason.clone() } else { String::new() },
        bucket: recording.configuration.bucket.clone(),
        prefix: if has_begun { recording.prefix.clone() } else { String::new() },
        duration_ms: if is_end { recording.duration_ms } else { 0 },
        session: recording.session.clone(),
        streams: recording.streams.clone(),
    };
    let subject = stream.map(|stream| EventSubject {
        channel: recording.channel.clone(),
        channel_name: recording.channel_name.clone(),
        stream: stream.clone(),
    });
    Event {
        id: event_id(recording, status),
        at: unix_millis(at),
        account: recording.channel.account.clone(),
        region: recording.channel.region.clone(),
        subject,
        kind: EventKind::Recording(change),
    }
}
