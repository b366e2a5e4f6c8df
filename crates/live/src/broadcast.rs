//! One live session of a channel: its publisher's end, its readers' ends, its shelf.
//!
//! Promise: dropping the [`Publisher`] ends the broadcast for everybody, in order, after the last frame.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, SystemTime};

use domain::{Arn, ContainerFormat, LatencyMode, StreamId};
use media::{Frame, TrackKind, Tracks};
use tokio::sync::{Notify, watch};

use crate::hub::Hub;
use crate::pulse::Pulse;
use crate::ring::{Next, Ring, RingLimits, Text, TextSource};
use crate::shelf::Shelf;

/// Who may watch a broadcast. Fixed while it is on air: a live channel can't be updated.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Audience {
    /// Whoever has the address.
    Everyone,
    /// Viewers with a token: the channel is private (`authorized`).
    TokenHolders,
}

/// How a broadcast is handed out. Fixed while it is on air.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Airing {
    /// Who may watch.
    pub audience: Audience,
    /// Container of its parts and segments.
    pub container: ContainerFormat,
    /// May viewers be told of media that are still being made?
    pub latency: LatencyMode,
    /// The channel's playback restriction policy. Which one it is stays; what it says may change.
    pub restriction: Option<Arn>,
    /// How far back viewers may go, where that is further than the usual window.
    pub rewind: Option<Duration>,
}

impl From<Audience> for Airing {
    /// In fragmented MP4 at low latency, unrestricted, with the usual window.
    fn from(audience: Audience) -> Self {
        Self {
            audience,
            container: ContainerFormat::FragmentedMp4,
            latency: LatencyMode::Low,
            restriction: None,
            rewind: None,
        }
    }
}

/// One live session of a channel. Shared by all who read it; it stays readable after its end for as long
/// as somebody holds it.
#[derive(Debug)]
pub struct Broadcast {
    channel: Arn,
    stream: StreamId,
    airing: Airing,
    started: SystemTime,
    pulse: Pulse,
    ring: Mutex<Ring>,
    news: Notify,
    stop: watch::Sender<bool>,
    shelf: Shelf,
    forgotten: AtomicBool,
}

impl Broadcast {
    pub(crate) fn new(
        channel: Arn,
        stream: StreamId,
        airing: Airing,
        started: SystemTime,
        limits: RingLimits,
    ) -> Self {
        Self {
            channel,
            stream,
            airing,
            started,
            pulse: Pulse::default(),
            ring: Mutex::new(Ring::new(limits)),
            news: Notify::new(),
            stop: watch::Sender::new(false),
            shelf: Shelf::new(),
            forgotten: AtomicBool::new(false),
        }
    }

    /// The channel it belongs to.
    pub fn channel(&self) -> &Arn {
        &self.channel
    }

    /// Which of the channel's live sessions it is.
    pub fn stream(&self) -> &StreamId {
        &self.stream
    }

    /// Who may watch it.
    pub fn audience(&self) -> Audience {
        self.airing.audience
    }

    /// Container of its parts and segments.
    pub fn container(&self) -> ContainerFormat {
        self.airing.container
    }

    /// May viewers be told of media that are still being made?
    pub fn latency(&self) -> LatencyMode {
        self.airing.latency
    }

    /// The playback restriction policy that viewers are under.
    pub fn restriction(&self) -> Option<&Arn> {
        self.airing.restriction.as_ref()
    }

    /// How far back viewers may go, where that is further than the usual window.
    pub fn rewind(&self) -> Option<Duration> {
        self.airing.rewind
    }

    /// What is measured of it, at this moment.
    pub fn pulse(&self) -> &Pulse {
        &self.pulse
    }

    /// When it went on air.
    pub fn started(&self) -> SystemTime {
        self.started
    }

    /// What its frames are by now; `None` before the publisher said so.
    pub fn tracks(&self) -> Option<Arc<Tracks>> {
        self.ring().tracks()
    }

    /// Can a viewer who comes now begin to play?
    pub fn is_playable(&self) -> bool {
        self.shelf.latest().is_some_and(|now| !now.ended)
    }

    /// Adds text of the API's that belongs to the next picture; never waits. Every reader gets it at the same place
    /// among the frames, and one that lost them for the next picture that it begins with.
    pub fn put_metadata(&self, text: &str) {
        self.put_text(Text { text: Arc::from(text), source: TextSource::Api });
    }

    fn put_text(&self, text: Text) {
        self.ring().put_metadata(text);
        self.news.notify_waiters();
    }

    /// A new reader of the frames. It gets the tracks first, then frames from the latest keyframe on if that
    /// is still held (it is while nobody else reads), else from the next one on.
    pub fn subscribe(self: &Arc<Self>) -> Subscriber {
        let reader = self.ring().enter();
        Subscriber { broadcast: Arc::clone(self), reader }
    }

    /// Finished parts and segments.
    pub fn shelf(&self) -> &Shelf {
        &self.shelf
    }

    /// Asks the publisher's side to end this broadcast. It may take a moment; asking twice is no harm.
    pub fn request_stop(&self) {
        self.stop.send_replace(true);
    }

    /// Resolves when somebody asked this broadcast to stop; at once when that was before. Safe to cancel.
    pub async fn stop_requested(&self) {
        let mut asked = self.stop.subscribe();
        // The sender lives as long as `self`, so this can't fail.
        let _ = asked.wait_for(|asked| *asked).await;
    }

    /// Is it over and out of the register, so that nobody finds it any more?
    pub fn is_forgotten(&self) -> bool {
        self.forgotten.load(Ordering::Acquire)
    }

    pub(crate) fn forget(&self) {
        self.forgotten.store(true, Ordering::Release);
    }

    /// Was it asked to stop?
    pub fn is_stopping(&self) -> bool {
        *self.stop.borrow()
    }

    /// True if a reader ever came.
    pub(crate) fn was_read(&self) -> bool {
        self.ring().was_read()
    }

    fn read(&self, reader: u64) -> Option<Next> {
        self.ring().read(reader)
    }

    /// Held for pointer moves only. A panic under it leaves the ring whole: each change is one call.
    fn ring(&self) -> MutexGuard<'_, Ring> {
        self.ring.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The pushing end of a broadcast. Dropping it ends the broadcast.
#[derive(Debug)]
pub struct Publisher {
    broadcast: Arc<Broadcast>,
    hub: Hub,
    quiet: u8,
}

impl Publisher {
    /// Audio frames that may wait for a picture before they wake readers on their own: a third of a second.
    const QUIET: u8 = 16;

    pub(crate) fn new(broadcast: Arc<Broadcast>, hub: Hub) -> Self {
        Self { broadcast, hub, quiet: 0 }
    }

    /// Says what the following frames are. Repeated equal tracks and empty ones are ignored; changed ones
    /// reach readers in order with the frames.
    pub fn set_tracks(&mut self, tracks: Tracks) {
        if self.broadcast.ring().set_tracks(tracks) {
            self.broadcast.news.notify_waiters();
        }
    }

    /// Adds a frame; never waits. Frames that come before any tracks are dropped.
    ///
    /// Beside a picture, sound alone wakes no sleeping reader (up to a third of a second of it): nothing
    /// downstream can use it before the next picture, and a wake-up costs more than all else here.
    pub fn push(&mut self, frame: Frame) {
        let sound = frame.track == TrackKind::Audio;
        let mut ring = self.broadcast.ring();
        ring.push(frame);
        let may_wait = sound && ring.has_video();
        drop(ring);
        if may_wait && self.quiet < Self::QUIET {
            self.quiet += 1;
        } else {
            self.quiet = 0;
            self.broadcast.news.notify_waiters();
        }
    }

    /// Adds text that the encoder sent, for its next picture; never waits.
    pub fn push_text(&mut self, text: &str) {
        self.broadcast.put_text(Text { text: Arc::from(text), source: TextSource::Encoder });
    }

    /// Resolves when somebody asked this stream to stop. Safe to cancel and call again.
    pub async fn stop_requested(&self) {
        self.broadcast.stop_requested().await;
    }

    /// The broadcast it feeds.
    pub fn broadcast(&self) -> &Arc<Broadcast> {
        &self.broadcast
    }
}

impl Drop for Publisher {
    fn drop(&mut self) {
        self.broadcast.ring().end();
        self.broadcast.news.notify_waiters();
        self.hub.retire(&self.broadcast);
    }
}

/// A reading end of a broadcast's frames, at its own pace.
#[derive(Debug)]
pub struct Subscriber {
    broadcast: Arc<Broadcast>,
    reader: u64,
}

impl Subscriber {
    /// The next tracks, frame or news; waits for it. Safe to cancel: nothing is lost.
    pub async fn next(&mut self) -> Next {
        loop {
            if let Some(next) = self.broadcast.read(self.reader) {
                return next;
            }
            // Made before the second look: it hears every notification from here on.
            let news = self.broadcast.news.notified();
            if let Some(next) = self.broadcast.read(self.reader) {
                return next;
            }
            news.await;
        }
    }

    /// The next tracks, frame or news, if it is there already.
    pub fn try_next(&mut self) -> Option<Next> {
        self.broadcast.read(self.reader)
    }
}

impl Drop for Subscriber {
    fn drop(&mut self) {
        self.broadcast.ring().leave(self.reader);
    }
}
