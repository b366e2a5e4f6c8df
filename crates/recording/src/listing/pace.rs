//! How often playlists are written.
//!
//! Promise: what is written of playlists is a tenth of the media at most, or, where media is slow, 16 KiB a second; so
//! an hour costs no more at the end of two days than at their beginning. A playlist that is small enough for that is
//! never older than a minute, and the first is written at once.
//!
//! A bucket's object can't be appended to, so each time the whole playlist is written.

use std::time::Duration;

use tokio::time::Instant;

/// Bytes of media for each byte of playlists.
const MEDIA: u64 = 10;
/// At the latest after this long, if the playlists are small.
const MINUTE: Duration = Duration::from_secs(60);
/// Bytes of playlists a second, if they are large and media is slow.
const RATE: u64 = 16 * 1024;

#[derive(Debug, Default)]
pub(super) struct Pace {
    /// When they were written last.
    listed_at: Option<Instant>,
    /// When the first came that they do not tell.
    news_at: Option<Instant>,
    /// Bytes of media since they were written.
    brought: u64,
}

impl Pace {
    pub(super) fn brought(&mut self, bytes: u64, now: Instant) {
        self.brought = self.brought.saturating_add(bytes);
        self.news_at.get_or_insert(now);
    }

    /// When playlists of so many bytes should be written.
    pub(super) fn due_at(&self, size: u64) -> Option<Instant> {
        let news_at = self.news_at?;
        let Some(listed_at) = self.listed_at else { return Some(news_at) };
        if self.brought >= size.saturating_mul(MEDIA) {
            return Some(news_at);
        }
        Some(news_at.max(listed_at + MINUTE.max(Duration::from_secs(size / RATE))))
    }

    pub(super) fn listed(&mut self, now: Instant) {
        *self = Self { listed_at: Some(now), ..Self::default() };
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_is_written_at_once_and_then_a_tenth_of_the_media() {
        let begin = Instant::now();
        let mut pace = Pace::default();
        assert_eq!(pace.due_at(0), None);
        pace.brought(1, begin);
        assert_eq!(pace.due_at(1_000), Some(begin));
        pace.listed(begin);
        assert_eq!(pace.due_at(1_000), None, "nothing new");
        let later = begin + Duration::from_secs(10);
        pace.brought(9_999, later);
        assert_eq!(pace.due_at(1_000), Some(begin + MINUTE));
        pace.brought(1, later);
        assert_eq!(pace.due_at(1_000), Some(later));
    }

    #[test]
    fn large_playlists_of_slow_media_wait_longer() {
        let begin = Instant::now();
        let mut pace = Pace::default();
        pace.listed(begin);
        pace.brought(1, begin);
        assert_eq!(pace.due_at(60 * RATE), Some(begin + MINUTE));
        assert_eq!(pace.due_at(600 * RATE), Some(begin + 10 * MINUTE));
    }
}
