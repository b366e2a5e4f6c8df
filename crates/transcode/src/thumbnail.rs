//! Small pictures of streams: for viewers those of what is passed through, as nobody else decodes it; and those that
//! somebody orders, of any stream.
//!
//! Promise: one keyframe is decoded for each, by a process that lives for it alone; whatever a stream sends, it costs
//! no more than its own pictures, one of a few processes for some seconds now and then, and one line in the log. A
//! keyframe that an order is for waits for its turn; one that can't is counted, and the first of them is told.

mod lookout;
mod schedule;
mod size;
mod still;

use std::collections::VecDeque;
use std::pin::Pin;
use std::sync::Arc;
use std::thread::available_parallelism;
use std::time::Duration;

use domain::ThumbnailMode;
use live::{Broadcast, Subscriber, Thumbnail};
use tokio::sync::Semaphore;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;
use tracing::warn;

use crate::figures::Figures;
use crate::session::words;
use crate::{Config, Confinement, Error};

use lookout::{Lookout, Wanted};
pub(crate) use size::{filter, size};
use still::Wish;

/// Processes that make small pictures at a time, on the whole server: half as many as there are processors, and at
/// least so many.
const AT_ONCE: usize = 2;
/// The whole time that one may take, where only viewers want its picture, and where somebody ordered it.
const LONGEST: Duration = Duration::from_secs(5);
const LONGEST_ORDERED: Duration = Duration::from_secs(10);

/// Keyframes of one stream that wait for their turn; and bytes of them.
const WAITING: usize = 8;
const WAITING_BYTES: usize = 16 << 20;
/// After a failure the next ordered picture of the stream is made so much later at the earliest, twice as long each
/// time up to the longest.
const PAUSE: Duration = Duration::from_secs(1);
const MOST_DOUBLINGS: u32 = 6;

/// Quality of images for viewers, and of those that are ordered, which people and programs look at closely; as the
/// encoder has it: 2 is the best, 31 the smallest.
const GLIMPSE: u8 = 4;
const CLOSE: u8 = 3;

/// Which small pictures are made of a stream.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Scope {
    /// Those for viewers, and those that are ordered.
    All,
    /// Only those that are ordered: a worker makes those for viewers.
    Ordered,
}

/// Makes small pictures. One for the server: it sees to it that there are never many processes.
#[derive(Debug)]
pub(crate) struct Thumbnailer {
    config: Config,
    confinement: Confinement,
    figures: Arc<Figures>,
    places: Semaphore,
}

/// What a process made, or why it did not; `None` at shutdown.
type Made = Result<Option<Vec<Thumbnail>>, Error>;

/// The one that is being made.
struct Making<'a> {
    of: Wanted,
    result: Pin<Box<dyn Future<Output = Made> + Send + 'a>>,
}

/// How it went with the ordered pictures of a stream so far.
#[derive(Debug, Default)]
struct Past {
    /// One after the other, up to now.
    failures: u32,
    /// Nothing is tried before.
    pause: Option<Instant>,
}

/// The pictures of one stream.
struct Work<'a> {
    thumbnailer: &'a Thumbnailer,
    broadcast: &'a Broadcast,
    over: &'a CancellationToken,
    shutdown: &'a CancellationToken,
    lookout: Lookout<'a>,
    waiting: VecDeque<Wanted>,
    making: Option<Making<'a>>,
    past: Past,
    was_told: bool,
}

impl Thumbnailer {
    /// One whose processes are started as `config` says, confined so.
    pub(crate) fn new(config: Config, confinement: Confinement, figures: Arc<Figures>) -> Self {
        let processors = available_parallelism().map_or(1, usize::from);
        let places = Semaphore::new(AT_ONCE.max(processors / 2));
        Self { config, confinement, figures, places }
    }

    /// Puts small pictures of this broadcast there until it is over, or `shutdown`; no process is left then.
    /// `beginning`: see [`beginning`]. Once the stream is `over` it waits for no order.
    pub(crate) async fn run(
        &self,
        broadcast: &Broadcast,
        scope: Scope,
        beginning: Option<Subscriber>,
        over: &CancellationToken,
        shutdown: &CancellationToken,
    ) {
        let usual = self.config.passed_thumbnail_interval;
        let usual = Some(usual).filter(|usual| scope == Scope::All && !usual.is_zero());
        let work = Work {
            thumbnailer: self,
            broadcast,
            over,
            shutdown,
            lookout: Lookout::new(broadcast, usual, beginning),
            waiting: VecDeque::new(),
            making: None,
            past: Past::default(),
            was_told: false,
        };
        work.run().await;
        broadcast.end_ordered_thumbnails();
    }

    async fn make(&self, wanted: Wanted, shutdown: &CancellationToken) -> Made {
        // The semaphore is never closed.
        let Some(Ok(_place)) = shutdown.run_until_cancelled(self.places.acquire()).await else {
            return Ok(None);
        };
        let longest = if wanted.by_order.is_some() { LONGEST_ORDERED } else { LONGEST };
        let wishes = self.wishes(&wanted);
        let program = (&self.config, &self.confinement);
        still::make(program, &wanted.key, &wishes, longest, shutdown).await
    }

    /// The one that is ordered first, and that for viewers unless it would be the same.
    fn wishes(&self, wanted: &Wanted) -> Vec<Wish> {
        let order = wanted.by_order.map(|order| Wish { size: (order.width, order.height), quality: CLOSE });
        let video = wanted.key.tracks.video.as_ref().filter(|_| wanted.by_viewers);
        let size = video.map(|video| size(video, self.config.thumbnail_lines));
        let glimpse = size.filter(|size| order.is_none_or(|order| order.size != *size));
        order.into_iter().chain(glimpse.map(|size| Wish { size, quality: GLIMPSE })).collect()
    }
}

impl Work<'_> {
    async fn run(mut self) {
        let mut orders = self.broadcast.thumbnail_order();
        let mut is_over = false;
        while !self.shutdown.is_cancelled() && (!is_over || self.making.is_some()) {
            let order = *orders.borrow_and_update();
            let is_ordered = order.is_some();
            self.lookout.order(order);
            tokio::select! {
                // An order counts for what is read after it.
                biased;
                () = self.shutdown.cancelled() => {}
                // The sender lives as long as the broadcast.
                _ = orders.changed(), if !is_over => {}
                made = made(&mut self.making), if self.making.is_some() => self.settle(made),
                // What is ordered is read to the stream's end.
                () = self.over.cancelled(), if !is_over && !is_ordered => is_over = true,
                wanted = self.lookout.next(), if !is_over => match wanted {
                    Some(wanted) => self.take(wanted),
                    None => is_over = true,
                },
            }
            self.begin();
        }
        // It ends at once, and its process is waited for.
        if self.making.is_some() {
            let _ = made(&mut self.making).await;
        }
    }

    /// A keyframe that is wanted: it waits, if there is room.
    fn take(&mut self, mut wanted: Wanted) {
        let bytes: usize = self.waiting.iter().map(|waiting| waiting.key.frame.data.len()).sum();
        let is_full = self.waiting.len() >= WAITING || bytes > WAITING_BYTES;
        if wanted.by_order.is_some() && (is_full || self.past.pause.is_some_and(|end| Instant::now() < end)) {
            wanted.by_order = None;
            self.miss(if is_full {
                "more of them are ordered than can be made in the time"
            } else {
                "others of it failed just before"
            });
        }
        if wanted.by_viewers || wanted.by_order.is_some() {
            self.waiting.push_back(wanted);
        }
    }

    /// Has the next one made.
    fn begin(&mut self) {
        if self.making.is_none()
            && !self.shutdown.is_cancelled()
            && let Some(of) = self.waiting.pop_front()
        {
            let result = Box::pin(self.thumbnailer.make(of.clone(), self.shutdown));
            self.making = Some(Making { of, result });
        }
    }

    fn settle(&mut self, (of, made): (Wanted, Made)) {
        let figures = &self.thumbnailer.figures;
        match made {
            Ok(None) => {}
            Ok(Some(images)) => {
                let (first, last) = (images.first().cloned(), images.last().cloned());
                if let Some(image) = first.filter(|_| of.by_order.is_some()) {
                    Figures::count(&figures.ordered_thumbnails);
                    self.past = Past::default();
                    self.broadcast.put_ordered_thumbnail(image);
                }
                if let Some(image) = last.filter(|_| of.by_viewers) {
                    Figures::count(&figures.thumbnails);
                    self.lookout.served(true);
                    self.broadcast.put_thumbnail(image);
                }
            }
            Err(cause) => self.lose(&of, &cause),
        }
    }

    fn lose(&mut self, of: &Wanted, cause: &Error) {
        if of.by_viewers {
            Figures::count(&self.thumbnailer.figures.thumbnails_lost);
            self.lookout.served(false);
        }
        if of.by_order.is_some() {
            let pause = PAUSE * (1 << self.past.failures.min(MOST_DOUBLINGS));
            self.past.pause = Some(Instant::now() + pause);
            self.past.failures = self.past.failures.saturating_add(1);
            return self.miss(&words(cause));
        }
        self.tell(&words(cause));
    }

    /// An ordered one is not made.
    fn miss(&mut self, cause: &str) {
        Figures::count(&self.thumbnailer.figures.ordered_thumbnails_lost);
        self.tell(cause);
    }

    fn tell(&mut self, cause: &str) {
        if !std::mem::replace(&mut self.was_told, true) {
            let (channel, stream) = (self.broadcast.channel(), self.broadcast.stream());
            warn!(%channel, %stream, cause, "no thumbnail; what else fails of this stream's is only counted");
        }
    }
}

/// What became of it; waits for it. Safe to cancel.
async fn made(making: &mut Option<Making<'_>>) -> (Wanted, Made) {
    let Some(current) = making else { return std::future::pending().await };
    let result = current.result.as_mut().await;
    let of = current.of.clone();
    *making = None;
    (of, result)
}

/// A reader of a broadcast that has just begun, if it is one of which thumbnails will be ordered, so that they show it
/// from its first keyframe on. Nothing is read of it before.
pub(crate) fn beginning(broadcast: &Broadcast) -> Option<Subscriber> {
    wants_thumbnails(broadcast).then(|| broadcast.subscribe())
}

/// Nobody can make what may be ordered of this broadcast: `why`.
pub(crate) fn refuse(broadcast: &Broadcast, why: &str) {
    broadcast.end_ordered_thumbnails();
    if wants_thumbnails(broadcast) {
        let (channel, stream) = (broadcast.channel(), broadcast.stream());
        warn!(%channel, %stream, why, "the recording of this stream gets no thumbnails: they need ffmpeg");
    }
}

fn wants_thumbnails(broadcast: &Broadcast) -> bool {
    broadcast.recording().is_some_and(|recording| recording.thumbnails.mode == ThumbnailMode::Interval)
}

#[cfg(test)]
mod tests;
