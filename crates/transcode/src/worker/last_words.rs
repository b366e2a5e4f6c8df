//! What a process said last.
//!
//! Promise: whatever it says, no more than two kilobytes of it are kept, and they can be written to a log.

use std::sync::{Mutex, MutexGuard, PoisonError};

use tokio::io::{AsyncRead, AsyncReadExt};

const MOST: usize = 2_048;
/// Of these the last line is told, up to so many characters.
const LONGEST_LINE: usize = 300;

/// The end of a text.
#[derive(Debug, Default)]
pub(crate) struct LastWords {
    text: Mutex<Vec<u8>>,
}

impl LastWords {
    /// Listens until there is nothing more to hear.
    pub(crate) async fn listen(&self, mut pipe: impl AsyncRead + Unpin) {
        let mut heard = [0; 1_024];
        while let Ok(length @ 1..) = pipe.read(&mut heard).await {
            self.add(&heard[..length]);
        }
    }

    fn add(&self, heard: &[u8]) {
        let mut text = self.text();
        text.extend_from_slice(heard);
        let excess = text.len().saturating_sub(MOST);
        text.drain(..excess);
    }

    /// The last line that says anything; empty when nothing was said.
    pub(crate) fn last_line(&self) -> String {
        let text = self.text();
        let text = String::from_utf8_lossy(&text);
        let last = text.lines().rev().map(str::trim).find(|line| !line.is_empty());
        let shown = |letter: char| if letter.is_control() { '?' } else { letter };
        last.unwrap_or_default().chars().take(LONGEST_LINE).map(shown).collect()
    }

    fn text(&self) -> MutexGuard<'_, Vec<u8>> {
        self.text.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn the_last_line_is_told_and_the_rest_forgotten() {
        let words = LastWords::default();
        let long = format!("{}\nthe \u{1b}[31mend\n\n", "noise\n".repeat(10_000));
        words.listen(long.as_bytes()).await;
        assert_eq!(words.last_line(), "the ?[31mend");
        assert!(words.text().len() <= MOST);
    }

    #[test]
    fn whoever_said_nothing_has_no_last_line() {
        assert_eq!(LastWords::default().last_line(), "");
    }
}
