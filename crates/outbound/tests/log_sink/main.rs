//! Delivery of log records, to services that hold the caller to their documented bounds.
//!
//! Promise: a service here refuses what the real one refuses, and remembers what it took.

#![expect(clippy::unwrap_used, reason = "a failed step is a failed test")]

mod cloudwatch;
mod firehose;
mod service;

use std::sync::Arc;

use domain::Region;
use outbound::log_sink::{LogEvent, LogSinks, LogSinksConfig};
use outbound::{Config, Credentials, Keys, Outbound};

pub(crate) fn region() -> Region {
    Region::parse("us-east-1").unwrap()
}

pub(crate) fn sinks(endpoint: &str) -> LogSinks {
    let keys = Keys { id: "AKIDEXAMPLE".to_owned(), secret: "very secret".to_owned(), session: None };
    let config = Config { credentials: Credentials::Keys(keys), ..Config::default() };
    let endpoint = Some(endpoint.to_owned());
    let config_of_sinks = LogSinksConfig { logs_endpoint: endpoint.clone(), firehose_endpoint: endpoint };
    LogSinks::new(Outbound::new(config).unwrap(), config_of_sinks)
}

/// Events with numbers from `0`, each `length` bytes or a little more, a millisecond apart.
pub(crate) fn events(count: usize, length: usize) -> Vec<LogEvent> {
    let room: Arc<str> = "AbCdEfGhIjKl".into();
    let event = |number: usize| LogEvent {
        at_ms: 1_000_000 + i64::try_from(number).unwrap(),
        room: Arc::clone(&room),
        text: format!("{{\"n\":{number},\"filling\":\"{}\"}}", "x".repeat(length)).into(),
    };
    (0..count).map(event).collect()
}

/// The number in a record's text.
pub(crate) fn number(text: &str) -> usize {
    let record: serde_json::Value = serde_json::from_str(text).unwrap();
    usize::try_from(record["n"].as_u64().unwrap()).unwrap()
}
