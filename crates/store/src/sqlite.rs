//! The SQLite backend: one file, one writer, readers that never wait.
//!
//! Reads run where they are asked for, on the caller's thread: they take some microseconds from pages in
//! memory, and a hop to another thread and back would cost more than the read (measured: 3 to 7 µs for a
//! row against 10 µs for the hop). What waits for the disk or for another process, a commit or a lock,
//! runs on a thread that may wait.
//!
//! Promise: a commit is on disk when it returns (`synchronous=FULL`: with `NORMAL` a power cut could
//! take the last commits of the write-ahead log back after a caller was told they stand).

mod file;
mod look;
mod migrations;
mod readers;
mod statement;
mod writer;

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use rusqlite::{Connection, ErrorCode, OpenFlags};

use crate::database::{Cell, Value};
use crate::error::{DatabaseError, StoreError};
use readers::Readers;
use writer::Writer;

pub(crate) use look::look;
pub(crate) use writer::Turn;

/// How long an act waits for another process (the command line beside the server) to finish its own.
const BUSY: Duration = Duration::from_secs(5);

/// The mode of a file that is read while it is written, as SQLite calls it: with a write-ahead log.
const LOG: &str = "wal";

/// Statements that a connection keeps prepared; there are not as many.
const STATEMENTS: usize = 256;

/// The file, or a database in memory when there are no readers: that has one connection for all.
#[derive(Clone)]
pub(crate) struct Sqlite {
    readers: Option<Arc<Readers>>,
    writer: Writer,
}

impl std::fmt::Debug for Sqlite {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Sqlite")
    }
}

impl Sqlite {
    pub(crate) async fn fetch(
        &self,
        sql: &'static str,
        values: &[Value<'_>],
    ) -> Result<Vec<Vec<Cell>>, DatabaseError> {
        match &self.readers {
            Some(readers) => readers.fetch(sql, values).await,
            None => self.writer.turn().await?.fetch(sql, values),
        }
    }

    pub(crate) async fn begin(&self) -> Result<Turn, DatabaseError> {
        self.writer.begin().await
    }

    /// Tells of each row whether it was new.
    pub(crate) async fn put_new(
        &self,
        sql: &'static str,
        rows: &[(i64, [u8; 16])],
    ) -> Result<Vec<bool>, DatabaseError> {
        let mut turn = self.begin().await?;
        let new = turn.put_new(sql, rows)?;
        turn.commit().await?;
        Ok(new)
    }

    /// The same statement for each row, in one change.
    pub(crate) async fn put_bytes(
        &self,
        sql: &'static str,
        rows: &[(String, i64, Vec<u8>)],
    ) -> Result<(), DatabaseError> {
        let mut turn = self.begin().await?;
        for (text, integer, bytes) in rows {
            turn.execute(sql, &[Value::Text(text), Value::Integer(*integer), Value::Bytes(bytes)])?;
        }
        turn.commit().await
    }

    pub(crate) async fn snapshot(&self) -> Result<Snapshot, DatabaseError> {
        match &self.readers {
            Some(readers) => readers.snapshot().map(Snapshot::OnDisk),
            None => Ok(Snapshot::InMemory(self.writer.turn().await?)),
        }
    }

    /// The last connection to close folds the write-ahead log into the file.
    pub(crate) async fn close(&self) {
        if let Some(readers) = &self.readers {
            readers.close();
        }
        self.writer.close().await;
    }
}

/// One moment to read from: of a file by a connection of its own, in memory by keeping changes waiting.
pub(crate) enum Snapshot {
    OnDisk(Connection),
    InMemory(Turn),
}

impl Snapshot {
    pub(crate) fn fetch(
        &mut self,
        sql: &'static str,
        values: &[Value<'_>],
    ) -> Result<Vec<Vec<Cell>>, DatabaseError> {
        match self {
            Self::OnDisk(connection) => Ok(statement::fetch(connection, sql, values)?),
            Self::InMemory(turn) => turn.fetch(sql, values),
        }
    }
}

/// Opens or makes the file and brings it up to date.
pub(crate) async fn open(path: &Path) -> Result<Sqlite, StoreError> {
    let path = path.to_owned();
    let opened = tokio::task::spawn_blocking(move || open_blocking(&path)).await;
    // Nothing in there panics; if it did, the panic would be ours.
    opened.unwrap_or_else(|panic| std::panic::resume_unwind(panic.into_panic()))
}

fn open_blocking(path: &Path) -> Result<Sqlite, StoreError> {
    let prepare = |source| StoreError::Prepare { path: path.to_owned(), source };
    // Held until the migrations are through: a second process that starts now waits for them.
    let _turn = file::prepare(path).map_err(prepare)?;
    let place = path.display().to_string();
    let mut connection =
        connect(path, BUSY).and_then(with_log).map_err(|source| open_error(&place, source))?;
    migrations::run(&mut connection, &place)?;
    Ok(Sqlite { readers: Some(Arc::new(Readers::new(path))), writer: Writer::on_disk(path, connection) })
}

pub(crate) async fn in_memory() -> Result<Sqlite, StoreError> {
    let place = ":memory:";
    let opened = Connection::open_in_memory().and_then(settle);
    let mut connection = opened.map_err(|source| open_error(place, source))?;
    migrations::run(&mut connection, place)?;
    Ok(Sqlite { readers: None, writer: Writer::in_memory(connection) })
}

/// The mode stays with the file: only a new one is put into it. To change it takes a lock that no other
/// connection may be in the way of, and for some of which SQLite does not wait.
fn with_log(connection: Connection) -> rusqlite::Result<Connection> {
    let mode: String = connection.pragma_query_value(None, "journal_mode", |row| row.get(0))?;
    if mode != LOG {
        connection.pragma_update(None, "journal_mode", LOG)?;
    }
    Ok(connection)
}

/// A connection to a file that exists and is in the mode that [`open`] has put it in. It has its patience
/// before its first statement.
fn connect(path: &Path, patience: Duration) -> rusqlite::Result<Connection> {
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(path, flags)?;
    connection.busy_timeout(patience)?;
    connection.pragma_update(None, "synchronous", "FULL")?;
    settle(connection)
}

fn settle(connection: Connection) -> rusqlite::Result<Connection> {
    connection.pragma_update(None, "foreign_keys", true)?;
    connection.set_prepared_statement_cache_capacity(STATEMENTS);
    Ok(connection)
}

fn open_error(place: &str, source: rusqlite::Error) -> StoreError {
    let place = place.to_owned();
    let damaged =
        matches!(source.sqlite_error_code(), Some(ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase));
    let source = source.into();
    if damaged { StoreError::NotADatabase { place, source } } else { StoreError::Open { place, source } }
}

#[cfg(test)]
mod tests;
