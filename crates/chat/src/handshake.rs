//! The opening handshake (RFC 6455 4.2), the server's side.
//!
//! Promise: what comes through is a handshake by the letter that offers one subprotocol, the token, from an origin
//! that may; the answer names that subprotocol, without which no client goes on.

use aws_lc_rs::digest::{SHA1_FOR_LEGACY_USE_ONLY, digest};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use http::header::{
    CONNECTION, HeaderName, HeaderValue, ORIGIN, SEC_WEBSOCKET_ACCEPT, SEC_WEBSOCKET_KEY,
    SEC_WEBSOCKET_PROTOCOL, SEC_WEBSOCKET_VERSION, UPGRADE,
};
use http::request::Parts;
use http::{Method, Response, StatusCode, Version};

use crate::admission::Refusal;

/// RFC 6455 1.3.
const GUID: &[u8] = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11";

/// Does the request ask for a WebSocket?
pub(crate) fn is_asked_for(parts: &Parts) -> bool {
    has_word(parts, &UPGRADE, "websocket")
}

/// What a handshake offers.
#[derive(Debug)]
pub(crate) struct Offer<'a> {
    pub(crate) token: &'a str,
    key: &'a HeaderValue,
    protocol: HeaderValue,
}

impl<'a> Offer<'a> {
    pub(crate) fn read(parts: &'a Parts, origins: Option<&[String]>) -> Result<Self, Refusal> {
        let key = key(parts)?;
        if !origin_may(parts, origins) {
            return Err(Refusal::new(StatusCode::FORBIDDEN, "pages of this origin may not connect"));
        }
        let token = token(parts)?;
        let protocol = HeaderValue::from_str(token)
            .map_err(|_| Refusal::new(StatusCode::UNAUTHORIZED, "not a chat token"))?;
        Ok(Self { token, key, protocol })
    }

    /// The answer that opens the connection.
    pub(crate) fn accept(self) -> Response<()> {
        let text = [self.key.as_bytes(), GUID].concat();
        let proof = BASE64.encode(digest(&SHA1_FOR_LEGACY_USE_ONLY, &text));
        let mut response = Response::new(());
        *response.status_mut() = StatusCode::SWITCHING_PROTOCOLS;
        let headers = response.headers_mut();
        headers.insert(UPGRADE, HeaderValue::from_static("websocket"));
        headers.insert(CONNECTION, HeaderValue::from_static("Upgrade"));
        headers
            .insert(SEC_WEBSOCKET_ACCEPT, HeaderValue::from_str(&proof).expect("base64 stands in headers"));
        headers.insert(SEC_WEBSOCKET_PROTOCOL, self.protocol);
        response
    }
}

/// Section 4.2.1, points 1 to 6.
fn key(parts: &Parts) -> Result<&HeaderValue, Refusal> {
    let bad = |text| Refusal::new(StatusCode::BAD_REQUEST, text);
    if parts.method != Method::GET || parts.version < Version::HTTP_11 {
        return Err(bad("a WebSocket is opened with GET over HTTP/1.1"));
    }
    if !is_asked_for(parts) || !has_word(parts, &CONNECTION, "upgrade") {
        return Err(bad("the headers Upgrade and Connection must ask for a WebSocket"));
    }
    if single(parts, &SEC_WEBSOCKET_VERSION).is_none_or(|version| version != "13") {
        return Err(Refusal::new(StatusCode::UPGRADE_REQUIRED, "this server speaks WebSocket version 13"));
    }
    let key = single(parts, &SEC_WEBSOCKET_KEY).filter(|key| is_key(key.as_bytes()));
    key.ok_or(bad("Sec-WebSocket-Key must be 16 bytes in base64"))
}

fn is_key(key: &[u8]) -> bool {
    let mut nonce = [0; 18];
    key.len() == 24 && BASE64.decode_slice(key, &mut nonce) == Ok(16)
}

/// The one subprotocol that is offered.
fn token(parts: &Parts) -> Result<&str, Refusal> {
    let lines = parts.headers.get_all(SEC_WEBSOCKET_PROTOCOL);
    let words = lines.iter().flat_map(|line| line.to_str().unwrap_or("").split(','));
    let mut offered = words.map(str::trim).filter(|word| !word.is_empty());
    match (offered.next(), offered.next()) {
        (Some(token), None) => Ok(token),
        (Some(_), Some(_)) => {
            Err(Refusal::new(StatusCode::BAD_REQUEST, "the chat token must be the only subprotocol"))
        }
        (None, _) => Err(Refusal::new(StatusCode::UNAUTHORIZED, "the subprotocol must be a chat token")),
    }
}

/// Programs that are no browser send no origin.
fn origin_may(parts: &Parts, origins: Option<&[String]>) -> bool {
    let Some(allowed) = origins else { return true };
    let mut sent = parts.headers.get_all(ORIGIN).iter();
    sent.all(|origin| {
        allowed.iter().any(|one| origin.as_bytes().eq_ignore_ascii_case(one.trim_end_matches('/').as_bytes()))
    })
}

fn single<'a>(parts: &'a Parts, name: &HeaderName) -> Option<&'a HeaderValue> {
    let mut values = parts.headers.get_all(name).iter();
    values.next().filter(|_| values.next().is_none())
}

fn has_word(parts: &Parts, name: &HeaderName, wanted: &str) -> bool {
    let lines = parts.headers.get_all(name);
    let mut words = lines.iter().flat_map(|line| line.as_bytes().split(|byte| *byte == b','));
    words.any(|word| word.trim_ascii().eq_ignore_ascii_case(wanted.as_bytes()))
}

#[cfg(test)]
mod tests {
    use super::*;

    type Change = fn(&mut Parts);

    fn parts(change: impl FnOnce(&mut Parts)) -> Parts {
        let request = http::Request::get("/")
            .header("Upgrade", "WebSocket")
            .header("Connection", "keep-alive, Upgrade")
            .header("Sec-WebSocket-Version", "13")
            .header("Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub25jZQ==")
            .header("Sec-WebSocket-Protocol", "a.b.c");
        let (mut parts, ()) = request.body(()).expect("a request").into_parts();
        change(&mut parts);
        parts
    }

    fn status(change: impl FnOnce(&mut Parts), origins: Option<&[String]>) -> u16 {
        let parts = parts(change);
        match Offer::read(&parts, origins) {
            Ok(offer) => offer.accept().status().as_u16(),
            Err(refusal) => refusal.response().status().as_u16(),
        }
    }

    fn set(parts: &mut Parts, name: &'static str, value: &'static str) {
        parts.headers.insert(name, HeaderValue::from_static(value));
    }

    #[test]
    fn the_answer_proves_the_key_and_echoes_the_token() {
        let parts = parts(|_| ());
        let response = Offer::read(&parts, None).expect("an offer").accept();
        assert_eq!(response.status(), 101);
        // RFC 6455 1.3 gives this pair.
        assert_eq!(response.headers()["sec-websocket-accept"], "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=");
        assert_eq!(response.headers()["sec-websocket-protocol"], "a.b.c");
        assert!(!response.headers().contains_key("sec-websocket-extensions"));
    }

    #[test]
    fn what_breaks_the_handshake_is_refused_with_the_fitting_status() {
        let cases: [(u16, Change); 12] = [
            (400, |parts| parts.method = Method::POST),
            (400, |parts| parts.version = Version::HTTP_10),
            (400, |parts| drop(parts.headers.remove("connection"))),
            (400, |parts| drop(parts.headers.remove("upgrade"))),
            (426, |parts| set(parts, "sec-websocket-version", "8")),
            (426, |parts| drop(parts.headers.remove("sec-websocket-version"))),
            (400, |parts| set(parts, "sec-websocket-key", "short")),
            (400, |parts| set(parts, "sec-websocket-key", "dGhlIHNhbXBsZSBub25jZQ=!")),
            (401, |parts| drop(parts.headers.remove("sec-websocket-protocol"))),
            (401, |parts| set(parts, "sec-websocket-protocol", " , ")),
            (400, |parts| set(parts, "sec-websocket-protocol", "a, b")),
            (101, |_| ()),
        ];
        for (place, (wanted, change)) in cases.into_iter().enumerate() {
            assert_eq!(status(change, None), wanted, "case {place}");
        }
    }

    #[test]
    fn an_origin_must_be_on_the_list_unless_there_is_none() {
        let list = ["https://a.example".to_owned(), "https://b.example/".to_owned()];
        for (origin, wanted) in [
            ("https://a.example", 101),
            ("HTTPS://B.example", 101),
            ("https://c.example", 403),
            ("null", 403),
        ] {
            let change = |parts: &mut Parts| set(parts, "origin", origin);
            assert_eq!(status(change, Some(&list)), wanted, "{origin}");
            assert_eq!(status(change, None), 101, "{origin}");
        }
        assert_eq!(status(|_| (), Some(&list)), 101);
    }
}
