//! What a reader of a broadcast's frames gets, and what it never costs the publisher.

use std::sync::Arc;
use std::time::SystemTime;

use bytes::Bytes;
use domain::{Arn, StreamId};
use live::{Audience, Hub, Next, Publisher, RingLimits, Text, TextSource};
use media::{AacParams, AvcParams, Frame, Ticks, TrackKind, Tracks};
use proptest::prelude::*;

fn channel() -> Arn {
    Arn::parse("arn:aws:ivs:us-east-1:123456789012:channel/abcdABCD0123").expect("a well-formed ARN")
}

fn stream(n: u8) -> StreamId {
    StreamId::mint(&mut |bytes| bytes.fill(n))
}

fn picture() -> AvcParams {
    AvcParams {
        record: Bytes::from_static(b"avcC"),
        profile: 77,
        constraints: 0,
        level: 31,
        length_size: 4,
        width: 1280,
        height: 720,
        pixel_aspect: (1, 1),
        frame_rate: None,
    }
}

fn sound() -> AacParams {
    AacParams { config: Bytes::from_static(&[0x11, 0x90]), object_type: 2, sample_rate: 48_000, channels: 2 }
}

fn both() -> Tracks {
    Tracks { video: Some(picture()), audio: Some(sound()) }
}

fn frame(track: TrackKind, n: i64, keyframe: bool) -> Frame {
    let time = Ticks::from_millis(n * 33);
    Frame { track, dts: time, pts: time, keyframe, data: Bytes::from(vec![0; 100]) }
}

fn video(n: i64) -> Frame {
    frame(TrackKind::Video, n, n % 10 == 0)
}

fn on_air(limits: RingLimits) -> (Hub, Publisher) {
    let hub = Hub::new(limits);
    let mut publisher = hub
        .publish(&channel(), stream(1), Audience::Everyone, SystemTime::UNIX_EPOCH)
        .expect("a free channel");
    publisher.set_tracks(both());
    (hub, publisher)
}

fn said(text: &str) -> Text {
    Text { text: text.into(), source: TextSource::Api }
}

#[tokio::test]
async fn late_subscriber_starts_at_the_latest_keyframe_with_the_tracks_first() {
    let (_hub, mut publisher) = on_air(RingLimits::default());
    (0..25).for_each(|n| publisher.push(video(n)));
    let mut late = publisher.broadcast().subscribe();
    assert_eq!(late.next().await, Next::Tracks(Arc::new(both())));
    for n in 20..25 {
        assert_eq!(late.next().await, Next::Frame(video(n)));
    }
    assert_eq!(late.try_next(), None);
}

#[tokio::test]
async fn early_subscriber_waits_for_the_first_keyframe() {
    let (_hub, mut publisher) = on_air(RingLimits::default());
    let mut early = publisher.broadcast().subscribe();
    publisher.push(frame(TrackKind::Audio, 0, true));
    publisher.push(video(7));
    publisher.push(video(10));
    assert_eq!(early.next().await, Next::Tracks(Arc::new(both())));
    assert_eq!(early.next().await, Next::Frame(video(10)));
}

#[tokio::test]
async fn without_a_picture_any_sound_will_do_to_begin() {
    let hub = Hub::new(RingLimits::default());
    let mut publisher = hub
        .publish(&channel(), stream(1), Audience::Everyone, SystemTime::UNIX_EPOCH)
        .expect("a free channel");
    let tracks = Tracks { video: None, audio: Some(sound()) };
    publisher.set_tracks(tracks.clone());
    let mut reader = publisher.broadcast().subscribe();
    publisher.push(frame(TrackKind::Audio, 0, true));
    assert_eq!(reader.next().await, Next::Tracks(Arc::new(tracks)));
    assert_eq!(reader.next().await, Next::Frame(frame(TrackKind::Audio, 0, true)));
}

#[tokio::test]
async fn slow_reader_is_told_and_resumes_at_a_keyframe() {
    let (_hub, mut publisher) = on_air(RingLimits { frames: 20, bytes: 1 << 20 });
    let mut slow = publisher.broadcast().subscribe();
    publisher.push(video(0));
    assert!(matches!(slow.next().await, Next::Tracks(_)));
    (1..35).for_each(|n| publisher.push(video(n)));
    assert_eq!(slow.next().await, Next::Lagged);
    for n in 30..35 {
        assert_eq!(slow.next().await, Next::Frame(video(n)));
    }
}

#[tokio::test]
async fn reader_that_lost_the_keyframe_too_waits_for_the_next_one() {
    let (_hub, mut publisher) = on_air(RingLimits { frames: 5, bytes: 1 << 20 });
    let mut slow = publisher.broadcast().subscribe();
    (0..18).for_each(|n| publisher.push(video(n)));
    assert_eq!(slow.next().await, Next::Lagged);
    assert!(matches!(slow.next().await, Next::Tracks(_)));
    assert_eq!(slow.try_next(), None);
    (18..22).for_each(|n| publisher.push(video(n)));
    assert_eq!(slow.next().await, Next::Frame(video(20)));
}

#[tokio::test]
async fn changed_tracks_arrive_in_order_and_repeated_ones_never() {
    let (_hub, mut publisher) = on_air(RingLimits::default());
    let mut reader = publisher.broadcast().subscribe();
    publisher.push(video(0));
    publisher.set_tracks(both());
    publisher.set_tracks(Tracks::default());
    publisher.push(video(1));
    let mute = Tracks { video: Some(picture()), audio: None };
    publisher.set_tracks(mute.clone());
    publisher.push(video(2));
    assert_eq!(reader.next().await, Next::Tracks(Arc::new(both())));
    assert_eq!(reader.next().await, Next::Frame(video(0)));
    assert_eq!(reader.next().await, Next::Frame(video(1)));
    assert_eq!(reader.next().await, Next::Tracks(Arc::new(mute)));
    assert_eq!(reader.next().await, Next::Frame(video(2)));
}

#[tokio::test]
async fn dropping_the_publisher_ends_the_broadcast_after_its_last_frame() {
    let (hub, mut publisher) = on_air(RingLimits::default());
    let mut reader = publisher.broadcast().subscribe();
    let broadcast = Arc::clone(publisher.broadcast());
    publisher.push(video(0));
    drop(publisher);
    assert!(matches!(reader.next().await, Next::Tracks(_)));
    assert_eq!(reader.next().await, Next::Frame(video(0)));
    assert_eq!(reader.next().await, Next::End);
    assert_eq!(reader.next().await, Next::End);
    assert!(hub.broadcast(&channel()).is_none());
    assert!(hub.find(&channel(), broadcast.stream()).is_some());
    assert!(!broadcast.is_forgotten());
    hub.forget(&broadcast);
    assert!(hub.find(&channel(), broadcast.stream()).is_none());
    assert!(broadcast.is_forgotten());
}

#[tokio::test]
async fn sleeping_reader_is_woken_by_the_next_picture() {
    let (_hub, mut publisher) = on_air(RingLimits::default());
    let mut reader = publisher.broadcast().subscribe();
    assert!(matches!(reader.next().await, Next::Tracks(_)));
    let (got, ()) = tokio::join!(reader.next(), async { publisher.push(video(0)) });
    assert_eq!(got, Next::Frame(video(0)));
}

#[tokio::test]
async fn sleeping_reader_is_woken_by_sound_that_comes_alone_for_long() {
    let (_hub, mut publisher) = on_air(RingLimits::default());
    let mut reader = publisher.broadcast().subscribe();
    publisher.push(video(0));
    assert!(matches!(reader.next().await, Next::Tracks(_)));
    assert!(matches!(reader.next().await, Next::Frame(_)));
    let push = async { (0..17).for_each(|n| publisher.push(frame(TrackKind::Audio, n, true))) };
    let (got, ()) = tokio::join!(reader.next(), push);
    assert_eq!(got, Next::Frame(frame(TrackKind::Audio, 0, true)));
}

#[tokio::test]
async fn a_busy_channel_refuses_a_second_publisher_and_is_free_after_the_first() {
    let (hub, publisher) = on_air(RingLimits::default());
    let changes = hub.changes();
    let busy =
        hub.publish(&channel(), stream(2), Audience::Everyone, SystemTime::UNIX_EPOCH).expect_err("on air");
    assert_eq!(busy.channel, channel());
    assert!(!changes.has_changed().expect("the hub is there"));
    drop(publisher);
    assert!(changes.has_changed().expect("the hub is there"));
    assert!(hub.find(&channel(), &stream(1)).is_none(), "nobody read it, so it does not linger");
    assert!(hub.publish(&channel(), stream(2), Audience::Everyone, SystemTime::UNIX_EPOCH).is_ok());
}

#[tokio::test]
async fn stop_request_reaches_the_publisher_also_when_it_asks_late() {
    let (_hub, publisher) = on_air(RingLimits::default());
    publisher.broadcast().request_stop();
    publisher.stop_requested().await;
}

#[derive(Clone, Debug)]
enum Act {
    Push { video: bool, key: bool, size: usize },
    Mute(bool),
    Read(usize),
    Join,
    Leave,
}

fn act() -> impl Strategy<Value = Act> {
    prop_oneof![
        6 => (any::<bool>(), any::<bool>(), 0usize..400).prop_map(|(video, key, size)| Act::Push { video, key, size }),
        1 => any::<bool>().prop_map(Act::Mute),
        4 => (0usize..4).prop_map(Act::Read),
        1 => Just(Act::Join),
        1 => Just(Act::Leave),
    ]
}

proptest! {
    #[test]
    fn every_reader_sees_frames_in_order_and_gaps_only_after_being_told(acts in proptest::collection::vec(act(), 0..300)) {
        let (_hub, mut publisher) = on_air(RingLimits { frames: 12, bytes: 2_000 });
        let mut readers = Vec::new();
        let mut pushed = 0i64;
        for act in acts {
            match act {
                Act::Push { video, key, size } => {
                    let track = if video { TrackKind::Video } else { TrackKind::Audio };
                    let mut next = frame(track, pushed, key || !video);
                    next.data = Bytes::from(vec![0; size]);
                    publisher.push(next);
                    pushed += 1;
                }
                Act::Mute(mute) => publisher.set_tracks(Tracks { audio: (!mute).then(sound), ..both() }),
                Act::Join if readers.len() < 4 => readers.push((publisher.broadcast().subscribe(), None, false)),
                Act::Leave => drop(readers.pop()),
                Act::Read(at) if at < readers.len() => {
                    let (reader, last, told) = &mut readers[at];
                    match reader.try_next() {
                        Some(Next::Frame(frame)) => {
                            let n = frame.dts.count() / 2_970;
                            let free = last.is_none();
                            prop_assert!(*told, "tracks come first");
                            prop_assert!(!free || (frame.keyframe && frame.track == TrackKind::Video));
                            prop_assert!(last.is_none_or(|last| n == last + 1), "a hole without a word");
                            *last = Some(n);
                        }
                        Some(Next::Tracks(_)) => *told = true,
                        Some(Next::Lagged) => *last = None,
                        Some(Next::End | Next::Metadata(_)) => prop_assert!(false, "nobody sends these"),
                        None => {}
                    }
                }
                Act::Join | Act::Read(_) => {}
            }
        }
    }
}

#[tokio::test]
async fn metadata_reaches_every_reader_between_the_same_frames() {
    let (_hub, mut publisher) = on_air(RingLimits::default());
    let mut readers = [publisher.broadcast().subscribe(), publisher.broadcast().subscribe()];
    publisher.push(video(0));
    publisher.broadcast().put_metadata("goal");
    publisher.push(video(1));
    for reader in &mut readers {
        assert!(matches!(reader.next().await, Next::Tracks(_)));
        assert_eq!(reader.next().await, Next::Frame(video(0)));
        let goal = Text { text: "goal".into(), source: TextSource::Api };
        assert_eq!(reader.next().await, Next::Metadata(goal));
        assert_eq!(reader.next().await, Next::Frame(video(1)));
    }
}

#[tokio::test]
async fn a_shelf_is_settled_when_its_writer_leaves_without_a_word() {
    let (_hub, publisher) = on_air(RingLimits::default());
    let shelf = publisher.broadcast().shelf();
    let writer = shelf.writer().expect("the first writer");
    let mut reader = shelf.reader();
    let settled = reader.settled();
    tokio::pin!(settled);
    let early = tokio::time::timeout(std::time::Duration::ZERO, &mut settled).await;
    assert!(early.is_err(), "its writer may yet write");
    drop(writer);
    settled.await;
    assert!(shelf.latest().is_none());
}

#[tokio::test]
async fn text_reaches_a_reader_that_waits_for_a_keyframe() {
    let (_hub, mut publisher) = on_air(RingLimits::default());
    let mut early = publisher.broadcast().subscribe();
    publisher.push(video(7));
    publisher.broadcast().put_metadata("goal");
    publisher.push(video(10));
    assert_eq!(early.next().await, Next::Tracks(Arc::new(both())));
    assert_eq!(early.next().await, Next::Metadata(said("goal")));
    assert_eq!(early.next().await, Next::Frame(video(10)));
}

#[tokio::test]
async fn slow_reader_loses_frames_but_no_text() {
    let (_hub, mut publisher) = on_air(RingLimits { frames: 20, bytes: 1 << 20 });
    let mut slow = publisher.broadcast().subscribe();
    publisher.push(video(0));
    assert!(matches!(slow.next().await, Next::Tracks(_)));
    publisher.broadcast().put_metadata("long gone");
    (1..28).for_each(|n| publisher.push(video(n)));
    publisher.broadcast().put_metadata("before the keyframe");
    (28..35).for_each(|n| publisher.push(video(n)));
    publisher.broadcast().put_metadata("after it");
    assert_eq!(slow.next().await, Next::Lagged);
    assert_eq!(slow.next().await, Next::Metadata(said("long gone")));
    assert_eq!(slow.next().await, Next::Metadata(said("before the keyframe")));
    for n in 30..35 {
        assert_eq!(slow.next().await, Next::Frame(video(n)));
    }
    assert_eq!(slow.next().await, Next::Metadata(said("after it")));
    assert_eq!(slow.try_next(), None);
}

#[tokio::test]
async fn text_for_a_reader_that_never_reads_is_bounded() {
    let (_hub, mut publisher) = on_air(RingLimits { frames: 20, bytes: 1 << 20 });
    let mut stuck = publisher.broadcast().subscribe();
    publisher.push(video(0));
    (0..1_000).for_each(|n| publisher.broadcast().put_metadata(&n.to_string()));
    assert_eq!(stuck.next().await, Next::Lagged);
    assert!(matches!(stuck.next().await, Next::Tracks(_)));
    let told = std::iter::from_fn(|| stuck.try_next()).collect::<Vec<_>>();
    assert_eq!(told.len(), 256);
    assert_eq!(told.last(), Some(&Next::Metadata(said("999"))), "the newest are kept");
}
