//! Proofs: given a key, a message and a time, who is this and what may they do?
//!
//! Promise: pure. The clock, the secrets and the bytes all come in as arguments; secrets never show in
//! `Debug` output or in an error's text, and comparisons of proofs take the same time whatever differs.

#![warn(missing_docs)]

pub mod chat_token;
pub mod playback_token;
pub mod policy;
mod principal;
pub mod sigv4;

pub use principal::Principal;
