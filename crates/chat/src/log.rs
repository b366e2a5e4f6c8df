//! The chat log (user guide, "IVS Chat Logging").
//!
//! Promise: a record that was appended is in the spool on disk within a second and leaves it only when its
//! destination has taken it, in order for each room.

use std::sync::Arc;

use bus::FrameKind;
use domain::Arn;

/// One line of the log.
#[derive(Clone, Debug)]
pub struct Record {
    /// Whose.
    pub room: Arn,
    /// MESSAGE or EVENT.
    pub kind: FrameKind,
    /// Nanoseconds since 1970.
    pub at: i64,
    /// Exactly the JSON text that clients got.
    pub payload: Arc<str>,
}
