//! What a tape costs by itself: `tape_cost FOLDER [HOURS] [BYTES A PART]`.
//!
//! Promise: segments are put on a real tape in the folder, at once instead of in real time, in four renditions of two
//! seconds a segment; files of ended chunks are removed as the courier does. Then the tape is recovered.

use std::fs;
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime};

use bytes::Bytes;
use domain::{
    Arn, ContainerFormat, Recording, RecordingConfiguration, RecordingStage, RecordingState,
    RenditionSelection, ResourceId, StreamId, Tags, Thumbnails,
};
use live::{Init, Part, Segment};
use media::{Ticks, Tracks};
use recording::merge::Profile;
use recording::tape::{Chunk, Header, Item, Rack, Rendition, Run};

type Failure = Box<dyn std::error::Error>;

const RENDITIONS: usize = 4;
const PARTS: usize = 6;
const CONTAINER: ContainerFormat = ContainerFormat::Ts;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Failure> {
    let mut arguments = std::env::args().skip(1);
    let folder = arguments.next().ok_or("which folder?")?;
    let hours: u64 = arguments.next().map_or(Ok(1), |text| text.parse())?;
    let bytes: usize = arguments.next().map_or(Ok(64), |text| text.parse())?;
    let rack = Rack::new(folder.into(), 0);
    let header = header().ok_or("the sample is not of the form of ids")?;
    let run = run(&header);
    let mut tape = rack.create(header).await?;
    tape.begin_run(run).await?;
    let path = tape.folder().to_owned();
    let (payload, init) = (Bytes::from(vec![7; bytes]), section());
    println!("hour, resident KiB, journal bytes");
    let (begin, before) = (Instant::now(), Spent::now()?);
    for number in 0..hours * 1800 {
        let segment = segment(number, &payload, &init);
        let chunks = tape.take(vec![Some(Arc::clone(&segment)); RENDITIONS], &segment).await?;
        chunks.iter().try_for_each(bring_away)?;
        if number % 7200 == 1799 {
            let journal = fs::metadata(path.join("journal"))?.len();
            println!("{}, {}, {journal}", number / 1800 + 1, resident()?);
        }
    }
    let (taken, spent) = (begin.elapsed(), Spent::now()?);
    drop(tape);
    #[expect(clippy::cast_precision_loss, reason = "for people to read")]
    let each = |before: u64, after: u64| (after - before) as f64 / hours as f64;
    println!("{hours} hours in {taken:.1?}; for a stream-hour of {RENDITIONS} renditions:");
    println!("{:.0} ms of processor time", each(before.millis, spent.millis));
    println!(
        "{:.0} calls of write, {:.0} bytes written",
        each(before.calls, spent.calls),
        each(before.bytes, spent.bytes)
    );

    let (begin, before) = (Instant::now(), Spent::now()?);
    let mut recovered = rack.recover(&path).await?.ok_or("somebody has it")?;
    let taken = begin.elapsed();
    let mut chunks = 0_u64;
    while let Some(item) = recovered.next().await? {
        chunks += u64::from(matches!(item, Item::Chunk(_)));
    }
    let spent = Spent::now()?.millis - before.millis;
    println!(
        "recovered in {taken:.1?}, told in {:.1?}: {chunks} chunks, {spent} ms of processor",
        begin.elapsed()
    );
    println!("resident KiB: {}", resident()?);
    recovered.tape.discard().await?;
    Ok(())
}

/// What the courier does.
fn bring_away(chunk: &Chunk) -> std::io::Result<()> {
    chunk.files.iter().flatten().try_for_each(|file| fs::remove_file(&file.parcel.path))
}

/// Of this process.
struct Spent {
    millis: u64,
    calls: u64,
    bytes: u64,
}

impl Spent {
    fn now() -> Result<Self, Failure> {
        let stat = fs::read_to_string("/proc/self/stat")?;
        let fields: Vec<&str> = stat.rsplit(')').next().unwrap_or_default().split(' ').collect();
        let ticks = |field: usize| fields.get(field).map_or(Ok(0), |text| text.parse::<u64>());
        // Hundredths of a second: what Linux calls USER_HZ.
        let millis = (ticks(12)? + ticks(13)?) * 10;
        Ok(Self {
            millis,
            calls: number("/proc/self/io", "syscw:")?,
            bytes: number("/proc/self/io", "wchar:")?,
        })
    }
}

fn resident() -> Result<u64, Failure> {
    number("/proc/self/status", "VmRSS:")
}

fn number(path: &str, name: &str) -> Result<u64, Failure> {
    let text = fs::read_to_string(path)?;
    let line = text.lines().find_map(|line| line.strip_prefix(name)).ok_or("no such line")?;
    Ok(line.trim().trim_end_matches(" kB").parse()?)
}

fn section() -> Arc<Init> {
    Arc::new(Init { number: 0, data: Bytes::new(), tracks: Arc::new(Tracks { video: None, audio: None }) })
}

fn segment(number: u64, payload: &Bytes, init: &Arc<Init>) -> Arc<Segment> {
    let part =
        |index: usize| Part { data: payload.clone(), duration: Ticks::new(30_000), independent: index == 0 };
    Arc::new(Segment {
        number,
        init: Arc::clone(init),
        discontinuity: false,
        time: SystemTime::UNIX_EPOCH + Duration::from_secs(1_700_000_000 + number * 2),
        duration: Ticks::from_millis(2_000),
        parts: (0..PARTS).map(part).collect(),
    })
}

fn header() -> Option<Header> {
    let configuration = RecordingConfiguration {
        arn: arn("recording-configuration")?,
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
    let recording = Recording {
        id: ResourceId::parse("taped")?,
        session: ResourceId::parse("session")?,
        channel: arn("channel")?,
        channel_name: String::new(),
        is_private: false,
        configuration,
        prefix: "ivs/v1/123456789012/abc/2026/1/2/3/4/taped".to_owned(),
        node: "node".to_owned(),
        streams: vec![StreamId::parse(&format!("st-{:023}", 0))?],
        started_at: 0,
        ended_at: None,
        stage: RecordingStage::Started,
        duration_ms: 0,
        bytes: 0,
        reason: String::new(),
    };
    let rendition = |lines| Rendition {
        name: format!("{lines}p30"),
        width: lines,
        height: lines,
        codecs: "avc1.64001F,mp4a.40.2".to_owned(),
        frame_rate: None,
        bandwidth: 1,
    };
    let renditions = [720, 480, 360, 160].map(rendition).to_vec();
    Some(Header { recording, container: CONTAINER, renditions, thumbnails: None })
}

fn arn(kind: &str) -> Option<Arn> {
    format!("arn:aws:ivs:us-west-2:123456789012:{kind}/abcdefghijkl").parse().ok()
}

fn run(header: &Header) -> Run {
    let profile = Profile {
        width: 0,
        height: 0,
        frame_rate: None,
        codecs: String::new(),
        bitrate: 0,
        renditions: Vec::new(),
        container: CONTAINER,
        configuration: header.recording.configuration.arn.clone(),
    };
    Run { stream: header.recording.streams[0].clone(), at: 0, profile, target_duration: 3 }
}
