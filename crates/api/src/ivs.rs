//! Amazon IVS low-latency streaming: the generated face of the service.
//!
//! Promise: holds no hand-written shape; behaviour lives with whoever implements [`Ivs`].

mod operations;
mod shapes;

#[cfg(test)]
pub(crate) use operations::EXCEPTIONS;
pub(crate) use operations::perform;
pub use operations::{Ivs, Operation};
pub use shapes::*;
