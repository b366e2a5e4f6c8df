//! What a shard is asked to do, by any thread.
//!
//! Promise: commands are done in the order in which they were put in; a sleeping shard is woken once; the frames
//! that wait are bounded in bytes. Putting in never waits, because the caller may hold a lock that the shard
//! wants: a group whose frames no longer fit is named instead, and its readers on this shard, who have now
//! missed something, are ended as slow. Commands other than frames are bounded by those who cause them: one
//! adoption for each descriptor, and what the owner's own rates let through.

use std::net::TcpStream;
use std::time::Duration;

use parking_lot::Mutex;

use crate::kernel::Bell;
use crate::{Adoption, Close, Connection, Frame, Group};

/// Bytes of frames that may wait for a shard.
const MOST_BYTES: usize = 32 * 1024 * 1024;

/// What a frame costs beside its bytes.
const OVERHEAD: usize = 64;

/// A request to a shard.
#[derive(Debug)]
pub(crate) enum Command<T> {
    /// Take this connection.
    Adopt(Box<(TcpStream, Adoption<T>)>),
    /// This frame for all of a group.
    Publish(Group, Frame),
    /// This frame for one.
    Send(Connection, Frame),
    /// End this connection.
    Close(Connection, Close),
    /// End all, spread over so long.
    Drain(Duration),
}

/// What was put in since the last look.
#[derive(Debug)]
pub(crate) struct Batch<T> {
    pub(crate) commands: Vec<Command<T>>,
    /// Groups some of whose frames did not fit.
    pub(crate) overrun: Vec<Group>,
    /// Connections some of whose own frames did not fit.
    pub(crate) flooded: Vec<Connection>,
}

impl<T> Batch<T> {
    pub(crate) fn new() -> Self {
        Self { commands: Vec::new(), overrun: Vec::new(), flooded: Vec::new() }
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.commands.is_empty() && self.overrun.is_empty() && self.flooded.is_empty()
    }
}

#[derive(Debug)]
struct State<T> {
    batch: Batch<T>,
    bytes: usize,
    asleep: bool,
    /// Nobody will look any more.
    over: bool,
}

/// One shard's inbox.
#[derive(Debug)]
pub(crate) struct Inbox<T> {
    state: Mutex<State<T>>,
    pub(crate) bell: Bell,
}

impl<T> Inbox<T> {
    pub(crate) fn new() -> std::io::Result<Self> {
        let state = State { batch: Batch::new(), bytes: 0, asleep: false, over: false };
        Ok(Self { state: Mutex::new(state), bell: Bell::new()? })
    }

    /// Puts a command in; says whether the bell is to be rung, or gives the command back if the shard is over.
    pub(crate) fn put(&self, command: Command<T>) -> Result<bool, Command<T>> {
        let mut state = self.state.lock();
        if state.over {
            return Err(command);
        }
        let bytes = match &command {
            Command::Publish(_, frame) | Command::Send(_, frame) => frame.bytes().len() + OVERHEAD,
            _ => 0,
        };
        if bytes > 0 && state.bytes.saturating_add(bytes) > MOST_BYTES {
            match command {
                Command::Publish(group, _) if !state.batch.overrun.contains(&group) => {
                    state.batch.overrun.push(group);
                }
                Command::Send(connection, _) if !state.batch.flooded.contains(&connection) => {
                    state.batch.flooded.push(connection);
                }
                _ => {}
            }
        } else {
            state.bytes += bytes;
            state.batch.commands.push(command);
        }
        Ok(std::mem::take(&mut state.asleep))
    }

    /// Takes everything out; `batch` is to be empty.
    pub(crate) fn take(&self, batch: &mut Batch<T>) {
        let mut state = self.state.lock();
        state.asleep = false;
        state.bytes = 0;
        std::mem::swap(&mut state.batch, batch);
    }

    /// The shard is about to wait: from now on it wants to be woken. False if there is something to do.
    pub(crate) fn sleep(&self) -> bool {
        let mut state = self.state.lock();
        state.asleep = state.batch.is_empty();
        state.asleep
    }

    /// Nothing is taken any more; gives out what was left.
    pub(crate) fn end(&self) -> Batch<T> {
        let mut state = self.state.lock();
        state.over = true;
        std::mem::replace(&mut state.batch, Batch::new())
    }
}
