//! Viewers who may no longer watch, until they are forgotten or their channel goes.
//!
//! Promise: what was revoked stays so: a later revocation of fewer sessions takes nothing back, in whatever
//! order the two arrive. Positions are given in the order of commits, so who reads on behind the last position
//! it saw misses none.

use std::collections::BTreeSet;
use std::time::{Duration, SystemTime};

use domain::{Arn, ViewerRevocation};
use tokio::sync::watch;

use crate::Store;
use crate::database::{Address, Change, Row, Value};
use crate::error::StoreError;
use crate::page::Tenant;

const OBJECT: &str = "a viewer revocation";
const HAS_CHANNEL: &str = "SELECT COUNT(*) FROM channels WHERE arn = $1 AND account = $2 AND region = $3";
/// The larger of old and new, written out: the function for it has another name in each database.
const KEEP: &str = "INSERT INTO viewer_revocations (channel, viewer, version, revoked_at) \
    VALUES ($1, $2, $3, $4) ON CONFLICT (channel, viewer) DO UPDATE SET \
    version = CASE WHEN excluded.version > viewer_revocations.version \
        THEN excluded.version ELSE viewer_revocations.version END, \
    revoked_at = CASE WHEN excluded.revoked_at > viewer_revocations.revoked_at \
        THEN excluded.revoked_at ELSE viewer_revocations.revoked_at END";
const GET: &str = "SELECT version, revoked_at FROM viewer_revocations WHERE channel = $1 AND viewer = $2";
const LEAVE_ORDER: &str = "DELETE FROM revocation_order WHERE channel = $1 AND viewer = $2";
const JOIN_ORDER: &str = "INSERT INTO revocation_order (channel, viewer) VALUES ($1, $2)";
const LIST: &str = "SELECT channel, viewer, version, revoked_at FROM viewer_revocations \
    WHERE (channel, viewer) > ($1, $2) ORDER BY channel, viewer LIMIT $3";
const NEWEST: &str = "SELECT COALESCE(MAX(position), 0) FROM revocation_order";
const AFTER: &str = "SELECT viewer_revocations.channel, viewer_revocations.viewer, version, revoked_at, position \
    FROM revocation_order CROSS JOIN viewer_revocations \
    WHERE viewer_revocations.channel = revocation_order.channel \
        AND viewer_revocations.viewer = revocation_order.viewer AND position > $1 \
    ORDER BY position LIMIT $2";
const FORGET: &str = "DELETE FROM viewer_revocations WHERE (channel, viewer) IN \
    (SELECT channel, viewer FROM viewer_revocations WHERE revoked_at < $1 ORDER BY revoked_at LIMIT $2)";

impl Store {
    /// Keeps revocations of viewers of the tenant's channels, all in one change: of one viewer the highest
    /// version and the latest time. Those of channels that the tenant does not have are not kept; these
    /// channels come back. A viewer's name must hold no NUL.
    ///
    /// # Errors
    /// [`StoreError::Read`], [`StoreError::Write`]; then none was kept.
    pub async fn revoke_viewers(
        &self,
        tenant: &Tenant,
        revocations: &[ViewerRevocation],
    ) -> Result<BTreeSet<Arn>, StoreError> {
        let mut absent = BTreeSet::new();
        let mut change = self.database.begin(OBJECT).await?;
        for revocation in revocations {
            if !keep(&mut change, tenant, revocation).await? {
                absent.insert(revocation.channel.clone());
            }
        }
        change.commit().await?;
        self.revoked.send_modify(|count| *count = count.wrapping_add(1));
        Ok(absent)
    }

    /// Moves whenever this process has kept revocations. Those of other processes make no news here, nor does
    /// a change whose caller went away while it was committed: look for them from time to time.
    pub fn revocation_news(&self) -> watch::Receiver<u64> {
        self.revoked.subscribe()
    }

    /// The position of the newest revocation; 0 when there is none.
    ///
    /// # Errors
    /// [`StoreError::Read`].
    pub async fn newest_revocation(&self) -> Result<i64, StoreError> {
        let row = self.database.fetch_optional(OBJECT, NEWEST, &[]).await?;
        row.map_or(Ok(0), |row| row.integer(0))
    }

    /// The first revocations behind a position, each with its own, in order; of all tenants.
    ///
    /// # Errors
    /// [`StoreError::Read`].
    pub async fn viewer_revocations_after(
        &self,
        position: i64,
        limit: u32,
    ) -> Result<Vec<(i64, ViewerRevocation)>, StoreError> {
        let values = [Value::Integer(position), Value::Integer(limit.into())];
        let rows = self.database.fetch(OBJECT, AFTER, &values).await?;
        rows.iter().map(|row| Ok((row.integer(4)?, listed(row)?))).collect()
    }

    /// All revocations of all tenants, page by page: the first ones behind another by channel and viewer.
    ///
    /// # Errors
    /// [`StoreError::Read`].
    pub async fn viewer_revocations(
        &self,
        after: Option<&ViewerRevocation>,
        limit: u32,
    ) -> Result<Vec<ViewerRevocation>, StoreError> {
        let channel = after.map(|last| last.channel.to_string()).unwrap_or_default();
        let viewer = after.map_or("", |last| last.viewer.as_str());
        let values = [Value::Text(&channel), Value::Text(viewer), Value::Integer(limit.into())];
        self.database.fetch(OBJECT, LIST, &values).await?.iter().map(listed).collect()
    }

    /// Forgets at most so many of the revocations from before a time, the oldest first; tells how many.
    ///
    /// # Errors
    /// [`StoreError::Write`]; none is forgotten then.
    pub async fn forget_viewer_revocations(
        &self,
        revoked_before: SystemTime,
        most: u32,
    ) -> Result<u64, StoreError> {
        let mut change = self.database.begin(OBJECT).await?;
        let values = [Value::Integer(unix_seconds(revoked_before)), Value::Integer(most.into())];
        let forgotten = change.execute(FORGET, &values).await?;
        change.commit().await?;
        Ok(forgotten)
    }

    /// Which sessions of a viewer of a channel may no longer play; `None`: nothing was revoked.
    ///
    /// # Errors
    /// [`StoreError::Read`].
    pub async fn viewer_revocation(
        &self,
        channel: &Arn,
        viewer: &str,
    ) -> Result<Option<ViewerRevocation>, StoreError> {
        let name = channel.to_string();
        let values = [Value::Text(&name), Value::Text(viewer)];
        let row = self.database.fetch_optional(OBJECT, GET, &values).await?;
        row.map(|row| revocation(channel.clone(), viewer, &row, 0)).transpose()
    }
}

/// False when the tenant has no such channel.
async fn keep(
    change: &mut Change,
    tenant: &Tenant,
    revocation: &ViewerRevocation,
) -> Result<bool, StoreError> {
    let address = Address::of(&revocation.channel, tenant);
    if change.count(HAS_CHANNEL, &address.values()).await? == 0 {
        return Ok(false);
    }
    let values = [
        Value::Text(&address.arn),
        Value::Text(&revocation.viewer),
        Value::Integer(revocation.version.into()),
        Value::Integer(unix_seconds(revocation.revoked_at)),
    ];
    change.execute(KEEP, &values).await?;
    change.execute(LEAVE_ORDER, &values[..2]).await?;
    change.execute(JOIN_ORDER, &values[..2]).await?;
    Ok(true)
}

/// With its channel and viewer in the first two columns.
fn listed(row: &Row) -> Result<ViewerRevocation, StoreError> {
    revocation(row.arn(0)?, row.text(1)?, row, 2)
}

/// Version and time are in the two columns from `at` on.
fn revocation(channel: Arn, viewer: &str, row: &Row, at: usize) -> Result<ViewerRevocation, StoreError> {
    // Neither number can be one that was not written here; if it were, revoking more is the safe side.
    let version = u32::try_from(row.integer(at)?).unwrap_or(u32::MAX);
    let seconds = u64::try_from(row.integer(at + 1)?).unwrap_or(0);
    let revoked_at = SystemTime::UNIX_EPOCH.checked_add(Duration::from_secs(seconds));
    Ok(ViewerRevocation {
        channel,
        viewer: viewer.to_owned(),
        version,
        revoked_at: revoked_at.unwrap_or(SystemTime::UNIX_EPOCH),
    })
}

fn unix_seconds(time: SystemTime) -> i64 {
    let since = time.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_secs()).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plan::{plan, searches};

    #[tokio::test]
    async fn who_reads_on_walks_neither_all_revocations_nor_their_order() {
        searches(AFTER, "revocation_order USING INTEGER PRIMARY KEY (rowid>?)").await;
        searches(LIST, "INDEX sqlite_autoindex_viewer_revocations_1 ((channel,viewer)>(?,?))").await;
        let plan = plan(FORGET).await;
        assert!(plan.contains("INDEX viewer_revocations_by_time (revoked_at<?)"), "{plan}");
        assert!(!plan.contains("SCAN"), "{plan}");
    }
}
