//! Why the server can't start or go on.
//!
//! Promise: each text names what was tried and on which object; the chain below it tells why.

use std::net::SocketAddr;
use std::path::PathBuf;

use crate::first_start::FirstStartError;
use crate::tls::TlsError;

/// The roof's errors.
#[derive(Debug, thiserror::Error)]
pub enum AppError {
    /// The data folder.
    #[error(transparent)]
    FirstStart(#[from] FirstStartError),
    /// Certificates.
    #[error(transparent)]
    Tls(#[from] TlsError),
    /// The HTTP listener.
    #[error("listening for HTTP on {address}")]
    Listen {
        /// Where.
        address: SocketAddr,
        /// Why not.
        #[source]
        source: std::io::Error,
    },
    /// A bound listener that can't tell its address.
    #[error("asking a listener for its address")]
    Address(#[source] std::io::Error),
    /// RTMP and RTMPS.
    #[error("starting ingest")]
    Ingest(#[from] ingest::Error),
    /// The API's meaning.
    #[error("starting the control plane")]
    Control(#[from] control::Error),
    /// The key of viewers' passes.
    #[error("reading the key of viewers' passes")]
    PlaybackKey(#[source] store::StoreError),
    /// The database of countries.
    #[error("opening the database of countries {}", path.display())]
    Countries {
        /// Which.
        path: PathBuf,
        /// Why.
        #[source]
        source: delivery::CountriesError,
    },
    /// Chat.
    #[error("starting chat")]
    Chat(#[from] chat::Error),
    /// The chat log.
    #[error("opening the chat log")]
    ChatLog(#[from] chat::log::LogError),
    /// The file of review handlers can't be read.
    #[error("reading the review handlers in {}", path.display())]
    ReviewFile {
        /// Which.
        path: PathBuf,
        /// Why.
        #[source]
        source: std::io::Error,
    },
    /// The file of review handlers makes no sense.
    #[error("understanding the review handlers in {}", path.display())]
    ReviewTargets {
        /// Which.
        path: PathBuf,
        /// Why.
        #[source]
        source: chat::review::TargetsError,
    },
    /// The file of event sinks can't be read.
    #[error("reading the event sinks in {}", path.display())]
    SinksFile {
        /// Which.
        path: PathBuf,
        /// Why.
        #[source]
        source: std::io::Error,
    },
    /// The file of event sinks makes no sense.
    #[error("understanding the event sinks in {}", path.display())]
    Sinks {
        /// Which.
        path: PathBuf,
        /// Why.
        #[source]
        source: events::SinksError,
    },
    /// Telling others what happens.
    #[error("starting to tell what happens to streams")]
    Events(#[from] events::EventsError),
    /// The file with the server's name.
    #[error("taking the server's name in {}", path.display())]
    Node {
        /// In which folder.
        path: PathBuf,
        /// Why.
        #[source]
        source: std::io::Error,
    },
    /// The link to other servers.
    #[error("linking up with other servers")]
    Bus(#[from] bus::BusConnectError),
    /// The client for calls to others.
    #[error("making the client for calls to other services")]
    Outbound(#[from] outbound::OutboundError),
    /// The ready file.
    #[error("writing the ready file {}", path.display())]
    ReadyFile {
        /// Which.
        path: PathBuf,
        /// Why.
        #[source]
        source: std::io::Error,
    },
    /// A service returned although nobody asked it to.
    #[error("a service ended by itself; the log says which")]
    ServiceEnded,
}
