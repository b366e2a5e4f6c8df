//! Stops asking a handler that does not answer.
//!
//! Promise: after so many failures in a row nobody waits for it; each time the pause has passed, one message
//! tries it, and a success lets all through again. It reads no clock.

use std::time::Duration;

use tokio::time::Instant;

/// When it opens, and for how long.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Thresholds {
    /// Failures in a row; at least 1.
    pub(super) failures: u32,
    /// Pause before the next try.
    pub(super) pause: Duration,
}

/// What a change of it means to somebody who watches.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Change {
    Opened,
    Closed,
}

#[derive(Debug)]
enum State {
    /// All may ask.
    Closed { failures: u32 },
    /// Nobody may ask before then, and then only one.
    Open { until: Instant },
}

/// The state of one handler.
#[derive(Debug)]
pub(super) struct Breaker {
    thresholds: Thresholds,
    state: State,
}

impl Breaker {
    pub(super) fn new(thresholds: Thresholds) -> Self {
        Self { thresholds, state: State::Closed { failures: 0 } }
    }

    /// May one message ask now? Who may when it is open is the probe: the next may a pause later, so that a
    /// probe whose outcome nobody tells blocks nothing for good.
    pub(super) fn admit(&mut self, now: Instant) -> bool {
        match &mut self.state {
            State::Closed { .. } => true,
            State::Open { until } if now < *until => false,
            State::Open { until } => {
                *until = now + self.thresholds.pause;
                true
            }
        }
    }

    /// Would [`Breaker::admit`] say no? Asking this makes nobody the probe.
    pub(super) fn rests(&self, now: Instant) -> bool {
        matches!(self.state, State::Open { until } if now < until)
    }

    /// The handler answered.
    pub(super) fn succeeded(&mut self) -> Option<Change> {
        let was = std::mem::replace(&mut self.state, State::Closed { failures: 0 });
        matches!(was, State::Open { .. }).then_some(Change::Closed)
    }

    /// The handler could not be asked, or failed, or was too late.
    pub(super) fn failed(&mut self, now: Instant) -> Option<Change> {
        let until = now + self.thresholds.pause;
        match &mut self.state {
            State::Open { until: open } => {
                *open = until;
                None
            }
            State::Closed { failures } => {
                *failures += 1;
                let opens = *failures >= self.thresholds.failures;
                if opens {
                    self.state = State::Open { until };
                }
                opens.then_some(Change::Opened)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PAUSE: Duration = Duration::from_secs(5);

    fn breaker(failures: u32) -> Breaker {
        Breaker::new(Thresholds { failures, pause: PAUSE })
    }

    #[test]
    fn only_failures_in_a_row_open_it() {
        let now = Instant::now();
        let mut breaker = breaker(3);
        for _ in 0..10 {
            assert_eq!(breaker.failed(now), None);
            assert_eq!(breaker.failed(now), None);
            assert_eq!(breaker.succeeded(), None);
        }
        assert!(breaker.admit(now));
        assert_eq!([breaker.failed(now), breaker.failed(now)], [None, None]);
        assert_eq!(breaker.failed(now), Some(Change::Opened));
        assert!(!breaker.admit(now));
    }

    #[test]
    fn one_probe_at_a_time_tries_an_open_one() {
        let now = Instant::now();
        let mut breaker = breaker(1);
        breaker.failed(now);
        assert!(!breaker.admit(now + PAUSE - Duration::from_millis(1)));
        assert!(breaker.admit(now + PAUSE));
        assert!(!breaker.admit(now + PAUSE), "the probe is under way");
        assert_eq!(breaker.failed(now + PAUSE), None);
        assert!(!breaker.admit(now + PAUSE * 2 - Duration::from_millis(1)));
        assert!(breaker.admit(now + PAUSE * 2));
        assert_eq!(breaker.succeeded(), Some(Change::Closed));
        assert!(breaker.admit(now + PAUSE * 2));
        assert!(breaker.admit(now + PAUSE * 2));
    }

    #[test]
    fn a_probe_that_is_never_heard_of_blocks_nothing_for_good() {
        let now = Instant::now();
        let mut breaker = breaker(1);
        breaker.failed(now);
        assert!(breaker.admit(now + PAUSE));
        assert!(breaker.admit(now + PAUSE * 2));
    }
}
