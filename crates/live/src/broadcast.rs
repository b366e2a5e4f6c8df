//! One live session of a channel: its publisher's end, its readers' ends, its shelf.
//!
//! Promise: dropping the [`Publisher`] ends the broadcast for everybody, in order, after the last frame.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, SystemTime};

use domain::{Arn, ChannelType, ContainerFormat, LatencyMode, Preset, RecordingConfiguration, StreamId};
use media::{Frame, TrackKind, Tracks};
use tokio::sync::watch;

use crate::hub::Hub;
use crate::line::{Line, Subscriber};
use crate::pulse::Pulse;
use crate::rendition::{Ladder, Rendition, RenditionPublisher, RenditionTerms};
use crate::ring::{RingLimits, Text, TextSource};
use crate::shelf::Shelf;
use crate::thumbnail::{Counter, OrderedThumbnails, Thumbnail, ThumbnailOrder};

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
    /// What is done with the pictures.
    pub channel_type: ChannelType,
    /// The ladder's preset, of the types that have one.
    pub preset: Option<Preset>,
    /// The channel's name; may be empty.
    pub channel_name: String,
    /// Where and how it is recorded, if it is.
    pub recording: Option<Arc<RecordingConfiguration>>,
}

impl From<Audience> for Airing {
    /// Passed through in fragmented MP4 at low latency, unrestricted, with the usual window.
    fn from(audience: Audience) -> Self {
        Self {
            audience,
            container: ContainerFormat::FragmentedMp4,
            latency: LatencyMode::Low,
            restriction: None,
            rewind: None,
            channel_type: ChannelType::Basic,
            preset: None,
            channel_name: String::new(),
            recording: None,
        }
    }
}

/// Why a broadcast is to end.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Stop {
    Asked,
    /// It can't be handled, in words.
    Failed(Arc<str>),
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
    limits: RingLimits,
    line: Arc<Line>,
    stop: watch::Sender<Option<Stop>>,
    shelf: Shelf,
    ladder: watch::Sender<Option<Arc<Ladder>>>,
    thumbnail: watch::Sender<Option<Arc<Thumbnail>>>,
    order: watch::Sender<Option<ThumbnailOrder>>,
    ordered: Counter,
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
        let is_decided = airing.channel_type == ChannelType::Basic;
        let ladder = is_decided.then(|| Arc::new(Ladder::passed_through()));
        Self {
            channel,
            stream,
            airing,
            started,
            pulse: Pulse::default(),
            limits,
            line: Arc::new(Line::new(limits)),
            stop: watch::Sender::new(None),
            shelf: Shelf::new(),
            ladder: watch::Sender::new(ladder),
            thumbnail: watch::Sender::new(None),
            order: watch::Sender::new(None),
            ordered: Counter::new(),
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

    /// What is done with its pictures.
    pub fn channel_type(&self) -> ChannelType {
        self.airing.channel_type
    }

    /// The ladder's preset, of the types that have one.
    pub fn preset(&self) -> Option<Preset> {
        self.airing.preset
    }

    /// What its frames are by now; `None` before the publisher said so.
    pub fn tracks(&self) -> Option<Arc<Tracks>> {
        self.line.ring().tracks()
    }

    /// Can a viewer who comes now begin to play, whichever rendition is chosen?
    pub fn is_playable(&self) -> bool {
        let is_on_air = self.shelf.latest().is_some_and(|now| !now.ended);
        is_on_air && self.ladder().is_some_and(|ladder| ladder.is_filled())
    }

    /// Its renditions; `None` as long as that is not decided.
    pub fn ladder(&self) -> Option<Arc<Ladder>> {
        self.ladder.borrow().clone()
    }

    /// Its renditions, as soon as that is decided. Safe to cancel. Waits for ever where nobody decides.
    pub async fn decided_ladder(&self) -> Arc<Ladder> {
        let mut ladder = self.ladder.subscribe();
        let decided = ladder.wait_for(Option::is_some).await.ok().and_then(|ladder| ladder.clone());
        // The sender lives as long as `self`.
        decided.unwrap_or_else(|| Arc::new(Ladder::passed_through()))
    }

    /// Decides which renditions there are beside the source, and whether the source is one that viewers are
    /// offered. Gives an end to push at for each, in the same order; `None` when it was decided before.
    pub fn set_ladder(
        &self,
        offers_source: bool,
        terms: Vec<RenditionTerms>,
    ) -> Option<Vec<RenditionPublisher>> {
        let renditions: Vec<_> =
            terms.into_iter().map(|terms| Arc::new(Rendition::new(terms, self.limits))).collect();
        let publishers = renditions.iter().map(|rendition| rendition.publisher()).collect();
        let ladder = Arc::new(Ladder { offers_source, renditions });
        let is_first = self.ladder.send_if_modified(|now| {
            let is_first = now.is_none();
            now.get_or_insert(ladder);
            is_first
        });
        is_first.then_some(publishers)
    }

    /// The newest small picture of it.
    pub fn thumbnail(&self) -> Option<Arc<Thumbnail>> {
        self.thumbnail.borrow().clone()
    }

    /// Tells of each newer one.
    pub fn thumbnails(&self) -> watch::Receiver<Option<Arc<Thumbnail>>> {
        self.thumbnail.subscribe()
    }

    /// Replaces the small picture.
    pub fn put_thumbnail(&self, thumbnail: Thumbnail) {
        self.thumbnail.send_replace(Some(Arc::new(thumbnail)));
    }

    /// The channel's name as it went on air; may be empty.
    pub fn channel_name(&self) -> &str {
        &self.airing.channel_name
    }

    /// Where and how it is recorded, if it is.
    pub fn recording(&self) -> Option<&Arc<RecordingConfiguration>> {
        self.airing.recording.as_ref()
    }

    /// Wants small pictures of it to be made, beside those that are made for viewers; `None`: no more.
    pub fn order_thumbnails(&self, order: Option<ThumbnailOrder>) {
        self.order.send_replace(order);
    }

    /// Which are wanted, and each change of that.
    pub fn thumbnail_order(&self) -> watch::Receiver<Option<ThumbnailOrder>> {
        self.order.subscribe()
    }

    /// Hands over one that was wanted.
    pub fn put_ordered_thumbnail(&self, thumbnail: Thumbnail) {
        self.ordered.put(thumbnail);
    }

    /// Says that none of those follows: the stream is over, or nobody can make any.
    pub fn end_ordered_thumbnails(&self) {
        self.ordered.close();
    }

    /// Reads those that were wanted, from now on.
    pub fn ordered_thumbnails(&self) -> OrderedThumbnails {
        self.ordered.reader()
    }

    /// Adds text of the API's that belongs to the next picture; never waits. Every reader gets it at the same place
    /// among the frames, and one that lost them for the next picture that it begins with.
    pub fn put_metadata(&self, text: &str) {
        self.line.put_text(Text { text: Arc::from(text), source: TextSource::Api });
    }

    /// A new reader of the frames. It gets the tracks first, then frames from the latest keyframe on if that
    /// is still held (it is while nobody else reads), else from the next one on.
    pub fn subscribe(&self) -> Subscriber {
        self.line.subscribe()
    }

    /// Finished parts and segments.
    pub fn shelf(&self) -> &Shelf {
        &self.shelf
    }

    /// Asks the publisher's side to end this broadcast. It may take a moment; asking twice is no harm.
    pub fn request_stop(&self) {
        self.stop.send_if_modified(|stop| stop.is_none() && stop.replace(Stop::Asked).is_none());
    }

    /// The same, as it can't be handled: `reason` is what the broadcaster and the stream's events are told.
    pub fn fail(&self, reason: &str) {
        let failed = Stop::Failed(Arc::from(reason));
        self.stop.send_if_modified(|stop| stop.is_none() && stop.replace(failed).is_none());
    }

    /// Why it can't be handled, if [`Broadcast::fail`] said so first.
    pub fn failure(&self) -> Option<Arc<str>> {
        match &*self.stop.borrow() {
            Some(Stop::Failed(reason)) => Some(Arc::clone(reason)),
            Some(Stop::Asked) | None => None,
        }
    }

    /// Resolves when somebody asked this broadcast to stop; at once when that was before. Safe to cancel.
    pub async fn stop_requested(&self) {
        let mut asked = self.stop.subscribe();
        // The sender lives as long as `self`, so this can't fail.
        let _ = asked.wait_for(Option::is_some).await;
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
        self.stop.borrow().is_some()
    }

    /// True if a reader ever came.
    pub(crate) fn was_read(&self) -> bool {
        self.line.ring().was_read()
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
        self.broadcast.line.set_tracks(tracks);
    }

    /// Adds a frame; never waits. Frames that come before any tracks are dropped.
    ///
    /// Beside a picture, sound alone wakes no sleeping reader (up to a third of a second of it): nothing
    /// downstream can use it before the next picture, and a wake-up costs more than all else here.
    pub fn push(&mut self, frame: Frame) {
        let sound = frame.track == TrackKind::Audio;
        let mut ring = self.broadcast.line.ring();
        ring.push(frame);
        let may_wait = sound && ring.has_video();
        drop(ring);
        if may_wait && self.quiet < Self::QUIET {
            self.quiet += 1;
        } else {
            self.quiet = 0;
            self.broadcast.line.wake();
        }
    }

    /// Adds text that the encoder sent, for its next picture; never waits.
    pub fn push_text(&mut self, text: &str) {
        self.broadcast.line.put_text(Text { text: Arc::from(text), source: TextSource::Encoder });
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
        self.broadcast.line.end();
        self.hub.retire(&self.broadcast);
    }
}
