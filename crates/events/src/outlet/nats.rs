//! A NATS message for each event.
//!
//! Promise: with JetStream an event is delivered when a stream has it, and the stream can tell when it comes
//! again; without, when the server has it. A connection that failed is left, so that nothing which waits in it
//! for better times overtakes what comes later.

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use async_nats::jetstream;
use async_nats::{Client, ConnectOptions, Event, HeaderMap, ServerAddr};
use futures_util::StreamExt as _;
use percent_encoding::percent_decode_str;
use tokio::sync::Mutex;
use tokio::time::timeout;

use super::{Failure, Letter, story};
use crate::{sinks, subject};

/// For a connection, and for the word that a message is there.
const ANSWER: Duration = Duration::from_secs(5);
/// How long the library waits before it mends a cut by itself; a connection is left long before, and what it
/// still held then comes while streams can tell that they have it (two minutes).
const MEND: Duration = Duration::from_secs(60);
/// Tells an event that comes again (NATS documentation, "Message deduplication").
const MESSAGE_ID: &str = "Nats-Msg-Id";

pub(crate) struct Nats {
    config: sinks::Nats,
    link: Mutex<Option<Arc<Link>>>,
}

/// A connection; it is left as soon as something about it failed.
struct Link {
    client: Client,
    broken: Arc<AtomicBool>,
}

impl std::fmt::Debug for Nats {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Nats").field("config", &self.config).finish_non_exhaustive()
    }
}

/// Are these addresses of servers, parted by commas?
pub(crate) fn check_servers(text: &str) -> Result<(), String> {
    addresses(text).map(drop).map_err(|error| format!("servers: {error}"))
}

impl Nats {
    pub(super) fn new(config: sinks::Nats) -> Self {
        Self { config, link: Mutex::new(None) }
    }

    pub(super) async fn deliver(&self, letter: &Letter) -> Result<(), Failure> {
        let event =
            serde_json::from_slice(&letter.envelope).map_err(|_| Failure::refused("it is no event"))?;
        let subject = subject::fill(&self.config.subject, &event);
        let link = self.link().await?;
        let told = match self.config.jetstream {
            true => store(&link.client, subject, letter).await,
            false => tell(&link.client, subject, letter).await,
        };
        if told.is_err() {
            link.broken.store(true, Ordering::Relaxed);
        }
        told
    }

    /// The connection, a new one if there is none that works.
    async fn link(&self) -> Result<Arc<Link>, Failure> {
        let mut held = self.link.lock().await;
        if let Some(link) = held.as_ref().filter(|link| !link.broken.load(Ordering::Relaxed)) {
            return Ok(Arc::clone(link));
        }
        *held = None;
        let link = connect(&self.config).await.map_err(|error| Failure::away(story(&*error)))?;
        let link = Arc::new(link);
        *held = Some(Arc::clone(&link));
        Ok(link)
    }
}

type ConnectFailure = Box<dyn std::error::Error + Send + Sync>;

async fn connect(config: &sinks::Nats) -> Result<Link, ConnectFailure> {
    let addresses = addresses(&config.servers)?;
    let (connected, broken) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicBool::new(false)));
    let (delayed, cut) = (Arc::clone(&connected), Arc::clone(&broken));
    let mut options = ConnectOptions::new()
        .name("rillcast events")
        .connection_timeout(ANSWER)
        .request_timeout(Some(ANSWER))
        .max_reconnects(addresses.len())
        .reconnect_delay_callback(
            move |_| {
                if delayed.load(Ordering::Relaxed) { MEND } else { Duration::ZERO }
            },
        );
    options = options.event_callback(move |event| {
        let cut = Arc::clone(&cut);
        async move {
            if matches!(event, Event::Disconnected | Event::Closed) {
                cut.store(true, Ordering::Relaxed);
            }
        }
    });
    let plain = |text: &str| percent_decode_str(text).decode_utf8_lossy().into_owned();
    let first = addresses.first();
    if let Some(user) = first.and_then(ServerAddr::username) {
        options = match first.and_then(ServerAddr::password) {
            Some(password) => options.user_and_password(plain(user), plain(password)),
            None => options.token(plain(user)),
        };
    }
    if let Some(file) = &config.authorities {
        options = options.add_root_certificates(file.clone());
    }
    let client = options.connect(addresses).await?;
    connected.store(true, Ordering::Relaxed);
    Ok(Link { client, broken })
}

fn addresses(text: &str) -> io::Result<Vec<ServerAddr>> {
    let address = |text: &str| {
        // The library's own words would show the text, which may hold a password.
        let none =
            || io::Error::new(io::ErrorKind::InvalidInput, "not each is an address such as nats://host:4222");
        let address: ServerAddr = text.trim().parse().map_err(|_| none())?;
        if address.host().is_empty() { Err(none()) } else { Ok(address) }
    };
    text.split(',').map(address).collect()
}

/// Into a stream, whose word is waited for.
async fn store(client: &Client, subject: String, letter: &Letter) -> Result<(), Failure> {
    let mut context = jetstream::new(client.clone());
    context.set_timeout(ANSWER);
    let mut headers = HeaderMap::new();
    headers.insert(MESSAGE_ID, letter.id.as_str());
    let failed = |error: &dyn std::error::Error| Failure::away(story(error));
    let published = async {
        let answer = context.publish_with_headers(subject, headers, letter.envelope.clone()).await;
        answer.map_err(|error| failed(&error))?.await.map_err(|error| failed(&error)).map(drop)
    };
    timeout(2 * ANSWER, published)
        .await
        .unwrap_or_else(|_| Err(Failure::away("no stream said that it has it")))
}

/// To the server: what was published before comes to the server before, so when it gives back what was sent to
/// ourselves, it has the event.
async fn tell(client: &Client, subject: String, letter: &Letter) -> Result<(), Failure> {
    let mut headers = HeaderMap::new();
    headers.insert(MESSAGE_ID, letter.id.as_str());
    let failed = |error: &dyn std::error::Error| Failure::away(story(error));
    let told = async {
        let inbox = client.new_inbox();
        let mut echo = client.subscribe(inbox.clone()).await.map_err(|error| failed(&error))?;
        let event = client.publish_with_headers(subject, headers, letter.envelope.clone()).await;
        event.map_err(|error| failed(&error))?;
        client.publish(inbox, bytes::Bytes::new()).await.map_err(|error| failed(&error))?;
        client.flush().await.map_err(|error| failed(&error))?;
        echo.next().await.map(drop).ok_or_else(|| Failure::away("the connection was cut"))
    };
    timeout(ANSWER, told).await.unwrap_or_else(|_| Err(Failure::away("it did not answer")))
}
