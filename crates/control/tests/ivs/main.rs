//! What each operation means, on a database in memory and a hub without sockets.
//!
//! Promise: every test has a house of its own and leaves nothing running.

#![expect(clippy::unwrap_used, reason = "a failed step is a failed test")]

mod access_keys;
mod air;
mod batches;
mod callers;
mod channels;
mod house;
mod isolation;
mod lists;
mod playback_key_pairs;
mod playback_restriction_policies;
mod recording_configurations;
mod story;
mod stream_keys;
mod stream_sessions;
mod streams;
mod tagging;
mod updates;
mod viewer_sessions;
