//! `rillcast keys`: the access keys that sign API calls.
//!
//! Promise: a secret is printed once, by the command that makes it, and never again; no key is made or
//! changed with a policy that the server would not understand.

use std::time::SystemTime;

use clap::ArgMatches;
use domain::chain;
use store::{AccessKey, Store};

use crate::config::Config;
use crate::{entropy, first_start, policies};

/// Longest name of a key's holder; it becomes the last part of an IAM user's ARN.
const NAME_MAX: usize = 64;

/// Runs one of the `keys` commands and returns what to print.
pub(crate) async fn run(config: &Config, command: &str, matches: &ArgMatches) -> Result<String, String> {
    let store = first_start::open(config).await.map_err(|error| chain(&error))?;
    let id = text(matches, "id").unwrap_or_default();
    let done = match command {
        "create" => return create(&store, config, matches).await,
        "list" => return list(&store).await,
        "policy" => return policy(&store, id, matches).await,
        "disable" => store.set_access_key_active(id, false).await.map(|()| "disabled"),
        "enable" => store.set_access_key_active(id, true).await.map(|()| "enabled"),
        _ => store.remove_access_key(id).await.map(|()| "removed"),
    };
    done.map(|done| format!("{done} {id}\n")).map_err(|error| chain(&error))
}

fn text<'a>(matches: &'a ArgMatches, name: &str) -> Option<&'a str> {
    matches.try_get_one::<String>(name).ok().flatten().map(String::as_str)
}

async fn create(store: &Store, config: &Config, matches: &ArgMatches) -> Result<String, String> {
    let name = holder(text(matches, "name").unwrap_or_default())?;
    let policy = policies::read(text(matches, "policy").unwrap_or("admin"))?;
    let key = AccessKey {
        name,
        policy,
        ..AccessKey::mint(config.account.clone(), SystemTime::now(), &mut entropy::fill)
    };
    store.add_access_key(&key).await.map_err(|error| chain(&error))?;
    Ok(first_start::credentials(&key, config.region.as_str()))
}

/// The characters that IAM allows in a user's name.
fn holder(name: &str) -> Result<String, String> {
    let fits = |byte: u8| byte.is_ascii_alphanumeric() || b"+=,.@_-".contains(&byte);
    if name.len() <= NAME_MAX && name.bytes().all(fits) {
        Ok(name.to_owned())
    } else {
        Err(format!("a key's name has at most {NAME_MAX} letters, digits and +=,.@_-"))
    }
}

async fn policy(store: &Store, id: &str, matches: &ArgMatches) -> Result<String, String> {
    if let Some(wanted) = text(matches, "policy") {
        let policy = policies::read(wanted)?;
        store.set_access_key_policy(id, &policy).await.map_err(|error| chain(&error))?;
        return Ok(format!("changed the policy of {id}\n"));
    }
    let key = store.access_key(id).await.map_err(|error| chain(&error))?;
    let key = key.ok_or_else(|| format!("there is no access key {id}"))?;
    Ok(format!("{}\n", key.policy.trim_end()))
}

async fn list(store: &Store) -> Result<String, String> {
    let keys = store.list_access_keys().await.map_err(|error| chain(&error))?;
    let mut text = String::from("KEY                   ACCOUNT       STATE     POLICY       NAME\n");
    for key in keys {
        let state = if key.active { "active" } else { "disabled" };
        let policy = policies::label(&key.policy);
        let line = format!("{:<20}  {:<12}  {state:<8}  {policy:<11}  {}", key.id, key.account, key.name);
        text += &format!("{}\n", line.trim_end());
    }
    Ok(text)
}
