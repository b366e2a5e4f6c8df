//! What happens because time passed: pings, the owners' deadlines, stalls, the ends of ends.
//!
//! Promise: a connection has one timer, set to the soonest of what it waits for; pings of many connections are
//! spread over the period.

use std::time::{Duration, Instant};

use crate::codec::PING;
use crate::connection::{NONE, Phase};
use crate::{Connection, Ended, Service};

use super::Shard;
use super::hearing::follow;

/// The wheel's tick: how late a deadline, a ping or the end of a stall may be seen.
const TICK: Duration = Duration::from_millis(50);

/// Time in the wheel's ticks.
#[derive(Debug)]
pub(super) struct Clock {
    start: Instant,
    now: Instant,
}

impl Clock {
    pub(super) fn start() -> Self {
        let now = Instant::now();
        Self { start: now, now }
    }

    pub(super) fn look(&mut self) {
        self.now = Instant::now();
    }

    pub(super) fn now(&self) -> Instant {
        self.now
    }

    /// The tick that has come.
    pub(super) fn tick(&self) -> u32 {
        let passed = self.now.saturating_duration_since(self.start);
        u32::try_from(passed.as_millis() / TICK.as_millis()).unwrap_or(NONE - 1)
    }

    /// The first tick at or behind a time.
    pub(super) fn tick_at(&self, time: Instant) -> u32 {
        ticks(time.saturating_duration_since(self.start))
    }

    fn time_of(&self, tick: u32) -> Instant {
        self.start + TICK * tick
    }

    /// The next of the moments, `period` apart, at which busy groups are offered what waits.
    pub(super) fn next_grid(&self, period: Duration) -> Instant {
        let passed = self.now.saturating_duration_since(self.start).as_nanos();
        let period = period.as_nanos().max(1);
        let ahead = period - passed % period;
        self.now + Duration::from_nanos(u64::try_from(ahead).unwrap_or(0))
    }
}

/// A span in ticks, rounded up.
pub(super) fn ticks(span: Duration) -> u32 {
    u32::try_from(span.as_nanos().div_ceil(TICK.as_nanos())).unwrap_or(NONE - 1)
}

impl<S: Service> Shard<S> {
    /// How long the shard may wait for sockets.
    pub(super) fn until_next(&self) -> Option<Duration> {
        let timer = self.wheel.next().map(|tick| self.clock.time_of(tick));
        let drain = self.next_cut();
        let soonest = [timer, self.grid, drain].into_iter().flatten().min()?;
        Some(soonest.saturating_duration_since(Instant::now()))
    }

    /// The first ping of a connection, in ticks from now: spread over the period by the golden ratio.
    pub(super) fn first_ping(&self, name: u64) -> u32 {
        let period = u64::from(ticks(self.config.ping).max(1));
        let spread = name.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 32;
        1 + u32::try_from((spread * period) >> 32).unwrap_or(0)
    }

    /// Sets a connection's timer to what comes first.
    pub(super) fn reschedule(&mut self, slot: u32) {
        let Some(connection) = self.connections.get(slot) else { return };
        let rare = connection.rare.as_ref();
        let due = if connection.phase == Phase::Open {
            let stall = if connection.lagging {
                rare.map_or(NONE, |rare| rare.progress.saturating_add(self.stall()))
            } else {
                NONE
            };
            stall.min(connection.ping).min(connection.deadline)
        } else {
            rare.map_or(0, |rare| rare.over)
        };
        self.wheel.set(slot, due);
    }

    /// Looks after all whose timer fired.
    pub(super) fn timers(&mut self) {
        let mut fired = std::mem::take(&mut self.fired);
        self.wheel.advance(self.clock.tick(), &mut fired);
        for slot in fired.drain(..) {
            self.fire(slot);
            self.reschedule(slot);
        }
        self.fired = fired;
        self.send_pings();
    }

    /// The stall time in ticks; the tick in which it began is not over.
    fn stall(&self) -> u32 {
        ticks(self.config.stall).saturating_add(1)
    }

    fn fire(&mut self, slot: u32) {
        let (tick, stall) = (self.clock.tick(), self.stall());
        let Some(connection) = self.connections.get_mut(slot) else { return };
        let over = connection.rare.as_ref().is_none_or(|rare| rare.over <= tick);
        match connection.phase {
            Phase::Parting(_) if over => return self.reset(slot),
            Phase::Closing | Phase::Lingering if over => return self.tear_down(slot),
            Phase::Parting(_) | Phase::Closing | Phase::Lingering => return,
            Phase::Open => {}
        }
        if connection.lagging
            && connection.rare.as_ref().is_some_and(|rare| tick.saturating_sub(rare.progress) >= stall)
        {
            return self.slow(slot);
        }
        if connection.deadline <= tick {
            self.due(slot);
        }
        self.ping(slot, tick);
    }

    fn due(&mut self, slot: u32) {
        let Some(connection) = self.connections.get_mut(slot) else { return };
        connection.deadline = NONE;
        let name = Connection(connection.name);
        let Some(session) = connection.session.as_mut().filter(|_| !connection.deaf) else { return };
        let next = self.service.due(name, session);
        connection.deaf |= follow(next, name, |command| {
            // Its own shard is there as long as it has connections.
            let _ = self.shared.put(self.index, command);
        });
    }

    fn ping(&mut self, slot: u32, tick: u32) {
        let Some(connection) = self.connections.get_mut(slot) else { return };
        if connection.ping > tick {
            return;
        }
        connection.ping = tick + ticks(self.config.ping).max(1);
        if std::mem::take(&mut connection.heard) || connection.lagging {
            // Either it is known to be there, or its stall says whether it is.
            return;
        }
        if connection.unanswered >= 2 {
            return self.part(slot, Ended::Silent, false, [], crate::connection::Then::End);
        }
        connection.unanswered += 1;
        self.pings.push(slot);
    }

    /// One small send to each that is due; it stands between two frames, because none of them lags.
    fn send_pings(&mut self) {
        let (connections, pings) = (&self.connections, &self.pings);
        self.sender.batch(&mut self.failures, |batch| {
            for slot in pings {
                if let Some(connection) = connections.get(*slot).filter(|connection| !connection.lagging) {
                    batch.push(*slot, std::os::fd::AsFd::as_fd(&connection.stream), PING);
                }
            }
        });
        self.pings.clear();
        let mut failures = std::mem::take(&mut self.failures);
        for failure in failures.drain(..) {
            match failure.result {
                Ok(sent) if sent > 0 => self.finish_ping(failure.slot, sent as usize),
                // No room for a ping: it counts as one without an answer.
                Ok(_) | Err(libc::EAGAIN | libc::EINTR) => {}
                Err(_) => self.lost(failure.slot),
            }
        }
        self.failures = failures;
    }

    /// Half a ping went out; the other half goes before anything else.
    fn finish_ping(&mut self, slot: u32, sent: usize) {
        let Some(connection) = self.connections.get_mut(slot) else { return };
        connection.finish_first(bytes::Bytes::from_static(PING).split_off(sent));
        self.touch(slot);
    }
}
