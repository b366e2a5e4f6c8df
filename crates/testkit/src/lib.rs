//! Synthetic media for tests.
//!
//! Promise: the same [`Film`] gives the same bytes each time, and any H.264 and AAC decoder plays them; no
//! encoder, file, clock or random number is involved.

#![warn(missing_docs)]

mod bits;
mod film;
mod picture;
mod sound;

pub use film::Film;
