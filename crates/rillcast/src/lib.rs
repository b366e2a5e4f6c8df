//! The roof: configuration, wiring, listeners, telemetry, the command line and the pages.
//!
//! **Way in**: [`commands::run`] for the binary, [`app::App`] for whoever wants a whole server as a value.
//! **Way out**: the listeners.
//!
//! Promise: only this crate reads configuration, environment and arguments, and only it wires services to
//! pipes.

pub mod app;
mod backups;
mod chat_keys;
mod chatting;
pub mod cli;
pub mod commands;
pub mod config;
mod desk;
mod doctor;
mod entropy;
pub mod error;
mod event_commands;
mod files;
mod first_start;
mod keys;
mod lane;
mod listener;
mod metrics;
mod node;
mod opening;
mod pace;
mod pages;
mod peer;
mod pipes;
mod policies;
pub mod ready;
mod recording_commands;
mod routes;
mod status;
pub mod telemetry;
mod telling;
mod tls;
mod token;
mod upgrades;
mod watching;
