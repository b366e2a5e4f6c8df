//! Where a sink is, for whoever wants to know whether it can be reached before an event goes there.
//!
//! Promise: no part of an address that may be secret is told.

use std::path::PathBuf;

use http::Uri;

use super::{Kind, Sink};

/// Where events of a sink end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Reach {
    /// At a host.
    Host {
        /// Its name or address.
        host: String,
        /// Its port.
        port: u16,
        /// TLS is spoken from the first byte on.
        tls: bool,
    },
    /// In a file.
    File(PathBuf),
}

impl Sink {
    /// All places that the sink may use, in the order of its file.
    pub fn reaches(&self) -> Vec<Reach> {
        match &self.kind {
            Kind::Webhook(webhook) => host(&webhook.url).into_iter().collect(),
            Kind::EventBridge(bridge) => host(&bridge.endpoint).into_iter().collect(),
            Kind::Nats(nats) => nats.servers.split(',').filter_map(|server| host(server.trim())).collect(),
            Kind::File(path) => vec![Reach::File(path.clone())],
        }
    }
}

/// A NATS server speaks TLS only behind its greeting.
fn host(address: &str) -> Option<Reach> {
    let uri: Uri = address.parse().ok()?;
    let (tls, usual) = match uri.scheme_str() {
        Some("https") => (true, 443),
        Some("http") => (false, 80),
        _ => (false, 4_222),
    };
    let host = uri.host()?.trim_matches(['[', ']']).to_owned();
    Some(Reach::Host { host, port: uri.port_u16().unwrap_or(usual), tls })
}

#[cfg(test)]
mod tests {
    use super::super::Sinks;
    use super::*;

    fn reached(host: &str, port: u16, tls: bool) -> Reach {
        Reach::Host { host: host.to_owned(), port, tls }
    }

    #[test]
    fn hosts_are_told_without_what_may_be_secret() {
        let told = |address: &str| host(address);
        assert_eq!(told("https://me:secret@a.example/path?token=1"), Some(reached("a.example", 443, true)));
        assert_eq!(told("http://[::1]:9/"), Some(reached("::1", 9, false)));
        assert_eq!(told("nats://b"), Some(reached("b", 4_222, false)));
        assert_eq!(told("c:4223"), Some(reached("c", 4_223, false)));
        assert_eq!(Sinks::default().iter().flat_map(Sink::reaches).count(), 0);
    }
}
