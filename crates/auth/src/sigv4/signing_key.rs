//! The key that signatures of one scope are made with.
//!
//! Promise: `Debug` does not show it; it opens nothing outside its day, region and service.

use std::fmt;

use aws_lc_rs::hmac;

use super::error::Error;
use super::scope::{Scope, TERMINATOR};

/// Derived from a secret in four steps, which is most of what proving a request costs; so whoever proves many
/// may keep it for as long as the secret is the same.
#[derive(Clone)]
pub struct SigningKey(hmac::Key);

impl SigningKey {
    /// The key of this secret for this scope.
    pub fn derive(secret: &str, scope: &Scope) -> Self {
        let Scope { day, region, service } = scope;
        let mut key = hmac::Key::new(hmac::HMAC_SHA256, format!("AWS4{secret}").as_bytes());
        for part in [day, region.as_str(), service, TERMINATOR] {
            let tag = hmac::sign(&key, part.as_bytes());
            key = hmac::Key::new(hmac::HMAC_SHA256, tag.as_ref());
        }
        Self(key)
    }

    /// Is `signature` this key's for `text`? Takes the same time wherever they differ.
    pub(super) fn verify(&self, text: &[u8], signature: &[u8]) -> Result<(), Error> {
        hmac::verify(&self.0, text, signature).map_err(|_| Error::mismatch())
    }
}

impl fmt::Debug for SigningKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SigningKey(…)")
    }
}
