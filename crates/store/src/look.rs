//! What a database is, without changing it: for whoever looks at a house before or beside its server.
//!
//! Promise: nothing is made, migrated or written; the password shows nowhere.

use std::path::Path;

use crate::error::StoreError;
use crate::{Store, postgres, sqlite};

/// What was seen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Look {
    /// The database, with its version: `SQLite 3.50.2`.
    pub product: String,
    /// The last step of migrations that was made; `None` in an empty database.
    pub step: Option<i64>,
    /// The last step that this version knows.
    pub known: i64,
    /// What time it is there, in milliseconds since 1970; a file has no clock.
    pub clock: Option<i64>,
}

impl Store {
    /// Looks at a database file.
    ///
    /// # Errors
    /// [`StoreError::Open`], [`StoreError::NotADatabase`].
    pub async fn look_at_file(path: &Path) -> Result<Look, StoreError> {
        sqlite::look(path).await
    }

    /// Looks at the database at a PostgreSQL address, as [`Store::connect`] takes it.
    ///
    /// # Errors
    /// [`StoreError::Open`].
    pub async fn look_at_server(address: &str) -> Result<Look, StoreError> {
        postgres::look(address).await
    }
}
