//! What is done for a sink while it is ours.
//!
//! Promise: nothing begins when the lease has little time left; the position that is written never passes an event
//! that is neither delivered nor put aside.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use bytes::Bytes;
use store::{DeadLetter, StoredEvent};
use tokio::task::JoinSet;
use tokio::time::{Instant, MissedTickBehavior, interval, sleep_until};
use tokio_util::sync::CancellationToken;
use tracing::{error, info, warn};

use super::{Courier, LEASE, TICK, asked_in_time};
use crate::clock::{millis, roll, wall};
use crate::counts::Counter;
use crate::lanes::{Batch, GivenUp, Lanes, Moment};
use crate::outlet::{Letter, Outcome};

/// The lease is renewed so often, when the position does not move.
const RENEW: Duration = Duration::from_secs(3);
/// No delivery begins when the lease has less time left.
const MARGIN: Duration = Duration::from_secs(2);
/// A position that moved is written at once when it was not written for so long: what comes seldom is not told
/// again after a crash.
const PACE: Duration = Duration::from_millis(500);
/// Events of one look into the outbox.
const LOOK: usize = 256;
/// At the end, what is there may still be delivered for so long.
pub(crate) const FAREWELL: Duration = Duration::from_secs(2);

/// Why a sink is no longer served.
pub(super) enum End {
    /// It is time to stop.
    Stopped,
    /// Somebody else has it, or may have it.
    Lost,
}

/// A lease on the sink, and what is done under it.
pub(super) struct Tenure<'a> {
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

impl<'a> Tenure<'a> {
    /// The sink was claimed behind a position, until a moment.
    pub(super) fn begin(courier: &'a Courier, position: i64, until: Instant) -> Self {
        Self {
            courier,
            lanes: Lanes::new(courier.outlet.shape(), courier.give_up, position),
            trips: JoinSet::new(),
            given_up: Vec::new(),
            since: wall(),
            until,
            written: position,
            renewed: until - LEASE,
            news: true,
            troubled: false,
        }
    }

    /// Works until `stop`, or until the sink is no longer ours.
    pub(super) async fn serve(mut self, stop: &CancellationToken) -> End {
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
        waiting.store(self.lanes.waiting() as u64, Ordering::Relaxed);
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
