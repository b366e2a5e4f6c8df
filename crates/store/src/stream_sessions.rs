//! Stream sessions, their events, and the outbox, changed together.
//!
//! Promise: what a session tells of itself, the events that are kept of it and those that go out are written
//! by one change or not at all; of all who close a session one does; a session outlives its channel.

use domain::{Arn, Event, SessionEvent, StreamId, StreamSession};

use crate::Store;
use crate::database::{Address, Change, Row, Value, body};
use crate::error::StoreError;
use crate::page::{NewestPage, NewestRequest, Position, Tenant};
use crate::stream_samples;

const OBJECT: &str = "a stream session";

/// When an open session ended, as its row holds it. Stands in the statements too, as their partial indexes
/// ask for it.
const OPEN: i64 = i64::MAX;

/// Sessions that one change forgets, each with up to 500 events, so that nobody waits long for a turn.
const SLICE: u32 = 50;

const INSERT: &str = "INSERT INTO stream_sessions (stream, channel, account, region, node, ended_at, body) \
    VALUES ($1, $2, $3, $4, $5, $6, $7)";
const GET: &str = "SELECT body FROM stream_sessions WHERE stream = $1";
const PUT: &str = "UPDATE stream_sessions SET body = $2 WHERE stream = $1";
/// Apart from [`PUT`], which touches no index.
const PUT_MOVED: &str = "UPDATE stream_sessions SET body = $2, node = $3, ended_at = $4 WHERE stream = $1";
const GET_NAMED: &str = "SELECT body FROM stream_sessions \
    WHERE channel = $1 AND account = $2 AND region = $3 AND stream = $4";
const LIST: &str = "SELECT position, body FROM stream_sessions \
    WHERE channel = $1 AND account = $2 AND region = $3 AND position < $4 ORDER BY position DESC LIMIT $5";
const LIST_LIVE: &str = "SELECT body FROM stream_sessions \
    WHERE account = $1 AND region = $2 AND ended_at = 9223372036854775807 ORDER BY position";
const LIST_OPEN: &str = "SELECT body FROM stream_sessions \
    WHERE node = $1 AND ended_at = 9223372036854775807 ORDER BY position";
const FORGET: &str = "DELETE FROM stream_sessions WHERE position IN (SELECT position FROM stream_sessions \
    WHERE ended_at < $1 AND ended_at < 9223372036854775807 ORDER BY ended_at LIMIT $2)";

const LAST_EVENT: &str = "SELECT COALESCE(MAX(number), 0) FROM session_events WHERE stream = $1";
const INSERT_EVENT: &str = "INSERT INTO session_events (stream, number, body) VALUES ($1, $2, $3)";
const TRIM_EVENTS: &str = "DELETE FROM session_events WHERE stream = $1 AND number <= $2";
const EVENTS: &str = "SELECT body FROM session_events WHERE stream = $1 ORDER BY number DESC";

impl Store {
    /// Writes down a session that begins, of the tenant in its channel's ARN, puts its first events out, and
    /// takes its beginning for a sign of life of its node. One that stands there already, just as it is, was
    /// written by a try before whose answer was lost: then nothing is left to do.
    ///
    /// # Errors
    /// [`StoreError::Write`], also when the stream's id is taken by another session; [`StoreError::Read`],
    /// [`StoreError::Decode`].
    pub async fn open_session(&self, session: &StreamSession, events: &[Event]) -> Result<(), StoreError> {
        let channel = &session.channel.arn;
        let address = Address::of(channel, &Tenant::of(channel));
        let [arn, account, region] = address.values();
        let mut session = session.clone();
        session.has_error |= is_error(events);
        let text = body(OBJECT, &session)?;
        let mut change = self.database.begin(OBJECT).await?;
        if change.session(&session.stream).await?.as_ref() == Some(&session) {
            return Ok(());
        }
        let (stream, node) = (Value::Text(session.stream.as_str()), Value::Text(&session.node));
        let ended_at = Value::Integer(ended_at(&session));
        change.execute(INSERT, &[stream, arn, account, region, node, ended_at, Value::Text(&text)]).await?;
        change.note_life(&session.node, session.created_at).await?;
        self.commit_with_events(change, Some(&session.stream), events).await
    }

    /// Changes a session as `revise` says, which sees it as it is now, and puts events out, in one change.
    /// When `revise` says false nothing is written and no event goes out. Gives the session as it is
    /// afterwards, either way; `None`: there is no such session, and nothing was written. May be tried again
    /// when the answer was lost: an event that is out is not told again.
    ///
    /// # Errors
    /// [`StoreError::Read`], [`StoreError::Decode`], [`StoreError::Write`].
    pub async fn revise_session(
        &self,
        stream: &StreamId,
        revise: impl FnOnce(&mut StreamSession) -> bool + Send,
        events: &[Event],
    ) -> Result<Option<StreamSession>, StoreError> {
        let mut change = self.database.begin(OBJECT).await?;
        let Some(before) = change.session(stream).await? else { return Ok(None) };
        let mut after = before.clone();
        if !revise(&mut after) {
            return Ok(Some(before));
        }
        after.has_error |= is_error(events);
        if after == before && events.is_empty() {
            return Ok(Some(after));
        }
        change.put_session(&before, &after).await?;
        self.commit_with_events(change, Some(stream), events).await?;
        Ok(Some(after))
    }

    /// Closes an open session and puts its last events out. False when it was closed already or there is no
    /// such session: then nothing is written and no event goes out.
    ///
    /// # Errors
    /// [`StoreError::Read`], [`StoreError::Decode`], [`StoreError::Write`].
    pub async fn close_session(
        &self,
        stream: &StreamId,
        ended_at: i64,
        events: &[Event],
    ) -> Result<bool, StoreError> {
        let mut change = self.database.begin(OBJECT).await?;
        let open = change.session(stream).await?.filter(|session| session.ended_at.is_none());
        let Some(before) = open else { return Ok(false) };
        let mut after = before.clone();
        after.ended_at = Some(ended_at);
        after.has_error |= is_error(events);
        change.put_session(&before, &after).await?;
        self.commit_with_events(change, Some(stream), events).await?;
        Ok(true)
    }

    /// A session of the tenant's channel, also when the channel is gone; without an id the newest.
    ///
    /// # Errors
    /// [`StoreError::Read`], [`StoreError::Decode`].
    pub async fn stream_session(
        &self,
        tenant: &Tenant,
        channel: &Arn,
        stream: Option<&StreamId>,
    ) -> Result<Option<StreamSession>, StoreError> {
        let Some(stream) = stream else {
            let newest = self.stream_sessions(tenant, channel, NewestRequest::first(1)).await?;
            return Ok(newest.items.into_iter().next());
        };
        let address = Address::of(channel, tenant);
        let [arn, account, region] = address.values();
        let values = [arn, account, region, Value::Text(stream.as_str())];
        let row = self.database.fetch_optional(OBJECT, GET_NAMED, &values).await?;
        row.map(|row| row.body(0)).transpose()
    }

    /// A page of the sessions of the tenant's channel, the newest first, also when the channel is gone.
    ///
    /// # Errors
    /// [`StoreError::Read`], [`StoreError::Decode`].
    pub async fn stream_sessions(
        &self,
        tenant: &Tenant,
        channel: &Arn,
        request: NewestRequest,
    ) -> Result<NewestPage<StreamSession>, StoreError> {
        let address = Address::of(channel, tenant);
        let [arn, account, region] = address.values();
        let (before, probe) = (Value::Integer(request.behind()), Value::Integer(request.probe()));
        let values = [arn, account, region, before, probe];
        let rows = self.database.fetch("the stream sessions", LIST, &values).await?;
        let row = |row: &Row| Ok((Position::new(row.integer(0)?), row.body(1)?));
        let rows: Result<Vec<_>, StoreError> = rows.iter().map(row).collect();
        Ok(NewestPage::cut(rows?, request))
    }

    /// What happened in a session, the newest first: at most [`StreamSession::MOST_EVENTS`].
    ///
    /// # Errors
    /// [`StoreError::Read`], [`StoreError::Decode`].
    pub async fn session_events(&self, stream: &StreamId) -> Result<Vec<SessionEvent>, StoreError> {
        let values = [Value::Text(stream.as_str())];
        let rows = self.database.fetch("a session's events", EVENTS, &values).await?;
        rows.iter().map(|row| row.body(0)).collect()
    }

    /// The tenant's open sessions, the oldest first.
    ///
    /// # Errors
    /// [`StoreError::Read`], [`StoreError::Decode`].
    pub async fn live_sessions(&self, tenant: &Tenant) -> Result<Vec<StreamSession>, StoreError> {
        let values = [Value::Text(tenant.account.as_str()), Value::Text(tenant.region.as_str())];
        let rows = self.database.fetch("the live sessions", LIST_LIVE, &values).await?;
        rows.iter().map(|row| row.body(0)).collect()
    }

    /// The open sessions of a node, of whatever tenant, the oldest first.
    ///
    /// # Errors
    /// [`StoreError::Read`], [`StoreError::Decode`].
    pub async fn open_sessions_of(&self, node: &str) -> Result<Vec<StreamSession>, StoreError> {
        let rows = self.database.fetch("a node's sessions", LIST_OPEN, &[Value::Text(node)]).await?;
        rows.iter().map(|row| row.body(0)).collect()
    }

    /// Forgets at most so many of the sessions that ended before a time, the longest ended first, with their
    /// events and samples, and nodes that have not lived since and have none open; tells how many sessions. Others may
    /// write between the slices that this is done in.
    ///
    /// # Errors
    /// [`StoreError::Write`]; some may be forgotten then.
    pub async fn forget_sessions(&self, ended_before: i64, most: u32) -> Result<u64, StoreError> {
        let mut left = most;
        while left > 0 {
            let slice = left.min(SLICE);
            let values = [Value::Integer(ended_before), Value::Integer(slice.into())];
            self.forget_samples(&values).await?;
            let mut change = self.database.begin(OBJECT).await?;
            let gone = change.execute(FORGET, &values).await?;
            change.forget_nodes(ended_before).await?;
            change.commit().await?;
            // At most the slice, which is what fits.
            left -= u32::try_from(gone).unwrap_or(slice).min(slice);
            if gone < u64::from(slice) {
                break;
            }
        }
        Ok(u64::from(most - left))
    }
}

impl Store {
    /// What was measured in the sessions that are forgotten next: a change for a slice of it, as there may be much.
    async fn forget_samples(&self, sessions: &[Value<'_>; 2]) -> Result<(), StoreError> {
        let [ended_before, most] = *sessions;
        let slice = u64::from(stream_samples::SLICE);
        loop {
            let values = [ended_before, most, Value::Integer(stream_samples::SLICE.into())];
            let mut change = self.database.begin(OBJECT).await?;
            let gone = change.execute(stream_samples::FORGET, &values).await?;
            change.commit().await?;
            if gone < slice {
                return Ok(());
            }
        }
    }
}

impl Change {
    async fn session(&mut self, stream: &StreamId) -> Result<Option<StreamSession>, StoreError> {
        let rows = self.fetch(GET, &[Value::Text(stream.as_str())]).await?;
        rows.first().map(|row| row.body(0)).transpose()
    }

    async fn put_session(&mut self, before: &StreamSession, after: &StreamSession) -> Result<(), StoreError> {
        let text = body(OBJECT, after)?;
        let (stream, text) = (Value::Text(before.stream.as_str()), Value::Text(&text));
        if before.node == after.node && before.ended_at == after.ended_at {
            return self.execute(PUT, &[stream, text]).await.map(drop);
        }
        let (node, ended_at) = (Value::Text(&after.node), Value::Integer(ended_at(after)));
        self.execute(PUT_MOVED, &[stream, text, node, ended_at]).await.map(drop)
    }

    pub(crate) async fn put_session_events(
        &mut self,
        stream: &StreamId,
        events: &[&Event],
    ) -> Result<(), StoreError> {
        if events.is_empty() {
            return Ok(());
        }
        let stream = Value::Text(stream.as_str());
        let mut number = self.count(LAST_EVENT, &[stream]).await?;
        for event in events {
            number = number.saturating_add(1);
            let text = body(OBJECT, &SessionEvent::of(event))?;
            self.execute(INSERT_EVENT, &[stream, Value::Integer(number), Value::Text(&text)]).await?;
        }
        let most = i64::try_from(StreamSession::MOST_EVENTS).unwrap_or(i64::MAX);
        if number > most {
            self.execute(TRIM_EVENTS, &[stream, Value::Integer(number - most)]).await?;
        }
        Ok(())
    }
}

fn is_error(events: &[Event]) -> bool {
    events.iter().any(|event| event.kind.is_error())
}

fn ended_at(session: &StreamSession) -> i64 {
    session.ended_at.map_or(OPEN, |at| at.min(OPEN - 1))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plan::searches;

    #[tokio::test]
    async fn sessions_and_their_events_are_found_by_an_index_in_order() {
        for (sql, index) in [
            (GET, "INDEX sqlite_autoindex_stream_sessions_1 (stream=?)"),
            (PUT, "INDEX sqlite_autoindex_stream_sessions_1 (stream=?)"),
            (PUT_MOVED, "INDEX sqlite_autoindex_stream_sessions_1 (stream=?)"),
            (GET_NAMED, "INDEX sqlite_autoindex_stream_sessions_1 (stream=?)"),
            (LIST, "INDEX stream_sessions_by_channel (channel=? AND position<?)"),
            (LIST_LIVE, "INDEX stream_sessions_open_by_tenant (account=? AND region=?)"),
            (LIST_OPEN, "INDEX stream_sessions_open_by_node (node=?)"),
            (FORGET, "INDEX stream_sessions_by_end (ended_at<?)"),
            (LAST_EVENT, "PRIMARY KEY (stream=?)"),
            (TRIM_EVENTS, "PRIMARY KEY (stream=? AND number<?)"),
            (EVENTS, "PRIMARY KEY (stream=?)"),
        ] {
            searches(sql, index).await;
        }
    }
}
