//! Codec headers and containers: bytes in, values out.
//!
//! Promise: no clock, socket, file or runtime, and no panic on any input; every parser is bounded by
//! the length of what it is given.
//!
//! One timebase serves the whole house: [`Ticks`] of 1/90 000 s.

pub mod amf0;
mod frame;
mod ticks;

pub use frame::{AacParams, AvcParams, Frame, TrackKind, Tracks};
pub use ticks::Ticks;
