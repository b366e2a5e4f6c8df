//! What each operation means, on a database in memory and a hub without sockets.
//!
//! Promise: every test has a house of its own and leaves nothing running.

#![expect(clippy::unwrap_used, reason = "a failed step is a failed test")]

mod access_keys;
mod channels;
mod house;
mod isolation;
mod lists;
mod stream_keys;
