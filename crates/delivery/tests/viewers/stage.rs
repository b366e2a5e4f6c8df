//! A stage for delivery's tests: a film goes through a segmenter to a shelf at the speed that a test wants,
//! and viewers ask.
//!
//! Promise: nothing moves unless the test says so.

use std::net::{IpAddr, Ipv4Addr};
use std::pin::pin;
use std::sync::{Arc, OnceLock};
use std::task::{Context, Poll, Waker};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use bytes::Bytes;
use delivery::{Body, Config, Delivery, Deps};
use domain::{Arn, StreamId};
use http::{HeaderMap, Method, Request, Response, StatusCode};
use http_body_util::BodyExt;
use live::{Airing, Audience, Broadcast, Hub, Publisher, RingLimits, ShelfWriter, Snapshot};
use media::{Frame, Ticks};
use packager::{Segmenter, Window};
use store::Store;
use testkit::Film;

pub(crate) struct Stage {
    pub(crate) hub: Hub,
    pub(crate) delivery: Delivery,
    /// `None` after the end.
    publisher: Option<Publisher>,
    pub(crate) broadcast: Arc<Broadcast>,
    shelf: ShelfWriter,
    segmenter: Segmenter,
    window: Option<Window>,
    frames: std::vec::IntoIter<Frame>,
    /// Of the viewer who asks by [`Stage::get`].
    pass: OnceLock<String>,
}

#[derive(Debug)]
pub(crate) struct Reply {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
}

impl Reply {
    pub(crate) fn text(&self) -> &str {
        std::str::from_utf8(&self.body).expect("text")
    }

    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().expect("text"))
    }
}

pub(crate) fn start() -> SystemTime {
    UNIX_EPOCH + Duration::from_secs(1_790_000_000)
}

pub(crate) fn channel() -> Arn {
    Arn::parse("arn:aws:ivs:us-east-1:123456789012:channel/abcdABCD0123").expect("a well-formed ARN")
}

impl Stage {
    pub(crate) fn new(film: &Film, length: Duration) -> Self {
        Self::with(film, length, Config::default())
    }

    pub(crate) fn with(film: &Film, length: Duration, config: Config) -> Self {
        Self::before(Audience::Everyone, film, length, config)
    }

    /// On air in another way than [`Audience`] alone says.
    pub(crate) fn airing(airing: Airing, film: &Film, length: Duration) -> Self {
        Self::before(airing, film, length, Config::default())
    }

    pub(crate) fn before(airing: impl Into<Airing>, film: &Film, length: Duration, config: Config) -> Self {
        let hub = Hub::new(RingLimits::default());
        let delivery = Delivery::bind(
            config,
            Deps { hub: hub.clone(), store: store(), key: [7; 32], node: String::new() },
        );
        Self::beside((hub, delivery), &channel(), airing, film, length)
    }

    /// Another channel's stage, with the same viewers before it.
    pub(crate) fn beside(
        (hub, delivery): (Hub, Delivery),
        channel: &Arn,
        airing: impl Into<Airing>,
        film: &Film,
        length: Duration,
    ) -> Self {
        let number = u8::try_from(hub.on_air().len()).expect("a few stages");
        let stream = StreamId::mint(&mut |bytes| bytes.fill(1 + number));
        let airing = airing.into();
        let container = airing.container;
        let publisher = hub.publish(channel, stream, airing, start()).expect("a free channel");
        let broadcast = Arc::clone(publisher.broadcast());
        let mut segmenter = Segmenter::within(container, packager::Config::default().part);
        segmenter.tracks(Arc::new(film.tracks()));
        // Having been read is what lets it linger.
        drop(broadcast.subscribe());
        Self {
            delivery,
            hub,
            publisher: Some(publisher),
            shelf: broadcast.shelf().writer().expect("the first writer"),
            broadcast,
            segmenter,
            window: None,
            frames: film.frames(length).into_iter(),
            pass: OnceLock::new(),
        }
    }

    /// Plays until another snapshot is out; `None` when the film is over.
    pub(crate) fn step(&mut self) -> Option<Arc<Snapshot>> {
        loop {
            while let Some(cut) = self.segmenter.next_cut() {
                let terms = *self.segmenter.terms().expect("cuts come after terms");
                let window =
                    self.window.get_or_insert_with(|| Window::new(terms, &packager::Config::default()));
                window.apply(cut);
                if let Some(snapshot) = window.snapshot(UNIX_EPOCH) {
                    self.shelf.put(Arc::clone(&snapshot));
                    return Some(snapshot);
                }
            }
            let frame = self.frames.next()?;
            let now = start() + frame.dts.to_duration();
            self.segmenter.frame(frame, now);
        }
    }

    /// Plays until a snapshot satisfies `wanted`.
    pub(crate) fn play_until(&mut self, wanted: impl Fn(&Snapshot) -> bool) -> Arc<Snapshot> {
        std::iter::from_fn(|| self.step()).find(|now| wanted(now)).expect("the film is long enough")
    }

    /// Plays the film to its end, and the end.
    pub(crate) fn end(&mut self) {
        // Afterwards nobody gets one.
        self.pass();
        while self.step().is_some() {}
        self.segmenter.end();
        while self.step().is_some() {}
        let window = self.window.as_mut().expect("something was cut");
        window.end();
        self.shelf.put(window.snapshot(UNIX_EPOCH).expect("something was listed"));
        self.publisher = None;
    }

    /// Where this viewer finds a file, by its name or by what a playlist calls it: playlists, and all that is
    /// private, below its pass.
    pub(crate) fn path(&self, file: &str) -> String {
        self.path_in("source", file)
    }

    /// The same, of another rendition.
    pub(crate) fn path_in(&self, rendition: &str, file: &str) -> String {
        let (name, query) =
            file.split_once('?').map_or((file, String::new()), |(name, query)| (name, format!("?{query}")));
        let name = name.rsplit('/').next().unwrap_or(name);
        let is_shared = self.broadcast.audience() == Audience::Everyone && !name.ends_with(".m3u8");
        let pass = if is_shared { String::new() } else { format!("{}/", self.pass()) };
        let base = self.multivariant();
        let base = base.strip_suffix(".m3u8").expect("a playlist's name");
        format!("{base}/{}/{pass}{rendition}/{name}{query}", self.broadcast.stream())
    }

    /// This viewer's pass; an invented one as long as nobody gets any.
    fn pass(&self) -> &str {
        if let Some(pass) = self.pass.get() {
            return pass;
        }
        let reply = at_once(self.request(Method::GET, &self.multivariant()));
        let granted = reply.filter(|reply| reply.status == StatusCode::OK);
        let Some(reply) = granted else { return "AAAAAAAAAAAAAAAAAAAAAA" };
        self.pass.get_or_init(|| pass_in(reply.text()).to_owned())
    }

    pub(crate) fn multivariant(&self) -> String {
        delivery::multivariant_path(self.broadcast.channel())
    }

    /// A request for a file of the rendition, on its way.
    pub(crate) fn get(&self, file: &str) -> impl Future<Output = Reply> + Send + use<> {
        self.request(Method::GET, &self.path(file))
    }

    pub(crate) fn request(&self, method: Method, uri: &str) -> impl Future<Output = Reply> + Send + use<> {
        self.request_by(&Client::default(), method, uri)
    }

    /// A request of this client's.
    pub(crate) fn request_by(
        &self,
        client: &Client,
        method: Method,
        uri: &str,
    ) -> impl Future<Output = Reply> + Send + use<> {
        let answer = self.answer(client, method, uri, &[]);
        async move { read(answer.await).await }
    }

    /// A request with headers, answered.
    pub(crate) fn asking(
        &self,
        headers: &[(&str, &str)],
        method: Method,
        uri: &str,
    ) -> impl Future<Output = Reply> + Send + use<> {
        let answer = self.answer(&Client::default(), method, uri, headers);
        async move { read(answer.await).await }
    }

    /// An answer whose body was not read yet.
    pub(crate) fn answer(
        &self,
        client: &Client,
        method: Method,
        uri: &str,
        headers: &[(&str, &str)],
    ) -> impl Future<Output = Response<Body>> + Send + use<> {
        let mut request = Request::builder().method(method).uri(uri).header("user-agent", client.agent);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let request = request.body(()).expect("a well-formed request");
        let (delivery, address) = (self.delivery.clone(), client.address);
        async move { delivery.handle(request, address).await }
    }
}

/// The pass that a multivariant playlist gives its viewer.
pub(crate) fn pass_in(multivariant: &str) -> &str {
    let uri = multivariant.lines().last().expect("a line");
    uri.split('/').nth(2).expect("a channel, a stream and a pass")
}

/// The reply if it is there without anything else happening.
pub(crate) fn at_once(reply: impl Future<Output = Reply>) -> Option<Reply> {
    let mut reply = pin!(reply);
    match reply.as_mut().poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(reply) => Some(reply),
        Poll::Pending => None,
    }
}

/// Who asks.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Client {
    pub(crate) address: IpAddr,
    pub(crate) agent: &'static str,
}

impl Default for Client {
    fn default() -> Self {
        Self { address: Ipv4Addr::LOCALHOST.into(), agent: "a test" }
    }
}

/// A database that all stages of this program share. It was opened on a runtime of its own, so that paused
/// clocks don't matter to it.
pub(crate) fn store() -> Store {
    static STORE: OnceLock<Store> = OnceLock::new();
    let open = || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
        runtime.expect("a runtime").block_on(Store::in_memory()).expect("memory")
    };
    let opened = || std::thread::spawn(open).join().expect("a database in memory");
    STORE.get_or_init(opened).clone()
}

async fn read(response: Response<Body>) -> Reply {
    let (head, body) = response.into_parts();
    let body = body.collect().await.expect("a body can't fail").to_bytes();
    Reply { status: head.status, headers: head.headers, body }
}

/// What a player reads of a media playlist.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Playlist {
    /// Lines that must be the same in each playlist of a session.
    pub(crate) constants: Vec<String>,
    pub(crate) target: u32,
    pub(crate) part_target: f64,
    pub(crate) part_hold_back: f64,
    pub(crate) hold_back: f64,
    pub(crate) skip_until: f64,
    pub(crate) first: u64,
    pub(crate) discontinuities: u64,
    pub(crate) skipped: usize,
    pub(crate) segments: Vec<Entry>,
    /// Parts after the last segment.
    pub(crate) open: Entry,
    pub(crate) hint: Option<String>,
    pub(crate) ended: bool,
}

#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Entry {
    pub(crate) uri: String,
    pub(crate) duration: f64,
    pub(crate) discontinuity: bool,
    pub(crate) map: Option<String>,
    pub(crate) time: String,
    /// URI, duration, independent.
    pub(crate) parts: Vec<(String, f64, bool)>,
}

impl Playlist {
    pub(crate) fn read(text: &str) -> Self {
        let mut found = Self::default();
        let mut entry = Entry::default();
        for line in text.lines() {
            let (tag, rest) = line.split_once(':').unwrap_or((line, ""));
            match tag {
                "#EXTM3U" | "#EXT-X-VERSION" => found.constants.push(line.to_owned()),
                "#EXT-X-TARGETDURATION" => {
                    found.constants.push(line.to_owned());
                    found.target = rest.parse().expect("a whole number");
                }
                "#EXT-X-SERVER-CONTROL" => {
                    assert_eq!(attribute(rest, "CAN-BLOCK-RELOAD"), Some("YES"));
                    found.constants.push(line.to_owned());
                    found.part_hold_back = number(rest, "PART-HOLD-BACK");
                    found.hold_back = number(rest, "HOLD-BACK");
                    found.skip_until = number(rest, "CAN-SKIP-UNTIL");
                }
                "#EXT-X-PART-INF" => {
                    found.constants.push(line.to_owned());
                    found.part_target = number(rest, "PART-TARGET");
                }
                "#EXT-X-MEDIA-SEQUENCE" => found.first = rest.parse().expect("a whole number"),
                "#EXT-X-DISCONTINUITY-SEQUENCE" => {
                    found.discontinuities = rest.parse().expect("a whole number");
                }
                "#EXT-X-SKIP" => {
                    found.skipped =
                        attribute(rest, "SKIPPED-SEGMENTS").expect("a count").parse().expect("a count");
                }
                "#EXT-X-DISCONTINUITY" => entry.discontinuity = true,
                "#EXT-X-MAP" => entry.map = attribute(rest, "URI").map(str::to_owned),
                "#EXT-X-PROGRAM-DATE-TIME" => rest.clone_into(&mut entry.time),
                "#EXT-X-PART" => {
                    let independent = attribute(rest, "INDEPENDENT") == Some("YES");
                    let uri = attribute(rest, "URI").expect("a part has a URI").to_owned();
                    entry.parts.push((uri, number(rest, "DURATION"), independent));
                }
                "#EXTINF" => entry.duration = rest.trim_end_matches(",live").parse().expect("seconds"),
                "#EXT-X-PRELOAD-HINT" => {
                    assert_eq!(attribute(rest, "TYPE"), Some("PART"));
                    found.hint = attribute(rest, "URI").map(str::to_owned);
                }
                "#EXT-X-ENDLIST" => found.ended = true,
                // Of those the tests of playlists tell.
                "#EXT-X-DATERANGE" | "#EXT-X-PREFETCH" | "#EXT-X-RENDITION-REPORT" => {}
                uri if !uri.starts_with('#') => {
                    assert!(entry.duration > 0.0, "EXTINF stands before the URI");
                    assert!(found.hint.is_none(), "the hint stands last");
                    uri.clone_into(&mut entry.uri);
                    found.segments.push(std::mem::take(&mut entry));
                }
                other => panic!("an unknown tag {other}"),
            }
        }
        found.open = entry;
        found
    }

    pub(crate) fn listed(&self) -> f64 {
        self.segments.iter().map(|segment| segment.duration).sum()
    }

    /// Applies a delta update to the playlist before it (6.2.5.1 of the draft).
    pub(crate) fn rebuilt(&self, before: &Self) -> Self {
        let from = usize::try_from(self.first - before.first).expect("small");
        let mut full = Self { skipped: 0, ..self.clone() };
        let known = before.segments[from..from + self.skipped].iter().cloned();
        full.segments.splice(0..0, known);
        full
    }
}

fn attribute<'a>(list: &'a str, name: &str) -> Option<&'a str> {
    let pairs = list.split(',').filter_map(|pair| pair.split_once('='));
    pairs.filter(|(key, _)| *key == name).map(|(_, value)| value.trim_matches('"')).next()
}

fn number(list: &str, name: &str) -> f64 {
    attribute(list, name).unwrap_or_else(|| panic!("{name} in {list}")).parse().expect("a number")
}

pub(crate) fn seconds(ticks: Ticks) -> f64 {
    ticks.as_secs_f64()
}
