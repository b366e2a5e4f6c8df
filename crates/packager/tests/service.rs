//! The service between the hub and the shelves.

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use domain::{Arn, ChannelType, ContainerFormat, StreamId};
use live::{
    Airing, Audience, Broadcast, Hub, Publisher, RenditionPublisher, RenditionSound, RenditionTerms,
    RingLimits, Snapshot,
};
use media::TrackKind;
use packager::{Config, Deps, Packager};
use testkit::Film;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

struct House {
    hub: Hub,
    shutdown: CancellationToken,
    running: JoinSet<()>,
}

impl House {
    fn open() -> Self {
        let hub = Hub::new(RingLimits::default());
        let shutdown = CancellationToken::new();
        let mut running = JoinSet::new();
        let packager = Packager::bind(Config::default(), Deps { hub: hub.clone(), spool: None });
        running.spawn(packager.run(shutdown.clone()));
        Self { hub, shutdown, running }
    }

    fn publish(&self, id: u8) -> Publisher {
        self.publish_again(id, 0)
    }

    fn publish_in(&self, id: u8, container: ContainerFormat) -> Publisher {
        self.publish_as(id, 0, Airing { container, ..Audience::Everyone.into() })
    }

    fn publish_again(&self, id: u8, round: u8) -> Publisher {
        self.publish_as(id, round, Audience::Everyone.into())
    }

    fn publish_as(&self, id: u8, round: u8, airing: Airing) -> Publisher {
        let channel = Arn::parse(&format!("arn:aws:ivs:us-east-1:123456789012:channel/channel{id}"));
        let stream = StreamId::mint(&mut |bytes| bytes.fill(10 * round + id));
        let channel = channel.expect("a well-formed ARN");
        self.hub.publish(&channel, stream, airing, SystemTime::UNIX_EPOCH).expect("a free channel")
    }

    async fn close(mut self) {
        self.shutdown.cancel();
        while let Some(done) = self.running.join_next().await {
            done.expect("the service ends without a panic");
        }
    }
}

/// Pushes as an encoder does: the readers get their turn between frames.
async fn push(publisher: &mut Publisher, film: &Film, seconds: u64) {
    publisher.set_tracks(film.tracks());
    for frame in film.frames(Duration::from_secs(seconds)) {
        publisher.push(frame);
        tokio::task::yield_now().await;
    }
}

async fn shown(broadcast: &Broadcast, wanted: impl Fn(&Snapshot) -> bool) -> Arc<Snapshot> {
    broadcast.shelf().reader().wait(wanted).await.expect("the shelf is there")
}

#[tokio::test(start_paused = true)]
async fn what_goes_on_air_stands_on_its_shelf_and_lingers_after_the_end() {
    let house = House::open();
    let mut publisher = house.publish(1);
    push(&mut publisher, &Film::default(), 5).await;
    let broadcast = Arc::clone(publisher.broadcast());
    let first = shown(&broadcast, |_| true).await;
    assert!(!first.ended);
    drop(publisher);
    let last = shown(&broadcast, |_| false).await;
    assert!(last.ended);
    assert_eq!(last.listed.len(), 5);
    let find = || house.hub.find(broadcast.channel(), broadcast.stream());
    assert!(find().is_some(), "it lingers");
    while find().is_some() {
        tokio::time::sleep(Duration::from_secs(1)).await;
    }
    house.close().await;
}

#[tokio::test(start_paused = true)]
async fn every_part_that_was_promised_is_there_after_the_end() {
    let house = House::open();
    let mut publisher = house.publish(1);
    push(&mut publisher, &Film::default(), 5).await;
    let broadcast = Arc::clone(publisher.broadcast());
    let mut watching = JoinSet::new();
    let watched = Arc::clone(&broadcast);
    watching.spawn(async move {
        let mut promised = (0, 0);
        loop {
            let next = |now: &Snapshot| (now.next_number(), now.next_part());
            let now = shown(&watched, |now| next(now) != promised).await;
            if now.ended {
                return (now, promised);
            }
            // One that closes hints at nothing.
            promised = if now.closing { promised } else { next(&now) };
            if now.closing {
                let last = shown(&watched, |now| now.ended).await;
                return (last, promised);
            }
        }
    });
    shown(&broadcast, |_| true).await;
    tokio::task::yield_now().await;
    drop(publisher);
    let (last, (segment, part)) = watching.join_next().await.expect("a watcher").expect("no panic");
    assert!(segment > 0 && last.part(segment, part).is_some(), "part {part} of segment {segment}");
    house.close().await;
}

#[tokio::test(start_paused = true)]
async fn text_put_into_a_broadcast_is_in_one_of_its_parts() {
    let house = House::open();
    let mut publisher = house.publish(1);
    let film = Film::default();
    push(&mut publisher, &film, 5).await;
    let broadcast = Arc::clone(publisher.broadcast());
    broadcast.put_metadata("goal");
    let rest = film.frames(Duration::from_secs(7)).into_iter().filter(|frame| frame.dts.count() >= 450_000);
    rest.for_each(|frame| publisher.push(frame));
    drop(publisher);
    let last = shown(&broadcast, |_| false).await;
    let parts = last.listed.iter().flat_map(|segment| segment.parts.iter());
    let told = b"metadata.live-video.net\0goal";
    let holds = |data: &[u8]| data.windows(told.len()).filter(|bytes| bytes == told).count();
    let found: Vec<_> = parts.map(|part| holds(&part.data)).filter(|count| *count > 0).collect();
    assert_eq!(found, [2], "in one part, once in each form");
    assert_eq!(last.segment(5).map(|segment| holds(&segment.parts[0].data)), Some(2), "the next picture's");
    house.close().await;
}

#[tokio::test(start_paused = true)]
async fn text_says_whether_it_is_the_apis_or_the_encoders_in_both_containers() {
    let house = House::open();
    for (id, container) in [(1, ContainerFormat::FragmentedMp4), (2, ContainerFormat::Ts)] {
        let mut publisher = house.publish_in(id, container);
        let film = Film::default();
        push(&mut publisher, &film, 5).await;
        let broadcast = Arc::clone(publisher.broadcast());
        publisher.push_text("from the camera");
        broadcast.put_metadata("from the desk");
        let rest =
            film.frames(Duration::from_secs(7)).into_iter().filter(|frame| frame.dts.count() >= 450_000);
        rest.for_each(|frame| publisher.push(frame));
        drop(publisher);
        let last = shown(&broadcast, |_| false).await;
        assert_eq!(last.terms.container, container);
        let parts = last.listed.iter().flat_map(|segment| segment.parts.iter());
        let all: Vec<u8> = parts.flat_map(|part| part.data.to_vec()).collect();
        let count = |told: &[u8]| all.windows(told.len()).filter(|bytes| *bytes == told).count();
        let forms = if container == ContainerFormat::Ts { 1 } else { 2 };
        assert_eq!(count(b"\0inband.metadata.live-video.net\0from the camera"), forms, "{container:?}");
        assert_eq!(count(b"\0metadata.live-video.net\0from the desk"), forms, "{container:?}");
    }
    house.close().await;
}

#[tokio::test(start_paused = true)]
async fn each_broadcast_has_its_own_session_and_a_channel_may_come_back() {
    let house = House::open();
    for round in 0..2 {
        let mut publishers = [house.publish_again(1, round), house.publish_again(2, round)];
        for publisher in &mut publishers {
            push(publisher, &Film::default(), 4).await;
        }
        for publisher in publishers {
            let broadcast = Arc::clone(publisher.broadcast());
            drop(publisher);
            let last = shown(&broadcast, |_| false).await;
            assert!(last.ended, "round {round}");
            house.hub.forget(&broadcast);
        }
    }
    house.close().await;
}

#[tokio::test(start_paused = true)]
async fn a_broadcast_with_nothing_to_play_does_not_linger() {
    let house = House::open();
    let mut publisher = house.publish(1);
    publisher.set_tracks(Film::default().tracks());
    tokio::task::yield_now().await;
    let broadcast = Arc::clone(publisher.broadcast());
    drop(publisher);
    while house.hub.find(broadcast.channel(), broadcast.stream()).is_some() {
        tokio::task::yield_now().await;
    }
    assert!(broadcast.shelf().latest().is_none());
    house.close().await;
}

#[tokio::test(start_paused = true)]
async fn shutdown_ends_what_is_still_on_air() {
    let house = House::open();
    let mut publisher = house.publish(1);
    push(&mut publisher, &Film::default(), 5).await;
    let broadcast = Arc::clone(publisher.broadcast());
    shown(&broadcast, |_| true).await;
    house.close().await;
    assert!(broadcast.shelf().latest().is_some_and(|last| last.ended));
}

#[tokio::test(start_paused = true)]
async fn shutdown_lets_a_broadcast_end_by_itself_first() {
    let house = House::open();
    let mut publisher = house.publish(1);
    let film = Film::default();
    push(&mut publisher, &film, 5).await;
    let broadcast = Arc::clone(publisher.broadcast());
    shown(&broadcast, |_| true).await;
    house.shutdown.cancel();
    tokio::task::yield_now().await;
    let rest = film.frames(Duration::from_secs(7)).into_iter().filter(|frame| frame.dts.count() >= 450_000);
    rest.for_each(|frame| publisher.push(frame));
    drop(publisher);
    house.close().await;
    let last = broadcast.shelf().latest().expect("it was shown");
    assert_eq!(last.listed.len(), 7);
}

fn terms(name: &str, lines: Option<u32>, sound: RenditionSound) -> RenditionTerms {
    let (name, label) = (String::from(name), String::from(name));
    RenditionTerms { name, label, bandwidth: 600_000, lines, frame_rate: None, sound }
}

/// Two renditions, of smaller pictures and of sound alone.
fn decide(broadcast: &Broadcast) -> (RenditionPublisher, RenditionPublisher) {
    let small = terms("180p", Some(180), RenditionSound::Source);
    let sound = terms("audio_only", None, RenditionSound::Own);
    let publishers = broadcast.set_ladder(true, vec![small, sound]).expect("not decided before");
    let [mut small, mut sound] = <[RenditionPublisher; 2]>::try_from(publishers).expect("two of them");
    small.set_tracks(Film { width: 320, height: 180, sound: false, ..Film::default() }.tracks());
    sound.set_tracks(Film { picture: false, ..Film::default() }.tracks());
    (small, sound)
}

#[tokio::test(start_paused = true)]
async fn renditions_stand_on_shelves_of_their_own_in_step_with_the_source() {
    let house = House::open();
    let airing = Airing { channel_type: ChannelType::Standard, ..Audience::Everyone.into() };
    let mut publisher = house.publish_as(1, 0, airing);
    let broadcast = Arc::clone(publisher.broadcast());
    let film = Film::default();
    publisher.set_tracks(film.tracks());
    let (mut small, mut sound) = decide(&broadcast);
    for frame in film.frames(Duration::from_secs(6)) {
        publisher.push(frame.clone());
        let rendition = if frame.track == TrackKind::Video { &mut small } else { &mut sound };
        rendition.push(frame);
        tokio::task::yield_now().await;
    }
    let ladder = broadcast.ladder().expect("decided");
    for rendition in &ladder.renditions {
        rendition.shelf().reader().wait(|_| true).await.expect("a shelf");
    }
    assert!(broadcast.is_playable());
    drop((publisher, small, sound));
    let source = shown(&broadcast, |_| false).await;
    for rendition in &ladder.renditions {
        let last = rendition.shelf().reader().wait(|_| false).await.expect("a shelf");
        assert!(last.ended);
        assert_eq!(last.terms.target_duration, source.terms.target_duration);
        let told = |now: &Snapshot| -> Vec<_> {
            now.listed.iter().map(|segment| (segment.number, segment.duration, segment.time)).collect()
        };
        assert_eq!(told(&last), told(&source));
        assert!(last.listed.iter().all(|segment| !segment.is_gap()), "{}", rendition.terms().name);
    }
    house.close().await;
}

#[tokio::test(start_paused = true)]
async fn the_source_waits_for_no_rendition_and_ends_without_them() {
    let house = House::open();
    let airing = Airing { channel_type: ChannelType::Standard, ..Audience::Everyone.into() };
    let mut publisher = house.publish_as(1, 0, airing);
    let broadcast = Arc::clone(publisher.broadcast());
    let dead = decide(&broadcast);
    push(&mut publisher, &Film::default(), 12).await;
    let now = shown(&broadcast, |now| now.next_number() > 10).await;
    let ladder = broadcast.ladder().expect("decided");
    let behind = ladder.renditions[0].shelf().reader().wait(|_| true).await.expect("a shelf");
    assert!(behind.next_number() > 4 && behind.listed.iter().all(|segment| segment.is_gap()));
    assert!(now.listed.iter().all(|segment| !segment.is_gap()));
    // Their publishers never end, so that only time does it.
    drop(publisher);
    let source = shown(&broadcast, |_| false).await;
    let last = ladder.renditions[1].shelf().reader().wait(|_| false).await.expect("a shelf");
    assert!(source.ended && last.ended);
    assert_eq!(last.next_number(), source.next_number());
    drop(dead);
    house.close().await;
}
