//! Recording configurations, which channels may be attached to.
//!
//! Promise: never more than the quota; none goes while a channel is attached to it; one leaves the state
//! CREATING once and for good.

use domain::{Arn, Event, RecordingConfiguration, RecordingState, ResourceKind};

use crate::Store;
use crate::database::{Address, Value, body, page};
use crate::error::StoreError;
use crate::page::{Page, PageRequest, Tenant};

const OBJECT: &str = "a recording configuration";
const KIND: ResourceKind = ResourceKind::RecordingConfiguration;
const INSERT: &str = "INSERT INTO recording_configurations (arn, account, region, state, body) \
    VALUES ($1, $2, $3, $4, $5)";
const GET: &str = "SELECT body FROM recording_configurations WHERE arn = $1 AND account = $2 AND region = $3";
const PUT: &str = "UPDATE recording_configurations SET state = $4, body = $5, version = version + 1 \
    WHERE arn = $1 AND account = $2 AND region = $3";
const DELETE: &str = "DELETE FROM recording_configurations WHERE arn = $1 AND account = $2 AND region = $3";
const LIST: &str = "SELECT position, body FROM recording_configurations \
    WHERE account = $1 AND region = $2 AND position > $3 ORDER BY position LIMIT $4";
const LIST_CREATING: &str = "SELECT position, body FROM recording_configurations \
    WHERE state = $1 AND position > $2 ORDER BY position LIMIT $3";

impl Store {
    /// Makes a recording configuration of the tenant in its ARN, who has at most `quota` afterwards.
    ///
    /// # Errors
    /// [`StoreError::ResourceQuota`]; [`StoreError::Write`], also when the ARN is taken.
    pub async fn create_recording_configuration(
        &self,
        configuration: &RecordingConfiguration,
        quota: u32,
    ) -> Result<(), StoreError> {
        let tenant = Tenant::of(&configuration.arn);
        let (address, text) = (Address::of(&configuration.arn, &tenant), body(OBJECT, configuration)?);
        let [arn, account, region] = address.values();
        let row = [arn, account, region, Value::Text(configuration.state.as_str()), Value::Text(&text)];
        let mut change = self.database.begin(OBJECT).await?;
        if !change.take_place(&tenant, KIND, quota).await? {
            return Err(StoreError::ResourceQuota { kind: KIND, limit: quota });
        }
        change.execute(INSERT, &row).await?;
        change.commit().await
    }

    /// The tenant's recording configuration of this name; `None` when there is none, also when it is
    /// someone else's.
    ///
    /// # Errors
    /// [`StoreError::Read`], [`StoreError::Decode`].
    pub async fn recording_configuration(
        &self,
        tenant: &Tenant,
        arn: &Arn,
    ) -> Result<Option<RecordingConfiguration>, StoreError> {
        let address = Address::of(arn, tenant);
        let row = self.database.fetch_optional(OBJECT, GET, &address.values()).await?;
        row.map(|row| row.body(0)).transpose()
    }

    /// A page of the tenant's recording configurations in creation order.
    ///
    /// # Errors
    /// [`StoreError::Read`], [`StoreError::Decode`].
    pub async fn recording_configurations(
        &self,
        tenant: &Tenant,
        request: PageRequest,
    ) -> Result<Page<RecordingConfiguration>, StoreError> {
        let values = [
            Value::Text(tenant.account.as_str()),
            Value::Text(tenant.region.as_str()),
            Value::Integer(request.after.get()),
            Value::Integer(request.probe()),
        ];
        page(&self.database.fetch("the recording configurations", LIST, &values).await?, request)
    }

    /// A page of all tenants' recording configurations in state CREATING, oldest first.
    ///
    /// # Errors
    /// [`StoreError::Read`], [`StoreError::Decode`].
    pub async fn recording_configurations_in_creation(
        &self,
        request: PageRequest,
    ) -> Result<Page<RecordingConfiguration>, StoreError> {
        let values = [
            Value::Text(RecordingState::Creating.as_str()),
            Value::Integer(request.after.get()),
            Value::Integer(request.probe()),
        ];
        page(&self.database.fetch("the recording configurations", LIST_CREATING, &values).await?, request)
    }

    /// Gives a recording configuration in state CREATING its final state, with the reason for that and the events that
    /// tell of it; false when it has one.
    ///
    /// # Errors
    /// [`StoreError::NoSuchResource`]; [`StoreError::Write`].
    pub async fn settle_recording_configuration(
        &self,
        arn: &Arn,
        state: RecordingState,
        reason: &str,
        events: &[Event],
    ) -> Result<bool, StoreError> {
        let address = Address::of(arn, &Tenant::of(arn));
        let mut change = self.database.begin(OBJECT).await?;
        let rows = change.fetch(GET, &address.values()).await?;
        let row = rows.first().ok_or_else(|| StoreError::NoSuchResource { arn: arn.clone() })?;
        let found: RecordingConfiguration = row.body(0)?;
        if found.state != RecordingState::Creating {
            return Ok(false);
        }
        let text = body(OBJECT, &RecordingConfiguration { state, state_reason: reason.to_owned(), ..found })?;
        let [arn, account, region] = address.values();
        let row = [arn, account, region, Value::Text(state.as_str()), Value::Text(&text)];
        change.execute(PUT, &row).await?;
        self.commit_with_events(change, None, events).await?;
        Ok(true)
    }

    /// Deletes a recording configuration that no channel is attached to.
    ///
    /// # Errors
    /// [`StoreError::NoSuchResource`], [`StoreError::Attached`]; [`StoreError::Write`].
    pub async fn delete_recording_configuration(&self, tenant: &Tenant, arn: &Arn) -> Result<(), StoreError> {
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
