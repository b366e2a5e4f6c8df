//! Recordings, with the events that are told of them.
//!
//! Promise: what is told of a recording is written by one change with what it tells of; a recording outlives its
//! channel and its stream sessions, until it is removed.

use domain::{Arn, Event, Recording, RecordingStage, ResourceId, StreamId};

use crate::Store;
use crate::database::{Row, Value, body};
use crate::error::StoreError;
use crate::page::{NewestPage, NewestRequest, Position, Tenant};

const OBJECT: &str = "a recording";
const OBJECTS: &str = "the recordings";

/// When a recording ended that goes on, as its row holds it.
const OPEN: i64 = i64::MAX;

const PUT: &str = "INSERT INTO recordings (id, channel, account, region, node, place, ended_at, body) \
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8) \
    ON CONFLICT (id) DO UPDATE SET ended_at = excluded.ended_at, body = excluded.body";
const GET: &str = "SELECT body FROM recordings WHERE id = $1";
const GET_AT: &str = "SELECT body FROM recordings WHERE place = $1";
const LIST: &str =
    "SELECT position, body FROM recordings WHERE position < $1 ORDER BY position DESC LIMIT $2";
const LIST_OF: &str = "SELECT position, body FROM recordings \
    WHERE channel = $1 AND position < $2 ORDER BY position DESC LIMIT $3";
const LIST_OF_TENANT: &str = "SELECT position, body FROM recordings \
    WHERE account = $1 AND region = $2 AND position < $3 ORDER BY position DESC LIMIT $4";
const LIST_OPEN: &str = "SELECT body FROM recordings WHERE node = $1 AND ended_at = $2 ORDER BY position";
const LIST_ENDED: &str = "SELECT body FROM recordings \
    WHERE node = $1 AND ended_at < $2 ORDER BY ended_at LIMIT $3";
const REMOVE: &str = "DELETE FROM recordings WHERE id = $1";
const SESSION: &str = "SELECT 1 FROM stream_sessions WHERE stream = $1";

impl Store {
    /// Writes down a recording, in place of what stood of it before, and puts events out in the same change; those
    /// are kept with the session of `stream` too, if there still is one. May be tried again when the answer was lost:
    /// an event that is out is not told again.
    ///
    /// # Errors
    /// [`StoreError::Write`], [`StoreError::Read`].
    pub async fn put_recording(
        &self,
        recording: &Recording,
        stream: &StreamId,
        events: &[Event],
    ) -> Result<(), StoreError> {
        let text = body(OBJECT, recording)?;
        let place = place(&recording.configuration.bucket, &recording.prefix);
        let channel = recording.channel.to_string();
        let values = [
            Value::Text(recording.id.as_str()),
            Value::Text(&channel),
            Value::Text(recording.channel.account.as_str()),
            Value::Text(recording.channel.region.as_str()),
            Value::Text(&recording.node),
            Value::Text(&place),
            Value::Integer(ended_at(recording)),
            Value::Text(&text),
        ];
        let mut change = self.database.begin(OBJECT).await?;
        change.execute(PUT, &values).await?;
        let known = !change.fetch(SESSION, &[Value::Text(stream.as_str())]).await?.is_empty();
        self.commit_with_events(change, Some(stream).filter(|_| known), events).await
    }

    /// The recording of this id.
    ///
    /// # Errors
    /// [`StoreError::Read`], [`StoreError::Decode`].
    pub async fn recording(&self, id: &ResourceId) -> Result<Option<Recording>, StoreError> {
        self.one_recording(GET, id.as_str()).await
    }

    /// The recording under this prefix, without a slash at either end, in this bucket.
    ///
    /// # Errors
    /// [`StoreError::Read`], [`StoreError::Decode`].
    pub async fn recording_at(&self, bucket: &str, prefix: &str) -> Result<Option<Recording>, StoreError> {
        self.one_recording(GET_AT, &place(bucket, prefix)).await
    }

    /// A page of all recordings, of whatever account, or of those of one channel: the newest first.
    ///
    /// # Errors
    /// [`StoreError::Read`], [`StoreError::Decode`].
    pub async fn recordings(
        &self,
        channel: Option<&Arn>,
        request: NewestRequest,
    ) -> Result<NewestPage<Recording>, StoreError> {
        let (before, probe) = (Value::Integer(request.behind()), Value::Integer(request.probe()));
        let rows = match channel.map(Arn::to_string) {
            None => self.database.fetch(OBJECTS, LIST, &[before, probe]).await?,
            Some(channel) => {
                self.database.fetch(OBJECTS, LIST_OF, &[Value::Text(&channel), before, probe]).await?
            }
        };
        newest(&rows, request)
    }

    /// A page of all recordings of a tenant: the newest first.
    ///
    /// # Errors
    /// [`StoreError::Read`], [`StoreError::Decode`].
    pub async fn recordings_of_tenant(
        &self,
        tenant: &Tenant,
        request: NewestRequest,
    ) -> Result<NewestPage<Recording>, StoreError> {
        let values = [
            Value::Text(tenant.account.as_str()),
            Value::Text(tenant.region.as_str()),
            Value::Integer(request.behind()),
            Value::Integer(request.probe()),
        ];
        newest(&self.database.fetch(OBJECTS, LIST_OF_TENANT, &values).await?, request)
    }

    /// The recordings of a node that go on, or whose last objects are on their way, the oldest first.
    ///
    /// # Errors
    /// [`StoreError::Read`], [`StoreError::Decode`].
    pub async fn open_recordings_of(&self, node: &str) -> Result<Vec<Recording>, StoreError> {
        let rows =
            self.database.fetch(OBJECTS, LIST_OPEN, &[Value::Text(node), Value::Integer(OPEN)]).await?;
        rows.iter().map(|row| row.body(0)).collect()
    }

    /// The first so many recordings of a node that are complete in their bucket and ended before a time, the longest
    /// ended first.
    ///
    /// # Errors
    /// [`StoreError::Read`], [`StoreError::Decode`].
    pub async fn ended_recordings_of(
        &self,
        node: &str,
        before: i64,
        most: u32,
    ) -> Result<Vec<Recording>, StoreError> {
        let values = [Value::Text(node), Value::Integer(before), Value::Integer(i64::from(most))];
        let rows = self.database.fetch(OBJECTS, LIST_ENDED, &values).await?;
        rows.iter().map(|row| row.body(0)).collect()
    }

    /// Forgets a recording; false when there is none.
    ///
    /// # Errors
    /// [`StoreError::Write`].
    pub async fn remove_recording(&self, id: &ResourceId) -> Result<bool, StoreError> {
        let mut change = self.database.begin(OBJECT).await?;
        let gone = change.execute(REMOVE, &[Value::Text(id.as_str())]).await?;
        change.commit().await?;
        Ok(gone > 0)
    }

    async fn one_recording(
        &self,
        statement: &'static str,
        name: &str,
    ) -> Result<Option<Recording>, StoreError> {
        let row = self.database.fetch_optional(OBJECT, statement, &[Value::Text(name)]).await?;
        row.map(|row| row.body(0)).transpose()
    }
}

fn newest(rows: &[Row], request: NewestRequest) -> Result<NewestPage<Recording>, StoreError> {
    let row = |row: &Row| Ok((Position::new(row.integer(0)?), row.body(1)?));
    let rows: Result<Vec<_>, StoreError> = rows.iter().map(row).collect();
    Ok(NewestPage::cut(rows?, request))
}

fn place(bucket: &str, prefix: &str) -> String {
    format!("{bucket}/{prefix}")
}

/// Open as long as something of it is on its way into the bucket.
fn ended_at(recording: &Recording) -> i64 {
    match recording.stage {
        RecordingStage::Started => OPEN,
        RecordingStage::Ended | RecordingStage::EndedWithFailure => {
            recording.ended_at.unwrap_or(recording.started_at).min(OPEN - 1)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plan::{plan, searches};

    #[tokio::test]
    async fn recordings_are_found_by_an_index_in_order() {
        for (sql, index) in [
            (GET, "INDEX sqlite_autoindex_recordings_1 (id=?)"),
            (GET_AT, "INDEX recordings_by_place (place=?)"),
            (LIST, "INTEGER PRIMARY KEY (rowid<?)"),
            (LIST_OF_TENANT, "INTEGER PRIMARY KEY (rowid<?)"),
            (LIST_OF, "INDEX recordings_by_channel (channel=? AND position<?)"),
            (LIST_ENDED, "INDEX recordings_by_end (node=? AND ended_at<?)"),
            (REMOVE, "INDEX sqlite_autoindex_recordings_1 (id=?)"),
        ] {
            searches(sql, index).await;
        }
        // Those that go on are few: they may be sorted.
        assert!(plan(LIST_OPEN).await.contains("INDEX recordings_by_end (node=? AND ended_at=?)"));
    }
}
