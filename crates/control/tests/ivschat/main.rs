//! What each operation of chat means, on a database in memory and a bus inside the process.
//!
//! Promise: every test has a house of its own and leaves nothing running.

#![expect(clippy::unwrap_used, reason = "a failed step is a failed test")]

#[path = "../ivs/callers.rs"]
mod callers;
mod commands;
mod house;
mod lists;
mod logging_configurations;
mod messages;
mod rates;
mod rooms;
mod strangers;
mod tagging;
mod tokens;
