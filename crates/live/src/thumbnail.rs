//! A small picture of what is on air.
//!
//! Promise: it is a whole JPEG image, and says which moment it shows.

use std::time::{Duration, SystemTime};

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

/// Small pictures that somebody wants of a broadcast.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ThumbnailOrder {
    /// From one to the next on the stream's own clock: each shows the first keyframe at or after its time.
    pub every: Duration,
    /// The shorter edge in pixels, at most that of the source; `None`: the source's.
    pub lines: Option<u32>,
}
