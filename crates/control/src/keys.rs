//! Access keys for the frame that verifies signatures.
//!
//! Promise: each call reads the database (tens of microseconds), so a key that was disabled or removed a
//! moment ago, also by the command line, opens nothing.

use api::{ApiError, Key, KeyRing};

use crate::Control;
use crate::error::refusal;

impl KeyRing for Control {
    async fn find(&self, access_key_id: &str) -> Result<Option<Key>, ApiError> {
        let found = self.store.access_key(access_key_id).await.map_err(refusal)?;
        Ok(found.map(|key| Key {
            secret: key.secret.reveal().to_owned().into(),
            account: key.account,
            active: key.active,
        }))
    }
}
