//! The SQLite backend: one file, one writer, many readers.
//!
//! Promise: a commit is on disk when it returns (`synchronous=FULL`: with `NORMAL` a power cut could
//! take the last commits of the write-ahead log back after a caller was told they stand).

use std::fs::{DirBuilder, File, OpenOptions, Permissions};
use std::io;
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::time::Duration;

use sqlx::migrate::{MigrateError, Migrator};
use sqlx::pool::PoolOptions;
use sqlx::sqlite::SqliteRow;
use sqlx::sqlite::{
    Sqlite, SqliteArguments, SqliteConnectOptions, SqliteConnection, SqliteJournalMode, SqliteSynchronous,
};
use sqlx::{Column as _, Executor, Pool, Row as _, TypeInfo as _, ValueRef as _};

use crate::database::{Cell, Value};
use crate::error::{DatabaseError, StoreError};

pub(crate) type Transaction = sqlx::Transaction<'static, Sqlite>;

static MIGRATIONS: Migrator = sqlx::migrate!("migrations/sqlite");

/// Connections for reading; each has a thread of its own.
const READERS: u32 = 4;

/// How long a change waits for another process (the command line beside the server) to finish its own.
const BUSY: Duration = Duration::from_secs(5);

/// How long an act waits for a connection of this process.
const ACQUIRE: Duration = Duration::from_secs(10);

/// Changes queue here, at one connection, and not at the file's lock, where SQLite would poll.
#[derive(Clone, Debug)]
pub(crate) struct Pools {
    readers: Pool<Sqlite>,
    writer: Pool<Sqlite>,
}

impl Pools {
    pub(crate) async fn fetch(
        &self,
        sql: &'static str,
        values: &[Value<'_>],
    ) -> Result<Vec<Vec<Cell>>, DatabaseError> {
        let rows = self.readers.fetch_all(query(sql, values)).await?;
        rows.iter().map(cells).collect()
    }

    /// `IMMEDIATE` takes the write lock before the first read: what is read can't be outdated by the
    /// time it is written, and no transaction has to give up half-way because another wrote first.
    pub(crate) async fn begin(&self) -> Result<Transaction, DatabaseError> {
        Ok(self.writer.begin_with("BEGIN IMMEDIATE").await?)
    }

    pub(crate) async fn close(&self) {
        self.readers.close().await;
        // The last connection to close folds the write-ahead log into the file.
        self.writer.close().await;
    }
}

pub(crate) async fn fetch(
    connection: &mut SqliteConnection,
    sql: &'static str,
    values: &[Value<'_>],
) -> Result<Vec<Vec<Cell>>, DatabaseError> {
    let rows = connection.fetch_all(query(sql, values)).await?;
    rows.iter().map(cells).collect()
}

pub(crate) async fn execute(
    connection: &mut SqliteConnection,
    sql: &'static str,
    values: &[Value<'_>],
) -> Result<u64, DatabaseError> {
    Ok(connection.execute(query(sql, values)).await?.rows_affected())
}

fn cells(row: &SqliteRow) -> Result<Vec<Cell>, DatabaseError> {
    let cell = |column: usize| {
        let raw = row.try_get_raw(column)?;
        Ok(match raw.type_info().name() {
            "NULL" => Cell::Null,
            "INTEGER" => Cell::Integer(row.try_get(column)?),
            "TEXT" => Cell::Text(row.try_get(column)?),
            _ => Cell::Bytes(row.try_get(column)?),
        })
    };
    row.columns().iter().map(|column| cell(column.ordinal())).collect()
}

fn query(sql: &'static str, values: &[Value<'_>]) -> sqlx::query::Query<'static, Sqlite, SqliteArguments> {
    values.iter().fold(sqlx::query(sql), |query, value| match *value {
        Value::Text(text) => query.bind(text.to_owned()),
        Value::Integer(integer) => query.bind(integer),
        Value::Bytes(bytes) => query.bind(bytes.to_owned()),
    })
}

/// Opens or makes the file and brings it up to date.
pub(crate) async fn open(path: &Path) -> Result<Pools, StoreError> {
    // Held until the migrations are through: a second process that starts now waits for them.
    let _turn = prepare(path).await?;
    let options = SqliteConnectOptions::new()
        .filename(path)
        .journal_mode(SqliteJournalMode::Wal)
        .synchronous(SqliteSynchronous::Full)
        .busy_timeout(BUSY)
        .foreign_keys(true);
    let writer = connect(1, options.clone()).await.map_err(|source| open_error(path, source))?;
    migrate(&writer, path).await?;
    let readers = connect(READERS, options).await.map_err(|source| open_error(path, source))?;
    Ok(Pools { readers, writer })
}

/// One connection serves both ways: a second one would have an empty database of its own.
pub(crate) async fn in_memory() -> Result<Pools, StoreError> {
    let path = Path::new(":memory:");
    let options = SqliteConnectOptions::new().filename(path).foreign_keys(true);
    let writer = connect(1, options).await.map_err(|source| open_error(path, source))?;
    migrate(&writer, path).await?;
    Ok(Pools { readers: writer.clone(), writer })
}

async fn connect(connections: u32, options: SqliteConnectOptions) -> sqlx::Result<Pool<Sqlite>> {
    let pool = PoolOptions::<Sqlite>::new()
        .max_connections(connections)
        .min_connections(1)
        .acquire_timeout(ACQUIRE)
        // Nothing can cut the line to a file: no test before use, no renewal by age.
        .test_before_acquire(false)
        .idle_timeout(None)
        .max_lifetime(None);
    pool.connect_with(options).await
}

async fn migrate(writer: &Pool<Sqlite>, path: &Path) -> Result<(), StoreError> {
    MIGRATIONS.run(writer).await.map_err(|source| migrate_error(path, source))
}

fn migrate_error(path: &Path, source: MigrateError) -> StoreError {
    let place = path.display().to_string();
    let known = MIGRATIONS.iter().map(|migration| migration.version).max().unwrap_or(0);
    match source {
        MigrateError::VersionMissing(found) if found > known => {
            StoreError::NewerDatabase { place, found, known }
        }
        MigrateError::Execute(source) => open_error(path, source),
        source => StoreError::Migrate { place, source: source.into() },
    }
}

fn open_error(path: &Path, source: sqlx::Error) -> StoreError {
    let place = path.display().to_string();
    if is_damage(&source) {
        StoreError::NotADatabase { place, source: source.into() }
    } else {
        StoreError::Open { place, source: source.into() }
    }
}

/// `SQLITE_CORRUPT` (11) or `SQLITE_NOTADB` (26); the low byte of an extended code is the code.
fn is_damage(error: &sqlx::Error) -> bool {
    let code = error.as_database_error().and_then(sqlx::error::DatabaseError::code);
    let code = code.and_then(|code| code.parse::<u32>().ok());
    code.is_some_and(|code| matches!(code & 0xff, 11 | 26))
}

/// Makes folder and file with narrow rights before SQLite would make them with wide ones (it gives
/// the log beside the file the file's mode), and takes the turn to migrate.
async fn prepare(path: &Path) -> Result<File, StoreError> {
    let file = path.to_owned();
    let prepared = tokio::task::spawn_blocking(move || prepare_blocking(&file)).await;
    let prepared = prepared.unwrap_or_else(|panic| Err(io::Error::other(panic)));
    prepared.map_err(|source| StoreError::Prepare { path: path.to_owned(), source })
}

fn prepare_blocking(path: &Path) -> io::Result<File> {
    if let Some(folder) = path.parent().filter(|folder| !folder.as_os_str().is_empty()) {
        DirBuilder::new().recursive(true).mode(0o700).create(folder)?;
    }
    let turn =
        OpenOptions::new().create(true).truncate(false).write(true).mode(0o600).open(lock_path(path))?;
    turn.lock()?;
    // Never open an existing file here: closing it would drop the locks that SQLite, elsewhere in
    // this process, holds on it (sqlite.org/howtocorrupt.html, section 2.2).
    match OpenOptions::new().create_new(true).write(true).mode(0o600).open(path) {
        Ok(_) => {}
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
            std::fs::set_permissions(path, Permissions::from_mode(0o600))?;
        }
        Err(error) => return Err(error),
    }
    Ok(turn)
}

fn lock_path(path: &Path) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(".lock");
    PathBuf::from(name)
}

#[cfg(test)]
mod tests {
    use super::*;
    use sqlx::{Decode, Type};

    async fn pragma<T>(pool: &Pool<Sqlite>, sql: &'static str) -> T
    where
        T: Send + Unpin + for<'row> Decode<'row, Sqlite> + Type<Sqlite>,
    {
        sqlx::query_scalar(sql).fetch_one(pool).await.expect("a setting")
    }

    #[tokio::test]
    async fn every_connection_forces_commits_to_disk_and_keeps_references() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let pools = open(&folder.path().join("rillcast.db")).await.expect("a new database");
        for pool in [&pools.readers, &pools.writer] {
            assert_eq!(pragma::<String>(pool, "PRAGMA journal_mode").await, "wal");
            assert_eq!(pragma::<i64>(pool, "PRAGMA synchronous").await, 2, "FULL");
            assert_eq!(pragma::<i64>(pool, "PRAGMA foreign_keys").await, 1);
            assert_eq!(pragma::<i64>(pool, "PRAGMA busy_timeout").await, 5_000);
        }
    }

    #[tokio::test]
    async fn a_dropped_change_leaves_nothing_and_frees_the_writer() {
        let pools = in_memory().await.expect("an empty database");
        let insert = "INSERT INTO secrets (name, value) VALUES ($1, $2)";
        let values = [Value::Text("half"), Value::Bytes(b"done")];
        let mut transaction = pools.begin().await.expect("the only writer");
        execute(&mut transaction, insert, &values).await.expect("a first half");
        drop(transaction);
        let rows = pools.fetch("SELECT name FROM secrets", &[]).await.expect("a read");
        assert!(rows.is_empty());
        let mut transaction = pools.begin().await.expect("the writer is free again");
        execute(&mut transaction, insert, &values).await.expect("the same again");
        transaction.commit().await.expect("a commit");
    }
}
