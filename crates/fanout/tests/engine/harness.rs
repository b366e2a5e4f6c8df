//! A service that does what its clients say, and clients to say it.
//!
//! Promise: real sockets on loopback; everything that is waited for ends within a deadline, with a panic.

use std::io::{ErrorKind, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::time::{Duration, Instant};

use bytes::Bytes;
use fanout::{Adoption, Close, Config, Connection, Ended, Engine, Fanout, Frame, Group, Next, Service};
use parking_lot::{Mutex, MutexGuard};
use tokio_tungstenite::tungstenite::protocol::Role;
use tokio_tungstenite::tungstenite::{self, Message, WebSocket};

/// Nothing here takes so long.
pub(crate) const PATIENCE: Duration = Duration::from_secs(20);

/// Each of these engines has to behave alike.
pub(crate) const ENGINES: [Engine; 2] = [Engine::Epoll, Engine::Uring];

/// Settings of a test; two shards, so that things cross.
pub(crate) fn config(engine: Engine) -> Config {
    Config { shards: 2, engine, ..Config::default() }
}

/// Does as told: `say …` to all, `whisper …` to oneself through the engine, `reply …`, `leave …` with a close
/// frame, `kick N` another connection, `nothing`.
pub(crate) struct Parrot {
    fanout: Mutex<Option<Fanout<Parrot>>>,
    /// Order among the publishers of all groups.
    order: Mutex<()>,
    /// It waits for that order.
    blocked: AtomicBool,
    ended: Mutex<Sender<(Connection, Ended)>>,
}

/// What is kept with a connection.
pub(crate) struct Seat {
    pub(crate) group: Group,
}

impl Parrot {
    /// Gives the engine's handle back.
    pub(crate) fn forget(&self) {
        *self.fanout.lock() = None;
    }
}

impl Service for Parrot {
    type Session = Seat;

    fn text(&self, connection: Connection, seat: &mut Seat, message: &str) -> Next {
        let fanout = self.fanout.lock().clone().expect("set at start");
        let (verb, rest) = message.split_once(' ').unwrap_or((message, ""));
        match verb {
            "say" => {
                let _order = self.order.lock();
                fanout.publish(seat.group, &Frame::text(rest));
            }
            "whisper" => fanout.send(connection, Frame::text(rest)),
            "reply" => return Next::Reply(Frame::text(rest)),
            "kick" => {
                let other = Connection(rest.parse().expect("a number"));
                fanout.close(other, Close::Frame { code: 1001, reason: "kicked".into() });
            }
            "leave" => {
                let last = Some(Frame::text("last words"));
                return Next::Close { last, code: 4000, reason: rest.to_owned() };
            }
            "block" => {
                self.blocked.store(true, Ordering::Release);
                drop(self.order.lock());
            }
            _ => {}
        }
        Next::Stay
    }

    fn due(&self, _: Connection, _: &mut Seat) -> Next {
        Next::Close { last: Some(Frame::text("time is up")), code: 4001, reason: "due".into() }
    }

    fn ended(&self, connection: Connection, _: Seat, why: Ended) {
        // A test that ended does not listen any more.
        let _ = self.ended.lock().send((connection, why));
    }
}

/// An engine with its parrot.
pub(crate) struct House {
    pub(crate) fanout: Fanout<Parrot>,
    pub(crate) ended: Receiver<(Connection, Ended)>,
    listener: TcpListener,
}

impl House {
    pub(crate) fn new(config: Config) -> Self {
        let (sender, ended) = channel();
        let parrot = Arc::new(Parrot {
            fanout: Mutex::default(),
            order: Mutex::default(),
            blocked: AtomicBool::new(false),
            ended: Mutex::new(sender),
        });
        let fanout = Fanout::start(config, Arc::clone(&parrot)).expect("an engine");
        *parrot.fanout.lock() = Some(fanout.clone());
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        Self { fanout, ended, listener }
    }

    /// Both ends of a new connection.
    pub(crate) fn pair(&self) -> (TcpStream, TcpStream) {
        let client = TcpStream::connect(self.listener.local_addr().expect("bound")).expect("a connection");
        let (server, _) = self.listener.accept().expect("a connection");
        client.set_read_timeout(Some(PATIENCE)).expect("an option");
        client.set_nodelay(true).expect("an option");
        (server, client)
    }

    /// A raw client in a group.
    pub(crate) fn raw(&self, group: u64) -> (Connection, TcpStream) {
        self.seat(group, &[], None)
    }

    pub(crate) fn seat(
        &self,
        group: u64,
        greeting: &[&str],
        deadline: Option<Duration>,
    ) -> (Connection, TcpStream) {
        let (server, client) = self.pair();
        let adoption = Adoption {
            greeting: greeting.iter().map(|text| Frame::text(text)).collect(),
            deadline: deadline.map(|deadline| Instant::now() + deadline),
            ..self.adoption(group)
        };
        let connection = adoption.connection;
        self.fanout.adopt(server, adoption).expect("adopted");
        (connection, client)
    }

    fn adoption(&self, group: u64) -> Adoption<Seat> {
        Adoption {
            connection: self.fanout.name(),
            group: Group(group),
            early: Bytes::new(),
            greeting: Vec::new(),
            deadline: None,
            session: Seat { group: Group(group) },
        }
    }

    pub(crate) fn adopt_with(&self, server: TcpStream, group: u64, early: Bytes) {
        self.fanout.adopt(server, Adoption { early, ..self.adoption(group) }).expect("adopted");
    }

    pub(crate) fn try_adopt(&self, server: TcpStream, group: u64) -> std::io::Result<()> {
        self.fanout.adopt(server, self.adoption(group))
    }

    /// Keeps the shard of a client busy until what is returned is dropped.
    pub(crate) fn block(&self, client: &mut Client) -> MutexGuard<'_, ()> {
        let gate = self.fanout.service().order.lock();
        client.say("block");
        // It has to be in the service, not on its way there.
        while !self.fanout.service().blocked.load(Ordering::Acquire) {
            std::thread::yield_now();
        }
        gate
    }

    /// A WebSocket client in a group.
    pub(crate) fn client(&self, group: u64) -> (Connection, Client) {
        let (connection, stream) = self.raw(group);
        (connection, Client::new(stream))
    }

    pub(crate) fn publish(&self, group: u64, text: &str) {
        self.fanout.publish(Group(group), &Frame::text(text));
    }

    /// The next end that the service heard of.
    pub(crate) fn next_end(&self) -> (Connection, Ended) {
        self.ended.recv_timeout(PATIENCE).expect("an end")
    }

    /// Waits for the end of one connection.
    pub(crate) fn end_of(&self, connection: Connection) -> Ended {
        loop {
            let (other, why) = self.next_end();
            if other == connection {
                return why;
            }
        }
    }

    /// Drains and waits.
    pub(crate) fn drain(&self, within: Duration) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().expect("a runtime");
        runtime
            .block_on(async { tokio::time::timeout(PATIENCE, self.fanout.drain(within)).await })
            .expect("drained in time");
    }
}

/// A WebSocket client written by somebody else.
pub(crate) struct Client(pub(crate) WebSocket<TcpStream>);

impl Client {
    pub(crate) fn new(stream: TcpStream) -> Self {
        Self(WebSocket::from_raw_socket(stream, Role::Client, None))
    }

    pub(crate) fn say(&mut self, text: &str) {
        self.0.send(Message::text(text)).expect("sent");
    }

    /// The next text; pings are answered on the way.
    pub(crate) fn hear(&mut self) -> String {
        loop {
            match self.0.read().expect("a message") {
                Message::Text(text) => return text.to_string(),
                Message::Ping(_) | Message::Pong(_) => {}
                other => panic!("unexpected: {other:?}"),
            }
        }
    }

    /// The close frame that comes next, then the end of the stream.
    pub(crate) fn hear_close(&mut self) -> (u16, String) {
        let frame = loop {
            match self.0.read().expect("a close frame") {
                Message::Close(frame) => break frame.expect("with a code"),
                Message::Ping(_) | Message::Pong(_) => {}
                other => panic!("unexpected: {other:?}"),
            }
        };
        loop {
            match self.0.read() {
                Ok(_) => {}
                Err(tungstenite::Error::ConnectionClosed) => break,
                Err(error) => panic!("not a clean end: {error}"),
            }
        }
        (frame.code.into(), frame.reason.to_string())
    }
}

/// A frame as a client sends it.
pub(crate) fn masked(first: u8, payload: &[u8]) -> Vec<u8> {
    let mask = [0x12, 0x34, 0x56, 0x78];
    let mut frame = vec![first];
    match u16::try_from(payload.len()) {
        Ok(length) if length < 126 => frame.push(0x80 | u8::try_from(length).expect("short")),
        Ok(length) => {
            frame.push(0x80 | 126);
            frame.extend(length.to_be_bytes());
        }
        Err(_) => {
            frame.push(0x80 | 127);
            frame.extend((payload.len() as u64).to_be_bytes());
        }
    }
    frame.extend(mask);
    frame.extend(payload.iter().zip(mask.iter().cycle()).map(|(byte, mask)| byte ^ mask));
    frame
}

/// Writes all at once.
pub(crate) fn write(mut stream: &TcpStream, bytes: &[u8]) {
    stream.write_all(bytes).expect("written");
}

/// Reads just so many bytes.
pub(crate) fn read(mut stream: &TcpStream, count: usize) -> Vec<u8> {
    let mut bytes = vec![0; count];
    stream.read_exact(&mut bytes).expect("bytes");
    bytes
}

/// Reads to the end; says whether it came without a reset.
pub(crate) fn read_to_end(mut stream: &TcpStream) -> (Vec<u8>, bool) {
    let mut bytes = Vec::new();
    match stream.read_to_end(&mut bytes) {
        Ok(_) => (bytes, true),
        Err(error) if error.kind() == ErrorKind::ConnectionReset => (bytes, false),
        Err(error) => panic!("{error}"),
    }
}
