//! A small picture of what is on air.
//!
//! Promise: it is a whole JPEG image, and says which moment it shows.

use std::time::SystemTime;

use bytes::Bytes;
use media::Ticks;

/// A picture of the stream.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Thumbnail {
    /// A JPEG file.
    pub jpeg: Bytes,
    /// Pixels across.
    pub width: u32,
    /// Pixels down.
    pub height: u32,
    /// When the picture is shown, on the stream's own clock.
    pub pts: Ticks,
    /// When it was made.
    pub time: SystemTime,
}
