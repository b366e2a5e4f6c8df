//! What can go wrong with bytes at rest.
//!
//! Promise: a variant names the act and its object; the cause is the source and is not repeated in the text.

use std::io;
use std::path::PathBuf;
use std::time::Duration;

use crate::bucket::BucketNameError;
use crate::key::KeyError;
use crate::s3::S3Error;

/// Why a bucket can't be used.
#[derive(Debug, thiserror::Error)]
pub enum BlobError {
    /// Its name is none that a bucket can have.
    #[error(transparent)]
    Name(#[from] BucketNameError),
    /// An object's name is none that it can have.
    #[error(transparent)]
    Key(#[from] KeyError),
    /// Its folder could not be made.
    #[error("could not make the bucket's folder {}", path.display())]
    Folder {
        /// The folder.
        path: PathBuf,
        /// What the file system said.
        #[source]
        source: io::Error,
    },
    /// An object could not be written.
    #[error("could not write {}", path.display())]
    Write {
        /// The object's file.
        path: PathBuf,
        /// What the file system said.
        #[source]
        source: io::Error,
    },
    /// An object could not be read.
    #[error("could not read {}", path.display())]
    Read {
        /// The object's file.
        path: PathBuf,
        /// What the file system said.
        #[source]
        source: io::Error,
    },
    /// An object holds something else than was written.
    #[error("{} does not hold what was written to it", path.display())]
    Differs {
        /// The object's file.
        path: PathBuf,
    },
    /// An object could not be removed.
    #[error("could not remove {}", path.display())]
    Remove {
        /// The object's file.
        path: PathBuf,
        /// What the file system said.
        #[source]
        source: io::Error,
    },
    /// A folder could not be listed.
    #[error("could not list {}", path.display())]
    List {
        /// The folder.
        path: PathBuf,
        /// What the file system said.
        #[source]
        source: io::Error,
    },
    /// A file that was to become an object is not there, and neither is the object.
    #[error("there is no {}", path.display())]
    Gone {
        /// The file.
        path: PathBuf,
    },
    /// An object took longer than [`Patience`](crate::Patience) had time for.
    #[error("{object} did not get through to bucket {bucket} within {} s", within.as_secs())]
    Slow {
        /// The object's key.
        object: String,
        /// The bucket.
        bucket: String,
        /// How long that was.
        within: Duration,
    },
    /// The S3 service did not do what it was asked.
    #[error("could not {act} {object} in bucket {bucket}")]
    Remote {
        /// Such as `write`.
        act: &'static str,
        /// The object's key or a prefix of keys.
        object: String,
        /// The bucket.
        bucket: String,
        /// What the service said.
        #[source]
        source: S3Error,
    },
    /// No client of the S3 service could be made.
    #[error("could not prepare calls to the S3 service for bucket {bucket}")]
    Client {
        /// The bucket.
        bucket: String,
        /// Why.
        #[source]
        source: S3Error,
    },
    /// The thread that waits for the disk did not come to its end.
    #[error("an act on a bucket was cut short")]
    Interrupted,
}

/// What kind of failure it was, for whoever counts them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Trouble {
    /// It is not ours to use: permissions, credentials.
    Denied,
    /// There is no such bucket or object, nor can there be.
    Missing,
    /// Anything else, such as a service that is away.
    Other,
}

impl BlobError {
    /// Was there no room?
    pub fn is_full(&self) -> bool {
        use io::ErrorKind::{QuotaExceeded, StorageFull};
        let full = |source: &io::Error| matches!(source.kind(), StorageFull | QuotaExceeded);
        matches!(self, Self::Folder { source, .. } | Self::Write { source, .. } if full(source))
    }

    /// Would more time have helped?
    pub fn is_slow(&self) -> bool {
        matches!(self, Self::Slow { .. })
    }

    /// Is what should have become an object nowhere?
    pub fn is_gone(&self) -> bool {
        matches!(self, Self::Gone { .. })
    }

    /// What kind of failure this was.
    pub fn trouble(&self) -> Trouble {
        match self {
            Self::Name(_) | Self::Key(_) => Trouble::Missing,
            Self::Folder { source, .. }
            | Self::Write { source, .. }
            | Self::Read { source, .. }
            | Self::Remove { source, .. }
            | Self::List { source, .. } => match source.kind() {
                io::ErrorKind::PermissionDenied | io::ErrorKind::ReadOnlyFilesystem => Trouble::Denied,
                io::ErrorKind::NotFound => Trouble::Missing,
                _ => Trouble::Other,
            },
            Self::Remote { source, .. } | Self::Client { source, .. } => source.trouble(),
            Self::Differs { .. } | Self::Gone { .. } | Self::Slow { .. } | Self::Interrupted => {
                Trouble::Other
            }
        }
    }
}
