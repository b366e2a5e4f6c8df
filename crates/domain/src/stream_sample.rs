//! What was measured of a stream over a few seconds.
//!
//! Promise: a short dip shows: beside the mean stands the least of what was measured.

use crate::stream_session::StreamHealth;

/// A few seconds of a stream, as its server measured them.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct StreamSample {
    /// The end of these seconds, in milliseconds since 1970.
    pub at: i64,
    /// Bits a second of all that the encoder sent, in the mean.
    pub bitrate: u64,
    /// The least of it.
    pub bitrate_low: u64,
    /// Bits a second of the picture, in the mean.
    pub video_bitrate: u64,
    /// Bits a second of the sound, in the mean.
    pub audio_bitrate: u64,
    /// Pictures a second, in the mean.
    pub frame_rate: f64,
    /// The least of it.
    pub frame_rate_low: f64,
    /// Seconds between the two newest keyframes; 0 before there were two.
    pub keyframe_interval: f64,
    /// Playback sessions that watched on the stream's server; the most there were.
    pub viewers: u32,
    /// How the stream fared; starving if it did at any moment.
    pub health: StreamHealth,
}

impl StreamSample {
    /// Milliseconds between two samples of a stream.
    pub const EVERY_MS: i64 = 5_000;
}
