//! What can go wrong with a recording.
//!
//! Promise: each names what could not be done; the cause is its source.

use std::io;
use std::path::PathBuf;

/// Why something of a recording could not be done.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The tape can't be written or read.
    #[error("can't {act} {}", path.display())]
    Tape {
        /// Such as `write to`.
        act: &'static str,
        /// The file or folder.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// The bucket can't be written or read.
    #[error("the bucket can't be used")]
    Bucket(#[from] blob::BlobError),
    /// The database can't be read or written.
    #[error("the rows of recordings can't be used")]
    Rows(#[from] store::StoreError),
}

impl Error {
    /// Is it that the disk has no room, or less than is to be kept free?
    pub fn is_full(&self) -> bool {
        use io::ErrorKind::{QuotaExceeded, StorageFull};
        matches!(self, Self::Tape { source, .. } if matches!(source.kind(), StorageFull | QuotaExceeded))
    }
}
