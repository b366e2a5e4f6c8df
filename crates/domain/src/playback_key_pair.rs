//! Playback key pairs: the public halves of the keys that sign viewers' tokens.
//!
//! Promise: holds no private key; the fingerprint names the key's bytes and nothing else.

use serde::{Deserialize, Serialize};

use crate::arn::Arn;
use crate::tags::Tags;

/// An imported public key. Its key can't be changed; tags can.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PlaybackKeyPair {
    /// Its ARN.
    pub arn: Arn,
    /// Not unique; 0 to 128 of `[a-zA-Z0-9-_]`.
    pub name: String,
    /// The P-384 key as DER SubjectPublicKeyInfo, in lower-case hexadecimal digits.
    pub public_key: String,
    /// MD5 of that DER: 16 lower-case pairs of hexadecimal digits joined by colons.
    pub fingerprint: String,
    /// Tags.
    pub tags: Tags,
}
