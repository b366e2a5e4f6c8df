//! Connections for reading: as many as threads that read at once.
//!
//! Promise: a read sees every commit that was acknowledged before it began, of whatever process; it waits
//! for no writer; a connection that failed is not used again.

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use rusqlite::{Connection, ToSql};

use super::{BUSY, connect, statement};
use crate::database::{Cell, Value};
use crate::error::DatabaseError;

/// Connections that are kept when nobody reads. Seldom do more threads read in the same moment.
const IDLE: usize = 16;

pub(super) struct Readers {
    path: PathBuf,
    /// `None` when closed.
    idle: Mutex<Option<Vec<Connection>>>,
}

impl Readers {
    pub(super) fn new(path: &Path) -> Self {
        Self { path: path.to_owned(), idle: Mutex::new(Some(Vec::new())) }
    }

    /// A read meets a lock only in rare moments, such as when another process recovers the log of one
    /// that died. Then the same again on a thread that may wait.
    pub(super) async fn fetch(
        self: &Arc<Self>,
        sql: &'static str,
        values: &[Value<'_>],
    ) -> Result<Vec<Vec<Cell>>, DatabaseError> {
        let read = self.read(sql, values, Duration::ZERO);
        if !matches!(&read, Err(error) if error.is_busy()) {
            return read;
        }
        let values: Vec<_> = values.iter().map(statement::owned).collect();
        let readers = Arc::clone(self);
        let read = tokio::task::spawn_blocking(move || readers.read(sql, &values, BUSY)).await;
        read.unwrap_or_else(|_| Err(DatabaseError::closed()))
    }

    /// A connection that sees what is committed by its first read, and nothing later.
    pub(super) fn snapshot(&self) -> Result<Connection, DatabaseError> {
        let connection = connect(&self.path, BUSY)?;
        connection.execute_batch("BEGIN")?;
        Ok(connection)
    }

    /// Those that are reading right now finish; their connections are closed when they come back.
    pub(super) fn close(&self) {
        drop(self.idle().take());
    }

    fn read(
        &self,
        sql: &'static str,
        values: &[impl ToSql],
        patience: Duration,
    ) -> Result<Vec<Vec<Cell>>, DatabaseError> {
        let idle = self.idle().as_mut().ok_or_else(DatabaseError::closed)?.pop();
        let connection = match idle {
            Some(connection) => connection,
            None => connect(&self.path, patience)?,
        };
        connection.busy_timeout(patience)?;
        let rows = statement::fetch(&connection, sql, values)?;
        self.give_back(connection);
        Ok(rows)
    }

    fn give_back(&self, connection: Connection) {
        let mut idle = self.idle();
        match &mut *idle {
            Some(connections) if connections.len() < IDLE => connections.push(connection),
            // Closing takes time, and perhaps the disk: not under the lock.
            _ => {
                drop(idle);
                drop(connection);
            }
        }
    }

    fn idle(&self) -> MutexGuard<'_, Option<Vec<Connection>>> {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
