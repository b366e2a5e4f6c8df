//! What came, and how far apart.
//!
//! Promise: a round counts only when everybody had its answer.

use std::time::{Duration, Instant};

use serde_json::json;

/// Answers to the same question.
struct Round {
    first: Instant,
    last: Instant,
    answers: usize,
}

#[derive(Default)]
pub struct Tally {
    connections: usize,
    pub answers: u64,
    pub bytes: u64,
    pub refused: u64,
    pub lost: u64,
    rounds: Vec<Round>,
}

impl Tally {
    /// Of so many viewers.
    pub fn of(connections: usize) -> Self {
        Self { connections, ..Self::default() }
    }

    /// Forgets what came before the measuring.
    pub fn begin(&mut self) {
        *self = Self::of(self.connections);
    }

    /// The first answer of a round.
    pub fn round(&mut self, now: Instant) {
        self.rounds.push(Round { first: now, last: now, answers: 0 });
    }

    /// An answer of the newest round.
    pub fn answer(&mut self, now: Instant, bytes: usize) {
        self.answers += 1;
        self.bytes += bytes as u64;
        if let Some(round) = self.rounds.last_mut() {
            round.last = now;
            round.answers += 1;
        }
    }

    pub fn told(&self) -> String {
        let whole = self.rounds.iter().filter(|round| round.answers >= self.connections);
        let mut spreads: Vec<Duration> = whole.map(|round| round.last - round.first).collect();
        spreads.sort_unstable();
        let at = |share: f64| {
            // A share of a count is no more than the count.
            #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "0 to the count")]
            let index = (spreads.len().saturating_sub(1) as f64 * share) as usize;
            spreads.get(index).map(|spread| spread.as_secs_f64() * 1e3)
        };
        json!({
            "answers": self.answers,
            "bytes": self.bytes,
            "refused": self.refused,
            "lost": self.lost,
            "rounds": self.rounds.len(),
            "whole": spreads.len(),
            "spread": {"median": at(0.5), "p90": at(0.9), "worst": at(1.0)},
        })
        .to_string()
    }
}
