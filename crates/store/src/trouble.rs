//! What a database said when it failed, whichever it is.
//!
//! Promise: one question, [`DatabaseError::is_unavailable`], has the same meaning for both databases.

use sqlx::migrate::MigrateError;

/// What the database said. Its text and its sources are the driver's own.
#[derive(Debug, thiserror::Error)]
#[error(transparent)]
pub struct DatabaseError(Box<Cause>);

#[derive(Debug, thiserror::Error)]
enum Cause {
    #[error(transparent)]
    Server(sqlx::Error),
    #[error(transparent)]
    Migration(MigrateError),
    /// PostgreSQL would take the commit of a broken transaction for a roll-back, and say that all is well.
    #[error("an earlier statement of the same change had failed")]
    Broken,
    #[error("column {0} holds something else than was expected")]
    Column(usize),
}

impl DatabaseError {
    pub(crate) fn broken() -> Self {
        Self(Box::new(Cause::Broken))
    }

    pub(crate) fn column(column: usize) -> Self {
        Self(Box::new(Cause::Column(column)))
    }

    /// See [`crate::StoreError::is_unavailable`].
    pub fn is_unavailable(&self) -> bool {
        match &*self.0 {
            Cause::Server(error) => server_is_unavailable(error),
            Cause::Migration(MigrateError::Execute(error) | MigrateError::ExecuteMigration(error, _)) => {
                server_is_unavailable(error)
            }
            Cause::Migration(_) | Cause::Broken | Cause::Column(_) => false,
        }
    }
}

impl From<sqlx::Error> for DatabaseError {
    fn from(error: sqlx::Error) -> Self {
        Self(Box::new(Cause::Server(error)))
    }
}

impl From<MigrateError> for DatabaseError {
    fn from(error: MigrateError) -> Self {
        Self(Box::new(Cause::Migration(error)))
    }
}

fn server_is_unavailable(error: &sqlx::Error) -> bool {
    match error {
        sqlx::Error::Database(error) => error.code().is_some_and(|code| state_is_unavailable(&code)),
        sqlx::Error::Io(_)
        | sqlx::Error::Tls(_)
        | sqlx::Error::PoolTimedOut
        | sqlx::Error::PoolClosed
        | sqlx::Error::Protocol(_)
        | sqlx::Error::BeginFailed
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
