//! What handles and shards have in common.
//!
//! Promise: a command reaches the shard that owns what it is about; a shard's thread wakes other shards once at
//! the end of its turn, so what it published in that turn arrives there together.

use std::cell::RefCell;
use std::future::poll_fn;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::task::{Poll, Waker};

use parking_lot::Mutex;

use crate::directory::Directory;
use crate::inbox::{Command, Inbox};
use crate::{Connection, Counts, Group};

/// One for all threads of an engine.
#[derive(Debug)]
pub(crate) struct Shared<T> {
    pub(crate) inboxes: Vec<Inbox<T>>,
    pub(crate) directory: Directory,
    pub(crate) tallies: Vec<Tally>,
    /// No more connections are taken.
    pub(crate) closing: AtomicBool,
    names: AtomicU64,
    running: Mutex<Running>,
}

/// What a shard counts; only its thread writes.
#[derive(Debug, Default)]
#[repr(align(64))]
pub(crate) struct Tally {
    pub(crate) connections: AtomicU64,
    pub(crate) delivered: AtomicU64,
    pub(crate) written: AtomicU64,
    pub(crate) slow: AtomicU64,
}

#[derive(Debug)]
struct Running {
    shards: usize,
    waiting: Vec<Waker>,
}

/// The turn of a shard's thread.
struct Turn {
    /// Address of what the engine's threads share: tells engines apart.
    engine: usize,
    shard: usize,
    /// Shards to be woken at its end.
    bells: Vec<usize>,
}

thread_local! {
    static TURN: RefCell<Option<Turn>> = const { RefCell::new(None) };
}

impl<T> Shared<T> {
    pub(crate) fn new(shards: usize) -> std::io::Result<Self> {
        Ok(Self {
            inboxes: (0..shards).map(|_| Inbox::new()).collect::<Result<_, _>>()?,
            directory: Directory::new(),
            tallies: (0..shards).map(|_| Tally::default()).collect(),
            closing: AtomicBool::new(false),
            names: AtomicU64::new(1),
            running: Mutex::new(Running { shards, waiting: Vec::new() }),
        })
    }

    fn address(&self) -> usize {
        std::ptr::from_ref(self).addr()
    }

    /// A name that was never given.
    pub(crate) fn name(&self) -> Connection {
        Connection(self.names.fetch_add(1, Ordering::Relaxed))
    }

    /// The shard of a connection: the name says it.
    pub(crate) fn shard(&self, connection: Connection) -> usize {
        usize::try_from(connection.0 % self.inboxes.len() as u64).unwrap_or(0)
    }

    /// Puts a command into a shard's inbox; gives it back if the shard is over.
    pub(crate) fn put(&self, shard: usize, command: Command<T>) -> Result<(), Command<T>> {
        let inbox = &self.inboxes[shard];
        if inbox.put(command)? && !self.ring_later(shard) {
            inbox.bell.ring();
        }
        Ok(())
    }

    /// One command for each shard with members of a group.
    pub(crate) fn put_to_group(&self, group: Group, command: impl Fn() -> Command<T>) {
        self.directory.each(group, |shard| {
            // A shard that is over has no members that could miss it.
            let _ = self.put(shard, command());
        });
    }

    /// Notes a bell for the end of the turn, if this is a thread of this engine.
    fn ring_later(&self, shard: usize) -> bool {
        TURN.with_borrow_mut(|turn| match turn {
            Some(turn) if turn.engine == self.address() => {
                if shard != turn.shard {
                    turn.bells.push(shard);
                }
                true
            }
            _ => false,
        })
    }

    /// This thread is a shard's from now on.
    pub(crate) fn enter(&self, shard: usize) {
        TURN.set(Some(Turn { engine: self.address(), shard, bells: Vec::new() }));
    }

    /// The end of a turn: wakes whom it has to tell something.
    pub(crate) fn ring_bells(&self) {
        TURN.with_borrow_mut(|turn| {
            for shard in turn.iter_mut().flat_map(|turn| turn.bells.drain(..)) {
                self.inboxes[shard].bell.ring();
            }
        });
    }

    /// A shard's thread is over.
    pub(crate) fn gone(&self) {
        let mut running = self.running.lock();
        running.shards = running.shards.saturating_sub(1);
        if running.shards == 0 {
            running.waiting.drain(..).for_each(Waker::wake);
        }
    }

    /// Returns when no shard's thread is left.
    pub(crate) async fn all_gone(&self) {
        poll_fn(|context| {
            let mut running = self.running.lock();
            if running.shards == 0 {
                return Poll::Ready(());
            }
            if !running.waiting.iter().any(|waker| waker.will_wake(context.waker())) {
                running.waiting.push(context.waker().clone());
            }
            Poll::Pending
        })
        .await;
    }

    /// All shards' counts together.
    pub(crate) fn counts(&self) -> Counts {
        let sum = |field: fn(&Tally) -> &AtomicU64| -> u64 {
            self.tallies.iter().map(|tally| field(tally).load(Ordering::Relaxed)).sum()
        };
        Counts {
            connections: sum(|tally| &tally.connections),
            delivered: sum(|tally| &tally.delivered),
            written: sum(|tally| &tally.written),
            slow: sum(|tally| &tally.slow),
        }
    }
}
