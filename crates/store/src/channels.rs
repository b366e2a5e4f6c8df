//! Channels and their life: made together with a stream key, gone together with all of them.
//!
//! Promise: a channel never exists without the stream key it was made with, and never beyond the quota.

use domain::{Arn, Channel, StreamKey};

use crate::Store;
use crate::database::{Address, Value, body, page};
use crate::error::StoreError;
use crate::page::{Page, PageRequest, Tenant};
use crate::stream_keys::insert_stream_key;

const OBJECT: &str = "a channel";
const COUNT: &str = "SELECT COUNT(*) FROM channels WHERE account = $1 AND region = $2";
const INSERT: &str = "INSERT INTO channels (arn, account, region, name, body) VALUES ($1, $2, $3, $4, $5)";
const GET: &str = "SELECT body FROM channels WHERE arn = $1 AND account = $2 AND region = $3";
const DELETE: &str = "DELETE FROM channels WHERE arn = $1 AND account = $2 AND region = $3";
const LIST: &str = "SELECT position, body FROM channels \
    WHERE account = $1 AND region = $2 AND position > $3 ORDER BY position LIMIT $4";
const LIST_NAMED: &str = "SELECT position, body FROM channels \
    WHERE account = $1 AND region = $2 AND position > $3 AND name = $5 ORDER BY position LIMIT $4";

/// Which channels a list holds.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum ChannelFilter {
    /// All of the tenant's.
    #[default]
    All,
    /// Those of exactly this name.
    Named(String),
}

impl Store {
    /// Makes a channel and its first stream key, or neither. Both belong to the tenant in the
    /// channel's ARN, who has at most `quota` channels afterwards.
    ///
    /// # Errors
    /// [`StoreError::ChannelQuota`]; [`StoreError::Write`], also when an ARN or the key's value is taken.
    pub async fn create_channel(
        &self,
        channel: &Channel,
        key: &StreamKey,
        quota: u32,
    ) -> Result<(), StoreError> {
        let address = Address::of(&channel.arn, &Tenant::of(&channel.arn));
        let [arn, account, region] = address.values();
        let text = body(OBJECT, channel)?;
        let mut change = self.database.begin(OBJECT).await?;
        if change.count(COUNT, &[account, region]).await? >= i64::from(quota) {
            return Err(StoreError::ChannelQuota { limit: quota });
        }
        let row = [arn, account, region, Value::Text(&channel.name), Value::Text(&text)];
        change.execute(INSERT, &row).await?;
        insert_stream_key(&mut change, key).await?;
        change.commit().await
    }

    /// The tenant's channel of this name; `None` when there is none, also when it is someone else's.
    ///
    /// # Errors
    /// [`StoreError::Read`], [`StoreError::Decode`].
    pub async fn channel(&self, tenant: &Tenant, arn: &Arn) -> Result<Option<Channel>, StoreError> {
        let address = Address::of(arn, tenant);
        let row = self.database.fetch_optional(OBJECT, GET, &address.values()).await?;
        row.map(|row| row.body(0)).transpose()
    }

    /// A page of the tenant's channels in creation order.
    ///
    /// # Errors
    /// [`StoreError::Read`], [`StoreError::Decode`].
    pub async fn channels(
        &self,
        tenant: &Tenant,
        filter: &ChannelFilter,
        request: PageRequest,
    ) -> Result<Page<Channel>, StoreError> {
        let mut values = vec![
            Value::Text(tenant.account.as_str()),
            Value::Text(tenant.region.as_str()),
            Value::Integer(request.after.get()),
            Value::Integer(request.probe()),
        ];
        let sql = match filter {
            ChannelFilter::All => LIST,
            ChannelFilter::Named(name) => {
                values.push(Value::Text(name));
                LIST_NAMED
            }
        };
        page(&self.database.fetch("the channels", sql, &values).await?, request)
    }

    /// Deletes a channel and all of its stream keys.
    ///
    /// # Errors
    /// [`StoreError::NoSuchChannel`]; [`StoreError::Write`].
    pub async fn delete_channel(&self, tenant: &Tenant, arn: &Arn) -> Result<(), StoreError> {
        let address = Address::of(arn, tenant);
        let mut change = self.database.begin(OBJECT).await?;
        if change.execute(DELETE, &address.values()).await? == 0 {
            return Err(StoreError::NoSuchChannel { arn: arn.clone() });
        }
        change.commit().await
    }
}
