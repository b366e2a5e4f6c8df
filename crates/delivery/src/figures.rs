//! What delivery counts of its own work.
//!
//! Promise: to count takes no lock; the number of series is fixed, whatever clients send.

use std::sync::atomic::{AtomicU64, Ordering};

use http::StatusCode;

use crate::error::Error;

/// What is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Multivariant,
    Playlist,
    Init,
    Segment,
    Part,
    Thumbnail,
    /// Objects of recordings.
    Recording,
    /// Paths of nothing, preflights, methods that are none.
    Other,
}

/// Their words, in the order of [`Kind`].
const KINDS: [&str; 8] =
    ["multivariant", "playlist", "init", "segment", "part", "thumbnail", "recording", "other"];
/// Classes of answers.
const CLASSES: [&str; 4] = ["2xx", "3xx", "4xx", "5xx"];

/// Counters since the start.
#[derive(Debug, Default)]
pub(crate) struct Figures {
    requests: [[AtomicU64; CLASSES.len()]; KINDS.len()],
    refused: [AtomicU64; Error::CODES.len()],
    bytes: AtomicU64,
}

impl Figures {
    /// A request is answered; `bytes` of its body are known already.
    pub(crate) fn answered(&self, kind: Kind, status: StatusCode, bytes: u64) {
        let class = usize::from(status.as_u16() / 100).clamp(2, 5) - 2;
        self.requests[kind as usize][class].fetch_add(1, Ordering::Relaxed);
        self.sent(bytes);
    }

    /// So many bytes go out.
    pub(crate) fn sent(&self, bytes: u64) {
        self.bytes.fetch_add(bytes, Ordering::Relaxed);
    }

    /// Somebody does not get what it asked for.
    pub(crate) fn refused(&self, error: &Error) {
        if let Some(at) = Error::CODES.iter().position(|code| *code == error.code()) {
            self.refused[at].fetch_add(1, Ordering::Relaxed);
        }
    }

    pub(crate) fn read(&self, held: [usize; 2]) -> Reading {
        let read = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        let of_kind = |(kind, classes): (&'static str, &[AtomicU64; CLASSES.len()])| {
            CLASSES.into_iter().zip(classes).map(move |(class, count)| (kind, class, read(count))).collect()
        };
        let requests: Vec<Vec<_>> = KINDS.into_iter().zip(&self.requests).map(of_kind).collect();
        Reading {
            requests: requests.concat(),
            bytes: read(&self.bytes),
            held_playlists: held[0],
            held_media: held[1],
            refused: Error::CODES.into_iter().zip(self.refused.iter().map(read)).collect(),
        }
    }
}

/// What was counted until now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reading {
    /// Requests answered: what was asked for, the class of the answer's status, how many.
    pub requests: Vec<(&'static str, &'static str, u64)>,
    /// Bytes of bodies that were handed out, less what clients left behind.
    pub bytes: u64,
    /// Requests for playlists that wait now.
    pub held_playlists: usize,
    /// Requests for parts and segments that wait now, or take a segment while it is made.
    pub held_media: usize,
    /// Refusals by [`Error::code`].
    pub refused: Vec<(&'static str, u64)>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_happened_is_counted_where_it_belongs() {
        let figures = Figures::default();
        figures.answered(Kind::Segment, StatusCode::PARTIAL_CONTENT, 5);
        figures.answered(Kind::Segment, StatusCode::OK, 7);
        figures.answered(Kind::Other, StatusCode::NOT_FOUND, 0);
        figures.refused(&Error::Full);
        figures.sent(3);
        let reading = figures.read([1, 2]);
        let counted: Vec<_> = reading.requests.iter().filter(|(.., count)| *count > 0).collect();
        assert_eq!(counted, [&("segment", "2xx", 2), &("other", "4xx", 1)]);
        assert_eq!((reading.bytes, reading.held_playlists, reading.held_media), (15, 1, 2));
        let refused: Vec<_> = reading.refused.iter().filter(|(_, count)| *count > 0).collect();
        assert_eq!(refused, [&("too_many_viewers", 1)]);
    }
}
