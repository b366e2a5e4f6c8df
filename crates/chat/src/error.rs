//! Why chat can't be served.
//!
//! Promise: a variant names the act that failed; the cause is its source and is not repeated in the text.

/// Why chat can't be served.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The kernel refused the engine what it needs.
    #[error("could not start the chat engine")]
    Engine(#[source] std::io::Error),
}
