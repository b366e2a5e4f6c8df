//! One publisher's RTMP connection, as a state machine over bytes.
//!
//! Promise: no clock, no socket, no account. Bytes go in by [`Session::input`]; what they mean comes out
//! by [`Session::poll_event`], what to send by [`Session::take_output`]. A publish request waits for its
//! owner's decision, and nothing that was sent after it is looked at before.

use std::collections::VecDeque;

use bytes::Bytes;
use domain::Entropy;
use media::amf0::Value;

use crate::error::Error;
use crate::rtmp::announced::Announced;
use crate::rtmp::chunk::{self, Bounds, Message, Reader, be24, be32, kind};
use crate::rtmp::command::{self, Command};
use crate::rtmp::handshake::Handshake;
use crate::rtmp::name::PublishRequest;
use crate::rtmp::told::Told;

/// Before a stream is accepted only commands are due; an encoder's longest `connect` has some kilobytes.
const STRANGER: Bounds = Bounds { message: 256 << 10, half_read: 512 << 10 };
/// A keyframe of an 8.5 Mb/s stream that spends half a second's bits on it has 0.5 MB.
const ADMITTED: Bounds = Bounds { message: 4 << 20, half_read: 8 << 20 };
/// What may arrive between a publish request and its answer.
const MAX_HELD: usize = 1 << 20;
/// What the peer is asked to acknowledge, and what our own chunks carry.
const WINDOW: u32 = 2_500_000;
const CHUNK_SIZE: usize = 4_096;
/// Acknowledgements for windows below this would be noise; a peer that says 0 gets none at all.
const MIN_WINDOW: u32 = 4_096;
/// Our messages about the connection go out on chunk stream 2, commands on 3, stream status on 5.
const CONTROL: u8 = 2;
const COMMANDS: u8 = 3;
const STATUS: u8 = 5;
/// The one message stream that `createStream` gives out.
const STREAM: u32 = 1;

/// What the publisher did.
#[derive(Clone, Debug, PartialEq)]
pub enum Event {
    /// It asks to publish: answer by [`Session::accept_publish`] or [`Session::reject_publish`].
    Publish(PublishRequest),
    /// It described its stream.
    Metadata(Announced),
    /// It has something to tell viewers, or tried to.
    Told(Told),
    /// The body of an FLV video tag, never empty.
    Video {
        /// Milliseconds on the publisher's clock, wrapping.
        timestamp: u32,
        /// The body.
        body: Bytes,
    },
    /// The body of an FLV audio tag, never empty.
    Audio {
        /// Milliseconds on the publisher's clock, wrapping.
        timestamp: u32,
        /// The body.
        body: Bytes,
    },
    /// It said goodbye. Nothing follows.
    Finished,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Phase {
    Handshake,
    Commands,
    /// A publish request awaits its answer.
    Asked,
    Publishing,
    Over,
}

/// The server's side of one connection.
#[derive(Debug)]
pub struct Session {
    phase: Phase,
    handshake: Option<Box<Handshake>>,
    reader: Reader,
    events: VecDeque<Event>,
    output: Vec<u8>,
    held: Vec<u8>,
    chunk_size: usize,
    app: String,
    tc_url: String,
    encoder: String,
    window: u32,
    received: u32,
    acknowledged: u32,
}

impl Session {
    /// A connection of which no byte is known yet. The entropy fills the handshake's random part.
    pub fn new(entropy: Entropy<'_>) -> Self {
        Self {
            phase: Phase::Handshake,
            handshake: Some(Box::new(Handshake::new(entropy))),
            reader: Reader::new(STRANGER),
            events: VecDeque::new(),
            output: Vec::new(),
            held: Vec::new(),
            chunk_size: 128,
            app: String::new(),
            tc_url: String::new(),
            encoder: String::new(),
            window: 0,
            received: 0,
            acknowledged: 0,
        }
    }

    /// Takes what the socket gave. After an error the connection can only be closed.
    ///
    /// # Errors
    /// When the bytes are not RTMP, break the chunk layer's rules or its limits.
    pub fn input(&mut self, bytes: &[u8]) -> Result<(), Error> {
        self.acknowledge(bytes.len());
        match self.phase {
            Phase::Over => Ok(()),
            Phase::Asked => self.hold(bytes),
            _ => self.process(bytes),
        }
    }

    /// Is the handshake done?
    pub fn is_shaken(&self) -> bool {
        self.phase != Phase::Handshake
    }

    /// The next thing that the publisher did, in order.
    pub fn poll_event(&mut self) -> Option<Event> {
        self.events.pop_front()
    }

    /// What is to be sent; empty when nothing is.
    pub fn take_output(&mut self) -> Bytes {
        Bytes::from(std::mem::take(&mut self.output))
    }

    /// Payload bytes of messages that have begun and not ended, and bytes held until a publish request
    /// is answered: what the connection makes us keep beyond its events.
    pub fn held_bytes(&self) -> usize {
        self.reader.half_read() + self.held.len()
    }

    /// Lets the publisher on air, then reads on in what it has already sent.
    ///
    /// # Errors
    /// Those of [`Session::input`].
    pub fn accept_publish(&mut self) -> Result<(), Error> {
        if self.phase != Phase::Asked {
            return Ok(());
        }
        self.phase = Phase::Publishing;
        self.reader.set_bounds(ADMITTED);
        self.user_control(0, &STREAM.to_be_bytes());
        self.status("status", "NetStream.Publish.Start", "Publishing.");
        let held = std::mem::take(&mut self.held);
        self.process(&held)
    }

    /// Refuses the publish request with a status; the connection is to be closed once it is sent.
    pub fn reject_publish(&mut self, code: &str, description: &str) {
        self.close("error", code, description);
    }

    /// Ends the session from this side with a status (`level` is `status` or `error`).
    pub fn close(&mut self, level: &str, code: &str, description: &str) {
        if matches!(self.phase, Phase::Handshake | Phase::Over) {
            return;
        }
        self.status(level, code, description);
        self.phase = Phase::Over;
        self.held = Vec::new();
    }

    /// Asks the publisher for a sign of life (user control, ping request, 7.1.7); `time` comes back with it.
    pub fn ping(&mut self, time: u32) {
        if matches!(self.phase, Phase::Publishing) {
            self.user_control(6, &time.to_be_bytes());
        }
    }

    fn hold(&mut self, bytes: &[u8]) -> Result<(), Error> {
        if self.held.len() + bytes.len() > MAX_HELD {
            return Err(Error::Impatient(MAX_HELD));
        }
        self.held.extend_from_slice(bytes);
        Ok(())
    }

    fn process(&mut self, mut bytes: &[u8]) -> Result<(), Error> {
        if let Some(handshake) = self.handshake.as_mut() {
            if !handshake.advance(&mut bytes, &mut self.output)? {
                return Ok(());
            }
            self.handshake = None;
            self.phase = Phase::Commands;
        }
        while matches!(self.phase, Phase::Commands | Phase::Publishing) {
            let Some(message) = self.reader.read(&mut bytes)? else { return Ok(()) };
            self.message(message);
        }
        if self.phase == Phase::Asked { self.hold(bytes) } else { Ok(()) }
    }

    fn message(&mut self, message: Message) {
        match message.kind {
            kind::VIDEO | kind::AUDIO => self.media(message.kind, message.timestamp, message.body),
            kind::AGGREGATE => self.aggregate(&message),
            kind::COMMAND_AMF0 | kind::COMMAND_AMF3 => {
                self.command(Command::parse(&message.body, message.kind == kind::COMMAND_AMF3));
            }
            kind::DATA_AMF0 | kind::DATA_AMF3 if self.phase == Phase::Publishing => {
                let amf3 = message.kind == kind::DATA_AMF3;
                let announced = Announced::parse(&message.body, amf3).map(Event::Metadata);
                let told = || Told::parse(&message.body, amf3).map(Event::Told);
                self.events.extend(announced.or_else(told));
            }
            kind::WINDOW_ACK_SIZE => self.window = be32(&message.body).unwrap_or(0),
            kind::USER_CONTROL => {
                // A ping request is answered with its own time; other events are for players.
                if let [0, 6, time @ ..] = &message.body[..] {
                    self.user_control(7, time.get(..4).unwrap_or_default());
                }
            }
            // Acknowledgements, bandwidth and Flash's shared objects ask for nothing here.
            _ => {}
        }
    }

    fn media(&mut self, kind: u8, timestamp: u32, body: Bytes) {
        if self.phase != Phase::Publishing || body.is_empty() {
            return;
        }
        self.events.push_back(match kind {
            kind::VIDEO => Event::Video { timestamp, body },
            _ => Event::Audio { timestamp, body },
        });
    }

    /// Splits an aggregate message (7.1.6): FLV tags one after the other, whose times count from the
    /// message's own. A cut tag ends it.
    fn aggregate(&mut self, message: &Message) {
        let (mut rest, mut first) = (message.body.clone(), None);
        while let Some(header) = rest.first_chunk::<11>().copied() {
            let length = usize::try_from(be24(&header[1..4])).unwrap_or(usize::MAX);
            let time = be24(&header[4..7]) | (u32::from(header[7]) << 24);
            let Some(end) = length.checked_add(11).filter(|end| *end <= rest.len()) else { return };
            let offset = time.wrapping_sub(*first.get_or_insert(time));
            if matches!(header[0], kind::VIDEO | kind::AUDIO) {
                self.media(header[0], message.timestamp.wrapping_add(offset), rest.slice(11..end));
            }
            // Four bytes after each tag repeat its size.
            rest = rest.slice((end + 4).min(rest.len())..);
        }
    }

    fn command(&mut self, command: Command) {
        match command {
            Command::Connect { transaction, app, tc_url, encoder, object_encoding } => {
                (self.app, self.tc_url, self.encoder) = (app, tc_url, encoder);
                self.greet();
                self.send(COMMANDS, kind::COMMAND_AMF0, 0, &command::connected(transaction, object_encoding));
            }
            Command::Courtesy { transaction, name, stream } => {
                self.reply(transaction, Value::Null);
                if name == "FCPublish" {
                    self.send(COMMANDS, kind::COMMAND_AMF0, 0, &command::fc_published(&stream));
                }
            }
            Command::CreateStream { transaction } => {
                self.reply(transaction, Value::Number(f64::from(STREAM)));
            }
            Command::Publish { name, .. } => self.ask(&name),
            Command::Unpublish { transaction } => self.unpublish(transaction),
            Command::Play => {
                self.status("error", "NetStream.Play.Failed", "This server takes streams in; play by HLS.");
            }
            Command::Unknown { transaction, name } if transaction != 0.0 => {
                self.send(COMMANDS, kind::COMMAND_AMF0, 0, &command::unknown(transaction, &name));
            }
            Command::Unknown { .. } | Command::Answer => {}
        }
    }

    /// What a server says before it answers `connect`.
    fn greet(&mut self) {
        self.send(CONTROL, kind::WINDOW_ACK_SIZE, 0, &WINDOW.to_be_bytes());
        let dynamic = [&WINDOW.to_be_bytes()[..], &[2]].concat();
        self.send(CONTROL, kind::SET_PEER_BANDWIDTH, 0, &dynamic);
        let size = u32::try_from(CHUNK_SIZE).unwrap_or(128);
        self.send(CONTROL, kind::SET_CHUNK_SIZE, 0, &size.to_be_bytes());
        self.chunk_size = CHUNK_SIZE;
    }

    fn ask(&mut self, name: &str) {
        if self.phase == Phase::Publishing {
            return self.status("error", "NetStream.Publish.BadName", "This connection publishes already.");
        }
        let request = PublishRequest::parse(&self.app, &self.tc_url, name, &self.encoder);
        self.events.push_back(Event::Publish(request));
        self.phase = Phase::Asked;
    }

    /// Encoders tidy up with these commands before they publish, too; then they mean nothing.
    fn unpublish(&mut self, transaction: f64) {
        self.reply(transaction, Value::Undefined);
        if self.phase == Phase::Publishing {
            self.status("status", "NetStream.Unpublish.Success", "The stream has ended.");
            self.events.push_back(Event::Finished);
            self.phase = Phase::Over;
        }
    }

    /// Tells the peer how much has arrived, once for every window.
    fn acknowledge(&mut self, count: usize) {
        let count = u32::try_from(count % (1 << 32)).unwrap_or(0);
        self.received = self.received.wrapping_add(count);
        let due = self.received.wrapping_sub(self.acknowledged) >= self.window.max(MIN_WINDOW);
        if self.window > 0 && due && self.phase != Phase::Over {
            self.acknowledged = self.received;
            self.send(CONTROL, kind::ACKNOWLEDGEMENT, 0, &self.received.to_be_bytes());
        }
    }

    fn reply(&mut self, transaction: f64, value: Value) {
        if transaction != 0.0 {
            self.send(COMMANDS, kind::COMMAND_AMF0, 0, &command::result(transaction, value));
        }
    }

    fn status(&mut self, level: &str, code: &str, description: &str) {
        self.send(STATUS, kind::COMMAND_AMF0, STREAM, &command::status(level, code, description));
    }

    fn user_control(&mut self, event: u16, data: &[u8]) {
        let body = [&event.to_be_bytes()[..], data].concat();
        self.send(CONTROL, kind::USER_CONTROL, 0, &body);
    }

    fn send(&mut self, chunk_stream: u8, kind: u8, message_stream: u32, body: &[u8]) {
        chunk::write(&mut self.output, self.chunk_size, chunk_stream, kind, message_stream, body);
    }
}
