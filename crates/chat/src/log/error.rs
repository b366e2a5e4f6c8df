//! Why the log can't be kept.
//!
//! Promise: a variant names the act and its file; the cause is its source and is not repeated in the text.

use std::io;
use std::path::PathBuf;

/// Why the log can't be kept.
#[derive(Debug, thiserror::Error)]
pub enum LogError {
    /// The spool's folder could not be made or read.
    #[error("could not use the chat log's folder {}", path.display())]
    Folder {
        /// The folder or a file in it.
        path: PathBuf,
        /// What the file system said.
        #[source]
        source: io::Error,
    },
    /// Another process has the spool.
    #[error("another process keeps its chat log in {}", path.display())]
    InUse {
        /// The folder.
        path: PathBuf,
    },
}
