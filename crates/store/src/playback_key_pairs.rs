//! Playback key pairs: the public keys that viewers' tokens are checked with.
//!
//! Promise: a tenant has a key at most once and never more keys than the quota, whatever races to import
//! them; a deleted key is gone for the next read.

use domain::{Arn, PlaybackKeyPair, ResourceKind};

use crate::Store;
use crate::database::{Address, Value, body, page};
use crate::error::StoreError;
use crate::page::{Page, PageRequest, Tenant};

const OBJECT: &str = "a playback key pair";
const KIND: ResourceKind = ResourceKind::PlaybackKeyPair;
const TAKEN: &str = "SELECT body FROM playback_key_pairs \
    WHERE account = $1 AND region = $2 AND fingerprint = $3";
const INSERT: &str = "INSERT INTO playback_key_pairs (arn, account, region, fingerprint, body) \
    VALUES ($1, $2, $3, $4, $5)";
const GET: &str = "SELECT body FROM playback_key_pairs WHERE arn = $1 AND account = $2 AND region = $3";
const DELETE: &str = "DELETE FROM playback_key_pairs WHERE arn = $1 AND account = $2 AND region = $3";
const LIST: &str = "SELECT position, body FROM playback_key_pairs \
    WHERE account = $1 AND region = $2 AND position > $3 ORDER BY position LIMIT $4";

impl Store {
    /// Keeps a public key for the tenant in its ARN, who has at most `quota` of them afterwards.
    ///
    /// # Errors
    /// [`StoreError::PlaybackKeyTaken`] when the tenant has a key of this fingerprint, also when the quota
    /// is used up; [`StoreError::ResourceQuota`]; [`StoreError::Write`], also when the ARN is taken.
    pub async fn import_playback_key_pair(
        &self,
        pair: &PlaybackKeyPair,
        quota: u32,
    ) -> Result<(), StoreError> {
        let tenant = Tenant::of(&pair.arn);
        let address = Address::of(&pair.arn, &tenant);
        let [arn, account, region] = address.values();
        let (fingerprint, text) = (Value::Text(&pair.fingerprint), body(OBJECT, pair)?);
        let mut change = self.database.begin(OBJECT).await?;
        let taken = change.fetch(TAKEN, &[account, region, fingerprint]).await?;
        if let Some(row) = taken.first() {
            return Err(StoreError::PlaybackKeyTaken { arn: row.body::<PlaybackKeyPair>(0)?.arn });
        }
        if !change.take_place(&tenant, KIND, quota).await? {
            return Err(StoreError::ResourceQuota { kind: KIND, limit: quota });
        }
        change.execute(INSERT, &[arn, account, region, fingerprint, Value::Text(&text)]).await?;
        change.commit().await
    }

    /// The tenant's key pair of this name; `None` when there is none, also when it is someone else's.
    ///
    /// # Errors
    /// [`StoreError::Read`], [`StoreError::Decode`].
    pub async fn playback_key_pair(
        &self,
        tenant: &Tenant,
        arn: &Arn,
    ) -> Result<Option<PlaybackKeyPair>, StoreError> {
        let address = Address::of(arn, tenant);
        let row = self.database.fetch_optional(OBJECT, GET, &address.values()).await?;
        row.map(|row| row.body(0)).transpose()
    }

    /// A page of the tenant's key pairs in creation order.
    ///
    /// # Errors
    /// [`StoreError::Read`], [`StoreError::Decode`].
    pub async fn playback_key_pairs(
        &self,
        tenant: &Tenant,
        request: PageRequest,
    ) -> Result<Page<PlaybackKeyPair>, StoreError> {
        let values = [
            Value::Text(tenant.account.as_str()),
            Value::Text(tenant.region.as_str()),
            Value::Integer(request.after.get()),
            Value::Integer(request.probe()),
        ];
        page(&self.database.fetch("the playback key pairs", LIST, &values).await?, request)
    }

    /// Deletes a key pair: what was signed by its private key proves nothing any more.
    ///
    /// # Errors
    /// [`StoreError::NoSuchResource`]; [`StoreError::Write`].
    pub async fn delete_playback_key_pair(&self, tenant: &Tenant, arn: &Arn) -> Result<(), StoreError> {
        let address = Address::of(arn, tenant);
        let mut change = self.database.begin(OBJECT).await?;
        if change.execute(DELETE, &address.values()).await? == 0 {
            return Err(StoreError::NoSuchResource { arn: arn.clone() });
        }
        change.give_place_back(tenant, KIND).await?;
        change.commit().await
    }
}
