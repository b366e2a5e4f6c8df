//! What can go wrong with bytes at rest.
//!
//! Promise: a variant names the act and its object; the cause is the source and is not repeated in the text.

use std::io;
use std::path::PathBuf;

use crate::bucket::BucketNameError;

/// Why a bucket can't be used.
#[derive(Debug, thiserror::Error)]
pub enum BlobError {
    /// Its name is none that a bucket can have.
    #[error(transparent)]
    Name(#[from] BucketNameError),
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
    /// The thread that waits for the disk did not come to its end.
    #[error("the probe of a bucket was cut short")]
    Interrupted,
}
