//! The PostgreSQL backend: one database, many nodes.
//!
//! Promise: of all nodes one change at a time is under way; a node that has lost the database waits for
//! seconds and not for minutes, and works again with the first call after the database is back.

mod line;
mod look;

use std::collections::HashSet;
use std::str::FromStr;
use std::sync::Arc;
use std::time::Duration;

use sqlx::migrate::MigrateError;
use sqlx::pool::{PoolConnection, PoolOptions};
use sqlx::postgres::{PgArguments, PgConnectOptions, PgConnection, PgRow, Postgres};
use sqlx::{Column as _, ConnectOptions as _, Connection as _, Executor, Pool, Row as _, TypeInfo as _};
use tokio::time::timeout;

use crate::database::{Cell, Value};
use crate::error::{DatabaseError, StoreError};
use crate::steps::POSTGRES;
use line::Line;

pub(crate) use look::look;

/// Connections for reading, of each node. A server admits a hundred by default.
const READERS: u32 = 8;

/// Connections for changes, of each node: while one commits, the next may ask for the turn already.
const WRITERS: u32 = 2;

/// How long an act waits for a connection, and a connection for the server.
const ACQUIRE: Duration = Duration::from_secs(3);

/// How long a statement may take, as this side sees it. Longer than the server's own limit below: this
/// one is for a server or a line that says nothing any more.
const PATIENCE: Duration = Duration::from_secs(15);

/// A connection that has been idle for so long is tried before it is used.
const FRESH: Duration = Duration::from_millis(250);

/// Limits on the server's side: for a statement, for waiting for the turn, and for a node that stops
/// half-way through a change while all others wait for it. A server that may lose commits which it has
/// confirmed is told not to.
const SESSION: &str = "SET statement_timeout = '10s'; SET lock_timeout = '5s'; \
    SET idle_in_transaction_session_timeout = '10s'; \
    SELECT set_config('synchronous_commit', 'on', false) \
    WHERE current_setting('synchronous_commit') = 'off'";

/// One turn for all tenants, since some rows (access keys, stream keys by their value) are unique across
/// them; it ends with the transaction. Statements see what was committed before they started, so
/// everything that is read after this line is the last word. The number is arbitrary but must never
/// change: nodes of different versions share it.
const BEGIN: &str = "BEGIN ISOLATION LEVEL READ COMMITTED; SELECT pg_advisory_xact_lock(7239584210471)";

/// Every statement sees what was committed by the first one.
const SNAPSHOT: &str = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY";

/// For a transaction that handles everything there is, under an operator's eyes.
const UNHURRIED: &str = "SET LOCAL statement_timeout = 0; SET LOCAL idle_in_transaction_session_timeout = 0";
const UNHURRIED_PATIENCE: Duration = Duration::from_secs(3600);

/// The next transaction, which nobody uses, gives [`END`] something to end without a warning in the
/// server's log.
const COMMIT: &str = "COMMIT AND CHAIN";
const END: &str = "ROLLBACK";

/// Separate, so that changes which wait for their turn leave the reads their connections.
#[derive(Clone, Debug)]
pub(crate) struct Pools {
    readers: Pool<Postgres>,
    writers: Pool<Postgres>,
    line: Arc<Line>,
}

impl Pools {
    pub(crate) async fn fetch(
        &self,
        sql: &'static str,
        values: &[Value<'_>],
    ) -> Result<Vec<Vec<Cell>>, DatabaseError> {
        if holds_nul(values) {
            return Ok(Vec::new());
        }
        match self.fetch_once(sql, values).await {
            Err(error) if self.is_worth_another_try(&error) => self.fetch_once(sql, values).await,
            outcome => outcome,
        }
    }

    async fn fetch_once(
        &self,
        sql: &'static str,
        values: &[Value<'_>],
    ) -> Result<Vec<Vec<Cell>>, DatabaseError> {
        let mut connection = self.line.acquire(&self.readers).await?;
        fetch(&mut connection, PATIENCE, sql, values).await
    }

    /// Tells of each row whether it was new. One statement outside of any turn, and never tried twice: a row
    /// of the first try that the answer was lost of would not be new any more. Rows must be sorted, so that
    /// two nodes that put the same ones in wait for each other in one direction only.
    pub(crate) async fn put_new(
        &self,
        sql: &'static str,
        rows: &[(i64, [u8; 16])],
    ) -> Result<Vec<bool>, DatabaseError> {
        let integers: Vec<i64> = rows.iter().map(|(integer, _)| *integer).collect();
        let bytes: Vec<Vec<u8>> = rows.iter().map(|(_, bytes)| bytes.to_vec()).collect();
        // Among the connections for reading: those for changes end what they have begun.
        let mut connection = self.line.acquire(&self.readers).await?;
        let put = connection.fetch_all(sqlx::query(sql).bind(integers).bind(bytes));
        let put = match within(PATIENCE, put).await.map_err(DatabaseError::from) {
            // Noted for the calls after this one.
            Err(error) if self.is_worth_another_try(&error) => return Err(error),
            put => put?,
        };
        let new = put.iter().map(|row| Ok((row.try_get(0)?, row.try_get::<Vec<u8>, _>(1)?)));
        let new: HashSet<(i64, Vec<u8>)> = new.collect::<sqlx::Result<_>>()?;
        Ok(rows.iter().map(|(integer, bytes)| new.contains(&(*integer, bytes.to_vec()))).collect())
    }

    /// Puts all rows in by one statement outside of any turn. Rows must be sorted, as with [`Pools::put_new`].
    pub(crate) async fn put_bytes(
        &self,
        sql: &'static str,
        rows: &[(String, i64, Vec<u8>)],
    ) -> Result<(), DatabaseError> {
        match self.put_bytes_once(sql, rows).await {
            Err(error) if self.is_worth_another_try(&error) => self.put_bytes_once(sql, rows).await,
            outcome => outcome,
        }
    }

    async fn put_bytes_once(
        &self,
        sql: &'static str,
        rows: &[(String, i64, Vec<u8>)],
    ) -> Result<(), DatabaseError> {
        let texts: Vec<String> = rows.iter().map(|(text, ..)| text.clone()).collect();
        let integers: Vec<i64> = rows.iter().map(|(_, integer, _)| *integer).collect();
        let bytes: Vec<Vec<u8>> = rows.iter().map(|(.., bytes)| bytes.clone()).collect();
        // Among the connections for reading: those for changes end what they have begun.
        let mut connection = self.line.acquire(&self.readers).await?;
        let put = connection.execute(sqlx::query(sql).bind(texts).bind(integers).bind(bytes));
        within(PATIENCE, put).await?;
        Ok(())
    }

    pub(crate) async fn begin(&self) -> Result<Transaction, DatabaseError> {
        match self.begin_once().await {
            Err(error) if self.is_worth_another_try(&error) => self.begin_once().await,
            outcome => outcome,
        }
    }

    async fn begin_once(&self) -> Result<Transaction, DatabaseError> {
        let mut connection = self.line.acquire(&self.writers).await?;
        within(PATIENCE, connection.execute(BEGIN)).await?;
        Ok(Transaction { connection, patience: PATIENCE })
    }

    pub(crate) async fn begin_long(&self) -> Result<Transaction, DatabaseError> {
        self.begin().await?.unhurried().await
    }

    /// Among the connections for changes, as those are rolled back when they are given back.
    pub(crate) async fn snapshot(&self) -> Result<Transaction, DatabaseError> {
        let mut connection = self.line.acquire(&self.writers).await?;
        within(PATIENCE, connection.execute(SNAPSHOT)).await?;
        Transaction { connection, patience: PATIENCE }.unhurried().await
    }

    /// The line was cut: the server may have gone and come back since the connection was last used, and
    /// then so have all others. To be asked only about what changes nothing.
    fn is_worth_another_try(&self, error: &DatabaseError) -> bool {
        let cut = error.is_cut();
        if cut {
            self.line.note_cut();
        }
        cut
    }

    pub(crate) async fn close(&self) {
        self.readers.close().await;
        self.writers.close().await;
    }
}

/// A connection within a transaction, whatever that has come to: on the way back to the pool it is
/// rolled back. sqlx's own transaction is not used since one that is given up while it begins leaves its
/// connection, and with it the turn to write, as it is.
pub(crate) struct Transaction {
    connection: PoolConnection<Postgres>,
    patience: Duration,
}

impl Transaction {
    async fn unhurried(mut self) -> Result<Self, DatabaseError> {
        within(PATIENCE, self.connection.execute(UNHURRIED)).await?;
        Ok(Self { patience: UNHURRIED_PATIENCE, ..self })
    }

    pub(crate) async fn fetch(
        &mut self,
        sql: &'static str,
        values: &[Value<'_>],
    ) -> Result<Vec<Vec<Cell>>, DatabaseError> {
        fetch(&mut self.connection, self.patience, sql, values).await
    }

    /// Tells how many rows were touched.
    pub(crate) async fn execute(
        &mut self,
        sql: &'static str,
        values: &[Value<'_>],
    ) -> Result<u64, DatabaseError> {
        let done = within(self.patience, self.connection.execute(query(sql, values))).await?;
        Ok(done.rows_affected())
    }

    pub(crate) async fn commit(mut self) -> Result<(), DatabaseError> {
        within(self.patience, self.connection.execute(COMMIT)).await?;
        Ok(())
    }
}

async fn fetch(
    connection: &mut PgConnection,
    patience: Duration,
    sql: &'static str,
    values: &[Value<'_>],
) -> Result<Vec<Vec<Cell>>, DatabaseError> {
    let rows = within(patience, connection.fetch_all(query(sql, values))).await?;
    rows.iter().map(cells).collect()
}

async fn within<T>(patience: Duration, act: impl Future<Output = sqlx::Result<T>>) -> sqlx::Result<T> {
    timeout(patience, act).await.unwrap_or_else(|late| Err(sqlx::Error::Io(late.into())))
}

/// PostgreSQL has no text with a NUL in it and refuses to look for one. So none is there.
fn holds_nul(values: &[Value<'_>]) -> bool {
    values.iter().any(|value| matches!(value, Value::Text(text) if text.contains('\0')))
}

fn query(sql: &'static str, values: &[Value<'_>]) -> sqlx::query::Query<'static, Postgres, PgArguments> {
    values.iter().fold(sqlx::query(sql), |query, value| match *value {
        Value::Text(text) => query.bind(text.to_owned()),
        Value::Integer(integer) => query.bind(integer),
        Value::Bytes(bytes) => query.bind(bytes.to_owned()),
    })
}

fn cells(row: &PgRow) -> Result<Vec<Cell>, DatabaseError> {
    row.columns().iter().map(|column| Ok(cell(row, column.ordinal(), column.type_info().name())?)).collect()
}

fn cell(row: &PgRow, column: usize, kind: &str) -> sqlx::Result<Cell> {
    let cell = match kind {
        "INT8" => row.try_get::<Option<i64>, _>(column)?.map(Cell::Integer),
        // What `SELECT 1` gives.
        "INT4" => row.try_get::<Option<i32>, _>(column)?.map(|integer| Cell::Integer(integer.into())),
        "BYTEA" => row.try_get::<Option<Vec<u8>>, _>(column)?.map(Cell::Bytes),
        _ => row.try_get::<Option<String>, _>(column)?.map(Cell::Text),
    };
    Ok(cell.unwrap_or(Cell::Null))
}

/// Connects and brings the database up to date.
pub(crate) async fn connect(address: &str) -> Result<Pools, StoreError> {
    let open = |place: &str, source: sqlx::Error| StoreError::Open {
        place: place.to_owned(),
        source: source.into(),
    };
    let options =
        PgConnectOptions::from_str(address).map_err(|source| open("at the address given", source))?;
    let options = options.application_name("rillcast").disable_statement_logging();
    let place = place(&options);
    migrate(&options, &place).await?;
    let line = Arc::new(Line::new(options.clone(), place.clone()));
    let writers = pool(WRITERS, &line).after_release(|connection, _| Box::pin(ends(connection)));
    let writers = writers.connect_with(options.clone()).await.map_err(|source| open(&place, source))?;
    let readers = pool(READERS, &line).after_release(|connection, _| Box::pin(answers(connection)));
    let readers = readers.connect_with(options).await.map_err(|source| open(&place, source))?;
    Ok(Pools { readers, writers, line })
}

/// Where the database is, in words and without the password.
fn place(options: &PgConnectOptions) -> String {
    let name = options.get_database().unwrap_or(options.get_username());
    let socket = options.get_socket().map(|path| path.display().to_string());
    let host = socket.unwrap_or_else(|| options.get_host().to_owned());
    format!("{name} at {host}:{}", options.get_port())
}

fn pool(connections: u32, line: &Arc<Line>) -> PoolOptions<Postgres> {
    let line = Arc::clone(line);
    PoolOptions::<Postgres>::new()
        .max_connections(connections)
        .min_connections(1)
        .acquire_timeout(ACQUIRE)
        .test_before_acquire(false)
        .before_acquire(move |connection, meta| {
            let trusted = meta.idle_for < FRESH && !line.was_cut_within(meta.idle_for);
            Box::pin(async move { if trusted { Ok(true) } else { answers(connection).await } })
        })
        .after_connect(|connection, _| Box::pin(prepare(connection)))
}

async fn prepare(connection: &mut PgConnection) -> sqlx::Result<()> {
    within(PATIENCE, connection.execute(SESSION)).await.map(drop)
}

/// Within seconds; sqlx, which asks the same when a connection comes back, would wait for a silent server
/// until the line's own time limit, and keep one connection after the other from the pool.
async fn answers(connection: &mut PgConnection) -> sqlx::Result<bool> {
    soon(connection.ping()).await.map(|()| true)
}

async fn ends(connection: &mut PgConnection) -> sqlx::Result<bool> {
    soon(connection.execute(END)).await.map(|_| true)
}

async fn soon<T>(act: impl Future<Output = sqlx::Result<T>>) -> sqlx::Result<T> {
    within(ACQUIRE, act).await
}

/// On a connection of its own, without the limits of a session: a step may take its time, and another
/// node that starts now waits for it.
async fn migrate(options: &PgConnectOptions, place: &str) -> Result<(), StoreError> {
    let open = |source: sqlx::Error| StoreError::Open { place: place.to_owned(), source: source.into() };
    let mut connection = soon(options.connect()).await.map_err(open)?;
    let done = POSTGRES.run(&mut connection).await;
    done.map_err(|source| migrate_error(place, source))?;
    connection.close().await.map_err(open)
}

fn migrate_error(place: &str, source: MigrateError) -> StoreError {
    let place = place.to_owned();
    let known = POSTGRES.iter().map(|migration| migration.version).max().unwrap_or(0);
    match source {
        MigrateError::VersionMissing(found) if found > known => {
            StoreError::NewerDatabase { place, found, known }
        }
        source => StoreError::Migrate { place, source: source.into() },
    }
}
