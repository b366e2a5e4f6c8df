//! The wire of Amazon IVS and Amazon IVS Chat: HTTP in, typed and proven calls out, and back.
//!
//! **Way in**: [`Api::handle`], given any HTTP request that is not another service's; [`Gate::admit`], which lets
//! other crates serve signed operations that the vendor's model does not have.
//! **Way out**: the traits [`ivs::Ivs`] and [`ivschat::IvsChat`] (one function per served operation), implemented
//! by the service that gives the operations their meaning, and [`KeyRing`], which finds access keys and their
//! policies.
//!
//! Promise: an operation is reached only by a request whose signature was verified with an active key, whose
//! every bound in the vendor's model is met, and that the key's policy allows; every answer carries `x-amzn-RequestId`, and every error
//! its code and text where each AWS SDK looks for them.
//!
//! Refuses to know: what an operation means, where keys are stored, sockets, TLS, the clock.
//!
//! The shapes, bounds and routes are generated (`cargo run -p xtask -- generate`) from the vendor's public
//! model; `operations.txt` beside this crate's manifest names what is served, one line an operation.

#![warn(missing_docs)]

mod access;
mod answer;
mod body;
mod call;
mod error;
mod gate;
mod handle;
pub mod ivs;
pub mod ivschat;
mod keyring;
mod peer;
mod permission;
mod refusal;
mod request_id;
mod route;
mod rule;
mod sensitive;
mod signing_keys;
mod timestamp;
mod told;
mod violations;

pub use call::Call;
pub use error::{ApiError, Why};
pub use gate::{Admitted, Errand, Gate, Known};
pub use handle::{Api, Config, RegionRule};
pub use keyring::{Key, KeyRing};
pub use peer::Peer;
pub use refusal::Refusal;
pub use route::{Route, Service};
pub use sensitive::Sensitive;
pub use timestamp::Timestamp;
pub use violations::Violations;
