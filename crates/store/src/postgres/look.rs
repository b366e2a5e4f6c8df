//! A look at a database of a server, which stays as it is.
//!
//! Promise: reads alone, on a connection of its own, within seconds.

use std::str::FromStr as _;

use sqlx::postgres::PgConnectOptions;
use sqlx::{ConnectOptions as _, Connection as _, PgConnection};

use super::{place, soon};
use crate::error::StoreError;
use crate::look::Look;
use crate::steps::POSTGRES;

const VERSION: &str = "SELECT current_setting('server_version')";
const BOOK: &str = "SELECT to_regclass('_sqlx_migrations') IS NOT NULL";
const LAST: &str = "SELECT MAX(version) FROM _sqlx_migrations";
const CLOCK: &str = "SELECT (EXTRACT(EPOCH FROM clock_timestamp()) * 1000)::BIGINT";

pub(crate) async fn look(address: &str) -> Result<Look, StoreError> {
    let options = PgConnectOptions::from_str(address).map_err(|source| StoreError::Open {
        place: "at the address given".to_owned(),
        source: source.into(),
    })?;
    let options = options.application_name("rillcast").disable_statement_logging();
    let place = place(&options);
    let seen = soon(async {
        let mut connection = options.connect().await?;
        let seen = ask(&mut connection).await?;
        connection.close().await?;
        Ok(seen)
    });
    seen.await.map_err(|source| StoreError::Open { place, source: source.into() })
}

async fn ask(connection: &mut PgConnection) -> sqlx::Result<Look> {
    let version: String = sqlx::query_scalar(VERSION).fetch_one(&mut *connection).await?;
    let has_book: bool = sqlx::query_scalar(BOOK).fetch_one(&mut *connection).await?;
    let step = if has_book { sqlx::query_scalar(LAST).fetch_one(&mut *connection).await? } else { None };
    let clock: i64 = sqlx::query_scalar(CLOCK).fetch_one(&mut *connection).await?;
    let known = POSTGRES.iter().map(|migration| migration.version).max().unwrap_or(0);
    Ok(Look { product: format!("PostgreSQL {version}"), step, known, clock: Some(clock) })
}
