//! Random streams, played to viewers: gaps, jitter, long groups, encoders that come back, other codecs.
//!
//! Promise: frames take the way that they take in the server, from a segmenter to a shelf, and every playlist that
//! could be asked for is asked for, over the service's own face.

use std::cell::Cell;
use std::net::Ipv4Addr;
use std::sync::{Arc, OnceLock};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use bytes::Bytes;
use delivery::{Config, Delivery, Deps};
use domain::{Arn, ChannelType, LatencyMode, StreamId};
use http::{Request, StatusCode};
use http_body_util::BodyExt;
use live::{Airing, Audience, Broadcast, Hub, Publisher, RenditionSound, RenditionTerms, RingLimits};
use media::{Frame, Ticks, Tracks};
use packager::{Segmenter, Window};
use store::Store;
use testkit::Film;
use tokio::runtime::Runtime;

use crate::across::{Variant, misaligned, misreported, variants};
use crate::followed::Followed;
use crate::rules::{Form, Pace, Rule, Rules};
use crate::script::{RUNGS, Rewind, Rungs, SOURCE, Scene, Script, Turn};
use crate::seat::Seat;

/// One stream before its viewers.
pub(crate) struct Show {
    runtime: Runtime,
    delivery: Delivery,
    publisher: Publisher,
    /// The source, and what is made of it.
    seats: Vec<Seat>,
    offers_source: bool,
    /// The source was listed though it is not offered.
    stood_in: Cell<bool>,
    segmenter: Segmenter,
    window: Option<Window>,
    rewind: Option<Rewind>,
    cuts: usize,
    /// One viewer's folder, once there is something to play.
    folder: Option<String>,
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
            channel_type: if script.ladder.is_some() { ChannelType::Standard } else { ChannelType::Basic },
            ..Airing::from(Audience::Everyone)
        };
        let stream = StreamId::mint(&mut |bytes| bytes.fill(1));
        let publisher = hub.publish(&channel, stream, airing, start()).expect("a free channel");
        let broadcast = Arc::clone(publisher.broadcast());
        drop(broadcast.subscribe());
        Self {
            runtime: tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime"),
            delivery,
            seats: seats(script, &broadcast),
            offers_source: script.ladder.as_ref().is_none_or(|ladder| ladder.offers_source),
            stood_in: Cell::new(false),
            publisher,
            segmenter: Segmenter::within(script.container, packager::Config::default().part),
            window: None,
            rewind: script.rewind,
            cuts: 0,
            folder: None,
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
            self.seats.iter_mut().for_each(|seat| seat.put(&last));
            self.look();
            self.look();
            // The others have what they need by now, one after the other.
            while self.seats.iter_mut().any(Seat::go_on) {
                self.look();
            }
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
                self.seats.iter_mut().for_each(|seat| seat.put(&snapshot));
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

    /// Asks for all that can be asked for at this moment.
    fn look(&mut self) {
        let way_in = delivery::multivariant_path(self.publisher.broadcast().channel());
        let text = self.get(&way_in).ok().map(|text| String::from_utf8(text.to_vec()).expect("text"));
        if self.folder.is_none() {
            // A stream that ended before it had a playlist lets nobody in.
            let Some(text) = &text else { return };
            let uri = text.lines().last().expect("a rendition");
            let (folder, _) =
                uri.rsplit_once('/').and_then(|(folder, _)| folder.rsplit_once('/')).expect("folders");
            self.folder = Some(format!("{}/{folder}", way_in.rsplit_once('/').expect("a folder").0));
        }
        let folder = self.folder.clone().expect("found above");
        self.count += 1;
        let mut seats = std::mem::take(&mut self.seats);
        let get = |path: &str| self.get(path);
        let offered = if self.offers_source { &mut seats[..] } else { &mut seats[1..] };
        offered.iter_mut().filter(|seat| seat.is_news).for_each(|seat| seat.look(&folder, &get));
        compare(offered);
        let listed = text.map(|text| self.listed(offered, &text));
        // Without a disk what is on it can't be had.
        if self.rewind.is_none() {
            offered.iter_mut().filter(|seat| seat.is_news).for_each(|seat| seat.fetch(&folder, &get));
        }
        offered.iter_mut().for_each(|seat| seat.is_news = false);
        if let Some(Some(fault)) = listed {
            offered[0].broke(Rule::R33Listed, &fault);
        }
        self.seats = seats;
        self.stranger(&folder);
    }

    /// What is wrong with the renditions that are listed.
    fn listed(&self, offered: &[Seat], text: &str) -> Option<String> {
        let found = match variants(text) {
            Ok(found) => found,
            Err(error) => return Some(error),
        };
        let told: Vec<&str> = found.iter().map(Variant::folder).collect();
        let alive = |seat: &&Seat| self.offers_source && seat.name == SOURCE || seat.is_alive();
        let mut wanted: Vec<&str> = offered.iter().filter(alive).map(|seat| seat.name.as_str()).collect();
        if wanted.is_empty() {
            self.stood_in.set(true);
            wanted.push(SOURCE);
        }
        let fault = found.iter().find_map(Variant::fault);
        fault.or_else(|| (told != wanted).then(|| format!("{told:?} for {wanted:?}")))
    }

    /// Where the source is not offered, nobody gets it by its name, until it stood in for all else.
    fn stranger(&mut self, folder: &str) {
        if self.offers_source {
            return;
        }
        let found = self.get(&format!("{folder}/{SOURCE}/{}", self.seats[1].forms[0].1)).is_ok();
        let all_out = !self.seats[1..].iter().any(Seat::is_alive);
        if found != (self.stood_in.get() || all_out) {
            self.seats[1].broke(Rule::R33Listed, &format!("the source is there: {found}"));
        }
    }

    fn broken(self) -> Vec<(Rule, String)> {
        let forms = self.seats.into_iter().flat_map(|seat| seat.forms);
        forms.flat_map(|(_, _, rules)| rules.broken).collect()
    }
}

/// Holds renditions against each other: those that are new against all.
fn compare(seats: &mut [Seat]) {
    for at in 0..seats.len() {
        if !seats[at].is_news {
            continue;
        }
        let (Some(now), is_low) = (seats[at].latest(), seats[at].forms[0].0 == Form::Low) else { continue };
        let others = seats.iter().enumerate().filter(|(number, _)| *number != at);
        let latest = others.filter_map(|(_, seat)| Some((seat, seat.latest()?)));
        let misaligned = latest.clone().find_map(|(_, other)| misaligned(now, other));
        let uris = latest.map(|(seat, other)| (format!("../{}/{}", seat.name, seat.forms[0].1), other));
        let misreported = if is_low && !now.ended { misreported(now, uris) } else { None };
        misaligned.into_iter().for_each(|fault| seats[at].broke(Rule::R31Aligned, &fault));
        misreported.into_iter().for_each(|fault| seats[at].broke(Rule::R32Reports, &fault));
    }
}

/// The renditions, as a script has them.
fn seats(script: &Script, broadcast: &Broadcast) -> Vec<Seat> {
    let forms = || -> Vec<_> {
        let forms: &[(Form, &str)] = match script.latency {
            LatencyMode::Low => &[(Form::Low, "index.m3u8"), (Form::Prefetch, "prefetch.m3u8")],
            LatencyMode::Normal => &[(Form::Plain, "plain.m3u8")],
        };
        forms.iter().map(|(form, file)| (*form, *file, Rules::new(*form, script.pace()))).collect()
    };
    let source = Seat::new(SOURCE, broadcast.shelf().writer().expect("the first writer"), None, forms());
    let Some(Rungs { offers_source, rungs }) = &script.ladder else { return vec![source] };
    let terms = RUNGS.map(|(name, lines)| RenditionTerms {
        name: name.to_owned(),
        label: name.to_owned(),
        bandwidth: 500_000,
        lines,
        frame_rate: None,
        sound: RenditionSound::Own,
    });
    broadcast.set_ladder(*offers_source, terms[..rungs.len()].to_vec()).expect("not decided before");
    let ladder = broadcast.ladder().expect("decided");
    let made = ladder.renditions.iter().zip(rungs).map(|(rendition, rung)| {
        let lines = rendition.terms().lines;
        let height = lines.unwrap_or(160);
        let film = Film { width: height * 2, height, picture: lines.is_some(), ..Film::default() };
        let rung = *rung;
        let name = &rendition.terms().name;
        let followed = Followed::new(name, film.tracks(), move |segment, part| rung.is_out(segment, part));
        let shelf = rendition.shelf().writer().expect("the first writer");
        Seat::new(name, shelf, Some((followed, rung.lag)), forms())
    });
    [source].into_iter().chain(made).collect()
}

/// A frame whose stamps are off, each time a little else.
fn shaken(frame: Frame, jitter: i64, seed: &mut u64) -> Frame {
    *seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
    let span = 2 * jitter + 1;
    let off = i64::try_from(*seed >> 33).expect("31 bits") % span - jitter;
    let by = Ticks::from_millis(off);
    Frame { dts: frame.dts + by, pts: frame.pts + by, ..frame }
}
