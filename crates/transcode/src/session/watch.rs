//! Watching over workers: how long one may take, when it is given up, and when the next one begins.
//!
//! Promise: pure decisions; the clock comes in. What waits is bounded, a worker that fails again and again is
//! replaced less and less often, and one that recovers starts with a clean sheet.

use std::collections::BTreeMap;
use std::time::Duration;

use media::Ticks;
use tokio::time::Instant;

use crate::figures::Cause;

/// A worker may be silent for so long before it is given up, though pictures wait.
const SILENCE: Duration = Duration::from_millis(1_000);

/// So many pictures, and so much of the stream, wait at least in one that is given up for its silence: some
/// encoders keep a picture or two, which is a long time at one picture a second.
const FEW: usize = 4;
const LITTLE: Ticks = Ticks::from_millis(500);

/// The first picture may take longer.
const START: Duration = Duration::from_secs(3);

/// No picture may take longer than this.
const LAG: Duration = Duration::from_millis(2_500);

/// A worker that has worked for so long has nothing to do with earlier deaths.
const HEALTHY: Duration = Duration::from_secs(10);

/// From a death to the next start, by the number of deaths in a row.
const PAUSES: [Duration; 7] = [
    Duration::ZERO,
    Duration::from_millis(100),
    Duration::from_millis(500),
    Duration::from_secs(1),
    Duration::from_secs(2),
    Duration::from_secs(5),
    Duration::from_secs(10),
];

/// Pictures that may wait; beyond that the oldest are no longer waited for.
const MOST: usize = 4_096;

/// Pictures of so long are remembered, to tell which one follows another.
const MEMORY: Ticks = Ticks::from_millis(5_000);

/// What is known of a stream's workers.
#[derive(Debug)]
pub(crate) struct Watch {
    /// Pictures that have not come out, and when they came.
    pending: BTreeMap<Ticks, Instant>,
    /// The latest pictures, and which are keyframes.
    pictures: BTreeMap<Ticks, bool>,
    /// When the present worker was started.
    started: Option<Instant>,
    /// When it made something last.
    moved: Option<Instant>,
    /// Deaths in a row.
    deaths: usize,
    /// The group of pictures in which the latest worker died.
    grave: Option<u64>,
    /// Frames before this are not touched again.
    skip: u64,
    /// Workers get so many times the usual time.
    patience: u32,
}

impl Watch {
    /// Workers get `patience` times the usual time.
    pub(crate) fn new(patience: u32) -> Self {
        let (pending, pictures) = (BTreeMap::new(), BTreeMap::new());
        Self { pending, pictures, started: None, moved: None, deaths: 0, grave: None, skip: 0, patience }
    }

    /// Frames before this number are not touched again.
    pub(crate) fn skip(&self) -> u64 {
        self.skip
    }

    /// Deaths in a row.
    pub(crate) fn deaths(&self) -> usize {
        self.deaths
    }

    /// A picture came.
    pub(crate) fn came(&mut self, pts: Ticks, is_keyframe: bool, now: Instant) {
        self.pending.insert(pts, now);
        self.pictures.insert(pts, is_keyframe);
        if self.pending.len() > MOST {
            self.pending.pop_first();
        }
        if self.pictures.len() > MOST {
            self.pictures.pop_first();
        }
    }

    /// The picture that is shown after this one, unless it is a keyframe.
    pub(crate) fn next(&self, pts: Ticks) -> Option<Ticks> {
        let (next, is_keyframe) = self.pictures.range(pts + Ticks::new(1)..).next()?;
        (!is_keyframe).then_some(*next)
    }

    /// A worker begins; pictures before `from` are not wanted of it.
    pub(crate) fn begun(&mut self, from: Ticks, now: Instant) {
        self.pending = self.pending.split_off(&from);
        (self.started, self.moved) = (Some(now), None);
    }

    /// All renditions of what is shown until `line` are there. `each` is told how long each picture took.
    pub(crate) fn done(&mut self, line: Ticks, now: Instant, mut each: impl FnMut(Duration)) {
        self.pictures = self.pictures.split_off(&(line - MEMORY));
        let rest = self.pending.split_off(&(line + Ticks::new(1)));
        let done = std::mem::replace(&mut self.pending, rest);
        if done.is_empty() {
            return;
        }
        self.moved = Some(now);
        done.values().for_each(|since| each(now.saturating_duration_since(*since)));
        let age = self.started.map(|started| now.saturating_duration_since(started));
        if age.is_some_and(|age| age >= HEALTHY) {
            self.deaths = 0;
            self.grave = None;
        }
    }

    /// How long the oldest picture has been waiting.
    pub(crate) fn lag(&self, now: Instant) -> Duration {
        let oldest = self.pending.values().next();
        oldest.map_or(Duration::ZERO, |since| now.saturating_duration_since(*since))
    }

    /// Is the worker to be given up?
    pub(crate) fn verdict(&self, now: Instant) -> Option<Cause> {
        let started = self.started?;
        let (first, since) = self.pending.first_key_value()?;
        let (last, _) = self.pending.last_key_value()?;
        // Those who wait since before it began have had no chance.
        let waiting = now.saturating_duration_since((*since).max(started));
        let silent = now.saturating_duration_since(self.moved.unwrap_or(started)).min(waiting);
        // A machine that is too busy gets more time with each try.
        let patience = self.patience << self.deaths.min(2);
        if self.pending.len() < FEW || *last - *first < LITTLE {
            return None;
        }
        if self.moved.is_none() {
            return (waiting > START * patience).then_some(Cause::Stalled);
        }
        if silent > SILENCE * patience {
            return Some(Cause::Stalled);
        }
        (waiting > LAG * patience).then_some(Cause::Behind)
    }

    /// The worker is gone. `group` is the group of pictures that it was at, `newest` the newest one that there is.
    /// Says when the next one may begin.
    pub(crate) fn died(
        &mut self,
        cause: Cause,
        group: Option<u64>,
        newest: Option<u64>,
        now: Instant,
    ) -> Instant {
        (self.started, self.moved) = (None, None);
        if let Some(group) = group {
            // What kills twice is passed over, and so is what would be too late again.
            if self.grave == Some(group) && cause != Cause::Unstartable {
                self.skip = self.skip.max(group + 1);
            }
            self.grave = Some(group);
        }
        if cause == Cause::Behind {
            self.skip = self.skip.max(newest.unwrap_or(0));
        }
        let pause = PAUSES.get(self.deaths).or(PAUSES.last()).copied().unwrap_or_default();
        self.deaths = self.deaths.saturating_add(1);
        now + pause
    }

    /// The worker's time is over, as it was meant to be: nothing before this frame is wanted of the next one.
    pub(crate) fn relieved(&mut self, number: u64) {
        (self.started, self.moved) = (None, None);
        self.skip = self.skip.max(number);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(number: i64) -> Ticks {
        Ticks::from_millis(number * 100)
    }

    fn millis(count: u64) -> Duration {
        Duration::from_millis(count)
    }

    /// Ten pictures a second from `from` on, as they would come.
    fn watch(now: Instant, pictures: std::ops::Range<i64>) -> Watch {
        let mut watch = Watch::new(1);
        for number in pictures.clone() {
            let age = millis(u64::try_from((number - pictures.start) * 100).expect("later"));
            watch.came(at(number), number % 10 == 0, now + age);
        }
        watch.begun(at(pictures.start), now);
        watch
    }

    #[test]
    fn a_worker_that_keeps_up_is_left_alone() {
        let now = Instant::now();
        let mut watch = watch(now, 0..100);
        for number in 0..100 {
            let now = now + millis(u64::try_from(number * 100 + 60).expect("later"));
            let mut took = Vec::new();
            watch.done(at(number), now, |delay| took.push(delay));
            assert_eq!(took, [millis(60)]);
            assert_eq!(watch.verdict(now), None);
        }
        assert_eq!(watch.lag(now + millis(99_000)), Duration::ZERO);
    }

    #[test]
    fn a_worker_that_stands_still_is_given_up_after_a_second() {
        let now = Instant::now();
        let mut watch = watch(now, 0..40);
        watch.done(at(9), now + millis(950), |_| ());
        assert_eq!(watch.verdict(now + millis(1_900)), None);
        assert_eq!(watch.verdict(now + millis(2_050)), Some(Cause::Stalled));
    }

    #[test]
    fn a_worker_that_gets_nothing_owes_nothing() {
        let now = Instant::now();
        let mut watch = watch(now, 0..10);
        watch.done(at(8), now + millis(950), |_| ());
        assert_eq!(watch.verdict(now + Duration::from_secs(60)), None, "the encoder keeps one picture");
        watch.done(at(9), now + millis(950), |_| ());
        assert_eq!(watch.verdict(now + Duration::from_secs(60)), None);
    }

    #[test]
    fn a_start_may_take_longer_and_the_next_one_longer_still() {
        let now = Instant::now();
        let mut watch = watch(now, 0..40);
        assert_eq!(watch.verdict(now + millis(2_900)), None);
        assert_eq!(watch.verdict(now + millis(3_100)), Some(Cause::Stalled));
        watch.died(Cause::Stalled, Some(0), Some(30), now);
        watch.begun(at(0), now);
        assert_eq!(watch.verdict(now + millis(5_900)), None);
        assert_eq!(watch.verdict(now + millis(6_100)), Some(Cause::Stalled));
    }

    #[test]
    fn a_worker_that_is_slower_than_the_stream_is_given_up_and_the_next_one_begins_at_the_newest_keyframe() {
        let now = Instant::now();
        let mut watch = watch(now, 0..100);
        let mut given_up = None;
        for step in 0..100_u64 {
            let now = now + millis(step * 100);
            watch.done(at(i64::try_from(step / 2).expect("small")), now, |_| ());
            given_up = given_up.or(watch.verdict(now).map(|cause| (step, cause)));
        }
        assert_eq!(given_up, Some((53, Cause::Behind)));
        watch.died(Cause::Behind, Some(20), Some(50), now);
        assert_eq!(watch.skip(), 50);
    }

    #[test]
    fn what_kills_twice_is_passed_over() {
        let now = Instant::now();
        let mut watch = watch(now, 0..10);
        watch.died(Cause::Died, Some(7), Some(7), now);
        assert_eq!(watch.skip(), 0);
        watch.died(Cause::Died, Some(7), Some(7), now);
        assert_eq!(watch.skip(), 8);
        watch.died(Cause::Died, Some(30), Some(30), now);
        assert_eq!(watch.skip(), 8);
    }

    #[test]
    fn pauses_grow_and_a_recovery_ends_them() {
        let now = Instant::now();
        let mut watch = watch(now, 0..10);
        let pause = |watch: &mut Watch| (watch.died(Cause::Died, None, None, now) - now).as_millis();
        let pauses: Vec<u128> = (0..9).map(|_| pause(&mut watch)).collect();
        assert_eq!(pauses, [0, 100, 500, 1_000, 2_000, 5_000, 10_000, 10_000, 10_000]);
        watch.begun(at(0), now);
        watch.done(at(0), now + millis(9_000), |_| ());
        assert_eq!(watch.deaths(), 9);
        watch.done(at(1), now + millis(10_000), |_| ());
        assert_eq!(pause(&mut watch), 0);
    }

    #[test]
    fn a_halved_rate_leaves_out_the_next_picture_but_no_keyframe() {
        let mut watch = watch(Instant::now(), 5..15);
        assert_eq!(watch.next(at(5)), Some(at(6)));
        watch.done(at(8), Instant::now(), |_| ());
        assert_eq!(watch.next(at(5)), Some(at(6)), "also of what is done");
        assert_eq!(watch.next(at(9)), None);
        assert_eq!(watch.next(at(14)), None);
    }
}
