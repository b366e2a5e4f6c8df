//! Randomness for ids.
//!
//! Promise: every byte comes from aws-lc's generator, which the operating system seeds.

/// Fills the slice with bytes nobody can guess.
pub(crate) fn fill(bytes: &mut [u8]) {
    aws_lc_rs::rand::fill(bytes).expect("aws-lc's generator ends the process itself when it has no entropy");
}
