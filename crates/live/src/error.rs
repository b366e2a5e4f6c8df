//! What can go wrong in this crate: one thing.
//!
//! Promise: an error names the channel it is about.

use domain::Arn;

/// Somebody is on air on this channel already.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("channel {channel} is on air already")]
pub struct Busy {
    /// The channel.
    pub channel: Arn,
}
