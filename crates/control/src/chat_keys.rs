//! The key that chat tokens are sealed with.
//!
//! Promise: no token is sealed with a key older than its age allows; a key that was added or taken away, also by
//! the command line or another node, is known a second later; a key is taken away only when every token that
//! was sealed with it has run out.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use auth::chat_token::ChatTokenKey;
use store::{Store, StoreError};

use crate::{clock, entropy};

/// How long a key is taken for the newest without a look at the store.
const TRUSTED: Duration = Duration::from_secs(1);

/// Longer than any token lives (three hours), with room for clocks that differ.
const LINGER: Duration = Duration::from_secs(4 * 3_600);

/// The newest key. A clone is another handle on the same one.
#[derive(Clone, Debug)]
pub(crate) struct ChatKeys {
    age: Duration,
    newest: Arc<Mutex<Option<(Instant, ChatTokenKey)>>>,
}

impl ChatKeys {
    /// Keys that seal for `age` each.
    pub(crate) fn new(age: Duration) -> Self {
        Self { age, newest: Arc::default() }
    }

    /// The key to seal with now; made when there is none that is young enough.
    pub(crate) async fn newest(&self, store: &Store) -> Result<ChatTokenKey, StoreError> {
        if let Some(key) = self.remembered() {
            return Ok(key);
        }
        let now = clock::millis();
        let oldest = now.saturating_sub(millis(self.age));
        let keys = store.chat_token_keys().await?;
        let found = keys.into_iter().next().filter(|key| key.created_at > oldest);
        let key = match found {
            Some(key) => key,
            None => {
                let mut secret = [0; 32];
                entropy::fill(&mut secret);
                let added = store.add_chat_token_key(&secret, now).await?;
                let retired = store.retire_chat_token_keys(oldest.saturating_sub(millis(LINGER))).await?;
                tracing::info!(key = added.id, retired, "chat tokens are sealed with a new key");
                added
            }
        };
        let key = ChatTokenKey { id: key.id, secret: key.secret };
        *self.newest.lock().unwrap_or_else(PoisonError::into_inner) = Some((Instant::now(), key.clone()));
        Ok(key)
    }

    fn remembered(&self) -> Option<ChatTokenKey> {
        let newest = self.newest.lock().unwrap_or_else(PoisonError::into_inner);
        let (read, key) = newest.as_ref()?;
        (read.elapsed() < TRUSTED).then(|| key.clone())
    }
}

fn millis(span: Duration) -> i64 {
    i64::try_from(span.as_millis()).unwrap_or(i64::MAX)
}
