//! The body of an answer: shared bytes, never joined.
//!
//! Promise: its length is known from the start, and sending it copies nothing.

use std::convert::Infallible;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use bytes::Bytes;
use http_body::{Frame, SizeHint};
use live::Segment;

/// Nothing, one block, or a segment's parts one after the other.
#[derive(Debug, Default)]
pub struct Body {
    source: Source,
    left: u64,
}

#[derive(Debug, Default)]
enum Source {
    #[default]
    Empty,
    Block(Bytes),
    Segment {
        segment: Arc<Segment>,
        next: usize,
    },
}

impl Body {
    /// Nothing.
    pub fn empty() -> Self {
        Self::default()
    }

    pub(crate) fn segment(segment: Arc<Segment>) -> Self {
        let left = segment.parts.iter().map(|part| part.data.len() as u64).sum();
        Self { source: Source::Segment { segment, next: 0 }, left }
    }

    /// Bytes that are still to come.
    pub(crate) fn len(&self) -> u64 {
        self.left
    }

    fn next_block(&mut self) -> Option<Bytes> {
        match &mut self.source {
            Source::Empty => None,
            Source::Block(block) => {
                let block = std::mem::take(block);
                self.source = Source::Empty;
                (!block.is_empty()).then_some(block)
            }
            Source::Segment { segment, next } => {
                let part = segment.parts.get(*next)?;
                *next += 1;
                Some(part.data.clone())
            }
        }
    }
}

impl From<Bytes> for Body {
    fn from(block: Bytes) -> Self {
        Self { left: block.len() as u64, source: Source::Block(block) }
    }
}

impl http_body::Body for Body {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        let body = self.get_mut();
        let block = body.next_block();
        body.left = body.left.saturating_sub(block.as_ref().map_or(0, |block| block.len() as u64));
        Poll::Ready(block.map(|block| Ok(Frame::data(block))))
    }

    fn is_end_stream(&self) -> bool {
        self.left == 0
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(self.left)
    }
}
