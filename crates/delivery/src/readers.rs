//! Which pages may read an answer, and what an origin is like.
//!
//! Promise: a page is let in by its whole origin or not at all: scheme, host and port as browsers write them
//! (RFC 6454, section 6.2), whatever the case and with or without a scheme's usual port. What is no origin
//! matches none, and the origin of nowhere (`null`) only a list that names it.

use http::HeaderValue;

/// Pages that may read an answer: what its CORS header says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Readers {
    /// Those of any origin: `*`.
    Everyone,
    /// Those of the one that asks.
    Only(HeaderValue),
    /// None: no header. Programs that are no pages read it all the same.
    Nobody,
}

impl Readers {
    /// By a list of patterns: the asking page, if it is among them.
    pub(crate) fn of<'a>(patterns: impl Iterator<Item = &'a str>, origin: Option<&[u8]>) -> Self {
        let mut patterns = patterns.filter(|pattern| !pattern.is_empty()).peekable();
        if patterns.peek().is_none() {
            return Self::Everyone;
        }
        let mut found = Self::Nobody;
        for pattern in patterns {
            if pattern == "*" {
                return Self::Everyone;
            }
            if let (Self::Nobody, Some(origin)) = (&found, origin)
                && admits(pattern, origin)
            {
                found = HeaderValue::from_bytes(origin).map_or(Self::Nobody, Self::Only);
            }
        }
        found
    }

    /// Those that both let in. Two lists are asked about one page, so there is no third.
    pub(crate) fn and(self, other: Self) -> Self {
        match (self, other) {
            (Self::Everyone, readers) | (readers, Self::Everyone) => readers,
            (Self::Only(page), Self::Only(same)) if page == same => Self::Only(page),
            _ => Self::Nobody,
        }
    }

    /// Is there a page that may not read it? Then caches must keep answers to different pages apart.
    pub(crate) fn vary(&self) -> bool {
        *self != Self::Everyone
    }
}

/// Does a pattern let an origin in? A host that begins with `*` stands for all that end like it and are longer.
pub(crate) fn admits(pattern: &str, origin: &[u8]) -> bool {
    let Ok(origin) = std::str::from_utf8(origin) else { return false };
    if pattern == "null" || origin == "null" {
        return pattern == origin;
    }
    let (Some(wanted), Some(given)) = (Origin::parse(pattern), Origin::parse(origin)) else { return false };
    if given.host.starts_with('*') || !wanted.scheme.eq_ignore_ascii_case(given.scheme) {
        return false;
    }
    wanted.port() == given.port() && is_host(wanted.host, given.host)
}

fn is_host(wanted: &str, given: &str) -> bool {
    let Some(end) = wanted.strip_prefix('*') else { return wanted.eq_ignore_ascii_case(given) };
    let begins = given.len().checked_sub(end.len()).filter(|length| *length > 0);
    begins.and_then(|at| given.get(at..)).is_some_and(|own| own.eq_ignore_ascii_case(end))
}

/// `<scheme>://<host>[:<port>]`.
#[derive(Clone, Copy, Debug)]
struct Origin<'a> {
    scheme: &'a str,
    host: &'a str,
    port: Option<u16>,
}

impl<'a> Origin<'a> {
    fn parse(text: &'a str) -> Option<Self> {
        let (scheme, authority) = text.split_once("://")?;
        let fits = |byte: u8| byte.is_ascii_alphanumeric() || b"-._*[]:".contains(&byte);
        // The colons of an IPv6 address stand in brackets.
        let (host, port) = match authority.rsplit_once(':') {
            Some((host, port)) if !port.contains(']') => (host, Some(parse_port(port)?)),
            _ => (authority, None),
        };
        let whole = !scheme.is_empty() && !host.is_empty() && authority.bytes().all(fits);
        whole.then_some(Self { scheme, host, port })
    }

    /// A scheme's usual port need not be said (RFC 6454, section 4).
    fn port(&self) -> Option<u16> {
        self.port.or_else(|| match self.scheme {
            scheme if scheme.eq_ignore_ascii_case("https") => Some(443),
            scheme if scheme.eq_ignore_ascii_case("http") => Some(80),
            _ => None,
        })
    }
}

fn parse_port(text: &str) -> Option<u16> {
    let is_number = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    is_number.then(|| text.parse().ok()).flatten()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn an_origin_is_matched_whole() {
        for (pattern, origin, matches) in [
            ("https://example.com", "https://example.com", true),
            ("https://example.com", "HTTPS://Example.COM", true),
            ("https://EXAMPLE.com", "https://example.com", true),
            ("https://example.com", "http://example.com", false),
            ("https://example.com", "https://example.com.evil.org", false),
            ("https://example.com", "https://evil-example.com", false),
            ("https://example.com", "https://www.example.com", false),
            ("https://example.com", "https://example.com:443", true),
            ("https://example.com:443", "https://example.com", true),
            ("http://example.com:80", "http://example.com", true),
            ("https://example.com", "https://example.com:8443", false),
            ("https://example.com:8443", "https://example.com:8443", true),
            ("https://example.com:8443", "https://example.com", false),
            ("https://example.com:80", "https://example.com", false),
            ("http://localhost:3000", "http://localhost:3000", true),
            ("capacitor://localhost", "capacitor://localhost", true),
            ("http://[::1]:3000", "http://[::1]:3000", true),
            ("http://[::1]", "http://[::1]:80", true),
            ("https://example.com", "", false),
            ("https://example.com", "null", false),
            ("null", "null", true),
            ("null", "https://null", false),
            ("example.com", "https://example.com", false),
            ("https://example.com/", "https://example.com", false),
            ("https://example.com", "https://example.com/", false),
            ("https://example.com", "https://example.com:x", false),
            ("https://example.com", "https://example.com:", false),
            ("https://example.com", "https://user@example.com", false),
        ] {
            assert_eq!(admits(pattern, origin.as_bytes()), matches, "{pattern} and {origin}");
        }
    }

    #[test]
    fn a_wildcard_stands_for_the_beginning_of_a_host() {
        for (pattern, origin, matches) in [
            ("https://*.example.com", "https://a.example.com", true),
            ("https://*.example.com", "https://a.b.EXAMPLE.com", true),
            ("https://*.example.com", "https://example.com", false),
            ("https://*.example.com", "https://.example.com", false),
            ("https://*.example.com", "https://aexample.com", false),
            ("https://*.example.com", "https://a.example.com.evil.org", false),
            ("https://*.example.com", "http://a.example.com", false),
            ("https://*.example.com", "https://a.example.com:8443", false),
            ("https://*.example.com:8443", "https://a.example.com:8443", true),
            ("https://*.example.com", "https://*.example.com", false),
            ("https://*", "https://anything.org", true),
            ("https://*", "http://anything.org", false),
            ("https://a.*.com", "https://a.b.com", false),
        ] {
            assert_eq!(admits(pattern, origin.as_bytes()), matches, "{pattern} and {origin}");
        }
    }

    fn page(origin: &'static str) -> Readers {
        Readers::Only(HeaderValue::from_static(origin))
    }

    #[test]
    fn a_list_answers_the_page_that_asks() {
        let of = |list: &'static str, origin: Option<&str>| {
            Readers::of(list.split(',').map(str::trim), origin.map(str::as_bytes))
        };
        let list = "https://a.com, https://*.b.com";
        assert_eq!(of(list, Some("https://a.com")), page("https://a.com"));
        assert_eq!(of(list, Some("https://x.b.com")), page("https://x.b.com"));
        assert_eq!(of(list, Some("https://b.com")), Readers::Nobody);
        assert_eq!(of(list, None), Readers::Nobody);
        assert_eq!(of("", None), Readers::Everyone);
        assert_eq!(of("https://a.com,*", None), Readers::Everyone);
        assert_eq!(of("no origin", Some("https://a.com")), Readers::Nobody, "a list that says nothing");
    }

    #[test]
    fn two_lists_let_in_whom_both_do() {
        let (a, b) = (page("https://a.com"), page("https://b.com"));
        assert_eq!(Readers::Everyone.and(a.clone()), a);
        assert_eq!(a.clone().and(Readers::Everyone), a);
        assert_eq!(a.clone().and(a.clone()), a);
        assert_eq!(a.clone().and(b), Readers::Nobody);
        assert_eq!(Readers::Nobody.and(Readers::Everyone), Readers::Nobody);
        assert_eq!(Readers::Everyone.and(Readers::Everyone), Readers::Everyone);
        assert!(a.vary() && Readers::Nobody.vary() && !Readers::Everyone.vary());
    }

    proptest! {
        #[test]
        fn any_pattern_and_any_origin_are_compared_without_a_panic(pattern in "\\PC{0,40}", origin in any::<Vec<u8>>()) {
            admits(&pattern, &origin);
        }

        #[test]
        fn of_two_hosts_one_origin_is_one(a in "[a-z]{1,5}(\\.[a-z]{1,5}){0,2}", b in "[a-z]{1,5}(\\.[a-z]{1,5}){0,2}") {
            let (left, right) = (format!("https://{a}"), format!("https://{b}"));
            prop_assert_eq!(admits(&left, right.as_bytes()), a == b);
        }
    }
}
