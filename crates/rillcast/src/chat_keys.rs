//! `rillcast chat`: the keys that seal chat tokens.
//!
//! Promise: no key is ever printed, and no session ends because of what is done here.

use std::time::SystemTime;

use clap::ArgMatches;
use domain::{chain, unix_millis};

use crate::config::Config;
use crate::{entropy, first_start};

/// Runs `rotate-key` and returns what to print.
pub(crate) async fn rotate(config: &Config, matches: &ArgMatches) -> Result<String, String> {
    let store = first_start::open(config).await.map_err(|error| chain(&error))?;
    let mut secret = [0; 32];
    entropy::fill(&mut secret);
    let now = unix_millis(SystemTime::now());
    let key = store.add_chat_token_key(&secret, now).await.map_err(|error| chain(&error))?;
    let mut said = format!("new chat tokens are sealed with key {}\n", key.id);
    if matches.get_flag("revoke") {
        let retired = store.retire_chat_token_keys(now).await.map_err(|error| chain(&error))?;
        said += &format!("{retired} older keys are gone; unused tokens of theirs open nothing any more\n");
    }
    store.close().await;
    Ok(said)
}
