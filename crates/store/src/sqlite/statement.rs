//! A statement on a connection: values in, cells out.
//!
//! Promise: a statement is prepared once for each connection, and no value is ever part of its text.

use rusqlite::types::{ToSqlOutput, ValueRef};
use rusqlite::{Connection, Row, Statement, ToSql};

use crate::database::{Cell, Value};

impl ToSql for Value<'_> {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok(ToSqlOutput::Borrowed(match self {
            Self::Text(text) => ValueRef::Text(text.as_bytes()),
            Self::Integer(integer) => ValueRef::Integer(*integer),
            Self::Bytes(bytes) => ValueRef::Blob(bytes),
        }))
    }
}

/// The same value with its bytes, for a thread of its own.
pub(super) fn owned(value: &Value<'_>) -> rusqlite::types::Value {
    match *value {
        Value::Text(text) => text.to_owned().into(),
        Value::Integer(integer) => integer.into(),
        Value::Bytes(bytes) => bytes.to_owned().into(),
    }
}

pub(super) fn fetch(
    connection: &Connection,
    sql: &'static str,
    values: &[impl ToSql],
) -> rusqlite::Result<Vec<Vec<Cell>>> {
    let mut statement = connection.prepare_cached(sql)?;
    let columns = statement.column_count();
    bind(&mut statement, values)?;
    let mut rows = statement.raw_query();
    let mut fetched = Vec::new();
    while let Some(row) = rows.next()? {
        fetched.push((0..columns).map(|column| cell(row, column)).collect::<Result<_, _>>()?);
    }
    Ok(fetched)
}

/// Tells how many rows were touched.
pub(super) fn execute(
    connection: &Connection,
    sql: &'static str,
    values: &[impl ToSql],
) -> rusqlite::Result<usize> {
    let mut statement = connection.prepare_cached(sql)?;
    bind(&mut statement, values)?;
    statement.raw_execute()
}

/// The same statement for each row; tells of each whether it was new.
pub(super) fn put_new(
    connection: &Connection,
    sql: &'static str,
    rows: &[(i64, [u8; 16])],
) -> rusqlite::Result<Vec<bool>> {
    let mut statement = connection.prepare_cached(sql)?;
    let touched = rows.iter().map(|(integer, bytes)| {
        statement.raw_bind_parameter(1, integer)?;
        statement.raw_bind_parameter(2, &bytes[..])?;
        Ok(statement.raw_execute()? > 0)
    });
    touched.collect()
}

/// A statement that only moves the transaction along.
pub(super) fn step(connection: &Connection, sql: &'static str) -> rusqlite::Result<()> {
    connection.prepare_cached(sql)?.execute([]).map(drop)
}

/// To SQLite `$2` is a name, and names are numbered as they come up in the text; to PostgreSQL, for which
/// the text is written too, it is the second value wherever it stands.
fn bind(statement: &mut Statement<'_>, values: &[impl ToSql]) -> rusqlite::Result<()> {
    for place in 1..=statement.parameter_count() {
        let number = statement.parameter_name(place).and_then(|name| name.strip_prefix('$')?.parse().ok());
        let value = number.and_then(|number: usize| values.get(number.checked_sub(1)?));
        let value = value.ok_or(rusqlite::Error::InvalidParameterCount(place, values.len()))?;
        statement.raw_bind_parameter(place, value)?;
    }
    Ok(())
}

fn cell(row: &Row<'_>, column: usize) -> rusqlite::Result<Cell> {
    Ok(match row.get_ref(column)? {
        ValueRef::Null => Cell::Null,
        ValueRef::Integer(integer) => Cell::Integer(integer),
        ValueRef::Blob(bytes) => Cell::Bytes(bytes.to_owned()),
        // Numbers with a fraction, and text that is none, are refused: nothing here writes them.
        ValueRef::Text(_) | ValueRef::Real(_) => Cell::Text(row.get(column)?),
    })
}
