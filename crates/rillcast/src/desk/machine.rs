//! `GET machine`: what this server is, and how it fares.
//!
//! Promise: what the system does not tell is left out, never guessed.

use api::ApiError;
use domain::unix_millis;
use serde::Serialize;

use super::House;

/// What is told of the machine.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Machine {
    version: &'static str,
    node: String,
    region: String,
    account: String,
    /// Milliseconds since 1970.
    started: i64,
}

/// What this server is now.
#[expect(clippy::unused_async, reason = "the disk is asked next")]
pub(super) async fn machine(house: &House) -> Result<Machine, ApiError> {
    Ok(Machine {
        version: env!("CARGO_PKG_VERSION"),
        node: house.node.clone(),
        region: house.config.region.to_string(),
        account: house.config.account.to_string(),
        started: unix_millis(house.started),
    })
}
