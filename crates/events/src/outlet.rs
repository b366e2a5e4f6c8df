//! The ways out: what it takes to bring an event to a sink of each kind.
//!
//! Promise: an event is said to be delivered only when the other side has said that it has it (a file: when it
//! is on disk); every try ends, by an answer or by its time.

mod eventbridge;
mod file;
mod nats;
mod webhook;

use std::time::Duration;

use bytes::Bytes;
use domain::EventId;
use outbound::Outbound;

use crate::sinks::Kind;

pub(crate) use nats::check_servers;

/// An event on its way.
#[derive(Clone, Debug)]
pub(crate) struct Letter {
    pub(crate) id: EventId,
    /// When it happened, in milliseconds since 1970.
    pub(crate) at: i64,
    pub(crate) envelope: Bytes,
}

/// What became of the events of one lane: the first so many are delivered, the next one failed.
#[derive(Clone, Debug)]
pub(crate) struct Outcome {
    pub(crate) delivered: usize,
    pub(crate) failure: Option<Failure>,
}

/// Why an event was not taken.
#[derive(Clone, Debug)]
pub(crate) struct Failure {
    pub(crate) kind: FailureKind,
    /// In words; no secrets.
    pub(crate) reason: String,
}

/// What a failure says about the next try.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum FailureKind {
    /// Nobody is there, or somebody who has too much to do; maybe asked for this pause.
    Away(Option<Duration>),
    /// It went wrong and may go right.
    Failed,
    /// It will not get better by itself.
    Refused,
}

/// How events are put together for one try.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Shape {
    /// All events in one order, whatever they are about.
    pub(crate) one_lane: bool,
    /// Lanes in one try.
    pub(crate) lanes: usize,
    /// Events of one lane in one try.
    pub(crate) depth: usize,
    /// Tries at the same time.
    pub(crate) parallel: usize,
}

/// A way out.
#[derive(Debug)]
pub(crate) enum Outlet {
    Webhook(webhook::Webhook),
    EventBridge(eventbridge::EventBridge),
    Nats(nats::Nats),
    File(file::File),
}

impl Outlet {
    pub(crate) fn new(kind: &Kind, outbound: Outbound) -> Self {
        match kind.clone() {
            Kind::Webhook(config) => Self::Webhook(webhook::Webhook { config, outbound }),
            Kind::EventBridge(config) => Self::EventBridge(eventbridge::EventBridge { config, outbound }),
            Kind::Nats(config) => Self::Nats(nats::Nats::new(config)),
            Kind::File(path) => Self::File(file::File::new(path)),
        }
    }

    pub(crate) fn shape(&self) -> Shape {
        match self {
            Self::Webhook(_) | Self::Nats(_) => Shape { one_lane: false, lanes: 1, depth: 1, parallel: 8 },
            // One event of a lane in a call: the service may take a later one and refuse an earlier.
            Self::EventBridge(_) => {
                Shape { one_lane: false, lanes: eventbridge::ENTRIES, depth: 1, parallel: 4 }
            }
            Self::File(_) => Shape { one_lane: true, lanes: 1, depth: 256, parallel: 1 },
        }
    }

    /// Brings the events of some lanes, and says of each lane what became of it.
    pub(crate) async fn deliver(&self, lanes: &[Vec<Letter>]) -> Vec<Outcome> {
        match self {
            Self::EventBridge(bridge) => bridge.deliver(lanes).await,
            Self::File(file) => {
                let mut outcomes = Vec::with_capacity(lanes.len());
                for letters in lanes {
                    outcomes.push(file.deliver(letters).await);
                }
                outcomes
            }
            Self::Webhook(_) | Self::Nats(_) => {
                let mut outcomes = Vec::with_capacity(lanes.len());
                for letters in lanes {
                    outcomes.push(self.one_by_one(letters).await);
                }
                outcomes
            }
        }
    }

    async fn one_by_one(&self, letters: &[Letter]) -> Outcome {
        for (delivered, letter) in letters.iter().enumerate() {
            let sent = match self {
                Self::Nats(nats) => nats.deliver(letter).await,
                Self::Webhook(hook) => hook.deliver(letter).await,
                Self::EventBridge(_) | Self::File(_) => Ok(()),
            };
            if let Err(failure) = sent {
                return Outcome { delivered, failure: Some(failure) };
            }
        }
        Outcome { delivered: letters.len(), failure: None }
    }
}

impl Failure {
    pub(crate) fn away(reason: impl Into<String>) -> Self {
        Self { kind: FailureKind::Away(None), reason: reason.into() }
    }

    pub(crate) fn failed(reason: impl Into<String>) -> Self {
        Self { kind: FailureKind::Failed, reason: reason.into() }
    }

    pub(crate) fn refused(reason: impl Into<String>) -> Self {
        Self { kind: FailureKind::Refused, reason: reason.into() }
    }
}

/// An error and its causes in one line.
pub(crate) fn story(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        text.push_str(": ");
        text.push_str(&error.to_string());
        cause = error.source();
    }
    text
}
