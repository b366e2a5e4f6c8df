//! Finds the keyframes of a stream that small pictures are wanted of.
//!
//! Promise: a stream of which nobody ordered any is not read between two of its viewers' pictures. One of which
//! somebody did is read some times a second, all that came since at once: every keyframe is seen, and nothing is woken
//! for each picture.

use std::sync::Arc;
use std::time::Duration;

use live::{Broadcast, Next, Subscriber, ThumbnailOrder};
use media::{Frame, Ticks, TrackKind, Tracks};
use tokio::time::{Instant, sleep, sleep_until};

use super::schedule::Schedule;

/// How often a stream that is left in peace is asked whether it is over.
const GLANCE: Duration = Duration::from_secs(1);
/// The next keyframe is waited for from so long before it is due: where the interval is a multiple of the keyframes',
/// one would else be missed by a moment and the next one taken.
const EARLY: Duration = Duration::from_millis(200);
/// How often the interval is doubled, at most, while nothing succeeds.
const MOST_DOUBLINGS: u32 = 4;

/// From one look at a stream of which pictures are ordered to the next; and where it brings more than [`MANY`] frames
/// in that time, as it is sent faster than it plays: the ring behind it holds a thousand.
const LOOK: Duration = Duration::from_millis(250);
const HASTE: Duration = Duration::from_millis(20);
const MANY: usize = 128;

/// So long after a stream's beginning an order gets it from its first keyframe on, as far as the ring has it.
const HELD: Duration = Duration::from_secs(10);

/// A keyframe and what explains it.
#[derive(Clone, Debug)]
pub(super) struct Key {
    pub(super) tracks: Arc<Tracks>,
    pub(super) frame: Frame,
}

/// A keyframe that is wanted.
#[derive(Clone, Debug)]
pub(super) struct Wanted {
    pub(super) key: Key,
    /// By viewers.
    pub(super) by_viewers: bool,
    /// By an order.
    pub(super) by_order: Option<ThumbnailOrder>,
}

/// Where and how far one stream is read.
#[derive(Debug)]
pub(super) struct Lookout<'a> {
    broadcast: &'a Broadcast,
    viewers: Option<Viewers>,
    order: Option<(ThumbnailOrder, Schedule)>,
    /// As long as there is an order, or one may come that wants the stream from its first keyframe on.
    reading: Option<Reading>,
    held_until: Instant,
}

/// The newest picture for viewers.
#[derive(Debug)]
struct Viewers {
    usual: Duration,
    newest: Option<Ticks>,
    /// One is being made.
    is_busy: bool,
    begun: Option<Instant>,
    /// One after the other, up to now.
    failures: u32,
}

#[derive(Debug)]
struct Reading {
    frames: Subscriber,
    tracks: Arc<Tracks>,
    /// Frames since the last look.
    count: usize,
    is_begun: bool,
}

impl Reading {
    fn new(frames: Subscriber) -> Self {
        Self { frames, tracks: Arc::default(), count: 0, is_begun: false }
    }
}

impl Viewers {
    fn due(&self) -> Option<Instant> {
        self.begun.map(|begun| begun + interval(self.usual, self.failures))
    }

    fn is_due(&self, tolerance: Duration) -> bool {
        !self.is_busy && self.due().is_none_or(|due| Instant::now() + tolerance >= due)
    }

    fn begin(&mut self, pts: Ticks) {
        (self.newest, self.begun, self.is_busy) = (Some(pts), Some(Instant::now()), true);
    }
}

/// From the beginning of one to that of the next. A stream whose pictures can't be made is asked less and less often,
/// so that it takes no places from others.
fn interval(usual: Duration, failures: u32) -> Duration {
    usual.saturating_mul(1 << failures.min(MOST_DOUBLINGS)).saturating_sub(EARLY)
}

impl<'a> Lookout<'a> {
    /// `usual`: from one picture for viewers to the next; `None`: they have others. `beginning`: a reader that is
    /// still at the stream's beginning.
    pub(super) fn new(
        broadcast: &'a Broadcast,
        usual: Option<Duration>,
        beginning: Option<Subscriber>,
    ) -> Self {
        let viewers =
            usual.map(|usual| Viewers { usual, newest: None, is_busy: false, begun: None, failures: 0 });
        let held_until = Instant::now() + HELD;
        Self { broadcast, viewers, order: None, reading: beginning.map(Reading::new), held_until }
    }

    /// From now on this is ordered.
    pub(super) fn order(&mut self, order: Option<ThumbnailOrder>) {
        if self.order.as_ref().map(|(known, _)| *known) != order {
            self.order = order.map(|order| (order, Schedule::new(order.every)));
        }
    }

    /// What became of the picture for viewers that was wanted last.
    pub(super) fn served(&mut self, is_made: bool) {
        if let Some(viewers) = &mut self.viewers {
            viewers.is_busy = false;
            viewers.failures = if is_made { 0 } else { viewers.failures.saturating_add(1) };
        }
    }

    /// The next keyframe that is wanted; `None` when the stream is over. Safe to cancel.
    pub(super) async fn next(&mut self) -> Option<Wanted> {
        if self.order.is_some() {
            return self.follow().await;
        }
        while let Some(left) = self.until_viewers() {
            self.let_go();
            if self.broadcast.is_forgotten() {
                return None;
            }
            sleep(left.min(GLANCE)).await;
        }
        self.let_go();
        let viewers = self.viewers.as_mut()?;
        let key = newer_key(self.broadcast, viewers.newest).await?;
        viewers.begin(key.frame.pts);
        Some(Wanted { key, by_viewers: true, by_order: None })
    }

    /// Nobody orders any: what waits to be read is not held any longer.
    fn let_go(&mut self) {
        self.reading.take_if(|reading| reading.is_begun || Instant::now() >= self.held_until);
    }

    /// How long viewers' next picture is not wanted; `None`: it is wanted now.
    fn until_viewers(&self) -> Option<Duration> {
        match &self.viewers {
            Some(viewers) if !viewers.is_busy => {
                let left = viewers.due()?.saturating_duration_since(Instant::now());
                (!left.is_zero()).then_some(left)
            }
            Some(_) | None => Some(GLANCE),
        }
    }

    /// Reads on.
    async fn follow(&mut self) -> Option<Wanted> {
        loop {
            let reading = self.reading.get_or_insert_with(|| Reading::new(self.broadcast.subscribe()));
            reading.is_begun = true;
            match reading.frames.try_next() {
                Some(Next::Tracks(tracks)) => reading.tracks = tracks,
                Some(Next::Frame(frame)) => {
                    reading.count += 1;
                    if is_key(&frame, &reading.tracks) {
                        let tracks = Arc::clone(&reading.tracks);
                        if let Some(wanted) = self.judge(Key { tracks, frame }) {
                            return Some(wanted);
                        }
                    }
                }
                Some(Next::Metadata(_) | Next::Lagged) => {}
                Some(Next::End) => return None,
                None => {
                    let pause = if reading.count > MANY { HASTE } else { LOOK };
                    sleep_until(Instant::now() + pause).await;
                    reading.count = 0;
                }
            }
        }
    }

    /// Who wants this keyframe of a stream that is followed. Viewers' pictures go with those that were ordered where
    /// these come at least as often: to make both at once costs less.
    fn judge(&mut self, key: Key) -> Option<Wanted> {
        let pts = key.frame.pts;
        let (order, schedule) = self.order.as_mut()?;
        let by_order = schedule.takes(pts).then_some(*order);
        let every = order.every;
        let by_viewers = self.viewers.as_mut().is_some_and(|viewers| {
            let is_due = match by_order {
                Some(_) => viewers.is_due(every.min(viewers.usual) / 2),
                None => every > viewers.usual && viewers.is_due(Duration::ZERO),
            };
            if is_due {
                viewers.begin(pts);
            }
            is_due
        });
        (by_viewers || by_order.is_some()).then_some(Wanted { key, by_viewers, by_order })
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
mod tests {
    use super::*;

    #[test]
    fn who_fails_is_asked_less_often() {
        let after = |failures| (interval(Duration::from_secs(5), failures) + EARLY).as_secs();
        assert_eq!([0, 1, 2, 4, 5, u32::MAX].map(after), [5, 10, 20, 80, 80, 80]);
    }
}
