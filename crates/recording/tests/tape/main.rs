//! Tapes: what is written, what is found again, and what a process leaves that is killed.
//!
//! Promise: real files, real locks, real kills; what is expected is computed from what was to be written, not read from
//! the tape.

#![expect(clippy::unwrap_used, reason = "a failed step is a failed test")]

mod faults;
mod kills;
mod recovery;
mod reel;
mod writing;
