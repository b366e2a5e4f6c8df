//! Random streams, played to viewers: gaps, jitter, long groups, encoders that come back, other codecs.
//!
//! Promise: frames take the way that they take in the server, from a segmenter to a shelf, and every playlist that
//! could be asked for is asked for, over the service's own face.

use std::net::Ipv4Addr;
use std::sync::{Arc, OnceLock};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use bytes::Bytes;
use delivery::{Config, Delivery, Deps};
use domain::{Arn, ContainerFormat, LatencyMode, StreamId};
use http::{Request, StatusCode};
use http_body_util::BodyExt;
use live::{Airing, Audience, Hub, Publisher, RingLimits, ShelfWriter};
use media::{Frame, Ticks, Tracks};
use packager::{Segmenter, Window};
use proptest::prelude::*;
use store::Store;
use testkit::Film;
use tokio::runtime::Runtime;

use crate::reader::Playlist;
use crate::rules::{Form, Pace, Rule, Rules};

pub(crate) const RATES: [(u32, u32); 6] =
    [(24_000, 1_001), (25, 1), (30_000, 1_001), (30, 1), (50, 1), (60, 1)];

/// What happens to a stream for a while.
#[derive(Clone, Debug)]
pub(crate) struct Scene {
    pub(crate) seconds: u64,
    /// How it begins.
    pub(crate) turn: Turn,
    /// Milliseconds that stamps are off by at most.
    pub(crate) jitter: i64,
    /// Pictures from keyframe to keyframe, as seconds of the whole.
    pub(crate) group: f64,
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Turn {
    /// Goes on.
    On,
    /// After so many milliseconds without anything.
    Gap(i64),
    /// After frames were lost on the way to the packager.
    Lag,
    /// The encoder begins anew, its clock somewhere else, so many milliseconds later.
    Restart { after: i64, clock: i64 },
    /// In another size.
    Resized(u32),
    /// With or without sound.
    Sound(bool),
}

#[derive(Clone, Debug)]
pub(crate) struct Script {
    pub(crate) container: ContainerFormat,
    pub(crate) latency: LatencyMode,
    pub(crate) rate: (u32, u32),
    pub(crate) b_frames: u32,
    pub(crate) rewind: Option<Rewind>,
    pub(crate) scenes: Vec<Scene>,
}

/// Viewers may go back.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Rewind {
    pub(crate) seconds: u64,
    /// The disk takes what it has to write once in so many cuts.
    pub(crate) patience: usize,
}

impl Script {
    fn pace(&self) -> Pace {
        let [Scene { turn: Turn::On, jitter: 0, group, .. }] = self.scenes[..] else { return Pace::Wild };
        // Longer groups than the longest target duration are cut within.
        if group < 6.0 { Pace::Keyed } else { Pace::Steady }
    }
}

fn turn() -> impl Strategy<Value = Turn> {
    prop_oneof![
        3 => Just(Turn::On),
        2 => (20i64..20_000).prop_map(Turn::Gap),
        1 => Just(Turn::Lag),
        2 => (0i64..9_000, -50_000i64..50_000).prop_map(|(after, clock)| Turn::Restart { after, clock }),
        1 => (1u32..4).prop_map(Turn::Resized),
        1 => any::<bool>().prop_map(Turn::Sound),
    ]
}

fn scene() -> impl Strategy<Value = Scene> {
    let jitter = prop_oneof![2 => Just(0), 1 => 1i64..9];
    let group = prop::sample::select(vec![0.2, 0.5, 1.0, 1.0, 2.0, 2.0, 3.37, 8.0]);
    (1u64..14, turn(), jitter, group).prop_map(|(seconds, turn, jitter, group)| Scene {
        seconds,
        turn,
        jitter,
        group,
    })
}

pub(crate) fn script() -> impl Strategy<Value = Script> {
    let many = prop::collection::vec(scene(), 2..7);
    let group = prop::sample::select(vec![0.2, 0.5, 1.0, 2.0, 3.37]);
    let steady = |group| vec![Scene { seconds: 45, turn: Turn::On, jitter: 0, group }];
    let scenes = prop_oneof![2 => many, 1 => group.prop_map(steady)];
    let container = prop::sample::select(vec![ContainerFormat::Ts, ContainerFormat::FragmentedMp4]);
    let latency = prop::sample::select(vec![LatencyMode::Low, LatencyMode::Low, LatencyMode::Normal]);
    let rate = prop::sample::select(RATES.to_vec());
    let rewind = (20u64..90, prop::sample::select(vec![1, 30, 200]));
    let rewind = prop::option::weighted(0.3, rewind);
    (container, latency, rate, 0u32..3, rewind, scenes).prop_map(
        |(container, latency, rate, b_frames, rewind, scenes)| {
            let rewind = rewind.map(|(seconds, patience)| Rewind { seconds, patience });
            Script { container, latency, rate, b_frames, rewind, scenes }
        },
    )
}

/// One stream before its viewers.
pub(crate) struct Show {
    runtime: Runtime,
    delivery: Delivery,
    publisher: Publisher,
    shelf: ShelfWriter,
    segmenter: Segmenter,
    window: Option<Window>,
    rewind: Option<Rewind>,
    cuts: usize,
    /// The folder of one viewer's playlists, once there is something to play.
    folder: Option<String>,
    forms: Vec<(Form, &'static str, Rules)>,
    /// Playlists of low latency, as players of different patience have them.
    known: Vec<Playlist>,
    /// The wall clock, from the stream's beginning.
    clock: Ticks,
    /// How often all was looked at.
    count: usize,
}

fn start() -> SystemTime {
    UNIX_EPOCH + Duration::from_secs(1_790_000_000)
}

fn store() -> Store {
    static STORE: OnceLock<Store> = OnceLock::new();
    let open = || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
        runtime.expect("a runtime").block_on(Store::in_memory()).expect("memory")
    };
    let opened = || std::thread::spawn(open).join().expect("a database in memory");
    STORE.get_or_init(opened).clone()
}

impl Show {
    /// Plays a script to its end and tells which rules were broken.
    pub(crate) fn play(script: &Script) -> Vec<(Rule, String)> {
        let mut show = Self::new(script);
        let mut film = Film { frame_rate: script.rate, b_frames: script.b_frames, ..Film::default() };
        let mut seed = 1u64;
        show.tracks(film.tracks());
        for scene in &script.scenes {
            show.turn(&mut film, scene);
            for frame in film.frames(Duration::from_secs(scene.seconds)) {
                show.frame(shaken(frame, scene.jitter, &mut seed), film.start);
            }
            film.start += Ticks::from_duration(Duration::from_secs(scene.seconds));
            show.clock += Ticks::from_duration(Duration::from_secs(scene.seconds));
        }
        show.end();
        assert!(
            script.pace() == Pace::Wild || show.count > 100,
            "only {} playlists were looked at",
            show.count
        );
        show.broken()
    }

    fn new(script: &Script) -> Self {
        let hub = Hub::new(RingLimits::default());
        let deps = Deps { hub: hub.clone(), store: store(), key: [7; 32], node: String::new() };
        let delivery = Delivery::bind(Config::default(), deps);
        let channel = "arn:aws:ivs:us-east-1:123456789012:channel/abcdABCD0123";
        let channel = Arn::parse(channel).expect("a well-formed ARN");
        let airing = Airing {
            container: script.container,
            latency: script.latency,
            ..Airing::from(Audience::Everyone)
        };
        let stream = StreamId::mint(&mut |bytes| bytes.fill(1));
        let publisher = hub.publish(&channel, stream, airing, start()).expect("a free channel");
        let broadcast = Arc::clone(publisher.broadcast());
        drop(broadcast.subscribe());
        let pace = script.pace();
        let forms: &[(Form, &str)] = match script.latency {
            LatencyMode::Low => &[(Form::Low, "index.m3u8"), (Form::Prefetch, "prefetch.m3u8")],
            LatencyMode::Normal => &[(Form::Plain, "plain.m3u8")],
        };
        Self {
            runtime: tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime"),
            delivery,
            shelf: broadcast.shelf().writer().expect("the first writer"),
            publisher,
            segmenter: Segmenter::within(script.container, packager::Config::default().part),
            window: None,
            rewind: script.rewind,
            cuts: 0,
            folder: None,
            forms: forms.iter().map(|(form, file)| (*form, *file, Rules::new(*form, pace))).collect(),
            known: Vec::new(),
            clock: Ticks::ZERO,
            count: 0,
        }
    }

    fn turn(&mut self, film: &mut Film, scene: &Scene) {
        let rate = f64::from(film.frame_rate.0) / f64::from(film.frame_rate.1);
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "a small positive number"
        )]
        let group = (scene.group * rate).round() as u32;
        film.gop = group.max(1);
        match scene.turn {
            Turn::On => {}
            Turn::Gap(millis) => {
                film.start += Ticks::from_millis(millis);
                self.clock += Ticks::from_millis(millis);
            }
            Turn::Lag => self.segmenter.lagged(),
            Turn::Restart { after, clock } => {
                self.clock += Ticks::from_millis(after);
                film.start += Ticks::from_millis(clock);
                self.tracks(film.tracks());
            }
            Turn::Resized(times) => {
                film.width = 320 * times;
                self.tracks(film.tracks());
            }
            Turn::Sound(on) => {
                film.sound = on;
                self.tracks(film.tracks());
            }
        }
    }

    fn tracks(&mut self, tracks: Tracks) {
        self.segmenter.tracks(Arc::new(tracks));
        self.collect(self.clock);
    }

    /// The clock runs with the media of a scene that began at `from`.
    fn frame(&mut self, frame: Frame, from: Ticks) {
        let now = self.clock + (frame.dts - from);
        self.segmenter.frame(frame, start() + now.to_duration());
        self.collect(now);
    }

    fn end(&mut self) {
        self.segmenter.end();
        self.collect(self.clock);
        let now = start() + self.clock.to_duration();
        let last = self.window.as_mut().and_then(|window| {
            window.end();
            window.snapshot(now)
        });
        if let Some(last) = last {
            // Before the end is on the shelf, so that a viewer is let in.
            self.shelf.put(last);
            self.look();
            self.look();
        }
    }

    fn collect(&mut self, now: Ticks) {
        while let Some(cut) = self.segmenter.next_cut() {
            let terms = *self.segmenter.terms().expect("cuts come after terms");
            let length = self.rewind.map(|rewind| Duration::from_secs(rewind.seconds));
            let window = self
                .window
                .get_or_insert_with(|| Window::new(terms, &packager::Config::default()).rewindable(length));
            window.apply(cut);
            self.cuts += 1;
            if self.rewind.is_some_and(|rewind| self.cuts.is_multiple_of(rewind.patience)) {
                while let Some(number) = window.unwritten().map(|segment| segment.number) {
                    window.written(number);
                }
            }
            if let Some(snapshot) = window.snapshot(start() + now.to_duration()) {
                self.shelf.put(snapshot);
                self.look();
            }
        }
    }

    fn get(&self, path: &str) -> Result<Bytes, StatusCode> {
        let request = Request::builder().uri(path).body(()).expect("a well-formed request");
        let answer = self.delivery.handle(request, Ipv4Addr::LOCALHOST.into());
        self.runtime.block_on(async {
            let response = answer.await;
            let status = response.status();
            let body = response.into_body().collect().await.expect("nothing is aborted").to_bytes();
            if status == StatusCode::OK { Ok(body) } else { Err(status) }
        })
    }

    fn text(&self, path: &str) -> String {
        let bytes = self.get(path).unwrap_or_else(|status| panic!("{status} for {path}"));
        String::from_utf8(bytes.to_vec()).expect("text")
    }

    /// Asks for all that can be asked for at this moment.
    fn look(&mut self) {
        let way_in = delivery::multivariant_path(self.publisher.broadcast().channel());
        if self.folder.is_none() {
            // A stream that ended before it had a playlist lets nobody in.
            let Ok(text) = self.get(&way_in) else { return };
            let text = String::from_utf8(text.to_vec()).expect("text");
            let uri = text.lines().last().expect("a rendition");
            let folder = uri.rsplit_once('/').expect("a folder").0;
            self.folder = Some(format!("{}/{folder}", way_in.rsplit_once('/').expect("a folder").0));
        }
        let folder = self.folder.clone().expect("found above");
        self.count += 1;
        let mut forms = std::mem::take(&mut self.forms);
        for (form, file, rules) in &mut forms {
            rules.see(&self.text(&format!("{folder}/{file}")));
            if *form == Form::Low {
                self.deltas(rules, &self.text(&format!("{folder}/{file}?_HLS_skip=YES")));
            }
        }
        if let [(_, _, first), (_, _, second)] = &mut forms[..] {
            first.beside(second);
        }
        self.forms = forms;
        let latest = self.forms.first().and_then(|(_, _, rules)| rules.last.clone());
        self.known.extend(latest);
        self.fetch(&folder);
    }

    /// A player that looks each time, and one that looks as seldom as it may: not older than half of the Skip
    /// Boundary (6.3.7).
    fn deltas(&mut self, rules: &mut Rules, text: &str) {
        let Some(now) = rules.last.clone() else { return };
        let oldest = f64::from(now.target) * 3.0;
        let end = |list: &Playlist| {
            let last = list.numbered().last().expect("never empty").1;
            let length = if last.uri.is_empty() { last.length_of_parts() } else { last.duration };
            #[expect(clippy::cast_precision_loss, reason = "milliseconds of one stream")]
            let from = last.date.unwrap_or(0) as f64;
            from + length * 1_000.0
        };
        let until = end(&now);
        self.known.retain(|list| until - end(list) <= oldest * 1_000.0);
        for known in [self.known.first(), self.known.last()].into_iter().flatten() {
            rules.delta(known, text);
        }
        if self.known.is_empty() {
            rules.delta(&now, text);
        }
    }

    /// What is new can be fetched at once, and what has left the list still.
    fn fetch(&mut self, folder: &str) {
        // Without a disk what is on it can't be had.
        if self.rewind.is_some() {
            return;
        }
        let [.., before, now] = &self.known[..] else { return };
        let uris = |list: &Playlist| -> Vec<String> {
            let names = list.numbered().flat_map(|(_, segment)| {
                let parts = segment.parts.iter().map(|part| &part.uri);
                parts
                    .chain([&segment.uri])
                    .filter(|uri| !uri.is_empty())
                    .chain(&segment.map)
                    .cloned()
                    .collect::<Vec<_>>()
            });
            names.collect()
        };
        let (old, new) = (uris(before), uris(now));
        let changed =
            new.iter().filter(|uri| !old.contains(uri)).chain(old.iter().filter(|uri| !new.contains(uri)));
        for uri in changed {
            let path = resolve(folder, uri);
            if let Err(status) = self.get(&path) {
                let broken = &mut self.forms[0].2.broken;
                broken.push((Rule::R29Fetched, format!("{status} for {uri}")));
            }
        }
    }

    fn broken(self) -> Vec<(Rule, String)> {
        self.forms.into_iter().flat_map(|(_, _, rules)| rules.broken).collect()
    }
}

/// A relative URI's path (RFC 3986, 5.2.4, as far as ours go).
fn resolve(folder: &str, uri: &str) -> String {
    let (mut folder, mut uri) = (folder, uri);
    while let Some(rest) = uri.strip_prefix("../") {
        folder = folder.rsplit_once('/').expect("deep enough").0;
        uri = rest;
    }
    format!("{folder}/{uri}")
}

/// A frame whose stamps are off, each time a little else.
fn shaken(frame: Frame, jitter: i64, seed: &mut u64) -> Frame {
    *seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
    let span = 2 * jitter + 1;
    let off = i64::try_from(*seed >> 33).expect("31 bits") % span - jitter;
    let by = Ticks::from_millis(off);
    Frame { dts: frame.dts + by, pts: frame.pts + by, ..frame }
}
