//! Remembers the keys that signatures were found to be made with: deriving one is most of what proving a
//! request costs.
//!
//! Promise: decides nothing. One is remembered only after a request was proven with it, so strangers can't push
//! others out; it is used only as long as the key ring names the same secret, and for the scope it is for.

use std::collections::HashMap;
use std::fmt;
use std::sync::{Mutex, PoisonError};

use auth::sigv4::{Claim, Error, Scope, SigningKey};

/// Access keys whose last signing key is remembered, at about half a kilobyte each.
const REMEMBERED: usize = 4_096;

/// By access key id.
#[derive(Default)]
pub(crate) struct SigningKeys {
    last: Mutex<HashMap<String, Derived>>,
}

struct Derived {
    secret: String,
    scope: Scope,
    key: SigningKey,
}

impl SigningKeys {
    /// Proves a claim with the secret that its access key has now.
    pub(crate) fn verify(&self, claim: &Claim, secret: &str, body: &[u8]) -> Result<(), Error> {
        if let Some(key) = self.remembered(claim, secret) {
            return claim.verify_with(&key, body);
        }
        let key = SigningKey::derive(secret, claim.scope());
        claim.verify_with(&key, body)?;
        self.remember(claim, Derived { secret: secret.to_owned(), scope: claim.scope().clone(), key });
        Ok(())
    }

    fn remembered(&self, claim: &Claim, secret: &str) -> Option<SigningKey> {
        // A panic under the lock leaves the map whole: each change of it is one call.
        let last = self.last.lock().unwrap_or_else(PoisonError::into_inner);
        let derived = last.get(claim.access_key_id())?;
        (derived.scope == *claim.scope() && derived.secret == secret).then(|| derived.key.clone())
    }

    fn remember(&self, claim: &Claim, derived: Derived) {
        let mut last = self.last.lock().unwrap_or_else(PoisonError::into_inner);
        if last.len() >= REMEMBERED {
            last.clear();
        }
        last.insert(claim.access_key_id().to_owned(), derived);
    }
}

impl fmt::Debug for SigningKeys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SigningKeys(…)")
    }
}
