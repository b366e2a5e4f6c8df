//! What a look at one thing finds.
//!
//! Promise: whatever is not well says what to do about it; no finding holds a secret.

use serde::Serialize;

/// How it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Outcome {
    /// As it should be.
    Ok,
    /// It works, and may not for long or not for everybody.
    Warn,
    /// Something that is configured does not work.
    Fail,
    /// Not looked at, or it can't be told.
    Skip,
}

/// What belongs together.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Group {
    Listeners,
    Tls,
    Data,
    Services,
    Destinations,
    Machine,
    Transcoding,
}

impl Group {
    /// As a heading.
    pub(crate) fn title(self) -> &'static str {
        match self {
            Self::Listeners => "Listeners",
            Self::Tls => "TLS",
            Self::Data => "Data and disk",
            Self::Services => "Services",
            Self::Destinations => "Destinations",
            Self::Machine => "Machine",
            Self::Transcoding => "Transcoding",
        }
    }
}

/// One thing that was looked at.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Finding {
    pub(crate) group: Group,
    /// Its name for programs: `http`, `bucket:films`. It stays the same from version to version.
    pub(crate) check: String,
    pub(crate) outcome: Outcome,
    /// A sentence without a full stop.
    pub(crate) found: String,
    /// What to do; of everything that is not well.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) advice: Option<String>,
}

/// What was found, before it has a name.
#[derive(Clone, Debug)]
pub(super) struct Found {
    pub(super) outcome: Outcome,
    pub(super) found: String,
    pub(super) advice: Option<String>,
}

impl Found {
    pub(super) fn ok(found: impl Into<String>) -> Self {
        Self { outcome: Outcome::Ok, found: found.into(), advice: None }
    }

    pub(super) fn skip(found: impl Into<String>) -> Self {
        Self { outcome: Outcome::Skip, found: found.into(), advice: None }
    }

    pub(super) fn warn(found: impl Into<String>, advice: impl Into<String>) -> Self {
        Self { outcome: Outcome::Warn, found: found.into(), advice: Some(advice.into()) }
    }

    pub(super) fn fail(found: impl Into<String>, advice: impl Into<String>) -> Self {
        Self { outcome: Outcome::Fail, found: found.into(), advice: Some(advice.into()) }
    }

    pub(super) fn named(self, group: Group, check: impl Into<String>) -> Finding {
        let Self { outcome, found, advice } = self;
        Finding { group, check: check.into(), outcome, found, advice }
    }
}
