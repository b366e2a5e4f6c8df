//! `rillcast keys`: the access keys that sign API calls.
//!
//! Promise: a secret is printed once, by the command that makes it, and never again; no key is made or
//! changed with a policy that the server would not understand.

use std::time::SystemTime;

use clap::ArgMatches;
use domain::{AccountId, chain};
use serde_json::json;
use store::{AccessKey, AccessKeySummary, Store};

use crate::cli::output::{Form, form};
use crate::cli::table::Table;
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
        "list" => return list(&store, form(matches)).await,
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
    let key = mint(config.account.clone(), name, policy);
    store.add_access_key(&key).await.map_err(|error| chain(&error))?;
    let region = config.region.as_str();
    Ok(match form(matches) {
        Form::Table => first_start::credentials(&key, region),
        Form::Json => {
            let secret = key.secret.reveal();
            let object = json!({ "accessKeyId": key.id, "secretAccessKey": secret, "region": region });
            format!("{object}\n")
        }
    })
}

/// A fresh key; `name` and `policy` were found good.
pub(crate) fn mint(account: AccountId, name: String, policy: String) -> AccessKey {
    AccessKey { name, policy, ..AccessKey::mint(account, SystemTime::now(), &mut entropy::fill) }
}

/// The characters that IAM allows in a user's name.
pub(crate) fn holder(name: &str) -> Result<String, String> {
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

async fn list(store: &Store, form: Form) -> Result<String, String> {
    let keys = store.list_access_keys().await.map_err(|error| chain(&error))?;
    if form == Form::Json {
        let line = |key: &AccessKeySummary| {
            let object = json!({
                "accessKeyId": key.id,
                "account": key.account.as_str(),
                "active": key.active,
                "policy": policies::label(&key.policy),
                "name": key.name,
            });
            format!("{object}\n")
        };
        return Ok(keys.iter().map(line).collect());
    }
    let mut table = Table::new(["KEY", "ACCOUNT", "STATE", "POLICY", "NAME"], &[]);
    for key in keys {
        let state = if key.active { "active" } else { "disabled" };
        table.row([&key.id, key.account.as_str(), state, policies::label(&key.policy), &key.name]);
    }
    Ok(table.text())
}
