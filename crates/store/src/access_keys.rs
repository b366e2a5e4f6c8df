//! Access keys: who may call the API, as an id and a secret for request signatures (SigV4).
//!
//! Promise: a look-up reads the database, so a key that was disabled or removed, also by another
//! process, is refused from the next request on; a list carries no secrets.

use std::fmt;
use std::time::SystemTime;

use domain::{AccountId, Entropy, alphanumeric};
use serde::{Deserialize, Serialize};

use crate::Store;
use crate::database::{Row, Value, body};
use crate::error::StoreError;

const OBJECT: &str = "an access key";
const ADD: &str =
    "INSERT INTO access_keys (id, account, body) VALUES ($1, $2, $3) ON CONFLICT (id) DO NOTHING";
const COUNT: &str = "SELECT COUNT(*) FROM access_keys";
const GET: &str = "SELECT body FROM access_keys WHERE id = $1";
const LIST: &str = "SELECT body FROM access_keys ORDER BY position";
const PUT: &str = "UPDATE access_keys SET body = $2 WHERE id = $1";
const REMOVE: &str = "DELETE FROM access_keys WHERE id = $1";

/// The secret half of an access key. `Debug` does not show it.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct AccessSecret(String);

impl AccessSecret {
    /// Takes a secret that was made elsewhere, such as one an operator brings along.
    pub fn new(secret: String) -> Self {
        Self(secret)
    }

    /// The secret itself, for checking a signature and for showing it once to its owner.
    pub fn reveal(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for AccessSecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("AccessSecret(…)")
    }
}

/// An access key with its secret. SigV4 needs the secret itself on both sides, so it is stored as it is;
/// the mode of the database file guards it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AccessKey {
    /// `RILL` and 16 of `[A-Z0-9]` when minted here.
    pub id: String,
    /// The secret: 40 of `[A-Za-z0-9]` when minted here.
    pub secret: AccessSecret,
    /// The account that it acts for.
    pub account: AccountId,
    /// What its holder is called in refusals and in the policy variable `aws:username`; may be empty.
    #[serde(default)]
    pub name: String,
    /// What it may do: an IAM policy document. Keys that are older than policies may do everything.
    #[serde(default = "everything")]
    pub policy: String,
    /// A disabled key is kept but opens nothing.
    pub active: bool,
    /// When it was made.
    pub created_at: SystemTime,
}

fn everything() -> String {
    auth::policy::ADMIN.to_owned()
}

impl AccessKey {
    const PREFIX: &str = "RILL";
    const ID_LENGTH: usize = 20;
    const SECRET_LENGTH: usize = 40;

    /// A fresh, active key that may do everything: about 82 bits of id and 238 of secret.
    pub fn mint(account: AccountId, now: SystemTime, entropy: Entropy<'_>) -> Self {
        let mut id = String::from(Self::PREFIX);
        while id.len() < Self::ID_LENGTH {
            // Dropping the lower case keeps the rest as evenly drawn as it was.
            let drawn = alphanumeric(32, &mut *entropy);
            let fitting = drawn.chars().filter(|letter| !letter.is_ascii_lowercase());
            id.extend(fitting.take(Self::ID_LENGTH - id.len()));
        }
        let secret = AccessSecret(alphanumeric(Self::SECRET_LENGTH, entropy));
        Self { id, secret, account, name: String::new(), policy: everything(), active: true, created_at: now }
    }
}

/// An access key as lists show it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AccessKeySummary {
    /// Its id.
    pub id: String,
    /// The account that it acts for.
    pub account: AccountId,
    /// What its holder is called; may be empty.
    pub name: String,
    /// What it may do: an IAM policy document.
    pub policy: String,
    /// A disabled key is kept but opens nothing.
    pub active: bool,
    /// When it was made.
    pub created_at: SystemTime,
}

impl From<AccessKey> for AccessKeySummary {
    fn from(key: AccessKey) -> Self {
        let AccessKey { id, account, name, policy, active, created_at, secret: _ } = key;
        Self { id, account, name, policy, active, created_at }
    }
}

impl Store {
    /// Adds a key.
    ///
    /// # Errors
    /// [`StoreError::AccessKeyTaken`] when its id is in use; [`StoreError::Write`].
    pub async fn add_access_key(&self, key: &AccessKey) -> Result<(), StoreError> {
        let text = body(OBJECT, key)?;
        let mut change = self.database.begin(OBJECT).await?;
        let values = [Value::Text(&key.id), Value::Text(key.account.as_str()), Value::Text(&text)];
        if change.execute(ADD, &values).await? == 0 {
            return Err(StoreError::AccessKeyTaken { id: key.id.clone() });
        }
        change.commit().await
    }

    /// Adds a key if there is none at all, of whatever account; tells whether it did. Of several that start
    /// at once on an empty database, one does.
    ///
    /// # Errors
    /// [`StoreError::Write`].
    pub async fn add_first_access_key(&self, key: &AccessKey) -> Result<bool, StoreError> {
        let text = body(OBJECT, key)?;
        let mut change = self.database.begin(OBJECT).await?;
        if change.count(COUNT, &[]).await? > 0 {
            return Ok(false);
        }
        let values = [Value::Text(&key.id), Value::Text(key.account.as_str()), Value::Text(&text)];
        change.execute(ADD, &values).await?;
        change.commit().await?;
        Ok(true)
    }

    /// The key of this id with its secret, also a disabled one; `None` when there is none.
    ///
    /// # Errors
    /// [`StoreError::Read`], [`StoreError::Decode`].
    pub async fn access_key(&self, id: &str) -> Result<Option<AccessKey>, StoreError> {
        let row = self.database.fetch_optional(OBJECT, GET, &[Value::Text(id)]).await?;
        row.map(|row| row.body(0)).transpose()
    }

    /// All keys of all accounts in the order they were added, without their secrets.
    ///
    /// # Errors
    /// [`StoreError::Read`], [`StoreError::Decode`].
    pub async fn list_access_keys(&self) -> Result<Vec<AccessKeySummary>, StoreError> {
        let rows = self.database.fetch("the access keys", LIST, &[]).await?;
        let summary = |row: &Row| row.body::<AccessKey>(0).map(AccessKeySummary::from);
        rows.iter().map(summary).collect()
    }

    /// Enables or disables a key.
    ///
    /// # Errors
    /// [`StoreError::NoSuchAccessKey`]; [`StoreError::Write`].
    pub async fn set_access_key_active(&self, id: &str, active: bool) -> Result<(), StoreError> {
        self.change_access_key(id, |key| key.active = active).await
    }

    /// Gives a key another policy; its next call is judged by it.
    ///
    /// # Errors
    /// [`StoreError::NoSuchAccessKey`]; [`StoreError::Write`].
    pub async fn set_access_key_policy(&self, id: &str, policy: &str) -> Result<(), StoreError> {
        self.change_access_key(id, |key| policy.clone_into(&mut key.policy)).await
    }

    async fn change_access_key(
        &self,
        id: &str,
        act: impl FnOnce(&mut AccessKey) + Send,
    ) -> Result<(), StoreError> {
        let mut change = self.database.begin(OBJECT).await?;
        let rows = change.fetch(GET, &[Value::Text(id)]).await?;
        let row = rows.first().ok_or_else(|| StoreError::NoSuchAccessKey { id: id.to_owned() })?;
        let mut key: AccessKey = row.body(0)?;
        act(&mut key);
        let text = body(OBJECT, &key)?;
        change.execute(PUT, &[Value::Text(id), Value::Text(&text)]).await?;
        change.commit().await
    }

    /// Removes a key for good.
    ///
    /// # Errors
    /// [`StoreError::NoSuchAccessKey`]; [`StoreError::Write`].
    pub async fn remove_access_key(&self, id: &str) -> Result<(), StoreError> {
        let mut change = self.database.begin(OBJECT).await?;
        if change.execute(REMOVE, &[Value::Text(id)]).await? == 0 {
            return Err(StoreError::NoSuchAccessKey { id: id.to_owned() });
        }
        change.commit().await
    }
}
