//! Chat logging configurations, which rooms may be logged to.
//!
//! Promise: never more than the quota; none goes while a room is logged to it; one that was changed while its
//! destination was on trial is not settled by what that trial found.

use domain::{Arn, LoggingConfiguration, LoggingState, ResourceKind};

use crate::Store;
use crate::database::{Address, Value, body, page};
use crate::error::StoreError;
use crate::page::{Page, PageRequest, Tenant};

const OBJECT: &str = "a logging configuration";
const KIND: ResourceKind = ResourceKind::LoggingConfiguration;
const INSERT: &str = "INSERT INTO logging_configurations (arn, account, region, state, body) \
    VALUES ($1, $2, $3, $4, $5)";
const GET: &str = "SELECT body FROM logging_configurations WHERE arn = $1 AND account = $2 AND region = $3";
const PUT: &str = "UPDATE logging_configurations SET state = $4, body = $5, version = version + 1 \
    WHERE arn = $1 AND account = $2 AND region = $3";
const DELETE: &str = "DELETE FROM logging_configurations WHERE arn = $1 AND account = $2 AND region = $3";
const LIST: &str = "SELECT position, body FROM logging_configurations \
    WHERE account = $1 AND region = $2 AND position > $3 ORDER BY position LIMIT $4";
/// The states in the words of the partial index.
const LIST_ON_TRIAL: &str = "SELECT position, body FROM logging_configurations \
    WHERE state IN ('CREATING', 'UPDATING') AND position > $1 ORDER BY position LIMIT $2";

impl Store {
    /// Makes a logging configuration of the tenant in its ARN, who has at most `quota` afterwards.
    ///
    /// # Errors
    /// [`StoreError::ResourceQuota`]; [`StoreError::Write`], also when the ARN is taken.
    pub async fn create_logging_configuration(
        &self,
        configuration: &LoggingConfiguration,
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

    /// The tenant's logging configuration of this name; `None` when there is none, also when it is someone
    /// else's.
    ///
    /// # Errors
    /// [`StoreError::Read`], [`StoreError::Decode`].
    pub async fn logging_configuration(
        &self,
        tenant: &Tenant,
        arn: &Arn,
    ) -> Result<Option<LoggingConfiguration>, StoreError> {
        let address = Address::of(arn, tenant);
        let row = self.database.fetch_optional(OBJECT, GET, &address.values()).await?;
        row.map(|row| row.body(0)).transpose()
    }

    /// A page of the tenant's logging configurations in creation order.
    ///
    /// # Errors
    /// [`StoreError::Read`], [`StoreError::Decode`].
    pub async fn logging_configurations(
        &self,
        tenant: &Tenant,
        request: PageRequest,
    ) -> Result<Page<LoggingConfiguration>, StoreError> {
        let values = [
            Value::Text(tenant.account.as_str()),
            Value::Text(tenant.region.as_str()),
            Value::Integer(request.after.get()),
            Value::Integer(request.probe()),
        ];
        page(&self.database.fetch("the logging configurations", LIST, &values).await?, request)
    }

    /// A page of all tenants' logging configurations in state CREATING or UPDATING, oldest first.
    ///
    /// # Errors
    /// [`StoreError::Read`], [`StoreError::Decode`].
    pub async fn logging_configurations_in_trial(
        &self,
        request: PageRequest,
    ) -> Result<Page<LoggingConfiguration>, StoreError> {
        let values = [Value::Integer(request.after.get()), Value::Integer(request.probe())];
        page(&self.database.fetch("the logging configurations", LIST_ON_TRIAL, &values).await?, request)
    }

    /// Changes a logging configuration as `revise` says, which sees it as it is now, sets its time, and may
    /// refuse; nobody else changes it meanwhile. Gives it as it is afterwards, with a time that is later
    /// than the one before, if only by a millisecond: the time tells one change from another. Its ARN stays.
    ///
    /// # Errors
    /// What `revise` refuses with; [`StoreError::NoSuchResource`]; [`StoreError::Write`].
    pub async fn update_logging_configuration<E: From<StoreError>>(
        &self,
        tenant: &Tenant,
        arn: &Arn,
        revise: impl FnOnce(&mut LoggingConfiguration) -> Result<(), E>,
    ) -> Result<LoggingConfiguration, E> {
        let address = Address::of(arn, tenant);
        let mut change = self.database.begin(OBJECT).await?;
        let rows = change.fetch(GET, &address.values()).await?;
        let row = rows.first().ok_or_else(|| StoreError::NoSuchResource { arn: arn.clone() })?;
        let before: LoggingConfiguration = row.body(0)?;
        let mut after = before.clone();
        revise(&mut after)?;
        if after == before {
            return Ok(after);
        }
        after.updated_at = after.updated_at.max(before.updated_at.saturating_add(1));
        let (text, [arn, account, region]) = (body(OBJECT, &after)?, address.values());
        let row = [arn, account, region, Value::Text(after.state.as_str()), Value::Text(&text)];
        change.execute(PUT, &row).await?;
        change.commit().await?;
        Ok(after)
    }

    /// Gives a logging configuration that was on trial, and was last changed at `updated_at`, the state that
    /// the trial came to; false when it has another state by now or was changed since. Its time stays.
    ///
    /// # Errors
    /// [`StoreError::NoSuchResource`]; [`StoreError::Write`].
    pub async fn settle_logging_configuration(
        &self,
        arn: &Arn,
        updated_at: i64,
        state: LoggingState,
    ) -> Result<bool, StoreError> {
        let address = Address::of(arn, &Tenant::of(arn));
        let mut change = self.database.begin(OBJECT).await?;
        let rows = change.fetch(GET, &address.values()).await?;
        let row = rows.first().ok_or_else(|| StoreError::NoSuchResource { arn: arn.clone() })?;
        let found: LoggingConfiguration = row.body(0)?;
        let on_trial = matches!(found.state, LoggingState::Creating | LoggingState::Updating);
        if !on_trial || found.updated_at != updated_at {
            return Ok(false);
        }
        let text = body(OBJECT, &LoggingConfiguration { state, ..found })?;
        let [arn, account, region] = address.values();
        let row = [arn, account, region, Value::Text(state.as_str()), Value::Text(&text)];
        change.execute(PUT, &row).await?;
        change.commit().await?;
        Ok(true)
    }

    /// Deletes a logging configuration that no room is logged to.
    ///
    /// # Errors
    /// [`StoreError::NoSuchResource`], [`StoreError::Attached`]; [`StoreError::Write`].
    pub async fn delete_logging_configuration(&self, tenant: &Tenant, arn: &Arn) -> Result<(), StoreError> {
        let address = Address::of(arn, tenant);
        let mut change = self.database.begin(OBJECT).await?;
        if change.fetch(GET, &address.values()).await?.is_empty() {
            return Err(StoreError::NoSuchResource { arn: arn.clone() });
        }
        change.check_unlogged(arn).await?;
        change.execute(DELETE, &address.values()).await?;
        change.give_place_back(tenant, KIND).await?;
        change.commit().await
    }
}
