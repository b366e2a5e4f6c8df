//! Randomness for passes and ids.
//!
//! Promise: every byte comes from aws-lc's generator, which the operating system seeds.

/// Fills the slice with bytes nobody can guess.
pub(crate) fn fill(bytes: &mut [u8]) {
    aws_lc_rs::rand::fill(bytes).expect("the operating system gives random bytes");
}
