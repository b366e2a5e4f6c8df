//! What can go wrong with a call to another service.
//!
//! Promise: a variant names the act and its object, the cause is the source and is not repeated in the text; of
//! an address only the host is shown, as its path or query may hold a secret.

use std::io;
use std::path::PathBuf;
use std::time::Duration;

/// Why there is no client, or no answer.
#[derive(Debug, thiserror::Error)]
pub enum OutboundError {
    /// Nothing came before the deadline.
    #[error("no answer within {} ms", .0.as_millis())]
    Late(Duration),
    /// This is no address to call.
    #[error("can't call an address that {0}")]
    Address(&'static str),
    /// The host could not be reached, or its certificate is not trusted.
    #[error("could not connect to {host}")]
    Connect {
        /// Host and port.
        host: String,
        /// What the network or TLS said.
        #[source]
        source: reqwest::Error,
    },
    /// The connection was there, but the exchange of request and answer broke.
    #[error("the exchange with {host} broke")]
    Broken {
        /// Host and port.
        host: String,
        /// What the network or HTTP said.
        #[source]
        source: reqwest::Error,
    },
    /// The answer's body goes on past its bound.
    #[error("the answer of {host} is longer than {limit} bytes")]
    TooLong {
        /// Host and port.
        host: String,
        /// The bound in bytes.
        limit: usize,
    },
    /// A call has to be signed, but there are no keys.
    #[error("no AWS credentials were found")]
    NoCredentials,
    /// The keys that there are could not sign.
    #[error("could not sign the call")]
    Sign(#[source] reqsign_core::Error),
    /// The file of additional roots could not be read.
    #[error("could not read the certificates in {}", path.display())]
    RootsFile {
        /// The file.
        path: PathBuf,
        /// Why not.
        #[source]
        source: io::Error,
    },
    /// TLS could not be set up.
    #[error("could not set up TLS")]
    Tls(#[from] rustls::Error),
    /// The proxy's address is none, or the client could not be made.
    #[error("could not make the HTTP client")]
    Client(#[source] reqwest::Error),
}
