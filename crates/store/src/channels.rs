//! Channels and their life: made together with a stream key, gone together with all of them.
//!
//! Promise: a channel never exists without the stream key it was made with, never beyond the quota, and
//! never attached to what is not there; of two updates at once neither is lost.

use domain::{Arn, Channel, ResourceKind, StreamKey};

use crate::Store;
use crate::database::{Address, Value, body, page};
use crate::error::StoreError;
use crate::page::{Page, PageRequest, Tenant};
use crate::stream_keys::insert_stream_key;

const OBJECT: &str = "a channel";
const INSERT: &str = "INSERT INTO channels \
    (arn, account, region, name, recording_configuration, playback_restriction_policy, body) \
    VALUES ($1, $2, $3, $4, $5, $6, $7)";
const GET: &str = "SELECT body FROM channels WHERE arn = $1 AND account = $2 AND region = $3";
const PUT: &str = "UPDATE channels SET name = $4, recording_configuration = $5, \
    playback_restriction_policy = $6, body = $7, version = version + 1 \
    WHERE arn = $1 AND account = $2 AND region = $3";
const DELETE: &str = "DELETE FROM channels WHERE arn = $1 AND account = $2 AND region = $3";
const LIST: &str = "SELECT position, body FROM channels \
    WHERE account = $1 AND region = $2 AND position > $3 ORDER BY position LIMIT $4";
const LIST_NAMED: &str = "SELECT position, body FROM channels \
    WHERE account = $1 AND region = $2 AND position > $3 AND name = $5 ORDER BY position LIMIT $4";

/// The last condition is what the partial index asks for.
const LIST_RECORDED: &str = "SELECT position, body FROM channels \
    WHERE account = $1 AND region = $2 AND position > $3 AND recording_configuration = $5 \
    AND recording_configuration <> '' ORDER BY position LIMIT $4";
const LIST_RESTRICTED: &str = "SELECT position, body FROM channels \
    WHERE account = $1 AND region = $2 AND position > $3 AND playback_restriction_policy = $5 \
    AND playback_restriction_policy <> '' ORDER BY position LIMIT $4";

/// Which channels a list holds.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum ChannelFilter {
    /// All of the tenant's.
    #[default]
    All,
    /// Those of exactly this name.
    Named(String),
    /// Those attached to this recording configuration.
    RecordedBy(Arn),
    /// Those attached to this playback restriction policy.
    RestrictedBy(Arn),
}

impl Store {
    /// Makes a channel and its first stream key, or neither. Both belong to the tenant in the
    /// channel's ARN, who has at most `quota` channels afterwards.
    ///
    /// # Errors
    /// [`StoreError::ResourceQuota`]; [`StoreError::NoSuchResource`] when the tenant does not have what
    /// the channel is attached to; [`StoreError::Write`], also when an ARN or the key's value is taken.
    pub async fn create_channel(
        &self,
        channel: &Channel,
        key: &StreamKey,
        quota: u32,
    ) -> Result<(), StoreError> {
        let tenant = Tenant::of(&channel.arn);
        let row = Columns::of(channel, &tenant)?;
        let mut change = self.database.begin(OBJECT).await?;
        change.check_attachments(&tenant, None, channel).await?;
        if !change.take_place(&tenant, ResourceKind::Channel, quota).await? {
            return Err(StoreError::ResourceQuota { kind: ResourceKind::Channel, limit: quota });
        }
        change.execute(INSERT, &row.values()).await?;
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
        let (sql, wanted) = match filter {
            ChannelFilter::All => (LIST, None),
            ChannelFilter::Named(name) => (LIST_NAMED, Some(name.clone())),
            ChannelFilter::RecordedBy(arn) => (LIST_RECORDED, Some(arn.to_string())),
            ChannelFilter::RestrictedBy(arn) => (LIST_RESTRICTED, Some(arn.to_string())),
        };
        let mut values = vec![
            Value::Text(tenant.account.as_str()),
            Value::Text(tenant.region.as_str()),
            Value::Integer(request.after.get()),
            Value::Integer(request.probe()),
        ];
        values.extend(wanted.as_deref().map(Value::Text));
        page(&self.database.fetch("the channels", sql, &values).await?, request)
    }

    /// Changes a channel as `revise` says, which sees it as it is now and may refuse; nobody else changes
    /// it meanwhile. Gives the channel as it is afterwards. Its ARN stays.
    ///
    /// # Errors
    /// What `revise` refuses with; [`StoreError::NoSuchResource`] when the tenant has no such channel, or
    /// not what it would newly be attached to; [`StoreError::Write`].
    pub async fn update_channel<E: From<StoreError>>(
        &self,
        tenant: &Tenant,
        arn: &Arn,
        revise: impl FnOnce(&mut Channel) -> Result<(), E>,
    ) -> Result<Channel, E> {
        let address = Address::of(arn, tenant);
        let mut change = self.database.begin(OBJECT).await?;
        let rows = change.fetch(GET, &address.values()).await?;
        let row = rows.first().ok_or_else(|| StoreError::NoSuchResource { arn: arn.clone() })?;
        let before: Channel = row.body(0)?;
        let mut after = before.clone();
        revise(&mut after)?;
        if after == before {
            return Ok(after);
        }
        change.check_attachments(tenant, Some(&before), &after).await?;
        change.execute(PUT, &Columns::of(&after, tenant)?.values()).await?;
        change.commit().await?;
        Ok(after)
    }

    /// Deletes a channel and all of its stream keys.
    ///
    /// # Errors
    /// [`StoreError::NoSuchResource`]; [`StoreError::Write`].
    pub async fn delete_channel(&self, tenant: &Tenant, arn: &Arn) -> Result<(), StoreError> {
        let address = Address::of(arn, tenant);
        let mut change = self.database.begin(OBJECT).await?;
        if change.execute(DELETE, &address.values()).await? == 0 {
            return Err(StoreError::NoSuchResource { arn: arn.clone() });
        }
        change.give_place_back(tenant, ResourceKind::Channel).await?;
        change.commit().await
    }
}

/// A channel as its row holds it.
struct Columns<'a> {
    address: Address,
    name: &'a str,
    recording_configuration: String,
    playback_restriction_policy: String,
    body: String,
}

impl<'a> Columns<'a> {
    fn of(channel: &'a Channel, tenant: &Tenant) -> Result<Self, StoreError> {
        let attached = |arn: Option<&Arn>| arn.map_or_else(String::new, Arn::to_string);
        Ok(Self {
            address: Address::of(&channel.arn, tenant),
            name: &channel.name,
            recording_configuration: attached(channel.recording_configuration.as_ref()),
            playback_restriction_policy: attached(channel.playback_restriction_policy.as_ref()),
            body: body(OBJECT, channel)?,
        })
    }

    fn values(&self) -> [Value<'_>; 7] {
        let [arn, account, region] = self.address.values();
        let texts = [
            self.name,
            self.recording_configuration.as_str(),
            self.playback_restriction_policy.as_str(),
            self.body.as_str(),
        ];
        let [name, recording, policy, body] = texts.map(Value::Text);
        [arn, account, region, name, recording, policy, body]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn every_list_walks_the_index_of_its_filter_in_order() {
        let store = Store::in_memory().await.expect("an empty database");
        for (sql, index) in [
            (LIST, "channels_by_tenant"),
            (LIST_NAMED, "channels_by_name"),
            (LIST_RECORDED, "channels_by_recording_configuration"),
            (LIST_RESTRICTED, "channels_by_playback_restriction_policy"),
        ] {
            let sql: &'static str = Box::leak(format!("EXPLAIN QUERY PLAN {sql}").into_boxed_str());
            let (text, integer) = (Value::Text("x"), Value::Integer(1));
            let count = if index == "channels_by_tenant" { 4 } else { 5 };
            let values = [text, text, integer, integer, text];
            let rows = store.database.fetch("a plan", sql, &values[..count]).await.expect("a plan");
            let plan: Vec<_> = rows.iter().filter_map(|row| row.text(3).ok()).collect();
            let [step] = plan.as_slice() else { panic!("no sorting: {plan:?}") };
            assert!(
                step.contains(&format!("USING INDEX {index} (")) && step.contains("position>?"),
                "{step}"
            );
        }
    }
}
