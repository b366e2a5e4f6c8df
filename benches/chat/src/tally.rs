//! What all receivers heard: how many, how late, in which order.
//!
//! Promise: a message that is lost, doubled or out of order at any receiver shows in the findings.

use crate::dialect::Message;

/// What one receiver heard.
#[derive(Clone, Debug, Default)]
pub struct Ear {
    /// Messages.
    pub heard: u64,
    /// Of the whole sequence: equal at two receivers only if they heard the same in the same order.
    pub sequence: u64,
    /// The next number that each sender's message must have at least.
    next: Vec<u32>,
}

/// What all heard.
#[derive(Debug)]
pub struct Tally {
    /// Messages with smaller numbers only warm up.
    warm: usize,
    pub heard: u64,
    /// Messages that came behind a later one of the same sender.
    pub overtaken: u64,
    /// Microseconds from when a message was due, of those that are measured.
    pub micros: Vec<u32>,
}

impl Tally {
    pub fn new(warm: usize, expected: usize) -> Self {
        Self { warm, heard: 0, overtaken: 0, micros: Vec::with_capacity(expected) }
    }

    /// `ear` heard `message` at `now_nanos` since the run's zero.
    pub fn hear(&mut self, ear: &mut Ear, message: Message, now_nanos: u64) {
        self.heard += 1;
        ear.heard += 1;
        ear.sequence =
            (ear.sequence ^ message.number as u64).wrapping_mul(0x9e37_79b9_7f4a_7c15).rotate_left(23);
        if ear.next.len() <= message.sender {
            ear.next.resize(message.sender + 1, 0);
        }
        let next = &mut ear.next[message.sender];
        if (message.number as u32) < *next {
            self.overtaken += 1;
        }
        *next = message.number as u32 + 1;
        if message.number >= self.warm {
            self.micros.push((now_nanos.saturating_sub(message.due_nanos) / 1000) as u32);
        }
    }
}

/// Percentiles of a sample.
#[derive(Clone, Copy, Debug, Default, serde::Serialize)]
pub struct Spread {
    pub p50_ms: f64,
    pub p90_ms: f64,
    pub p99_ms: f64,
    pub p999_ms: f64,
    pub max_ms: f64,
}

impl Spread {
    pub fn of(micros: &mut [u32]) -> Self {
        micros.sort_unstable();
        let at = |share: f64| {
            let place = (micros.len() as f64 * share) as usize;
            micros
                .get(place.min(micros.len().saturating_sub(1)))
                .map_or(0.0, |micros| f64::from(*micros) / 1e3)
        };
        Self { p50_ms: at(0.5), p90_ms: at(0.9), p99_ms: at(0.99), p999_ms: at(0.999), max_ms: at(1.0) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hear(tally: &mut Tally, numbers: &[usize]) -> Ear {
        let mut ear = Ear::default();
        for number in numbers {
            let message = Message { sender: number % 2, number: *number, due_nanos: 1_000_000 };
            tally.hear(&mut ear, message, 3_000_000);
        }
        ear
    }

    #[test]
    fn another_order_is_another_sequence_and_overtaking_is_seen() {
        let mut tally = Tally::new(2, 10);
        let right = hear(&mut tally, &[0, 1, 2, 3]);
        assert_eq!(hear(&mut tally, &[0, 1, 2, 3]).sequence, right.sequence);
        assert_ne!(hear(&mut tally, &[0, 1, 3, 2]).sequence, right.sequence);
        assert_eq!(tally.overtaken, 0);
        hear(&mut tally, &[2, 1, 0, 3]);
        assert_eq!(tally.overtaken, 1);
        hear(&mut tally, &[0, 0]);
        assert_eq!(tally.overtaken, 2, "a doubled message");
        assert_eq!((tally.heard, tally.micros.len()), (18, 8));
        assert_eq!(Spread::of(&mut tally.micros).p99_ms, 2.0);
    }
}
