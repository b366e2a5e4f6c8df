//! What a database said when it failed, whichever it is.
//!
//! Promise: one question, [`DatabaseError::is_unavailable`], has the same meaning for both databases.

use std::io;
use std::sync::Arc;

use rusqlite::ErrorCode;
use sqlx::migrate::MigrateError;

/// What the database said, in the driver's own words.
#[derive(Clone, Debug, thiserror::Error)]
#[error(transparent)]
pub struct DatabaseError(Arc<Cause>);

/// The drivers' errors have the text of their sources in their own, so they are not given as sources: a
/// line of the log would say everything twice.
#[derive(Debug, thiserror::Error)]
enum Cause {
    #[error("{0}")]
    Server(sqlx::Error),
    #[error("no connection to {place}: {error}")]
    Away { place: String, error: sqlx::Error },
    #[error("{0}")]
    File(rusqlite::Error),
    #[error("{0}")]
    Migration(MigrateError),
    #[error("no turn to write within the time limit")]
    Late,
    #[error("the database was closed")]
    Closed,
    /// PostgreSQL would take the commit of a broken transaction for a roll-back, and say that all is well.
    #[error("an earlier statement of the same change had failed")]
    Broken,
    #[error("column {0} holds something else than was expected")]
    Column(usize),
}

impl DatabaseError {
    pub(crate) fn broken() -> Self {
        Self(Arc::new(Cause::Broken))
    }

    /// No connection to this place could be made.
    pub(crate) fn away(place: &str, error: sqlx::Error) -> Self {
        Self(Arc::new(Cause::Away { place: place.to_owned(), error }))
    }

    pub(crate) fn late() -> Self {
        Self(Arc::new(Cause::Late))
    }

    pub(crate) fn closed() -> Self {
        Self(Arc::new(Cause::Closed))
    }

    pub(crate) fn column(column: usize) -> Self {
        Self(Arc::new(Cause::Column(column)))
    }

    /// Another connection has the lock on the file, so that waiting may help.
    pub(crate) fn is_busy(&self) -> bool {
        let Cause::File(error) = &*self.0 else { return false };
        matches!(error.sqlite_error_code(), Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked))
    }

    /// The line to the server is cut, as after its restart; a new one may work at once.
    pub(crate) fn is_cut(&self) -> bool {
        match &*self.0 {
            Cause::Server(sqlx::Error::Io(error)) => error.kind() != io::ErrorKind::TimedOut,
            Cause::Server(sqlx::Error::Database(error)) => {
                error.code().is_some_and(|code| code.starts_with("57P") || code.starts_with("08"))
            }
            _ => false,
        }
    }

    /// See [`crate::StoreError::is_unavailable`].
    pub fn is_unavailable(&self) -> bool {
        match &*self.0 {
            Cause::Server(error) | Cause::Away { error, .. } => server_is_unavailable(error),
            Cause::Migration(MigrateError::Execute(error) | MigrateError::ExecuteMigration(error, _)) => {
                server_is_unavailable(error)
            }
            Cause::File(error) => error.sqlite_error_code().is_some_and(file_is_unavailable),
            Cause::Late | Cause::Closed => true,
            Cause::Migration(_) | Cause::Broken | Cause::Column(_) => false,
        }
    }
}

impl From<sqlx::Error> for DatabaseError {
    fn from(error: sqlx::Error) -> Self {
        Self(Arc::new(Cause::Server(error)))
    }
}

impl From<rusqlite::Error> for DatabaseError {
    fn from(error: rusqlite::Error) -> Self {
        Self(Arc::new(Cause::File(error)))
    }
}

impl From<MigrateError> for DatabaseError {
    fn from(error: MigrateError) -> Self {
        Self(Arc::new(Cause::Migration(error)))
    }
}

/// By the result code (sqlite.org/rescode.html).
fn file_is_unavailable(code: ErrorCode) -> bool {
    matches!(
        code,
        ErrorCode::DatabaseBusy
            | ErrorCode::DatabaseLocked
            | ErrorCode::SystemIoFailure
            | ErrorCode::DiskFull
            | ErrorCode::CannotOpen
            | ErrorCode::ReadOnly
            | ErrorCode::PermissionDenied
            | ErrorCode::FileLockingProtocolFailed
            | ErrorCode::OutOfMemory
    )
}

fn server_is_unavailable(error: &sqlx::Error) -> bool {
    match error {
        sqlx::Error::Database(error) => error.code().is_some_and(|code| state_is_unavailable(&code)),
        sqlx::Error::Io(_)
        | sqlx::Error::Tls(_)
        | sqlx::Error::PoolTimedOut
        | sqlx::Error::PoolClosed
        | sqlx::Error::Protocol(_)
        | sqlx::Error::WorkerCrashed => true,
        _ => false,
    }
}

/// By the SQLSTATE (postgresql.org/docs/current/errcodes-appendix.html): its class, or all of it where a
/// class has other members too.
fn state_is_unavailable(state: &str) -> bool {
    // Connection, authentication, no such database, deadlock and the like, resources, intervention
    // (shutdown, cancelled by a time limit), failures of the machine below.
    const CLASSES: [&str; 7] = ["08", "28", "3D", "40", "53", "57", "58"];
    // A standby that only reads; a transaction ended for idling; a lock not had in time.
    const STATES: [&str; 3] = ["25006", "25P03", "55P03"];
    state.get(..2).is_some_and(|class| CLASSES.contains(&class)) || STATES.contains(&state)
}
