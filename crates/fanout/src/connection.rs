//! One connection: a socket, a position in its group's log, and what cannot be told by these two.
//!
//! Promise: a connection that is caught up and says nothing owns no buffer; everything rare lives in
//! [`Rare`], which is there only while it is needed.

use std::collections::VecDeque;
use std::io::{self, IoSlice};
use std::net::TcpStream;
use std::os::fd::AsFd;

use bytes::{Buf, Bytes};

use crate::codec::Unfinished;
use crate::kernel;
use crate::log::Log;

/// No group, no timer.
pub(crate) const NONE: u32 = u32::MAX;

/// Buffers of one send.
const VECTORS: usize = 16;

/// Where a connection stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Phase {
    /// It hears its group and is heard.
    Open,
    /// It gets its last frames, then this comes.
    Parting(Then),
    /// It got our close frame; its own is waited for.
    Closing,
    /// It got the end of the stream; its own is waited for, and what it still sends is thrown away.
    Lingering,
}

/// What comes behind the last frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Then {
    /// The client's close frame is waited for.
    Wait,
    /// The end of the stream.
    End,
}

/// A connection of a shard.
#[derive(Debug)]
pub(crate) struct Connection<T> {
    pub(crate) name: u64,
    /// How far it got in its group's log.
    pub(crate) cursor: u64,
    pub(crate) rare: Option<Box<Rare>>,
    /// What the owner keeps; gone once the owner was told of the end.
    pub(crate) session: Option<T>,
    pub(crate) stream: TcpStream,
    /// Number of its group on this shard.
    pub(crate) group: u32,
    /// Its place among the group's members.
    pub(crate) member: u32,
    /// Tick of the next ping.
    pub(crate) ping: u32,
    /// Tick of the owner's deadline.
    pub(crate) deadline: u32,
    pub(crate) phase: Phase,
    /// The socket has no room; it is waited for.
    pub(crate) lagging: bool,
    /// Something came from the client since the last ping.
    pub(crate) heard: bool,
    /// Nothing more of the client is passed on.
    pub(crate) deaf: bool,
    /// It is among those that are written to at the end of the turn.
    pub(crate) touched: bool,
    /// Pings without an answer.
    pub(crate) unanswered: u8,
}

/// What only few connections have at a time.
#[derive(Debug, Default)]
pub(crate) struct Rare {
    /// What is left of the client's bytes.
    pub(crate) unfinished: Unfinished,
    /// Frames for this connection alone.
    pub(crate) own: VecDeque<Own>,
    /// Bytes of these, at least of those that the greeting does not cover.
    pub(crate) own_bytes: usize,
    /// The answer to the last ping, while there is no room for it.
    pub(crate) pong: Option<Bytes>,
    /// Tick of the last progress of a lagging connection.
    pub(crate) progress: u32,
    /// Tick at which a phase of the end is over.
    pub(crate) over: u32,
}

/// Bytes for one connection, at a frame's boundary of its group's log.
#[derive(Debug)]
pub(crate) struct Own {
    /// Position in the group's log.
    pub(crate) at: u64,
    pub(crate) bytes: Bytes,
    /// Some of it is out already.
    pub(crate) begun: bool,
}

/// What came of writing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Written {
    /// Bytes that went out.
    pub(crate) bytes: u64,
    /// What stopped it.
    pub(crate) stop: Stop,
}

/// Why writing stopped.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Stop {
    /// Nothing is left.
    Done,
    /// There is no room.
    Full,
    /// The connection is gone.
    Lost,
}

impl<T> Connection<T> {
    pub(crate) fn rare(&mut self) -> &mut Rare {
        self.rare.get_or_insert_default()
    }

    /// Queues bytes behind what is in the log up to `at`.
    pub(crate) fn queue(&mut self, at: u64, bytes: Bytes) {
        let rare = self.rare();
        rare.own_bytes += bytes.len();
        rare.own.push_back(Own { at, bytes, begun: false });
    }

    /// Queues bytes of its greeting, which do not count: they are as many as the owner wants.
    pub(crate) fn greet(&mut self, at: u64, bytes: Bytes) {
        self.rare().own.push_back(Own { at, bytes, begun: false });
    }

    /// Puts the rest of bytes whose beginning is out before everything else.
    pub(crate) fn finish_first(&mut self, bytes: Bytes) {
        let at = self.cursor;
        let rare = self.rare();
        rare.own_bytes += bytes.len();
        rare.own.push_front(Own { at, bytes, begun: true });
    }

    /// Bytes queued for it alone.
    pub(crate) fn own_bytes(&self) -> usize {
        self.rare.as_ref().map_or(0, |rare| rare.own_bytes)
    }

    /// Gives back what is not needed any more.
    pub(crate) fn tidy(&mut self) {
        let idle = self.phase == Phase::Open && !self.lagging;
        if idle && self.rare.as_ref().is_some_and(|rare| rare.is_spare()) {
            self.rare = None;
        }
    }

    /// Writes what is due, the log's part up to its end: own frames at their places, a pong last.
    pub(crate) fn write(&mut self, log: Option<&Log>) -> Written {
        let end = log.map_or(self.cursor, Log::end);
        self.queue_pong(end);
        let mut bytes = 0;
        loop {
            match self.write_once(log, end) {
                Ok(0) => return Written { bytes, stop: Stop::Done },
                Ok(sent) => bytes += sent as u64,
                Err(error) => {
                    let stop = match error.kind() {
                        io::ErrorKind::WouldBlock => Stop::Full,
                        io::ErrorKind::Interrupted => continue,
                        _ => Stop::Lost,
                    };
                    return Written { bytes, stop };
                }
            }
        }
    }

    fn queue_pong(&mut self, end: u64) {
        if let Some(pong) = self.rare.as_mut().and_then(|rare| rare.pong.take()) {
            self.queue(end, pong);
        }
    }

    /// One send of what comes next; 0 if there is nothing.
    fn write_once(&mut self, log: Option<&Log>, end: u64) -> io::Result<usize> {
        let mut parts = [IoSlice::new(&[]); VECTORS];
        let mut count = 0;
        let mut at = self.cursor;
        let mut all = true;
        for own in self.rare.iter().flat_map(|rare| &rare.own) {
            if count + 2 >= VECTORS {
                all = false;
                break;
            }
            if let Some(log) = log
                && own.at > at
            {
                parts[count] = IoSlice::new(log.between(at, own.at));
                count += 1;
                at = own.at;
            }
            parts[count] = IoSlice::new(&own.bytes);
            count += 1;
        }
        if let Some(log) = log
            && all
            && end > at
        {
            parts[count] = IoSlice::new(log.between(at, end));
            count += 1;
        }
        let sent = match count {
            0 => return Ok(0),
            1 => kernel::send(self.stream.as_fd(), &parts[0])?,
            _ => kernel::send_all(self.stream.as_fd(), &parts[..count])?,
        };
        self.went_out(sent, end);
        Ok(sent)
    }

    /// Moves on by what went out, through log and own frames as they were laid out.
    fn went_out(&mut self, mut sent: usize, end: u64) {
        while sent > 0 {
            let Some(rare) = self.rare.as_mut() else {
                self.cursor += sent as u64;
                return;
            };
            let until = rare.own.front().map_or(end, |own| own.at.max(self.cursor));
            let shared = usize::try_from(until - self.cursor).unwrap_or(usize::MAX).min(sent);
            self.cursor += shared as u64;
            sent -= shared;
            if sent == 0 {
                return;
            }
            let Some(own) = rare.own.front_mut() else { return };
            let taken = own.bytes.len().min(sent);
            own.bytes.advance(taken);
            own.begun = true;
            rare.own_bytes = rare.own_bytes.saturating_sub(taken);
            sent -= taken;
            if own.bytes.is_empty() {
                rare.own.pop_front();
            }
        }
    }

    /// Leaves the log behind: what of it was still to be sent stands among the own frames from now on, all of it
    /// or (`all` false) only the rest of a frame that has been begun.
    pub(crate) fn detach(&mut self, log: &Log, all: bool) {
        let end = log.end();
        let cursor = self.cursor;
        let old = self.rare.as_mut().map(|rare| {
            rare.own_bytes = 0;
            std::mem::take(&mut rare.own)
        });
        let mut at = cursor;
        let mut begun = false;
        for own in old.into_iter().flatten() {
            if !all {
                if own.begun {
                    self.queue(cursor, own.bytes);
                    begun = true;
                }
                break;
            }
            if own.at > at {
                self.queue(cursor, Bytes::copy_from_slice(log.between(at, own.at)));
                at = own.at;
            }
            self.queue(cursor, own.bytes);
        }
        let rest = if all {
            log.between(at, end)
        } else if begun {
            &[]
        } else {
            log.rest_of_frame(cursor)
        };
        if !rest.is_empty() {
            self.queue(cursor, Bytes::copy_from_slice(rest));
        }
    }
}

impl Rare {
    fn is_spare(&self) -> bool {
        self.unfinished.is_empty() && self.own.is_empty() && self.pong.is_none()
    }
}
