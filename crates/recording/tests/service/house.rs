//! A server with all that recording needs, and streams that are sent to it faster than they play.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};
use std::time::{Duration, SystemTime};

use blob::Blobs;
use domain::{
    Arn, Recording, RecordingConfiguration, RecordingState, RenditionSelection, StreamId, ThumbnailMode,
    Thumbnails,
};
use live::{Airing, Audience, Hub, Publisher, RingLimits};
use packager::Packager;
use recording::{Config, Figures, Recorder};
use serde_json::Value;
use store::{NewestRequest, Store, StoredEvent};
use tempfile::TempDir;
use testkit::Film;
use tokio::task::JoinSet;
use tokio::time::sleep;
use tokio_util::sync::CancellationToken;

/// What stays when a server dies.
pub(crate) struct Ground {
    pub(crate) folder: TempDir,
    pub(crate) store: Store,
    pub(crate) streams: AtomicU8,
}

impl Ground {
    pub(crate) async fn new() -> Self {
        let store = Store::in_memory().await.expect("a database");
        Self { folder: TempDir::new().expect("a folder"), store, streams: AtomicU8::new(1) }
    }

    /// One whose database is a file.
    pub(crate) async fn on_file() -> Self {
        let folder = TempDir::new().expect("a folder");
        let store = Store::open(&folder.path().join("database")).await.expect("a database");
        Self { folder, store, streams: AtomicU8::new(1) }
    }

    pub(crate) fn database(&self) -> PathBuf {
        self.folder.path().join("database")
    }

    pub(crate) fn tapes(&self) -> PathBuf {
        self.folder.path().join("tapes")
    }

    pub(crate) fn buckets(&self) -> PathBuf {
        self.folder.path().join("buckets")
    }

    pub(crate) fn blobs(&self) -> Blobs {
        Blobs::disk(self.buckets())
    }

    pub(crate) fn config(&self) -> Config {
        Config {
            node: "node-1".to_owned(),
            tapes: self.tapes(),
            keep_free: 0,
            uploads: 8,
            keep_for: None,
            keep_bytes: None,
            drain: Duration::from_secs(30),
        }
    }

    /// Folders of tapes that are there.
    pub(crate) fn tape_count(&self) -> usize {
        std::fs::read_dir(self.tapes()).map_or(0, Iterator::count)
    }

    /// All rows, the oldest first.
    pub(crate) async fn recordings(&self) -> Vec<Recording> {
        let page = self.store.recordings(None, NewestRequest::first(100)).await.expect("rows");
        page.items.into_iter().rev().collect()
    }

    /// Details of all events of recordings, in order.
    pub(crate) async fn events(&self) -> Vec<Value> {
        let events: Vec<StoredEvent> = self.store.events_after(0, 1_000).await.expect("events");
        let read = |event: &StoredEvent| serde_json::from_str::<Value>(&event.envelope).expect("JSON");
        let all = events.iter().map(read);
        all.filter(|event| event["detail-type"] == "IVS Recording State Change")
            .map(|event| event["detail"].clone())
            .collect()
    }

    /// `recording_status` of all events, in order.
    pub(crate) async fn told(&self) -> Vec<String> {
        let status = |event: &Value| event["recording_status"].as_str().unwrap_or("?").to_owned();
        self.events().await.iter().map(status).collect()
    }

    pub(crate) fn root_of(&self, recording: &Recording) -> PathBuf {
        self.buckets().join(&recording.configuration.bucket).join(&recording.prefix)
    }

    pub(crate) fn read(&self, recording: &Recording, key: &str) -> String {
        let path = self.root_of(recording).join(key);
        let text = std::fs::read(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        String::from_utf8_lossy(&text).into_owned()
    }

    pub(crate) fn json(&self, recording: &Recording, key: &str) -> Value {
        serde_json::from_str(&self.read(recording, key)).expect("JSON")
    }

    /// Keys below the recording's prefix, in order.
    pub(crate) fn keys(&self, recording: &Recording) -> Vec<String> {
        let root = self.root_of(recording);
        let mut keys = Vec::new();
        collect(&root, &root, &mut keys);
        keys.sort();
        keys
    }
}

fn collect(root: &Path, folder: &Path, keys: &mut Vec<String>) {
    for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
        let path = entry.path();
        if path.is_dir() {
            collect(root, &path, keys);
        } else if let Ok(key) = path.strip_prefix(root) {
            keys.push(key.to_string_lossy().into_owned());
        }
    }
}

/// A running server.
pub(crate) struct House<'a> {
    pub(crate) ground: &'a Ground,
    pub(crate) hub: Hub,
    pub(crate) figures: Arc<Figures>,
    packaging: CancellationToken,
    recording: CancellationToken,
    packager: JoinSet<()>,
    recorder: JoinSet<()>,
}

impl<'a> House<'a> {
    pub(crate) fn open(ground: &'a Ground) -> Self {
        Self::open_with(ground, ground.config(), ground.blobs())
    }

    pub(crate) fn open_with(ground: &'a Ground, config: Config, blobs: Blobs) -> Self {
        let hub = Hub::new(RingLimits::default());
        let (packaging, recording) = (CancellationToken::new(), CancellationToken::new());
        let (mut packager, mut recorder) = (JoinSet::new(), JoinSet::new());
        let packaged = Packager::bind(
            packager::Config { linger: Duration::from_secs(5), ..packager::Config::default() },
            packager::Deps { hub: hub.clone(), spool: None },
        );
        packager.spawn(packaged.run(packaging.clone()));
        let deps = recording::Deps { hub: hub.clone(), store: ground.store.clone(), blobs };
        let recorded = Recorder::bind(config, deps);
        let figures = recorded.figures();
        recorder.spawn(recorded.run(recording.clone()));
        Self { ground, hub, figures, packaging, recording, packager, recorder }
    }

    /// Puts a stream on air.
    pub(crate) fn publish(&self, id: u8, configuration: &RecordingConfiguration) -> Publisher {
        self.publish_as(id, airing(configuration), SystemTime::now())
    }

    pub(crate) fn publish_as(&self, id: u8, airing: Airing, at: SystemTime) -> Publisher {
        let number = self.ground.streams.fetch_add(1, Ordering::Relaxed);
        let stream = StreamId::mint(&mut |bytes| bytes.fill(number));
        self.hub.publish(&channel(id), stream, airing, at).expect("a free channel")
    }

    /// Sends a stream from its beginning to its end.
    pub(crate) async fn send(
        &self,
        id: u8,
        configuration: &RecordingConfiguration,
        film: &Film,
        seconds: u64,
    ) {
        let mut publisher = self.publish(id, configuration);
        push(&mut publisher, film, seconds).await;
        end(publisher).await;
    }

    /// Ends in order.
    pub(crate) async fn close(mut self) {
        self.packaging.cancel();
        while let Some(done) = self.packager.join_next().await {
            done.expect("the packager ends without a panic");
        }
        self.recording.cancel();
        while let Some(done) = self.recorder.join_next().await {
            done.expect("the recorder ends without a panic");
        }
    }

    /// Dies: nothing that runs gets another turn.
    pub(crate) async fn die(mut self) {
        self.recorder.abort_all();
        while self.recorder.join_next().await.is_some() {}
        // What was begun on the disk goes on, as it does in the kernel.
        sleep(Duration::from_millis(50)).await;
    }

    pub(crate) fn count(&self, of: impl Fn(&Figures) -> &std::sync::atomic::AtomicU64) -> u64 {
        of(&self.figures).load(Ordering::Relaxed)
    }
}

pub(crate) fn channel(id: u8) -> Arn {
    Arn::parse(&format!("arn:aws:ivs:us-east-1:123456789012:channel/channel{id}")).expect("an ARN")
}

/// Streams are recorded to a bucket called `films`, without thumbnails.
pub(crate) fn configuration() -> RecordingConfiguration {
    let arn = "arn:aws:ivs:us-east-1:123456789012:recording-configuration/abcdABCD0123";
    RecordingConfiguration {
        arn: Arn::parse(arn).expect("an ARN"),
        name: String::new(),
        bucket: "films".to_owned(),
        state: RecordingState::Active,
        state_reason: String::new(),
        thumbnails: Thumbnails { mode: ThumbnailMode::Disabled, ..Thumbnails::default() },
        rendition_selection: RenditionSelection::All,
        renditions: Vec::new(),
        reconnect_window_seconds: 0,
        tags: domain::Tags::default(),
    }
}

pub(crate) fn airing(configuration: &RecordingConfiguration) -> Airing {
    let recording = Some(Arc::new(configuration.clone()));
    Airing { channel_name: "mine".to_owned(), recording, ..Audience::Everyone.into() }
}

/// Sends so many seconds; whoever reads gets the time for it.
pub(crate) async fn push(publisher: &mut Publisher, film: &Film, seconds: u64) {
    publisher.set_tracks(film.tracks());
    let mut turn = 0;
    for frame in film.frames(Duration::from_secs(seconds)) {
        let due = frame.dts.count() / media::Ticks::PER_SECOND;
        publisher.push(frame);
        tokio::task::yield_now().await;
        if due > turn + 4 {
            turn = due;
            // The clock only goes on when nothing else is to be done, on the disk neither.
            sleep(Duration::from_millis(1)).await;
        }
    }
}

/// Goes off air, and waits until all has been packaged.
pub(crate) async fn end(publisher: Publisher) {
    let broadcast = Arc::clone(publisher.broadcast());
    drop(publisher);
    broadcast.shelf().reader().settled().await;
}

/// Waits for something that comes in the end.
pub(crate) async fn until(what: &str, mut is_so: impl AsyncFnMut() -> bool) {
    for _ in 0..6_000 {
        if is_so().await {
            return;
        }
        sleep(Duration::from_millis(10)).await;
    }
    panic!("{what}: not in a minute");
}
