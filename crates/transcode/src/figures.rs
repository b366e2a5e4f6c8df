//! What is counted of transcoding, for the metrics page and the doctor.
//!
//! Promise: to count costs one atomic step, and nothing of it grows with what streams do.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

/// Why a worker was replaced before its stream was over.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Cause {
    /// Its process could not be started.
    Unstartable,
    /// Its process ended by itself, or what it wrote made no sense.
    Died,
    /// Nothing came out, though pictures went in.
    Stalled,
    /// What came out was too late to be of use.
    Behind,
}

impl Cause {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Unstartable, Self::Died, Self::Stalled, Self::Behind];

    /// A word for it, as logs and metrics have it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Unstartable => "unstartable",
            Self::Died => "died",
            Self::Stalled => "stalled",
            Self::Behind => "behind",
        }
    }
}

/// Upper bounds of [`Figures::delays`], in milliseconds; one more bucket has what took longer.
pub const DELAYS: [u64; 8] = [25, 50, 100, 250, 500, 1_000, 2_500, 5_000];

/// Counters since the start, and states at this moment.
#[derive(Debug, Default)]
pub struct Figures {
    /// Workers that were started.
    pub started: AtomicU64,
    /// Workers that ended before their stream did, by whatever cause.
    pub lost: AtomicU64,
    /// The same by cause, in the order of [`Cause::ALL`].
    pub causes: [AtomicU64; Cause::ALL.len()],
    /// Streams that got less than their whole ladder, for want of room.
    pub short: AtomicU64,
    /// Streams that were refused, for want of room.
    pub refused: AtomicU64,
    /// Thumbnails of streams that are passed through.
    pub thumbnails: AtomicU64,
    /// Those of them that could not be made.
    pub thumbnails_lost: AtomicU64,
    /// Thumbnails that were ordered, of recordings.
    pub ordered_thumbnails: AtomicU64,
    /// Those of them that could not be made, or not in time.
    pub ordered_thumbnails_lost: AtomicU64,
    /// Workers that run.
    pub running: AtomicU64,
    /// Streams whose ladder is being made.
    pub streams: AtomicU64,
    /// Coded pixels a second that are promised to streams.
    pub reserved: AtomicU64,
    /// Coded pixels a second that may be promised; 0 as long as that is not known.
    pub capacity: AtomicU64,
    /// Processor time that workers used, in microseconds. A worker is looked at about once a second.
    pub cpu: AtomicU64,
    /// From a picture's coming until all of its renditions were there: pictures by [`DELAYS`], and one more bucket.
    pub delays: [AtomicU64; DELAYS.len() + 1],
    /// The sum of these delays, in microseconds.
    pub delayed: AtomicU64,
}

impl Figures {
    /// One more.
    pub(crate) fn count(counter: &AtomicU64) {
        counter.fetch_add(1, Ordering::Relaxed);
    }

    /// Counts a lost worker.
    pub(crate) fn lost(&self, cause: Cause) {
        Self::count(&self.lost);
        let place = Cause::ALL.iter().position(|each| *each == cause);
        place.and_then(|place| self.causes.get(place)).into_iter().for_each(Self::count);
    }

    /// A picture's renditions were there after so long.
    pub(crate) fn delay(&self, delay: Duration) {
        let bucket = DELAYS.iter().position(|bound| delay <= Duration::from_millis(*bound));
        self.delays.get(bucket.unwrap_or(DELAYS.len())).into_iter().for_each(Self::count);
        self.delayed.fetch_add(micros(delay), Ordering::Relaxed);
    }

    /// Workers used so much more processor time.
    pub(crate) fn used(&self, time: Duration) {
        self.cpu.fetch_add(micros(time), Ordering::Relaxed);
    }
}

fn micros(span: Duration) -> u64 {
    u64::try_from(span.as_micros()).unwrap_or(u64::MAX)
}

/// One more of something that is at this moment, until it is dropped.
#[derive(Debug)]
pub(crate) struct Held {
    figures: std::sync::Arc<Figures>,
    gauge: fn(&Figures) -> &AtomicU64,
    amount: u64,
}

impl Held {
    /// So many more.
    pub(crate) fn new(
        figures: &std::sync::Arc<Figures>,
        gauge: fn(&Figures) -> &AtomicU64,
        amount: u64,
    ) -> Self {
        gauge(figures).fetch_add(amount, Ordering::Relaxed);
        Self { figures: std::sync::Arc::clone(figures), gauge, amount }
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        (self.gauge)(&self.figures).fetch_sub(self.amount, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;

    #[test]
    fn what_is_held_is_given_back() {
        let figures = Arc::new(Figures::default());
        let held = Held::new(&figures, |figures| &figures.reserved, 40);
        let _more = Held::new(&figures, |figures| &figures.reserved, 2);
        drop(held);
        assert_eq!(figures.reserved.load(Ordering::Relaxed), 2);
    }

    #[test]
    fn delays_fall_into_their_buckets() {
        let figures = Figures::default();
        for millis in [0, 25, 26, 2_500, 99_000] {
            figures.delay(Duration::from_millis(millis));
        }
        let counts: Vec<u64> = figures.delays.iter().map(|count| count.load(Ordering::Relaxed)).collect();
        assert_eq!(counts, [2, 1, 0, 0, 0, 0, 1, 0, 1]);
        assert_eq!(figures.delayed.load(Ordering::Relaxed), 101_551_000);
    }

    #[test]
    fn each_cause_has_a_counter() {
        let figures = Figures::default();
        Cause::ALL.into_iter().for_each(|cause| figures.lost(cause));
        assert!(figures.causes.iter().all(|count| count.load(Ordering::Relaxed) == 1));
        assert_eq!(figures.lost.load(Ordering::Relaxed), 4);
    }
}
