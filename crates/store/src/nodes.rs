//! Signs of life of the servers that have streams on air.
//!
//! Promise: a node with an open session has given a sign of life, if only by opening it.

use crate::Store;
use crate::database::{Change, Value};
use crate::error::StoreError;

const OBJECT: &str = "a node's sign of life";
const BEAT: &str = "INSERT INTO nodes (name, beaten_at) VALUES ($1, $2) \
    ON CONFLICT (name) DO UPDATE SET beaten_at = excluded.beaten_at";
const NOTE: &str = "INSERT INTO nodes (name, beaten_at) VALUES ($1, $2) \
    ON CONFLICT (name) DO UPDATE SET beaten_at = excluded.beaten_at WHERE nodes.beaten_at < excluded.beaten_at";
const GET: &str = "SELECT beaten_at FROM nodes WHERE name = $1";
const LIST_SILENT: &str = "SELECT name, beaten_at FROM nodes WHERE beaten_at < $1 AND EXISTS (\
    SELECT 1 FROM stream_sessions WHERE node = nodes.name AND ended_at = 9223372036854775807) ORDER BY name";
const FORGET: &str = "DELETE FROM nodes WHERE beaten_at < $1 AND NOT EXISTS (\
    SELECT 1 FROM stream_sessions WHERE node = nodes.name AND ended_at = 9223372036854775807)";

impl Store {
    /// Writes down that a node lives, at this time of its own clock, in milliseconds since 1970.
    ///
    /// # Errors
    /// [`StoreError::Write`].
    pub async fn beat(&self, node: &str, now: i64) -> Result<(), StoreError> {
        let mut change = self.database.begin(OBJECT).await?;
        change.execute(BEAT, &[Value::Text(node), Value::Integer(now)]).await?;
        change.commit().await
    }

    /// A node's last sign of life; `None`: it never gave one, or so long ago that it is forgotten.
    ///
    /// # Errors
    /// [`StoreError::Read`].
    pub async fn heartbeat(&self, node: &str) -> Result<Option<i64>, StoreError> {
        let row = self.database.fetch_optional(OBJECT, GET, &[Value::Text(node)]).await?;
        row.map(|row| row.integer(0)).transpose()
    }

    /// The nodes that have open sessions and gave no sign of life since a time, by name, each with its last.
    ///
    /// # Errors
    /// [`StoreError::Read`].
    pub async fn silent_nodes(&self, beaten_before: i64) -> Result<Vec<(String, i64)>, StoreError> {
        let values = [Value::Integer(beaten_before)];
        let rows = self.database.fetch("the silent nodes", LIST_SILENT, &values).await?;
        rows.iter().map(|row| Ok((row.text(0)?.to_owned(), row.integer(1)?))).collect()
    }
}

impl Change {
    /// As [`Store::beat`], and never back: what happened on a node may be written later than it happened.
    pub(crate) async fn note_life(&mut self, node: &str, at: i64) -> Result<(), StoreError> {
        self.execute(NOTE, &[Value::Text(node), Value::Integer(at)]).await.map(drop)
    }

    /// Forgets the nodes that gave no sign of life since a time and have no open session.
    pub(crate) async fn forget_nodes(&mut self, beaten_before: i64) -> Result<(), StoreError> {
        self.execute(FORGET, &[Value::Integer(beaten_before)]).await.map(drop)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plan::plan;

    #[tokio::test]
    async fn of_sessions_only_the_open_ones_are_looked_at_for_a_node() {
        for sql in [LIST_SILENT, FORGET] {
            let plan = plan(sql).await;
            assert!(plan.contains("INDEX stream_sessions_open_by_node (node=?)"), "{plan}");
        }
    }
}
