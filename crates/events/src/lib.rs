//! Events: move what happened from the outbox to those who want to know.
//!
//! **Way in**: the store's outbox, in the order of its commits. **Way out**: sinks that the operator named.
//!
//! Promise: each sink gets each event that its pattern matches at least once, those of one channel in order,
//! also over a restart; a sink that is down delays no other and no stream.
//!
//! Refuses to know: what an event means.

#![warn(missing_docs)]

mod error;
mod outlet;
mod pattern;
mod sinks;
mod subject;

pub use error::{EventsError, PatternError, SinksError};
pub use pattern::Pattern;
pub use sinks::{Sink, Sinks};
