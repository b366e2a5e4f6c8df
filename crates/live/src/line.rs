//! Frames on their way from one who pushes to those who read: a ring, and a bell beside it.
//!
//! Promise: whoever pushes never waits; whoever reads sleeps until there is news.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use media::Tracks;
use tokio::sync::Notify;

use crate::ring::{Next, Ring, RingLimits, Text};

#[derive(Debug)]
pub(crate) struct Line {
    ring: Mutex<Ring>,
    news: Notify,
}

impl Line {
    pub(crate) fn new(limits: RingLimits) -> Self {
        Self { ring: Mutex::new(Ring::new(limits)), news: Notify::new() }
    }

    pub(crate) fn set_tracks(&self, tracks: Tracks) {
        if self.ring().set_tracks(tracks) {
            self.wake();
        }
    }

    pub(crate) fn put_text(&self, text: Text) {
        self.ring().put_metadata(text);
        self.wake();
    }

    /// Nothing follows.
    pub(crate) fn end(&self) {
        self.ring().end();
        self.wake();
    }

    pub(crate) fn wake(&self) {
        self.news.notify_waiters();
    }

    pub(crate) fn subscribe(self: &Arc<Self>) -> Subscriber {
        let reader = self.ring().enter();
        Subscriber { line: Arc::clone(self), reader }
    }

    /// Held for pointer moves only. A panic under it leaves the ring whole: each change is one call.
    pub(crate) fn ring(&self) -> MutexGuard<'_, Ring> {
        self.ring.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A reading end of a broadcast's frames, or of a rendition's, at its own pace.
#[derive(Debug)]
pub struct Subscriber {
    line: Arc<Line>,
    reader: u64,
}

impl Subscriber {
    /// The next tracks, frame or news; waits for it. Safe to cancel: nothing is lost.
    pub async fn next(&mut self) -> Next {
        loop {
            if let Some(next) = self.try_next() {
                return next;
            }
            // Made before the second look: it hears every notification from here on.
            let line = Arc::clone(&self.line);
            let news = line.news.notified();
            if let Some(next) = self.try_next() {
                return next;
            }
            news.await;
        }
    }

    /// The next tracks, frame or news, if it is there already.
    pub fn try_next(&mut self) -> Option<Next> {
        self.line.ring().read(self.reader)
    }
}

impl Drop for Subscriber {
    fn drop(&mut self) {
        self.line.ring().leave(self.reader);
    }
}
