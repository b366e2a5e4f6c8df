//! What goes out: a group's log to its members, own frames to single ones.
//!
//! Promise: a quiet group's frames leave at the end of the turn in which they came, a busy group's on the grid,
//! all that waits in one send. A member whose socket has no room is left alone until it has.

use std::os::fd::AsFd;
use std::sync::atomic::Ordering;
use std::time::Duration;

use crate::connection::{Phase, Stop};
use crate::sender::Failure;
use crate::{Frame, Group, Service};

use super::Shard;

/// So many bytes do not wait for the grid.
const EARLY: u64 = 32 * 1024;

/// A group that was offered nothing for so long is quiet and needs no buffer.
const QUIET: Duration = Duration::from_secs(1);

impl<S: Service> Shard<S> {
    /// One more frame of a group.
    pub(super) fn publish(&mut self, group: Group, frame: &[u8]) {
        let Some(number) = self.numbers.get(&group.0).copied() else { return };
        let Some(members) = self.groups.get_mut(number) else { return };
        members.log.append(frame);
        let receivers = members.slots.len() as u64;
        let waiting = members.log.end() - members.flushed;
        if !members.dirty {
            members.dirty = true;
            self.dirty.push(number);
        }
        self.tally().delivered.fetch_add(receivers, Ordering::Relaxed);
        if waiting > EARLY {
            self.flush(&[number]);
        }
    }

    /// One frame for one connection.
    pub(super) fn send(&mut self, slot: u32, frame: &Frame) {
        let Some(connection) = self.connections.get_mut(slot) else { return };
        if connection.phase != Phase::Open {
            return;
        }
        let at = self.groups.get(connection.group).map_or(connection.cursor, |members| members.log.end());
        connection.queue(at, frame.bytes().clone());
        let much = connection.own_bytes() > self.config.log_bytes;
        let lagging = connection.lagging;
        self.tally().delivered.fetch_add(1, Ordering::Relaxed);
        match (much, lagging) {
            (true, true) => self.slow(slot),
            // Perhaps it only was not its turn; if there is no room, the next frame ends it.
            (true, false) => self.pump(slot),
            (false, _) => self.touch(slot),
        }
    }

    /// Writes to all that have own frames.
    pub(super) fn write_touched(&mut self) {
        let mut touched = std::mem::take(&mut self.touched);
        for slot in touched.drain(..) {
            let Some(connection) = self.connections.get_mut(slot) else { continue };
            connection.touched = false;
            if !connection.lagging {
                self.pump(slot);
            }
        }
        // Nothing above touches anyone.
        self.touched = touched;
    }

    /// Writes to one connection what it has not got, own frames and its group's.
    pub(super) fn pump(&mut self, slot: u32) {
        let Some(connection) = self.connections.get_mut(slot) else { return };
        if connection.phase == Phase::Closing || connection.phase == Phase::Lingering {
            return;
        }
        let log = self.groups.get(connection.group).map(|members| &members.log);
        let written = connection.write(log);
        if written.bytes > 0 && connection.lagging {
            connection.rare().progress = self.clock.tick();
        }
        self.tally().written.fetch_add(written.bytes, Ordering::Relaxed);
        match written.stop {
            Stop::Done => self.caught_up(slot),
            Stop::Full => self.lag(slot),
            Stop::Lost => self.lost(slot),
        }
    }

    fn caught_up(&mut self, slot: u32) {
        self.lag_no_more(slot);
        let Some(connection) = self.connections.get_mut(slot) else { return };
        connection.tidy();
        if let Phase::Parting(then) = connection.phase {
            self.parted(slot, then);
        }
    }

    /// A socket has no room: from now on its position waits in the log.
    fn lag(&mut self, slot: u32) {
        let Some(connection) = self.connections.get_mut(slot) else { return };
        if connection.lagging {
            return;
        }
        connection.lagging = true;
        connection.rare().progress = self.clock.tick();
        if let Some(members) = self.groups.get_mut(connection.group) {
            members.lagging += 1;
        }
        if self.poll.want_room(connection.stream.as_fd(), u64::from(slot), true).is_err() {
            return self.lost(slot);
        }
        self.reschedule(slot);
    }

    /// It has caught up.
    pub(super) fn lag_no_more(&mut self, slot: u32) {
        let Some(connection) = self.connections.get_mut(slot) else { return };
        if !connection.lagging {
            return;
        }
        connection.lagging = false;
        // A failure leaves it woken for nothing until it ends; its reads will tell.
        let _ = self.poll.want_room(connection.stream.as_fd(), u64::from(slot), false);
        let number = connection.group;
        if let Some(members) = self.groups.get_mut(number) {
            members.lagging -= 1;
        }
        self.settle(number);
    }

    /// Offers what waits to the members of quiet groups, and on the grid to those of all.
    pub(super) fn flush_due(&mut self) {
        self.write_touched();
        if self.dirty.is_empty() {
            return;
        }
        let now = self.clock.now();
        let tick = self.config.tick;
        let all = tick.is_zero() || self.grid.is_some_and(|grid| grid <= now);
        let mut due = std::mem::take(&mut self.dirty);
        if !all {
            let groups = &self.groups;
            let waits = |number: &u32| {
                let last = groups.get(*number).and_then(|members| members.last);
                last.is_some_and(|last| now.saturating_duration_since(last) < tick)
            };
            self.dirty = due.extract_if(.., |number| waits(number)).collect();
        }
        self.flush(&due);
        if all {
            due.clear();
            self.dirty = due;
            self.grid = None;
        } else if self.dirty.is_empty() {
            self.grid = None;
        } else if self.grid.is_none() {
            self.grid = Some(self.clock.next_grid(tick));
        }
    }

    /// Offers what waits to all members of these groups.
    fn flush(&mut self, due: &[u32]) {
        // Own frames have their places in the log: who has some must not be taken past them.
        self.write_touched();
        let (groups, connections) = (&self.groups, &mut self.connections);
        let mut written = 0;
        self.sender.batch(&mut self.failures, |batch| {
            for members in due.iter().filter_map(|number| groups.get(*number)) {
                let end = members.log.end();
                for slot in &members.slots {
                    let Some(connection) = connections.get_mut(*slot) else { continue };
                    if connection.lagging || connection.cursor == end {
                        continue;
                    }
                    let bytes = members.log.between(connection.cursor, end);
                    connection.cursor = end;
                    written += bytes.len() as u64;
                    batch.push(*slot, connection.stream.as_fd(), bytes);
                }
            }
        });
        self.tally().written.fetch_add(written, Ordering::Relaxed);
        let now = self.clock.now();
        for number in due {
            if let Some(members) = self.groups.get_mut(*number) {
                let quiet = members.last.is_none_or(|last| now.saturating_duration_since(last) > QUIET);
                members.last = Some(now);
                members.dirty = false;
                members.flushed = members.log.end();
                members.quiet = quiet;
            }
        }
        let mut failures = std::mem::take(&mut self.failures);
        for failure in failures.drain(..) {
            self.not_whole(failure);
        }
        self.failures = failures;
        for number in due {
            self.settle(*number);
            self.trim(*number);
        }
    }

    /// Takes back what a send did not do.
    fn not_whole(&mut self, failure: Failure) {
        let Some(connection) = self.connections.get_mut(failure.slot) else { return };
        let sent = failure.result.unwrap_or(0);
        let missing = u64::from(failure.length.saturating_sub(sent));
        connection.cursor -= missing;
        self.tally().written.fetch_sub(missing, Ordering::Relaxed);
        match failure.result {
            Ok(_) | Err(libc::EAGAIN | libc::EINTR | libc::ENOBUFS | libc::ENOMEM) => self.lag(failure.slot),
            Err(_) => self.lost(failure.slot),
        }
    }

    /// A log that all have read is let go of.
    pub(super) fn settle(&mut self, number: u32) {
        if let Some(members) = self.groups.get_mut(number)
            && members.lagging == 0
            && members.flushed == members.log.end()
        {
            members.log.clear();
            if members.quiet {
                members.log.shrink();
            }
        }
    }

    /// Keeps the log within its bound; whose position falls off is ended.
    fn trim(&mut self, number: u32) {
        let Some(members) = self.groups.get_mut(number) else { return };
        if members.log.len() <= self.config.log_bytes {
            return;
        }
        let boundary = members.log.boundary(self.config.log_bytes);
        let connections = &self.connections;
        let behind =
            |slot: &u32| connections.get(*slot).is_some_and(|connection| connection.cursor < boundary);
        let fallen: Vec<u32> = members.slots.iter().copied().filter(|slot| behind(slot)).collect();
        for slot in fallen {
            self.slow(slot);
        }
        if let Some(members) = self.groups.get_mut(number) {
            members.log.forget_before(boundary);
        }
    }

    /// Some frames of a group did not fit into the inbox: all its members have missed something.
    pub(super) fn overrun(&mut self, group: Group) {
        let Some(number) = self.numbers.get(&group.0).copied() else { return };
        let slots = self.groups.get(number).map(|members| members.slots.clone()).unwrap_or_default();
        for slot in slots {
            self.slow(slot);
        }
    }
}
