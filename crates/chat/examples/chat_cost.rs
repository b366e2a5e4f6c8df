//! What a join and an idle connection cost this crate and the pipes below it, without HTTP.
//!
//! `cargo run --release -p chat --example chat_cost`: CPU of the whole process by the kernel's count; the clients'
//! ends of the sockets are in it too, but do next to nothing.
//!
//! Promise: what is printed was counted in this run; nothing is asserted.

use std::collections::BTreeMap;
use std::error::Error;
use std::net::{IpAddr, Ipv4Addr, TcpStream};
use std::os::fd::OwnedFd;
use std::os::unix::net::UnixStream;
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime};

use auth::chat_token::{ChatClaims, ChatTokenKey, seal};
use bus::{Bus, NodeId};
use bytes::Bytes;
use chat::review::{Reviewer, Targets};
use chat::{Chat, Config, Deps};
use domain::{Arn, ChatCapability, ChatRates, Limits, Room, Tags};
use outbound::Outbound;
use store::Store;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

/// Each needs two descriptors here.
const CONNECTIONS: usize = 9_000;

type Failure = Box<dyn Error>;

#[tokio::main]
async fn main() -> Result<(), Failure> {
    let folder = tempfile::tempdir()?;
    let store = Store::open(&folder.path().join("cost.db")).await?;
    let room = Arn::parse("arn:aws:ivschat:us-west-2:123456789012:room/g1H2I3j4k5L6")?;
    store.create_room(&row(&room), 1).await?;
    let stored = store.add_chat_token_key(&[7; 32], 1).await?;
    let key = ChatTokenKey { id: stored.id, secret: stored.secret };
    let chat = bind(&store)?;
    let shutdown = CancellationToken::new();
    let mut running = JoinSet::new();
    running.spawn(chat.clone().run(shutdown.clone()));

    let tokens: Vec<_> = (0..=CONNECTIONS).map(|number| token(&room, &key, number)).collect();
    let mut ends = vec![join(&chat, &tokens[CONNECTIONS]).await?];
    let (before, memory, begun) = (cpu()?, resident()?, Instant::now());
    for some in tokens[..CONNECTIONS].chunks(256) {
        let mut joining = JoinSet::new();
        for token in some {
            let (chat, token) = (chat.clone(), token.clone());
            joining.spawn(async move { join(&chat, &token).await.map_err(|error| error.to_string()) });
        }
        while let Some(end) = joining.join_next().await {
            ends.push(end??);
        }
    }
    settle(&chat, CONNECTIONS + 1).await;
    report("join: µs of CPU", (cpu()? - before) / 1e3 / CONNECTIONS as f64);
    report("joins a second", CONNECTIONS as f64 / begun.elapsed().as_secs_f64());
    report("connection: bytes resident", (resident()? - memory) / CONNECTIONS as f64);

    let before = cpu()?;
    tokio::time::sleep(Duration::from_secs(5)).await;
    report("idle: % of a core", (cpu()? - before) / 5e9 * 100.0);

    drop(ends);
    shutdown.cancel();
    while running.join_next().await.is_some() {}
    Ok(())
}

fn report(what: &str, value: f64) {
    println!("{what}: {value:.2}");
}

fn row(arn: &Arn) -> Room {
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

fn bind(store: &Store) -> Result<Chat, Failure> {
    let limits = Limits::OPEN;
    let node = NodeId("cost".to_owned());
    let outbound = Outbound::new(outbound::Config::default())?;
    let deps = Deps {
        store: store.clone(),
        bus: Bus::in_process(node.clone()),
        node,
        rates: Arc::new(ChatRates::new(&limits, Instant::now())),
        reviewer: Reviewer::new(Targets::default(), outbound, tokio::runtime::Handle::current()),
        log: None,
    };
    Ok(Chat::bind(Config { limits, ..Config::default() }, deps)?)
}

fn token(room: &Arn, key: &ChatTokenKey, number: usize) -> String {
    let now = now_ms();
    let mut id = [0; 16];
    id[..8].copy_from_slice(&number.to_be_bytes());
    let mut nonce = [0; 12];
    nonce[..8].copy_from_slice(&number.to_be_bytes());
    let claims = ChatClaims {
        id,
        room: room.clone(),
        user: format!("user-{number:08}"),
        attributes: BTreeMap::new(),
        capabilities: vec![ChatCapability::SendMessage],
        token_expires_at: now + 3_600_000,
        session_expires_at: now + 3_600_000,
    };
    seal(&claims, key, nonce)
}

fn now_ms() -> i64 {
    let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_millis()).unwrap_or(i64::MAX)
}

/// Chat's end of a pair of sockets joins; the other end comes back.
async fn join(chat: &Chat, token: &str) -> Result<UnixStream, Failure> {
    let request = http::Request::get("/")
        .header("upgrade", "websocket")
        .header("connection", "upgrade")
        .header("sec-websocket-version", "13")
        .header("sec-websocket-key", "dGhlIHNhbXBsZSBub25jZQ==")
        .header("sec-websocket-protocol", token);
    let (parts, ()) = request.body(())?.into_parts();
    let (_, seat) = chat.admit(&parts, IpAddr::V4(Ipv4Addr::LOCALHOST), SystemTime::now()).await?;
    let (ours, theirs) = UnixStream::pair()?;
    chat.join(seat, TcpStream::from(OwnedFd::from(theirs)), Bytes::new());
    Ok(ours)
}

async fn settle(chat: &Chat, connections: usize) {
    let line = format!("ivschat_concurrent_chat_connections {connections}");
    while !chat.metrics().lines().any(|found| found == line) {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

/// Nanoseconds of all threads.
fn cpu() -> Result<f64, Failure> {
    let mut sum = 0.0;
    for task in std::fs::read_dir("/proc/self/task")? {
        let text = std::fs::read_to_string(task?.path().join("schedstat"))?;
        sum += text.split(' ').next().unwrap_or("0").parse::<f64>()?;
    }
    Ok(sum)
}

/// Bytes.
fn resident() -> Result<f64, Failure> {
    let text = std::fs::read_to_string("/proc/self/statm")?;
    Ok(text.split(' ').nth(1).unwrap_or("0").parse::<f64>()? * 4096.0)
}
