//! From the spool to the destinations.
//!
//! Promise: one attempt at a time for each queue, so that its order holds; a destination that refuses is asked
//! again after pauses that grow to a bound, and takes no place from those that do not refuse.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use aws_lc_rs::rand;
use domain::{Arn, LogDestination};
use tokio::task::{Id, JoinError, JoinSet};
use tokio::time::{Instant, sleep_until, timeout};

use super::Shared;
use super::attempt::{Begun, Outcome, PART, attempt};
use super::lanes::Lane;

/// Attempts at once for destinations that took the last one; each holds a part of its queue in memory.
const HEALTHY: usize = 16;
/// Attempts at once for destinations that did not.
const FAILING: usize = 8;
/// The pause after the first failure; doubled after each further one.
const PAUSE: Duration = Duration::from_millis(500);
/// CloudWatch Logs and Firehose get so much at once without waiting for more.
const BATCH: u64 = 1 << 20;
/// How often all queues are looked at when nothing is due.
const LOOK: Duration = Duration::from_secs(3_600);

/// An attempt that was cut short has failed.
type Attempts = JoinSet<(Arc<Lane>, Outcome)>;

#[derive(Default)]
struct Course {
    /// When to try next; `None`: nothing waits.
    due: Option<Instant>,
    failures: u32,
    running: Option<Id>,
    /// Nothing makes it due earlier.
    held: bool,
    begun: Option<Begun>,
}

/// Runs until everything was written for the last time, then says farewell.
pub(super) async fn run(shared: Arc<Shared>) {
    let mut courses: HashMap<Arn, Course> = HashMap::new();
    let mut attempts = Attempts::new();
    loop {
        let next = start_due(&shared, &mut courses, &mut attempts);
        tokio::select! {
            () = shared.written.cancelled() => break,
            () = shared.lanes.some.notified() => {}
            () = sleep_until(next) => {}
            Some(done) = attempts.join_next() => settle(&shared, &mut courses, done),
        }
    }
    let last = farewell(&shared, &mut courses, &mut attempts);
    // What is not delivered by then is the next run's.
    drop(timeout(shared.config.farewell, last).await);
    attempts.shutdown().await;
}

/// Delivers what waits without waiting for more, where the last attempt did not fail. An attempt that is given
/// up on the way may have delivered something that the next run delivers again.
async fn farewell(shared: &Arc<Shared>, courses: &mut HashMap<Arn, Course>, attempts: &mut Attempts) {
    loop {
        let well = |course: &Course| course.failures == 0 && !course.held;
        courses
            .values_mut()
            .filter(|course| well(course))
            .for_each(|course| course.due = Some(Instant::now()));
        start_due(shared, courses, attempts);
        let Some(done) = attempts.join_next().await else { return };
        settle(shared, courses, done);
    }
}

/// Starts what is due; returns when something will be.
fn start_due(shared: &Arc<Shared>, courses: &mut HashMap<Arn, Course>, attempts: &mut Attempts) -> Instant {
    let now = Instant::now();
    let mut next = now + LOOK;
    let running = |failing: bool, courses: &HashMap<Arn, Course>| {
        courses.values().filter(|course| course.running.is_some() && (course.failures > 0) == failing).count()
    };
    let mut places =
        [HEALTHY.saturating_sub(running(false, courses)), FAILING.saturating_sub(running(true, courses))];
    let mut waiting = Vec::new();
    for lane in shared.lanes.all() {
        let bytes = lane.spool().waiting();
        let course = courses.entry(lane.arn.clone()).or_default();
        if course.running.is_some() || bytes == 0 {
            continue;
        }
        let due = *course.due.get_or_insert_with(|| now + first_pause(shared, &lane));
        let enough = course.failures == 0 && !course.held && bytes > enough(&lane);
        waiting.push((if enough { now } else { due }, lane));
    }
    waiting.sort_by_key(|(due, _)| *due);
    for (due, lane) in waiting {
        let Some(course) = courses.get_mut(&lane.arn) else { continue };
        let place = &mut places[usize::from(course.failures > 0)];
        if due > now {
            next = next.min(due);
        } else if *place > 0 {
            *place -= 1;
            let (shared, begun) = (Arc::clone(shared), course.begun.take());
            let running = attempts.spawn(async move {
                let outcome = attempt(&shared, &lane, begun).await;
                (lane, outcome)
            });
            course.running = Some(running.id());
        }
        // Without a place: the end of an attempt wakes us.
    }
    next
}

/// A bucket's window has its own end, which the first attempt finds.
fn first_pause(shared: &Shared, lane: &Lane) -> Duration {
    match lane.destination() {
        LogDestination::S3 { .. } => Duration::ZERO,
        LogDestination::CloudWatchLogs { .. } | LogDestination::Firehose { .. } if shared.ending() => {
            Duration::ZERO
        }
        LogDestination::CloudWatchLogs { .. } | LogDestination::Firehose { .. } => shared.config.batch,
    }
}

/// More bytes than this are delivered at once.
fn enough(lane: &Lane) -> u64 {
    match lane.destination() {
        LogDestination::S3 { .. } => PART,
        LogDestination::CloudWatchLogs { .. } | LogDestination::Firehose { .. } => BATCH,
    }
}

fn settle(
    shared: &Shared,
    courses: &mut HashMap<Arn, Course>,
    done: Result<(Arc<Lane>, Outcome), JoinError>,
) {
    let (course, outcome) = match done {
        Ok((lane, outcome)) => (courses.get_mut(&lane.arn), outcome),
        Err(error) => {
            tracing::error!(%error, "an attempt to deliver the chat log was cut short");
            let course = courses.values_mut().find(|course| course.running == Some(error.id()));
            (course, Outcome::Failed(None))
        }
    };
    let Some(course) = course else { return };
    course.running = None;
    match outcome {
        Outcome::Taken => *course = Course::default(),
        Outcome::Early(pause) => (course.due, course.held) = (Some(Instant::now() + pause), false),
        Outcome::Changing(pause) => (course.due, course.held) = (Some(Instant::now() + pause), true),
        Outcome::Failed(begun) => {
            course.failures = course.failures.saturating_add(1);
            course.begun = begun;
            course.due = Some(Instant::now() + pause(course.failures, shared.config.pause));
        }
    }
}

/// Somewhere in the upper half of the doubled pauses, so that destinations that failed together are not asked
/// together.
fn pause(failures: u32, longest: Duration) -> Duration {
    let full = PAUSE.saturating_mul(1 << failures.saturating_sub(1).min(16)).min(longest);
    let mut byte = [0];
    // Without random bytes there is no jitter.
    let part = if rand::fill(&mut byte).is_ok() { f64::from(byte[0]) / 512.0 } else { 0.0 };
    full.mul_f64(1.0 - part)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_grow_to_their_bound() {
        let longest = Duration::from_secs(60);
        for (failures, full) in [(1, 500), (2, 1_000), (5, 8_000), (8, 60_000), (u32::MAX, 60_000)] {
            let pause = pause(failures, longest).as_millis();
            assert!(pause > full / 2 - 1 && pause <= full, "{failures}: {pause}");
        }
    }
}
