//! Records on their way to the disk.
//!
//! Promise: pushing takes a lock that is held for a few instructions and nothing else; what waits has a bound
//! in bytes; whoever drains is woken once for everything that came since the last time.

use parking_lot::Mutex;
use tokio::sync::Notify;

use super::Record;

/// What a record costs in memory beside its payload.
const OVERHEAD: usize = 192;

/// The record was not taken: too much waits for the disk already.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the chat log's queue is full")]
pub struct Full;

pub(super) struct Queue {
    waiting: Mutex<Waiting>,
    max_bytes: usize,
    some: Notify,
}

#[derive(Default)]
struct Waiting {
    records: Vec<Record>,
    bytes: usize,
    refused: u64,
}

impl Queue {
    pub(super) fn new(max_bytes: usize) -> Self {
        Self { waiting: Mutex::default(), max_bytes, some: Notify::new() }
    }

    pub(super) fn push(&self, record: Record) -> Result<(), Full> {
        let size = record.payload.len() + OVERHEAD;
        let first = {
            let mut waiting = self.waiting.lock();
            if waiting.bytes + size > self.max_bytes {
                waiting.refused += 1;
                return Err(Full);
            }
            waiting.bytes += size;
            waiting.records.push(record);
            waiting.records.len() == 1
        };
        if first {
            self.some.notify_one();
        }
        Ok(())
    }

    /// Everything that waits, and how many were refused since the last time.
    pub(super) fn drain(&self) -> (Vec<Record>, u64) {
        let mut waiting = self.waiting.lock();
        // As large as this time, so that the next ones seldom grow it under the lock.
        let next = Vec::with_capacity(waiting.records.len().min(4_096));
        let drained = std::mem::replace(&mut *waiting, Waiting { records: next, bytes: 0, refused: 0 });
        (drained.records, drained.refused)
    }

    /// Waits until something may be there.
    pub(super) async fn wait(&self) {
        self.some.notified().await;
    }
}
