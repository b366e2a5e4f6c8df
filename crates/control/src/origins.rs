//! Web origins that a playback restriction policy may allow.
//!
//! Promise: what is taken can be the value of an Origin header, or stands for several that differ in the
//! beginning of their host alone; anything else could never match a viewer and is refused when it is said.

use std::net::{Ipv4Addr, Ipv6Addr};

use api::ApiError;

/// The most characters (user guide, "Service quotas"; the model has 128).
const MOST: usize = 256;

/// `<scheme>://<host>[:<port>]`, as browsers write it (RFC 6454, section 6.2), or `null`; the host may begin
/// with `*.`.
pub(crate) fn check(origin: &str) -> Result<(), ApiError> {
    match fault(origin) {
        None => Ok(()),
        Some(fault) => Err(ApiError::validation(format!("allowedOrigins: \"{origin}\" {fault}"))),
    }
}

fn fault(origin: &str) -> Option<&'static str> {
    if origin == "null" {
        return None;
    }
    if origin.chars().count() > MOST {
        return Some("is longer than 256 characters");
    }
    let Some((scheme, authority)) = origin.split_once("://") else {
        return Some("is not an origin: it has the form <scheme>://<host>[:<port>]");
    };
    if !is_scheme(scheme) {
        return Some("does not begin with a scheme such as https");
    }
    if authority.contains(['/', '?', '#', '@']) {
        return Some("has more than scheme, host and port, which is all that browsers send of an origin");
    }
    let (host, port) = parts(authority);
    if !port.is_none_or(is_port) {
        return Some("has a port that is no number from 1 to 65535");
    }
    (!is_host(host))
        .then_some("has no valid host name; only its beginning may be a wildcard, as in *.example.com")
}

/// The colons of an IPv6 address stand in brackets.
fn parts(authority: &str) -> (&str, Option<&str>) {
    match authority.rsplit_once(':') {
        Some((host, port)) if !port.contains(']') => (host, Some(port)),
        _ => (authority, None),
    }
}

fn is_scheme(text: &str) -> bool {
    let fits = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'-' | b'.');
    text.bytes().next().is_some_and(|first| first.is_ascii_alphabetic()) && text.bytes().all(fits)
}

fn is_port(text: &str) -> bool {
    let number = text.bytes().all(|byte| byte.is_ascii_digit()) && !text.starts_with('0');
    number && text.parse::<u16>().is_ok()
}

fn is_host(text: &str) -> bool {
    if let Some(address) = text.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')) {
        return address.parse::<Ipv6Addr>().is_ok();
    }
    let name = text.strip_prefix("*.").unwrap_or(text);
    text.parse::<Ipv4Addr>().is_ok() || (name.len() <= 253 && name.split('.').all(is_label))
}

/// Underscores are no part of host names, but of some that are in use.
fn is_label(text: &str) -> bool {
    let fits = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_');
    (1..=63).contains(&text.len()) && text.bytes().all(fits) && !text.starts_with('-') && !text.ends_with('-')
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn origins_that_browsers_send_are_taken() {
        for origin in [
            "https://example.com",
            "http://localhost:3000",
            "https://*.example.com",
            "https://*.example.co.uk:8443",
            "http://127.0.0.1:8080",
            "http://[::1]",
            "http://[2001:db8::1]:8080",
            "https://xn--bcher-kva.example",
            "https://under_score.example.com",
            "capacitor://localhost",
            "chrome-extension://abcdefghijklmnop",
            "null",
        ] {
            assert_eq!(fault(origin), None, "{origin}");
        }
    }

    #[test]
    fn what_no_browser_sends_is_refused_with_the_reason() {
        for (origin, why) in [
            ("", "form"),
            ("*", "form"),
            ("example.com", "form"),
            ("https:example.com", "form"),
            ("://example.com", "scheme"),
            ("1ttp://example.com", "scheme"),
            ("https://example.com/", "more than"),
            ("https://example.com/path", "more than"),
            ("https://example.com?x", "more than"),
            ("https://user@example.com", "more than"),
            ("https://", "host name"),
            ("https://*", "host name"),
            ("https://*.", "host name"),
            ("https://*example.com", "host name"),
            ("https://a.*.example.com", "host name"),
            ("https://*.*.example.com", "host name"),
            ("https://exa mple.com", "host name"),
            ("https://-a.example", "host name"),
            ("https://a..example", "host name"),
            ("https://büch.example", "host name"),
            ("http://[::1", "host name"),
            ("http://[nonsense]", "host name"),
            ("https://example.com:", "port"),
            ("https://example.com:0", "port"),
            ("https://example.com:65536", "port"),
            ("https://example.com:+80", "port"),
            (&format!("https://{}", "a.".repeat(130)), "longer"),
        ] {
            let text = check(origin).expect_err(origin).to_string();
            assert!(text.starts_with("allowedOrigins: ") && text.contains(why), "{text}");
        }
    }

    proptest! {
        #[test]
        fn any_text_gets_an_answer(origin in ".{0,300}") {
            let _ = fault(&origin);
        }
    }
}
