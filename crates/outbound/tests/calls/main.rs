//! Calls, against an endpoint that checks what it is told.
//!
//! Promise: what is claimed of signatures is proved by a verifier that shares no code with the signer.

mod bounds;
mod credentials;
mod proof;
mod secure;

use std::time::Duration;

use bytes::Bytes;
use http::{HeaderMap, Method};
use outbound::{Call, Config, Credentials, Hook, Keys, Outbound};
use tokio::time::Instant;

pub(crate) fn keys() -> Keys {
    Keys { id: "AKIDEXAMPLE".to_owned(), secret: "very secret".to_owned(), session: None }
}

pub(crate) fn outbound(credentials: Credentials) -> Outbound {
    Outbound::new(Config { credentials, ..Config::default() }).expect("a client")
}

/// Long enough for what is to come.
pub(crate) fn soon() -> Instant {
    Instant::now() + Duration::from_secs(20)
}

pub(crate) fn call(url: &str) -> Call<'_> {
    Call {
        service: "lambda",
        region: "eu-west-1",
        keys: None,
        method: Method::POST,
        url,
        headers: HeaderMap::new(),
        body: Bytes::from_static(b"{\"a\": 1}"),
        deadline: soon(),
        max_answer: 1_000,
    }
}

pub(crate) fn hook(url: &str) -> Hook<'_> {
    Hook {
        url,
        id: "msg_1",
        secrets: &[],
        headers: HeaderMap::new(),
        body: Bytes::from_static(b"{}"),
        deadline: soon(),
        max_answer: 1_000,
    }
}
