//! The engine on real sockets, by both ways to the kernel.
//!
//! Promise: each behaviour is shown on io_uring and on epoll alike.

mod groups;
mod harness;
