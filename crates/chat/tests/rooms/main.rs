//! Chat as its clients see it: real sockets, the wire of the vendor's messaging API.

mod frames;
mod stage;
