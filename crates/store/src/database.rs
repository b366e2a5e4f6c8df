//! One way to speak SQL, whatever the database behind it.
//!
//! Promise: between [`Database::begin`] and [`Change::commit`] no other change commits, so what a
//! change read still holds when it writes; a change that is dropped leaves nothing behind.

use domain::Arn;
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::error::{DatabaseError, StoreError};
use crate::page::{Page, PageRequest, Position, Tenant};
use crate::{postgres, sqlite};

/// A bound value. Everything else is written as one of these, so both databases can hold it.
#[derive(Clone, Copy)]
pub(crate) enum Value<'a> {
    Text(&'a str),
    Integer(i64),
    Bytes(&'a [u8]),
}

/// What the two databases can't be asked in the same words.
#[derive(Clone, Copy)]
pub(crate) struct BothWays {
    pub(crate) sqlite: &'static str,
    pub(crate) postgres: &'static str,
}

/// A value that was read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Cell {
    Null,
    Text(String),
    Integer(i64),
    Bytes(Vec<u8>),
}

impl Cell {
    /// The same, to be bound. No column of ours may hold nothing, so there is no value for it.
    pub(crate) fn value(&self) -> Value<'_> {
        match self {
            Self::Null => Value::Text(""),
            Self::Text(text) => Value::Text(text),
            Self::Integer(integer) => Value::Integer(*integer),
            Self::Bytes(bytes) => Value::Bytes(bytes),
        }
    }
}

/// The database: reads go straight to it, changes through [`Database::begin`].
#[derive(Clone, Debug)]
pub(crate) enum Database {
    Sqlite(sqlite::Sqlite),
    Postgres(postgres::Pools),
}

impl Database {
    pub(crate) async fn fetch(
        &self,
        object: &'static str,
        sql: &'static str,
        values: &[Value<'_>],
    ) -> Result<Vec<Row>, StoreError> {
        let rows = match self {
            Self::Sqlite(pools) => pools.fetch(sql, values).await,
            Self::Postgres(pools) => pools.fetch(sql, values).await,
        };
        rows_of(object, rows)
    }

    pub(crate) async fn fetch_optional(
        &self,
        object: &'static str,
        sql: &'static str,
        values: &[Value<'_>],
    ) -> Result<Option<Row>, StoreError> {
        Ok(self.fetch(object, sql, values).await?.into_iter().next())
    }

    pub(crate) async fn begin(&self, object: &'static str) -> Result<Change, StoreError> {
        let transaction = match self {
            Self::Sqlite(pools) => pools.begin().await.map(Transaction::Sqlite),
            Self::Postgres(pools) => pools.begin().await.map(Transaction::Postgres),
        };
        let transaction = transaction.map_err(|source| StoreError::Write { object, source })?;
        Ok(Change { object, transaction, broken: false })
    }

    /// As [`Database::begin`], for a change that may take long and lets nobody else change anything meanwhile.
    pub(crate) async fn begin_long(&self, object: &'static str) -> Result<Change, StoreError> {
        let transaction = match self {
            Self::Sqlite(database) => database.begin().await.map(Transaction::Sqlite),
            Self::Postgres(pools) => pools.begin_long().await.map(Transaction::Postgres),
        };
        let transaction = transaction.map_err(|source| StoreError::Write { object, source })?;
        Ok(Change { object, transaction, broken: false })
    }

    /// Puts rows of an integer and bytes in, sorted, that may be there already; tells of each whether it was
    /// new. On SQLite the statement is for one row, on PostgreSQL for arrays of both columns, gives the rows
    /// that were new, and asks for no turn: rows that two nodes put in at once are new for one of them.
    pub(crate) async fn put_new(
        &self,
        object: &'static str,
        sql: BothWays,
        rows: &[(i64, [u8; 16])],
    ) -> Result<Vec<bool>, StoreError> {
        let new = match self {
            Self::Sqlite(database) => database.put_new(sql.sqlite, rows).await,
            Self::Postgres(pools) => pools.put_new(sql.postgres, rows).await,
        };
        new.map_err(|source| StoreError::Write { object, source })
    }

    /// Puts rows of a text, an integer and bytes in, sorted, all in one commit; the statement says what becomes of
    /// those that are there already. On SQLite it is for one row, on PostgreSQL for arrays of the three columns, and
    /// asks for no turn. May be tried again.
    pub(crate) async fn put_bytes(
        &self,
        object: &'static str,
        sql: BothWays,
        rows: &[(String, i64, Vec<u8>)],
    ) -> Result<(), StoreError> {
        let put = match self {
            Self::Sqlite(database) => database.put_bytes(sql.sqlite, rows).await,
            Self::Postgres(pools) => pools.put_bytes(sql.postgres, rows).await,
        };
        put.map_err(|source| StoreError::Write { object, source })
    }

    /// One moment to read from, as often as needed, while others write.
    pub(crate) async fn snapshot(&self, object: &'static str) -> Result<Snapshot, StoreError> {
        let moment = match self {
            Self::Sqlite(pools) => pools.snapshot().await.map(Moment::Sqlite),
            Self::Postgres(pools) => pools.snapshot().await.map(Moment::Postgres),
        };
        Ok(Snapshot { object, moment: moment.map_err(|source| StoreError::Read { object, source })? })
    }

    pub(crate) async fn close(&self) {
        match self {
            Self::Sqlite(pools) => pools.close().await,
            Self::Postgres(pools) => pools.close().await,
        }
    }
}

enum Moment {
    Sqlite(sqlite::Snapshot),
    Postgres(postgres::Transaction),
}

/// The database as it was at one moment. To be dropped when done with.
pub(crate) struct Snapshot {
    object: &'static str,
    moment: Moment,
}

impl Snapshot {
    pub(crate) async fn fetch_either(&mut self, sql: BothWays) -> Result<Vec<Row>, StoreError> {
        let sql = match self.moment {
            Moment::Sqlite(_) => sql.sqlite,
            Moment::Postgres(_) => sql.postgres,
        };
        self.fetch(sql, &[]).await
    }

    pub(crate) async fn fetch(
        &mut self,
        sql: &'static str,
        values: &[Value<'_>],
    ) -> Result<Vec<Row>, StoreError> {
        let rows = match &mut self.moment {
            Moment::Sqlite(snapshot) => snapshot.fetch(sql, values),
            Moment::Postgres(transaction) => transaction.fetch(sql, values).await,
        };
        rows_of(self.object, rows)
    }
}

enum Transaction {
    Sqlite(sqlite::Turn),
    Postgres(postgres::Transaction),
}

/// A change under way: the only writer until it commits or is dropped. After a statement has failed
/// it can only be dropped: databases differ in what they would do with it.
pub(crate) struct Change {
    object: &'static str,
    transaction: Transaction,
    broken: bool,
}

impl Change {
    pub(crate) async fn fetch(
        &mut self,
        sql: &'static str,
        values: &[Value<'_>],
    ) -> Result<Vec<Row>, StoreError> {
        let rows = match &mut self.transaction {
            _ if self.broken => Err(DatabaseError::broken()),
            Transaction::Sqlite(turn) => turn.fetch(sql, values),
            Transaction::Postgres(transaction) => transaction.fetch(sql, values).await,
        };
        self.broken |= rows.is_err();
        rows_of(self.object, rows)
    }

    /// The number in the first column of the only row, as `SELECT COUNT(*)` gives it.
    pub(crate) async fn count(&mut self, sql: &'static str, values: &[Value<'_>]) -> Result<i64, StoreError> {
        let row = self.fetch(sql, values).await?.into_iter().next();
        row.map_or(Ok(0), |row| row.integer(0))
    }

    /// Tells how many rows were touched.
    pub(crate) async fn execute(
        &mut self,
        sql: &'static str,
        values: &[Value<'_>],
    ) -> Result<u64, StoreError> {
        let done = match &mut self.transaction {
            _ if self.broken => Err(DatabaseError::broken()),
            Transaction::Sqlite(turn) => turn.execute(sql, values),
            Transaction::Postgres(transaction) => transaction.execute(sql, values).await,
        };
        self.broken |= done.is_err();
        done.map_err(|source| StoreError::Write { object: self.object, source })
    }

    pub(crate) async fn execute_either(
        &mut self,
        sql: BothWays,
        values: &[Value<'_>],
    ) -> Result<(), StoreError> {
        let sql = match self.transaction {
            Transaction::Sqlite(_) => sql.sqlite,
            Transaction::Postgres(_) => sql.postgres,
        };
        self.execute(sql, values).await.map(drop)
    }

    pub(crate) async fn commit(self) -> Result<(), StoreError> {
        let Self { object, transaction, broken } = self;
        let done = match transaction {
            _ if broken => Err(DatabaseError::broken()),
            Transaction::Sqlite(turn) => turn.commit().await,
            Transaction::Postgres(transaction) => transaction.commit().await,
        };
        done.map_err(|source| StoreError::Write { object, source })
    }
}

fn rows_of(
    object: &'static str,
    rows: Result<Vec<Vec<Cell>>, DatabaseError>,
) -> Result<Vec<Row>, StoreError> {
    let rows = rows.map_err(|source| StoreError::Read { object, source })?;
    Ok(rows.into_iter().map(|cells| Row { object, cells }).collect())
}

/// A row; columns are read by their place in the `SELECT`.
pub(crate) struct Row {
    object: &'static str,
    cells: Vec<Cell>,
}

impl Row {
    pub(crate) fn text(&self, column: usize) -> Result<&str, StoreError> {
        match self.cells.get(column) {
            Some(Cell::Text(text)) => Ok(text),
            _ => Err(self.unexpected(column)),
        }
    }

    pub(crate) fn arn(&self, column: usize) -> Result<Arn, StoreError> {
        self.text(column)?.parse().map_err(|_| self.unexpected(column))
    }

    /// What a text that has been checked once reads as.
    pub(crate) fn read<T>(
        &self,
        column: usize,
        parse: impl FnOnce(&str) -> Option<T>,
    ) -> Result<T, StoreError> {
        parse(self.text(column)?).ok_or_else(|| self.unexpected(column))
    }

    pub(crate) fn integer(&self, column: usize) -> Result<i64, StoreError> {
        match self.cells.get(column) {
            Some(Cell::Integer(integer)) => Ok(*integer),
            _ => Err(self.unexpected(column)),
        }
    }

    pub(crate) fn bytes(&self, column: usize) -> Result<Vec<u8>, StoreError> {
        match self.cells.get(column) {
            Some(Cell::Bytes(bytes)) => Ok(bytes.clone()),
            _ => Err(self.unexpected(column)),
        }
    }

    pub(crate) fn body<T: DeserializeOwned>(&self, column: usize) -> Result<T, StoreError> {
        let text = self.text(column)?;
        serde_json::from_str(text).map_err(|source| StoreError::Decode { object: self.object, source })
    }

    pub(crate) fn cells(&self) -> &[Cell] {
        &self.cells
    }

    fn unexpected(&self, column: usize) -> StoreError {
        StoreError::Read { object: self.object, source: DatabaseError::column(column) }
    }
}

/// The JSON body of an entity, as [`Row::body`] reads it back.
pub(crate) fn body<T: Serialize>(object: &'static str, entity: &T) -> Result<String, StoreError> {
    serde_json::to_string(entity).map_err(|source| StoreError::Encode { object, source })
}

/// A page of rows `position, body`, fetched with [`PageRequest::probe`] as their limit.
pub(crate) fn page<T: DeserializeOwned>(rows: &[Row], request: PageRequest) -> Result<Page<T>, StoreError> {
    let rows: Result<Vec<_>, _> =
        rows.iter().map(|row| Ok((Position::new(row.integer(0)?), row.body(1)?))).collect();
    Ok(Page::cut(rows?, request))
}

/// An ARN and the account and region that the row must also have: the three values that every look-up
/// by ARN binds first.
pub(crate) struct Address {
    pub(crate) arn: String,
    account: String,
    region: String,
}

impl Address {
    pub(crate) fn of(arn: &Arn, tenant: &Tenant) -> Self {
        Self { arn: arn.to_string(), account: tenant.account.to_string(), region: tenant.region.to_string() }
    }

    pub(crate) fn values(&self) -> [Value<'_>; 3] {
        [Value::Text(&self.arn), Value::Text(&self.account), Value::Text(&self.region)]
    }
}
