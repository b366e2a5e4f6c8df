//! What counting viewers costs: a media playlist beside the same one uncounted, bytes for each
//! viewer, time to look for those who went.
//!
//! Promise: both sides take the same way but for the counting (a HEAD is a GET that isn't counted); they take
//! turns, so that a busy machine slows both.
//!
//! `cargo run --release -p delivery --example viewer_cost -- 50000`

use std::hint::black_box;
use std::net::{IpAddr, Ipv4Addr};
use std::sync::Arc;
use std::time::{Duration, Instant, UNIX_EPOCH};

use bytes::Bytes;
use delivery::{Config, Delivery, Deps};
use domain::{Arn, StreamId};
use http::{Method, Request, Uri};
use http_body_util::{BodyExt, Collected};
use live::{Audience, Broadcast, Hub, Publisher, RingLimits};
use packager::{Segmenter, Window};
use store::Store;
use testkit::Film;
use tokio_util::sync::CancellationToken;

const ADDRESS: IpAddr = IpAddr::V4(Ipv4Addr::LOCALHOST);
const ROUNDS: usize = 20;
const REQUESTS: usize = 20_000;

#[tokio::main(flavor = "current_thread")]
async fn main() {
    let viewers = std::env::args().nth(1).and_then(|count| count.parse().ok()).unwrap_or(50_000);
    let stage = Stage::new().await;

    let before = resident();
    let seats = stage.seat(viewers).await;
    let texts: usize = seats.iter().map(|uri| uri.to_string().len() + size_of::<Uri>() + 24).sum();
    let grown = resident().saturating_sub(before + texts);
    println!("{viewers} viewers: about {} bytes each", grown / viewers.max(1));

    let known: Vec<_> = seats.iter().collect();
    let media: Uri = stage.path("s5.m4s").parse().expect("a URI");
    let media = vec![&media];
    let forged = forged(&stage);
    let forged: Vec<_> = forged.iter().collect();
    let invented = "an invented pass, which is refused,";
    for (what, uris) in [("a playlist", &known), ("a segment", &media), (invented, &forged)] {
        let (counted, uncounted) = stage.compare(uris).await;
        let ratio = counted.as_secs_f64() / uncounted.as_secs_f64();
        println!(
            "{what}: {} ns counted, {} ns not, ratio {ratio:.3}, {:.0} a second",
            nanos(counted),
            nanos(uncounted),
            1.0 / counted.as_secs_f64()
        );
    }

    // A large crowd takes longer to try than it counts.
    for uri in known {
        stage.ask(&Method::GET, uri).await;
    }
    // Told again by the first look, which a timer brings within a millisecond or two.
    stage.broadcast.pulse().set_viewers(0);
    let (begun, shutdown) = (Instant::now(), CancellationToken::new());
    let once = async {
        while stage.broadcast.pulse().viewers() == 0 {
            tokio::task::yield_now().await;
        }
        shutdown.cancel();
    };
    tokio::join!(stage.delivery.clone().run(shutdown.clone()), once);
    println!("one look at all of them: {:?} with the timer", begun.elapsed());
    assert_eq!(stage.broadcast.pulse().viewers() as usize, viewers, "all are still there");
}

fn nanos(duration: Duration) -> u128 {
    duration.as_nanos()
}

fn forged(stage: &Stage) -> Vec<Uri> {
    let pass = |number: u64| format!("{:022x}/source", number.wrapping_mul(0x9e37_79b9_7f4a_7c15));
    let uri = |number: u64| stage.path("index.m3u8").replace("source", &pass(number));
    (0..1_000).map(|number| uri(number).parse().expect("a URI")).collect()
}

/// Bytes of this process that are in memory.
fn resident() -> usize {
    let status = std::fs::read_to_string("/proc/self/statm").unwrap_or_default();
    status.split(' ').nth(1).and_then(|pages| pages.parse::<usize>().ok()).unwrap_or(0) * 4096
}

/// A channel on air whose playlist doesn't change.
struct Stage {
    delivery: Delivery,
    broadcast: Arc<Broadcast>,
    _publisher: Publisher,
}

impl Stage {
    async fn new() -> Self {
        let hub = Hub::new(RingLimits::default());
        let channel = Arn::parse("arn:aws:ivs:us-east-1:123456789012:channel/abcdABCD0123").expect("an ARN");
        let stream = StreamId::mint(&mut |bytes| bytes.fill(1));
        let publisher =
            hub.publish(&channel, stream, Audience::Everyone, UNIX_EPOCH).expect("a free channel");
        let broadcast = Arc::clone(publisher.broadcast());
        let film = Film::default();
        let mut segmenter = Segmenter::new(packager::Config::default().part);
        segmenter.tracks(Arc::new(film.tracks()));
        let shelf = broadcast.shelf().writer().expect("the first writer");
        let mut window: Option<Window> = None;
        for frame in film.frames(Duration::from_secs(20)) {
            let now = UNIX_EPOCH + frame.dts.to_duration();
            segmenter.frame(frame, now);
            while let Some(cut) = segmenter.next_cut() {
                let terms = *segmenter.terms().expect("cuts come after terms");
                let window = window.get_or_insert_with(|| Window::new(terms, &packager::Config::default()));
                window.apply(cut);
                if let Some(snapshot) = window.snapshot(UNIX_EPOCH) {
                    shelf.put(snapshot);
                }
            }
        }
        let store = Store::in_memory().await.expect("memory");
        let delivery =
            Delivery::bind(Config::default(), Deps { hub, store, key: [7; 32], node: String::new() });
        Self { delivery, broadcast, _publisher: publisher }
    }

    /// A file's URL without a pass.
    fn path(&self, file: &str) -> String {
        let base = delivery::multivariant_path(self.broadcast.channel());
        let base = base.strip_suffix(".m3u8").unwrap_or_default();
        format!("{base}/{}/source/{file}", self.broadcast.stream())
    }

    /// The playlist's URI of so many viewers, who have each read it once.
    async fn seat(&self, viewers: usize) -> Vec<Uri> {
        let multivariant: Uri = delivery::multivariant_path(self.broadcast.channel()).parse().expect("a URI");
        let mut seats = Vec::with_capacity(viewers);
        for _ in 0..viewers {
            let text = self.ask(&Method::GET, &multivariant).await;
            let text = std::str::from_utf8(&text).expect("text");
            let uri: Uri = format!("{}{}", delivery::PREFIX, text.lines().last().unwrap_or_default())
                .parse()
                .expect("a URI");
            self.ask(&Method::GET, &uri).await;
            seats.push(uri);
        }
        seats
    }

    /// Time of one request, counted and not: the best of many rounds.
    async fn compare(&self, uris: &[&Uri]) -> (Duration, Duration) {
        let (mut counted, mut uncounted) = (Duration::MAX, Duration::MAX);
        for _ in 0..ROUNDS {
            counted = counted.min(self.round(&Method::GET, uris).await);
            uncounted = uncounted.min(self.round(&Method::HEAD, uris).await);
        }
        (counted, uncounted)
    }

    async fn round(&self, method: &Method, uris: &[&Uri]) -> Duration {
        let begun = Instant::now();
        for uri in uris.iter().cycle().take(REQUESTS) {
            black_box(self.ask(method, uri).await);
        }
        begun.elapsed() / u32::try_from(REQUESTS).unwrap_or(u32::MAX)
    }

    async fn ask(&self, method: &Method, uri: &Uri) -> Bytes {
        let request =
            Request::builder().method(method.clone()).uri(uri.clone()).header("user-agent", "player");
        let request = request.body(()).expect("a request");
        let reply = self.delivery.handle(request, ADDRESS).await;
        reply.into_body().collect().await.map(Collected::to_bytes).unwrap_or_default()
    }
}
