//! The service on its sockets, with ffmpeg as the encoder.
//!
//! Promise: every wait is for something that happens, and ends after a minute at the latest.

mod ends;
mod frames;
mod house;
mod peers;
mod publisher;
mod refusals;
mod samples;
mod sessions;
mod takeovers;
