//! The chat log (user guide, "IVS Chat Logging").
//!
//! **Way in**: [`Log::append`], from the threads that own sockets. **Way out**: buckets, CloudWatch Logs and
//! Firehose, by way of a spool on disk that has one queue for each logging configuration.
//!
//! Promise: a record that was appended is in the spool on disk within a second, where a killed process leaves
//! it, and goes from there only when its destination has taken it, or when the spool's bound or the end of the
//! retention of a configuration that was deleted takes it, which is counted and told. One room's records stay
//! in order. A destination that is down delays no other.

mod attempt;
mod bucket;
mod counts;
mod error;
mod lanes;
mod line;
mod queue;
mod rooms;
mod shipper;
mod spool;
mod writer;

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use blob::Blobs;
use bus::FrameKind;
use domain::Arn;
use outbound::log_sink::LogSinks;
use prometheus_client::registry::Registry;
use store::Store;
use tokio_util::sync::CancellationToken;

pub use error::LogError;
pub use queue::Full;

use counts::Counts;
use lanes::Lanes;
use queue::Queue;
use rooms::Rooms;

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

/// How the log is kept.
#[derive(Clone, Debug)]
pub struct Config {
    /// The spool's folder, such as `<data>/chat-log`; made (mode 0700) when there is none. One process at a
    /// time uses it.
    pub folder: PathBuf,
    /// Bytes that the spool has on disk at most; beyond them the oldest records of the configuration that has
    /// the most are dropped. Default 1 GiB.
    pub max_bytes: u64,
    /// Bytes of records in memory that wait for the disk; beyond them [`Log::append`] refuses. Default 32 MiB.
    pub queue_bytes: usize,
    /// Records are written to the spool at least so often. Default 100 ms, at most 500 ms.
    pub flush: Duration,
    /// What was written is made to survive a power cut at least so often. Default 1 s.
    pub sync: Duration,
    /// A bucket's file holds the records of at most so much time; an hour is never in two. Default 5 min, 1 s
    /// to 1 h.
    pub file: Duration,
    /// CloudWatch Logs and Firehose get their records so late at most, when all is well. Default 10 s.
    pub batch: Duration,
    /// The longest pause between two trials of a destination that refuses. Default 60 s.
    pub pause: Duration,
    /// Records for a configuration that was deleted are dropped after so long. Default 24 h.
    pub retention: Duration,
    /// At the end what waits is delivered for so long at most, files of buckets before their time. Default 3 s.
    pub farewell: Duration,
}

impl Config {
    /// The defaults, with the spool in `folder`.
    pub fn new(folder: PathBuf) -> Self {
        Self {
            folder,
            max_bytes: 1 << 30,
            queue_bytes: 32 << 20,
            flush: Duration::from_millis(100),
            sync: Duration::from_secs(1),
            file: Duration::from_secs(300),
            batch: Duration::from_secs(10),
            pause: Duration::from_secs(60),
            retention: Duration::from_secs(24 * 3_600),
            farewell: Duration::from_secs(3),
        }
    }
}

/// The pipes that the log uses.
#[derive(Clone)]
pub struct Deps {
    /// Rooms and their logging configurations.
    pub store: Store,
    /// Buckets.
    pub blobs: Blobs,
    /// CloudWatch Logs and Firehose.
    pub sinks: LogSinks,
}

/// The log. A clone is another handle on it.
#[derive(Clone)]
pub struct Log {
    shared: Arc<Shared>,
}

/// What writer and shipper have in common.
struct Shared {
    config: Config,
    deps: Deps,
    queue: Queue,
    rooms: Rooms,
    lanes: Lanes,
    counts: Counts,
    /// Nothing will be written any more.
    written: CancellationToken,
}

impl Shared {
    /// Is what waits to be delivered without waiting for more?
    fn ending(&self) -> bool {
        self.written.is_cancelled() && !self.config.farewell.is_zero()
    }
}

impl Log {
    /// Opens the spool, with what an earlier run left in it, on the caller's thread. Nothing is written or
    /// delivered before [`Log::run`] is polled.
    ///
    /// # Errors
    /// [`LogError`]: the folder can't be used, or another process uses it.
    pub fn open(config: Config, deps: Deps) -> Result<Self, LogError> {
        let lanes = Lanes::open(config.folder.clone())?;
        let queue = Queue::new(config.queue_bytes);
        let (rooms, counts) = (Rooms::default(), Counts::default());
        Ok(Self {
            shared: Arc::new(Shared {
                config,
                deps,
                queue,
                rooms,
                lanes,
                counts,
                written: CancellationToken::new(),
            }),
        })
    }

    /// Takes a record to be logged wherever its room's configurations say. Never waits: less than a
    /// microsecond. A room that has none may be left out by the caller and costs little otherwise.
    ///
    /// # Errors
    /// [`Full`]: the disk has not kept up for long; the record is lost and counted.
    pub fn append(&self, record: Record) -> Result<(), Full> {
        self.shared.queue.push(record)
    }

    /// The room's row changed: its configurations are read again before its next record is written.
    pub fn forget(&self, room: &Arn) {
        self.shared.rooms.forget(room);
    }

    /// Any room may have changed, as [`bus::Receiver::gap`] says.
    pub fn forget_all(&self) {
        self.shared.rooms.forget_all();
    }

    /// Registers the log's metrics, whose names begin with `log_`. To be called once.
    pub fn register(&self, registry: &mut Registry) {
        self.shared.counts.register(registry);
    }

    /// Writes and delivers until `shutdown`; then writes what has been appended, delivers for
    /// [`Config::farewell`] what it can, and ends, leaving the rest to the next run. To be called once. So `shutdown` is to come when nobody appends any more.
    pub async fn run(self, shutdown: CancellationToken) {
        let Self { shared } = self;
        tokio::join!(writer::run(Arc::clone(&shared), shutdown), shipper::run(Arc::clone(&shared)));
    }
}
