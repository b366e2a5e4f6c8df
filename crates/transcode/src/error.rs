//! What can go wrong with a transcode.
//!
//! Promise: none of it ends a stream.

/// Why a worker could not be had, or is gone.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The program is not there or can't be run.
    #[error("`{program}` can't be run")]
    Program {
        /// What was tried.
        program: String,
        /// What the system said.
        #[source]
        cause: std::io::Error,
    },
}
