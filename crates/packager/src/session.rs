//! One broadcast's way from its frames to its shelf.
//!
//! Promise: the shelf gets one part at a time, and whatever way the session ends, its last snapshot says
//! so to those who wait.

use std::future::pending;
use std::sync::Arc;
use std::time::SystemTime;

use domain::ContainerFormat;
use live::{Broadcast, Hub, Next, ShelfWriter, Text};
use media::{Tracks, ts};
use tokio::time::sleep;
use tokio_util::sync::CancellationToken;
use tracing::{info, warn};

use crate::rewind::{Scribe, Shelves};
use crate::{Config, Cut, Segmenter, Window};

pub(crate) struct Session {
    config: Config,
    broadcast: Arc<Broadcast>,
    shelf: ShelfWriter,
    segmenter: Segmenter,
    window: Option<Window>,
    /// Where viewers may go back further than memory does.
    scribe: Option<Scribe>,
    is_shown: bool,
}

/// What a session waits for.
enum News {
    Stream(Next),
    /// From the disk. `true`: the list is shorter than was shown.
    Disk(bool),
}

impl Session {
    /// `None` when somebody else fills this broadcast's shelf.
    pub(crate) fn new(config: Config, broadcast: &Arc<Broadcast>, shelves: Option<&Shelves>) -> Option<Self> {
        let shelves = shelves.filter(|_| broadcast.rewind().is_some());
        Some(Self {
            config,
            broadcast: Arc::clone(broadcast),
            shelf: broadcast.shelf().writer()?,
            segmenter: Segmenter::within(broadcast.container(), config.part),
            window: None,
            scribe: shelves.map(|shelves| Scribe::new(broadcast.stream(), shelves)),
            is_shown: false,
        })
    }

    /// Packages until the end, then keeps the result findable for a while.
    pub(crate) async fn run(mut self, hub: Hub, shutdown: CancellationToken) {
        let mut frames = self.broadcast.subscribe();
        let drain = self.config.drain;
        let overdue = async {
            shutdown.cancelled().await;
            sleep(drain).await;
        };
        tokio::pin!(overdue);
        loop {
            let news = tokio::select! {
                next = frames.next() => News::Stream(next),
                is_shorter = of_disk(self.scribe.as_mut(), self.window.as_mut()) => News::Disk(is_shorter),
                () = &mut overdue => News::Stream(Next::End),
            };
            match news {
                News::Stream(Next::Tracks(tracks)) => self.tracks(tracks),
                News::Stream(Next::Frame(frame)) => self.segmenter.frame(frame, SystemTime::now()),
                News::Stream(Next::Metadata(text)) => self.metadata(text),
                News::Stream(Next::Lagged) => self.segmenter.lagged(),
                News::Stream(Next::End) => break,
                News::Disk(is_shorter) => self.keep(is_shorter),
            }
            self.show().await;
        }
        drop(frames);
        self.end().await;
        if self.is_shown {
            tokio::select! {
                () = sleep(self.config.linger) => {}
                () = shutdown.cancelled() => {}
            }
        }
        hub.forget(&self.broadcast);
        // At a shutdown viewers read on; files go when all else has ended.
        if let Some(scribe) = self.scribe.filter(|_| !shutdown.is_cancelled()) {
            scribe.discard().await;
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

    /// Puts what is finished on the shelf.
    async fn show(&mut self) {
        while let Some(cut) = self.segmenter.next_cut() {
            self.apply(cut);
            self.put().await;
        }
    }

    fn apply(&mut self, cut: Cut) {
        let Some(terms) = self.segmenter.terms() else { return };
        let rewind = self.broadcast.rewind().filter(|_| self.scribe.is_some());
        let new = || Window::new(*terms, &self.config).rewindable(rewind);
        let window = self.window.get_or_insert_with(new);
        let is_finished = cut.last;
        window.apply(cut);
        if let Some(scribe) = self.scribe.as_mut().filter(|_| is_finished) {
            scribe.go_on(window);
        }
    }

    async fn put(&mut self) {
        let Some(snapshot) = self.window.as_mut().and_then(|window| window.snapshot(SystemTime::now()))
        else {
            return;
        };
        self.announce();
        self.shelf.put(snapshot);
        // Several at once are rare; each still gets its turn with those who wait.
        tokio::task::yield_now().await;
    }

    /// Goes on with bringing segments to disk.
    fn keep(&mut self, is_shorter: bool) {
        let (Some(scribe), Some(window)) = (&mut self.scribe, &mut self.window) else { return };
        // First the list without them, then the files.
        if is_shorter && let Some(snapshot) = window.snapshot(SystemTime::now()) {
            self.shelf.put(snapshot);
        }
        scribe.go_on(window);
    }

    async fn end(&mut self) {
        self.segmenter.end();
        // The last cut and the end are told as one: between them a player would be promised a part that never
        // comes, and Shaka gives up on that.
        let mut next = self.segmenter.next_cut();
        while let Some(cut) = next {
            self.apply(cut);
            next = self.segmenter.next_cut();
            if next.is_some() {
                self.put().await;
            }
        }
        self.scribe.iter_mut().for_each(Scribe::end);
        if let Some(window) = &mut self.window {
            window.end();
            if let Some(snapshot) = window.snapshot(SystemTime::now()) {
                self.is_shown = true;
                self.shelf.put(snapshot);
            }
        }
        let (channel, stream) = (self.broadcast.channel(), self.broadcast.stream());
        info!(%channel, %stream, shown = self.is_shown, "packaging ended");
    }

    fn announce(&mut self) {
        if self.is_shown {
            return;
        }
        self.is_shown = true;
        let (channel, stream) = (self.broadcast.channel(), self.broadcast.stream());
        if let Some(terms) = self.segmenter.terms() {
            let (part, target) = (terms.part_target.as_secs_f64(), terms.target_duration);
            info!(%channel, %stream, part_target = part, target_duration = target, "first playlist");
        }
    }
}

/// What the disk says; nothing where there is none.
async fn of_disk(scribe: Option<&mut Scribe>, window: Option<&mut Window>) -> bool {
    match scribe {
        Some(scribe) => scribe.news(window).await,
        None => pending().await,
    }
}
