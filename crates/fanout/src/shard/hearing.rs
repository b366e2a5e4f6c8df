//! What clients say.
//!
//! Promise: a client's bytes are read into the thread's one buffer; of them only an unfinished frame or message
//! is kept. What a message causes is done after all sockets were read, in the order in which it was asked for.

use std::io::{self, Read};

use crate::codec::{self, Flow, Heard};
use crate::connection::{Phase, Then};
use crate::inbox::Command;
use crate::kernel::Ready;
use crate::{Close, Connection, Ended, Next, Service};

use super::Shard;

/// What came of reading beside texts.
#[derive(Default)]
struct Aside {
    pong: Option<bytes::Bytes>,
    closed: Option<Option<u16>>,
    spoke: bool,
    deaf: bool,
}

impl<S: Service> Shard<S> {
    /// A socket is ready.
    pub(super) fn ready(&mut self, slot: u32, ready: Ready) {
        if ready.writable {
            self.pump(slot);
        }
        if ready.readable {
            self.read(slot);
        }
    }

    fn read(&mut self, slot: u32) {
        let Some(connection) = self.connections.get_mut(slot) else { return };
        match (&connection.stream).read(&mut self.buffer) {
            Ok(0) => self.lost(slot),
            Ok(count) => {
                let mut buffer = std::mem::take(&mut self.buffer);
                self.listen(slot, &mut buffer[..count]);
                self.buffer = buffer;
            }
            Err(error) if matches!(error.kind(), io::ErrorKind::WouldBlock | io::ErrorKind::Interrupted) => {}
            Err(_) => self.lost(slot),
        }
    }

    /// Takes in what a client sent.
    pub(super) fn listen(&mut self, slot: u32, bytes: &mut [u8]) {
        let Some(connection) = self.connections.get_mut(slot) else { return };
        connection.unanswered = 0;
        if connection.phase == Phase::Lingering {
            return;
        }
        let mut unfinished =
            connection.rare.as_mut().map(|rare| std::mem::take(&mut rare.unfinished)).unwrap_or_default();
        let mut aside = Aside { deaf: connection.deaf, ..Aside::default() };
        let name = Connection(connection.name);
        let (service, shared, index) = (&self.service, &self.shared, self.index);
        let session = &mut connection.session;
        let result = codec::read(&mut unfinished, bytes, self.config.max_message, |heard| {
            match heard {
                Heard::Text(text) => {
                    aside.spoke = true;
                    if let Some(session) = session.as_mut()
                        && !aside.deaf
                    {
                        let next = service.text(name, session, text);
                        aside.deaf = follow(next, name, |command| {
                            // Its own shard is there as long as it has connections.
                            let _ = shared.put(index, command);
                        });
                    }
                }
                Heard::Ping(payload) => {
                    aside.spoke = true;
                    aside.pong = Some(codec::pong(payload));
                }
                Heard::Pong => {}
                Heard::Close(code) => aside.closed = Some(code),
            }
            Flow::On
        });
        connection.deaf = aside.deaf;
        connection.heard |= aside.spoke;
        if !unfinished.is_empty() {
            connection.rare().unfinished = unfinished;
        }
        match result {
            Err(violation) => self.hear_the_last(slot, Ended::Broken, || {
                codec::close(violation.code(), &violation.to_string())
            }),
            Ok(()) => {
                if let Some(code) = aside.closed {
                    self.hear_the_last(slot, Ended::ByClient, || codec::close_answer(code));
                } else if let Some(pong) = aside.pong {
                    self.answer_ping(slot, pong);
                } else if let Some(connection) = self.connections.get_mut(slot) {
                    connection.tidy();
                }
            }
        }
    }

    /// The client said something behind which nothing counts.
    fn hear_the_last(&mut self, slot: u32, why: Ended, answer: impl FnOnce() -> bytes::Bytes) {
        let Some(connection) = self.connections.get_mut(slot) else { return };
        match connection.phase {
            Phase::Open => self.part(slot, why, false, [answer()], Then::End),
            Phase::Parting(_) => connection.phase = Phase::Parting(Then::End),
            Phase::Closing => self.end_stream(slot),
            Phase::Lingering => {}
        }
    }

    /// Only the latest ping needs an answer (RFC 6455 5.5.3), so one that does not read costs one answer.
    fn answer_ping(&mut self, slot: u32, pong: bytes::Bytes) {
        let Some(connection) = self.connections.get_mut(slot) else { return };
        if connection.phase == Phase::Open {
            connection.rare().pong = Some(pong);
            self.touch(slot);
        }
    }
}

/// Asks for what the owner wants; true if nothing more of the client is to be passed on.
pub(super) fn follow<T>(next: Next, name: Connection, mut put: impl FnMut(Command<T>)) -> bool {
    match next {
        Next::Stay => false,
        Next::Reply(frame) => {
            put(Command::Send(name, frame));
            false
        }
        Next::Close { last, code, reason } => {
            if let Some(last) = last {
                put(Command::Send(name, last));
            }
            put(Command::Close(name, Close::Frame { code, reason }));
            true
        }
    }
}
