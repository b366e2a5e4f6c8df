//! A chat service behind a real listener on port 0, and clients of it.
//!
//! Promise: everything that is waited for ends within a deadline, with a panic.

use std::collections::{BTreeMap, VecDeque};
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime};

use auth::chat_token::{ChatClaims, ChatTokenKey, seal};
use bus::{Bus, NodeId, RoomNews, Subject};
use bytes::Bytes;
use chat::review::{Reviewer, Targets};
use chat::{Chat, Config, Deps};
use domain::{Arn, ChatCapability, ChatRates, Limits, Room, Tags};
use futures_util::{SinkExt, StreamExt};
use outbound::Outbound;
use serde_json::Value;
use store::{Store, Tenant};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::tungstenite::protocol::CloseFrame;
use tokio_tungstenite::tungstenite::{Error, Message};
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream, connect_async};
use tokio_util::sync::CancellationToken;

/// Nothing here takes so long.
pub(crate) const PATIENCE: Duration = Duration::from_secs(20);

/// A running service.
pub(crate) struct Stage {
    pub(crate) chat: Chat,
    pub(crate) store: Store,
    pub(crate) bus: Bus,
    pub(crate) address: SocketAddr,
    pub(crate) room: Arn,
    key: ChatTokenKey,
    shutdown: CancellationToken,
    tasks: JoinSet<()>,
}

/// How a stage is set.
pub(crate) struct Set {
    pub(crate) limits: Limits,
    pub(crate) origins: Option<Vec<String>>,
    pub(crate) targets: Targets,
    pub(crate) room: fn(&mut Room),
    /// Of another stage: the two then are two nodes of one installation.
    pub(crate) store: Option<Store>,
    pub(crate) bus: Option<Bus>,
    pub(crate) drain: Duration,
}

impl Default for Set {
    fn default() -> Self {
        Self {
            limits: Limits::OPEN,
            origins: None,
            targets: Targets::default(),
            room: |_| (),
            store: None,
            bus: None,
            drain: Duration::from_millis(50),
        }
    }
}

pub(crate) fn arn(id: &str) -> Arn {
    Arn::parse(&format!("arn:aws:ivschat:us-west-2:123456789012:room/{id}")).expect("an ARN")
}

pub(crate) fn room(arn: &Arn) -> Room {
    Room {
        arn: arn.clone(),
        name: String::new(),
        created_at: 1,
        updated_at: 1,
        message_rate: 100,
        message_length: 500,
        review_handler: None,
        logging_configurations: Vec::new(),
        tags: Tags::new(),
    }
}

impl Stage {
    pub(crate) async fn open() -> Self {
        Self::set(Set::default()).await
    }

    pub(crate) async fn set(set: Set) -> Self {
        let fresh = set.store.is_none();
        let store = match set.store {
            Some(store) => store,
            None => Store::in_memory().await.expect("an empty database"),
        };
        let arn = arn("g1H2I3j4k5L6");
        if fresh {
            let mut room = room(&arn);
            (set.room)(&mut room);
            store.create_room(&room, 10).await.expect("a room");
            store.add_chat_token_key(&[7; 32], 1).await.expect("a key");
        }
        let stored = store.chat_token_keys().await.expect("keys").remove(0);
        let key = ChatTokenKey { id: stored.id, secret: stored.secret };
        let node = NodeId("node".to_owned());
        let bus = set.bus.unwrap_or_else(|| Bus::in_process(node.clone()));
        let outbound = Outbound::new(outbound::Config::default()).expect("a client");
        let reviewer = Reviewer::new(set.targets, outbound, tokio::runtime::Handle::current());
        let deps = Deps {
            store: store.clone(),
            bus: bus.clone(),
            node,
            rates: Arc::new(ChatRates::new(&set.limits, Instant::now())),
            reviewer,
            log: None,
        };
        let config = Config {
            limits: set.limits,
            origins: set.origins,
            fanout: fanout::Config { shards: 2, tick: Duration::from_millis(5), ..fanout::Config::default() },
            drain: set.drain,
        };
        let chat = Chat::bind(config, deps).expect("threads");
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let address = listener.local_addr().expect("an address");
        let (mut tasks, shutdown) = (JoinSet::new(), CancellationToken::new());
        tasks.spawn(chat.clone().run(shutdown.clone()));
        tasks.spawn(accept(listener, chat.clone(), shutdown.clone()));
        Self { chat, store, bus, address, room: arn, key, shutdown, tasks }
    }

    /// Claims of a user of the room, good for an hour.
    pub(crate) fn claims(&self, user: &str, capabilities: &[ChatCapability]) -> ChatClaims {
        let mut id = [0; 16];
        aws_lc_rs::rand::fill(&mut id).expect("random bytes");
        ChatClaims {
            id,
            room: self.room.clone(),
            user: user.to_owned(),
            attributes: BTreeMap::new(),
            capabilities: capabilities.to_vec(),
            token_expires_at: now_ms() + 3_600_000,
            session_expires_at: now_ms() + 3_600_000,
        }
    }

    pub(crate) fn token(&self, claims: &ChatClaims) -> String {
        let mut nonce = [0; 12];
        aws_lc_rs::rand::fill(&mut nonce).expect("random bytes");
        seal(claims, &self.key, nonce)
    }

    /// A user who may do everything.
    pub(crate) async fn join(&self, user: &str) -> Client {
        let all =
            [ChatCapability::SendMessage, ChatCapability::DeleteMessage, ChatCapability::DisconnectUser];
        self.join_as(&self.claims(user, &all)).await
    }

    /// A user who may speak.
    pub(crate) async fn speaker(&self, user: &str) -> Client {
        self.join_as(&self.claims(user, &[ChatCapability::SendMessage])).await
    }

    pub(crate) async fn join_as(&self, claims: &ChatClaims) -> Client {
        let token = self.token(claims);
        self.connect(&token).await.expect("the token opens a connection")
    }

    /// The status of the refusal, if it is one.
    pub(crate) async fn connect(&self, token: &str) -> Result<Client, u16> {
        self.connect_with(token, None).await
    }

    pub(crate) async fn connect_with(&self, token: &str, origin: Option<&str>) -> Result<Client, u16> {
        let mut request = format!("ws://{}/", self.address).into_client_request().expect("a request");
        let headers = request.headers_mut();
        headers.insert("Sec-WebSocket-Protocol", token.parse().expect("a token has header characters"));
        if let Some(origin) = origin {
            headers.insert("Origin", origin.parse().expect("an origin"));
        }
        match within(connect_async(request)).await {
            Ok((socket, response)) => {
                assert_eq!(response.headers()["sec-websocket-protocol"], token, "the token is echoed");
                Ok(Client { socket, put_by: VecDeque::new() })
            }
            Err(Error::Http(response)) => Err(response.status().as_u16()),
            Err(other) => panic!("no answer: {other}"),
        }
    }

    /// From now on tokens are sealed with a new key.
    pub(crate) async fn rotate(&mut self) {
        let stored = self.store.add_chat_token_key(&[8; 32], now_ms()).await.expect("a key");
        self.key = ChatTokenKey { id: stored.id, secret: stored.secret };
    }

    /// Changes the room as the API would.
    pub(crate) async fn update(&self, change: impl FnOnce(&mut Room)) {
        let tenant = Tenant::of(&self.room);
        let revise = |room: &mut Room| {
            change(room);
            Ok::<_, store::StoreError>(())
        };
        self.store.update_room(&tenant, &self.room, revise).await.expect("the room is there");
        self.say(RoomNews::Changed);
    }

    pub(crate) async fn delete_room(&self) {
        self.store.delete_room(&Tenant::of(&self.room), &self.room).await.expect("the room is there");
        self.say(RoomNews::Changed);
    }

    pub(crate) fn say(&self, news: RoomNews) {
        self.bus.publish(Subject::Room(self.room.clone()), bus::Body::Room(news)).expect("a bus");
    }

    /// A command as the API gives it.
    pub(crate) fn command(&self, name: &str, attributes: &[(&str, &str)]) {
        let attributes =
            attributes.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect();
        self.say(RoomNews::Command { name: name.into(), attributes });
    }

    /// Waits until a metric has a value.
    pub(crate) async fn wait_for_metric(&self, line: &str) {
        within(async {
            while !self.chat.metrics().lines().any(|found| found == line) {
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
        })
        .await;
    }

    pub(crate) fn begin_shutdown(&self) {
        self.shutdown.cancel();
    }

    /// Waits until the shutdown has done all it does.
    pub(crate) async fn ended(mut self) {
        within(async { while self.tasks.join_next().await.is_some() {} }).await;
    }

    /// Ends without good-byes.
    pub(crate) async fn close(mut self) {
        self.tasks.shutdown().await;
    }
}

pub(crate) fn now_ms() -> i64 {
    let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).expect("after 1970");
    i64::try_from(since.as_millis()).expect("before 292 million")
}

pub(crate) async fn within<F: Future>(future: F) -> F::Output {
    tokio::time::timeout(PATIENCE, future).await.expect("nothing takes so long")
}

/// How a connection ended.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum End {
    /// With a close frame: code and reason.
    Closed(u16, String),
    /// The TCP connection ended without one.
    Cut,
}

/// A client of the chat.
pub(crate) struct Client {
    socket: WebSocketStream<MaybeTlsStream<TcpStream>>,
    /// Frames that were read while something else was waited for.
    put_by: VecDeque<String>,
}

impl Client {
    pub(crate) async fn text(&mut self, text: &str) {
        within(self.socket.send(Message::text(text))).await.expect("the connection is open");
    }

    /// As [`Client::text`], but the connection may have ended.
    pub(crate) async fn try_text(&mut self, text: &str) -> bool {
        within(self.socket.send(Message::text(text))).await.is_ok()
    }

    pub(crate) async fn send(&mut self, request: &Value) {
        self.text(&request.to_string()).await;
    }

    /// Says something.
    pub(crate) async fn say(&mut self, content: &str) {
        self.send(&serde_json::json!({"Action": "SEND_MESSAGE", "Content": content})).await;
    }

    /// The next frame, as it stands on the wire.
    pub(crate) async fn hear_text(&mut self) -> Result<String, End> {
        if let Some(text) = self.put_by.pop_front() {
            return Ok(text);
        }
        self.read().await
    }

    /// Waits for such a frame; all that is not an error is heard later, that frame too.
    pub(crate) async fn wait_for(&mut self, wanted: impl Fn(&Value) -> bool) -> Value {
        loop {
            let text = self.read().await.expect("a frame");
            let frame: Value = serde_json::from_str(&text).expect("frames are JSON");
            if frame["Type"] != "ERROR" {
                self.put_by.push_back(text);
            }
            if wanted(&frame) {
                return frame;
            }
        }
    }

    async fn read(&mut self) -> Result<String, End> {
        loop {
            match within(self.socket.next()).await {
                Some(Ok(Message::Text(text))) => return Ok(text.as_str().to_owned()),
                Some(Ok(Message::Close(Some(CloseFrame { code, reason })))) => {
                    return Err(End::Closed(code.into(), reason.as_str().to_owned()));
                }
                Some(Ok(Message::Close(None))) => return Err(End::Closed(0, String::new())),
                Some(Ok(_)) => (),
                Some(Err(_)) | None => return Err(End::Cut),
            }
        }
    }

    pub(crate) async fn hear(&mut self) -> Value {
        let text = self.hear_text().await.expect("a frame");
        serde_json::from_str(&text).expect("frames are JSON")
    }

    /// The content of the next frame, which is a message.
    pub(crate) async fn content(&mut self) -> String {
        let frame = self.hear().await;
        assert_eq!(frame["Type"], "MESSAGE", "{frame}");
        frame["Content"].as_str().expect("a text").to_owned()
    }

    /// Code and text of the next frame, which is an error.
    pub(crate) async fn error(&mut self) -> (u64, String) {
        let frame = self.hear().await;
        assert_eq!(frame["Type"], "ERROR", "{frame}");
        let text = frame["ErrorMessage"].as_str().expect("a text").to_owned();
        (frame["ErrorCode"].as_u64().expect("a number"), text)
    }

    /// Reads to the end.
    pub(crate) async fn end(&mut self) -> End {
        loop {
            if let Err(end) = self.hear_text().await {
                return end;
            }
        }
    }

    pub(crate) async fn leave(mut self) {
        // The other side may have been faster.
        let _ = self.socket.close(None).await;
        self.end().await;
    }
}

async fn accept(listener: TcpListener, chat: Chat, shutdown: CancellationToken) {
    let mut serving = JoinSet::new();
    loop {
        let accepted = tokio::select! {
            () = shutdown.cancelled() => break,
            accepted = listener.accept() => accepted,
        };
        let Ok((stream, peer)) = accepted else { break };
        serving.spawn(serve(stream, peer, chat.clone()));
    }
    serving.shutdown().await;
}

async fn serve(mut stream: TcpStream, peer: SocketAddr, chat: Chat) {
    let mut read = Vec::new();
    let end = loop {
        if let Some(end) = read.windows(4).position(|four| four == b"\r\n\r\n") {
            break end;
        }
        if !matches!(stream.read_buf(&mut read).await, Ok(1..)) {
            return;
        }
    };
    let head = String::from_utf8_lossy(&read[..end]).into_owned();
    let mut lines = head.lines();
    let path = lines.next().and_then(|line| line.split(' ').nth(1)).unwrap_or("/").to_owned();
    let mut request = http::Request::get(path);
    for line in lines {
        let (name, value) = line.split_once(':').expect("a header line");
        request = request.header(name, value.trim());
    }
    let (parts, ()) = request.body(()).expect("a request").into_parts();
    assert!(Chat::is_handshake(&parts));
    match chat.admit(&parts, peer.ip(), SystemTime::now()).await {
        Ok((response, seat)) => {
            let text = answer(&response.map(|()| String::new()));
            if stream.write_all(text.as_bytes()).await.is_ok() {
                let early = Bytes::copy_from_slice(&read[end + 4..]);
                chat.join(seat, stream.into_std().expect("a socket"), early);
            }
        }
        Err(refusal) => {
            let mut response = refusal.response();
            let length = response.body().len().to_string();
            response.headers_mut().insert("content-length", length.parse().expect("a number"));
            // A client that hung up needs no answer.
            let _ = stream.write_all(answer(&response).as_bytes()).await;
        }
    }
}

fn answer(response: &http::Response<String>) -> String {
    let mut text = format!("HTTP/1.1 {}\r\n", response.status());
    for (name, value) in response.headers() {
        text += &format!("{name}: {}\r\n", value.to_str().expect("plain headers"));
    }
    text + "\r\n" + response.body()
}
