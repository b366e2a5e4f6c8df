//! The chat log from `append` to its destinations, with a real store, real folders and no clock but the
//! system's.
//!
//! Promise: every log has a folder of its own; a test waits for what it wants to see, not for a time.

#![expect(clippy::unwrap_used, reason = "a failed step is a failed test")]

mod delivery;
mod house;
mod scale;
mod service;
mod services;
mod spool;
