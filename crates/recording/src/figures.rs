//! What is counted of recordings.
//!
//! Promise: counters only rise; gauges are of this moment.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// Counts since the start of the process, and gauges.
#[derive(Debug, Default)]
pub struct Figures {
    /// Recordings that go on (gauge).
    pub active: AtomicU64,
    /// Recordings that began.
    pub started: AtomicU64,
    /// Recordings that ended whole.
    pub ended: AtomicU64,
    /// Recordings that could not begin, or ended before their streams did.
    pub failed: AtomicU64,
    /// Milliseconds recorded, each moment of a stream once however many renditions it has.
    pub recorded_ms: AtomicU64,
    /// Bytes put on tapes.
    pub taped_bytes: AtomicU64,
    /// Bytes on tapes that are not in their bucket yet (gauge).
    pub waiting_bytes: AtomicU64,
    /// Objects brought into buckets.
    pub uploads: AtomicU64,
    /// Bytes brought into buckets.
    pub uploaded_bytes: AtomicU64,
    /// Tries to bring an object into a bucket that failed.
    pub upload_failures: AtomicU64,
    /// Segments that were gone before they were put on a tape.
    pub lost_segments: AtomicU64,
    /// Recordings removed by retention.
    pub removed: AtomicU64,
}

/// Counts as long as it lives as a recording that goes on.
#[derive(Debug)]
pub(crate) struct Active(Arc<Figures>);

impl Active {
    pub(crate) fn new(figures: &Arc<Figures>) -> Self {
        figures.active.fetch_add(1, Ordering::Relaxed);
        Self(Arc::clone(figures))
    }
}

impl Drop for Active {
    fn drop(&mut self) {
        self.0.active.fetch_sub(1, Ordering::Relaxed);
    }
}
