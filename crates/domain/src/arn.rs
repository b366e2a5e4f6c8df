//! Amazon resource names of the two services.
//!
//! Promise: `Arn::parse` and `Display` are inverses, and a parsed ARN fits the service's bounds
//! (`arn:aws:<service>:<region>:<account>:<kind>/<id>`, at most 128 characters; vendor's model).

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::id::ResourceId;

/// Why a text is not an ARN of ours.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ArnError {
    /// Longer than the model allows.
    #[error("an ARN has at most 128 characters")]
    TooLong,
    /// Not `arn:aws:<service>:<region>:<account>:<kind>/<id>`.
    #[error("not of the form arn:aws:<service>:<region>:<account>:<kind>/<id>")]
    Malformed,
    /// The part before the slash is no resource that Rillcast knows.
    #[error("unknown resource kind")]
    UnknownKind,
}

/// An account: twelve decimal digits.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct AccountId(String);

impl AccountId {
    /// Reads an account id; `None` unless it is twelve digits.
    pub fn parse(text: &str) -> Option<Self> {
        let fits = text.len() == 12 && text.bytes().all(|byte| byte.is_ascii_digit());
        fits.then(|| Self(text.to_owned()))
    }

    /// The id as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for AccountId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// A region name: one or more of `[a-z0-9-]`, at most 32.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Region(String);

impl Region {
    /// Reads a region name; `None` when it holds other characters or is empty or over 32 long.
    pub fn parse(text: &str) -> Option<Self> {
        let fits = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
        ((1..=32).contains(&text.len()) && text.bytes().all(fits)).then(|| Self(text.to_owned()))
    }

    /// The name as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Region {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// What an ARN names.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum ResourceKind {
    /// `ivs` channel.
    Channel,
    /// `ivs` stream key.
    StreamKey,
    /// `ivs` playback key pair.
    PlaybackKeyPair,
    /// `ivs` playback restriction policy.
    PlaybackRestrictionPolicy,
    /// `ivs` recording configuration.
    RecordingConfiguration,
    /// `ivschat` room.
    Room,
    /// `ivschat` logging configuration.
    LoggingConfiguration,
}

impl ResourceKind {
    /// Each of them.
    pub const ALL: [Self; 7] = [
        Self::Channel,
        Self::StreamKey,
        Self::PlaybackKeyPair,
        Self::PlaybackRestrictionPolicy,
        Self::RecordingConfiguration,
        Self::Room,
        Self::LoggingConfiguration,
    ];

    /// The service that owns it, as in the third part of the ARN and in the signature's scope.
    pub fn service(self) -> &'static str {
        match self {
            Self::Channel
            | Self::StreamKey
            | Self::PlaybackKeyPair
            | Self::PlaybackRestrictionPolicy
            | Self::RecordingConfiguration => "ivs",
            Self::Room | Self::LoggingConfiguration => "ivschat",
        }
    }

    /// The word before the slash.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Channel => "channel",
            Self::StreamKey => "stream-key",
            Self::PlaybackKeyPair => "playback-key",
            Self::PlaybackRestrictionPolicy => "playback-restriction-policy",
            Self::RecordingConfiguration => "recording-configuration",
            Self::Room => "room",
            Self::LoggingConfiguration => "logging-configuration",
        }
    }
}

/// `arn:aws:<service>:<region>:<account>:<kind>/<id>`.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Arn {
    /// Region it lives in.
    pub region: Region,
    /// Account that owns it.
    pub account: AccountId,
    /// What it is.
    pub kind: ResourceKind,
    /// Which one.
    pub id: ResourceId,
}

impl Arn {
    const MAX: usize = 128;

    /// Reads an ARN.
    pub fn parse(text: &str) -> Result<Self, ArnError> {
        if text.len() > Self::MAX {
            return Err(ArnError::TooLong);
        }
        let rest = text.strip_prefix("arn:aws:").ok_or(ArnError::Malformed)?;
        let mut parts = rest.splitn(4, ':');
        let mut next = || parts.next().ok_or(ArnError::Malformed);
        let (service, region, account, resource) = (next()?, next()?, next()?, next()?);
        let (kind, id) = resource.split_once('/').ok_or(ArnError::Malformed)?;
        let matches = |known: &&ResourceKind| known.as_str() == kind && known.service() == service;
        Ok(Self {
            region: Region::parse(region).ok_or(ArnError::Malformed)?,
            account: AccountId::parse(account).ok_or(ArnError::Malformed)?,
            kind: *ResourceKind::ALL.iter().find(matches).ok_or(ArnError::UnknownKind)?,
            id: ResourceId::parse(id).ok_or(ArnError::Malformed)?,
        })
    }
}

impl fmt::Display for Arn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { region, account, kind, id } = self;
        write!(f, "arn:aws:{}:{region}:{account}:{}/{id}", kind.service(), kind.as_str())
    }
}

impl FromStr for Arn {
    type Err = ArnError;

    fn from_str(text: &str) -> Result<Self, ArnError> {
        Self::parse(text)
    }
}

impl Serialize for Arn {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Arn {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        Self::parse(&text).map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parse_and_display_are_inverses() {
        let text = "arn:aws:ivs:us-west-2:123456789012:stream-key/abcdABCD0123";
        let arn = Arn::parse(text).expect("a well-formed ARN");
        assert_eq!(arn.kind, ResourceKind::StreamKey);
        assert_eq!(arn.to_string(), text);
    }

    #[test]
    fn malformed_arns_are_refused_with_a_reason() {
        for (text, why) in [
            ("", ArnError::Malformed),
            ("arn:aws:ivs:us-west-2:12:channel/abc", ArnError::Malformed),
            ("arn:aws:ivs:us-west-2:123456789012:channel/", ArnError::Malformed),
            ("arn:aws:ivs:us-west-2:123456789012:channel", ArnError::Malformed),
            ("arn:aws:ivs:us-west-2:123456789012:stage/abc", ArnError::UnknownKind),
            ("arn:aws:s3:us-west-2:123456789012:channel/abc", ArnError::UnknownKind),
        ] {
            assert_eq!(Arn::parse(text), Err(why), "{text}");
        }
        assert_eq!(Arn::parse(&"a".repeat(129)), Err(ArnError::TooLong));
    }
}
