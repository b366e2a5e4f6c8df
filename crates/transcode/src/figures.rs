//! What is counted of transcoding, for the metrics page and the doctor.
//!
//! Promise: to count costs one atomic step.

use std::sync::atomic::{AtomicU64, Ordering};

/// Counters since the start, and states at this moment.
#[derive(Debug, Default)]
pub struct Figures {
    /// Workers that were started.
    pub started: AtomicU64,
    /// Workers that ended before their stream did, by whatever cause.
    pub lost: AtomicU64,
    /// Streams that were refused, or got less than their whole ladder, for want of room.
    pub short: AtomicU64,
    /// Workers that run.
    pub running: AtomicU64,
    /// Coded pixels a second that are promised to streams.
    pub reserved: AtomicU64,
    /// Coded pixels a second that may be promised; 0 as long as that is not known.
    pub capacity: AtomicU64,
}

impl Figures {
    /// One more.
    pub(crate) fn count(counter: &AtomicU64) {
        counter.fetch_add(1, Ordering::Relaxed);
    }
}
