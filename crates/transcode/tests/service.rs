//! The service as the server runs it: what it finds out about the machine, and what streams get of it.
//!
//! Promise: whatever the machine can or can't do, every stream's ladder is decided.

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, SystemTime};

use domain::{Arn, ChannelType, StreamId};
use live::{Airing, Audience, Broadcast, Hub, Ladder, Next, Publisher, RingLimits};
use media::TrackKind;
use testkit::Film;
use tokio::task::JoinSet;
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;
use transcode::{Config, Deps, Figures, Transcode};

/// Longest wait for anything. Only a failing test waits for it.
const PATIENCE: Duration = Duration::from_secs(60);

struct House {
    hub: Hub,
    figures: Arc<Figures>,
    running: JoinSet<()>,
    shutdown: CancellationToken,
}

impl House {
    fn open(config: Config) -> Self {
        let hub = Hub::new(RingLimits::default());
        let transcode = Transcode::bind(config, Deps { hub: hub.clone() });
        let (figures, mut running, shutdown) =
            (transcode.figures(), JoinSet::new(), CancellationToken::new());
        running.spawn(transcode.run(shutdown.clone()));
        Self { hub, figures, running, shutdown }
    }

    /// A channel of this type goes on air with the beginning of a film.
    fn stream(&self, channel_type: ChannelType, film: &Film) -> (Publisher, Arc<Broadcast>) {
        let number = self.hub.on_air().len() + 1;
        let arn = format!("arn:aws:ivs:us-east-1:123456789012:channel/channel{number:05}");
        let airing = Airing { channel_type, ..Airing::from(Audience::Everyone) };
        let stream = StreamId::mint(&mut |bytes| bytes.fill(u8::try_from(number).expect("few")));
        let arn = Arn::parse(&arn).expect("an ARN");
        let mut publisher =
            self.hub.publish(&arn, stream, airing, SystemTime::now()).expect("a free channel");
        publisher.set_tracks(film.tracks());
        film.frames(Duration::from_millis(900)).into_iter().for_each(|frame| publisher.push(frame));
        let broadcast = Arc::clone(publisher.broadcast());
        (publisher, broadcast)
    }

    async fn shut(mut self) {
        self.shutdown.cancel();
        let ended = timeout(PATIENCE, self.running.join_next()).await.expect("it ends");
        ended.expect("one service").expect("no panic");
    }
}

async fn decided(broadcast: &Broadcast) -> Arc<Ladder> {
    timeout(PATIENCE, broadcast.decided_ladder()).await.expect("it is decided")
}

fn config() -> Config {
    Config {
        speed: "ultrafast".to_owned(),
        capacity: Some(1 << 40),
        thumbnail_interval: Duration::ZERO,
        ..Config::default()
    }
}

fn film() -> Film {
    Film { width: 320, height: 180, ..Film::default() }
}

#[tokio::test(flavor = "multi_thread")]
async fn streams_are_passed_through_where_nothing_can_be_transcoded_or_nothing_should() {
    let missing = Config { ffmpeg: PathBuf::from("/nowhere/ffmpeg"), ..config() };
    let off = Config { is_on: false, ..config() };
    for config in [missing, off] {
        let (house, mut publishers) = (House::open(config), Vec::new());
        for channel_type in [ChannelType::Standard, ChannelType::AdvancedHd, ChannelType::Basic] {
            let (publisher, broadcast) = house.stream(channel_type, &film());
            publishers.push(publisher);
            let ladder = decided(&broadcast).await;
            assert!(ladder.offers_source && ladder.renditions.is_empty(), "{channel_type:?}");
        }
        assert_eq!(house.figures.started.load(Ordering::Relaxed), 0);
        house.shut().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stream_is_transcoded_by_an_examined_machine_and_a_shutdown_ends_it() {
    let house = House::open(config());
    let (_publisher, broadcast) = house.stream(ChannelType::AdvancedSd, &film());
    let ladder = decided(&broadcast).await;
    assert!(!ladder.offers_source && ladder.renditions.len() == 3);
    let mut frames = ladder.renditions[0].subscribe();
    let first = async {
        loop {
            match frames.next().await {
                Next::Frame(frame) => return frame,
                Next::End => panic!("it goes on"),
                _ => {}
            }
        }
    };
    let first = timeout(PATIENCE, first).await.expect("there are pictures");
    assert!(first.track == TrackKind::Video && first.keyframe);
    let figures = Arc::clone(&house.figures);
    assert_eq!(figures.running.load(Ordering::Relaxed), 1);
    house.shut().await;
    let left = [&figures.running, &figures.streams, &figures.reserved, &figures.lost];
    assert_eq!(left.map(|count| count.load(Ordering::Relaxed)), [0; 4]);
}
