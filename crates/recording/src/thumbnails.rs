//! Thumbnails of a recording: which are ordered of a stream, and what comes of the order.
//!
//! Promise: all thumbnails of a recording have the one size that its manifest tells, over all streams that are merged
//! into it; each says itself which moment it shows; none that was made is lost without a word in the log.
//!
//! Source: IVS API reference, ThumbnailConfiguration; user guide, "Auto-Record to Amazon S3", "Thumbnails".

mod dated;

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use bytes::Bytes;
use domain::{RecordingConfiguration, ThumbnailMode, ThumbnailStorage};
use live::{
    Broadcast, Ladder, Next, Ordered, OrderedThumbnails, Subscriber, Thumbnail, ThumbnailOrder,
    thumbnail_size,
};
use media::{AvcParams, Ticks};
use tokio::time::sleep;
use tracing::warn;

use crate::manifest::Size;
use crate::selection::{Candidate, thumbnail_lines};

/// The moment that a thumbnail of ours shows, by its first 256 bytes; `None` of any other image.
pub(crate) fn date_of(jpeg: &[u8]) -> Option<String> {
    dated::date_of(jpeg)
}

/// How often it is asked what time playlists tell, until the first segment says so.
const GLANCE: Duration = Duration::from_millis(50);

/// Which thumbnails a recording has: decided by its first stream.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Plan {
    /// From one to the next on the stream's own clock.
    pub every: Duration,
    /// The size of each.
    pub size: Size,
    /// All of them are kept, numbered.
    pub is_sequential: bool,
    /// The newest one is kept.
    pub is_latest: bool,
}

impl Plan {
    /// What this configuration wants of a stream with these pictures and renditions; `None`: no thumbnails.
    pub fn of(config: &RecordingConfiguration, ladder: &Ladder, video: &AvcParams) -> Option<Self> {
        let wanted = &config.thumbnails;
        let [is_sequential, is_latest] = [ThumbnailStorage::Sequential, ThumbnailStorage::Latest]
            .map(|kind| wanted.storage.contains(&kind));
        if wanted.mode == ThumbnailMode::Disabled || !(is_sequential || is_latest) {
            return None;
        }
        let lines = thumbnail_lines(config, &candidates(ladder, video));
        let (width, height) = thumbnail_size(video, lines);
        let every = Duration::from_secs(u64::from(wanted.interval_seconds.max(1)));
        Some(Self { every, size: Size { width, height }, is_sequential, is_latest })
    }

    fn order(&self) -> ThumbnailOrder {
        let Size { width, height } = self.size;
        ThumbnailOrder { every: self.every, width, height }
    }
}

/// What thumbnails may have the size of.
fn candidates(ladder: &Ladder, video: &AvcParams) -> Vec<Candidate> {
    let (width, height) = thumbnail_size(video, None);
    let lines = Some(width.min(height));
    let source = Candidate { name: String::new(), lines, width, height, is_source: true };
    let others = ladder.renditions.iter().map(|rendition| {
        let terms = rendition.terms();
        let (width, height) = terms.lines.map_or((0, 0), |lines| thumbnail_size(video, Some(lines)));
        Candidate { name: terms.name.clone(), lines: terms.lines, width, height, is_source: false }
    });
    others.chain(ladder.offers_source.then_some(source)).collect()
}

/// A thumbnail as it is to be kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Image {
    /// A JPEG file, dated.
    pub jpeg: Bytes,
    /// When its picture is shown, on the stream's own clock.
    pub pts: Ticks,
    /// The same as playlists tell it.
    pub time: SystemTime,
}

/// The thumbnails of one stream. To drop it takes the order back.
#[derive(Debug)]
pub struct Thumbnails {
    broadcast: Arc<Broadcast>,
    plan: Option<Plan>,
    is_ordered: bool,
    images: OrderedThumbnails,
    /// Read only until it tells what pictures there are.
    frames: Option<Subscriber>,
    missed: u64,
    /// It came before it was known what time playlists tell of it.
    early: Option<Arc<Thumbnail>>,
}

impl Thumbnails {
    /// Those of a stream, as its own configuration wants them; `plan`: as the recording that it goes on with has
    /// them.
    pub fn of(broadcast: &Arc<Broadcast>, plan: Option<Plan>) -> Self {
        let images = broadcast.ordered_thumbnails();
        let broadcast = Arc::clone(broadcast);
        Self { broadcast, plan, is_ordered: false, images, frames: None, missed: 0, early: None }
    }

    /// What is planned, as soon as the stream's ladder and its pictures are known; it stays as it is. `None`: not
    /// known yet, or no thumbnails.
    pub fn plan(&mut self) -> Option<Plan> {
        self.plan = self.plan.or_else(|| {
            let (ladder, tracks) = (self.broadcast.ladder()?, self.broadcast.tracks()?);
            Plan::of(self.broadcast.recording()?, &ladder, tracks.video.as_ref()?)
        });
        let order = self.plan.as_ref().map(Plan::order);
        if order.is_some() && !std::mem::replace(&mut self.is_ordered, true) {
            self.broadcast.order_thumbnails(order);
        }
        self.plan
    }

    /// The next one; waits for it, for ever where none comes any more. Safe to cancel.
    pub async fn next(&mut self) -> Image {
        match self.last().await {
            Some(image) => image,
            None => std::future::pending().await,
        }
    }

    /// The next one of those that are still being made, of a stream that is over. Safe to cancel. `None`: that was
    /// all.
    pub async fn last(&mut self) -> Option<Image> {
        self.settle().await;
        while self.is_ordered {
            if let Some(early) = &self.early {
                if let Some(time) = self.broadcast.pulse().time_of(early.pts) {
                    let (jpeg, pts) = (dated::dated(&early.jpeg, time), early.pts);
                    self.early = None;
                    return Some(Image { jpeg, pts, time });
                }
                sleep(GLANCE).await;
                continue;
            }
            match self.images.next().await? {
                Ordered::Thumbnail(thumbnail) => self.early = Some(thumbnail),
                Ordered::Missed(count) => self.miss(count),
            }
        }
        None
    }

    /// Waits until there is a plan; without one there is nothing to wait for.
    async fn settle(&mut self) {
        let is_wanted = self.broadcast.recording().is_some_and(|config| wants_thumbnails(config));
        if self.plan().is_some() || !is_wanted {
            return;
        }
        self.broadcast.decided_ladder().await;
        // A stream that gets pictures later has thumbnails from then on.
        while self.plan().is_none() {
            let frames = self.frames.get_or_insert_with(|| self.broadcast.subscribe());
            let is_over = loop {
                match frames.next().await {
                    Next::Tracks(_) => break false,
                    Next::End => break true,
                    Next::Frame(_) | Next::Metadata(_) | Next::Lagged => {}
                }
            };
            if is_over {
                break;
            }
        }
        self.frames = None;
    }

    fn miss(&mut self, count: u64) {
        if self.missed == 0 {
            let (channel, stream) = (self.broadcast.channel(), self.broadcast.stream());
            warn!(%channel, %stream, count, "thumbnails of a recording are lost: they come faster than they are kept");
        }
        self.missed = self.missed.saturating_add(count);
    }

    /// How many were lost as they came faster than they were taken.
    pub fn missed(&self) -> u64 {
        self.missed
    }
}

impl Drop for Thumbnails {
    fn drop(&mut self) {
        if self.is_ordered {
            self.broadcast.order_thumbnails(None);
        }
    }
}

fn wants_thumbnails(config: &RecordingConfiguration) -> bool {
    config.thumbnails.mode == ThumbnailMode::Interval && !config.thumbnails.storage.is_empty()
}
