//! The wall's clock, and chance.
//!
//! Promise: neither ever fails.

use std::time::{Duration, SystemTime};

/// Milliseconds since 1970.
pub(crate) fn wall() -> i64 {
    domain::unix_millis(SystemTime::now())
}

pub(crate) fn millis(span: Duration) -> i64 {
    i64::try_from(span.as_millis()).unwrap_or(i64::MAX)
}

/// Any number.
pub(crate) fn roll() -> u16 {
    let mut bytes = [0; 2];
    // Without chance, pauses are as long as they may be.
    match aws_lc_rs::rand::fill(&mut bytes) {
        Ok(()) => u16::from_be_bytes(bytes),
        Err(_) => u16::MAX,
    }
}
