//! One rendition's window, shelf and disk: what is done with cuts, whoever made them.
//!
//! Promise: the shelf gets one part at a time, and the last one together with the end: between them a player would
//! be promised a part that never comes, and Shaka gives up on that.

use std::collections::VecDeque;
use std::future::{Future, pending, poll_fn};
use std::pin::Pin;
use std::task::Poll;
use std::time::{Duration, SystemTime};

use live::{History, ShelfWriter, Terms};

use crate::rewind::Scribe;
use crate::{Config, Cut, Window};
use tokio::time::sleep;

pub(crate) struct Lane {
    config: Config,
    shelf: ShelfWriter,
    window: Option<Window>,
    /// Where viewers may go back further than memory does, and how far.
    disk: Option<(Scribe, Duration)>,
    is_shown: bool,
    ended: bool,
}

impl Lane {
    pub(crate) fn new(config: Config, shelf: ShelfWriter, disk: Option<(Scribe, Duration)>) -> Self {
        Self { config, shelf, window: None, disk, is_shown: false, ended: false }
    }

    /// Does anybody see something here?
    pub(crate) fn is_shown(&self) -> bool {
        self.is_shown
    }

    /// What is on disk.
    pub(crate) fn history(&self) -> Option<&History> {
        self.window.as_ref().and_then(Window::history)
    }

    /// Takes cuts, and puts one part after the other on the shelf; `is_last`: nothing follows them. `terms` and
    /// `before`, the discontinuities of the stream so far, matter for the first one. True when something is there for
    /// the first time.
    pub(crate) async fn show(
        &mut self,
        cuts: VecDeque<Cut>,
        terms: Terms,
        before: u64,
        is_last: bool,
    ) -> bool {
        let was_shown = self.is_shown;
        let mut cuts = cuts.into_iter().peekable();
        while let Some(cut) = cuts.next() {
            self.apply(cut, terms, before);
            let is_closing = is_last && cuts.peek().is_none();
            if let Some(window) = self.window.as_mut().filter(|_| is_closing) {
                window.close();
            }
            self.put().await;
            if is_closing && self.is_shown {
                // hls.js asks for no part any more once it knows the end, and Shaka gives up on a part that is
                // hinted at and never comes: the last one is told alone, and there is time to fetch it.
                sleep(terms.part_target.to_duration()).await;
            }
        }
        if is_last {
            self.end();
        }
        self.is_shown && !was_shown
    }

    fn apply(&mut self, cut: Cut, terms: Terms, before: u64) {
        let length = self.disk.as_ref().map(|(_, length)| *length);
        let new = || Window::new(terms, &self.config).rewindable(length).after(before);
        let window = self.window.get_or_insert_with(new);
        let is_finished = cut.last;
        window.apply(cut);
        if let Some((scribe, _)) = self.disk.as_mut().filter(|_| is_finished) {
            scribe.go_on(window);
        }
    }

    async fn put(&mut self) {
        let snapshot = self.window.as_mut().and_then(|window| window.snapshot(SystemTime::now()));
        let Some(snapshot) = snapshot else { return };
        self.is_shown = true;
        self.shelf.put(snapshot);
        // Several at once are rare; each still gets its turn with those who wait.
        tokio::task::yield_now().await;
    }

    /// Nothing follows.
    pub(crate) fn end(&mut self) {
        if std::mem::replace(&mut self.ended, true) {
            return;
        }
        self.disk.iter_mut().for_each(|(scribe, _)| scribe.end());
        let Some(window) = &mut self.window else { return };
        window.end();
        if let Some(snapshot) = window.snapshot(SystemTime::now()) {
            self.is_shown = true;
            self.shelf.put(snapshot);
        }
    }

    /// What the disk says: the bytes that this stream is to give up, mostly none. Waits for ever where there is no
    /// disk. Safe to cancel.
    pub(crate) async fn disk(&mut self) -> u64 {
        match &mut self.disk {
            Some((scribe, _)) => scribe.news(self.window.as_mut()).await,
            None => pending().await,
        }
    }

    /// Takes the segments before this number off the list, as far as they are on disk.
    pub(crate) fn shed_before(&mut self, number: u64) {
        let Some(window) = &mut self.window else { return };
        if window.shed_before(number)
            && !self.ended
            && let Some(snapshot) = window.snapshot(SystemTime::now())
        {
            self.shelf.put(snapshot);
        }
    }

    /// Goes on with bringing segments to disk, and taking them from there; after the end the list stays as it is.
    pub(crate) fn keep(&mut self) {
        if let (Some((scribe, _)), Some(window), false) = (&mut self.disk, &mut self.window, self.ended) {
            scribe.go_on(window);
        }
    }

    /// Removes what is on disk.
    pub(crate) async fn discard(self) {
        if let Some((scribe, _)) = self.disk {
            scribe.discard().await;
        }
    }
}

/// What the first of the disks says that says something, and which.
pub(crate) async fn of_disks(lanes: &mut [Lane]) -> (usize, u64) {
    let each = lanes.iter_mut().enumerate().filter(|(_, lane)| lane.disk.is_some() && !lane.ended);
    first_of(each.map(|(at, lane)| async move { (at, lane.disk().await) })).await
}

/// The first result of any of these; with none of them it waits for ever. As safe to cancel as they are.
pub(crate) async fn first_of<F: Future>(waits: impl Iterator<Item = F>) -> F::Output {
    let mut waits: Vec<Pin<Box<F>>> = waits.map(Box::pin).collect();
    poll_fn(|context| {
        let mut ready = waits.iter_mut().filter_map(|wait| match wait.as_mut().poll(context) {
            Poll::Ready(result) => Some(result),
            Poll::Pending => None,
        });
        ready.next().map_or(Poll::Pending, Poll::Ready)
    })
    .await
}
