//! How far each sink of events is, and who serves it.
//!
//! Promise: at any time one holder at most moves a sink on, and a sink never moves back; a new sink misses
//! nothing from its first claim on and gets nothing from before.

use crate::Store;
use crate::database::{Row, Value};
use crate::error::StoreError;

const OBJECT: &str = "an event sink";
const GET: &str = "SELECT name, position, holder, held_until FROM event_sinks WHERE name = $1";
const LIST: &str = "SELECT name, position, holder, held_until FROM event_sinks ORDER BY name";
const CLAIM: &str = "INSERT INTO event_sinks (name, position, holder, held_until) VALUES ($1, $2, $3, $4) \
    ON CONFLICT (name) DO UPDATE SET holder = excluded.holder, held_until = excluded.held_until \
    WHERE event_sinks.holder = excluded.holder OR event_sinks.held_until <= $5";
const ADVANCE: &str = "UPDATE event_sinks SET \
    position = CASE WHEN position < $3 THEN $3 ELSE position END, held_until = $4 \
    WHERE name = $1 AND holder = $2";
const RELEASE: &str = "UPDATE event_sinks SET holder = '', held_until = 0 WHERE name = $1 AND holder = $2";
const DELETE: &str = "DELETE FROM event_sinks WHERE name = $1";

/// A sink as it stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SinkRow {
    /// Its name.
    pub name: String,
    /// All events up to this position were delivered or given up.
    pub position: i64,
    /// Who serves it; empty: nobody.
    pub holder: String,
    /// Until when, in milliseconds since 1970.
    pub held_until: i64,
}

impl Store {
    /// Claims a sink for a holder (any text but the empty one) until a time, both in milliseconds since 1970:
    /// its position when it is the holder's now, `None` while it is somebody else's. The holder may claim
    /// again. A new sink starts behind the newest event.
    ///
    /// # Errors
    /// [`StoreError::Read`], [`StoreError::Write`].
    pub async fn claim_sink(
        &self,
        name: &str,
        holder: &str,
        now: i64,
        until: i64,
    ) -> Result<Option<i64>, StoreError> {
        // All nodes ask again and again; only who has a chance takes a turn.
        let row = self.database.fetch_optional(OBJECT, GET, &[Value::Text(name)]).await?;
        let taken = |sink: SinkRow| sink.holder != holder && sink.held_until > now;
        if row.as_ref().map(sink).transpose()?.is_some_and(taken) {
            return Ok(None);
        }
        let mut change = self.database.begin(OBJECT).await?;
        let newest = Value::Integer(change.newest_event().await?);
        let times = [Value::Integer(until), Value::Integer(now)];
        let values = [Value::Text(name), newest, Value::Text(holder), times[0], times[1]];
        if change.execute(CLAIM, &values).await? == 0 {
            return Ok(None);
        }
        let rows = change.fetch(GET, &values[..1]).await?;
        let position = rows.first().map(|row| row.integer(1)).transpose()?;
        change.commit().await?;
        Ok(position)
    }

    /// Moves a sink on to a position, or leaves it where it is when it is there already or farther, and holds
    /// it until a time. False when it is somebody else's: nothing is changed then.
    ///
    /// # Errors
    /// [`StoreError::Write`].
    pub async fn advance_sink(
        &self,
        name: &str,
        holder: &str,
        position: i64,
        until: i64,
    ) -> Result<bool, StoreError> {
        let (name, holder) = (Value::Text(name), Value::Text(holder));
        let values = [name, holder, Value::Integer(position), Value::Integer(until)];
        let mut change = self.database.begin(OBJECT).await?;
        let moved = change.execute(ADVANCE, &values).await? > 0;
        change.commit().await?;
        Ok(moved)
    }

    /// Lets a sink go, so that another may claim it at once. Nothing happens when it is somebody else's.
    ///
    /// # Errors
    /// [`StoreError::Write`].
    pub async fn release_sink(&self, name: &str, holder: &str) -> Result<(), StoreError> {
        let mut change = self.database.begin(OBJECT).await?;
        change.execute(RELEASE, &[Value::Text(name), Value::Text(holder)]).await?;
        change.commit().await
    }

    /// All sinks that were ever claimed and are not forgotten, by name.
    ///
    /// # Errors
    /// [`StoreError::Read`].
    pub async fn sinks(&self) -> Result<Vec<SinkRow>, StoreError> {
        self.database.fetch("the event sinks", LIST, &[]).await?.iter().map(sink).collect()
    }

    /// Forgets how far a sink is: should it come back, it starts behind the newest event. Its dead letters
    /// stay until their time is over.
    ///
    /// # Errors
    /// [`StoreError::Write`].
    pub async fn forget_sink(&self, name: &str) -> Result<(), StoreError> {
        let mut change = self.database.begin(OBJECT).await?;
        change.execute(DELETE, &[Value::Text(name)]).await?;
        change.commit().await
    }
}

fn sink(row: &Row) -> Result<SinkRow, StoreError> {
    Ok(SinkRow {
        name: row.text(0)?.to_owned(),
        position: row.integer(1)?,
        holder: row.text(2)?.to_owned(),
        held_until: row.integer(3)?,
    })
}
