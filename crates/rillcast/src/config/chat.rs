//! Settings of the chat service.
//!
//! Promise: what is not set is left to the service's own defaults.

use std::path::PathBuf;
use std::time::Duration;

use fanout::Engine;

use super::{ConfigError, Values, base_url, count, number};

/// How chat is served. Fields are documented in [`super::SETTINGS`].
#[derive(Clone, Debug)]
pub struct ChatSettings {
    pub threads: Option<usize>,
    pub engine: Engine,
    pub flush: Duration,
    pub ping: Duration,
    pub stall: Duration,
    pub origins: Option<Vec<String>>,
    pub review: Option<PathBuf>,
    pub log_bytes: u64,
    pub log_file: Duration,
    pub key_age: Duration,
}

impl ChatSettings {
    pub(super) fn from_values(values: &Values<'_>) -> Result<Self, ConfigError> {
        let seconds = |most| move |text: &str| number(text, 1, most).map(Duration::from_secs);
        Ok(Self {
            threads: values.wanted("chat_threads", |text| count(text, 256))?,
            engine: values.needed("chat_engine", |text| match text {
                "auto" => Ok(Engine::Auto),
                "uring" => Ok(Engine::Uring),
                "epoll" => Ok(Engine::Epoll),
                _ => Err("auto, uring or epoll".to_owned()),
            })?,
            flush: values.needed("chat_flush_ms", |text| number(text, 0, 100).map(Duration::from_millis))?,
            ping: values.needed("chat_ping_seconds", seconds(300))?,
            stall: values.needed("chat_stall_seconds", seconds(120))?,
            origins: values.wanted("chat_origins", origins)?,
            review: values.wanted("chat_review", |text| Ok(PathBuf::from(text)))?,
            log_bytes: values.needed("chat_log_mb", |text| number(text, 1, 1 << 20).map(|mib| mib << 20))?,
            log_file: values.needed("chat_log_seconds", seconds(3_600))?,
            key_age: values.needed("chat_key_hours", |text| {
                number(text, 1, 8_760).map(|hours| Duration::from_secs(hours * 3_600))
            })?,
        })
    }
}

fn origins(text: &str) -> Result<Vec<String>, String> {
    text.split(',').map(|origin| base_url(origin.trim())).collect()
}
