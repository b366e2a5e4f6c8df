//! `rillcast keys`: the access keys that sign API calls.
//!
//! Promise: a secret is printed once, by the command that makes it, and never again.

use clap::ArgMatches;
use domain::chain;
use store::Store;

use crate::config::Config;
use crate::first_start;

/// Runs one of the `keys` commands and returns what to print.
pub(crate) async fn run(config: &Config, command: &str, matches: &ArgMatches) -> Result<String, String> {
    let store = first_start::open(&config.data_dir).await.map_err(|error| chain(&error))?;
    let id = matches.try_get_one::<String>("id").ok().flatten().map(String::as_str).unwrap_or_default();
    let done = match command {
        "add" => return add(&store, config).await,
        "list" => return list(&store).await,
        "disable" => store.set_access_key_active(id, false).await.map(|()| "disabled"),
        "enable" => store.set_access_key_active(id, true).await.map(|()| "enabled"),
        _ => store.remove_access_key(id).await.map(|()| "removed"),
    };
    done.map(|done| format!("{done} {id}\n")).map_err(|error| chain(&error))
}

async fn add(store: &Store, config: &Config) -> Result<String, String> {
    let key = first_start::add_key(store, &config.account).await.map_err(|error| chain(&error))?;
    Ok(first_start::credentials(&key, config.region.as_str()))
}

async fn list(store: &Store) -> Result<String, String> {
    let keys = store.list_access_keys().await.map_err(|error| chain(&error))?;
    let mut text = String::from("KEY                   ACCOUNT       STATE\n");
    for key in keys {
        let state = if key.active { "active" } else { "disabled" };
        text += &format!("{:<20}  {:<12}  {state}\n", key.id, key.account);
    }
    Ok(text)
}
