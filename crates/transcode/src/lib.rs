//! The transcoder: makes the ladder of renditions of what is on air, and small pictures of it.
//!
//! Way in: the hub's broadcasts, each read by one task. Way out: each broadcast's ladder ([`live::Ladder`]), whose
//! renditions it pushes frames to, and its thumbnail. The work itself is done by a supervised `ffmpeg` process for
//! each transcoded stream: what comes from strangers is decoded by nobody else.
//!
//! Promise: a stream never ends because its transcode did; frames keep the source's times, and keyframes are where
//! the source has them; whatever an encoder sends, it harms no more than its own worker.
//!
//! It refuses to know how media comes in, how parts are cut, and who watches.

mod capacity;
mod encoder;
mod error;
mod figures;
mod jpeg;
mod ladder;
mod machine;
mod service;
mod session;
mod thumbnail;
mod worker;

use std::path::PathBuf;
use std::time::Duration;

pub use capacity::{Budget, Reservation};
pub use error::Error;
pub use figures::{Cause, DELAYS, Figures};
pub use ladder::{Input, Ladder, Picture, Rung, Sound};
pub use machine::{Check, Encoder, Film, Machine, Trial};
pub use service::Transcode;
pub use worker::{Confinement, Measure};

/// What happens to a stream whose ladder is more than the machine can make.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WhenFull {
    /// It gets as much of its ladder as there is room for, at least what came in.
    Degrade,
    /// It is refused: "Transcode capacity exceeded. Please try again."
    Refuse,
}

/// How to transcode.
#[derive(Clone, Debug, PartialEq)]
pub struct Config {
    /// False: nothing is transcoded; whatever comes in is passed through.
    pub is_on: bool,
    /// The program: a path, or a name that is looked for in `PATH`.
    pub ffmpeg: PathBuf,
    /// What codes the pictures.
    pub encoder: Encoder,
    /// The encoder's own word for how much time it may take for each picture; of x264 `ultrafast` to `slow`.
    pub speed: String,
    /// Pictures that the encoder may look ahead, which is so much latency; 0: none.
    pub lookahead: u32,
    /// B-frames between two others, at most; 0: none.
    pub b_frames: u32,
    /// Coded pixels a second that this machine may be asked for; `None`: as much as a measurement at the start
    /// says.
    pub capacity: Option<u64>,
    /// When there is no room.
    pub when_full: WhenFull,
    /// Threads that one worker's encoders may use; 0: as many as the machine has cores.
    pub threads: u32,
    /// Memory that one worker may take.
    pub memory: u64,
    /// How much a worker gives way to everything else on the machine: 0 not at all, 19 wholly.
    pub nice: u8,
    /// From one thumbnail to the next; zero: none are made.
    pub thumbnail_interval: Duration,
    /// The same of streams that are passed through, where each one is a process of its own: about 0.08 s of CPU.
    pub passed_thumbnail_interval: Duration,
    /// The shorter edge of thumbnails, in pixels, at most.
    pub thumbnail_lines: u32,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            is_on: true,
            ffmpeg: PathBuf::from("ffmpeg"),
            encoder: Encoder::X264,
            speed: "veryfast".to_owned(),
            lookahead: 0,
            b_frames: 0,
            capacity: None,
            when_full: WhenFull::Degrade,
            threads: 0,
            memory: 2 << 30,
            nice: 5,
            thumbnail_interval: Duration::from_secs(5),
            passed_thumbnail_interval: Duration::from_secs(30),
            thumbnail_lines: 360,
        }
    }
}

/// The pipes it may touch.
#[derive(Clone, Debug)]
pub struct Deps {
    /// What is on air.
    pub hub: live::Hub,
}
