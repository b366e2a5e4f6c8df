//! Retention: recordings that have been kept long enough are removed, and so is what there is no room for.
//!
//! Only recordings in buckets on disk that this node made; an S3 service has rules of its own for that.
//!
//! Promise: what goes on is never removed; among the others the oldest go first. Objects go before the row that names
//! them, so what is cut short in the middle is done by the next pass.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, SystemTime};

use blob::Blobs;
use domain::{Recording, RecordingStage, chain, time_text, unix_millis};
use store::{NewestRequest, Store};
use tokio::sync::Notify;
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;
use tracing::{info, warn};

use crate::{Config, Deps, Error, Figures};

/// How often to look, beside when a recording has ended.
const LOOK: Duration = Duration::from_secs(300);
/// The least time between two looks.
const PAUSE: Duration = Duration::from_secs(1);
/// Rows that are read at a time.
const PAGE: u32 = 500;
/// Recordings that one look removes for want of room; the next look goes on.
const SLICE: usize = 5_000;

/// Removes a recording: its objects, then its row. Tells how many objects there were. May be tried again.
///
/// # Errors
/// [`Error::Bucket`], [`Error::Rows`]; then the row is still there, and so may some objects be.
pub async fn remove(store: &Store, blobs: &Blobs, recording: &Recording) -> Result<u64, Error> {
    let (bucket, below) = (&recording.configuration.bucket, format!("{}/", recording.prefix));
    let (mut after, mut removed) = (String::new(), 0);
    loop {
        let keys = blobs.list(bucket, &below, &after).await?;
        let Some(last) = keys.last() else { break };
        after.clone_from(last);
        blobs.remove(bucket, &keys).await?;
        removed += keys.len() as u64;
    }
    store.remove_recording(&recording.id).await?;
    Ok(removed)
}

/// Looks after the room that recordings take.
#[derive(Debug)]
pub(crate) struct Retention {
    node: String,
    keep_for: Option<Duration>,
    keep_bytes: Option<u64>,
    store: Store,
    blobs: Blobs,
    figures: Arc<Figures>,
    news: Notify,
}

impl Retention {
    /// By these settings.
    pub(crate) fn new(config: &Config, deps: &Deps, figures: Arc<Figures>) -> Self {
        Self {
            node: config.node.clone(),
            keep_for: config.keep_for,
            keep_bytes: config.keep_bytes,
            store: deps.store.clone(),
            blobs: deps.blobs.clone(),
            figures,
            news: Notify::new(),
        }
    }

    /// A recording has ended: there may be too much now.
    pub(crate) fn look_soon(&self) {
        self.news.notify_one();
    }

    /// Looks now, every few minutes and when it is told to, until `shutdown`.
    pub(crate) async fn run(&self, shutdown: &CancellationToken) {
        let is_wanted = self.keep_for.is_some() || self.keep_bytes.is_some();
        if !is_wanted || !self.blobs.are_on_disk() {
            return shutdown.cancelled().await;
        }
        let looks = async {
            loop {
                if let Err(error) = self.look(SystemTime::now()).await {
                    warn!(why = %chain(&error), "it can't be told which recordings have been kept long enough");
                }
                tokio::time::sleep(PAUSE).await;
                // Either way it is time to look again.
                let _ = timeout(LOOK, self.news.notified()).await;
            }
        };
        shutdown.run_until_cancelled(looks).await;
    }

    /// Removes what has been kept long enough by `now`, and then what there is no room for.
    async fn look(&self, now: SystemTime) -> Result<(), Error> {
        if let Some(before) = self.keep_for.and_then(|kept| now.checked_sub(kept)) {
            self.by_age(unix_millis(before)).await?;
        }
        if let Some(most) = self.keep_bytes {
            self.by_room(most).await?;
        }
        Ok(())
    }

    async fn by_age(&self, before: i64) -> Result<(), Error> {
        loop {
            let old = self.store.ended_recordings_of(&self.node, before, PAGE).await?;
            let mut removed = 0;
            for recording in &old {
                removed += usize::from(self.remove(recording, "it is old enough").await);
            }
            // Those that can't be removed come again and again.
            if removed < PAGE as usize {
                return Ok(());
            }
        }
    }

    async fn by_room(&self, most: u64) -> Result<(), Error> {
        let mut taken = 0_u64;
        for recording in self.store.open_recordings_of(&self.node).await? {
            taken = taken.saturating_add(self.measure(&recording).await?);
        }
        let (mut next, mut too_many) = (Some(NewestRequest::first(PAGE)), Vec::new());
        while let Some(request) = next {
            let page = self.store.recordings(None, request).await?;
            for recording in page.items.into_iter().filter(|recording| self.is_ours(recording)) {
                taken = taken.saturating_add(recording.bytes);
                if taken > most {
                    too_many.push(recording);
                }
            }
            // The oldest are at the end.
            too_many.drain(..too_many.len().saturating_sub(SLICE));
            next = page.next.map(|before| NewestRequest { before: Some(before), limit: PAGE });
        }
        for recording in too_many.iter().rev() {
            self.remove(recording, "there is no room for it").await;
        }
        Ok(())
    }

    /// Is it over, and made by this node?
    fn is_ours(&self, recording: &Recording) -> bool {
        recording.node == self.node && recording.stage != RecordingStage::Started
    }

    /// What a recording that goes on has taken by now.
    async fn measure(&self, recording: &Recording) -> Result<u64, Error> {
        let (bucket, below) = (&recording.configuration.bucket, format!("{}/", recording.prefix));
        let (mut after, mut bytes) = (String::new(), 0_u64);
        loop {
            let objects = self.blobs.objects(bucket, &below, &after).await?;
            let Some(last) = objects.last() else { return Ok(bytes) };
            after.clone_from(&last.key);
            bytes = objects.iter().fold(bytes, |bytes, object| bytes.saturating_add(object.stat.bytes));
        }
    }

    /// True when it is gone.
    async fn remove(&self, recording: &Recording, why: &str) -> bool {
        let Recording { id, channel, started_at, bytes, .. } = recording;
        match remove(&self.store, &self.blobs, recording).await {
            Ok(objects) => {
                self.figures.removed.fetch_add(1, Ordering::Relaxed);
                let began = time_text(*started_at);
                info!(recording = %id, %channel, began, bytes, objects, why, "a recording is removed");
                true
            }
            Err(error) => {
                warn!(recording = %id, why = %chain(&error), "a recording can't be removed");
                false
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use RecordingStage::{Ended, EndedWithFailure, Started};
    use bytes::Bytes;
    use domain::{
        RecordingConfiguration, RecordingState, RenditionSelection, ResourceId, StreamId, Tags, Thumbnails,
    };

    use super::*;

    const NODE: &str = "here";

    struct Stage {
        store: Store,
        blobs: Blobs,
        _folder: tempfile::TempDir,
    }

    impl Stage {
        async fn new() -> Self {
            let folder = tempfile::tempdir().expect("a folder");
            let blobs = Blobs::disk(folder.path().to_owned());
            Self { store: Store::in_memory().await.expect("memory"), blobs, _folder: folder }
        }

        fn retention(&self, keep_for: Option<u64>, keep_bytes: Option<u64>) -> Retention {
            Retention {
                node: NODE.to_owned(),
                keep_for: keep_for.map(Duration::from_secs),
                keep_bytes,
                store: self.store.clone(),
                blobs: self.blobs.clone(),
                figures: Arc::default(),
                news: Notify::new(),
            }
        }

        /// One of 100 bytes; it ended `number` seconds after 1970, or goes on.
        async fn record(&self, number: u8, stage: RecordingStage, node: &str) -> Recording {
            let ended = (stage != Started).then_some(i64::from(number) * 1_000);
            let recording = Recording {
                id: id(number),
                session: id(number),
                channel: "arn:aws:ivs:us-east-1:123456789012:channel/abcdABCD0123".parse().expect("an ARN"),
                channel_name: String::new(),
                is_private: false,
                configuration: configuration(),
                prefix: format!("ivs/v1/{}", id(number)),
                node: node.to_owned(),
                streams: vec![StreamId::mint(&mut |bytes| bytes.fill(number))],
                started_at: 0,
                ended_at: ended,
                stage,
                duration_ms: 0,
                bytes: ended.map_or(0, |_| 100),
                reason: String::new(),
            };
            for key in ["events/recording-ended.json", "media/hls/160p30/0.ts"] {
                let key = format!("{}/{key}", recording.prefix);
                let bytes = Bytes::from_static(&[0; 50]);
                self.blobs.put("films", &key, bytes).await.expect("written");
            }
            self.store.put_recording(&recording, &recording.streams[0], &[]).await.expect("a row");
            recording
        }

        /// Which of these are there, with all of their objects or, if not, none.
        async fn left(&self, recordings: &[&Recording]) -> Vec<bool> {
            let mut left = Vec::new();
            for recording in recordings {
                let row = self.store.recording(&recording.id).await.expect("read").is_some();
                let below = format!("{}/", recording.prefix);
                let objects = self.blobs.list("films", &below, "").await.expect("listed").len();
                assert_eq!(objects, if row { 2 } else { 0 });
                left.push(row);
            }
            left
        }
    }

    fn id(number: u8) -> ResourceId {
        ResourceId::parse(&format!("abcdABCD{number:04}")).expect("an id")
    }

    fn configuration() -> RecordingConfiguration {
        let arn = "arn:aws:ivs:us-east-1:123456789012:recording-configuration/abcdABCD0123";
        RecordingConfiguration {
            arn: arn.parse().expect("an ARN"),
            name: String::new(),
            bucket: "films".to_owned(),
            state: RecordingState::Active,
            state_reason: String::new(),
            thumbnails: Thumbnails::default(),
            rendition_selection: RenditionSelection::All,
            renditions: Vec::new(),
            reconnect_window_seconds: 0,
            tags: Tags::new(),
        }
    }

    fn at(second: u64) -> SystemTime {
        SystemTime::UNIX_EPOCH + Duration::from_secs(second)
    }

    #[tokio::test]
    async fn what_ended_long_enough_ago_goes_and_what_goes_on_stays() {
        let stage = Stage::new().await;
        let old = stage.record(1, Ended, NODE).await;
        let failed = stage.record(2, EndedWithFailure, NODE).await;
        let new = stage.record(50, Ended, NODE).await;
        let open = stage.record(3, Started, NODE).await;
        let theirs = stage.record(4, Ended, "elsewhere").await;
        let retention = stage.retention(Some(60), None);
        retention.look(at(100)).await.expect("looked");
        assert_eq!(
            stage.left(&[&old, &failed, &new, &open, &theirs]).await,
            [false, false, true, true, true]
        );
        assert_eq!(retention.figures.removed.load(Ordering::Relaxed), 2);
        retention.look(at(100)).await.expect("looked");
        assert_eq!(retention.figures.removed.load(Ordering::Relaxed), 2);
    }

    #[tokio::test]
    async fn without_room_the_oldest_go_and_what_goes_on_counts() {
        let stage = Stage::new().await;
        let all = [
            stage.record(1, Ended, NODE).await,
            stage.record(2, Started, NODE).await,
            stage.record(3, Ended, NODE).await,
            stage.record(4, Ended, "elsewhere").await,
            stage.record(5, Ended, NODE).await,
        ];
        let all: Vec<_> = all.iter().collect();
        stage.retention(None, Some(400)).look(at(9)).await.expect("looked");
        assert_eq!(stage.left(&all).await, [true; 5]);
        stage.retention(None, Some(399)).look(at(9)).await.expect("looked");
        assert_eq!(stage.left(&all).await, [false, true, true, true, true]);
        stage.retention(None, Some(200)).look(at(9)).await.expect("looked");
        assert_eq!(stage.left(&all).await, [false, true, false, true, true]);
        stage.retention(None, Some(1)).look(at(9)).await.expect("looked");
        assert_eq!(stage.left(&all).await, [false, true, false, true, false]);
    }

    #[tokio::test]
    async fn a_removal_that_was_cut_short_is_finished() {
        let stage = Stage::new().await;
        let old = stage.record(1, Ended, NODE).await;
        let key = format!("{}/events/recording-ended.json", old.prefix);
        stage.blobs.remove("films", &[key]).await.expect("removed");
        stage.retention(Some(60), None).look(at(100)).await.expect("looked");
        assert_eq!(stage.left(&[&old]).await, [false]);
    }

    #[tokio::test]
    async fn it_looks_at_the_start_and_when_a_recording_has_ended() {
        let stage = Stage::new().await;
        let first = stage.record(1, Ended, NODE).await;
        let (retention, shutdown) = (stage.retention(None, Some(100)), CancellationToken::new());
        let story = async {
            let second = stage.record(2, Ended, NODE).await;
            retention.look_soon();
            let gone = async {
                while stage.store.recording(&first.id).await.expect("read").is_some() {
                    tokio::time::sleep(Duration::from_millis(10)).await;
                }
            };
            timeout(Duration::from_secs(30), gone).await.expect("the older one goes");
            assert_eq!(stage.left(&[&second]).await, [true]);
            shutdown.cancel();
        };
        tokio::join!(retention.run(&shutdown), story);
    }
}
