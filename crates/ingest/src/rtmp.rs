//! RTMP, as a state machine over bytes.
//!
//! Promise: nothing in here waits, allocates without a bound or panics, whatever arrives.
//!
//! A [`Session`] holds the layers: the handshake first, then chunks into messages, messages into
//! commands and media.

mod announced;
mod chunk;
mod command;
mod handshake;
mod name;
mod session;
mod told;

pub use announced::Announced;
pub use name::PublishRequest;
pub use session::{Event, Session};
pub use told::Told;
