//! Policies for the three usual kinds of key.
//!
//! Promise: each is a valid policy in AWS's own JSON, fit to be printed, changed and given back.

/// Everything in the account.
pub const ADMIN: &str = include_str!("../policies/admin.json");

/// All reads of both services and of events, except those that show stream keys: who has one can publish.
pub const READ_ONLY: &str = include_str!("../policies/read-only.json");

/// What the backend of a streaming application needs while it runs: all reads, stream keys too, and the
/// operations on live streams, viewers and chats. It makes, changes and deletes no resource.
pub const APPLICATION: &str = include_str!("../policies/application.json");

/// The names that [`ready_made`] knows.
pub const READY_MADE: &[&str] = &["admin", "read-only", "application"];

/// The ready-made policy of this name.
pub fn ready_made(name: &str) -> Option<&'static str> {
    match name {
        "admin" => Some(ADMIN),
        "read-only" => Some(READ_ONLY),
        "application" => Some(APPLICATION),
        _ => None,
    }
}
