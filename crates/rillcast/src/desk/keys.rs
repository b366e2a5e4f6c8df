//! `keys`: the access keys of the caller's account, as `rillcast keys` manages them.
//!
//! Whoever may create a key, or give one another policy, may do everything, for they may make a key that does: these
//! actions are an administrator's. Guarded here is only what happens by accident: a key neither disables nor removes
//! nor changes itself, so that nobody locks themselves out.
//!
//! Promise: a secret is told once, by the answer that makes it; keys of other accounts can't be told from none; every
//! change is in the log with who made it, and good at all servers from the next request on.

use api::{Admitted, ApiError, Why};
use domain::unix_millis;
use serde::{Deserialize, Serialize};
use store::{AccessKey, AccessKeySummary, StoreError};
use tracing::info;

use super::{House, body, failed};
use crate::{keys, policies};

/// All keys.
#[derive(Debug, Serialize)]
pub(super) struct Keys {
    keys: Vec<Key>,
}

/// A key, without its secret.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Key {
    access_key_id: String,
    name: String,
    active: bool,
    /// A ready-made policy's name, or `custom`.
    policy: &'static str,
    /// The policy's text.
    document: String,
    /// Milliseconds since 1970.
    created: i64,
    /// When a request signed with it was last verified at this server, since it started.
    #[serde(skip_serializing_if = "Option::is_none")]
    last_used: Option<i64>,
    /// It signed this request.
    own: bool,
}

/// A key with its secret.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Made {
    key: Key,
    secret_access_key: String,
    region: String,
}

/// What a key is to be.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Wanted {
    #[serde(default)]
    name: String,
    /// A ready-made policy's name, or a document.
    policy: String,
}

/// What a key is to be allowed.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Change {
    policy: String,
}

/// The keys of the caller's account.
pub(super) async fn list(house: &House, admitted: &Admitted) -> Result<Keys, ApiError> {
    let account = &admitted.call.principal.account;
    let keys = house.store.list_access_keys().await.map_err(failed)?;
    let own = keys.into_iter().filter(|key| key.account == *account);
    Ok(Keys { keys: own.map(|key| told(house, admitted, key)).collect() })
}

/// Makes a key for the caller's account.
pub(super) async fn create(house: &House, admitted: &Admitted) -> Result<Made, ApiError> {
    let Wanted { name, policy } = body::read(admitted)?;
    let name = keys::holder(&name).map_err(|why| ApiError::validation(format!("name: {why}")))?;
    let policy = valid(&policy)?;
    let key = keys::mint(admitted.call.principal.account.clone(), name, policy);
    house.store.add_access_key(&key).await.map_err(failed)?;
    note(admitted, &key.id, "an access key was made");
    Ok(Made {
        secret_access_key: key.secret.reveal().to_owned(),
        region: house.config.region.to_string(),
        key: told(house, admitted, key.into()),
    })
}

/// Gives a key another policy.
pub(super) async fn set_policy(house: &House, admitted: &Admitted, id: &str) -> Result<Keys, ApiError> {
    let Change { policy } = body::read(admitted)?;
    let policy = valid(&policy)?;
    let id = other(house, admitted, id).await?.id;
    house.store.set_access_key_policy(&id, &policy).await.map_err(lost)?;
    note(admitted, &id, "an access key's policy was changed");
    list(house, admitted).await
}

/// Lets a key open something, or nothing.
pub(super) async fn set_active(
    house: &House,
    admitted: &Admitted,
    id: &str,
    active: bool,
) -> Result<Keys, ApiError> {
    let id = other(house, admitted, id).await?.id;
    house.store.set_access_key_active(&id, active).await.map_err(lost)?;
    note(admitted, &id, if active { "an access key was enabled" } else { "an access key was disabled" });
    list(house, admitted).await
}

/// Removes a key for good.
pub(super) async fn remove(house: &House, admitted: &Admitted, id: &str) -> Result<Keys, ApiError> {
    let id = other(house, admitted, id).await?.id;
    house.store.remove_access_key(&id).await.map_err(lost)?;
    note(admitted, &id, "an access key was removed");
    list(house, admitted).await
}

/// A key of the caller's account that is not the one that asks.
async fn other(house: &House, admitted: &Admitted, id: &str) -> Result<AccessKey, ApiError> {
    let principal = &admitted.call.principal;
    let found = house.store.access_key(id).await.map_err(failed)?;
    let key = found.filter(|key| key.account == principal.account).ok_or_else(missing)?;
    if key.id == principal.access_key_id {
        return Err(ApiError::Conflict(Why::new(
            "A key does not change, disable or remove itself, so that nobody locks themselves out: sign in with \
             another key, or use the command rillcast keys on the server",
        )));
    }
    Ok(key)
}

fn valid(policy: &str) -> Result<String, ApiError> {
    policies::written(policy).map_err(|why| ApiError::validation(format!("policy: {why}")))
}

fn missing() -> ApiError {
    ApiError::ResourceNotFound(Why::new("There is no such access key"))
}

/// Somebody else removed it a moment ago.
fn lost(error: StoreError) -> ApiError {
    match error {
        StoreError::NoSuchAccessKey { .. } => missing(),
        other => failed(other),
    }
}

fn told(house: &House, admitted: &Admitted, key: AccessKeySummary) -> Key {
    Key {
        own: key.id == admitted.call.principal.access_key_id,
        last_used: house.control.last_use(&key.id).map(unix_millis),
        created: unix_millis(key.created_at),
        policy: policies::label(&key.policy),
        access_key_id: key.id,
        name: key.name,
        active: key.active,
        document: key.policy,
    }
}

fn note(admitted: &Admitted, key: &str, what: &'static str) {
    info!(key, by = admitted.call.principal.access_key_id, "{what}");
}
