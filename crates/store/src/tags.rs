//! Tags of every kind of resource, read and changed alike.
//!
//! Promise: changes of the same resource's tags follow one another, so none is lost; all else that a
//! resource's body says, also what only a newer version understands, is kept as it was.

use domain::{Arn, ResourceKind, Tags};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value as Json};

use crate::Store;
use crate::database::{Address, Value, body};
use crate::error::StoreError;
use crate::page::Tenant;

const OBJECT: &str = "a resource's tags";

/// Every resource's body has this member.
#[derive(Serialize, Deserialize)]
struct Tagged {
    tags: Tags,
    #[serde(flatten)]
    rest: Map<String, Json>,
}

/// The same, for those who only want to read them.
#[derive(Deserialize)]
struct OnlyTags {
    tags: Tags,
}

/// The statements for one table.
struct Statements {
    get: &'static str,
    put: &'static str,
}

macro_rules! statements {
    ($table:literal) => {
        Statements {
            get: concat!("SELECT body FROM ", $table, " WHERE arn = $1 AND account = $2 AND region = $3"),
            put: concat!(
                "UPDATE ",
                $table,
                " SET body = $4, version = version + 1 WHERE arn = $1 AND account = $2 AND region = $3"
            ),
        }
    };
}

fn statements(kind: ResourceKind) -> Statements {
    match kind {
        ResourceKind::Channel => statements!("channels"),
        ResourceKind::StreamKey => statements!("stream_keys"),
        ResourceKind::PlaybackKeyPair => statements!("playback_key_pairs"),
        ResourceKind::PlaybackRestrictionPolicy => statements!("playback_restriction_policies"),
        ResourceKind::RecordingConfiguration => statements!("recording_configurations"),
        ResourceKind::Room => statements!("rooms"),
        ResourceKind::LoggingConfiguration => statements!("logging_configurations"),
    }
}

impl Store {
    /// The tags of the tenant's resource of this name; `None` when there is none, also when it is someone
    /// else's.
    ///
    /// # Errors
    /// [`StoreError::Read`], [`StoreError::Decode`].
    pub async fn tags(&self, tenant: &Tenant, arn: &Arn) -> Result<Option<Tags>, StoreError> {
        let address = Address::of(arn, tenant);
        let sql = statements(arn.kind).get;
        let row = self.database.fetch_optional(OBJECT, sql, &address.values()).await?;
        row.map(|row| Ok(row.body::<OnlyTags>(0)?.tags)).transpose()
    }

    /// Changes the tags of the tenant's resource as `revise` says, which sees them as they are now and may
    /// refuse; nobody else changes them meanwhile.
    ///
    /// # Errors
    /// What `revise` refuses with; [`StoreError::NoSuchResource`]; [`StoreError::Read`],
    /// [`StoreError::Decode`], [`StoreError::Write`].
    pub async fn change_tags<E: From<StoreError>>(
        &self,
        tenant: &Tenant,
        arn: &Arn,
        revise: impl FnOnce(&mut Tags) -> Result<(), E>,
    ) -> Result<(), E> {
        let address = Address::of(arn, tenant);
        let statements = statements(arn.kind);
        let mut change = self.database.begin(OBJECT).await?;
        let rows = change.fetch(statements.get, &address.values()).await?;
        let row = rows.first().ok_or_else(|| StoreError::NoSuchResource { arn: arn.clone() })?;
        let mut tagged: Tagged = row.body(0)?;
        let before = tagged.tags.clone();
        revise(&mut tagged.tags)?;
        if tagged.tags == before {
            return Ok(());
        }
        let text = body(OBJECT, &tagged)?;
        let [arn, account, region] = address.values();
        change.execute(statements.put, &[arn, account, region, Value::Text(&text)]).await?;
        Ok(change.commit().await?)
    }
}
