//! The body of an answer: shared bytes, never joined, or a file, never whole.
//!
//! Promise: sending what is in memory copies nothing. The length of all that is finished is known from the start; what is still
//! being made ends well only when it is whole.

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use bytes::Bytes;
use http_body::{Frame, SizeHint};
use live::Segment;

use crate::error::Error;
use crate::growing::Growing;
use crate::recordings::filed::Filed;

/// Nothing, one block, a segment's parts one after the other, a segment that is being made, or a piece of a file.
#[derive(Debug, Default)]
pub struct Body {
    source: Source,
}

#[derive(Debug, Default)]
enum Source {
    #[default]
    Empty,
    Block(Bytes),
    Segment {
        segment: Arc<Segment>,
        next: usize,
        /// Bytes of the next parts that nobody wants.
        skip: u64,
        left: u64,
    },
    Growing(Box<Growing>),
    Filed(Box<Filed>),
}

impl Body {
    /// Nothing.
    pub fn empty() -> Self {
        Self::default()
    }

    /// So many bytes of a segment, from this one on.
    pub(crate) fn segment(segment: Arc<Segment>, first: u64, count: u64) -> Self {
        Self { source: Source::Segment { segment, next: 0, skip: first, left: count } }
    }

    pub(crate) fn growing(growing: Growing) -> Self {
        Self { source: Source::Growing(Box::new(growing)) }
    }

    pub(crate) fn filed(filed: Filed) -> Self {
        Self { source: Source::Filed(Box::new(filed)) }
    }

    /// Bytes that are still to come; `None` while nobody knows.
    pub(crate) fn len(&self) -> Option<u64> {
        match &self.source {
            Source::Empty => Some(0),
            Source::Block(block) => Some(block.len() as u64),
            Source::Segment { left, .. } => Some(*left),
            Source::Filed(filed) => Some(filed.left()),
            Source::Growing(_) => None,
        }
    }
}

impl From<Bytes> for Body {
    fn from(block: Bytes) -> Self {
        Self { source: if block.is_empty() { Source::Empty } else { Source::Block(block) } }
    }
}

/// The next wanted bytes of a segment's parts.
fn next_block(segment: &Segment, next: &mut usize, skip: &mut u64, left: &mut u64) -> Option<Bytes> {
    while *left > 0 {
        let data = &segment.parts.get(*next)?.data;
        *next += 1;
        let length = data.len() as u64;
        let from = length.min(*skip);
        *skip -= from;
        let count = (length - from).min(*left);
        if count > 0 {
            *left -= count;
            // Both are within a part, whose length is a `usize`.
            let at = |bytes: u64| usize::try_from(bytes).unwrap_or(usize::MAX);
            return Some(data.slice(at(from)..at(from + count)));
        }
    }
    None
}

impl http_body::Body for Body {
    type Data = Bytes;
    type Error = Error;

    fn poll_frame(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Error>>> {
        let body = self.get_mut();
        let block = match &mut body.source {
            Source::Empty => None,
            Source::Block(block) => {
                let block = std::mem::take(block);
                body.source = Source::Empty;
                Some(block)
            }
            Source::Segment { segment, next, skip, left } => next_block(segment, next, skip, left),
            Source::Growing(growing) => {
                let part = std::task::ready!(growing.poll_next(context));
                if !matches!(part, Some(Ok(_))) {
                    body.source = Source::Empty;
                }
                return Poll::Ready(part.map(|part| part.map(Frame::data)));
            }
            Source::Filed(filed) => {
                let block = std::task::ready!(filed.poll_next(context));
                // The file is closed as soon as all of it is read.
                if !matches!(block, Some(Ok(_))) || filed.left() == 0 {
                    body.source = Source::Empty;
                }
                return Poll::Ready(block.map(|block| block.map(Frame::data)));
            }
        };
        Poll::Ready(block.map(|block| Ok(Frame::data(block))))
    }

    fn is_end_stream(&self) -> bool {
        self.len() == Some(0)
    }

    fn size_hint(&self) -> SizeHint {
        self.len().map_or_else(SizeHint::default, SizeHint::with_exact)
    }
}
