//! Logs: one line an event, on standard error, for people or for machines.
//!
//! Promise: a bad filter is refused at the start rather than silently logging nothing.

use tracing_subscriber::EnvFilter;

use crate::config::{Config, LogFormat};

/// Starts logging for the rest of the process's life.
pub(crate) fn start(config: &Config) -> Result<(), String> {
    let filter = EnvFilter::builder()
        .parse(&config.log)
        .map_err(|error| format!("`log` can't be `{}`: {error}", config.log))?;
    // It calls each loss of its link an error, and tells no more; the bus says what became of it.
    let quiet = "async_nats=off".parse().map_err(|error| format!("starting the log: {error}"))?;
    let filter = if config.log.contains("async_nats") { filter } else { filter.add_directive(quiet) };
    let lines = tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr);
    let colour = std::io::IsTerminal::is_terminal(&std::io::stderr());
    let started = match config.log_format {
        LogFormat::Text => lines.with_ansi(colour).try_init(),
        LogFormat::Json => lines.json().flatten_event(true).try_init(),
    };
    started.map_err(|error| format!("starting the log: {error}"))
}
