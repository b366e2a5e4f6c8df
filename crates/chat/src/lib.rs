//! Chat rooms over WebSocket: admit, review, fan out, log.
//!
//! **Way in**: [`Chat::admit`] (a request for an upgrade), [`Chat::join`] (its socket), the bus (what the API
//! and other nodes say about rooms). **Way out**: sockets, through `fanout`; the review handler; the log.
//!
//! Promise: everything that a room hears goes through the bus, so one node and ten behave alike; a token opens
//! one connection, once, whatever node it comes to and whatever crashes; nothing that one room's handler, log
//! or reader does delays another room.
//!
//! Refuses to know: HTTP listeners, TLS, who made the rooms.

#![warn(missing_docs)]

pub mod log;
pub mod metrics;
pub mod review;
