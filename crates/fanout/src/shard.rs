//! A thread that owns its connections, and its turns: hear, look at the clock, do what was asked, write.
//!
//! Promise: nothing of a connection is touched by another thread; the owner is called without a lock held and
//! may ask for anything of the engine from within.

mod ending;
mod hearing;
mod timing;
mod writing;

use std::collections::HashMap;
use std::net::TcpStream;
use std::os::fd::AsFd;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use crate::connection::{Connection, NONE, Phase};
use crate::inbox::{Batch, Command};
use crate::kernel::{Events, Poll};
use crate::log::Log;
use crate::sender::{Failure, Sender};
use crate::shared::{Shared, Tally};
use crate::slab::Slab;
use crate::wheel::Wheel;
use crate::{Adoption, Close, Config, Ended, Group, Service};

use timing::Clock;

/// Bytes read from one socket in one turn.
const READ: usize = 64 * 1024;

/// Descriptors looked at in one turn.
const EVENTS: usize = 512;

/// Times the inbox is looked into in one turn; what comes later waits for the next, which comes at once.
const ROUNDS: usize = 4;

/// The token of the shard's own bell.
const BELL: u64 = u64::MAX;

/// The connections of a group on this shard.
#[derive(Debug)]
struct Members {
    group: Group,
    log: Log,
    slots: Vec<u32>,
    /// How many of them wait for room in their sockets.
    lagging: usize,
    /// Up to where the log has been offered to all.
    flushed: u64,
    /// When that was.
    last: Option<Instant>,
    /// It is among those that have something to offer.
    dirty: bool,
    /// It was offered nothing for a while before the last time.
    quiet: bool,
}

/// The end of all, one by one.
#[derive(Debug)]
struct Draining {
    slots: Vec<u32>,
    done: usize,
    start: Instant,
    within: Duration,
}

/// One thread's part of the engine.
pub(crate) struct Shard<S: Service> {
    index: usize,
    config: Config,
    service: Arc<S>,
    shared: Arc<Shared<S::Session>>,
    poll: Poll,
    sender: Sender,
    connections: Slab<Connection<S::Session>>,
    /// Slots by name, of those that are open.
    slots: HashMap<u64, u32>,
    groups: Slab<Members>,
    /// Groups' numbers by name.
    numbers: HashMap<u64, u32>,
    wheel: Wheel,
    clock: Clock,
    /// Connections with frames of their own to write.
    touched: Vec<u32>,
    /// Groups with something to offer.
    dirty: Vec<u32>,
    /// When all of these are offered it, however short ago they were offered something.
    grid: Option<Instant>,
    /// Connections whose ping is due.
    pings: Vec<u32>,
    buffer: Vec<u8>,
    failures: Vec<Failure>,
    fired: Vec<u32>,
    draining: Option<Draining>,
}

impl<S: Service> Shard<S> {
    /// A shard for the thread that calls.
    pub(crate) fn new(
        index: usize,
        config: Config,
        service: Arc<S>,
        shared: Arc<Shared<S::Session>>,
    ) -> std::io::Result<Self> {
        let poll = Poll::new()?;
        poll.add(shared.inboxes[index].bell.as_fd(), BELL)?;
        let sender = Sender::new(config.engine, config.shards)?;
        shared.enter(index);
        Ok(Self {
            index,
            config,
            service,
            shared,
            poll,
            sender,
            connections: Slab::new(),
            slots: HashMap::new(),
            groups: Slab::new(),
            numbers: HashMap::new(),
            wheel: Wheel::new(),
            clock: Clock::start(),
            touched: Vec::new(),
            dirty: Vec::new(),
            grid: None,
            pings: Vec::new(),
            buffer: vec![0; READ],
            failures: Vec::new(),
            fired: Vec::new(),
            draining: None,
        })
    }

    /// Which way its sends take.
    pub(crate) fn sends_through_ring(&self) -> bool {
        matches!(self.sender, Sender::Ring(_))
    }

    /// Turns, until all connections have been drained.
    pub(crate) fn run(mut self) {
        let mut events = Events::new(EVENTS);
        let mut batch = Batch::new();
        while !self.is_drained() {
            let within = if self.shared.inboxes[self.index].sleep() {
                self.until_next()
            } else {
                Some(Duration::ZERO)
            };
            if let Err(error) = self.poll.wait(&mut events, within) {
                tracing::error!(%error, shard = self.index, "cannot wait for sockets; this shard ends");
                break;
            }
            self.clock.look();
            for index in 0..events.len() {
                let ready = events.get(index);
                match u32::try_from(ready.token) {
                    Ok(slot) => self.ready(slot, ready),
                    Err(_) => self.shared.inboxes[self.index].bell.silence(),
                }
            }
            self.timers();
            self.commands(&mut batch);
            self.cut_due();
            self.shared.ring_bells();
            self.flush_due();
            // Writing finds connections gone, and their ends may be news for other shards.
            self.shared.ring_bells();
        }
        self.give_up();
    }

    fn is_drained(&self) -> bool {
        self.draining.is_some() && self.connections.len() == 0
    }

    /// Whoever comes too late hears that it is over.
    fn give_up(self) {
        for command in self.shared.inboxes[self.index].end().commands {
            if let Command::Adopt(adoption) = command {
                self.refuse(*adoption);
            }
        }
        self.shared.ring_bells();
    }

    fn refuse(&self, (_, adoption): (TcpStream, Adoption<S::Session>)) {
        self.shared.directory.leave(adoption.group, self.index);
        self.service.ended(adoption.connection, adoption.session, Ended::ByOwner);
    }

    fn tally(&self) -> &Tally {
        &self.shared.tallies[self.index]
    }

    fn commands(&mut self, batch: &mut Batch<S::Session>) {
        for _ in 0..ROUNDS {
            self.shared.inboxes[self.index].take(batch);
            if batch.is_empty() {
                return;
            }
            for command in batch.commands.drain(..) {
                self.command(command);
            }
            for group in batch.overrun.drain(..) {
                self.overrun(group);
            }
            for connection in batch.flooded.drain(..) {
                if let Some(slot) = self.slots.get(&connection.0).copied() {
                    self.slow(slot);
                }
            }
        }
    }

    fn command(&mut self, command: Command<S::Session>) {
        match command {
            Command::Publish(group, frame) => self.publish(group, frame.bytes()),
            Command::Adopt(adoption) => self.adopt(*adoption),
            Command::Send(connection, frame) => {
                if let Some(slot) = self.slots.get(&connection.0).copied() {
                    self.send(slot, &frame);
                }
            }
            Command::Close(connection, how) => {
                if let Some(slot) = self.slots.get(&connection.0).copied() {
                    match how {
                        Close::Frame { code, reason } => self.part_with(slot, code, &reason),
                        Close::Cut => self.cut(slot),
                    }
                }
            }
            Command::Drain(within) => self.drain(within),
        }
    }

    fn adopt(&mut self, adoption: (TcpStream, Adoption<S::Session>)) {
        if self.draining.is_some() {
            self.refuse(adoption);
            return;
        }
        let (stream, adoption) = adoption;
        let number = self.number(adoption.group);
        let ping = self.clock.tick() + self.first_ping(adoption.connection.0);
        let Some(members) = self.groups.get_mut(number) else { return };
        let end = members.log.end();
        let member = u32::try_from(members.slots.len()).unwrap_or(NONE);
        let slot = self.connections.insert(Connection {
            name: adoption.connection.0,
            cursor: end,
            rare: None,
            session: Some(adoption.session),
            stream,
            group: number,
            member,
            ping,
            deadline: adoption.deadline.map_or(NONE, |deadline| self.clock.tick_at(deadline)),
            phase: Phase::Open,
            lagging: false,
            heard: false,
            deaf: false,
            touched: false,
            unanswered: 0,
        });
        members.slots.push(slot);
        self.slots.insert(adoption.connection.0, slot);
        self.tally().connections.fetch_add(1, Ordering::Relaxed);
        let Some(connection) = self.connections.get_mut(slot) else { return };
        if let Err(error) = self.poll.add(connection.stream.as_fd(), u64::from(slot)) {
            tracing::warn!(%error, "cannot wait for a socket");
            self.lost(slot);
            return;
        }
        self.sender.register(slot, &connection.stream);
        let greeted = adoption.greeting.len() as u64;
        for frame in adoption.greeting {
            connection.greet(end, frame.0);
        }
        if greeted > 0 {
            self.tally().delivered.fetch_add(greeted, Ordering::Relaxed);
            self.touch(slot);
        }
        self.reschedule(slot);
        if !adoption.early.is_empty() {
            self.listen(slot, &mut adoption.early.to_vec());
        }
    }

    /// The number of a group, which is there from now on.
    fn number(&mut self, group: Group) -> u32 {
        if let Some(number) = self.numbers.get(&group.0) {
            return *number;
        }
        let number = self.groups.insert(Members {
            group,
            log: Log::default(),
            slots: Vec::new(),
            lagging: 0,
            flushed: 0,
            last: None,
            dirty: false,
            quiet: false,
        });
        self.numbers.insert(group.0, number);
        number
    }

    fn touch(&mut self, slot: u32) {
        if let Some(connection) = self.connections.get_mut(slot)
            && !connection.touched
        {
            connection.touched = true;
            self.touched.push(slot);
        }
    }
}
