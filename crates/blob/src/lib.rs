//! Bytes at rest: what recordings are written to, as buckets on disk.
//!
//! **Way in**: [`Blobs::disk`] on a folder; each bucket is a folder in it. **Way out**: bytes on the disk.
//!
//! Promise: nothing outside that folder is ever touched, whatever a bucket is called; what [`Blobs::probe`]
//! found good could be written to and read from at that moment, and holds nothing more than before.
//!
//! Refuses to know: channels, recordings, accounts.

#![warn(missing_docs)]

mod bucket;
mod disk;
mod error;

use std::path::PathBuf;

pub use bucket::{Bucket, BucketNameError};
pub use error::BlobError;

use disk::Disk;

/// Where bytes are kept. A clone is another handle on the same place.
#[derive(Clone, Debug)]
pub struct Blobs {
    disk: Disk,
}

impl Blobs {
    /// Keeps each bucket as a folder (mode 0700) in `root`, which is made when it is first needed.
    pub fn disk(root: PathBuf) -> Self {
        Self { disk: Disk::new(root) }
    }

    /// Can the bucket be used? Makes its folder when there is none, then writes an object into it, reads
    /// that back and removes it. Runs on a thread where it may wait for the disk; when it is given up,
    /// the thread ends by itself.
    ///
    /// # Errors
    /// [`BlobError`] names the step that failed and why.
    pub async fn probe(&self, bucket: &str) -> Result<(), BlobError> {
        let bucket = Bucket::parse(bucket)?;
        self.disk.probe(bucket).await
    }
}
