//! Stream keys: what admits a broadcaster to a channel.
//!
//! Promise: a key belongs to exactly one channel and goes with it; the value finds both in one read.

use domain::{Arn, Channel, StreamKey, StreamKeyValue};

use crate::Store;
use crate::database::{Address, Change, Value, body, page};
use crate::error::StoreError;
use crate::page::{Page, PageRequest, Tenant};

const OBJECT: &str = "a stream key";
const HAS_CHANNEL: &str = "SELECT COUNT(*) FROM channels WHERE arn = $1 AND account = $2 AND region = $3";
const COUNT: &str = "SELECT COUNT(*) FROM stream_keys WHERE channel = $1 AND account = $2 AND region = $3";
const INSERT: &str = "INSERT INTO stream_keys (arn, account, region, channel, value, body) \
    VALUES ($1, $2, $3, $4, $5, $6)";
const GET: &str = "SELECT body FROM stream_keys WHERE arn = $1 AND account = $2 AND region = $3";
const DELETE: &str = "DELETE FROM stream_keys WHERE arn = $1 AND account = $2 AND region = $3";
const LIST: &str = "SELECT position, body FROM stream_keys \
    WHERE channel = $1 AND account = $2 AND region = $3 AND position > $4 ORDER BY position LIMIT $5";
const BY_VALUE: &str = "SELECT stream_keys.body, channels.body FROM stream_keys \
    JOIN channels ON channels.arn = stream_keys.channel WHERE stream_keys.value = $1";

/// Puts the row in; the caller has seen to channel and quota.
pub(crate) async fn insert_stream_key(change: &mut Change, key: &StreamKey) -> Result<(), StoreError> {
    let address = Address::of(&key.arn, &Tenant::of(&key.arn));
    let [arn, account, region] = address.values();
    let (channel, text) = (key.channel.to_string(), body(OBJECT, key)?);
    let value = Value::Text(key.value.reveal());
    let row = [arn, account, region, Value::Text(&channel), value, Value::Text(&text)];
    change.execute(INSERT, &row).await?;
    Ok(())
}

impl Store {
    /// Makes a further key of a channel, which has at most `quota` afterwards.
    ///
    /// # Errors
    /// [`StoreError::NoSuchResource`] when the tenant of the key's ARN has no such channel,
    /// [`StoreError::StreamKeyQuota`]; [`StoreError::Write`], also when ARN or value is taken.
    pub async fn create_stream_key(&self, key: &StreamKey, quota: u32) -> Result<(), StoreError> {
        let channel = Address::of(&key.channel, &Tenant::of(&key.arn));
        let mut change = self.database.begin(OBJECT).await?;
        if change.count(HAS_CHANNEL, &channel.values()).await? == 0 {
            return Err(StoreError::NoSuchResource { arn: key.channel.clone() });
        }
        if change.count(COUNT, &channel.values()).await? >= i64::from(quota) {
            return Err(StoreError::StreamKeyQuota { channel: key.channel.clone(), limit: quota });
        }
        insert_stream_key(&mut change, key).await?;
        change.commit().await
    }

    /// The tenant's stream key of this name; `None` when there is none, also when it is someone else's.
    ///
    /// # Errors
    /// [`StoreError::Read`], [`StoreError::Decode`].
    pub async fn stream_key(&self, tenant: &Tenant, arn: &Arn) -> Result<Option<StreamKey>, StoreError> {
        let address = Address::of(arn, tenant);
        let row = self.database.fetch_optional(OBJECT, GET, &address.values()).await?;
        row.map(|row| row.body(0)).transpose()
    }

    /// A page of a channel's stream keys in creation order; empty when there is no such channel.
    ///
    /// # Errors
    /// [`StoreError::Read`], [`StoreError::Decode`].
    pub async fn stream_keys(
        &self,
        tenant: &Tenant,
        channel: &Arn,
        request: PageRequest,
    ) -> Result<Page<StreamKey>, StoreError> {
        let address = Address::of(channel, tenant);
        let [channel, account, region] = address.values();
        let (after, probe) = (Value::Integer(request.after.get()), Value::Integer(request.probe()));
        let values = [channel, account, region, after, probe];
        page(&self.database.fetch("the stream keys", LIST, &values).await?, request)
    }

    /// Deletes a stream key: it admits nobody from now on.
    ///
    /// # Errors
    /// [`StoreError::NoSuchResource`]; [`StoreError::Write`].
    pub async fn delete_stream_key(&self, tenant: &Tenant, arn: &Arn) -> Result<(), StoreError> {
        let address = Address::of(arn, tenant);
        let mut change = self.database.begin(OBJECT).await?;
        if change.execute(DELETE, &address.values()).await? == 0 {
            return Err(StoreError::NoSuchResource { arn: arn.clone() });
        }
        change.commit().await
    }

    /// The key with this value and its channel, whoever owns them: the admission of a broadcaster,
    /// for whom the value is the only credential. `None` when no key has this value.
    ///
    /// # Errors
    /// [`StoreError::Read`], [`StoreError::Decode`].
    pub async fn stream_key_by_value(
        &self,
        value: &StreamKeyValue,
    ) -> Result<Option<(StreamKey, Channel)>, StoreError> {
        let values = [Value::Text(value.reveal())];
        let row = self.database.fetch_optional(OBJECT, BY_VALUE, &values).await?;
        row.map(|row| Ok((row.body(0)?, row.body(1)?))).transpose()
    }
}
