//! How far something is, for whoever waits for it.
//!
//! Promise: written to standard error alone, and only where that is a terminal; at most ten times a second; nothing is
//! left behind.

use std::io::{IsTerminal, Write, stderr};
use std::time::{Duration, Instant};

/// Characters between the brackets.
const WIDTH: u64 = 30;
/// From one drawing to the next.
const PACE: Duration = Duration::from_millis(100);

/// A line that is drawn again and again.
pub(crate) struct Bar {
    what: String,
    is_shown: bool,
    drawn: Option<Instant>,
}

impl Bar {
    /// One that says what is being done.
    pub(crate) fn new(what: &str) -> Self {
        Self { what: what.to_owned(), is_shown: stderr().is_terminal(), drawn: None }
    }

    /// This much of that much is done.
    pub(crate) fn show(&mut self, done: u64, total: u64) {
        if !self.is_shown || self.drawn.is_some_and(|drawn| drawn.elapsed() < PACE) {
            return;
        }
        self.drawn = Some(Instant::now());
        let line = line(&self.what, done, total);
        // A terminal that is gone is no reason to stop.
        let _ = write!(stderr(), "\r{line}\x1b[K").and_then(|()| stderr().flush());
    }
}

impl Drop for Bar {
    fn drop(&mut self) {
        if self.drawn.is_some() {
            let _ = write!(stderr(), "\r\x1b[K").and_then(|()| stderr().flush());
        }
    }
}

fn line(what: &str, done: u64, total: u64) -> String {
    let done = done.min(total);
    let part = |of: u64| u128::from(done) * u128::from(of) / u128::from(total.max(1));
    let filled = usize::try_from(part(WIDTH)).unwrap_or(0);
    let empty = usize::try_from(WIDTH).unwrap_or(0).saturating_sub(filled);
    format!("{what} [{}{}] {} %", "#".repeat(filled), "-".repeat(empty), part(100))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bar_grows_from_nothing_to_full() {
        assert_eq!(line("a", 0, 0), format!("a [{}] 0 %", "-".repeat(30)));
        assert_eq!(line("a", 1, 2), format!("a [{}{}] 50 %", "#".repeat(15), "-".repeat(15)));
        assert_eq!(line("a", 9, 2), format!("a [{}] 100 %", "#".repeat(30)));
        assert_eq!(line("a", u64::MAX, u64::MAX), format!("a [{}] 100 %", "#".repeat(30)));
    }
}
