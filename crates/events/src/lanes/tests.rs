//! Lanes, with time and outcomes as arguments.
//!
//! Promise: whatever fails and however often, order and bounds hold in every run.

use domain::{AccountId, EventId, Region};
use proptest::prelude::*;

use super::*;

const HOOK: Shape = Shape { one_lane: false, lanes: 1, depth: 1, parallel: 8 };
const HOUR: Duration = Duration::from_secs(3600);

fn event(position: i64, lane: &str) -> StoredEvent {
    StoredEvent {
        position,
        id: EventId::parse("00000000-0000-4000-8000-000000000000").expect("an id"),
        at: 0,
        account: AccountId::parse("123456789012").expect("an account"),
        region: Region::parse("us-east-1").expect("a region"),
        lane: lane.to_owned(),
        envelope: "{}".to_owned(),
    }
}

fn well(delivered: usize) -> Outcome {
    Outcome { delivered, failure: None }
}

fn badly(kind: FailureKind) -> Outcome {
    Outcome { delivered: 0, failure: Some(Failure { kind, reason: "so".to_owned() }) }
}

struct Rig {
    lanes: Lanes,
    now: Moment,
}

impl Rig {
    fn new(shape: Shape) -> Self {
        let now = Moment { instant: Instant::now(), wall: 0 };
        Self { lanes: Lanes::new(shape, HOUR, 0), now }
    }

    fn pass(&mut self, time: Duration) {
        self.now.instant += time;
        self.now.wall += i64::try_from(time.as_millis()).expect("short");
    }

    /// The lane and positions of what may be tried now.
    fn take(&mut self) -> Option<Vec<(String, Vec<i64>)>> {
        let Batch(parts) = self.lanes.take(self.now.instant)?;
        let positions = |events: Vec<Arc<StoredEvent>>| events.iter().map(|event| event.position).collect();
        Some(parts.into_iter().map(|(lane, events)| (lane, positions(events))).collect())
    }

    fn settle(&mut self, lane: &str, outcome: Outcome) -> Option<GivenUp> {
        self.lanes.back();
        self.lanes.settle(lane, outcome, self.now, 0, u16::MAX)
    }
}

fn one(lane: &str, position: i64) -> Option<Vec<(String, Vec<i64>)>> {
    Some(vec![(lane.to_owned(), vec![position])])
}

#[test]
fn a_lane_gives_out_one_event_at_a_time_and_others_go_beside_it() {
    let mut rig = Rig::new(HOOK);
    for (position, lane) in [(1, "a"), (2, "a"), (3, "b")] {
        rig.lanes.push(event(position, lane), true);
    }
    assert_eq!(rig.take(), one("a", 1));
    assert_eq!(rig.take(), one("b", 3));
    assert_eq!(rig.take(), None);
    assert!(rig.settle("b", well(1)).is_none());
    assert_eq!(rig.lanes.mark(), 0, "the first event is not done");
    rig.settle("a", well(1));
    assert_eq!(rig.lanes.mark(), 1);
    assert_eq!(rig.take(), one("a", 2));
    rig.settle("a", well(1));
    assert_eq!(rig.lanes.mark(), 3);
    assert!(rig.lanes.lanes.is_empty(), "nothing is kept of a lane that is done");
}

#[test]
fn unwanted_events_are_done_at_once() {
    let mut rig = Rig::new(HOOK);
    rig.lanes.push(event(7, "a"), false);
    assert_eq!((rig.take(), rig.lanes.mark(), rig.lanes.waiting()), (None, 7, 0));
}

#[test]
fn pauses_grow_to_five_minutes() {
    let mut rig = Rig::new(HOOK);
    rig.lanes.push(event(1, "a"), true);
    let mut pauses = Vec::new();
    for _ in 0..12 {
        assert_eq!(rig.take(), one("a", 1));
        assert!(rig.settle("a", badly(FailureKind::Failed)).is_none());
        assert_eq!(rig.take(), None);
        let pause = rig.lanes.next_due().expect("it waits") - rig.now.instant;
        pauses.push(pause.as_secs());
        rig.pass(pause);
    }
    assert_eq!(pauses, [1, 2, 4, 8, 16, 32, 64, 128, 256, 300, 300, 300]);
}

#[test]
fn pauses_are_uneven() {
    assert_eq!(pause(3, 0), Duration::from_secs(2));
    assert_eq!(pause(3, u16::MAX), Duration::from_secs(4));
    assert_eq!(pause(u32::MAX, u16::MAX), LONGEST_PAUSE);
}

#[test]
fn what_is_refused_five_times_is_given_up_and_its_lane_goes_on() {
    let mut rig = Rig::new(HOOK);
    rig.lanes.push(event(1, "a"), true);
    rig.lanes.push(event(2, "a"), true);
    for _ in 0..4 {
        assert_eq!(rig.take(), one("a", 1));
        assert!(rig.settle("a", badly(FailureKind::Refused)).is_none());
        rig.pass(HOUR / 60);
    }
    assert_eq!(rig.take(), one("a", 1));
    let given_up = rig.settle("a", badly(FailureKind::Refused)).expect("given up");
    assert_eq!((given_up.event.position, given_up.attempts), (1, 5));
    rig.pass(HOUR);
    assert_eq!((rig.take(), rig.lanes.mark()), (None, 0), "not before it is put aside");
    rig.lanes.bury("a");
    assert_eq!(rig.lanes.mark(), 1);
    assert_eq!(rig.take(), one("a", 2));
}

#[test]
fn what_fails_for_too_long_is_given_up() {
    let mut rig = Rig::new(HOOK);
    rig.lanes.push(event(1, "a"), true);
    rig.take();
    assert!(rig.settle("a", badly(FailureKind::Away(None))).is_none());
    rig.pass(HOUR);
    rig.take();
    assert!(rig.settle("a", badly(FailureKind::Away(None))).is_some());
}

#[test]
fn lanes_that_found_nobody_try_again_soon_after_another_got_through() {
    let mut rig = Rig::new(HOOK);
    rig.lanes.push(event(1, "a"), true);
    for _ in 0..8 {
        rig.take();
        rig.settle("a", badly(FailureKind::Away(None)));
        rig.pass(rig.lanes.next_due().expect("it waits") - rig.now.instant);
    }
    rig.take();
    rig.settle("a", badly(FailureKind::Away(None)));
    rig.lanes.push(event(2, "b"), true);
    assert_eq!(rig.take(), one("b", 2));
    rig.settle("b", well(1));
    rig.pass(HOPE);
    assert_eq!(rig.take(), one("a", 1));
}

#[test]
fn a_pause_that_was_asked_for_is_kept() {
    let mut rig = Rig::new(HOOK);
    rig.lanes.push(event(1, "a"), true);
    rig.take();
    rig.settle("a", badly(FailureKind::Away(Some(Duration::from_secs(60)))));
    rig.pass(Duration::from_secs(59));
    assert_eq!(rig.take(), None);
    rig.pass(Duration::from_secs(1));
    assert_eq!(rig.take(), one("a", 1));
}

#[test]
fn a_file_has_one_order_and_a_bad_event_is_found_by_trying_it_alone() {
    let mut rig = Rig::new(Shape { one_lane: true, lanes: 1, depth: 256, parallel: 1 });
    for (position, lane) in [(1, "a"), (2, "b"), (3, "a")] {
        rig.lanes.push(event(position, lane), true);
    }
    assert_eq!(rig.take(), Some(vec![(String::new(), vec![1, 2, 3])]));
    rig.settle("", badly(FailureKind::Failed));
    rig.pass(Duration::from_secs(1));
    assert_eq!(rig.take(), one("", 1));
    rig.settle("", well(1));
    assert_eq!(rig.take(), Some(vec![(String::new(), vec![2, 3])]));
}

#[test]
fn what_is_held_is_bounded() {
    let mut rig = Rig::new(HOOK);
    for position in 1..=1_000 {
        assert!(rig.lanes.room() > 0);
        rig.lanes.push(event(position, "a"), true);
    }
    assert_eq!(rig.lanes.room(), 0);
    let mut far = Rig::new(HOOK);
    far.lanes.push(event(1, "a"), true);
    far.lanes.push(event(10_001, "a"), false);
    assert_eq!(far.lanes.room(), 0, "no further from an event that is not done");
}

proptest! {
    #[test]
    fn each_event_is_done_once_and_in_order(
        names in prop::collection::vec((0..4u8, any::<bool>()), 1..60),
        fates in prop::collection::vec(0..6u8, 1..40),
        parallel in 1..4usize, lanes in 1..4usize, depth in 1..4usize, one_lane in any::<bool>(),
    ) {
        let mut rig = Rig::new(Shape { one_lane, lanes, depth, parallel });
        let mut wanted: HashMap<String, Vec<i64>> = HashMap::new();
        for (position, (name, is_wanted)) in (1..).zip(&names) {
            let lane = name.to_string();
            rig.lanes.push(event(position, &lane), *is_wanted);
            if *is_wanted {
                wanted.entry(if one_lane { String::new() } else { lane }).or_default().push(position);
            }
        }
        let mut done: HashMap<String, Vec<i64>> = HashMap::new();
        let mut out: Vec<(String, Vec<i64>)> = Vec::new();
        let (mut fates, mut rounds) = (fates.into_iter().cycle(), 0);
        let mut mark = 0;
        while rig.lanes.waiting() > 0 {
            rounds += 1;
            prop_assert!(rounds < 10_000, "it comes to an end");
            while let Some(batch) = rig.take() {
                // Each lane of a batch comes back by itself here, which `back` allows for.
                out.extend(batch);
            }
            let Some((lane, positions)) = out.pop() else {
                let due = rig.lanes.next_due();
                prop_assert!(due.is_some(), "who does not wait is tried");
                rig.pass(due.map_or(Duration::ZERO, |due| due.saturating_duration_since(rig.now.instant)));
                continue;
            };
            let fate = fates.next().unwrap_or(0);
            // Something gets through at last, or what fails would only be given up.
            let outcome = match fate {
                0 | 1 => well(positions.len()),
                2 => Outcome { delivered: positions.len() / 2, ..badly(FailureKind::Failed) },
                3 => badly(FailureKind::Away(None)),
                4 => badly(FailureKind::Refused),
                _ => badly(FailureKind::Failed),
            };
            let delivered = &positions[..outcome.delivered];
            done.entry(lane.clone()).or_default().extend(delivered);
            if let Some(given_up) = rig.settle(&lane, outcome) {
                done.entry(lane.clone()).or_default().push(given_up.event.position);
                rig.lanes.bury(&lane);
            }
            prop_assert!(rig.lanes.mark() >= mark, "the mark never goes back");
            mark = rig.lanes.mark();
            for (lane, positions) in &wanted {
                let finished = done.get(lane).map_or(0, Vec::len);
                prop_assert!(positions.get(finished).is_none_or(|open| mark < *open), "or past what is open");
            }
        }
        prop_assert_eq!(done, wanted);
        prop_assert_eq!(rig.lanes.mark(), i64::try_from(names.len()).unwrap_or(0));
    }
}
