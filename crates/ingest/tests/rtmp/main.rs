//! The RTMP state machine and what stands behind it, without a socket.
//!
//! Promise: runs in a second, whatever number of hours the clocks in it pass.

mod quirks;
mod script;
mod splits;
