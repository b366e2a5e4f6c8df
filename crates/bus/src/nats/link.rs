//! One connection to the broker, with the stream made sure of and a reader of its own on it.
//!
//! The client library would mend a cut by itself, and then send what it had buffered at a time when nobody
//! waits for it any more. So a cut ends the link, and the carrier opens another.
//!
//! Promise: a link gives the stream's messages without a hole and in order, or ends.

use std::error::Error as _;
use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use async_nats::jetstream::consumer::{AckPolicy, DeliverPolicy, push};
use async_nats::jetstream::context::{
    CreateStreamErrorKind, GetStreamError, GetStreamErrorKind, RequestError, RequestErrorKind,
};
use async_nats::jetstream::stream::{self, DiscardPolicy, RetentionPolicy, StorageType};
use async_nats::jetstream::{Context, ErrorCode};
use async_nats::{Client, ConnectOptions, Event, Message, ServerAddr, StatusCode, Subscriber};
use bytes::Bytes;
use futures_util::{FutureExt, StreamExt};
use percent_encoding::percent_decode_str;
use tokio_util::sync::CancellationToken;

use super::NatsConfig;
use super::position::{Extent, Position};
use super::wire;
use crate::{BusConnectError, Subject};

/// For each question to the broker, and for a connection.
const ANSWER: Duration = Duration::from_secs(5);
/// How often the broker says that it has nothing to say.
const HEARTBEAT: Duration = Duration::from_secs(1);
/// How long the stream keeps an envelope: the longest cut that loses nothing.
const MEMORY: Duration = Duration::from_secs(60);
/// The most bytes that the stream keeps.
const MEMORY_BYTES: i64 = 64 << 20;
/// How long the library waits before it tries to mend a cut; a link is given up long before.
const MEND: Duration = Duration::from_secs(2);

/// Why a link ended.
#[derive(Debug, thiserror::Error)]
pub(super) enum LinkError {
    #[error("the connection was cut")]
    Cut,
    #[error("the broker dropped messages on their way here")]
    Dropped,
    #[error("the broker ended the reader: {0}")]
    Ended(String),
    #[error("the broker took no message")]
    Write(#[source] async_nats::PublishError),
}

/// What came.
pub(super) enum Arrival {
    /// A message of the stream, with its number.
    Message(u64, Bytes),
    /// A sign of life.
    Heartbeat,
}

pub(super) struct Link {
    client: Client,
    messages: Subscriber,
    /// The library saw the connection end.
    cut: CancellationToken,
    /// How many messages the broker's reader has sent here.
    read: u64,
    name: String,
}

impl Link {
    /// Connects, makes sure of the stream and reads on from `before`, or from now. Also gives where that is,
    /// and whether something was missed.
    pub(super) async fn open(
        config: &NatsConfig,
        before: Option<Position>,
    ) -> Result<(Self, Position, bool), BusConnectError> {
        let (client, cut) = connect(config).await?;
        let most = client.server_info().max_payload;
        if most < wire::MOST_BYTES {
            return Err(BusConnectError::Payload { most, need: wire::MOST_BYTES });
        }
        let mut context = async_nats::jetstream::new(client.clone());
        context.set_timeout(ANSWER);
        let stream = stream(&context, config).await?;
        let extent = extent(stream.cached_info());
        let (position, gap) = before.map_or((Position::now(extent), false), |before| before.resume(extent));
        let inbox = client.new_inbox();
        let messages = client.subscribe(inbox.clone()).await.map_err(BusConnectError::Subscribe)?;
        stream.create_consumer(reader(inbox, position)).await.map_err(BusConnectError::Reader)?;
        let link = Self { client, messages, cut, read: 0, name: config.name.clone() };
        Ok((link, position, gap))
    }

    /// Waits for the next arrival. Nothing is lost when the wait is given up.
    pub(super) async fn next(&mut self) -> Result<Message, LinkError> {
        tokio::select! {
            () = self.cut.cancelled() => Err(LinkError::Cut),
            message = self.messages.next() => message.ok_or(LinkError::Cut),
        }
    }

    /// The next message, if it is here already.
    pub(super) fn ready(&mut self) -> Option<Message> {
        self.messages.next().now_or_never().flatten()
    }

    /// Says what a message is, and answers the broker where it wants an answer.
    pub(super) async fn take(&mut self, message: Message) -> Result<Arrival, LinkError> {
        match message.status {
            None => self.take_content(message),
            Some(StatusCode::IDLE_HEARTBEAT) => self.take_heartbeat(message).await,
            Some(status) => Err(LinkError::Ended(message.description.unwrap_or_else(|| status.to_string()))),
        }
    }

    /// Writes a letter to the stream; one that is about nothing, to the subject of those.
    pub(super) async fn write(&self, about: Option<&Subject>, text: Bytes) -> Result<(), LinkError> {
        let name = &self.name;
        let subject = match about {
            Some(Subject::Room(arn)) => format!("{name}.rooms.{}.{}.{}", arn.region, arn.account, arn.id),
            // Below the rooms: the stream has no other subjects, and a broker's stream can't be given some.
            Some(Subject::Channel(arn)) => {
                format!("{name}.rooms.channels.{}.{}.{}", arn.region, arn.account, arn.id)
            }
            None => format!("{name}.rooms.nodes"),
        };
        self.send(subject, text).await
    }

    /// Waits until all that was written is on the line.
    pub(super) async fn flush(&self) {
        let _ = self.client.flush().await;
    }

    fn take_content(&mut self, message: Message) -> Result<Arrival, LinkError> {
        let Some((number, count)) = message.reply.as_deref().and_then(numbers) else {
            return Err(LinkError::Ended("a message without numbers".to_owned()));
        };
        if count != self.read + 1 {
            return Err(LinkError::Dropped);
        }
        self.read = count;
        Ok(Arrival::Message(number, message.payload))
    }

    async fn take_heartbeat(&self, message: Message) -> Result<Arrival, LinkError> {
        let header = |name: &str| message.headers.as_ref()?.get(name).map(|value| value.as_str().to_owned());
        let sent = header("Nats-Last-Consumer").and_then(|count| count.parse::<u64>().ok());
        if sent.is_some_and(|sent| sent > self.read) {
            return Err(LinkError::Dropped);
        }
        // With flow control, the broker goes on when it gets an empty answer.
        for answer in
            message.reply.map(|reply| reply.to_string()).into_iter().chain(header("Nats-Consumer-Stalled"))
        {
            self.send(answer, Bytes::new()).await?;
        }
        Ok(Arrival::Heartbeat)
    }

    async fn send(&self, subject: String, text: Bytes) -> Result<(), LinkError> {
        tokio::select! {
            () = self.cut.cancelled() => Err(LinkError::Cut),
            written = self.client.publish(subject, text) => written.map_err(LinkError::Write),
        }
    }
}

/// A connection, and what tells its end.
async fn connect(config: &NatsConfig) -> Result<(Client, CancellationToken), BusConnectError> {
    let addresses = config.servers.split(',').map(address).collect::<Result<Vec<_>, _>>();
    let addresses = addresses.map_err(BusConnectError::Address)?;
    let (cut, connected) = (CancellationToken::new(), Arc::new(AtomicBool::new(false)));
    let (told, delayed) = (cut.clone(), Arc::clone(&connected));
    let mut options = ConnectOptions::new()
        .name("rillcast")
        .connection_timeout(ANSWER)
        .request_timeout(Some(ANSWER))
        .max_reconnects(addresses.len())
        .ignore_discovered_servers()
        .reconnect_delay_callback(
            move |_| if delayed.load(Ordering::Relaxed) { MEND } else { Duration::ZERO },
        )
        .event_callback(move |event| {
            let told = told.clone();
            async move {
                if matches!(event, Event::Disconnected | Event::Closed | Event::SlowConsumer(_)) {
                    told.cancel();
                }
            }
        });
    options = sign_in(options, addresses.first());
    if let Some(file) = &config.authorities {
        options = options.add_root_certificates(file.clone());
    }
    let client = options.connect(addresses).await.map_err(BusConnectError::Connect)?;
    connected.store(true, Ordering::Relaxed);
    Ok((client, cut))
}

fn address(text: &str) -> io::Result<ServerAddr> {
    let address: ServerAddr = text.trim().parse()?;
    if address.host().is_empty() { Err(io::Error::other("an address without a host")) } else { Ok(address) }
}

/// A user and password, or a token, from an address.
fn sign_in(options: ConnectOptions, address: Option<&ServerAddr>) -> ConnectOptions {
    let plain = |text: &str| percent_decode_str(text).decode_utf8_lossy().into_owned();
    let Some(user) = address.and_then(|address| address.username()) else { return options };
    match address.and_then(|address| address.password()) {
        Some(password) => options.user_and_password(plain(user), plain(password)),
        None => options.token(plain(user)),
    }
}

/// The stream of all rooms' envelopes; made when it is not there.
async fn stream(context: &Context, config: &NatsConfig) -> Result<stream::Stream, BusConnectError> {
    let wanted = stream::Config {
        name: format!("{}_ROOMS", config.name.to_uppercase()),
        subjects: vec![format!("{}.rooms.>", config.name)],
        retention: RetentionPolicy::Limits,
        storage: StorageType::Memory,
        max_age: MEMORY,
        max_bytes: MEMORY_BYTES,
        discard: DiscardPolicy::Old,
        num_replicas: config.replicas,
        ..stream::Config::default()
    };
    let (name, subjects) = (wanted.name.clone(), wanted.subjects.clone());
    let found = match context.get_stream(&name).await {
        Err(error) if is_missing(&error.kind()) => match context.create_stream(wanted).await {
            // Another node was faster, with other limits.
            Err(error) if is_taken(&error.kind()) => {
                context.get_stream(&name).await.map_err(|source| looked(&name, source))
            }
            created => created.map_err(|source| BusConnectError::MakeStream { name: name.clone(), source }),
        },
        found => found.map_err(|source| looked(&name, source)),
    }?;
    if found.cached_info().config.subjects == subjects {
        Ok(found)
    } else {
        Err(BusConnectError::OtherStream { name })
    }
}

fn is_missing(kind: &GetStreamErrorKind) -> bool {
    matches!(kind, GetStreamErrorKind::JetStream(error) if error.error_code() == ErrorCode::STREAM_NOT_FOUND)
}

fn is_taken(kind: &CreateStreamErrorKind) -> bool {
    matches!(kind, CreateStreamErrorKind::JetStream(error) if error.error_code() == ErrorCode::STREAM_NAME_EXIST)
}

/// Why the stream can't be looked up.
fn looked(name: &str, source: GetStreamError) -> BusConnectError {
    let absent = match source.kind() {
        GetStreamErrorKind::JetStream(error) => {
            [ErrorCode::JETSTREAM_NOT_ENABLED, ErrorCode::JETSTREAM_NOT_ENABLED_FOR_ACCOUNT]
                .contains(&error.error_code())
        }
        // Nobody listens where JetStream answers.
        _ => {
            let cause = source.source().and_then(|cause| cause.downcast_ref::<RequestError>());
            cause.is_some_and(|cause| cause.kind() == RequestErrorKind::NoResponders)
        }
    };
    if absent {
        BusConnectError::NoJetStream
    } else {
        BusConnectError::FindStream { name: name.to_owned(), source }
    }
}

fn extent(info: &stream::Info) -> Extent {
    Extent {
        made: info.created.unix_timestamp_nanos(),
        first: info.state.first_sequence,
        last: info.state.last_sequence,
    }
}

/// A reader of this link alone, which the broker forgets soon after it is gone.
fn reader(inbox: String, position: Position) -> push::Config {
    push::Config {
        deliver_subject: inbox,
        deliver_policy: DeliverPolicy::ByStartSequence { start_sequence: position.next() },
        ack_policy: AckPolicy::None,
        max_deliver: 1,
        flow_control: true,
        idle_heartbeat: HEARTBEAT,
        num_replicas: 1,
        memory_storage: true,
        ..push::Config::default()
    }
}

/// A message's number in the stream and its count at the reader, from the address for its acknowledgement:
/// `$JS.ACK.<stream>.<reader>.<tries>.<number>.<count>.<time>.<pending>`, or since 2.8 with
/// `<domain>.<account>` in the third place and a token at the end (NATS architecture decision 15).
fn numbers(reply: &str) -> Option<(u64, u64)> {
    let mut parts = reply.strip_prefix("$JS.ACK.")?.split('.');
    let skipped = match parts.clone().count() {
        7 => 3,
        9.. => 5,
        _ => return None,
    };
    let mut number = || parts.next()?.parse().ok();
    for _ in 0..skipped {
        let _ = number();
    }
    Some((number()?, number()?))
}

#[cfg(test)]
mod tests {
    use super::numbers;

    #[test]
    fn numbers_are_read_from_both_forms_of_an_acknowledgement_address() {
        assert_eq!(numbers("$JS.ACK.S.c.1.42.7.1700000000.0"), Some((42, 7)));
        assert_eq!(numbers("$JS.ACK._.hash.S.c.1.42.7.1700000000.0"), Some((42, 7)));
        assert_eq!(numbers("$JS.ACK.hub.hash.S.c.1.42.7.1700000000.0.token"), Some((42, 7)));
    }

    #[test]
    fn other_addresses_have_no_numbers() {
        for reply in
            ["", "$JS.ACK", "$JS.ACK.", "$JS.ACK.S.c.1.x.7.17.0", "$JS.ACK.S.c.1.2.3.4", "_INBOX.a.b"]
        {
            assert_eq!(numbers(reply), None, "{reply}");
        }
    }
}
