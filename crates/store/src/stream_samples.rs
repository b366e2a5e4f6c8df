//! What was measured of streams: a row for each minute of each session, as long as the session is kept.
//!
//! Promise: samples of a session that is not there are not kept, and are no error; a minute that is written again
//! stands as it was written last; to write them lets no other change wait on PostgreSQL.

mod minute;

use domain::{StreamId, StreamSample};

use crate::Store;
use crate::database::{BothWays, Value};
use crate::error::{DatabaseError, StoreError};

const OBJECT: &str = "samples of streams";
const PUT: BothWays = BothWays {
    sqlite: "INSERT INTO stream_samples (stream, minute, samples) SELECT $1, $2, $3 \
        WHERE EXISTS (SELECT 1 FROM stream_sessions WHERE stream = $1) \
        ON CONFLICT (stream, minute) DO UPDATE SET samples = excluded.samples",
    postgres: "INSERT INTO stream_samples (stream, minute, samples) SELECT stream, minute, samples \
        FROM unnest($1::text[], $2::bigint[], $3::bytea[]) AS new (stream, minute, samples) \
        WHERE EXISTS (SELECT 1 FROM stream_sessions WHERE stream_sessions.stream = new.stream) \
        ON CONFLICT (stream, minute) DO UPDATE SET samples = excluded.samples",
};
const LIST: &str = "SELECT minute, samples FROM stream_samples \
    WHERE stream = $1 AND minute >= $2 AND minute <= $3 ORDER BY minute LIMIT $4";

/// Rows of sessions that are forgotten next; at most [`SLICE`].
pub(crate) const FORGET: &str = "DELETE FROM stream_samples WHERE (stream, minute) IN \
    (SELECT stream_samples.stream, minute FROM (SELECT stream FROM stream_sessions \
        WHERE ended_at < $1 AND ended_at < 9223372036854775807 ORDER BY ended_at LIMIT $2) AS old \
    CROSS JOIN stream_samples WHERE stream_samples.stream = old.stream LIMIT $3)";
/// Rows that one change forgets: a stream of two days has about 3,000.
pub(crate) const SLICE: u32 = 5_000;

/// Some samples of one stream that are all of the same minute: all that there are of it.
#[derive(Clone, Debug, PartialEq)]
pub struct StreamMinute {
    /// Whose.
    pub stream: StreamId,
    /// In the order of time; those of another minute than the first's, and more than 60, are not kept.
    pub samples: Vec<StreamSample>,
}

impl Store {
    /// Keeps minutes, in one commit, in the place of what was kept of the same ones. A stream's minute is named once.
    ///
    /// # Errors
    /// [`StoreError::Write`]; all may be tried again.
    pub async fn put_stream_samples(&self, minutes: &[StreamMinute]) -> Result<(), StoreError> {
        let row = |of: &StreamMinute| {
            let minute = minute::of(of.samples.first()?.at);
            Some((of.stream.to_string(), minute, minute::encode(minute, &of.samples)))
        };
        let mut rows: Vec<_> = minutes.iter().filter_map(row).collect();
        if rows.is_empty() {
            return Ok(());
        }
        // An order in which no two nodes can wait for each other.
        rows.sort_unstable();
        self.database.put_bytes(OBJECT, PUT, &rows).await
    }

    /// A stream's samples of two moments and between them (milliseconds since 1970), the oldest first: those of the
    /// first `minutes` minutes that there are. For more, ask again from behind the last. Whose stream it is, the
    /// caller knows from its session.
    ///
    /// # Errors
    /// [`StoreError::Read`], also for a row that nobody wrote.
    pub async fn stream_samples(
        &self,
        stream: &StreamId,
        from: i64,
        to: i64,
        minutes: u32,
    ) -> Result<Vec<StreamSample>, StoreError> {
        let values = [
            Value::Text(stream.as_str()),
            Value::Integer(minute::of(from)),
            Value::Integer(minute::of(to)),
            Value::Integer(minutes.into()),
        ];
        let rows = self.database.fetch(OBJECT, LIST, &values).await?;
        let mut samples = Vec::with_capacity(rows.len() * 12);
        for row in &rows {
            let read = minute::decode(row.integer(0)?, &row.bytes(1)?);
            let source = || StoreError::Read { object: OBJECT, source: DatabaseError::column(1) };
            samples.extend(read.ok_or_else(source)?.into_iter().filter(|one| (from..=to).contains(&one.at)));
        }
        Ok(samples)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plan::{plan, searches};

    #[tokio::test]
    async fn samples_are_found_by_their_key_in_order() {
        searches(LIST, "PRIMARY KEY (stream=? AND minute>? AND minute<?)").await;
        let plan = plan(FORGET).await;
        for step in ["INDEX stream_sessions_by_end (ended_at<?)", "PRIMARY KEY (stream=?)"] {
            assert!(plan.contains(step), "{plan}");
        }
    }
}
