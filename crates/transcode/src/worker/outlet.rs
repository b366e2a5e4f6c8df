//! Pipes out of the process, each read by one task.
//!
//! Promise: a pipe is read at once, whatever becomes of what was read, so that one slow reader never holds up the
//! process; what can't be right ends it.

use std::os::fd::{AsRawFd, OwnedFd, RawFd};

use media::ts::{Damage, Demuxer, Unit};
use tokio::io::AsyncReadExt;
use tokio::net::unix::pipe;
use tokio::sync::mpsc;

use super::clock::LEAD;
use crate::Error;

/// What is read at a time: what a pipe holds.
const CHUNK: usize = 64 << 10;

/// What comes through a pipe.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Outlet {
    /// The pictures of a rung.
    Pictures(usize),
    /// Sound of so many bits a second, for all rungs that have it so.
    Sound(u32),
    /// Small pictures.
    Thumbnails,
}

/// What was read.
#[derive(Debug)]
pub(super) enum Found {
    Unit(Outlet, Unit),
    Fault(Error),
}

/// A pipe before the process is there.
#[derive(Debug)]
pub(super) struct Pipe {
    pub(super) outlet: Outlet,
    /// Its number, here and there.
    pub(super) number: RawFd,
    inner: OwnedFd,
    outer: pipe::Receiver,
}

impl Pipe {
    pub(super) fn new(outlet: Outlet) -> std::io::Result<Self> {
        let (inner, outer) = pipe::pipe()?;
        let inner = inner.into_blocking_fd()?;
        Ok(Self { outlet, number: inner.as_raw_fd(), inner, outer })
    }

    /// The end that the process writes to, and the one that is read here.
    pub(super) fn split(self) -> (OwnedFd, Reader) {
        (self.inner, Reader { outlet: self.outlet, pipe: self.outer })
    }
}

/// The reading end of a pipe.
#[derive(Debug)]
pub(super) struct Reader {
    outlet: Outlet,
    pipe: pipe::Receiver,
}

impl Reader {
    /// Reads until the process closes the pipe, or nobody listens any more.
    pub(super) async fn read(mut self, found: mpsc::Sender<Found>) {
        if let Err(fault) = self.read_units(&found).await {
            // Where the queue is full, the fault was that, and it is found by the end that comes too early.
            let _ = found.try_send(Found::Fault(fault));
        }
    }

    async fn read_units(&mut self, found: &mpsc::Sender<Found>) -> Result<(), Error> {
        let mut demuxer = Demuxer::near(LEAD);
        let mut chunk = vec![0; CHUNK];
        loop {
            let length = self.pipe.read(&mut chunk).await.map_err(Error::Pipe)?;
            if length == 0 {
                demuxer.end();
            }
            demuxer.push(&chunk[..length]);
            while let Some(unit) = demuxer.next() {
                let unit = Found::Unit(self.outlet, unit);
                found.try_send(unit).map_err(|_| Error::Unread)?;
            }
            if length == 0 {
                return Ok(());
            }
            if demuxer.damage() != Damage::default() {
                return Err(Error::Spoilt);
            }
        }
    }
}
