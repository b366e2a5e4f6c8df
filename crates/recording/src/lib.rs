//! The recorder: writes what is on air to buckets, the way IVS lays it out, and keeps what it wrote in order.
//!
//! Way in: the hub's broadcasts whose channels are recorded, each rendition by its shelf. Way out: objects in a
//! bucket, rows and events in the store. In between, a tape on this machine's disk, which holds all
//! that is not in the bucket yet.
//!
//! Promise: a live stream never waits for its recording, nor suffers from it. What was put on the tape gets into the
//! bucket, however long that is away and however often this process dies meanwhile; nothing refers to an object that
//! is not there yet.
//!
//! It refuses to know how media comes in, who watches, and how pictures are made smaller.

#![warn(missing_docs)]

mod casting;
pub mod contents;
pub mod courier;
mod entropy;
mod error;
pub mod export;
mod figures;
mod house;
pub mod layout;
mod ledger;
mod listed;
pub mod listing;
pub mod manifest;
pub mod merge;
pub mod playlist;
mod reading;
mod recovery;
mod retention;
mod samples;
pub mod selection;
mod service;
mod session;
mod source;
pub mod tape;
pub mod thumbnails;
pub mod verify;

use std::path::PathBuf;
use std::time::Duration;

pub use error::Error;
pub use figures::Figures;
pub use retention::remove;
pub use service::Recorder;

/// Where and how much.
#[derive(Clone, Debug)]
pub struct Config {
    /// The server: a name that survives restarts.
    pub node: String,
    /// Folder for what is not in its bucket yet, below which each recording has its own. Servers may share it: each
    /// recording's folder is locked by the one that works on it. Where buckets are on disk it is best on the same file
    /// system: objects are moved then, not copied.
    pub tapes: PathBuf,
    /// Bytes that the file system of `tapes` keeps free: where there is less, recordings end (their streams do not).
    pub keep_free: u64,
    /// Objects of all recordings that are brought into buckets at once.
    pub uploads: usize,
    /// How long after its end a recording stays in a bucket on disk; `None`: for ever.
    pub keep_for: Option<Duration>,
    /// Bytes that recordings of this node in buckets on disk may use together before the oldest goes; `None`: all.
    pub keep_bytes: Option<u64>,
    /// How long recordings that end by a shutdown may take to get into their buckets. What is left is finished by the
    /// next start.
    pub drain: Duration,
}

/// The pipes it may touch.
#[derive(Clone, Debug)]
pub struct Deps {
    /// What is on air.
    pub hub: live::Hub,
    /// Rows and events of recordings.
    pub store: store::Store,
    /// Where recordings go.
    pub blobs: blob::Blobs,
}
