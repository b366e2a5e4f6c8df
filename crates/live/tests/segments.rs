//! Reading whole segments from a shelf.

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use bytes::Bytes;
use domain::{Arn, ContainerFormat, StreamId};
use live::{Audience, History, Hub, Init, Part, Publisher, RingLimits, Segment, Snapshot, Terms, Texts};
use media::{Ticks, Tracks};
use tokio::time::timeout;

fn publisher() -> Publisher {
    let channel = Arn::parse("arn:aws:ivs:us-east-1:123456789012:channel/abcdABCD0123").expect("an ARN");
    let stream = StreamId::mint(&mut |bytes| bytes.fill(1));
    let hub = Hub::new(RingLimits::default());
    hub.publish(&channel, stream, Audience::Everyone, SystemTime::UNIX_EPOCH).expect("a free channel")
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

fn snapshot(numbers: std::ops::Range<u64>, ended: bool) -> Arc<Snapshot> {
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
        listed: numbers.map(segment).collect(),
        retired: [].into(),
        open: None,
        discontinuity_sequence: 0,
        time: SystemTime::UNIX_EPOCH,
        closing: false,
        ended,
        texts: Texts::default(),
    })
}

#[tokio::test(start_paused = true)]
async fn a_reader_of_segments_sleeps_through_parts() {
    let publisher = publisher();
    let shelf = publisher.broadcast().shelf();
    let writer = shelf.writer().expect("the first writer");
    let mut reader = shelf.segments();
    writer.put(snapshot(0..0, false));
    assert!(timeout(Duration::from_secs(1), reader.wait(0)).await.is_err(), "none is finished");
    writer.put(snapshot(0..1, false));
    let now = reader.wait(0).await.expect("a snapshot");
    assert!(now.segment(0).is_some());
    // The same segments with one more part of the next.
    writer.put(snapshot(0..1, false));
    assert!(timeout(Duration::from_secs(1), reader.wait(1)).await.is_err());
    writer.put(snapshot(0..3, false));
    assert!(reader.wait(1).await.is_some_and(|now| now.segment(1).is_some()));
    assert!(reader.wait(2).await.is_some_and(|now| now.segment(2).is_some()));
    assert!(!reader.is_over());
}

#[tokio::test(start_paused = true)]
async fn a_reader_of_segments_sees_the_end_and_a_writer_who_leaves() {
    let publisher = publisher();
    let shelf = publisher.broadcast().shelf();
    let writer = shelf.writer().expect("the first writer");
    let mut reader = shelf.segments();
    writer.put(snapshot(4..6, true));
    let last = reader.wait(6).await.expect("the last snapshot");
    assert!(last.ended && last.segment(6).is_none());
    assert!(reader.is_over());

    let other = self::publisher();
    let shelf = other.broadcast().shelf();
    let mut reader = shelf.segments();
    drop(shelf.writer().expect("the first writer"));
    assert!(reader.wait(0).await.is_none(), "nothing ever stood there");
}
