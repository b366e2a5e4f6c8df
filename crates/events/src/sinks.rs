//! The operator's file of sinks: who gets which events, and how.
//!
//! Promise: a file that is read without an error can be worked with: addresses, secrets, patterns and names
//! were looked at, and nothing in it was passed over. Secrets never show.

mod reach;
mod written;

use std::collections::HashSet;
use std::path::PathBuf;
use std::time::Duration;

use http::HeaderMap;
use outbound::Secret;

use crate::error::SinksError;
use crate::pattern::Pattern;
pub use reach::Reach;
use written::Written;

/// The most sinks of a file: each has a place of its own in the database and a task.
const MOST: usize = 32;

/// All sinks, in the order of the file.
#[derive(Clone, Debug, Default)]
pub struct Sinks(Vec<Sink>);

/// Where events go.
#[derive(Clone, Debug)]
pub struct Sink {
    pub(crate) name: String,
    pub(crate) pattern: Option<Pattern>,
    /// An event that was not delivered for so long is given up.
    pub(crate) give_up: Duration,
    pub(crate) kind: Kind,
}

/// How events go there.
#[derive(Clone, Debug)]
pub(crate) enum Kind {
    Webhook(Webhook),
    EventBridge(EventBridge),
    Nats(Nats),
    File(PathBuf),
}

/// A POST for each event.
#[derive(Clone)]
pub(crate) struct Webhook {
    pub(crate) url: String,
    pub(crate) secrets: Vec<Secret>,
    pub(crate) headers: HeaderMap,
    pub(crate) timeout: Duration,
}

/// `PutEvents`.
#[derive(Clone, Debug)]
pub(crate) struct EventBridge {
    pub(crate) bus: String,
    pub(crate) region: String,
    pub(crate) endpoint: String,
    /// Instead of the event's own.
    pub(crate) source: Option<String>,
}

/// A message for each event.
#[derive(Clone)]
pub(crate) struct Nats {
    pub(crate) servers: String,
    pub(crate) authorities: Option<PathBuf>,
    /// With placeholders.
    pub(crate) subject: String,
    /// Wait until a stream has it; else until the server has it.
    pub(crate) jetstream: bool,
}

impl std::fmt::Debug for Webhook {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        // The address and the headers may hold secrets.
        f.debug_struct("Webhook").field("timeout", &self.timeout).finish_non_exhaustive()
    }
}

impl std::fmt::Debug for Nats {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        // The addresses may hold a password.
        f.debug_struct("Nats").field("subject", &self.subject).finish_non_exhaustive()
    }
}

impl Sinks {
    /// Reads a file's text.
    ///
    /// # Errors
    /// [`SinksError`] names the line or the sink, and what is wrong with it.
    pub fn parse(text: &str) -> Result<Self, SinksError> {
        let written = Written::read(text)?;
        if written.len() > MOST {
            return Err(SinksError::Many { count: written.len(), limit: MOST });
        }
        let (mut sinks, mut names) = (Vec::new(), HashSet::new());
        for (place, written) in (1..).zip(written) {
            let sink = written.sink(place)?;
            if !names.insert(sink.name.clone()) {
                let what = "another sink has the same name".to_owned();
                return Err(SinksError::Value { sink: sink.name, what });
            }
            sinks.push(sink);
        }
        Ok(Self(sinks))
    }

    /// Each sink, in the order of the file.
    pub fn iter(&self) -> std::slice::Iter<'_, Sink> {
        self.0.iter()
    }
}

impl<'a> IntoIterator for &'a Sinks {
    type Item = &'a Sink;
    type IntoIter = std::slice::Iter<'a, Sink>;

    fn into_iter(self) -> Self::IntoIter {
        self.iter()
    }
}

impl Sink {
    /// Its name: lower-case letters, digits and hyphens.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// `webhook`, `eventbridge`, `nats` or `file`.
    pub fn kind(&self) -> &'static str {
        match self.kind {
            Kind::Webhook(_) => "webhook",
            Kind::EventBridge(_) => "eventbridge",
            Kind::Nats(_) => "nats",
            Kind::File(_) => "file",
        }
    }
}
