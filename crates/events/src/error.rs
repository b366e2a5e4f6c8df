//! What can be wrong with what the operator wrote, and with the work itself.
//!
//! Promise: an error says where: which sink, which line, which part of a pattern; no secret is in its text.

use store::StoreError;

/// Why a text is no event pattern.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PatternError {
    /// Longer than the service's own bound.
    #[error("an event pattern has at most {limit} bytes, this one has {length}")]
    Long {
        /// Bytes that it has.
        length: usize,
        /// Bytes that it may have.
        limit: usize,
    },
    /// No JSON, or a key stands twice in one object.
    #[error("an event pattern is JSON: {0}")]
    Json(String),
    /// JSON that says nothing which could be matched.
    #[error("{at} {why}")]
    Meaning {
        /// Path of the member, such as `detail.event_name[1].prefix`; `the pattern` for the whole.
        at: String,
        /// What is wrong with it.
        why: String,
    },
}

/// Why a text is no file of sinks.
#[derive(Debug, thiserror::Error)]
pub enum SinksError {
    /// No TOML, or a key that is unknown, missing or of another type.
    #[error("line {line}: {what}")]
    Toml {
        /// Counted from 1.
        line: usize,
        /// What the reader found.
        what: String,
    },
    /// A value that can't be.
    #[error("sink {sink}: {what}")]
    Value {
        /// The sink's name, or its place in the file when it has none that could be shown.
        sink: String,
        /// What is wrong with it.
        what: String,
    },
    /// A pattern that is none.
    #[error("sink {sink}: its pattern is none")]
    Pattern {
        /// The sink's name.
        sink: String,
        /// Why it is none.
        #[source]
        source: PatternError,
    },
    /// More sinks than are looked after.
    #[error("{count} sinks are too many: at most {limit}")]
    Many {
        /// How many there are.
        count: usize,
        /// How many there may be.
        limit: usize,
    },
}

/// Why the work could not begin.
#[derive(Debug, thiserror::Error)]
pub enum EventsError {
    /// The database would not say how far a sink is.
    #[error("could not claim the event sink {sink}")]
    Claim {
        /// The sink's name.
        sink: String,
        /// What the database said.
        #[source]
        source: StoreError,
    },
}
