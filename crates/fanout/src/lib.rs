//! One message to many WebSocket connections.
//!
//! **Way in**: [`Fanout::adopt`] (a socket whose handshake is done), [`Fanout::publish`] (one frame to all
//! connections of a group), [`Fanout::send`] and [`Fanout::close`] (one connection).
//! **Way out**: sockets; the [`Service`], which hears what clients say and when a connection ends.
//!
//! Promise: all connections of a group get the frames that were published after they were adopted, in one
//! order, each once and whole, as long as they read; one that does not read is bounded in bytes and seconds,
//! then told and closed, with no effect on others. An idle connection owns no buffer and no timer.
//!
//! Refuses to know: rooms, tokens, users, JSON.

#![warn(missing_docs)]

pub mod codec;
mod connection;
mod directory;
mod inbox;
mod kernel;
mod log;
mod sender;
mod shard;
mod shared;
mod slab;
mod uring;
mod wheel;

use std::io;
use std::net::TcpStream;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use bytes::Bytes;

use inbox::Command;
use shard::Shard;
use shared::Shared;

/// How the engine behaves.
#[derive(Clone, Debug)]
pub struct Config {
    /// Threads, each with its own connections. Default: one for each core.
    pub shards: usize,
    /// A busy group's frames leave together, this far apart; a quiet group's at once. Default 20 ms, 0 to 100.
    pub tick: Duration,
    /// Bytes of frames that a group keeps for readers that lag, per shard. Default 128 KiB.
    pub log_bytes: usize,
    /// A connection that takes nothing for this long while something waits for it is closed. Default 10 s.
    pub stall: Duration,
    /// Idle connections are pinged so often; two unanswered pings close. Default 30 s.
    pub ping: Duration,
    /// Longest message that a client may send, in bytes, all its fragments together. Default 16 KiB.
    pub max_message: usize,
    /// Which kernel interface carries sends.
    pub engine: Engine,
    /// What a reader that fell behind is told before its connection ends, if its socket takes it.
    pub farewell: Option<Frame>,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            shards: std::thread::available_parallelism().map_or(1, std::num::NonZero::get),
            tick: Duration::from_millis(20),
            log_bytes: 128 * 1024,
            stall: Duration::from_secs(10),
            ping: Duration::from_secs(30),
            max_message: 16 * 1024,
            engine: Engine::Auto,
            farewell: None,
        }
    }
}

/// Which kernel interface carries sends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Engine {
    /// io_uring where the kernel lets us, else epoll; which one is logged at start.
    Auto,
    /// io_uring or nothing.
    Uring,
    /// epoll and `send`.
    Epoll,
}

/// A text message as it stands on the wire, header and all, shared by all who get it.
#[derive(Clone, Debug)]
pub struct Frame(Bytes);

impl Frame {
    /// Encodes one unmasked, unfragmented text message.
    pub fn text(message: &str) -> Self {
        Self(codec::text(message))
    }

    /// The bytes on the wire.
    pub fn bytes(&self) -> &Bytes {
        &self.0
    }
}

/// Connections that get the same frames. The owner gives out numbers; a group is there while it has members.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Group(pub u64);

/// One connection, for as long as it lasts; a number is never used again.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Connection(pub u64);

/// Why a connection ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ended {
    /// The client sent a close frame.
    ByClient,
    /// The owner asked for it.
    ByOwner,
    /// The client's end of the TCP connection is gone.
    Lost,
    /// It did not read what was sent to it.
    Slow,
    /// It did not answer pings.
    Silent,
    /// It broke the protocol (RFC 6455) or a limit.
    Broken,
}

/// What becomes of a connection after the service heard of something.
#[derive(Debug)]
pub enum Next {
    /// It goes on.
    Stay,
    /// It gets this frame and goes on.
    Reply(Frame),
    /// It gets the frame, if any, then a close frame with code and reason (cut to 123 bytes), then ends.
    Close {
        /// Sent before.
        last: Option<Frame>,
        /// Close code (RFC 6455 7.4).
        code: u16,
        /// Close reason.
        reason: String,
    },
}

/// Owner of the connections' meaning. Called on the shard's thread: must not wait.
pub trait Service: Send + Sync + 'static {
    /// What the owner keeps with each connection.
    type Session: Send + 'static;

    /// The client sent a text message.
    fn text(&self, connection: Connection, session: &mut Self::Session, message: &str) -> Next;

    /// The deadline given at adoption has come.
    fn due(&self, connection: Connection, session: &mut Self::Session) -> Next;

    /// The connection is over; nothing more is said about it.
    fn ended(&self, connection: Connection, session: Self::Session, why: Ended);
}

/// What a connection starts with.
#[derive(Debug)]
pub struct Adoption<S> {
    /// Its name, made by [`Fanout::name`].
    pub connection: Connection,
    /// Whose frames it gets from now on.
    pub group: Group,
    /// Bytes that the client sent behind its handshake.
    pub early: Bytes,
    /// Sent to it alone, before the group's.
    pub greeting: Vec<Frame>,
    /// When [`Service::due`] is to be called.
    pub deadline: Option<Instant>,
    /// Kept for it.
    pub session: S,
}

/// How a connection is ended by its owner.
#[derive(Clone, Debug)]
pub enum Close {
    /// After all that was published before: a close frame, then the end of the TCP connection.
    Frame {
        /// Close code.
        code: u16,
        /// Close reason, cut to 123 bytes.
        reason: String,
    },
    /// The end of the TCP connection without a close frame: the official SDKs come back after that.
    Cut,
}

/// Counts since the start, and now.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Connections now.
    pub connections: u64,
    /// Frames given to connections (each receiver counts).
    pub delivered: u64,
    /// Bytes written to sockets.
    pub written: u64,
    /// Connections closed because they did not read.
    pub slow: u64,
}

/// The engine. A clone is another handle on it; with the last one its connections are cut.
pub struct Fanout<S: Service> {
    service: Arc<S>,
    handle: Arc<Handle<S::Session>>,
}

/// Ends the threads when nobody can ask them for anything any more.
struct Handle<T>(Arc<Shared<T>>);

impl<T> Drop for Handle<T> {
    fn drop(&mut self) {
        for shard in 0..self.0.inboxes.len() {
            // One that is over needs no telling.
            let _ = self.0.put(shard, Command::Drain(Duration::ZERO));
        }
    }
}

impl<S: Service> Clone for Fanout<S> {
    fn clone(&self) -> Self {
        Self { service: Arc::clone(&self.service), handle: Arc::clone(&self.handle) }
    }
}

impl<S: Service> Fanout<S> {
    /// Starts the shards' threads.
    ///
    /// # Errors
    /// What the kernel refuses.
    pub fn start(config: Config, service: Arc<S>) -> io::Result<Self> {
        let config = Config { shards: config.shards.max(1), ..config };
        let shared = Arc::new(Shared::new(config.shards)?);
        let handle = Arc::new(Handle(Arc::clone(&shared)));
        let mut engine = "";
        for index in 0..config.shards {
            engine = spawn(index, &config, &service, &shared)?;
        }
        tracing::info!(shards = config.shards, engine, "fan-out runs");
        Ok(Self { service, handle })
    }

    fn shared(&self) -> &Shared<S::Session> {
        &self.handle.0
    }

    /// Who is told of texts and ends.
    pub fn service(&self) -> &Arc<S> {
        &self.service
    }

    /// A fresh name for a connection that is about to be adopted.
    pub fn name(&self) -> Connection {
        self.shared().name()
    }

    /// Takes a connection over. What is published to its group after this call returned, it gets.
    ///
    /// # Errors
    /// What the kernel refuses, or `NotConnected` if the engine drains. The session is dropped then, and
    /// [`Service::ended`] does not hear of it.
    pub fn adopt(&self, stream: TcpStream, adoption: Adoption<S::Session>) -> io::Result<()> {
        stream.set_nonblocking(true)?;
        kernel::prepare(std::os::fd::AsFd::as_fd(&stream))?;
        let shared = self.shared();
        if shared.closing.load(Ordering::Acquire) {
            return Err(io::ErrorKind::NotConnected.into());
        }
        let shard = shared.shard(adoption.connection);
        let group = adoption.group;
        shared.directory.enter(group, shard);
        shared.put(shard, Command::Adopt(Box::new((stream, adoption)))).map_err(|_| {
            shared.directory.leave(group, shard);
            io::ErrorKind::NotConnected.into()
        })
    }

    /// One frame to all connections of a group; calls for a group are to be in order (hold a lock).
    pub fn publish(&self, group: Group, frame: &Frame) {
        self.shared().put_to_group(group, || Command::Publish(group, frame.clone()));
    }

    /// One frame to one connection, behind what was published to its group before; nothing if it is gone.
    pub fn send(&self, connection: Connection, frame: Frame) {
        let shared = self.shared();
        // A shard that is over has no connections.
        let _ = shared.put(shared.shard(connection), Command::Send(connection, frame));
    }

    /// Ends a connection; nothing if it is gone.
    pub fn close(&self, connection: Connection, how: Close) {
        let shared = self.shared();
        // A shard that is over has no connections.
        let _ = shared.put(shared.shard(connection), Command::Close(connection, how));
    }

    /// Cuts all connections without a close frame, evenly spread over `within`, and takes no more. Returns
    /// when none is left and the threads have ended.
    pub async fn drain(&self, within: Duration) {
        let shared = self.shared();
        shared.closing.store(true, Ordering::Release);
        for shard in 0..shared.inboxes.len() {
            // One that is over is drained.
            let _ = shared.put(shard, Command::Drain(within));
        }
        shared.all_gone().await;
    }

    /// Counts of all shards together.
    pub fn counts(&self) -> Counts {
        self.shared().counts()
    }

    /// Connections of a group.
    pub fn members(&self, group: Group) -> u64 {
        self.shared().directory.members(group)
    }
}

/// Says that a shard's thread is over, however it ends.
struct Gone<T>(Arc<Shared<T>>, usize);

impl<T> Drop for Gone<T> {
    fn drop(&mut self) {
        if std::thread::panicking() {
            tracing::error!(shard = self.1, "a shard's thread panicked; its connections are lost");
        }
        drop(self.0.inboxes[self.1].end());
        self.0.gone();
    }
}

/// Starts one shard's thread; gives back which way its sends take.
fn spawn<S: Service>(
    index: usize,
    config: &Config,
    service: &Arc<S>,
    shared: &Arc<Shared<S::Session>>,
) -> io::Result<&'static str> {
    let (config, service, shared) = (config.clone(), Arc::clone(service), Arc::clone(shared));
    let (ready, started) = std::sync::mpsc::sync_channel(1);
    // The thread ends by `drain`, or after the last handle is gone.
    std::thread::Builder::new().name(format!("fanout-{index}")).spawn(move || {
        let gone = Gone(Arc::clone(&shared), index);
        match Shard::new(index, config, service, shared) {
            Ok(shard) => {
                let engine = if shard.sends_through_ring() { "io_uring" } else { "epoll" };
                // The one who waits for this is there.
                let _ = ready.send(Ok(engine));
                shard.run();
            }
            Err(error) => {
                // As above.
                let _ = ready.send(Err(error));
            }
        }
        drop(gone);
    })?;
    started.recv().unwrap_or_else(|_| Err(io::Error::other("a shard's thread ended at its start")))
}
