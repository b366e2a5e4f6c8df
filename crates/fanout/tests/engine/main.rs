//! The engine on real sockets, by both ways to the kernel.
//!
//! Promise: each behaviour is shown on io_uring and on epoll alike.

mod ends;
mod groups;
mod harness;
mod protocol;
mod schedules;
mod slow;
