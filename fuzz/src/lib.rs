//! What each fuzz target does with its bytes.
//!
//! Promise: one function per parser, pure and without state between runs; libFuzzer calls them from
//! `fuzz/libfuzzer`, and the test `corpus` calls them with each kept input.

#![warn(missing_docs)]

pub mod chat;
pub mod flv;
pub mod fmp4;
pub mod journal;
pub mod pattern;
pub mod playback_token;
pub mod policy;
pub mod rtmp;
pub mod transport;
pub mod websocket;
