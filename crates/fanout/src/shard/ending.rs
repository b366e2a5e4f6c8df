//! How connections end.
//!
//! Promise: the owner hears of an end once, when the connection leaves its group; what then still goes out is
//! finished within the stall time or thrown away, and the socket is closed in any case.

use std::net::Shutdown;
use std::os::fd::AsFd;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use bytes::Bytes;

use crate::connection::{NONE, Phase, Then};
use crate::{Connection, Ended, Service, codec, kernel};

use super::timing::ticks;
use super::{Draining, Shard};

/// How long the client's close frame, then its end of the stream, are waited for.
const LINGER: Duration = Duration::from_secs(2);

impl<S: Service> Shard<S> {
    /// The last frames, then the end; `all`: first everything that was published, else only the rest of a frame
    /// that has been begun.
    pub(super) fn part(
        &mut self,
        slot: u32,
        why: Ended,
        all: bool,
        last: impl IntoIterator<Item = Bytes>,
        then: Then,
    ) {
        let Some(connection) = self.connections.get_mut(slot) else { return };
        if connection.phase != Phase::Open {
            return;
        }
        if let Some(members) = self.groups.get(connection.group) {
            connection.detach(&members.log, all);
        }
        for frame in last {
            connection.queue(connection.cursor, frame);
        }
        connection.phase = Phase::Parting(then);
        connection.rare().pong = None;
        connection.rare().over = self.clock.tick() + ticks(self.config.stall).max(1);
        self.leave(slot, why);
        self.pump(slot);
        self.reschedule(slot);
    }

    /// With a close frame, as the owner asked.
    pub(super) fn part_with(&mut self, slot: u32, code: u16, reason: &str) {
        self.part(slot, Ended::ByOwner, true, [codec::close(code, reason)], Then::Wait);
    }

    /// It does not read: it is told, if it takes that.
    pub(super) fn slow(&mut self, slot: u32) {
        let open = self.connections.get(slot).is_some_and(|connection| connection.phase == Phase::Open);
        if open {
            self.tally().slow.fetch_add(1, Ordering::Relaxed);
            let farewell = self.config.farewell.as_ref().map(|frame| frame.bytes().clone());
            self.part(slot, Ended::Slow, false, farewell, Then::End);
        }
    }

    /// Without a close frame, as the owner asked. One that reads gets what was published before.
    pub(super) fn cut(&mut self, slot: u32) {
        let Some(connection) = self.connections.get(slot) else { return };
        match connection.phase {
            Phase::Open => {
                if !connection.lagging {
                    self.pump(slot);
                }
                // Writing may have found it gone.
                if self.connections.get(slot).is_some() {
                    self.leave(slot, Ended::ByOwner);
                    self.end_stream(slot);
                }
            }
            Phase::Lingering => {}
            Phase::Parting(_) | Phase::Closing => self.tear_down(slot),
        }
    }

    /// The client is gone.
    pub(super) fn lost(&mut self, slot: u32) {
        self.leave(slot, Ended::Lost);
        self.tear_down(slot);
    }

    /// The last frame is out.
    pub(super) fn parted(&mut self, slot: u32, then: Then) {
        match then {
            Then::End => self.end_stream(slot),
            Then::Wait => self.wait_in(slot, Phase::Closing),
        }
    }

    /// Nothing more comes from us; what the client still sends must be read, or the kernel would answer it with
    /// a reset, which may take from the client what it has not read yet.
    pub(super) fn end_stream(&mut self, slot: u32) {
        self.lag_no_more(slot);
        let Some(connection) = self.connections.get_mut(slot) else { return };
        if connection.stream.shutdown(Shutdown::Write).is_err() {
            return self.tear_down(slot);
        }
        self.wait_in(slot, Phase::Lingering);
    }

    fn wait_in(&mut self, slot: u32, phase: Phase) {
        let Some(connection) = self.connections.get_mut(slot) else { return };
        connection.phase = phase;
        connection.rare().over = self.clock.tick() + ticks(LINGER);
        self.reschedule(slot);
    }

    /// Takes a connection out of its group and tells the owner, if that has not been done.
    fn leave(&mut self, slot: u32, why: Ended) {
        let Some(connection) = self.connections.get_mut(slot) else { return };
        let Some(session) = connection.session.take() else { return };
        let (name, number, member) = (connection.name, connection.group, connection.member);
        let lagging = connection.lagging;
        connection.group = NONE;
        self.slots.remove(&name);
        if let Some(members) = self.groups.get_mut(number) {
            members.slots.swap_remove(member as usize);
            members.lagging -= usize::from(lagging);
            if let Some(moved) = members.slots.get(member as usize)
                && let Some(moved) = self.connections.get_mut(*moved)
            {
                moved.member = member;
            }
            let group = members.group;
            if members.slots.is_empty() {
                self.groups.remove(number);
                self.numbers.remove(&group.0);
            } else {
                self.settle(number);
            }
            self.shared.directory.leave(group, self.index);
        }
        self.tally().connections.fetch_sub(1, Ordering::Relaxed);
        self.service.ended(Connection(name), session, why);
    }

    /// Closes with a reset: what waits in the kernel is thrown away.
    pub(super) fn reset(&mut self, slot: u32) {
        if let Some(connection) = self.connections.get(slot) {
            // Without it the kernel goes on trying to send what it has, for minutes; it is bounded all the same.
            let _ = kernel::reset_when_closed(connection.stream.as_fd());
        }
        self.tear_down(slot);
    }

    /// Closes the socket and forgets the connection.
    pub(super) fn tear_down(&mut self, slot: u32) {
        let Some(connection) = self.connections.remove(slot) else { return };
        // It fails only for a socket that never was added.
        let _ = self.poll.remove(connection.stream.as_fd());
        self.sender.forget(slot);
        self.wheel.clear(slot);
    }

    /// Begins the end of all.
    pub(super) fn drain(&mut self, within: Duration) {
        if self.draining.is_none() {
            let slots = self.connections.numbers();
            self.draining = Some(Draining { slots, done: 0, start: self.clock.now(), within });
        }
    }

    /// Cuts those whose time has come.
    pub(super) fn cut_due(&mut self) {
        let now = self.clock.now();
        while let Some(draining) = self.draining.as_mut()
            && draining.next().is_some_and(|time| time <= now)
        {
            let slot = draining.slots[draining.done];
            draining.done += 1;
            self.cut(slot);
        }
    }

    /// When the next one is cut.
    pub(super) fn next_cut(&self) -> Option<Instant> {
        self.draining.as_ref()?.next()
    }
}

impl Draining {
    fn next(&self) -> Option<Instant> {
        let share = self.done as f64 / self.slots.len() as f64;
        (self.done < self.slots.len()).then(|| self.start + self.within.mul_f64(share))
    }
}
