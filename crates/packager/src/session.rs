//! One broadcast's way from its frames to its shelf.
//!
//! Promise: the shelf gets one part at a time, and whatever way the session ends, its last snapshot says
//! so to those who wait.

use std::sync::Arc;
use std::time::SystemTime;

use domain::ContainerFormat;
use live::{Broadcast, Hub, Next, ShelfWriter, Text};
use media::{Tracks, ts};
use tokio::time::sleep;
use tokio_util::sync::CancellationToken;
use tracing::{info, warn};

use crate::{Config, Segmenter, Window};

pub(crate) struct Session {
    config: Config,
    broadcast: Arc<Broadcast>,
    shelf: ShelfWriter,
    segmenter: Segmenter,
    window: Option<Window>,
    is_shown: bool,
}

impl Session {
    /// `None` when somebody else fills this broadcast's shelf.
    pub(crate) fn new(config: Config, broadcast: &Arc<Broadcast>) -> Option<Self> {
        Some(Self {
            config,
            broadcast: Arc::clone(broadcast),
            shelf: broadcast.shelf().writer()?,
            segmenter: Segmenter::within(broadcast.container(), config.part),
            window: None,
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
            let next = tokio::select! {
                next = frames.next() => next,
                () = &mut overdue => Next::End,
            };
            match next {
                Next::Tracks(tracks) => self.tracks(tracks),
                Next::Frame(frame) => self.segmenter.frame(frame, SystemTime::now()),
                Next::Metadata(text) => self.metadata(text),
                Next::Lagged => self.segmenter.lagged(),
                Next::End => break,
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
            let Some(terms) = self.segmenter.terms() else { return };
            let window = self.window.get_or_insert_with(|| Window::new(*terms, &self.config));
            window.apply(cut);
            if let Some(snapshot) = window.snapshot(SystemTime::now()) {
                self.announce();
                self.shelf.put(snapshot);
                // Several at once are rare; each still gets its turn with those who wait.
                tokio::task::yield_now().await;
            }
        }
    }

    async fn end(&mut self) {
        self.segmenter.end();
        self.show().await;
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
