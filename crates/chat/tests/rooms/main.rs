//! Chat as its clients see it: real sockets, the wire of the vendor's messaging API.

mod commands;
mod extensions;
mod frames;
mod garbage;
mod review;
mod rules;
mod schedule;
mod sessions;
mod stage;
