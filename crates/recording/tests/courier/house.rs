//! A tape's folder with chunks, a bucket, and couriers between them.
//!
//! Promise: every test has a folder and a bucket of its own; those in S3 share one service.

use std::fs;
use std::path::PathBuf;
use std::sync::atomic::Ordering::Relaxed;
use std::sync::{Arc, OnceLock};
use std::time::{Duration, SystemTime};

use blob::{Blobs, S3Config, S3Key};
use bytes::Bytes;
use domain::{
    Arn, ContainerFormat, Recording, RecordingConfiguration, RecordingStage, RecordingState,
    RenditionSelection, ResourceId, StreamId, Tags, Thumbnails,
};
use media::Ticks;
use recording::Figures;
use recording::courier::{Courier, Errand, Means, Place, State};
use recording::layout;
use recording::listing::Listing;
use recording::playlist::{Entry, Form};
use recording::tape::{Chunk, ChunkFile, Header, Parcel, Rendition};
use tempfile::TempDir;
use testkit::s3::{self, S3};
use tokio::sync::{Semaphore, oneshot};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

/// Longer than anything takes where things work.
pub(crate) const LONG: Duration = Duration::from_secs(120);
pub(crate) const PREFIX: &str = "ivs/v1/1/abc/2026/1/2/3/4/recording001";

pub(crate) fn service() -> &'static S3 {
    static SERVICE: OnceLock<S3> = OnceLock::new();
    SERVICE.get_or_init(S3::start)
}

pub(crate) fn client(endpoint: String) -> Blobs {
    let key = Some(S3Key { id: s3::KEY.to_owned(), secret: s3::SECRET.to_owned() });
    Blobs::s3(S3Config { endpoint: Some(endpoint), region: None, key, path_style: true })
}

pub(crate) struct House {
    pub(crate) folder: TempDir,
    pub(crate) bucket: String,
    pub(crate) header: Header,
    pub(crate) means: Means,
    /// Leads to the bucket whatever stands in the couriers' way.
    pub(crate) direct: Blobs,
}

impl House {
    pub(crate) fn on_disk(renditions: usize) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let blobs = Blobs::disk(folder.path().join("buckets"));
        Self::new(folder, "films", renditions, blobs.clone(), blobs)
    }

    /// By way of `endpoint`.
    pub(crate) fn in_s3(bucket: &str, renditions: usize, endpoint: String) -> Self {
        service().make_bucket(bucket);
        let direct = client(format!("http://{}", service().address()));
        Self::new(tempfile::tempdir().expect("a folder"), bucket, renditions, client(endpoint), direct)
    }

    pub(crate) fn new(folder: TempDir, bucket: &str, renditions: usize, blobs: Blobs, direct: Blobs) -> Self {
        let means = Means {
            blobs,
            lanes: Arc::new(Semaphore::new(8)),
            figures: Arc::new(Figures::default()),
            tasks: TaskTracker::new(),
            stop: CancellationToken::new(),
        };
        Self { folder, bucket: bucket.to_owned(), header: header(renditions), means, direct }
    }

    pub(crate) fn tape(&self) -> PathBuf {
        self.folder.path().join("tape")
    }

    pub(crate) fn courier(&self) -> Courier {
        let place = Place { bucket: self.bucket.clone(), prefix: PREFIX.to_owned() };
        Courier::start(place, Listing::new(self.tape().join("scratch"), &self.header, 14), &self.means)
    }

    pub(crate) fn parcel(&self, key: String, bytes: &[u8]) -> Parcel {
        let path = self.tape().join(&key);
        fs::create_dir_all(path.parent().expect("below the tape")).expect("room");
        fs::write(&path, bytes).expect("room");
        Parcel { path, key, bytes: bytes.len() as u64, on_tape: true }
    }

    /// A chunk with its files on the tape.
    pub(crate) fn chunk(&self, number: u64) -> Chunk {
        let mut chunk = chunk(&self.header, number, 5_000);
        for file in chunk.files.iter_mut().flatten() {
            file.parcel = self.parcel(file.parcel.key.clone(), &content(&file.parcel.key, file.parcel.bytes));
        }
        chunk
    }

    pub(crate) async fn get(&self, key: &str) -> Option<Bytes> {
        self.direct.get(&self.bucket, &format!("{PREFIX}/{key}")).await.expect("readable")
    }

    pub(crate) async fn text(&self, key: &str) -> String {
        let found = self.get(key).await.unwrap_or_else(|| panic!("{key} is there"));
        String::from_utf8(found.into()).expect("text")
    }

    /// The keys of all objects, without the prefix.
    pub(crate) async fn keys(&self) -> Vec<String> {
        let keys = self.direct.list(&self.bucket, PREFIX, "").await.expect("a list");
        keys.into_iter().map(|key| key[PREFIX.len() + 1..].to_owned()).collect()
    }

    /// Is a recording of chunks 0.. in the bucket, whole and closed, and nothing else?
    pub(crate) async fn assert_whole(&self, chunks: u64) {
        let mut expected = vec![layout::master(Form::Whole), layout::master(Form::Ranges)];
        for rendition in &self.header.renditions {
            expected.extend(Form::ALL.map(|form| layout::playlist(&rendition.name, form)));
            for number in 0..chunks {
                let key = layout::chunk(&rendition.name, number, ContainerFormat::Ts);
                assert_eq!(self.get(&key).await.expect("a chunk"), content(&key, 5_000), "{key}");
                expected.push(key);
            }
            for form in Form::ALL {
                let text = self.text(&layout::playlist(&rendition.name, form)).await;
                let names: Vec<_> = text.lines().filter(|line| !line.starts_with('#')).collect();
                let each = if form == Form::Whole { 1 } else { 5 };
                let all: Vec<_> = (0..chunks).flat_map(|number| vec![format!("{number}.ts"); each]).collect();
                assert_eq!(names, all);
                assert!(text.ends_with("#EXT-X-ENDLIST\n"));
            }
        }
        expected.sort();
        assert_eq!(self.keys().await, expected);
        assert_eq!(files(&self.tape()), [""; 0], "nothing is left on the tape");
        assert_eq!(self.means.figures.waiting_bytes.load(Relaxed), 0);
    }
}

/// Waits until all before is done.
pub(crate) async fn done(courier: &Courier) {
    let (told, tells) = oneshot::channel();
    courier.send(Errand::Tell(told));
    tokio::time::timeout(LONG, tells).await.expect("in time").expect("the courier lives");
}

pub(crate) async fn wait_for(courier: &Courier, is_so: impl FnMut(&State) -> bool) -> State {
    let mut state = courier.state();
    let found = tokio::time::timeout(LONG, state.wait_for(is_so)).await.expect("in time");
    found.expect("the courier lives").clone()
}

/// Bytes that tell whose they are.
pub(crate) fn content(key: &str, bytes: u64) -> Vec<u8> {
    key.bytes().cycle().take(usize::try_from(bytes).expect("few")).collect()
}

/// All files below a tape that have to be brought somewhere.
pub(crate) fn files(tape: &std::path::Path) -> Vec<String> {
    let (mut found, mut folders) = (Vec::new(), vec![tape.to_owned()]);
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).into_iter().flatten().map(|entry| entry.expect("an entry")) {
            match entry.file_type().expect("known").is_dir() {
                true if entry.file_name() == "scratch" => {}
                true => folders.push(entry.path()),
                false => found.push(entry.path().display().to_string()),
            }
        }
    }
    found
}

/// A chunk of ten seconds, five entries of two each, that is on no tape.
pub(crate) fn chunk(header: &Header, number: u64, bytes: u64) -> Chunk {
    let file = |rendition: &Rendition| {
        let key = layout::chunk(&rendition.name, number, ContainerFormat::Ts);
        let parcel = Parcel { path: PathBuf::from(&key), key, bytes, on_tape: true };
        let entry = Entry { bytes: bytes / 5, duration: Ticks::from_millis(2_000) };
        Some(ChunkFile { parcel, init: None, entries: vec![entry; 5] })
    };
    Chunk {
        number,
        run: 0,
        start: Ticks::from_millis(10_000 * i64::try_from(number).expect("few")),
        duration: Ticks::from_millis(10_000),
        time: SystemTime::UNIX_EPOCH + Duration::from_secs(1_700_000_000 + 10 * number),
        discontinuity: false,
        files: header.renditions.iter().map(file).collect(),
    }
}

pub(crate) fn header(renditions: usize) -> Header {
    let rendition = |number: usize| Rendition {
        name: format!("{}p30", 720 - number * 100),
        width: 1280,
        height: 720,
        codecs: "avc1.64001F,mp4a.40.2".to_owned(),
        frame_rate: Some(30.0),
        bandwidth: 1_000_000,
    };
    let renditions = (0..renditions).map(rendition).collect();
    Header { recording: recording(), container: ContainerFormat::Ts, renditions, thumbnails: None }
}

fn recording() -> Recording {
    let arn = |text: &str| text.parse::<Arn>().expect("an ARN");
    let id = |text: &str| ResourceId::parse(text).expect("an id");
    let configuration = RecordingConfiguration {
        arn: arn("arn:aws:ivs:us-west-2:123456789012:recording-configuration/abcdefghijkl"),
        name: String::new(),
        bucket: "films".to_owned(),
        state: RecordingState::Active,
        state_reason: String::new(),
        thumbnails: Thumbnails::default(),
        rendition_selection: RenditionSelection::All,
        renditions: Vec::new(),
        reconnect_window_seconds: 0,
        tags: Tags::default(),
    };
    Recording {
        id: id("recording001"),
        session: id("session00001"),
        channel: arn("arn:aws:ivs:us-west-2:123456789012:channel/abcdefghijkl"),
        channel_name: String::new(),
        is_private: false,
        configuration,
        prefix: PREFIX.to_owned(),
        node: "node-1".to_owned(),
        streams: vec![StreamId::parse("st-00000000000000000000000").expect("an id")],
        started_at: 1_700_000_000_000,
        ended_at: None,
        stage: RecordingStage::Started,
        duration_ms: 0,
        bytes: 0,
        reason: String::new(),
    }
}
