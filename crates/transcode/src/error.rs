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
    /// The program is older than what workers need.
    #[error("ffmpeg {version} is too old: 5.1 or newer is needed")]
    TooOld {
        /// What it says of itself.
        version: String,
    },
    /// An encoder does not even begin.
    #[error("{encoder} can't be used: {why}")]
    NoEncoder {
        /// Its name in the configuration.
        encoder: &'static str,
        /// What the program said first.
        why: String,
    },
    /// The program does not do what workers rely on.
    #[error("the installed ffmpeg can't be used: {0}")]
    Unfit(String),
    /// No pipe to or from a worker could be had, or it could not be read.
    #[error("a pipe to a worker can't be used")]
    Pipe(#[source] std::io::Error),
    /// A worker is fed more than it can take.
    #[error("the worker is too slow, or stands still: too much waits to be fed to it")]
    Behind,
    /// Nobody took out what a worker made.
    #[error("too much of what the worker made waits to be taken out")]
    Unread,
    /// A worker wrote what is no transport stream.
    #[error("what the worker wrote can't be read")]
    Spoilt,
    /// A worker ended before it was told to.
    #[error("the worker ended ({status}): {last_words}")]
    Ended {
        /// How: its exit code, or the signal that killed it.
        status: String,
        /// What it said last; often nothing.
        last_words: String,
    },
    /// A thumbnail was not made in time.
    #[error("no thumbnail was made in time")]
    Late,
    /// What was made is no image of the size that was asked for.
    #[error("what was made is no thumbnail")]
    NoPicture,
}
