//! The frames of a group, one behind the other, as they go out: each reader is a position in it.
//!
//! Promise: what is kept starts and ends at a frame's boundary; positions never repeat.

use crate::codec::server_frame_length;

/// A buffer that was this large is given back when it is empty.
const SPARE: usize = 16 * 1024;

/// Bytes by position since the group's beginning.
#[derive(Debug, Default)]
pub(crate) struct Log {
    bytes: Vec<u8>,
    /// Index of the first byte that is kept.
    start: usize,
    /// Position of the first byte that is kept.
    first: u64,
}

impl Log {
    /// The position behind the last frame.
    pub(crate) fn end(&self) -> u64 {
        self.first + self.len() as u64
    }

    /// Bytes kept.
    pub(crate) fn len(&self) -> usize {
        self.bytes.len() - self.start
    }

    /// Adds a frame.
    pub(crate) fn append(&mut self, frame: &[u8]) {
        self.bytes.extend_from_slice(frame);
    }

    /// The bytes between two positions, as far as they are kept.
    pub(crate) fn between(&self, from: u64, to: u64) -> &[u8] {
        &self.bytes[self.index(from)..self.index(to).max(self.index(from))]
    }

    fn index(&self, position: u64) -> usize {
        let ahead = usize::try_from(position.saturating_sub(self.first)).unwrap_or(usize::MAX);
        self.start.saturating_add(ahead).min(self.bytes.len())
    }

    /// Lets go of everything.
    pub(crate) fn clear(&mut self) {
        self.first = self.end();
        self.start = 0;
        self.bytes.clear();
        if self.bytes.capacity() > SPARE {
            self.bytes = Vec::new();
        }
    }

    /// Gives the empty buffer back.
    pub(crate) fn shrink(&mut self) {
        if self.bytes.is_empty() {
            self.bytes = Vec::new();
        }
    }

    /// The first boundary from which at most `keep` bytes are left.
    pub(crate) fn boundary(&self, keep: usize) -> u64 {
        let too_many = self.len().saturating_sub(keep);
        self.boundary_at(self.first + too_many as u64)
    }

    /// The first boundary at or behind a position.
    fn boundary_at(&self, position: u64) -> u64 {
        let mut at = self.start;
        while at < self.bytes.len() && self.position(at) < position {
            at += server_frame_length(&self.bytes[at..]);
        }
        self.position(at)
    }

    fn position(&self, index: usize) -> u64 {
        self.first + (index - self.start) as u64
    }

    /// What is missing of the frame that a position lies in; nothing if it lies at a boundary.
    pub(crate) fn rest_of_frame(&self, position: u64) -> &[u8] {
        self.between(position, self.boundary_at(position))
    }

    /// Lets go of what is before a boundary. The bytes move only when as many have been let go as are kept.
    pub(crate) fn forget_before(&mut self, boundary: u64) {
        let index = self.index(boundary);
        self.first = self.position(index);
        self.start = index;
        if self.start >= self.bytes.len() - self.start {
            self.bytes.drain(..self.start);
            self.start = 0;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::codec::text;

    #[test]
    fn keeps_whole_frames_from_the_back() {
        let mut log = Log::default();
        let frames: Vec<_> = (0..100).map(|n| text(&"x".repeat(n * 7))).collect();
        for frame in &frames {
            log.append(frame);
        }
        let end = log.end();
        let boundary = log.boundary(2000);
        assert!(end - boundary <= 2000);
        log.forget_before(boundary);
        assert_eq!(log.end(), end);
        let mut at = boundary;
        for frame in frames.iter().rev() {
            if at == end {
                break;
            }
            let rest = log.between(at, end);
            at += server_frame_length(rest) as u64;
            assert!(frames.iter().any(|known| rest.starts_with(known)), "{frame:?}");
        }
        assert_eq!(at, end);
    }

    #[test]
    fn knows_what_a_reader_within_a_frame_still_needs() {
        let mut log = Log::default();
        log.append(&text("one"));
        log.append(&text("two"));
        assert_eq!(log.rest_of_frame(0), b"");
        assert_eq!(log.rest_of_frame(6), &text("two")[1..]);
        assert_eq!(log.rest_of_frame(5), b"");
        log.clear();
        assert_eq!((log.end(), log.len()), (10, 0));
        log.append(&text("three"));
        assert_eq!(log.between(10, 17), &text("three")[..]);
    }
}
