//! One broadcast's way from its frames to its shelves.
//!
//! Promise: whatever way the session ends, the last snapshot of each shelf says so to those who wait; the source
//! waits for no rendition.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use domain::ContainerFormat;
use live::{Broadcast, Hub, Ladder, Next, Rendition, Subscriber, Terms, Text};
use media::{Ticks, TrackKind, Tracks, ts};
use tokio::time::sleep;
use tokio_util::sync::CancellationToken;
use tracing::{info, warn};

use crate::lane::{Lane, first_of, of_disks};
use crate::rewind::{Scribe, Shelves, heap};
use crate::{Config, Cut, Follower, Segmenter, follower};

/// How long renditions may take to end after the source did.
const PATIENCE: Duration = Duration::from_secs(3);
/// Frames of a rendition that are taken at once, so that the source has its turn.
const MOST_AT_ONCE: usize = 64;
/// Pictures of which it is kept when they are shown: half a minute of them.
const MOST_EARLY: usize = 3_600;

pub(crate) struct Session {
    config: Config,
    broadcast: Arc<Broadcast>,
    shelves: Option<Shelves>,
    segmenter: Segmenter,
    /// The source's first, then one for each of `tails`.
    lanes: Vec<Lane>,
    tails: Vec<Tail>,
    /// Of the cuts so far.
    discontinuities: u64,
    /// When the source's pictures are shown, as long as it is not decided what follows it.
    early: Option<Vec<Ticks>>,
    /// The source has.
    ended: bool,
}

/// What follows the source.
struct Tail {
    rendition: Arc<Rendition>,
    frames: Subscriber,
    follower: Follower,
    /// No frames follow.
    is_over: bool,
    /// Discontinuities before its first segment.
    before: u64,
}

/// What a session waits for.
enum News {
    Stream(Next),
    Ladder(Arc<Ladder>),
    /// Of one of the tails.
    Rendition(usize, Next),
    /// From the disk of one lane: the bytes that the stream is to give up.
    Disk(usize, u64),
}

impl Session {
    /// `None` when somebody else fills this broadcast's shelf.
    pub(crate) fn new(config: Config, broadcast: &Arc<Broadcast>, shelves: Option<&Shelves>) -> Option<Self> {
        let disk = disk(broadcast, None, shelves);
        Some(Self {
            config,
            broadcast: Arc::clone(broadcast),
            shelves: shelves.cloned(),
            segmenter: Segmenter::within(broadcast.container(), config.part),
            lanes: vec![Lane::new(config, broadcast.shelf().writer()?, disk)],
            tails: Vec::new(),
            discontinuities: 0,
            early: Some(Vec::new()),
            ended: false,
        })
    }

    /// Packages until the end, then keeps the result findable for a while.
    pub(crate) async fn run(mut self, hub: Hub, shutdown: CancellationToken) {
        let is_overdue = self.package(&shutdown).await;
        self.end(if is_overdue { Duration::ZERO } else { PATIENCE }).await;
        if self.lanes.iter().any(Lane::is_shown) {
            tokio::select! {
                () = sleep(self.config.linger) => {}
                () = shutdown.cancelled() => {}
            }
        }
        hub.forget(&self.broadcast);
        // At a shutdown viewers read on; files go when all else has ended.
        if !shutdown.is_cancelled() {
            for lane in self.lanes {
                lane.discard().await;
            }
        }
    }

    /// Packages until the source ends. True when the time for that is over.
    async fn package(&mut self, shutdown: &CancellationToken) -> bool {
        let broadcast = Arc::clone(&self.broadcast);
        let mut frames = broadcast.subscribe();
        let drain = self.config.drain;
        let overdue = async {
            shutdown.cancelled().await;
            sleep(drain).await;
        };
        let ladder = broadcast.decided_ladder();
        tokio::pin!(overdue, ladder);
        let mut is_decided = false;
        loop {
            // The source comes before its renditions: they are measured by it.
            let news = tokio::select! {
                biased;
                () = &mut overdue => return true,
                next = frames.next() => News::Stream(next),
                decided = &mut ladder, if !is_decided => News::Ladder(decided),
                news = self.news() => news,
            };
            match news {
                News::Stream(Next::End) => return false,
                News::Ladder(ladder) => {
                    is_decided = true;
                    self.follow(&ladder);
                }
                news => self.take(news),
            }
            self.show().await;
        }
    }

    /// What comes from others than the source. Safe to cancel.
    async fn news(&mut self) -> News {
        let living = self.tails.iter_mut().enumerate().filter(|(_, tail)| !tail.is_over);
        let frames = first_of(living.map(|(at, tail)| async move { (at, tail.frames.next().await) }));
        tokio::select! {
            (at, next) = frames => News::Rendition(at, next),
            (at, owed) = of_disks(&mut self.lanes) => News::Disk(at, owed),
        }
    }

    fn take(&mut self, news: News) {
        match news {
            News::Stream(next) => self.take_source(next),
            News::Ladder(_) => {}
            News::Rendition(at, next) => self.tails[at].take(next),
            News::Disk(at, 0) => self.lanes[at].keep(),
            News::Disk(_, owed) => self.shed(owed),
        }
    }

    fn take_source(&mut self, next: Next) {
        match next {
            Next::Tracks(tracks) => self.tracks(tracks),
            Next::Frame(frame) => {
                if frame.track == TrackKind::Video {
                    self.tails.iter_mut().for_each(|tail| tail.follower.source(frame.pts));
                    let early = self.early.as_mut().filter(|early| early.len() < MOST_EARLY);
                    early.into_iter().for_each(|early| early.push(frame.pts));
                }
                self.segmenter.frame(frame, SystemTime::now());
            }
            Next::Metadata(text) => self.metadata(text),
            Next::Lagged => self.segmenter.lagged(),
            Next::End => {}
        }
    }

    fn tracks(&mut self, tracks: Arc<Tracks>) {
        let is_ts = self.broadcast.container() == ContainerFormat::Ts;
        if is_ts && tracks.audio != ts::carried(&tracks).audio {
            let (channel, stream) = (self.broadcast.channel(), self.broadcast.stream());
            warn!(%channel, %stream, "sound left out: a transport stream can't carry its parameters");
        }
        self.segmenter.tracks(tracks);
    }

    fn metadata(&mut self, text: Text) {
        let bytes = text.text.len();
        if !self.segmenter.metadata(text) {
            let (channel, stream) = (self.broadcast.channel(), self.broadcast.stream());
            warn!(%channel, %stream, bytes, "metadata left out: too much waits for the next picture");
        }
    }

    /// Renditions begin with the next segment.
    fn follow(&mut self, ladder: &Ladder) {
        let early = self.early.take().unwrap_or_default();
        for rendition in &ladder.renditions {
            let Some(shelf) = rendition.shelf().writer() else { continue };
            let disk = disk(&self.broadcast, Some(&rendition.terms().name), self.shelves.as_ref());
            self.lanes.push(Lane::new(self.config, shelf, disk));
            let mut follower = Follower::new(self.broadcast.container(), rendition.terms());
            early.iter().for_each(|pts| follower.source(*pts));
            self.tails.push(Tail {
                rendition: Arc::clone(rendition),
                frames: rendition.subscribe(),
                follower,
                is_over: false,
                before: self.discontinuities,
            });
        }
    }

    /// Gives up the oldest on disk, of all renditions alike: first the lists without them, then the files.
    fn shed(&mut self, bytes: u64) {
        let number = heap(&self.lanes.iter().filter_map(Lane::history), bytes);
        self.lanes.iter_mut().for_each(|lane| lane.shed_before(number));
        self.lanes.iter_mut().for_each(Lane::keep);
    }

    /// Puts what is finished on the shelves.
    async fn show(&mut self) {
        let cuts: VecDeque<Cut> = std::iter::from_fn(|| self.segmenter.next_cut()).collect();
        for cut in &cuts {
            self.tails.iter_mut().for_each(|tail| tail.follower.cut(cut));
            self.discontinuities += u64::from(cut.begins_run());
            if let Some(measure) = cut.measure.as_ref().filter(|measure| measure.opens) {
                self.broadcast.pulse().set_clock(measure.presented.start, cut.heading.time);
            }
        }
        let Some(source) = self.segmenter.terms().copied() else { return };
        let Some((lane, lanes)) = self.lanes.split_first_mut() else { return };
        if lane.show(cuts, source, 0, self.ended).await {
            announce(&self.broadcast, &source);
        }
        for (tail, lane) in self.tails.iter_mut().zip(lanes) {
            let cuts: VecDeque<Cut> = std::iter::from_fn(|| tail.follower.next_cut()).collect();
            let is_last = self.ended && tail.is_done();
            let terms = follower::terms(&source, tail.rendition.terms());
            lane.show(cuts, terms, tail.before, is_last).await;
        }
    }

    /// The source has ended; its renditions have so long to come to their end.
    async fn end(&mut self, patience: Duration) {
        self.segmenter.end();
        self.ended = true;
        self.show().await;
        let patience = sleep(patience);
        tokio::pin!(patience);
        while !self.tails.iter().all(Tail::is_done) {
            tokio::select! {
                biased;
                () = &mut patience => break,
                news = self.news() => self.take(news),
            }
            self.show().await;
        }
        self.tails.iter_mut().for_each(Tail::end);
        self.show().await;
        self.lanes.iter_mut().for_each(Lane::end);
        let shown = self.lanes.iter().any(Lane::is_shown);
        let (channel, stream) = (self.broadcast.channel(), self.broadcast.stream());
        info!(%channel, %stream, shown, "packaging ended");
    }
}

impl Tail {
    /// Takes this and what else there is already.
    fn take(&mut self, first: Next) {
        self.take_one(first);
        for _ in 1..MOST_AT_ONCE {
            let next = if self.is_over { None } else { self.frames.try_next() };
            let Some(next) = next else { return };
            self.take_one(next);
        }
    }

    fn take_one(&mut self, next: Next) {
        match next {
            Next::Tracks(tracks) => self.follower.tracks(tracks),
            Next::Frame(frame) => self.follower.frame(frame),
            // The source's texts are told.
            Next::Metadata(_) => {}
            Next::Lagged => self.follower.lagged(),
            Next::End => self.end(),
        }
    }

    fn end(&mut self) {
        self.is_over = true;
        self.follower.end();
    }

    /// Is there nothing to wait for, now that the source has ended?
    fn is_done(&self) -> bool {
        self.is_over || self.follower.is_up_to_date()
    }
}

/// Where segments go that leave memory, and how far back viewers may go.
fn disk(
    broadcast: &Broadcast,
    rendition: Option<&str>,
    shelves: Option<&Shelves>,
) -> Option<(Scribe, Duration)> {
    let (shelves, length) = shelves.zip(broadcast.rewind())?;
    Some((Scribe::new(broadcast.stream(), rendition, shelves), length))
}

fn announce(broadcast: &Broadcast, terms: &Terms) {
    let (channel, stream) = (broadcast.channel(), broadcast.stream());
    let (part, target) = (terms.part_target.as_secs_f64(), terms.target_duration);
    info!(%channel, %stream, part_target = part, target_duration = target, "first playlist");
}
