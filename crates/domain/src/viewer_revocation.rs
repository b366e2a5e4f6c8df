//! Viewers who may no longer watch.
//!
//! Promise: a revocation says what it ends; sessions of a later version are not touched.

use std::time::SystemTime;

use crate::arn::Arn;

/// Ends the sessions of one viewer of one channel (API reference, StartViewerSessionRevocation).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ViewerRevocation {
    /// The channel.
    pub channel: Arn,
    /// 1 to 40 characters, as in the tokens' `aws:viewer-id`.
    pub viewer: String,
    /// Sessions whose `aws:viewer-session-version` is at most this end.
    pub version: u32,
    /// When it was asked for.
    pub revoked_at: SystemTime,
}
