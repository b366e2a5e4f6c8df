//! What it costs to wait for segments on many shelves: nobody waiting, one reader that looks at each part, one that
//! sleeps through them.
//!
//! Promise: prints processor time for a thousand parts, as this process spent it.
//!
//! `cargo run --release -p recording --example waking`

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use bytes::Bytes;
use domain::{Arn, ContainerFormat, StreamId};
use live::{
    Audience, History, Hub, Init, Part, Publisher, RingLimits, Segment, ShelfWriter, Snapshot, Terms, Texts,
};
use media::{Ticks, Tracks};
use tokio::task::JoinSet;

const SHELVES: u8 = 200;
const SEGMENTS: u64 = 300;
const PARTS: u64 = 10;

#[derive(Clone, Copy, Debug)]
enum Reader {
    None,
    Parts,
    Segments,
}

#[tokio::main]
async fn main() {
    for reader in [Reader::None, Reader::Parts, Reader::Segments] {
        let spent = run(reader).await;
        let parts = u64::from(SHELVES) * SEGMENTS * PARTS;
        println!("{reader:?}: {:.2} ms for 1000 parts", spent.as_secs_f64() * 1e6 / parts as f64);
    }
}

async fn run(reader: Reader) -> Duration {
    let hub = Hub::new(RingLimits::default());
    let publishers: Vec<Publisher> = (0..SHELVES).map(|id| publish(&hub, id)).collect();
    let shelf = |publisher: &Publisher| publisher.broadcast().shelf().writer().expect("the first writer");
    let writers: Vec<ShelfWriter> = publishers.iter().map(shelf).collect();
    let mut readers = JoinSet::new();
    for publisher in &publishers {
        let broadcast = Arc::clone(publisher.broadcast());
        match reader {
            Reader::None => {}
            Reader::Parts => drop(readers.spawn(async move {
                let mut reader = broadcast.shelf().reader();
                for number in 0..SEGMENTS {
                    reader.wait(|now| now.listed.last().is_some_and(|last| last.number >= number)).await;
                }
            })),
            Reader::Segments => drop(readers.spawn(async move {
                let mut reader = broadcast.shelf().segments();
                for number in 0..SEGMENTS {
                    reader.wait(number).await;
                }
            })),
        }
    }
    let before = spent();
    for number in 0..SEGMENTS {
        let now = snapshot(number);
        for _ in 0..PARTS {
            for writer in &writers {
                writer.put(Arc::clone(&now));
            }
            // As in life, readers fall asleep between parts.
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
    }
    let after = spent();
    readers.abort_all();
    after - before
}

fn spent() -> Duration {
    let text = std::fs::read_to_string("/proc/self/schedstat").unwrap_or_default();
    let of_thread = text.split(' ').next().and_then(|nanos| nanos.parse().ok()).unwrap_or(0);
    let others = std::fs::read_dir("/proc/self/task").into_iter().flatten().flatten().filter_map(|task| {
        let text = std::fs::read_to_string(task.path().join("schedstat")).ok()?;
        text.split(' ').next()?.parse::<u64>().ok()
    });
    Duration::from_nanos(others.sum::<u64>().max(of_thread))
}

fn publish(hub: &Hub, id: u8) -> Publisher {
    let channel = Arn::parse(&format!("arn:aws:ivs:us-east-1:123456789012:channel/channel{id}"));
    let stream = StreamId::mint(&mut |bytes| bytes.fill(id));
    let channel = channel.expect("a well-formed ARN");
    hub.publish(&channel, stream, Audience::Everyone, SystemTime::UNIX_EPOCH).expect("a free channel")
}

fn snapshot(newest: u64) -> Arc<Snapshot> {
    let second = Ticks::new(Ticks::PER_SECOND);
    let terms = Terms {
        part_target: second,
        target_duration: 1,
        part_hold_back: second,
        hold_back: second,
        can_skip_until: second,
        frame_rate: None,
        container: ContainerFormat::FragmentedMp4,
    };
    Arc::new(Snapshot {
        terms,
        history: History::default(),
        listed: [segment(newest)].into(),
        retired: [].into(),
        open: None,
        discontinuity_sequence: 0,
        time: SystemTime::UNIX_EPOCH,
        closing: false,
        ended: false,
        texts: Texts::default(),
    })
}

fn segment(number: u64) -> Arc<Segment> {
    let init = Init { number: 0, data: Bytes::new(), tracks: Arc::new(Tracks::default()) };
    let second = Ticks::new(Ticks::PER_SECOND);
    let part = Part { data: Bytes::from_static(b"media"), duration: second, independent: true };
    Arc::new(Segment {
        number,
        init: Arc::new(init),
        discontinuity: false,
        time: SystemTime::UNIX_EPOCH,
        duration: second,
        parts: [part].into(),
    })
}
