//! The one connection that writes, and the turns on it.
//!
//! Changes that come together share a commit: each takes its turn within one transaction, set off by a
//! savepoint, and whoever ends its turn first sends for the commit. That waits in the same line as the
//! changes, so it takes in those that stood before it and lets nobody wait for long; one write to the disk
//! then serves them all.
//!
//! Promise: a change is told `Ok` after the commit that holds it and not before; one that is dropped or
//! fails leaves nothing and does no harm to the others; when a commit fails, all that were in it are told.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use rusqlite::Connection;
use tokio::sync::{Mutex, OwnedMutexGuard, oneshot};
use tokio::time::timeout;

use super::{BUSY, connect, statement};
use crate::database::{Cell, Value};
use crate::error::DatabaseError;

/// How long a change waits for its turn. With a commit of some milliseconds that is a line of thousands.
const TURN: Duration = Duration::from_secs(5);

/// Takes the file's write lock before the first read: what is read can't be outdated by the time it is
/// written, and no change has to give up half-way because another process wrote first.
const BEGIN: &str = "BEGIN IMMEDIATE";

#[derive(Clone)]
pub(super) struct Writer(Arc<Mutex<State>>);

struct State {
    connection: Option<Connection>,
    /// Where to find the file again after a failure; `None` for a database in memory.
    path: Option<PathBuf>,
    closed: bool,
    /// Changes that are done and wait for the commit. Not empty means: a transaction is open.
    done: Vec<oneshot::Sender<Result<(), DatabaseError>>>,
    /// A commit stands in line.
    sent_for: bool,
}

impl Writer {
    pub(super) fn on_disk(path: &Path, connection: Connection) -> Self {
        Self::new(Some(path.to_owned()), connection)
    }

    pub(super) fn in_memory(connection: Connection) -> Self {
        Self::new(None, connection)
    }

    fn new(path: Option<PathBuf>, connection: Connection) -> Self {
        let connection = Some(connection);
        Self(Arc::new(Mutex::new(State {
            connection,
            path,
            closed: false,
            done: Vec::new(),
            sent_for: false,
        })))
    }

    /// The turn without a change, for reading from a database in memory.
    pub(super) async fn turn(&self) -> Result<Turn, DatabaseError> {
        let state =
            timeout(TURN, Arc::clone(&self.0).lock_owned()).await.map_err(|_| DatabaseError::late())?;
        Ok(Turn { state, writer: self.clone(), stage: Stage::Idle, trouble: None })
    }

    pub(super) async fn begin(&self) -> Result<Turn, DatabaseError> {
        let mut turn = self.turn().await?;
        match turn.begin(Duration::ZERO) {
            Ok(()) => Ok(turn),
            Err(error) if error.is_busy() => {
                let begin = move || turn.begin(BUSY).map(|()| turn);
                tokio::task::spawn_blocking(begin).await.unwrap_or_else(|_| Err(DatabaseError::closed()))
            }
            Err(error) => Err(error),
        }
    }

    /// Not before what was done is committed, though its commit may not stand in line yet.
    pub(super) async fn close(&self) {
        let mut state = Arc::clone(&self.0).lock_owned().await;
        let close = move || {
            state.closed = true;
            state.commit();
            state.connection = None;
        };
        let _ = tokio::task::spawn_blocking(close).await;
    }
}

impl State {
    /// The connection; a new one when the last has failed.
    fn connection(&mut self, patience: Duration) -> Result<&Connection, DatabaseError> {
        if self.closed {
            return Err(DatabaseError::closed());
        }
        if let (None, Some(path)) = (&self.connection, &self.path) {
            self.connection = Some(connect(path, patience)?);
        }
        self.connection.as_ref().ok_or_else(DatabaseError::closed)
    }

    /// Waits for the disk.
    fn commit(&mut self) {
        self.sent_for = false;
        if self.done.is_empty() {
            return;
        }
        let committed = match &self.connection {
            Some(connection) => statement::step(connection, "COMMIT").map_err(DatabaseError::from),
            None => Err(DatabaseError::closed()),
        };
        if committed.is_err() {
            self.renew();
        }
        self.tell(&committed);
    }

    /// One that was given up meanwhile does not listen; what it did is kept all the same.
    fn tell(&mut self, outcome: &Result<(), DatabaseError>) {
        for change in self.done.drain(..) {
            let _ = change.send(outcome.clone());
        }
    }

    /// What this connection still has in hand is given up, by the surest means: its end.
    fn renew(&mut self) {
        match (&self.path, &self.connection) {
            (Some(_), _) => self.connection = None,
            (None, Some(connection)) if !connection.is_autocommit() => {
                let _ = statement::step(connection, "ROLLBACK");
            }
            (None, _) => {}
        }
    }
}

enum Stage {
    /// Nothing to undo.
    Idle,
    /// Has begun the transaction.
    First,
    /// Has a savepoint in the transaction of those before.
    Later,
}

/// The only writer, until it commits or is dropped.
pub(crate) struct Turn {
    state: OwnedMutexGuard<State>,
    writer: Writer,
    stage: Stage,
    trouble: Option<DatabaseError>,
}

impl Turn {
    fn begin(&mut self, patience: Duration) -> Result<(), DatabaseError> {
        let others = !self.state.done.is_empty();
        let connection = self.state.connection(patience)?;
        connection.busy_timeout(patience)?;
        let (sql, stage) = if others { ("SAVEPOINT change", Stage::Later) } else { (BEGIN, Stage::First) };
        statement::step(connection, sql)?;
        self.stage = stage;
        Ok(())
    }

    pub(crate) fn fetch(
        &mut self,
        sql: &'static str,
        values: &[Value<'_>],
    ) -> Result<Vec<Vec<Cell>>, DatabaseError> {
        let fetched = statement::fetch(self.connection()?, sql, values);
        fetched.map_err(|error| self.note(error))
    }

    /// Tells how many rows were touched.
    pub(crate) fn execute(&mut self, sql: &'static str, values: &[Value<'_>]) -> Result<u64, DatabaseError> {
        let touched = statement::execute(self.connection()?, sql, values);
        touched.map(|touched| u64::try_from(touched).unwrap_or(u64::MAX)).map_err(|error| self.note(error))
    }

    /// Tells of each row whether it was new.
    pub(crate) fn put_new(
        &mut self,
        sql: &'static str,
        rows: &[(i64, [u8; 16])],
    ) -> Result<Vec<bool>, DatabaseError> {
        let put = statement::put_new(self.connection()?, sql, rows);
        put.map_err(|error| self.note(error))
    }

    /// The one that it began on, and never a new one, on which nothing has begun.
    fn connection(&self) -> Result<&Connection, DatabaseError> {
        self.state.connection.as_ref().ok_or_else(DatabaseError::closed)
    }

    fn note(&mut self, error: rusqlite::Error) -> DatabaseError {
        let error = DatabaseError::from(error);
        self.trouble = Some(error.clone());
        error
    }

    pub(crate) async fn commit(mut self) -> Result<(), DatabaseError> {
        if matches!(self.stage, Stage::Later) {
            statement::step(self.connection()?, "RELEASE change")?;
        }
        let (told, outcome) = oneshot::channel();
        self.stage = Stage::Idle;
        self.state.done.push(told);
        if !self.state.sent_for {
            self.state.sent_for = true;
            let Writer(state) = self.writer.clone();
            drop(tokio::task::spawn_blocking(move || state.blocking_lock().commit()));
        }
        drop(self);
        outcome.await.unwrap_or_else(|_| Err(DatabaseError::closed()))
    }

    fn undo(&mut self) -> Result<(), DatabaseError> {
        let Some(connection) = &self.state.connection else { return Ok(()) };
        match self.stage {
            Stage::Idle => {}
            Stage::First => statement::step(connection, "ROLLBACK")?,
            Stage::Later => {
                statement::step(connection, "ROLLBACK TO change")?;
                statement::step(connection, "RELEASE change")?;
            }
        }
        Ok(())
    }
}

impl Drop for Turn {
    /// After some failures (a full disk) SQLite has rolled back the whole transaction by itself, with
    /// what the others had done: they must hear of it before somebody else begins and commits.
    fn drop(&mut self) {
        if let Err(error) = self.undo() {
            self.state.renew();
            let cause = self.trouble.take().unwrap_or(error);
            self.state.tell(&Err(cause));
        }
    }
}
