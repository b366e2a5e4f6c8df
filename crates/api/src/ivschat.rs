//! Amazon IVS Chat: the generated face of the service, and what each operation is about.
//!
//! Promise: holds no hand-written shape; behaviour lives with whoever implements [`IvsChat`].

mod access;
mod operations;
mod shapes;

pub(crate) use access::access;
#[cfg(test)]
pub(crate) use operations::EXCEPTIONS;
pub(crate) use operations::perform;
pub use operations::{IvsChat, Operation};
pub use shapes::*;
