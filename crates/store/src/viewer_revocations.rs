//! Viewers who may no longer watch, for as long as their channel exists.
//!
//! Promise: what was revoked stays so: a later revocation of fewer sessions takes nothing back, in whatever
//! order the two arrive.

use std::collections::BTreeSet;
use std::time::{Duration, SystemTime};

use domain::{Arn, ViewerRevocation};

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
        Ok(absent)
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
        row.map(|row| revocation(channel, viewer, &row)).transpose()
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
    Ok(true)
}

fn revocation(channel: &Arn, viewer: &str, row: &Row) -> Result<ViewerRevocation, StoreError> {
    // Neither number can be one that was not written here; if it were, revoking more is the safe side.
    let version = u32::try_from(row.integer(0)?).unwrap_or(u32::MAX);
    let seconds = u64::try_from(row.integer(1)?).unwrap_or(0);
    let revoked_at = SystemTime::UNIX_EPOCH.checked_add(Duration::from_secs(seconds));
    Ok(ViewerRevocation {
        channel: channel.clone(),
        viewer: viewer.to_owned(),
        version,
        revoked_at: revoked_at.unwrap_or(SystemTime::UNIX_EPOCH),
    })
}

fn unix_seconds(time: SystemTime) -> i64 {
    let since = time.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_secs()).unwrap_or(i64::MAX)
}
