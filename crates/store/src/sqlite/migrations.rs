//! Brings a database up to date, step by step.
//!
//! The book of steps is the table that sqlx keeps, which made the first databases and still makes the
//! PostgreSQL ones: the steps are the same and so is their bookkeeping.
//!
//! Promise: all missing steps are made or none of them; a database that a newer version has changed, or
//! whose steps were other ones, is refused and left as it is; one that is up to date is only read, so that
//! whoever opens it waits for no writer.

use rusqlite::{Connection, OptionalExtension as _, Transaction, TransactionBehavior, params};
use sqlx::migrate::{MigrateError, Migration};

use super::open_error;
use crate::error::StoreError;
use crate::steps::SQLITE;

const IS_THERE: &str = "SELECT EXISTS (SELECT 1 FROM sqlite_schema WHERE name = '_sqlx_migrations')";
const BOOK: &str = "CREATE TABLE IF NOT EXISTS _sqlx_migrations (\
    version BIGINT PRIMARY KEY, description TEXT NOT NULL, \
    installed_on TIMESTAMP NOT NULL DEFAULT CURRENT_TIMESTAMP, success BOOLEAN NOT NULL, \
    checksum BLOB NOT NULL, execution_time BIGINT NOT NULL)";
const KNOWN: &str = "SELECT checksum FROM _sqlx_migrations WHERE version = $1 AND success";
const LAST: &str = "SELECT MAX(version) FROM _sqlx_migrations";
const DONE: &str = "INSERT INTO _sqlx_migrations (version, description, success, checksum, execution_time) \
    VALUES ($1, $2, TRUE, $3, 0)";

pub(super) fn run(connection: &mut Connection, place: &str) -> Result<(), StoreError> {
    let open = |source| open_error(place, source);
    let has_book = connection.query_row(IS_THERE, [], |row| row.get(0)).map_err(open)?;
    if has_book && missing(connection, place)?.is_empty() {
        return Ok(());
    }
    // A step may rebuild a table that others refer to.
    connection.pragma_update(None, "foreign_keys", false).map_err(open)?;
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate).map_err(open)?;
    transaction.execute_batch(BOOK).map_err(open)?;
    for step in missing(&transaction, place)? {
        make(&transaction, step).map_err(open)?;
    }
    transaction.commit().map_err(open)?;
    connection.pragma_update(None, "foreign_keys", true).map_err(open)
}

/// The steps that are still to be made; asked of a database that has the book.
fn missing(connection: &Connection, place: &str) -> Result<Vec<&'static Migration>, StoreError> {
    let last = connection.query_row(LAST, [], |row| row.get::<_, Option<i64>>(0));
    let last = last.map_err(|source| open_error(place, source))?;
    let known = SQLITE.iter().map(|step| step.version).max().unwrap_or(0);
    if let Some(found) = last.filter(|found| *found > known) {
        return Err(StoreError::NewerDatabase { place: place.to_owned(), found, known });
    }
    let mut missing = Vec::new();
    for step in SQLITE.iter() {
        if !is_made(connection, step, place)? {
            missing.push(step);
        }
    }
    Ok(missing)
}

fn is_made(connection: &Connection, step: &Migration, place: &str) -> Result<bool, StoreError> {
    let found = connection.query_row(KNOWN, [step.version], |row| row.get::<_, Vec<u8>>(0)).optional();
    match found.map_err(|source| open_error(place, source))? {
        Some(checksum) if checksum != *step.checksum => {
            let source = MigrateError::VersionMismatch(step.version).into();
            Err(StoreError::Migrate { place: place.to_owned(), source })
        }
        found => Ok(found.is_some()),
    }
}

fn make(transaction: &Transaction<'_>, step: &Migration) -> rusqlite::Result<()> {
    transaction.execute_batch(step.sql.as_str())?;
    transaction.execute(DONE, params![step.version, step.description, step.checksum]).map(drop)
}
