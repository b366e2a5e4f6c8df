//! Durable truth: access keys, resources, what chat must not forget, the life of streams and the events that
//! are on their way out, behind one face.
//!
//! Way in: [`Store::open`] on the database file, [`Store::in_memory`] in tests. Way out: one method
//! per act, in the file of its resource. A method either does all of its act and has it on disk, or
//! nothing of it.
//!
//! Promise: what a method returned `Ok` for survives a power cut and is seen by every later read,
//! also by one of another process on the same database; a quota holds whatever races for its last place;
//! no row is read, changed or counted outside the account and region that were asked for.
//!
//! Callers never see SQL or a database's types. A backend is an arm in `database.rs`, a sibling of
//! `sqlite.rs` and a folder of migrations: the SQL in the resources' files is the same for both.

#![warn(missing_docs)]

mod access_keys;
mod attachments;
mod backup;
mod channels;
mod chat_restrictions;
mod chat_token_keys;
mod chat_tokens;
mod database;
mod dead_letters;
mod error;
mod installation;
mod logging_configurations;
mod look;
mod nodes;
mod outbox;
mod page;
#[cfg(test)]
mod plan;
mod playback_key_pairs;
mod playback_restriction_policies;
mod playback_tokens;
mod postgres;
mod recording_configurations;
mod recordings;
mod room_logs;
mod rooms;
mod sinks;
mod sqlite;
mod steps;
mod stream_keys;
mod stream_samples;
mod stream_sessions;
mod tags;
mod trouble;
mod usage;
mod viewer_revocations;

use std::path::Path;

pub use access_keys::{AccessKey, AccessKeySummary, AccessSecret};
pub use backup::{Progress, Stage};
pub use channels::ChannelFilter;
pub use chat_restrictions::MAX_RESTRICTIONS;
pub use chat_token_keys::StoredChatKey;
pub use chat_tokens::SpentToken;
pub use dead_letters::DeadLetter;
pub use error::{DatabaseError, StoreError};
pub use look::Look;
pub use outbox::StoredEvent;
pub use page::{
    NewestPage, NewestRequest, Page, PageRequest, Position, Recent, RecentPage, RecentRequest, Tenant,
};
pub use rooms::RoomFilter;
pub use sinks::SinkRow;
pub use stream_samples::StreamMinute;

use database::Database;
use tokio::sync::watch;

/// The durable truth. A clone is another handle on the same database.
#[derive(Clone, Debug)]
pub struct Store {
    database: Database,
    /// Counts the commits of this process that put events out.
    news: watch::Sender<u64>,
    /// Counts the commits of this process that revoked viewers.
    revoked: watch::Sender<u64>,
}

impl Store {
    /// Opens the database file, makes it (mode 0600, a missing folder 0700) when there is none, and
    /// brings an older one up to date. Several processes may have the same file open.
    ///
    /// # Errors
    /// [`StoreError::Prepare`] when folder or file can't be made, [`StoreError::NotADatabase`] for a
    /// foreign or damaged file, [`StoreError::NewerDatabase`] for one that a newer version has
    /// changed, [`StoreError::Open`] and [`StoreError::Migrate`] for the rest.
    pub async fn open(path: &Path) -> Result<Self, StoreError> {
        Ok(Self::of(Database::Sqlite(sqlite::open(path).await?)))
    }

    /// Connects to a PostgreSQL server and brings the database, which must exist, up to date. The address
    /// is `postgres://user:password@host:port/database` with the options that libpq knows, among them
    /// `sslmode`, `sslrootcert` and, for a Unix socket, `host` as an option. Several processes on several
    /// machines may use the same database.
    ///
    /// # Errors
    /// [`StoreError::NewerDatabase`] for a database that a newer version has changed,
    /// [`StoreError::Open`] and [`StoreError::Migrate`] for the rest. None of them shows the password.
    pub async fn connect(address: &str) -> Result<Self, StoreError> {
        let pools = postgres::connect(address).await?;
        Ok(Self::of(Database::Postgres(pools)))
    }

    /// An empty database that lives as long as the last clone of this handle.
    ///
    /// # Errors
    /// As [`Store::open`]; none is expected.
    pub async fn in_memory() -> Result<Self, StoreError> {
        Ok(Self::of(Database::Sqlite(sqlite::in_memory().await?)))
    }

    fn of(database: Database) -> Self {
        Self { database, news: watch::Sender::new(0), revoked: watch::Sender::new(0) }
    }

    /// Proves that the database answers, by reading from it.
    ///
    /// # Errors
    /// Whatever a read fails with.
    pub async fn ping(&self) -> Result<(), StoreError> {
        self.database.fetch_optional("the database", "SELECT 1", &[]).await.map(drop)
    }

    /// Waits for running acts and closes the files; every later call fails. To be called last at shutdown.
    pub async fn close(&self) {
        self.database.close().await;
    }
}
