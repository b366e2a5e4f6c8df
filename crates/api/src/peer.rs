//! Who a request came from, before anything is proven.
//!
//! Promise: filled in by the listener's owner from the connection, and from headers only where it trusts a
//! proxy to have written them.

use std::net::IpAddr;

/// Where a request came from, for the condition keys `aws:SourceIp` and `aws:SecureTransport`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Peer {
    /// The address of the caller.
    pub ip: IpAddr,
    /// Whether the caller's connection is TLS.
    pub secure: bool,
}
