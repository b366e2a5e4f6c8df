//! Events on their way out, in the order of their commits.
//!
//! Promise: an event is out exactly when the change that it belongs to is committed, and once, however often
//! that change is tried; positions are given in the order of commits, so who reads on behind the last position
//! it saw misses none.

use domain::{AccountId, Event, EventId, Region, StreamId};
use tokio::sync::watch;

use crate::Store;
use crate::database::{Change, Row, Value};
use crate::error::StoreError;

const OBJECT: &str = "events";
const INSERT: &str = "INSERT INTO outbox (id, happened_at, account, region, lane, envelope) \
    VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT (id) DO NOTHING";
const NEWEST: &str = "SELECT COALESCE(MAX(position), 0) FROM outbox";
const AFTER: &str = "SELECT position, id, happened_at, account, region, lane, envelope FROM outbox \
    WHERE position > $1 ORDER BY position LIMIT $2";
/// Never the newest, so that [`NEWEST`] never goes back.
const FORGET: &str = "DELETE FROM outbox WHERE position IN (SELECT position FROM outbox \
    WHERE happened_at < $2 AND position <= $1 AND position < (SELECT MAX(position) FROM outbox) \
    ORDER BY happened_at LIMIT $3)";

/// An event as it goes out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredEvent {
    /// Its place in the order of all.
    pub position: i64,
    /// Its name, which is in the envelope too.
    pub id: EventId,
    /// When it happened, in milliseconds since 1970.
    pub at: i64,
    /// Whose.
    pub account: AccountId,
    /// Where.
    pub region: Region,
    /// What it must be told in order with: the channel's ARN, or the account for what is about no channel.
    pub lane: String,
    /// What consumers get, as [`Event::envelope`] gave it.
    pub envelope: String,
}

impl Store {
    /// Puts events out that belong to no session, all in one change. One that is out already stays where it
    /// is.
    ///
    /// # Errors
    /// [`StoreError::Write`].
    pub async fn put_events(&self, events: &[Event]) -> Result<(), StoreError> {
        if events.is_empty() {
            return Ok(());
        }
        let change = self.database.begin(OBJECT).await?;
        self.commit_with_events(change, None, events).await
    }

    /// Moves whenever this process has put events out. Those of other processes make no news here, nor does
    /// a change whose caller went away while it was committed: look for them from time to time.
    pub fn outbox_news(&self) -> watch::Receiver<u64> {
        self.news.subscribe()
    }

    /// The position of the newest event; 0 when there never was one.
    ///
    /// # Errors
    /// [`StoreError::Read`].
    pub async fn newest_event(&self) -> Result<i64, StoreError> {
        let row = self.database.fetch_optional(OBJECT, NEWEST, &[]).await?;
        row.map_or(Ok(0), |row| row.integer(0))
    }

    /// The first events behind a position, in order.
    ///
    /// # Errors
    /// [`StoreError::Read`].
    pub async fn events_after(&self, position: i64, limit: u32) -> Result<Vec<StoredEvent>, StoreError> {
        let values = [Value::Integer(position), Value::Integer(limit.into())];
        self.database.fetch(OBJECT, AFTER, &values).await?.iter().map(event).collect()
    }

    /// Forgets at most so many of the events up to a position that happened before a time, the oldest first;
    /// tells how many. The newest event of all stays.
    ///
    /// # Errors
    /// [`StoreError::Write`].
    pub async fn forget_events(&self, up_to: i64, older_than: i64, most: u32) -> Result<u64, StoreError> {
        let values = [Value::Integer(up_to), Value::Integer(older_than), Value::Integer(most.into())];
        let mut change = self.database.begin(OBJECT).await?;
        let forgotten = change.execute(FORGET, &values).await?;
        change.commit().await?;
        Ok(forgotten)
    }

    /// Commits a change with the events that go with it, and makes it known that there are some. What is out
    /// already, from a try before whose answer was lost, is neither told nor kept again.
    pub(crate) async fn commit_with_events(
        &self,
        mut change: Change,
        session: Option<&StreamId>,
        events: &[Event],
    ) -> Result<(), StoreError> {
        let mut new = Vec::with_capacity(events.len());
        for event in events {
            if change.put_event(event).await? {
                new.push(event);
            }
        }
        if let Some(stream) = session {
            change.put_session_events(stream, &new).await?;
        }
        change.commit().await?;
        if !new.is_empty() {
            self.news.send_modify(|commits| *commits = commits.wrapping_add(1));
        }
        Ok(())
    }
}

impl Change {
    /// False when it is out already.
    async fn put_event(&mut self, event: &Event) -> Result<bool, StoreError> {
        let lane = match &event.subject {
            Some(subject) => subject.channel.to_string(),
            None => event.account.to_string(),
        };
        let values = [
            Value::Text(event.id.as_str()),
            Value::Integer(event.at),
            Value::Text(event.account.as_str()),
            Value::Text(event.region.as_str()),
            Value::Text(&lane),
            Value::Text(&event.envelope()),
        ];
        Ok(self.execute(INSERT, &values).await? > 0)
    }

    /// As [`Store::newest_event`], as it is while nobody else writes.
    pub(crate) async fn newest_event(&mut self) -> Result<i64, StoreError> {
        self.count(NEWEST, &[]).await
    }
}

fn event(row: &Row) -> Result<StoredEvent, StoreError> {
    Ok(StoredEvent {
        position: row.integer(0)?,
        id: row.read(1, EventId::parse)?,
        at: row.integer(2)?,
        account: row.read(3, AccountId::parse)?,
        region: row.read(4, Region::parse)?,
        lane: row.text(5)?.to_owned(),
        envelope: row.text(6)?.to_owned(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plan::searches;

    #[tokio::test]
    async fn events_are_read_by_their_position_and_forgotten_by_their_time() {
        searches(AFTER, "INTEGER PRIMARY KEY (rowid>?)").await;
        searches(FORGET, "INDEX outbox_by_time (happened_at<?)").await;
        searches(NEWEST, "SEARCH outbox").await;
    }
}
