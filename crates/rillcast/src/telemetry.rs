//! Logs: one line an event, on standard error, for people or for machines; the newest stay in memory too.
//!
//! Promise: a bad filter is refused at the start rather than silently logging nothing.

mod tail;

use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::util::SubscriberInitExt as _;
use tracing_subscriber::{EnvFilter, Layer as _};

use crate::cli::style;
use crate::config::{Config, LogFormat};

pub use tail::Tail;
pub(crate) use tail::{Told, Wanted};

/// Starts logging for the rest of the process's life; gives what keeps the newest lines.
pub(crate) fn start(config: &Config) -> Result<Tail, String> {
    let filter = EnvFilter::builder()
        .parse(&config.log)
        .map_err(|error| format!("`log` can't be `{}`: {error}", config.log))?;
    // It calls each loss of its link an error, and tells no more; the bus says what became of it.
    let quiet = "async_nats=off".parse().map_err(|error| format!("starting the log: {error}"))?;
    let filter = if config.log.contains("async_nats") { filter } else { filter.add_directive(quiet) };
    let lines = tracing_subscriber::fmt::layer().with_writer(std::io::stderr);
    let lines = match config.log_format {
        LogFormat::Text => lines.with_ansi(style::is_coloured(&std::io::stderr())).boxed(),
        LogFormat::Json => lines.json().flatten_event(true).boxed(),
    };
    let tail = Tail::default();
    let started = tracing_subscriber::registry().with(filter).with(lines).with(tail.clone()).try_init();
    started.map_err(|error| format!("starting the log: {error}")).map(|()| tail)
}
