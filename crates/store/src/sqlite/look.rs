//! A look at a database file, which stays as it is.
//!
//! Promise: the file is opened for reading alone and is never made.

use std::path::Path;

use rusqlite::{Connection, OpenFlags, OptionalExtension as _};

use super::open_error;
use crate::error::StoreError;
use crate::look::Look;
use crate::steps::SQLITE;

const BOOK: &str = "SELECT 1 FROM sqlite_schema WHERE name = '_sqlx_migrations'";
const LAST: &str = "SELECT MAX(version) FROM _sqlx_migrations";

pub(crate) async fn look(path: &Path) -> Result<Look, StoreError> {
    let path = path.to_owned();
    let looked = tokio::task::spawn_blocking(move || look_blocking(&path)).await;
    // Nothing in there panics; if it did, the panic would be ours.
    looked.unwrap_or_else(|panic| std::panic::resume_unwind(panic.into_panic()))
}

fn look_blocking(path: &Path) -> Result<Look, StoreError> {
    let place = path.display().to_string();
    let open = |source| open_error(&place, source);
    let connection = Connection::open_with_flags(path, OpenFlags::SQLITE_OPEN_READ_ONLY).map_err(open)?;
    connection.busy_timeout(super::BUSY).map_err(open)?;
    let book = connection.query_row(BOOK, [], |_| Ok(())).optional().map_err(open)?;
    let step = match book {
        Some(()) => connection.query_row(LAST, [], |row| row.get(0)).map_err(open)?,
        None => None,
    };
    let known = SQLITE.iter().map(|step| step.version).max().unwrap_or(0);
    Ok(Look { product: format!("SQLite {}", rusqlite::version()), step, known, clock: None })
}
