//! Times and ids of frames.
//!
//! Promise: ids are 12 fair draws of `[A-Za-z0-9]` from the system's cryptographic source, which no client can
//! foresee; the source is asked once for some hundred ids.

use std::cell::RefCell;
use std::time::{Instant, SystemTime};

use domain::{ResourceId, drawn};

/// Nanoseconds since 1970.
pub(crate) fn now() -> i64 {
    nanoseconds(SystemTime::now())
}

/// Nanoseconds since 1970 of a time; what i64 does not hold is the nearest that it does.
pub(crate) fn nanoseconds(time: SystemTime) -> i64 {
    let since = time.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_nanos()).unwrap_or(i64::MAX)
}

/// Milliseconds since 1970.
pub(crate) fn milliseconds(time: SystemTime) -> i64 {
    nanoseconds(time) / 1_000_000
}

/// A clock that never goes back, for rates.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Steady(Instant);

impl Steady {
    pub(crate) fn start() -> Self {
        Self(Instant::now())
    }

    /// Nanoseconds since the start.
    pub(crate) fn at(self, now: Instant) -> u64 {
        u64::try_from(now.saturating_duration_since(self.0).as_nanos()).unwrap_or(u64::MAX)
    }
}

/// Characters of an id.
const LENGTH: usize = ResourceId::LENGTH;
/// Bytes that are drawn at once.
const POOL: usize = 4_096;

/// A fresh id.
#[derive(Clone, Copy)]
pub(crate) struct Id([u8; LENGTH]);

impl Id {
    pub(crate) fn fresh() -> Self {
        thread_local! {
            static POOL_OF_THREAD: RefCell<Pool> = const { RefCell::new(Pool { bytes: [0; POOL], next: POOL }) };
        }
        POOL_OF_THREAD.with_borrow_mut(|pool| Self(std::array::from_fn(|_| pool.character())))
    }

    pub(crate) fn as_str(&self) -> &str {
        std::str::from_utf8(&self.0).expect("the alphabet is ASCII")
    }
}

struct Pool {
    bytes: [u8; POOL],
    next: usize,
}

impl Pool {
    fn character(&mut self) -> u8 {
        loop {
            if self.next == POOL {
                aws_lc_rs::rand::fill(&mut self.bytes)
                    .expect("the system's source of randomness never fails");
                self.next = 0;
            }
            // What was used is wiped: it stands in frames, and nothing else of the pool should be guessable.
            let byte = std::mem::take(&mut self.bytes[self.next]);
            self.next += 1;
            if let Some(character) = drawn(byte) {
                return character;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn ids_have_the_form_of_the_model_and_do_not_repeat() {
        let ids: HashSet<_> = (0..10_000).map(|_| Id::fresh().as_str().to_owned()).collect();
        assert_eq!(ids.len(), 10_000);
        assert!(ids.iter().all(|id| id.len() == 12 && id.bytes().all(|byte| byte.is_ascii_alphanumeric())));
        let used: HashSet<_> = ids.iter().flat_map(|id| id.bytes()).collect();
        assert_eq!(used.len(), 62);
    }
}
