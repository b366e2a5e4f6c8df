//! Who is at the other end of a request, also behind a proxy.
//!
//! Promise: a header is believed only when the connection comes from a proxy that the operator named, so
//! nobody else can claim an address or TLS that they don't have.

use std::net::IpAddr;

use api::Peer;
use http::HeaderMap;
use ipnet::IpNet;

/// The client behind a connection from `ip`.
///
/// `X-Forwarded-For` grows to the right, each proxy adding whom it was asked by: the last address that is
/// not a trusted proxy's is the client's. What stands before it the client may have made up. Other headers of
/// that kind (Forwarded, X-Real-IP) are read from nobody: a proxy that does not know one hands on what the client
/// wrote there.
pub(crate) fn behind(ip: IpAddr, headers: &HeaderMap, trusted: &[IpNet]) -> Peer {
    let ip = ip.to_canonical();
    if !is_trusted(ip, trusted) {
        return Peer { ip, secure: false };
    }
    let forwarded = headers.get_all("x-forwarded-for").iter().filter_map(|value| value.to_str().ok());
    let hops: Vec<_> = forwarded.flat_map(|value| value.split(',')).map(address).collect();
    let client = hops.iter().rev().map_while(|hop| *hop).find(|hop| !is_trusted(*hop, trusted));
    let secure = headers.get("x-forwarded-proto").is_some_and(|proto| proto.as_bytes() == b"https");
    Peer { ip: client.unwrap_or(ip), secure }
}

fn is_trusted(ip: IpAddr, trusted: &[IpNet]) -> bool {
    trusted.iter().any(|network| network.contains(&ip))
}

/// An address with or without a port, IPv6 with or without brackets.
fn address(text: &str) -> Option<IpAddr> {
    let text = text.trim();
    let bare = || text.parse::<IpAddr>().ok();
    let with_port = || text.parse::<std::net::SocketAddr>().ok().map(|address| address.ip());
    let bracketed = || text.strip_prefix('[')?.strip_suffix(']')?.parse().ok();
    bare().or_else(with_port).or_else(bracketed).map(|ip| ip.to_canonical())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(ip: &str, headers: &[(&'static str, &str)]) -> (String, bool) {
        let mut map = HeaderMap::new();
        for (name, value) in headers {
            map.append(*name, value.parse().expect("a header value"));
        }
        let trusted = ["10.0.0.0/8".parse().expect("a network"), "::1/128".parse().expect("a network")];
        let Peer { ip, secure } = behind(ip.parse().expect("an address"), &map, &trusted);
        (ip.to_string(), secure)
    }

    #[test]
    fn a_stranger_is_not_believed() {
        let headers = [("x-forwarded-for", "1.2.3.4"), ("x-forwarded-proto", "https")];
        assert_eq!(told("9.9.9.9", &headers), ("9.9.9.9".to_owned(), false));
    }

    #[test]
    fn a_proxy_tells_the_client_and_its_tls() {
        let headers = [("x-forwarded-for", "1.2.3.4"), ("x-forwarded-proto", "https")];
        assert_eq!(told("10.1.1.1", &headers), ("1.2.3.4".to_owned(), true));
        assert_eq!(told("::1", &headers[..1]), ("1.2.3.4".to_owned(), false));
        assert_eq!(told("::ffff:10.1.1.1", &headers[..1]), ("1.2.3.4".to_owned(), false));
    }

    #[test]
    fn what_the_client_made_up_before_the_proxies_is_passed_over() {
        let headers = [("x-forwarded-for", "6.6.6.6, 1.2.3.4"), ("x-forwarded-for", "10.2.2.2")];
        assert_eq!(told("10.1.1.1", &headers), ("1.2.3.4".to_owned(), false));
    }

    #[test]
    fn chains_of_proxies_of_both_address_families_lead_to_the_client() {
        for (chain, client) in [
            ("2001:db8::7", "2001:db8::7"),
            ("[2001:db8::7]:4711, ::ffff:10.3.3.3", "2001:db8::7"),
            ("::ffff:192.0.2.1", "192.0.2.1"),
            ("192.0.2.1:4711,10.3.3.3:80,::1", "192.0.2.1"),
            ("10.4.4.4, 192.0.2.1, 10.3.3.3", "192.0.2.1"),
            (" 192.0.2.1 ", "192.0.2.1"),
        ] {
            assert_eq!(told("10.1.1.1", &[("x-forwarded-for", chain)]).0, client, "{chain}");
        }
    }

    #[test]
    fn headers_that_a_proxy_may_hand_on_unread_are_not_believed() {
        let made_up =
            [("forwarded", "for=6.6.6.6;proto=https"), ("x-real-ip", "6.6.6.6"), ("via", "6.6.6.6")];
        assert_eq!(told("10.1.1.1", &made_up), ("10.1.1.1".to_owned(), false));
    }

    #[test]
    fn garbage_ends_the_chain_at_the_proxy() {
        for garbage in ["", "unknown", "1.2.3.4, nonsense", "_hidden", "::1::"] {
            assert_eq!(told("10.1.1.1", &[("x-forwarded-for", garbage)]).0, "10.1.1.1", "{garbage}");
        }
        assert_eq!(told("10.1.1.1", &[("x-forwarded-for", "[2001:db8::1]:443")]).0, "2001:db8::1");
    }
}
