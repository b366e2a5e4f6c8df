//! Keys that seal and open chat tokens, shared by all nodes.
//!
//! Promise: an id never stands for two keys, also after the first is gone; a key that a call was told of is
//! there for every node until it is retired.

use crate::Store;
use crate::database::{Row, Value};
use crate::error::{DatabaseError, StoreError};

const OBJECT: &str = "a chat token key";
const LIST: &str = "SELECT position, secret, created_at FROM chat_token_keys ORDER BY position DESC";
const INSERT: &str = "INSERT INTO chat_token_keys (secret, created_at) VALUES ($1, $2) \
    RETURNING position, secret, created_at";
const DELETE: &str = "DELETE FROM chat_token_keys WHERE created_at < $1";

/// A key of the installation.
#[derive(Clone, PartialEq, Eq)]
pub struct StoredChatKey {
    /// Stands in tokens; the newest key has the highest.
    pub id: u32,
    /// AES-256.
    pub secret: [u8; 32],
    /// Milliseconds since 1970, by the clock of the node that made it.
    pub created_at: i64,
}

impl std::fmt::Debug for StoredChatKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "StoredChatKey({}, made at {})", self.id, self.created_at)
    }
}

impl Store {
    /// All keys, newest first.
    ///
    /// # Errors
    /// [`StoreError::Read`].
    pub async fn chat_token_keys(&self) -> Result<Vec<StoredChatKey>, StoreError> {
        self.database.fetch(OBJECT, LIST, &[]).await?.iter().map(key).collect()
    }

    /// Adds a key and names it.
    ///
    /// # Errors
    /// [`StoreError::Write`].
    pub async fn add_chat_token_key(
        &self,
        secret: &[u8; 32],
        now_ms: i64,
    ) -> Result<StoredChatKey, StoreError> {
        let mut change = self.database.begin(OBJECT).await?;
        let rows = change.fetch(INSERT, &[Value::Bytes(secret), Value::Integer(now_ms)]).await?;
        let added = rows.first().map(key).unwrap_or_else(|| Err(unexpected(0)))?;
        change.commit().await?;
        Ok(added)
    }

    /// Removes the keys that were made before a time, in milliseconds since 1970; tells how many.
    ///
    /// # Errors
    /// [`StoreError::Write`].
    pub async fn retire_chat_token_keys(&self, made_before_ms: i64) -> Result<u64, StoreError> {
        let mut change = self.database.begin(OBJECT).await?;
        let retired = change.execute(DELETE, &[Value::Integer(made_before_ms)]).await?;
        change.commit().await?;
        Ok(retired)
    }
}

fn key(row: &Row) -> Result<StoredChatKey, StoreError> {
    Ok(StoredChatKey {
        id: u32::try_from(row.integer(0)?).map_err(|_| unexpected(0))?,
        secret: row.bytes(1)?.try_into().map_err(|_| unexpected(1))?,
        created_at: row.integer(2)?,
    })
}

fn unexpected(column: usize) -> StoreError {
    StoreError::Read { object: OBJECT, source: DatabaseError::column(column) }
}
