//! Bytes at rest: what recordings and chat logs are written to, as buckets on disk or of an S3 service; and
//! what is on disk only because memory is dear, in a [`Spool`].
//!
//! **Way in**: [`Blobs::disk`] on a folder, where each bucket is a folder; [`Blobs::s3`] on a service;
//! [`Spool::new`] on a folder.
//! **Way out**: bytes on the disk, or signed calls.
//!
//! Promise: nothing outside that folder is ever touched, whatever a bucket or key is called; an object that
//! [`Blobs::put`] returned `Ok` for survives a power cut, and nobody ever sees half of it; what
//! [`Blobs::probe`] found good could be written to at that moment.
//!
//! Refuses to know: channels, recordings, rooms, accounts.

#![warn(missing_docs)]

mod bucket;
mod disk;
mod error;
mod key;
mod opened;
mod s3;
mod spool;

use std::path::PathBuf;

pub use bucket::{Bucket, BucketNameError};
pub use error::{BlobError, Trouble};
pub use key::{Key, KeyError};
pub use opened::Opened;
pub use s3::{S3Config, S3Error, S3Key};
pub use spool::Spool;

use bytes::Bytes;

use disk::Disk;
use s3::S3;

/// Objects that one call lists at most.
pub const LIST_MAX: usize = 1_000;

/// Where bytes are kept. A clone is another handle on the same place.
#[derive(Clone, Debug)]
pub struct Blobs {
    place: Place,
}

#[derive(Clone, Debug)]
enum Place {
    Disk(Disk),
    S3(S3),
}

impl Blobs {
    /// Keeps each bucket as a folder (mode 0700) in `root`, which is made when it is first needed.
    pub fn disk(root: PathBuf) -> Self {
        Self { place: Place::Disk(Disk::new(root)) }
    }

    /// Calls an S3 service, where the buckets must exist.
    pub fn s3(config: S3Config) -> Self {
        Self { place: Place::S3(S3::new(config)) }
    }

    /// Can the bucket be used? On disk: makes its folder when there is none, then writes an object into it,
    /// reads that back and removes it. Runs on a thread where it may wait for the disk; when it is given up,
    /// the thread ends by itself. On S3: writes an object of 0 bytes and removes it; where removing is
    /// refused, as it is to those who may only write, the object stays.
    ///
    /// # Errors
    /// [`BlobError`] names the step that failed and why.
    pub async fn probe(&self, bucket: &str) -> Result<(), BlobError> {
        let bucket = Bucket::parse(bucket)?;
        match &self.place {
            Place::Disk(disk) => disk.probe(bucket).await,
            Place::S3(s3) => s3.probe(&bucket).await,
        }
    }

    /// Writes an object, in place of the one of that name if there is one. Whoever reads it meanwhile gets
    /// either the old or the new one, whole.
    ///
    /// # Errors
    /// [`BlobError`]; then the object is as it was, or, when a service's answer was lost, the new one.
    pub async fn put(&self, bucket: &str, key: &str, bytes: Bytes) -> Result<(), BlobError> {
        let (bucket, key) = (Bucket::parse(bucket)?, Key::parse(key)?);
        match &self.place {
            Place::Disk(disk) => disk.put(bucket, key, bytes).await,
            Place::S3(s3) => s3.put(&bucket, &key, bytes).await,
        }
    }

    /// Reads an object whole; `None` when there is none of that name.
    ///
    /// # Errors
    /// [`BlobError`], also when the bucket is missing.
    pub async fn get(&self, bucket: &str, key: &str) -> Result<Option<Bytes>, BlobError> {
        let (bucket, key) = (Bucket::parse(bucket)?, Key::parse(key)?);
        match &self.place {
            Place::Disk(disk) => disk.get(bucket, key).await,
            Place::S3(s3) => s3.get(&bucket, &key).await,
        }
    }

    /// The keys, in order, that begin with `prefix` and come after the key `after`: the first
    /// [`LIST_MAX`] of them.
    ///
    /// # Errors
    /// [`BlobError`]. A bucket that is not there is empty on disk and an error on S3.
    pub async fn list(&self, bucket: &str, prefix: &str, after: &str) -> Result<Vec<String>, BlobError> {
        let bucket = Bucket::parse(bucket)?;
        match &self.place {
            Place::Disk(disk) => disk.list(bucket, prefix, after).await,
            Place::S3(s3) => s3.list(&bucket, prefix, after).await,
        }
    }
}
