//! Events that a sink would not take, kept until they are delivered after all or their time is over.
//!
//! Promise: of an event that a sink refused time and again there is one letter, the newest; a letter holds
//! all that it takes to deliver the event, also when the outbox has forgotten it.

use domain::{AccountId, EventId};

use crate::Store;
use crate::database::{Row, Value};
use crate::error::StoreError;
use crate::page::{Page, PageRequest, Position};

const OBJECT: &str = "a dead letter";

/// Characters of a reason that are kept.
const REASON: usize = 1_000;

/// Letters that one change looks at.
const SLICE: i64 = 10_000;

const PUT: &str = "INSERT INTO dead_letters \
    (sink, event, id, happened_at, account, envelope, attempts, failed_at, reason, due) \
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, 0) ON CONFLICT (sink, event) DO UPDATE SET \
    id = excluded.id, happened_at = excluded.happened_at, account = excluded.account, \
    envelope = excluded.envelope, attempts = excluded.attempts, failed_at = excluded.failed_at, \
    reason = excluded.reason, due = 0";

/// All letters, and what else they must be.
macro_rules! list {
    ($($condition:literal)?, $order:literal) => {
        concat!(
            "SELECT position, sink, event, id, happened_at, account, envelope, attempts, failed_at, reason ",
            "FROM dead_letters WHERE ", $($condition, " AND ",)? $order
        )
    };
}

const LIST: &str = list!(, "position > $1 ORDER BY position LIMIT $2");
const LIST_SINK: &str = list!("sink = $3", "position > $1 ORDER BY position LIMIT $2");
const LIST_ACCOUNT: &str = list!("account = $3", "position > $1 ORDER BY position LIMIT $2");
/// What is joined to the account keeps SQLite from the index of accounts: most letters in it may be of other
/// sinks.
const LIST_SINK_ACCOUNT: &str =
    list!("sink = $3 AND account || '' = $4", "position > $1 ORDER BY position LIMIT $2");
const LIST_DUE: &str = list!("sink = $1", "due = 1 ORDER BY event LIMIT $2");
const LAST: &str = "SELECT COALESCE(MAX(position), 0) FROM dead_letters";
const FIRST: &str = "SELECT COALESCE(MIN(position), 1) FROM dead_letters";
/// Where a text is empty, any will do.
const MARK: &str = "UPDATE dead_letters SET due = 1 WHERE position >= $1 AND position < $2 AND due = 0 \
    AND ($3 = '' OR sink = $3) AND ($4 = '' OR id = $4) AND ($5 = '' OR account = $5)";
const DELETE: &str = "DELETE FROM dead_letters WHERE sink = $1 AND event = $2";
const FORGET: &str = "DELETE FROM dead_letters WHERE position IN (SELECT position FROM dead_letters \
    WHERE failed_at < $1 ORDER BY failed_at LIMIT $2)";

/// An event that a sink would not take.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DeadLetter {
    /// The sink's name.
    pub sink: String,
    /// The event's position in the outbox; with the sink it names the letter.
    pub position: i64,
    /// The event's id.
    pub id: EventId,
    /// When it happened, in milliseconds since 1970.
    pub at: i64,
    /// Whose event.
    pub account: AccountId,
    /// What the sink was to get.
    pub envelope: String,
    /// How often that was tried.
    pub attempts: u32,
    /// When it was given up, in milliseconds since 1970.
    pub failed_at: i64,
    /// Why. Of long ones the beginning is kept.
    pub reason: String,
}

impl Store {
    /// Keeps letters, all in one change; each takes the place of an older one of the same sink and event.
    ///
    /// # Errors
    /// [`StoreError::Write`]; then none was kept.
    pub async fn put_dead_letters(&self, letters: &[DeadLetter]) -> Result<(), StoreError> {
        if letters.is_empty() {
            return Ok(());
        }
        let mut change = self.database.begin(OBJECT).await?;
        for letter in letters {
            let reason = storable(&letter.reason);
            let values = [
                Value::Text(&letter.sink),
                Value::Integer(letter.position),
                Value::Text(letter.id.as_str()),
                Value::Integer(letter.at),
                Value::Text(letter.account.as_str()),
                Value::Text(&letter.envelope),
                Value::Integer(letter.attempts.into()),
                Value::Integer(letter.failed_at),
                Value::Text(&reason),
            ];
            change.execute(PUT, &values).await?;
        }
        change.commit().await
    }

    /// A page of the letters of a sink (`None`: of all) and of an account (`None`: of all), in the order in
    /// which their events were given up first.
    ///
    /// # Errors
    /// [`StoreError::Read`].
    pub async fn dead_letters(
        &self,
        sink: Option<&str>,
        request: PageRequest,
        account: Option<&AccountId>,
    ) -> Result<Page<DeadLetter>, StoreError> {
        let sql = match (sink, account) {
            (None, None) => LIST,
            (Some(_), None) => LIST_SINK,
            (None, Some(_)) => LIST_ACCOUNT,
            (Some(_), Some(_)) => LIST_SINK_ACCOUNT,
        };
        let mut values = vec![Value::Integer(request.after.get()), Value::Integer(request.probe())];
        values.extend(sink.map(Value::Text));
        values.extend(account.map(|account| Value::Text(account.as_str())));
        let rows = self.database.fetch("the dead letters", sql, &values).await?;
        let row = |row: &Row| Ok((Position::new(row.integer(0)?), letter(row)?));
        let rows: Result<Vec<_>, StoreError> = rows.iter().map(row).collect();
        Ok(Page::cut(rows?, request))
    }

    /// Marks the letters of a sink (`None`: of all), an event and an account as due for another try; tells
    /// how many were not so marked before. Others may write between the slices that this is done in.
    ///
    /// # Errors
    /// [`StoreError::Read`], [`StoreError::Write`]; some may be marked then.
    pub async fn redeliver(
        &self,
        sink: Option<&str>,
        id: Option<&EventId>,
        account: Option<&AccountId>,
    ) -> Result<u64, StoreError> {
        if sink.is_some_and(|sink| sink.is_empty() || sink.contains('\0')) {
            return Ok(0);
        }
        let texts = [sink, id.map(EventId::as_str), account.map(AccountId::as_str)];
        let [sink, id, account] = texts.map(|text| Value::Text(text.unwrap_or_default()));
        let end = async |sql| {
            let row = self.database.fetch_optional(OBJECT, sql, &[]).await?;
            row.map_or(Ok(0), |row| row.integer(0))
        };
        let (mut from, last) = (end(FIRST).await?, end(LAST).await?);
        let mut marked = 0;
        while from <= last {
            let until = from.saturating_add(SLICE);
            let mut change = self.database.begin(OBJECT).await?;
            let values = [Value::Integer(from), Value::Integer(until), sink, id, account];
            marked += change.execute(MARK, &values).await?;
            change.commit().await?;
            from = until;
        }
        Ok(marked)
    }

    /// The first of a sink's letters that are due, in the order of their events.
    ///
    /// # Errors
    /// [`StoreError::Read`].
    pub async fn due_letters(&self, sink: &str, limit: u32) -> Result<Vec<DeadLetter>, StoreError> {
        let values = [Value::Text(sink), Value::Integer(limit.into())];
        self.database.fetch("the due letters", LIST_DUE, &values).await?.iter().map(letter).collect()
    }

    /// Drops a letter that was delivered at last; nothing happens when there is none.
    ///
    /// # Errors
    /// [`StoreError::Write`].
    pub async fn remove_letter(&self, sink: &str, position: i64) -> Result<(), StoreError> {
        let mut change = self.database.begin(OBJECT).await?;
        change.execute(DELETE, &[Value::Text(sink), Value::Integer(position)]).await?;
        change.commit().await
    }

    /// Forgets at most so many of the letters that were given up before a time, the oldest first; tells how
    /// many.
    ///
    /// # Errors
    /// [`StoreError::Write`].
    pub async fn forget_letters(&self, failed_before: i64, most: u32) -> Result<u64, StoreError> {
        let mut change = self.database.begin(OBJECT).await?;
        let values = [Value::Integer(failed_before), Value::Integer(most.into())];
        let forgotten = change.execute(FORGET, &values).await?;
        change.commit().await?;
        Ok(forgotten)
    }
}

/// Reasons come from outside: PostgreSQL takes no NUL, and nobody reads a page of them.
fn storable(reason: &str) -> String {
    reason.chars().take(REASON).map(|char| if char == '\0' { '\u{fffd}' } else { char }).collect()
}

fn letter(row: &Row) -> Result<DeadLetter, StoreError> {
    Ok(DeadLetter {
        sink: row.text(1)?.to_owned(),
        position: row.integer(2)?,
        id: row.read(3, EventId::parse)?,
        at: row.integer(4)?,
        account: row.read(5, AccountId::parse)?,
        envelope: row.text(6)?.to_owned(),
        attempts: u32::try_from(row.integer(7)?).unwrap_or(u32::MAX),
        failed_at: row.integer(8)?,
        reason: row.text(9)?.to_owned(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plan::searches;

    #[tokio::test]
    async fn letters_are_found_by_an_index_in_order() {
        for (sql, index) in [
            (LIST, "INTEGER PRIMARY KEY (rowid>?)"),
            (LIST_SINK, "INDEX dead_letters_by_sink (sink=? AND position>?)"),
            (LIST_ACCOUNT, "INDEX dead_letters_by_account (account=? AND position>?)"),
            (LIST_SINK_ACCOUNT, "INDEX dead_letters_by_sink (sink=? AND position>?)"),
            (LIST_DUE, "INDEX dead_letters_due (sink=?)"),
            (MARK, "INTEGER PRIMARY KEY (rowid>? AND rowid<?)"),
            (DELETE, "INDEX sqlite_autoindex_dead_letters_1 (sink=? AND event=?)"),
            (FORGET, "INDEX dead_letters_by_failure (failed_at<?)"),
        ] {
            searches(sql, index).await;
        }
    }
}
