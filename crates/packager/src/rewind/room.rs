//! The room on disk, which all streams that can be rewound share.
//!
//! Promise: together they never use more than there is. When one needs room, the one that uses the most
//! gives up its oldest.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use domain::StreamId;

#[derive(Debug)]
pub(crate) struct Room {
    most: u64,
    book: Mutex<Book>,
}

#[derive(Debug, Default)]
struct Book {
    used: HashMap<StreamId, Use>,
    /// Bytes that somebody waits for.
    short: u64,
}

#[derive(Clone, Copy, Debug, Default)]
struct Use {
    bytes: u64,
    /// Nothing leaves the list of a stream that has ended.
    ended: bool,
}

impl Room {
    /// One of so many bytes.
    pub(crate) fn new(most: u64) -> Self {
        Self { most, book: Mutex::default() }
    }

    /// Takes room for a file. Without it, whoever uses the most is asked to make some.
    pub(crate) fn reserve(&self, stream: &StreamId, bytes: u64) -> bool {
        let mut book = self.book();
        let total = book.used.values().fold(bytes, |sum, used| sum.saturating_add(used.bytes));
        if total > self.most {
            book.short = book.short.max(total - self.most);
            return false;
        }
        book.used.entry(stream.clone()).or_default().bytes += bytes;
        true
    }

    /// Gives room back.
    pub(crate) fn release(&self, stream: &StreamId, bytes: u64) {
        let mut book = self.book();
        book.short = book.short.saturating_sub(bytes);
        if let Some(used) = book.used.get_mut(stream) {
            used.bytes = used.bytes.saturating_sub(bytes);
        }
    }

    /// The disk itself has no room for so many bytes.
    pub(crate) fn lacks(&self, bytes: u64) {
        let mut book = self.book();
        book.short = book.short.max(bytes);
    }

    /// How many bytes this stream is to give up now.
    pub(crate) fn owed(&self, stream: &StreamId) -> u64 {
        let book = self.book();
        if book.short == 0 {
            return 0;
        }
        let living = book.used.iter().filter(|(_, used)| !used.ended);
        let largest = living.max_by_key(|(stream, used)| (used.bytes, stream.as_str()));
        let is_largest = largest.is_some_and(|(largest, _)| largest == stream);
        // Rather once and for a while than bit by bit.
        if is_largest { book.short.max(self.most / 16) } else { 0 }
    }

    /// The stream has ended; its files stay for now.
    pub(crate) fn end(&self, stream: &StreamId) {
        if let Some(used) = self.book().used.get_mut(stream) {
            used.ended = true;
        }
    }

    /// So many bytes of the stream's files are gone, and no more will come from where they came from.
    pub(crate) fn leave(&self, stream: &StreamId, bytes: u64) {
        self.release(stream, bytes);
        let mut book = self.book();
        if book.used.get(stream).is_some_and(|used| used.bytes == 0) {
            book.used.remove(stream);
        }
    }

    /// Held for a few sums.
    fn book(&self) -> MutexGuard<'_, Book> {
        self.book.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn streams() -> [StreamId; 3] {
        [1, 2, 3].map(|number| StreamId::mint(&mut |bytes| bytes.fill(number)))
    }

    #[test]
    fn the_largest_makes_room_for_anybody() {
        let room = Room::new(100);
        let [small, large, new] = streams();
        assert!(room.reserve(&small, 30) && room.reserve(&large, 60));
        assert_eq!([&small, &large].map(|stream| room.owed(stream)), [0, 0]);
        assert!(!room.reserve(&new, 25), "there are 10");
        assert_eq!([&small, &large, &new].map(|stream| room.owed(stream)), [0, 15, 0]);
        room.release(&large, 20);
        assert_eq!(room.owed(&large), 0, "that is enough");
        assert!(room.reserve(&new, 25));
    }

    #[test]
    fn a_stream_that_ended_keeps_what_it_has_until_its_files_go() {
        let room = Room::new(100);
        let [small, large, new] = streams();
        assert!(room.reserve(&small, 30) && room.reserve(&large, 60));
        room.end(&large);
        assert!(!room.reserve(&new, 25));
        assert_eq!([&small, &large].map(|stream| room.owed(stream)), [15, 0]);
        room.leave(&large, 60);
        assert_eq!(room.owed(&small), 0);
        assert!(room.reserve(&new, 70) && !room.reserve(&new, 1));
    }

    #[test]
    fn a_disk_that_is_full_before_the_room_is_asks_the_largest_too() {
        let room = Room::new(100);
        let [small, large, _] = streams();
        assert!(room.reserve(&small, 10) && room.reserve(&large, 20));
        room.lacks(5);
        assert_eq!([&small, &large].map(|stream| room.owed(stream)), [0, 6]);
    }

    #[test]
    fn sums_do_not_overflow() {
        let room = Room::new(u64::MAX);
        let [one, other, _] = streams();
        assert!(room.reserve(&one, u64::MAX));
        assert!(room.reserve(&other, 0));
        room.release(&one, u64::MAX);
        room.release(&one, 1);
        assert!(room.reserve(&other, u64::MAX));
    }
}
