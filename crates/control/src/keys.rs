//! Access keys and tags, for the frame that verifies signatures and asks policies.
//!
//! Promise: each call is judged by the key as the store has it now, so a key that was disabled or got
//! another policy a moment ago, also by the command line, is known for it. Only the reading of a policy's
//! text is remembered.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::SystemTime;

use api::{ApiError, Key, KeyRing};
use auth::policy::Policy;
use domain::{Arn, Tags};
use store::Tenant;

use crate::Control;
use crate::error::refusal;

/// Policies that are remembered; most keys share a few.
const REMEMBERED: usize = 1_024;

/// Policies that were read, by their text. A clone is another handle on the same ones.
#[derive(Clone, Debug, Default)]
pub(crate) struct Policies {
    read: Arc<Mutex<HashMap<String, Arc<Policy>>>>,
}

impl Policies {
    fn read(&self, text: &str) -> Result<Arc<Policy>, ApiError> {
        // A panic under the lock leaves the map whole: each change is one call.
        let mut read = self.read.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(policy) = read.get(text) {
            return Ok(Arc::clone(policy));
        }
        let policy =
            Policy::parse(text).map_err(|error| ApiError::internal("reading a key's policy", error))?;
        let policy = Arc::new(policy);
        if read.len() >= REMEMBERED {
            read.clear();
        }
        read.insert(text.to_owned(), Arc::clone(&policy));
        Ok(policy)
    }
}

/// When keys were last used at this server since it started; as many as there are keys in use. A clone is another
/// handle on the same notes.
#[derive(Clone, Debug, Default)]
pub(crate) struct Uses {
    last: Arc<Mutex<HashMap<String, SystemTime>>>,
}

impl Uses {
    fn note(&self, id: &str, now: SystemTime) {
        // A panic under the lock leaves the map whole: each change is one call.
        let mut last = self.last.lock().unwrap_or_else(PoisonError::into_inner);
        match last.get_mut(id) {
            Some(known) => *known = now,
            None => {
                last.insert(id.to_owned(), now);
            }
        }
    }
}

impl Control {
    /// When this key last signed a request that was verified here, since this server started.
    pub fn last_use(&self, access_key_id: &str) -> Option<SystemTime> {
        let last = self.uses.last.lock().unwrap_or_else(PoisonError::into_inner);
        last.get(access_key_id).copied()
    }
}

impl KeyRing for Control {
    async fn find(&self, access_key_id: &str) -> Result<Option<Key>, ApiError> {
        let Some(key) = self.store.access_key(access_key_id).await.map_err(refusal)? else {
            return Ok(None);
        };
        Ok(Some(Key {
            policy: self.policies.read(&key.policy)?,
            secret: key.secret.reveal().to_owned().into(),
            account: key.account,
            active: key.active,
            name: if key.name.is_empty() { key.id } else { key.name },
        }))
    }

    fn used(&self, access_key_id: &str, now: SystemTime) {
        self.uses.note(access_key_id, now);
    }

    async fn resource_tags(&self, arn: &Arn) -> Result<Option<Tags>, ApiError> {
        self.store.tags(&Tenant::of(arn), arn).await.map_err(refusal)
    }
}
