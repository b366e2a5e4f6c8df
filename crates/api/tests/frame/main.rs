//! The frame as a caller sees it: requests in, answers out, around a tiny service.
//!
//! Promise: completeness is checked over the list of all served operations and all modelled bounds.

mod access;
mod answers;
mod bounds;
mod fake;
mod gate;
mod log;
mod refusals;
mod signer;
