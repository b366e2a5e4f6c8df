//! From a model to text: the files that are committed.
//!
//! Promise: the same model and the same list give the same text, byte for byte.

mod bounds;
mod operations;
#[cfg(test)]
mod sample;
mod shapes;

pub(crate) use bounds::bounds;
pub(crate) use operations::operations;
pub(crate) use shapes::shapes;

use crate::botocore::VERSION;

/// How a generated Rust file opens.
fn heading(service: &str, purpose: &str, promise: &str) -> String {
    format!(
        "//! {purpose}\n//!\n//! Promise: {promise}\n//!\n\
         //! Generated from the public model of `{service}` in botocore {VERSION}; do not edit.\n\
         //! To make it anew: `cargo run -p xtask -- generate`.\n\n"
    )
}
