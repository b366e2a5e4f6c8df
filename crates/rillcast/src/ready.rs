//! The ready file: how scripts learn which ports were taken.
//!
//! Promise: when the file exists it is whole, and every address in it accepts connections.

use std::io;
use std::net::SocketAddr;
use std::path::Path;

use serde::Serialize;

use crate::files;

/// Where the listeners are; a closed one is left out.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct Addresses {
    /// API, playback, pages.
    pub http: SocketAddr,
    /// The same over TLS.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub https: Option<SocketAddr>,
    /// Prometheus.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub metrics: Option<SocketAddr>,
    /// Plain RTMP.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rtmp: Option<SocketAddr>,
    /// RTMP over TLS.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rtmps: Option<SocketAddr>,
}

/// Writes the addresses as one JSON object.
pub fn write(path: &Path, addresses: Addresses) -> io::Result<()> {
    let mut text = serde_json::to_vec(&addresses)?;
    text.push(b'\n');
    files::write_public(path, &text)
}
