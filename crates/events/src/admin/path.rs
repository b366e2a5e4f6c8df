//! The paths of the admin ways.
//!
//! Promise: a path means one thing or nothing; names are decoded once.

use http::Method;
use percent_encoding::percent_decode_str;

/// What a path means.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Path {
    /// All sinks.
    Sinks,
    /// What this sink would not take.
    DeadLetters(String),
    /// Another try for it.
    Redeliver(String),
    /// Events as they come.
    Events,
}

impl Path {
    /// Reads the path of a request; `None` when there is nothing.
    pub(super) fn parse(path: &str) -> Option<Self> {
        let rest = path.strip_prefix("/rillcast/v1/")?;
        match rest {
            "event-sinks" => return Some(Self::Sinks),
            "events" => return Some(Self::Events),
            _ => {}
        }
        let (name, act) = rest.strip_prefix("event-sinks/")?.split_once('/')?;
        let name = percent_decode_str(name).decode_utf8().ok()?.into_owned();
        if name.is_empty() {
            return None;
        }
        match act {
            "dead-letters" => Some(Self::DeadLetters(name)),
            "redeliver" => Some(Self::Redeliver(name)),
            _ => None,
        }
    }

    /// The one that it is asked for with.
    pub(super) fn method(&self) -> Method {
        match self {
            Self::Redeliver(_) => Method::POST,
            Self::Sinks | Self::DeadLetters(_) | Self::Events => Method::GET,
        }
    }

    /// What a policy must allow.
    pub(super) fn action(&self) -> &'static str {
        match self {
            Self::Sinks => "rillcast:ListEventSinks",
            Self::DeadLetters(_) => "rillcast:ListDeadLetters",
            Self::Redeliver(_) => "rillcast:RedeliverEvents",
            Self::Events => "rillcast:ReadEvents",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_exact() {
        let named = |name: &str| name.to_owned();
        for (path, meant) in [
            ("/rillcast/v1/event-sinks", Some(Path::Sinks)),
            ("/rillcast/v1/events", Some(Path::Events)),
            ("/rillcast/v1/event-sinks/a-1/dead-letters", Some(Path::DeadLetters(named("a-1")))),
            ("/rillcast/v1/event-sinks/a%2Fb/redeliver", Some(Path::Redeliver(named("a/b")))),
            ("/rillcast/v1/event-sinks/", None),
            ("/rillcast/v1/event-sinks/a", None),
            ("/rillcast/v1/event-sinks//redeliver", None),
            ("/rillcast/v1/event-sinks/%ff/redeliver", None),
            ("/rillcast/v1/event-sinks/a/redeliver/", None),
            ("/rillcast/v1/events/", None),
            ("/rillcast/v1/", None),
            ("/rillcast/v2/events", None),
        ] {
            assert_eq!(Path::parse(path), meant, "{path}");
        }
    }
}
