//! What channels are attached to: recording configurations and playback restriction policies.
//!
//! Promise: within one change a channel gets attached only to what its own tenant has, and nothing is
//! deleted that a channel is attached to; so no channel ever points at something that is gone.

use domain::{Arn, Channel, ResourceKind};

use crate::database::{Address, Change};
use crate::error::StoreError;
use crate::page::Tenant;

const HAS_RECORDING_CONFIGURATION: &str =
    "SELECT COUNT(*) FROM recording_configurations WHERE arn = $1 AND account = $2 AND region = $3";
const HAS_POLICY: &str =
    "SELECT COUNT(*) FROM playback_restriction_policies WHERE arn = $1 AND account = $2 AND region = $3";

/// The second mention of the column is what the partial index asks for.
const RECORDED: &str = "SELECT COUNT(*) FROM (SELECT 1 FROM channels WHERE recording_configuration = $1 \
    AND account = $2 AND region = $3 AND recording_configuration <> '' LIMIT 1) AS attached";
const RESTRICTED: &str = "SELECT COUNT(*) FROM (SELECT 1 FROM channels WHERE playback_restriction_policy = $1 \
    AND account = $2 AND region = $3 AND playback_restriction_policy <> '' LIMIT 1) AS attached";

impl Change {
    /// Refuses a channel that is attached to something which its tenant does not have. What it was attached
    /// to before is known to be there.
    pub(crate) async fn check_attachments(
        &mut self,
        tenant: &Tenant,
        before: Option<&Channel>,
        after: &Channel,
    ) -> Result<(), StoreError> {
        let was = before.and_then(|channel| channel.recording_configuration.as_ref());
        self.check_attachment(
            tenant,
            HAS_RECORDING_CONFIGURATION,
            was,
            after.recording_configuration.as_ref(),
        )
        .await?;
        let was = before.and_then(|channel| channel.playback_restriction_policy.as_ref());
        self.check_attachment(tenant, HAS_POLICY, was, after.playback_restriction_policy.as_ref()).await
    }

    async fn check_attachment(
        &mut self,
        tenant: &Tenant,
        has: &'static str,
        before: Option<&Arn>,
        after: Option<&Arn>,
    ) -> Result<(), StoreError> {
        match after.filter(|_| after != before) {
            Some(arn) if self.count(has, &Address::of(arn, tenant).values()).await? == 0 => {
                Err(StoreError::NoSuchResource { arn: arn.clone() })
            }
            _ => Ok(()),
        }
    }

    /// Refuses when one of the tenant's channels is attached to it.
    pub(crate) async fn check_free(&mut self, tenant: &Tenant, arn: &Arn) -> Result<(), StoreError> {
        let sql = match arn.kind {
            ResourceKind::RecordingConfiguration => RECORDED,
            ResourceKind::PlaybackRestrictionPolicy => RESTRICTED,
            ResourceKind::Channel
            | ResourceKind::StreamKey
            | ResourceKind::PlaybackKeyPair
            | ResourceKind::Room
            | ResourceKind::LoggingConfiguration => return Ok(()),
        };
        match self.count(sql, &Address::of(arn, tenant).values()).await? {
            0 => Ok(()),
            _ => Err(StoreError::Attached { arn: arn.clone() }),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Store;
    use crate::database::Value;

    #[tokio::test]
    async fn to_ask_whether_something_is_free_does_not_walk_all_channels() {
        let store = Store::in_memory().await.expect("an empty database");
        for (sql, index) in [
            (RECORDED, "channels_by_recording_configuration"),
            (RESTRICTED, "channels_by_playback_restriction_policy"),
        ] {
            let sql: &'static str = Box::leak(format!("EXPLAIN QUERY PLAN {sql}").into_boxed_str());
            let rows = store.database.fetch("a plan", sql, &[Value::Text("x"); 3]).await.expect("a plan");
            let plan: Vec<_> = rows.iter().filter_map(|row| row.text(3).ok()).collect();
            assert!(plan.iter().any(|step| step.contains(index)), "{plan:?}");
            assert!(!plan.iter().any(|step| step.contains("SCAN channels")), "{plan:?}");
        }
    }
}
