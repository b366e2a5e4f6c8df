//! `rillcast db`: backups of the database, and the way back.
//!
//! Promise: a backup is whole or not there; a restore changes everything or nothing.

use clap::ArgMatches;

use crate::config::Config;

/// Runs one of the `db` commands and returns what to print.
pub(crate) async fn run(_config: &Config, _command: &str, _matches: &ArgMatches) -> Result<String, String> {
    Err("not yet".to_owned())
}
