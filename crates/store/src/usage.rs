//! How many of each kind a tenant has, kept beside the rows and changed with them.
//!
//! Promise: a place is taken and the row put in by the same change or neither, so the number is that of
//! the rows, and a quota holds whatever races for its last place. Costs the same with a million rows.

use domain::ResourceKind;

use crate::Store;
use crate::database::{Change, Value};
use crate::error::StoreError;
use crate::page::Tenant;

/// One more, unless that would be more than the quota: then no row is touched.
const TAKE: &str = "INSERT INTO usage (account, region, kind, used) VALUES ($1, $2, $3, 1) \
    ON CONFLICT (account, region, kind) DO UPDATE SET used = usage.used + 1 WHERE usage.used < $4";
const GIVE_BACK: &str =
    "UPDATE usage SET used = used - 1 WHERE account = $1 AND region = $2 AND kind = $3 AND used > 0";
const USED: &str = "SELECT used FROM usage WHERE account = $1 AND region = $2 AND kind = $3";

impl Store {
    /// How many of this kind the tenant has, of those kinds that have a quota of the account's.
    ///
    /// # Errors
    /// [`StoreError::Read`].
    pub async fn used(&self, tenant: &Tenant, kind: ResourceKind) -> Result<u32, StoreError> {
        let found = self.database.fetch_optional("the use of quotas", USED, &row(tenant, kind)).await?;
        let used = found.map_or(Ok(0), |row| row.integer(0))?;
        Ok(u32::try_from(used).unwrap_or(u32::MAX))
    }
}

impl Change {
    /// Takes a place for one more of this kind; false when the tenant has `quota` (1 or more) of them.
    pub(crate) async fn take_place(
        &mut self,
        tenant: &Tenant,
        kind: ResourceKind,
        quota: u32,
    ) -> Result<bool, StoreError> {
        let [account, region, kind] = row(tenant, kind);
        let values = [account, region, kind, Value::Integer(quota.into())];
        Ok(self.execute(TAKE, &values).await? > 0)
    }

    /// Gives the place of a deleted one back.
    pub(crate) async fn give_place_back(
        &mut self,
        tenant: &Tenant,
        kind: ResourceKind,
    ) -> Result<(), StoreError> {
        self.execute(GIVE_BACK, &row(tenant, kind)).await.map(drop)
    }
}

fn row(tenant: &Tenant, kind: ResourceKind) -> [Value<'_>; 3] {
    [Value::Text(tenant.account.as_str()), Value::Text(tenant.region.as_str()), Value::Text(kind.as_str())]
}
