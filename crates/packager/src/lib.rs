//! The packager: cuts what is on air into low-latency HLS parts and segments, in the broadcast's container.
//!
//! Way in: the hub's broadcasts, each read by one task. Way out: each broadcast's shelf. In between, a
//! [`Segmenter`] (frames in, parts out) and a [`Window`] (parts in, snapshots out) that know no clock and
//! no runtime.
//!
//! Promise: what a session tells its players once (part target, target duration, hold-backs) stays as it
//! is; a part is on the shelf within one picture of its last one; a publisher never waits for it, and one
//! broadcast's trouble is not another's.
//!
//! It refuses to know how media comes in, who watches, and what a playlist looks like.

mod cues;
mod cutter;
mod fit;
mod follower;
mod lane;
mod latency;
mod measure;
mod rewind;
mod segmenter;
mod service;
mod session;
mod sound;
mod window;
mod wrapper;

use std::time::Duration;

pub use fit::Fit;
pub use follower::Follower;
pub use measure::Measure;
pub use segmenter::{Cut, Heading, Segmenter};
pub use service::Packager;
pub use window::Window;

/// How to cut and what to keep.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Config {
    /// Wanted length of a part; the real one is the nearest whole number of pictures.
    pub part: Duration,
    /// What a playlist lists at least; it is never less than eight target durations, so that delta
    /// updates have something to skip. As much again stays readable after it left the playlist.
    pub window: Duration,
    /// Media bytes that one rendition of a broadcast may keep. Beyond it the window shrinks, to three target durations at
    /// least.
    pub bytes: usize,
    /// Bytes on disk that all broadcasts which can be rewound may use together; 0: none can.
    pub rewind_bytes: u64,
    /// How long an ended broadcast stays readable.
    pub linger: Duration,
    /// How long broadcasts may take to end by themselves when the service is shut down.
    pub drain: Duration,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            part: Duration::from_millis(200),
            window: Duration::from_secs(12),
            bytes: 256 << 20,
            rewind_bytes: 10 << 30,
            linger: Duration::from_secs(60),
            drain: Duration::from_secs(2),
        }
    }
}

/// The pipes it may touch.
#[derive(Clone, Debug)]
pub struct Deps {
    /// What is on air.
    pub hub: live::Hub,
    /// Where segments are kept that left memory and viewers may go back to. Without it none are.
    pub spool: Option<blob::Spool>,
}
