//! Playback restriction policies, which channels may be attached to.
//!
//! Promise: never more than the quota; none goes while a channel is attached to it; of two updates at once
//! neither is lost.

use domain::{Arn, PlaybackRestrictionPolicy, ResourceKind};

use crate::Store;
use crate::database::{Address, Value, body, page};
use crate::error::StoreError;
use crate::page::{Page, PageRequest, Tenant};

const OBJECT: &str = "a playback restriction policy";
const KIND: ResourceKind = ResourceKind::PlaybackRestrictionPolicy;
const INSERT: &str =
    "INSERT INTO playback_restriction_policies (arn, account, region, body) VALUES ($1, $2, $3, $4)";
const GET: &str =
    "SELECT body FROM playback_restriction_policies WHERE arn = $1 AND account = $2 AND region = $3";
const PUT: &str = "UPDATE playback_restriction_policies SET body = $4, version = version + 1 \
    WHERE arn = $1 AND account = $2 AND region = $3";
const DELETE: &str =
    "DELETE FROM playback_restriction_policies WHERE arn = $1 AND account = $2 AND region = $3";
const LIST: &str = "SELECT position, body FROM playback_restriction_policies \
    WHERE account = $1 AND region = $2 AND position > $3 ORDER BY position LIMIT $4";

impl Store {
    /// Makes a policy of the tenant in its ARN, who has at most `quota` afterwards.
    ///
    /// # Errors
    /// [`StoreError::ResourceQuota`]; [`StoreError::Write`], also when the ARN is taken.
    pub async fn create_playback_restriction_policy(
        &self,
        policy: &PlaybackRestrictionPolicy,
        quota: u32,
    ) -> Result<(), StoreError> {
        let tenant = Tenant::of(&policy.arn);
        let (address, text) = (Address::of(&policy.arn, &tenant), body(OBJECT, policy)?);
        let [arn, account, region] = address.values();
        let mut change = self.database.begin(OBJECT).await?;
        if !change.take_place(&tenant, KIND, quota).await? {
            return Err(StoreError::ResourceQuota { kind: KIND, limit: quota });
        }
        change.execute(INSERT, &[arn, account, region, Value::Text(&text)]).await?;
        change.commit().await
    }

    /// The tenant's policy of this name; `None` when there is none, also when it is someone else's.
    ///
    /// # Errors
    /// [`StoreError::Read`], [`StoreError::Decode`].
    pub async fn playback_restriction_policy(
        &self,
        tenant: &Tenant,
        arn: &Arn,
    ) -> Result<Option<PlaybackRestrictionPolicy>, StoreError> {
        let address = Address::of(arn, tenant);
        let row = self.database.fetch_optional(OBJECT, GET, &address.values()).await?;
        row.map(|row| row.body(0)).transpose()
    }

    /// A page of the tenant's policies in creation order.
    ///
    /// # Errors
    /// [`StoreError::Read`], [`StoreError::Decode`].
    pub async fn playback_restriction_policies(
        &self,
        tenant: &Tenant,
        request: PageRequest,
    ) -> Result<Page<PlaybackRestrictionPolicy>, StoreError> {
        let values = [
            Value::Text(tenant.account.as_str()),
            Value::Text(tenant.region.as_str()),
            Value::Integer(request.after.get()),
            Value::Integer(request.probe()),
        ];
        page(&self.database.fetch("the playback restriction policies", LIST, &values).await?, request)
    }

    /// Changes a policy as `revise` says, which sees it as it is now and may refuse; nobody else changes it
    /// meanwhile. Gives the policy as it is afterwards. Its ARN stays.
    ///
    /// # Errors
    /// What `revise` refuses with; [`StoreError::NoSuchResource`]; [`StoreError::Write`].
    pub async fn update_playback_restriction_policy<E: From<StoreError>>(
        &self,
        tenant: &Tenant,
        arn: &Arn,
        revise: impl FnOnce(&mut PlaybackRestrictionPolicy) -> Result<(), E>,
    ) -> Result<PlaybackRestrictionPolicy, E> {
        let address = Address::of(arn, tenant);
        let mut change = self.database.begin(OBJECT).await?;
        let rows = change.fetch(GET, &address.values()).await?;
        let row = rows.first().ok_or_else(|| StoreError::NoSuchResource { arn: arn.clone() })?;
        let before: PlaybackRestrictionPolicy = row.body(0)?;
        let mut after = before.clone();
        revise(&mut after)?;
        if after == before {
            return Ok(after);
        }
        let (text, [arn, account, region]) = (body(OBJECT, &after)?, address.values());
        change.execute(PUT, &[arn, account, region, Value::Text(&text)]).await?;
        change.commit().await?;
        Ok(after)
    }

    /// Deletes a policy that no channel is attached to.
    ///
    /// # Errors
    /// [`StoreError::NoSuchResource`], [`StoreError::Attached`]; [`StoreError::Write`].
    pub async fn delete_playback_restriction_policy(
        &self,
        tenant: &Tenant,
        arn: &Arn,
    ) -> Result<(), StoreError> {
        let address = Address::of(arn, tenant);
        let mut change = self.database.begin(OBJECT).await?;
        if change.execute(DELETE, &address.values()).await? == 0 {
            return Err(StoreError::NoSuchResource { arn: arn.clone() });
        }
        change.check_free(tenant, arn).await?;
        change.give_place_back(tenant, KIND).await?;
        change.commit().await
    }
}
