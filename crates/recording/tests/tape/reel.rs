//! Segments whose bytes follow from their numbers, and tapes to put them on.
//!
//! Promise: the same numbers give the same bytes in each process.

use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use bytes::Bytes;
use domain::{
    Arn, ContainerFormat, Recording, RecordingConfiguration, RecordingStage, RecordingState,
    RenditionSelection, ResourceId, StreamId, Tags, Thumbnails,
};
use live::{Init, Part, Segment};
use media::{Ticks, Tracks};
use recording::merge::Profile;
use recording::tape::{Chunk, Header, Item, Rack, Recovered, Rendition, Run, Size, Tape};
use tempfile::TempDir;

/// When the first segment of all began, in milliseconds since 1970.
pub(crate) const BEGIN: i64 = 1_700_000_000_123;

/// A folder for tests that write much: in memory where there is such a place, as nothing there waits for a disk.
pub(crate) fn quick_folder() -> TempDir {
    tempfile::tempdir_in("/dev/shm").or_else(|_| tempfile::tempdir()).unwrap()
}

pub(crate) fn rack(root: &Path) -> Rack {
    Rack::new(root.join("rack"), 0)
}

pub(crate) fn recording(id: &str) -> Recording {
    let arn = |text: &str| text.parse::<Arn>().unwrap();
    let configuration = RecordingConfiguration {
        arn: arn("arn:aws:ivs:us-west-2:123456789012:recording-configuration/abcdefghijkl"),
        name: String::new(),
        bucket: "bucket".to_owned(),
        state: RecordingState::Active,
        state_reason: String::new(),
        thumbnails: Thumbnails::default(),
        rendition_selection: RenditionSelection::All,
        renditions: Vec::new(),
        reconnect_window_seconds: 0,
        tags: Tags::default(),
    };
    Recording {
        id: ResourceId::parse(id).unwrap(),
        session: ResourceId::parse("session00001").unwrap(),
        channel: arn("arn:aws:ivs:us-west-2:123456789012:channel/abcdefghijkl"),
        channel_name: "ein Kanal".to_owned(),
        is_private: false,
        configuration,
        prefix: format!("ivs/v1/123456789012/abcdefghijkl/2026/1/2/3/4/{id}"),
        node: "node-1".to_owned(),
        streams: vec![stream(0)],
        started_at: BEGIN,
        ended_at: None,
        stage: RecordingStage::Started,
        duration_ms: 0,
        bytes: 0,
        reason: String::new(),
    }
}

pub(crate) fn stream(number: usize) -> StreamId {
    StreamId::parse(&format!("st-{number:023}")).unwrap()
}

/// Of a recording with so many renditions.
pub(crate) fn header(renditions: usize, container: ContainerFormat) -> Header {
    let rendition = |number: usize| Rendition {
        name: format!("{}p30", 720 - number * 100),
        width: 1280,
        height: 720,
        codecs: "avc1.64001F,mp4a.40.2".to_owned(),
        frame_rate: Some(30.0),
        bandwidth: 1_000_000,
    };
    Header {
        recording: recording("recording001"),
        container,
        renditions: (0..renditions).map(rendition).collect(),
        thumbnails: Some(Size { width: 1280, height: 720 }),
    }
}

pub(crate) fn run(number: usize) -> Run {
    let recording = recording("recording001");
    let profile = Profile {
        width: 1280,
        height: 720,
        frame_rate: Some(30.0),
        codecs: "avc1.64001F,mp4a.40.2".to_owned(),
        bitrate: 1_000_000,
        renditions: Vec::new(),
        container: ContainerFormat::Ts,
        configuration: recording.configuration.arn,
    };
    Run { stream: stream(number), at: BEGIN, profile, target_duration: 3 }
}

/// A tape with a first run.
pub(crate) async fn tape(rack: &Rack, renditions: usize, container: ContainerFormat) -> Tape {
    let mut tape = rack.create(header(renditions, container)).await.unwrap();
    tape.begin_run(run(0)).await.unwrap();
    tape
}

/// What a segment is to be.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Plan {
    pub(crate) number: u64,
    pub(crate) millis: i64,
    pub(crate) init: u32,
    pub(crate) discontinuity: bool,
    /// A bit for each rendition that does not have it.
    pub(crate) gaps: u8,
    /// Bytes of a part, about.
    pub(crate) bytes: usize,
}

impl Plan {
    /// A segment of two seconds.
    pub(crate) fn of(number: u64) -> Self {
        Self { number, millis: 2_000, init: 0, discontinuity: false, gaps: 0, bytes: 300 }
    }

    /// Wall clock time of its first picture.
    pub(crate) fn time(&self) -> SystemTime {
        let since = u64::try_from(BEGIN).unwrap() + self.number * 2_000;
        SystemTime::UNIX_EPOCH + Duration::from_millis(since)
    }

    /// All of its bytes in a rendition.
    pub(crate) fn payload(&self, rendition: usize) -> Vec<u8> {
        let parts = self.parts(rendition);
        parts.iter().flat_map(|part| part.data.to_vec()).collect()
    }

    fn parts(&self, rendition: usize) -> Vec<Part> {
        const PARTS: i64 = 4;
        let mut duration = Ticks::from_millis(self.millis).count();
        let part = |index: i64| {
            let span =
                if index + 1 == PARTS { duration } else { Ticks::from_millis(self.millis).count() / PARTS };
            duration -= span;
            let seed = self.number * 1_000 + rendition as u64 * 100 + u64::try_from(index).unwrap();
            let length = self.bytes + usize::try_from(seed % 7).unwrap();
            Part { data: noise(seed, length), duration: Ticks::new(span), independent: index == 0 }
        };
        (0..PARTS).map(part).collect()
    }

    fn segment(&self, rendition: usize, container: ContainerFormat) -> Arc<Segment> {
        let tracks = Arc::new(Tracks { video: None, audio: None });
        let data = match container {
            ContainerFormat::Ts => Bytes::new(),
            ContainerFormat::FragmentedMp4 => noise(u64::from(self.init) << 32 | rendition as u64, 700),
        };
        Arc::new(Segment {
            number: self.number,
            init: Arc::new(Init { number: self.init, data, tracks }),
            discontinuity: self.discontinuity,
            time: self.time(),
            duration: Ticks::from_millis(self.millis),
            parts: self.parts(rendition).into(),
        })
    }

    fn is_gap(&self, rendition: usize) -> bool {
        self.gaps >> rendition & 1 == 1
    }
}

/// Bytes that look like nothing, and follow from `seed`.
pub(crate) fn noise(seed: u64, length: usize) -> Bytes {
    let mut state = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
    let next = std::iter::from_fn(|| {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        Some(state.to_le_bytes())
    });
    next.flatten().take(length).collect::<Vec<u8>>().into()
}

/// Puts a segment on the tape.
pub(crate) async fn take(
    tape: &mut Tape,
    plan: &Plan,
    renditions: usize,
    container: ContainerFormat,
) -> Result<Vec<Chunk>, recording::Error> {
    let of = |rendition| (!plan.is_gap(rendition)).then(|| plan.segment(rendition, container));
    let segments = (0..renditions).map(of).collect();
    tape.take(segments, &plan.segment(0, container)).await
}

/// All chunks and thumbnails of a recovered tape.
pub(crate) async fn items(recovered: &mut Recovered) -> Vec<Item> {
    let mut found = Vec::new();
    while let Some(item) = recovered.next().await.unwrap() {
        found.push(item);
    }
    found
}

/// All chunks of it.
pub(crate) async fn chunks(recovered: &mut Recovered) -> Vec<Chunk> {
    let chunk = |item| if let Item::Chunk(chunk) = item { Some(chunk) } else { None };
    items(recovered).await.into_iter().filter_map(chunk).collect()
}

/// Takes up the one tape of a rack, which nobody has any more.
pub(crate) async fn recover(rack: &Rack) -> Recovered {
    let tapes = rack.inventory().await.unwrap().tapes;
    assert_eq!(tapes.len(), 1, "{tapes:?}");
    until_unlocked(async || rack.recover(&tapes[0]).await.unwrap()).await
}

/// Tries until there is something. A process that another test starts at this moment inherits the locks of all tapes
/// until it runs its own program, so one that is locked just now is waited for.
pub(crate) async fn until_unlocked<T>(mut attempt: impl AsyncFnMut() -> Option<T>) -> T {
    let until = tokio::time::Instant::now() + Duration::from_secs(30);
    loop {
        if let Some(found) = attempt().await {
            return found;
        }
        assert!(tokio::time::Instant::now() < until, "somebody has it still");
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}
