//! Small pictures of streams that are passed through: nobody else decodes these.
//!
//! Promise: one keyframe is decoded for each, by a process that lives for it alone; whatever a stream sends, it costs
//! no more than its own picture, one of two processes for five seconds now and then, and one line in the log.

mod size;
mod still;

use std::sync::Arc;
use std::time::Duration;

use live::{Broadcast, Next, Subscriber, Thumbnail};
use media::{Frame, Ticks, TrackKind, Tracks};
use tokio::sync::Semaphore;
use tokio::time::{Instant, sleep};
use tokio_util::sync::CancellationToken;
use tracing::warn;

use crate::figures::Figures;
use crate::session::words;
use crate::{Config, Confinement, Error};

pub(crate) use size::{filter, size};

/// Processes that make small pictures at a time, on the whole server.
const AT_ONCE: usize = 2;
/// How often a stream that is left in peace is asked whether it is over.
const GLANCE: Duration = Duration::from_secs(1);
/// The next keyframe is waited for from so long before it is due: where the interval is a multiple of the keyframes',
/// one would else be missed by a moment and the next one taken.
const EARLY: Duration = Duration::from_millis(200);

/// How often the interval is doubled, at most, while nothing succeeds.
const MOST_DOUBLINGS: u32 = 4;

/// Makes small pictures. One for the server: it sees to it that there are never many processes.
#[derive(Debug)]
pub(crate) struct Thumbnailer {
    config: Config,
    confinement: Confinement,
    figures: Arc<Figures>,
    places: Semaphore,
}

/// A keyframe and what explains it.
#[derive(Debug)]
struct Key {
    tracks: Arc<Tracks>,
    frame: Frame,
}

/// How it went with a stream so far.
#[derive(Debug, Default)]
struct Past {
    newest: Option<Ticks>,
    /// One after the other, up to now.
    failures: u32,
    was_told: bool,
}

impl Past {
    /// From the beginning of one to that of the next. A stream whose pictures can't be made is asked less and less
    /// often, so that it takes no places from others.
    fn interval(&self, usual: Duration) -> Duration {
        usual.saturating_mul(1 << self.failures.min(MOST_DOUBLINGS)).saturating_sub(EARLY)
    }
}

impl Thumbnailer {
    /// One whose processes are started as `config` says, confined so.
    pub(crate) fn new(config: Config, confinement: Confinement, figures: Arc<Figures>) -> Self {
        Self { config, confinement, figures, places: Semaphore::new(AT_ONCE) }
    }

    /// Puts small pictures of this broadcast there until it is over, or `shutdown`; no process is left then. Returns
    /// at once if none are wanted.
    pub(crate) async fn run(&self, broadcast: &Broadcast, shutdown: &CancellationToken) {
        if self.config.passed_thumbnail_interval.is_zero() {
            return;
        }
        let mut past = Past::default();
        while let Some(Some(key)) = shutdown.run_until_cancelled(newer_key(broadcast, past.newest)).await {
            past.newest = Some(key.frame.pts);
            let begun = Instant::now();
            match self.still(&key, shutdown).await {
                Ok(Some(thumbnail)) => {
                    Figures::count(&self.figures.thumbnails);
                    past.failures = 0;
                    broadcast.put_thumbnail(thumbnail);
                }
                Ok(None) => return,
                Err(cause) => self.lose(broadcast, &mut past, &cause),
            }
            let due = begun + past.interval(self.config.passed_thumbnail_interval);
            if shutdown.run_until_cancelled(pause(broadcast, due)).await.is_none() {
                return;
            }
        }
    }

    fn lose(&self, broadcast: &Broadcast, past: &mut Past, cause: &Error) {
        Figures::count(&self.figures.thumbnails_lost);
        past.failures = past.failures.saturating_add(1);
        if !std::mem::replace(&mut past.was_told, true) {
            let (channel, stream, cause) = (broadcast.channel(), broadcast.stream(), words(cause));
            warn!(%channel, %stream, %cause, "no thumbnail; what else fails of this stream's is only counted");
        }
    }

    /// `None` at shutdown.
    async fn still(&self, key: &Key, shutdown: &CancellationToken) -> Result<Option<Thumbnail>, Error> {
        // The semaphore is never closed.
        let Some(Ok(_place)) = shutdown.run_until_cancelled(self.places.acquire()).await else {
            return Ok(None);
        };
        still::make(&self.config, &self.confinement, key, shutdown).await
    }
}

/// Until the next one is due, or the stream is over. Its frames are not looked at meanwhile, which costs nothing.
async fn pause(broadcast: &Broadcast, due: Instant) {
    while !broadcast.is_forgotten() {
        let left = due.saturating_duration_since(Instant::now());
        if left.is_zero() {
            return;
        }
        sleep(left.min(GLANCE)).await;
    }
}

/// The latest keyframe that is still there, or the next one, but not that of this time once more; `None` when the
/// stream is over.
async fn newer_key(broadcast: &Broadcast, than: Option<Ticks>) -> Option<Key> {
    let mut subscriber = broadcast.subscribe();
    let mut tracks = Arc::default();
    loop {
        match subscriber.next().await {
            Next::Tracks(next) => tracks = next,
            Next::Frame(frame) if is_key(&frame, &tracks) && Some(frame.pts) != than => {
                return Some(newest_of(Key { tracks, frame }, &mut subscriber));
            }
            Next::Frame(_) | Next::Metadata(_) | Next::Lagged => {}
            Next::End => return None,
        }
    }
}

/// Goes on to a still newer keyframe if it is there already.
fn newest_of(mut key: Key, subscriber: &mut Subscriber) -> Key {
    let mut tracks = Arc::clone(&key.tracks);
    while let Some(next) = subscriber.try_next() {
        match next {
            Next::Tracks(next) => tracks = next,
            Next::Frame(frame) if is_key(&frame, &tracks) => key = Key { tracks: Arc::clone(&tracks), frame },
            Next::Frame(_) | Next::Metadata(_) | Next::Lagged => {}
            Next::End => break,
        }
    }
    key
}

fn is_key(frame: &Frame, tracks: &Tracks) -> bool {
    frame.track == TrackKind::Video && frame.keyframe && tracks.video.is_some()
}

#[cfg(test)]
mod tests;
