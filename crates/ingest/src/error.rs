//! What can fail in ingest.
//!
//! Promise: each variant names the act that failed and its object; no text holds a stream key.

use std::net::SocketAddr;
use std::time::Duration;

use store::StoreError;

/// Why ingest could not start, or why one session ended.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A listener could not take its address.
    #[error("bind the {protocol} listener to {address}")]
    Bind {
        /// `RTMP` or `RTMPS`.
        protocol: &'static str,
        /// The address that was asked for.
        address: SocketAddr,
        /// What the system said.
        #[source]
        source: std::io::Error,
    },
    /// What the last run left open could not be closed.
    #[error("close the stream sessions of the last run")]
    Recover(#[source] StoreError),
    /// The TLS handshake of an RTMPS connection failed.
    #[error("TLS handshake")]
    Tls(#[source] std::io::Error),
    /// Reading from the publisher failed.
    #[error("read from the publisher")]
    Read(#[source] std::io::Error),
    /// Writing to the publisher failed.
    #[error("write to the publisher")]
    Write(#[source] std::io::Error),
    /// The first byte of a connection is not an RTMP version.
    #[error("not RTMP: {0}")]
    NotRtmp(Foreign),
    /// The chunk layer can't go on.
    #[error("RTMP chunk stream {chunk_stream}: {fault}")]
    Chunk {
        /// Where it happened.
        chunk_stream: u32,
        /// What happened.
        fault: ChunkFault,
    },
    /// A publisher sent on without waiting for the answer to its publish request.
    #[error("more than {0} bytes sent before the publish request was answered")]
    Impatient(usize),
    /// The handshake, or the way from it to a publish request, took too long.
    #[error("no progress within {} s", .0.as_secs())]
    TooSlow(Duration),
}

/// What a first byte that is not RTMP's looks like.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Foreign {
    /// A TLS hello on the plain port.
    Tls,
    /// An HTTP request.
    Http,
    /// RTMPE (version 6, 8 or 9): an obsolete encryption that protects nothing.
    Rtmpe(u8),
    /// Anything else.
    Version(u8),
}

impl std::fmt::Display for Foreign {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Tls => f.write_str("looks like TLS (is this rtmps:// on the plain RTMP port?)"),
            Self::Http => f.write_str("looks like an HTTP request"),
            Self::Rtmpe(version) => write!(f, "RTMPE (version {version}) is not supported; use rtmps://"),
            Self::Version(version) => write!(f, "unknown version {version}"),
        }
    }
}

/// What went wrong in the chunk layer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ChunkFault {
    /// A fresh chunk stream began with a header that refers to one before it.
    #[error("begins with header type {0}, which refers to an earlier one")]
    Orphan(u8),
    /// A message is longer than allowed.
    #[error("a message of {length} bytes, {limit} are allowed")]
    MessageTooLong {
        /// Its claimed length.
        length: usize,
        /// The limit at that time.
        limit: usize,
    },
    /// Half-read messages together are longer than allowed.
    #[error("half-read messages of more than {0} bytes")]
    TooMuchHalfRead(usize),
    /// More chunk streams than allowed.
    #[error("more than {0} chunk streams")]
    TooManyStreams(usize),
    /// A control message is shorter than its fixed length.
    #[error("control message of type {0} is too short")]
    ShortControl(u8),
}
