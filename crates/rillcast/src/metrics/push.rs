//! Sends what is measured to CloudWatch, each minute.
//!
//! Promise: what is not taken is kept for later, up to a bound, and then dropped oldest first with a word in the log;
//! looking at the streams never waits for the service.

use std::collections::VecDeque;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use outbound::metric_sink::{MetricDatum, MetricDelivery, MetricSink};
use tokio::sync::Notify;
use tokio::time::{Instant, MissedTickBehavior};
use tokio_util::sync::CancellationToken;
use tracing::{info, warn};

use super::meter::Meter;
use super::periods::Periods;

/// How often streams are looked at.
const SAMPLE: Duration = Duration::from_secs(1);
/// One delivery has this long.
const DEADLINE: Duration = Duration::from_secs(30);
/// The one at the server's end has this long.
const LAST: Duration = Duration::from_secs(2);
/// After a failed delivery the next one is so much later, twice as long each time up to the longest.
const PAUSE: Duration = Duration::from_secs(5);
const LONGEST_PAUSE: Duration = Duration::from_secs(160);
/// Data that may wait: ten megabytes, which is an hour of 25 channels or a minute and a half of a thousand.
const WAITING: usize = 100_000;
/// So many are sent before the minute is over: with thousands of channels, a minute's would not fit.
const MANY: usize = 20_000;
/// Data that one delivery takes along; a failure within it is found out call by call.
const AT_ONCE: usize = 5_000;

/// Samples and sends until `closing`, then sends what is left, once.
pub(crate) async fn push(meter: Meter, sink: MetricSink, closing: CancellationToken) {
    let waiting = Waiting::default();
    tokio::join!(sample(&meter, &waiting, &closing), send(&sink, &waiting, &closing));
    let deadline = Instant::now() + LAST;
    waiting.deliver(&sink, deadline).await;
    let left = waiting.data().queue.len();
    if left > 0 {
        warn!(data = left, "metrics were not sent to CloudWatch before the end");
    }
}

async fn sample(meter: &Meter, waiting: &Waiting, closing: &CancellationToken) {
    let mut periods = Periods::default();
    let mut ticks = tokio::time::interval(SAMPLE);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Skip);
    while closing.run_until_cancelled(ticks.tick()).await.is_some() {
        let new_minute = periods.take(&meter.view(), now());
        waiting.add(periods.finished());
        if new_minute {
            waiting.due.notify_one();
        }
    }
    periods.take(&meter.view(), now());
    periods.close();
    waiting.add(periods.finished());
}

async fn send(sink: &MetricSink, waiting: &Waiting, closing: &CancellationToken) {
    let mut pause = PAUSE;
    while closing.run_until_cancelled(waiting.due.notified()).await.is_some() {
        loop {
            let delivering = waiting.deliver(sink, Instant::now() + DEADLINE);
            // A delivery that is cut short by the end is made again there: better twice than not at all.
            let Some(done) = closing.run_until_cancelled(delivering).await else { return };
            if done {
                pause = PAUSE;
                break;
            }
            if closing.run_until_cancelled(tokio::time::sleep(pause)).await.is_none() {
                return;
            }
            pause = (pause * 2).min(LONGEST_PAUSE);
        }
    }
}

fn now() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_secs()).unwrap_or(i64::MAX)
}

/// Data on their way.
#[derive(Default)]
struct Waiting {
    data: Mutex<Data>,
    due: Notify,
}

#[derive(Default)]
struct Data {
    queue: VecDeque<MetricDatum>,
    /// Taken off the front so far, by delivery or for want of room: a delivery under way finds out by it what is
    /// left of what it took along.
    removed: u64,
    failing: bool,
}

impl Waiting {
    fn add(&self, more: Vec<MetricDatum>) {
        if more.is_empty() {
            return;
        }
        let mut data = self.data();
        data.queue.extend(more);
        let dropped = data.queue.len().saturating_sub(WAITING);
        data.remove(dropped);
        let many = data.queue.len() >= MANY;
        drop(data);
        if many {
            self.due.notify_one();
        }
        if dropped > 0 {
            warn!(data = dropped, "metrics for CloudWatch are dropped: {WAITING} wait already");
        }
    }

    /// Sends all that waits. False when the rest has to wait longer.
    async fn deliver(&self, sink: &MetricSink, deadline: Instant) -> bool {
        loop {
            let (batch, from) = {
                let data = self.data();
                (data.queue.iter().take(AT_ONCE).cloned().collect::<Vec<_>>(), data.removed)
            };
            if batch.is_empty() {
                return true;
            }
            let done = sink.put(&batch, deadline).await;
            if !self.settle(&done, batch.len(), from) {
                return false;
            }
        }
    }

    /// Forgets what was taken; false when not all was.
    fn settle(&self, done: &MetricDelivery, sent: usize, from: u64) -> bool {
        let mut data = self.data();
        let dropped = usize::try_from(data.removed - from).unwrap_or(usize::MAX);
        data.remove(done.taken.saturating_sub(dropped));
        let all = done.taken == sent;
        let was_failing = std::mem::replace(&mut data.failing, !all);
        let left = data.queue.len();
        drop(data);
        if let Some(error) = &done.error {
            let error: &dyn std::error::Error = error;
            if done.refused > 0 {
                warn!(error, data = done.refused, "CloudWatch refused metrics for good");
            }
            if !all && !was_failing {
                warn!(error, waiting = left, "CloudWatch does not take metrics; they are kept for now");
            }
        }
        if all && was_failing {
            info!(waiting = left, "CloudWatch takes metrics again");
        }
        all
    }

    fn data(&self) -> MutexGuard<'_, Data> {
        self.data.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Data {
    fn remove(&mut self, count: usize) {
        let count = count.min(self.queue.len());
        self.queue.drain(..count);
        self.removed += count as u64;
    }
}

#[cfg(test)]
mod tests {
    use outbound::metric_sink::{MetricSinkError, Statistics, Unit};

    use super::*;

    fn data(from: usize, count: usize) -> Vec<MetricDatum> {
        let datum = |number: usize| MetricDatum {
            name: "ConcurrentStreams",
            dimension: None,
            at: i64::try_from(number).expect("small"),
            unit: Unit::Count,
            statistics: Statistics::of(1.0),
            to_the_second: false,
        };
        (from..from + count).map(datum).collect()
    }

    fn delivery(taken: usize) -> MetricDelivery {
        let busy = MetricSinkError::Service { status: 503, code: String::new(), message: String::new() };
        MetricDelivery { taken, refused: 0, error: Some(busy) }
    }

    fn first(waiting: &Waiting) -> Option<i64> {
        waiting.data().queue.front().map(|datum| datum.at)
    }

    #[test]
    fn what_was_taken_goes_and_the_rest_stays_in_order() {
        let waiting = Waiting::default();
        waiting.add(data(0, 10));
        assert!(!waiting.settle(&delivery(4), 10, 0));
        assert_eq!(first(&waiting), Some(4));
        let all = MetricDelivery { taken: 6, refused: 0, error: None };
        assert!(waiting.settle(&all, 6, 4));
        assert_eq!(first(&waiting), None);
    }

    #[tokio::test]
    async fn many_data_do_not_wait_for_the_minute() {
        let waiting = Waiting::default();
        waiting.add(data(0, MANY));
        waiting.due.notified().await;
    }

    #[test]
    fn the_oldest_go_when_too_many_wait_and_a_delivery_under_way_takes_no_others_along() {
        let waiting = Waiting::default();
        waiting.add(data(0, WAITING));
        // Under way: the first ten. Meanwhile, four of them make room.
        waiting.add(data(WAITING, 4));
        assert_eq!(first(&waiting), Some(4));
        assert_eq!(waiting.data().queue.len(), WAITING);
        waiting.settle(&delivery(10), 10, 0);
        assert_eq!(first(&waiting), Some(10));
        // Under way: the next ten; all of them made room, and more.
        waiting.add(data(WAITING + 4, 30));
        let from = first(&waiting);
        waiting.settle(&delivery(10), 10, 10);
        assert_eq!(first(&waiting), from);
    }
}
