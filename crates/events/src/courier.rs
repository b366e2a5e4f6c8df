//! One sink's task: holds the sink's lease, reads the outbox, and sees to it that each wanted event gets there.
//!
//! Promise: no event is tried by two servers at once but for a moment in which the database was away; the
//! sink's position in the database moves at least each second while events are delivered, and never past one that
//! is neither delivered nor put aside.

use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use bytes::Bytes;
use store::{DeadLetter, Store, StoreError, StoredEvent};
use tokio::task::JoinSet;
use tokio::time::{Instant, MissedTickBehavior, interval, sleep_until, timeout};
use tokio_util::sync::CancellationToken;
use tracing::{error, info, warn};

use crate::counts::Counter;
use crate::lanes::{Batch, GivenUp, Lanes, Moment};
use crate::letters;
use crate::outlet::{Letter, Outcome, Outlet};
use crate::pattern::Pattern;

/// How long a sink is somebody's who says nothing any more.
pub(crate) const LEASE: Duration = Duration::from_secs(10);
/// The lease is renewed so often, when the position does not move.
const RENEW: Duration = Duration::from_secs(3);
/// No delivery begins when the lease has less time left.
const MARGIN: Duration = Duration::from_secs(2);
/// How often the outbox is looked at without news, and a position that moved is written at the latest.
const TICK: Duration = Duration::from_secs(1);
/// A position that moved is written at once when it was not written for so long: what comes seldom is not told
/// again after a crash.
const PACE: Duration = Duration::from_millis(500);
/// Events of one look into the outbox.
const LOOK: usize = 256;
/// A question to the database that takes longer has failed.
const PATIENCE: Duration = Duration::from_secs(5);
/// At the end, what is there may still be delivered for so long.
pub(crate) const FAREWELL: Duration = Duration::from_secs(2);

/// Looks after one sink.
pub(crate) struct Courier {
    pub(crate) name: String,
    pub(crate) pattern: Option<Pattern>,
    pub(crate) give_up: Duration,
    pub(crate) outlet: Arc<Outlet>,
    pub(crate) store: Store,
    pub(crate) node: String,
    pub(crate) counter: Arc<Counter>,
}

/// Why a sink is no longer served.
enum End {
    /// It is time to stop.
    Stopped,
    /// Somebody else has it, or may have it.
    Lost,
}

/// A lease on the sink, and what is done under it.
struct Tenure<'a> {
    courier: &'a Courier,
    lanes: Lanes,
    trips: JoinSet<(Batch, Vec<Outcome>)>,
    /// Events that are given up and not put aside yet.
    given_up: Vec<GivenUp>,
    /// When the sink was taken over, in milliseconds since 1970.
    since: i64,
    /// Until when it is ours.
    until: Instant,
    /// The position in the database.
    written: i64,
    renewed: Instant,
    /// There may be something in the outbox that was not read.
    news: bool,
    /// The last try that came back had failed.
    troubled: bool,
}

impl std::fmt::Debug for Courier {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Courier").field("name", &self.name).finish_non_exhaustive()
    }
}

impl Courier {
    /// Makes the sink known, so that its events are counted from here if it is new.
    pub(crate) async fn announce(&self) -> Result<(), StoreError> {
        self.store.claim_sink(&self.name, &self.node, wall(), wall() + millis(LEASE)).await.map(drop)
    }

    /// Works until `stop`, and then for [`FAREWELL`] at most.
    pub(crate) async fn run(self, stop: CancellationToken) {
        while let Some(position) = self.claim(&stop).await {
            match self.serve(position, &stop).await {
                End::Stopped => break,
                End::Lost => {
                    info!(sink = self.name, "the lease on a sink of events is over; it is claimed anew");
                }
            }
        }
    }

    /// Waits for the lease; `None` when it is time to stop.
    async fn claim(&self, stop: &CancellationToken) -> Option<(i64, Instant)> {
        let mut tick = interval(TICK);
        tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut told = false;
        loop {
            tokio::select! {
                () = stop.cancelled() => return None,
                _ = tick.tick() => {}
            }
            let asked = Instant::now();
            let claim = self.store.claim_sink(&self.name, &self.node, wall(), wall() + millis(LEASE));
            match asked_in_time(claim).await {
                Ok(Some(position)) => return Some((position, asked + LEASE)),
                Ok(None) => {}
                Err(error) if !told => {
                    warn!(sink = self.name, %error, "could not claim a sink of events; it is tried again");
                    told = true;
                }
                Err(_) => {}
            }
        }
    }

    async fn serve(&self, (position, until): (i64, Instant), stop: &CancellationToken) -> End {
        let redelivery = letters::redeliver(&self.store, &self.name, &self.outlet, &self.counter);
        let tenure = Tenure {
            courier: self,
            lanes: Lanes::new(self.outlet.shape(), self.give_up, position),
            trips: JoinSet::new(),
            given_up: Vec::new(),
            since: wall(),
            until,
            written: position,
            renewed: until - LEASE,
            news: true,
            troubled: false,
        };
        let end = tokio::select! {
            end = tenure.serve(stop) => end,
            () = redelivery => End::Lost,
        };
        self.counter.waiting.store(0, std::sync::atomic::Ordering::Relaxed);
        end
    }

    fn wants(&self, event: &StoredEvent) -> bool {
        let Some(pattern) = &self.pattern else { return true };
        serde_json::from_str(&event.envelope).is_ok_and(|event| pattern.matches(&event))
    }
}

impl Tenure<'_> {
    async fn serve(mut self, stop: &CancellationToken) -> End {
        let mut commits = self.courier.store.outbox_news();
        let mut tick = interval(TICK);
        tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut end: Option<Instant> = None;
        loop {
            self.read().await;
            self.bury().await;
            self.depart();
            if Instant::now() >= self.until {
                return End::Lost;
            }
            let over = end.is_some_and(|end| self.is_done() || Instant::now() >= end);
            if over {
                self.leave().await;
                return End::Stopped;
            }
            let due = self.lanes.next_due().filter(|_| self.is_ours());
            tokio::select! {
                Some(trip) = self.trips.join_next(), if !self.trips.is_empty() => {
                    match trip {
                        Ok((batch, outcomes)) => {
                            self.arrive(batch, outcomes);
                            if self.renewed.elapsed() >= PACE && !self.advance().await {
                                return End::Lost;
                            }
                        }
                        // What it carried is still open: the next tenure begins before it.
                        Err(error) => {
                            error!(sink = self.courier.name, %error, "a delivery broke");
                            return End::Lost;
                        }
                    }
                }
                news = commits.changed() => match news {
                    Ok(()) => self.news = true,
                    // The store is gone, and with it what there was to do.
                    Err(_) => return End::Stopped,
                },
                _ = tick.tick() => {
                    self.news = true;
                    if !self.advance().await {
                        return End::Lost;
                    }
                }
                () = until(due) => {}
                () = until(end) => {}
                () = stop.cancelled(), if end.is_none() => {
                    end = Some(Instant::now() + FAREWELL);
                    self.news = true;
                }
            }
        }
    }

    fn is_ours(&self) -> bool {
        Instant::now() + MARGIN < self.until
    }

    fn is_done(&self) -> bool {
        self.trips.is_empty() && self.lanes.at_rest() && !self.news
    }

    /// Reads the outbox as far as there is room.
    async fn read(&mut self) {
        while self.news {
            let room = self.lanes.room().min(LOOK);
            if room == 0 {
                // A trip that comes back makes room, and a tick makes news.
                return;
            }
            let limit = u32::try_from(room).unwrap_or(u32::MAX);
            let look = self.courier.store.events_after(self.lanes.read(), limit);
            let Ok(events) = asked_in_time(look).await else {
                self.news = false;
                return;
            };
            self.news = events.len() == room;
            for event in events {
                let wanted = self.courier.wants(&event);
                self.lanes.push(event, wanted);
            }
            self.depart();
        }
    }

    /// Sends off what may be tried now.
    fn depart(&mut self) {
        while self.is_ours()
            && let Some(batch) = self.lanes.take(Instant::now())
        {
            let outlet = Arc::clone(&self.courier.outlet);
            self.trips.spawn(async move {
                let lanes: Vec<Vec<Letter>> = batch.0.iter().map(|(_, events)| letters_of(events)).collect();
                let outcomes = outlet.deliver(&lanes).await;
                (batch, outcomes)
            });
        }
        let waiting = &self.courier.counter.waiting;
        waiting.store(self.lanes.waiting() as u64, std::sync::atomic::Ordering::Relaxed);
    }

    fn arrive(&mut self, batch: Batch, outcomes: Vec<Outcome>) {
        self.lanes.back();
        let now = Moment { instant: Instant::now(), wall: wall() };
        let nothing = || Outcome { delivered: 0, failure: None };
        let mut outcomes = outcomes.into_iter();
        for (lane, _) in batch.0 {
            let outcome = outcomes.next().unwrap_or_else(nothing);
            self.count(&outcome);
            let given_up = self.lanes.settle(&lane, outcome, now, self.since, roll());
            self.given_up.extend(given_up);
        }
    }

    fn count(&mut self, outcome: &Outcome) {
        let (counter, sink) = (&self.courier.counter, self.courier.name.as_str());
        Counter::add(&counter.delivered, outcome.delivered);
        match &outcome.failure {
            Some(failure) => {
                Counter::add(&counter.failed, 1);
                if !self.troubled {
                    warn!(sink, reason = failure.reason, "a sink does not take events; they are kept for it");
                }
                self.troubled = true;
            }
            None if self.troubled => {
                info!(sink, "a sink takes events again");
                self.troubled = false;
            }
            None => {}
        }
    }

    /// Puts aside what was given up; what can't be now is tried again with the next turn.
    async fn bury(&mut self) {
        if self.given_up.is_empty() {
            return;
        }
        let sink = &self.courier.name;
        let letters: Vec<DeadLetter> =
            self.given_up.iter().map(|given_up| dead_letter(sink, given_up)).collect();
        if asked_in_time(self.courier.store.put_dead_letters(&letters)).await.is_err() {
            return;
        }
        Counter::add(&self.courier.counter.dead, letters.len());
        for given_up in self.given_up.drain(..) {
            warn!(
                sink = self.courier.name,
                event = %given_up.event.id,
                attempts = given_up.attempts,
                reason = given_up.reason,
                "an event was given up; it is among the dead letters"
            );
            self.lanes.bury(&given_up.lane);
        }
    }

    /// Writes the position down, or renews the lease when it did not move; false when the sink is lost.
    async fn advance(&mut self) -> bool {
        let mark = self.lanes.mark();
        if mark == self.written && self.renewed.elapsed() < RENEW {
            return true;
        }
        let asked = Instant::now();
        let courier = self.courier;
        let until = wall() + millis(LEASE);
        let advance = courier.store.advance_sink(&courier.name, &courier.node, mark, until);
        match asked_in_time(advance).await {
            Ok(true) => {
                (self.written, self.renewed, self.until) = (mark, asked, asked + LEASE);
                true
            }
            Ok(false) => false,
            // It is ours until its time is over, and what is delivered meanwhile will be written then.
            Err(_) => true,
        }
    }

    /// Leaves the sink as it is to whoever comes next.
    async fn leave(&mut self) {
        let courier = self.courier;
        let until = wall() + millis(LEASE);
        let advance = courier.store.advance_sink(&courier.name, &courier.node, self.lanes.mark(), until);
        // Who can't be asked the first question is not asked the second: there is not much time.
        let left = async {
            asked_in_time(advance).await?;
            asked_in_time(courier.store.release_sink(&courier.name, &courier.node)).await
        };
        if left.await.is_err() {
            warn!(sink = courier.name, "the end of deliveries could not be written; some may come twice");
        }
    }
}

/// Waits for a moment, or for ever.
async fn until(moment: Option<Instant>) {
    match moment {
        Some(moment) => sleep_until(moment).await,
        None => std::future::pending().await,
    }
}

/// An answer of the database, or none in time.
async fn asked_in_time<T>(question: impl Future<Output = Result<T, StoreError>>) -> Result<T, Unanswered> {
    match timeout(PATIENCE, question).await {
        Ok(answer) => answer.map_err(Unanswered::Store),
        Err(_) => Err(Unanswered::Late),
    }
}

#[derive(Debug, thiserror::Error)]
enum Unanswered {
    #[error(transparent)]
    Store(StoreError),
    #[error("the database did not answer")]
    Late,
}

fn letters_of(events: &[Arc<StoredEvent>]) -> Vec<Letter> {
    let letter = |event: &Arc<StoredEvent>| Letter {
        id: event.id.clone(),
        at: event.at,
        envelope: Bytes::from(event.envelope.clone()),
    };
    events.iter().map(letter).collect()
}

fn dead_letter(sink: &str, given_up: &GivenUp) -> DeadLetter {
    let event = &given_up.event;
    DeadLetter {
        sink: sink.to_owned(),
        position: event.position,
        id: event.id.clone(),
        at: event.at,
        account: event.account.clone(),
        envelope: event.envelope.clone(),
        attempts: given_up.attempts,
        failed_at: wall(),
        reason: given_up.reason.clone(),
    }
}

/// Milliseconds since 1970.
pub(crate) fn wall() -> i64 {
    millis(SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default())
}

fn millis(span: Duration) -> i64 {
    i64::try_from(span.as_millis()).unwrap_or(i64::MAX)
}

/// Any number.
fn roll() -> u16 {
    let mut bytes = [0; 2];
    // Without chance, pauses are as long as they may be.
    match aws_lc_rs::rand::fill(&mut bytes) {
        Ok(()) => u16::from_be_bytes(bytes),
        Err(_) => u16::MAX,
    }
}
