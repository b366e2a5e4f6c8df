//! One client's connection.
//!
//! Promise: a client that reads answers pings and keeps nothing but the part of a frame that has no end yet.

use std::io::{Read, Write};
use std::net::SocketAddr;

use mio::net::TcpStream;
use socket2::{Domain, Protocol, Socket, Type};

use crate::dialect::{self, Heard};
use crate::frames::{self, Kind};
use crate::plan::Speech;
use crate::tally::Ear;

/// How a client reads.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Habit {
    Prompt,
    /// A little, now and then.
    Slow,
    Never,
}

/// How a connection ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Ended {
    /// With a close frame of this code.
    Closed(u16),
    /// The end of the TCP connection, or its reset.
    Cut,
}

pub struct Client {
    pub stream: TcpStream,
    pub habit: Habit,
    pub ear: Ear,
    pub ended: Option<Ended>,
    carry: Vec<u8>,
    tail: Vec<u8>,
}

/// Receive buffer of clients that are to fall behind: what the kernel holds for them is not the server's.
const LITTLE: usize = 4096;

impl Client {
    /// Begins to connect. A reset ends it, so that no port waits behind a run.
    pub fn connect(address: SocketAddr, habit: Habit) -> std::io::Result<Self> {
        let socket = Socket::new(Domain::for_address(address), Type::STREAM, Some(Protocol::TCP))?;
        socket.set_nonblocking(true)?;
        socket.set_linger(Some(std::time::Duration::ZERO))?;
        socket.set_tcp_nodelay(true)?;
        if habit != Habit::Prompt {
            socket.set_recv_buffer_size(LITTLE)?;
        }
        match socket.connect(&address.into()) {
            Err(error) if error.raw_os_error() != Some(libc::EINPROGRESS) => return Err(error),
            _ => {}
        }
        let stream = TcpStream::from_std(socket.into());
        Ok(Self { stream, habit, ear: Ear::default(), ended: None, carry: Vec::new(), tail: Vec::new() })
    }

    /// Reads what is there through `buffer`, and calls `hear` for what it tells.
    pub fn read(&mut self, speech: Speech, buffer: &mut [u8], hear: &mut impl FnMut(&mut Ear, Heard)) {
        while self.ended.is_none() {
            match self.stream.read(buffer) {
                Ok(0) => self.ended = Some(Ended::Cut),
                Ok(count) => {
                    self.take(speech, &buffer[..count], hear);
                    // A short read emptied the socket; what comes later is a new edge.
                    if count < buffer.len() {
                        return;
                    }
                }
                Err(error) if error.kind() == std::io::ErrorKind::WouldBlock => return,
                Err(error) if error.kind() == std::io::ErrorKind::Interrupted => {}
                Err(_) => self.ended = Some(Ended::Cut),
            }
        }
    }

    /// Takes bytes of frames.
    pub fn take(&mut self, speech: Speech, bytes: &[u8], hear: &mut impl FnMut(&mut Ear, Heard)) {
        if self.carry.is_empty() {
            let used = self.frames(speech, bytes, hear);
            self.carry.extend_from_slice(&bytes[used..]);
        } else {
            let mut whole = std::mem::take(&mut self.carry);
            whole.extend_from_slice(bytes);
            let used = self.frames(speech, &whole, hear);
            whole.drain(..used);
            if !whole.is_empty() {
                self.carry = whole;
            }
        }
    }

    fn frames(&mut self, speech: Speech, bytes: &[u8], hear: &mut impl FnMut(&mut Ear, Heard)) -> usize {
        let mut at = 0;
        while let Some((kind, begin, end)) = frames::first(&bytes[at..]) {
            let payload = &bytes[at + begin..at + end];
            match kind {
                Kind::Data => {
                    let ear = &mut self.ear;
                    dialect::hear(speech, &mut self.tail, payload, &mut |heard| hear(ear, heard));
                }
                Kind::Ping => {
                    let mut pong = Vec::new();
                    frames::put(&mut pong, 10, payload);
                    // A socket that does not take a few bytes is no healthy client's: its end is told by the read.
                    let _ = self.stream.write(&pong);
                }
                Kind::Close => {
                    let code = payload.get(..2).map_or(1005, |code| u16::from_be_bytes([code[0], code[1]]));
                    self.ended = Some(Ended::Closed(code));
                }
                Kind::Pong => {}
            }
            at += end;
        }
        at
    }
}
