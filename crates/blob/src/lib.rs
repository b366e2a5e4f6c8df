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

mod block;
mod bucket;
mod disk;
mod error;
mod key;
mod object;
mod opened;
mod patience;
mod s3;
mod spool;

use std::ops::Range;
use std::path::{Path, PathBuf};

pub use block::Block;
pub use bucket::{Bucket, BucketNameError};
pub use error::{BlobError, Trouble};
pub use key::{Key, KeyError, media_type};
pub use object::{Listed, Stat};
pub use opened::Opened;
pub use patience::Patience;
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

    /// Makes an object of a file, in place of the one of that name if there is one; then the file is gone. On disk it
    /// is moved where both are on one file system, and on S3 its bytes are read as they go. When there is no such file
    /// but such an object, that was done before: an answer got lost.
    ///
    /// `content_type` is what an S3 service tells those who fetch it; `patience` is for S3.
    ///
    /// # Errors
    /// [`BlobError`]; then the file is still there, or [`BlobError::is_gone`].
    pub async fn put_file(
        &self,
        bucket: &str,
        key: &str,
        from: &Path,
        content_type: &str,
        patience: Patience,
    ) -> Result<(), BlobError> {
        let (bucket, key, from) = (Bucket::parse(bucket)?, Key::parse(key)?, from.to_owned());
        match &self.place {
            Place::Disk(disk) => disk.put_file(bucket, key, from).await,
            Place::S3(s3) => s3.put_file(&bucket, &key, from, content_type, patience).await,
        }
    }

    /// Writes an object that is put together from blocks, like [`Blobs::put`].
    ///
    /// # Errors
    /// [`BlobError`], also when a file ends before its block does.
    pub async fn put_blocks(
        &self,
        bucket: &str,
        key: &str,
        blocks: Vec<Block>,
        content_type: &str,
        patience: Patience,
    ) -> Result<(), BlobError> {
        let (bucket, key) = (Bucket::parse(bucket)?, Key::parse(key)?);
        match &self.place {
            Place::Disk(disk) => disk.put_blocks(bucket, key, blocks).await,
            Place::S3(s3) => s3.put_blocks(&bucket, &key, blocks, content_type, patience).await,
        }
    }

    /// An object's size and age; `None` when there is none of that name.
    ///
    /// # Errors
    /// [`BlobError`]. A bucket that is missing is not told from an object that is.
    pub async fn stat(&self, bucket: &str, key: &str) -> Result<Option<Stat>, BlobError> {
        let (bucket, key) = (Bucket::parse(bucket)?, Key::parse(key)?);
        match &self.place {
            Place::S3(s3) => s3.stat(&bucket, &key).await,
            Place::Disk(disk) => {
                let found = opened::open_in(disk, &bucket, key).await?;
                Ok(found.map(|found| Stat { bytes: found.bytes, modified: found.modified }))
            }
        }
    }

    /// Reads these bytes of an object, as far as it reaches; `None` when there is none of that name. Whoever asks
    /// bounds them.
    ///
    /// # Errors
    /// [`BlobError`], also when the bucket is missing; on S3 also when it does not reach to the range's start.
    pub async fn read(&self, bucket: &str, key: &str, range: Range<u64>) -> Result<Option<Bytes>, BlobError> {
        let (bucket, key) = (Bucket::parse(bucket)?, Key::parse(key)?);
        match &self.place {
            Place::S3(s3) => s3.read(&bucket, &key, range).await,
            Place::Disk(disk) => {
                let Some(found) = opened::open_in(disk, &bucket, key).await? else { return Ok(None) };
                let most = range.end.min(found.bytes).saturating_sub(range.start);
                found.read(range.start, usize::try_from(most).unwrap_or(usize::MAX)).await.map(Some)
            }
        }
    }

    /// Removes objects, those that are there; on disk also the folders that are empty then.
    ///
    /// # Errors
    /// [`BlobError`]; then some may be left.
    pub async fn remove(&self, bucket: &str, keys: &[String]) -> Result<(), BlobError> {
        let bucket = Bucket::parse(bucket)?;
        let keys = keys.iter().map(|key| Key::parse(key)).collect::<Result<Vec<_>, _>>()?;
        match &self.place {
            Place::Disk(disk) => disk.remove(bucket, keys).await,
            Place::S3(s3) => s3.remove(&bucket, keys).await,
        }
    }

    /// Like [`Blobs::list`], with sizes.
    ///
    /// # Errors
    /// [`BlobError`]. A bucket that is not there is empty on disk and an error on S3.
    pub async fn objects(&self, bucket: &str, prefix: &str, after: &str) -> Result<Vec<Listed>, BlobError> {
        let bucket = Bucket::parse(bucket)?;
        match &self.place {
            Place::Disk(disk) => disk.objects(bucket, prefix, after).await,
            Place::S3(s3) => s3.objects(&bucket, prefix, after).await,
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
