//! The other end of the connection that a request came over.
//!
//! Promise: what the listener saw, never what the request says of itself.

use std::net::IpAddr;

/// Where a request came from, for the condition keys `aws:SourceIp` and `aws:SecureTransport`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Peer {
    /// The address of the caller, or of the proxy in front of the server.
    pub ip: IpAddr,
    /// Whether the connection is TLS.
    pub secure: bool,
}
