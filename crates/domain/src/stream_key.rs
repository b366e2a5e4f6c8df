//! Stream keys: the secret that names and opens one channel to a broadcaster.
//!
//! Promise: the secret value never shows in `Debug` output, so it can't slip into a log.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::arn::{Arn, Region};
use crate::id::{Entropy, ResourceId, alphanumeric};
use crate::tags::Tags;

/// `sk_<region>_<12 characters>_<30 characters>`; the middle is the id of the key's ARN.
#[derive(Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct StreamKeyValue(String);

impl StreamKeyValue {
    /// The longest text that is looked up as a key; longer ones are refused unread.
    pub const MAX: usize = 256;

    /// A fresh secret for the key with this id: about 178 bits.
    pub fn mint(region: &Region, id: &ResourceId, entropy: Entropy<'_>) -> Self {
        Self(format!("sk_{region}_{id}_{}", alphanumeric(30, entropy)))
    }

    /// Takes a text as presented by an encoder; `None` when it is empty or longer than [`Self::MAX`].
    pub fn parse(text: &str) -> Option<Self> {
        (1..=Self::MAX).contains(&text.len()).then(|| Self(text.to_owned()))
    }

    /// The secret itself, for storing, comparing and handing to its owner.
    pub fn reveal(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for StreamKeyValue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("StreamKeyValue(…)")
    }
}

/// A stream key resource.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct StreamKey {
    /// Its own ARN.
    pub arn: Arn,
    /// The channel it opens.
    pub channel: Arn,
    /// The secret.
    pub value: StreamKeyValue,
    /// Tags.
    pub tags: Tags,
}
