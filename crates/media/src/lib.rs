//! Codec headers and containers: bytes in, values out.
//!
//! Promise: no clock, socket, file or runtime, and no panic on any input; every parser is bounded by
//! the length of what it is given.
//!
//! One timebase serves the whole house: [`Ticks`] of 1/90 000 s.

#![warn(missing_docs)]

pub mod aac;
pub mod amf0;
pub mod avc;
mod bits;
mod error;
pub mod flv;
pub mod fmp4;
mod frame;
pub mod hls;
pub mod id3;
mod ticks;
pub mod ts;

pub use error::{AacError, AvcError, FlvError, FragmentError, Id3Error};
pub use frame::{AacParams, AvcParams, Frame, TrackKind, Tracks};
pub use ticks::Ticks;
