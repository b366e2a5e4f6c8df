//! Watching recordings: what is served of a bucket on disk, how, and to whom.
//!
//! Promise: every answer comes from a whole delivery service on a real folder.

mod access;
mod files;
mod stage;
