//! What can go wrong with a bus.
//!
//! Promise: each failure says whether the envelope, the link or the broker is at fault.

use async_nats::jetstream::context::{CreateStreamError, GetStreamError};
use async_nats::jetstream::stream::ConsumerError;

/// Why an envelope was not carried.
#[derive(Debug, thiserror::Error)]
pub enum BusError {
    /// The link to the broker does not keep up; the envelope was not taken.
    #[error("the bus is full")]
    Full,
    /// The broker can't be reached, or the bus is closed.
    #[error("the bus has no link to its broker")]
    Away,
    /// The envelope is heavier than [`crate::Envelope::MAX_WEIGHT`].
    #[error("the envelope is too large for the bus")]
    TooLarge,
}

/// Why there is no bus.
#[derive(Debug, thiserror::Error)]
pub enum BusConnectError {
    /// The setting is no list of addresses.
    #[error("not an address of a NATS server")]
    Address(#[source] std::io::Error),
    /// No server answered, or none let this node in.
    #[error("cannot connect to the NATS server")]
    Connect(#[source] async_nats::ConnectError),
    /// The server refuses messages of the size that envelopes may have.
    #[error("the NATS server takes messages of {most} bytes at most, {need} are needed (max_payload)")]
    Payload {
        /// What it takes.
        most: usize,
        /// What is needed.
        need: usize,
    },
    /// The server keeps no streams.
    #[error("the NATS server has no JetStream; start it with -js, or enable it for the account")]
    NoJetStream,
    /// The stream can't be looked up.
    #[error("cannot look up the NATS stream {name}")]
    FindStream {
        /// Its name.
        name: String,
        /// Why.
        source: GetStreamError,
    },
    /// The stream can't be made.
    #[error("cannot make the NATS stream {name}")]
    MakeStream {
        /// Its name.
        name: String,
        /// Why.
        source: CreateStreamError,
    },
    /// A stream of this name is about something else.
    #[error("the NATS stream {name} has other subjects than this server's")]
    OtherStream {
        /// Its name.
        name: String,
    },
    /// The inbox can't be subscribed to.
    #[error("cannot subscribe at the NATS server")]
    Subscribe(#[source] async_nats::SubscribeError),
    /// The stream can't be read.
    #[error("cannot read the NATS stream")]
    Reader(#[source] ConsumerError),
    /// All was answered, yet what was written did not come back.
    #[error("nothing comes back from the NATS stream; may this user publish to its subjects?")]
    Deaf,
}
