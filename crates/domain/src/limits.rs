//! The service quotas that Rillcast keeps by default.
//!
//! Promise: each number is the vendor's documented default (user guide, "Service quotas") unless its
//! line says otherwise.

/// How many of what one account may have. Adjustable by configuration.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Channels per account and region.
    pub channels: u32,
    /// Stream keys per channel.
    pub stream_keys_per_channel: u32,
    /// Streams on air at once per account.
    pub concurrent_streams: u32,
}

impl Default for Limits {
    fn default() -> Self {
        Self { channels: 5_000, stream_keys_per_channel: 1, concurrent_streams: 100 }
    }
}
