//! The keys that open tokens.
//!
//! Promise: a token that was sealed with a key made a moment ago, on whatever node, opens here; tokens with keys
//! that nobody made cost the store a read a second at most.

use std::collections::HashMap;
use std::time::{Duration, Instant};

use auth::chat_token::{self, ChatClaims, ChatTokenError, ChatTokenKey};
use parking_lot::RwLock;
use store::{Store, StoreError};
use tokio::sync::Mutex;

/// The store is not asked for keys more often.
const PAUSE: Duration = Duration::from_secs(1);

pub(crate) struct Keys {
    store: Store,
    known: RwLock<HashMap<u32, ChatTokenKey>>,
    /// When the keys were last read. Whoever reads holds the lock, so that others wait for what it finds.
    read_at: Mutex<Option<Instant>>,
}

/// Why a token could not be opened.
#[derive(Debug)]
pub(crate) enum Unopened {
    /// It is not one of ours, or its key is gone.
    Invalid,
    /// The keys could not be read.
    Away(StoreError),
}

impl Keys {
    pub(crate) fn new(store: Store) -> Self {
        Self { store, known: RwLock::default(), read_at: Mutex::default() }
    }

    pub(crate) async fn open(&self, token: &str) -> Result<ChatClaims, Unopened> {
        let came = Instant::now();
        match self.try_open(token) {
            Ok(claims) => Ok(claims),
            Err(ChatTokenError::Invalid) => Err(Unopened::Invalid),
            Err(ChatTokenError::UnknownKey(_)) => {
                // Boxed, as it is needed once for a key: who waits in a crowd is to be small.
                Box::pin(self.read_since(came)).await.map_err(Unopened::Away)?;
                self.try_open(token).map_err(|_| Unopened::Invalid)
            }
        }
    }

    /// Reads the keys again, such as when others may have retired some.
    pub(crate) async fn renew(&self) -> Result<(), StoreError> {
        self.read_since(Instant::now()).await
    }

    fn try_open(&self, token: &str) -> Result<ChatClaims, ChatTokenError> {
        let known = self.known.read();
        chat_token::open(token, |id| known.get(&id))
    }

    /// Makes sure that the keys were read after `moment`; many who ask at once share one read.
    async fn read_since(&self, moment: Instant) -> Result<(), StoreError> {
        let mut read_at = self.read_at.lock().await;
        match *read_at {
            Some(last) if last > moment => return Ok(()),
            Some(last) => tokio::time::sleep_until((last + PAUSE).into()).await,
            None => (),
        }
        let begun = Instant::now();
        let stored = self.store.chat_token_keys().await?;
        let keys = stored.into_iter().map(|key| (key.id, ChatTokenKey { id: key.id, secret: key.secret }));
        *self.known.write() = keys.collect();
        *read_at = Some(begun);
        Ok(())
    }
}
