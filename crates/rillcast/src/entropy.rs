//! Randomness for ids and secrets.
//!
//! Promise: every byte comes from the operating system's generator by way of aws-lc.

/// Fills the slice with bytes nobody can guess.
pub(crate) fn fill(bytes: &mut [u8]) {
    aws_lc_rs::rand::fill(bytes).expect("the operating system gives random bytes");
}
