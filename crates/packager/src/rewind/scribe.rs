//! Brings the finished segments of a stream, or of one of its renditions, to the disk, and takes old ones from it.
//!
//! Promise: one act at a time, which nobody waits for. A disk that is slow, full or gone costs how far back
//! viewers can go and nothing else, and is told of once; of what waits for it, one segment is held.

use std::collections::BTreeMap;
use std::ops::Range;
use std::sync::Arc;
use std::time::Duration;

use blob::{BlobError, Spool};
use domain::StreamId;
use live::Segment;
use tokio::task::JoinSet;
use tokio::time::{Instant, MissedTickBehavior, interval, timeout};
use tracing::{debug, info, warn};

use crate::Window;
use crate::rewind::{Room, Shelves};

/// How long to leave the disk alone after it failed.
const REST: Duration = Duration::from_millis(500);
/// How often to look whether room is to be made for others.
const LOOK: Duration = Duration::from_secs(1);
/// How long the end of a stream waits for its files to go. A disk that takes longer removes them later, or
/// the next start does.
const PATIENCE: Duration = Duration::from_secs(10);

pub(crate) struct Scribe {
    stream: StreamId,
    /// Where they lie.
    reel: String,
    /// It answers for what all of the stream takes.
    is_head: bool,
    spool: Spool,
    room: Arc<Room>,
    /// One at most.
    acts: JoinSet<Done>,
    /// Bytes that it has taken of the room.
    taken: u64,
    /// Bytes of each file that is there.
    sizes: BTreeMap<u64, u64>,
    look: tokio::time::Interval,
    rests_until: Option<Instant>,
    is_failing: bool,
    is_shedding: bool,
    lost: u64,
}

/// What a stream's segments are kept under, or those of a rendition of it.
pub(crate) fn reel(stream: &StreamId, rendition: Option<&str>) -> String {
    let name = rendition.map(|name| format!(".{name}")).unwrap_or_default();
    format!("{stream}{name}")
}

/// The stream that a reel of this name is of.
pub(crate) fn stream_of(reel: &str) -> Option<StreamId> {
    StreamId::parse(reel.split('.').next().unwrap_or(reel))
}

/// An act's end.
enum Done {
    Written { number: u64, bytes: u64, result: Result<(), BlobError> },
    Removed { numbers: Range<u64>, result: Result<(), BlobError> },
}

impl Scribe {
    /// One for the stream as it came in or, if that is named, for a rendition of it.
    pub(crate) fn new(stream: &StreamId, rendition: Option<&str>, shelves: &Shelves) -> Self {
        let Shelves { spool, room } = shelves.clone();
        let mut look = interval(LOOK);
        look.set_missed_tick_behavior(MissedTickBehavior::Delay);
        Self {
            stream: stream.clone(),
            reel: reel(stream, rendition),
            is_head: rendition.is_none(),
            spool,
            room,
            acts: JoinSet::new(),
            taken: 0,
            sizes: BTreeMap::new(),
            look,
            rests_until: None,
            is_failing: false,
            is_shedding: false,
            lost: 0,
        }
    }

    /// Waits for news: an act has ended, or it is time to look around. Says how many bytes the stream is to give up,
    /// which is to be shown before [`Self::go_on`]. Safe to cancel.
    pub(crate) async fn news(&mut self, window: Option<&mut Window>) -> u64 {
        let done = tokio::select! {
            Some(done) = self.acts.join_next() => Some(done),
            _ = self.look.tick() => None,
        };
        let Some(window) = window else { return 0 };
        match done {
            Some(Ok(done)) => self.settle(done, window),
            Some(Err(cause)) => debug!(stream = %self.stream, %cause, "an act on the disk broke"),
            None => {}
        }
        let owed = if self.is_head { self.room.owed(&self.stream) } else { 0 };
        if owed > 0 && !self.is_shedding {
            self.is_shedding = true;
            info!(stream = %self.stream, "no more room on disk: viewers can go back less far");
        }
        owed
    }

    /// Begins the next act, if the last one has ended.
    pub(crate) fn go_on(&mut self, window: &mut Window) {
        self.tell_losses(window.lost());
        if !self.acts.is_empty() {
            return;
        }
        if let Some(numbers) = window.due() {
            self.remove(numbers);
        } else if self.rests_until.is_none_or(|until| until <= Instant::now())
            && let Some(segment) = window.unwritten()
        {
            self.write(segment);
        }
    }

    /// The stream has ended: its list stays as it is.
    pub(crate) fn end(&mut self) {
        self.room.end(&self.stream);
    }

    /// Removes all files.
    pub(crate) async fn discard(mut self) {
        let discarded = async {
            while self.acts.join_next().await.is_some() {}
            self.spool.discard(&self.reel).await
        };
        match timeout(PATIENCE, discarded).await {
            Ok(Ok(())) => {}
            Ok(Err(cause)) => debug!(stream = %self.stream, %cause, "files are left"),
            Err(_) => debug!(stream = %self.stream, "the disk takes long to remove files"),
        }
    }

    fn write(&mut self, segment: &Segment) {
        let (number, reel) = (segment.number, self.reel.clone());
        let blocks: Vec<_> = segment.parts.iter().map(|part| part.data.clone()).collect();
        let bytes = blocks.iter().map(|block| block.len() as u64).sum();
        if !self.room.reserve(&self.stream, bytes) {
            self.rests_until = Some(Instant::now() + REST);
            return;
        }
        self.taken += bytes;
        let spool = self.spool.clone();
        self.acts.spawn(async move {
            let result = spool.write(&reel, number, blocks).await;
            Done::Written { number, bytes, result }
        });
    }

    fn remove(&mut self, numbers: Range<u64>) {
        let (spool, reel) = (self.spool.clone(), self.reel.clone());
        // Those of a long gap were never there.
        let known: Vec<u64> = self.sizes.range(numbers.clone()).map(|(number, _)| *number).collect();
        self.acts.spawn(async move {
            let span = known.first().zip(known.last());
            let result = match span {
                Some((first, last)) => spool.remove(&reel, *first..last + 1).await,
                None => Ok(()),
            };
            Done::Removed { numbers, result }
        });
    }

    fn settle(&mut self, done: Done, window: &mut Window) {
        let result = match done {
            Done::Written { number, bytes, result } => {
                match &result {
                    Ok(()) => {
                        self.sizes.insert(number, bytes);
                        window.written(number);
                    }
                    Err(cause) => {
                        self.release(bytes);
                        if cause.is_full() {
                            self.room.lacks(bytes);
                        }
                    }
                }
                result
            }
            Done::Removed { numbers, result } => {
                // What could not be removed takes room until the whole reel goes.
                if result.is_ok() {
                    let gone: Vec<u64> = self.sizes.range(numbers).map(|(number, _)| *number).collect();
                    let bytes = gone.iter().filter_map(|number| self.sizes.remove(number)).sum();
                    self.release(bytes);
                    // That something can be removed does not mean that something can be written.
                    return;
                }
                result
            }
        };
        self.tell_failure(&result);
    }

    fn release(&mut self, bytes: u64) {
        self.taken = self.taken.saturating_sub(bytes);
        self.room.release(&self.stream, bytes);
    }

    /// Once when it begins, once when it is over.
    fn tell_failure(&mut self, result: &Result<(), BlobError>) {
        let stream = &self.stream;
        match result {
            Err(cause) if !self.is_failing => {
                let why = std::error::Error::source(cause).map(ToString::to_string).unwrap_or_default();
                warn!(%stream, %cause, why, "segments can't be kept on disk: viewers can go back less far");
            }
            Ok(()) if self.is_failing => info!(%stream, "segments are kept on disk again"),
            _ => {}
        }
        self.is_failing = result.is_err();
        self.rests_until = self.is_failing.then(|| Instant::now() + REST);
    }

    /// Once, unless a failure has told the reason.
    fn tell_losses(&mut self, lost: u64) {
        if self.lost == 0 && lost > 0 && !self.is_failing {
            warn!(stream = %self.stream, "the disk is too slow: viewers can't go back further than now");
        }
        self.lost = lost;
    }
}

impl Drop for Scribe {
    fn drop(&mut self) {
        self.room.leave(&self.stream, self.taken);
    }
}
