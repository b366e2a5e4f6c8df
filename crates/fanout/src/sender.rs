//! Many sends at once: the shared bytes of groups to the sockets of their members.
//!
//! Promise: each send is tried once and without waiting; what did not go out whole is reported, nothing else.

use std::io;
use std::os::fd::{AsFd, AsRawFd, BorrowedFd};

use crate::Engine;
use crate::kernel;
use crate::uring::{Ring, Sends};

/// A send that did not go out whole.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Failure {
    /// The connection.
    pub(crate) slot: u32,
    /// Bytes that it was to send.
    pub(crate) length: u32,
    /// Bytes sent, or the error's number.
    pub(crate) result: Result<u32, i32>,
}

/// The way to the kernel.
pub(crate) enum Sender {
    /// One call for each send.
    Plain,
    /// One call for many sends.
    Ring(Box<Ring>),
}

impl Sender {
    /// What the configuration asks for, or what the kernel permits.
    pub(crate) fn new(engine: Engine, shards: usize) -> io::Result<Self> {
        match engine {
            Engine::Epoll => Ok(Self::Plain),
            Engine::Uring => Ok(Self::Ring(Box::new(Ring::new(shards)?))),
            Engine::Auto => Ok(Ring::new(shards).map_or_else(
                |reason| {
                    tracing::info!(%reason, "io_uring is not to be had here; sending by single calls");
                    Self::Plain
                },
                |ring| Self::Ring(Box::new(ring)),
            )),
        }
    }

    /// A connection is there that will be sent to.
    pub(crate) fn register(&mut self, slot: u32, socket: &impl AsFd) {
        if let Self::Ring(ring) = self {
            ring.register(slot, socket.as_fd().as_raw_fd());
        }
    }

    /// It is about to be closed.
    pub(crate) fn forget(&mut self, slot: u32) {
        if let Self::Ring(ring) = self {
            ring.register(slot, -1);
        }
    }

    /// Tries all sends that `fill` puts in; on return none is under way and no buffer is in use.
    pub(crate) fn batch<'a>(&mut self, failures: &mut Vec<Failure>, fill: impl FnOnce(&mut Batch<'_, 'a>)) {
        match self {
            Self::Plain => fill(&mut Batch::Plain(failures)),
            Self::Ring(ring) => fill(&mut Batch::Ring(Sends::new(ring, failures))),
        }
    }
}

/// Takes the sends of a batch.
pub(crate) enum Batch<'b, 'a> {
    Plain(&'b mut Vec<Failure>),
    Ring(Sends<'b, 'a>),
}

impl<'a> Batch<'_, 'a> {
    /// One send to the socket of a connection.
    pub(crate) fn push(&mut self, slot: u32, socket: BorrowedFd<'_>, bytes: &'a [u8]) {
        match self {
            Self::Plain(failures) => {
                let result = match kernel::send(socket, bytes) {
                    Ok(sent) if sent == bytes.len() => return,
                    Ok(sent) => Ok(u32::try_from(sent).unwrap_or(u32::MAX)),
                    Err(error) => Err(error.raw_os_error().unwrap_or(libc::EIO)),
                };
                let length = u32::try_from(bytes.len()).unwrap_or(u32::MAX);
                failures.push(Failure { slot, length, result });
            }
            Self::Ring(sends) => sends.push(slot, socket.as_raw_fd(), bytes),
        }
    }
}
