//! Bytes on their way to a client, and how long it may take to take them.
//!
//! Promise: shared blocks are sent as they are, many with one call; a client that takes too little of what waits
//! for it is given up; one that takes everything at once costs no timer.

use std::future::poll_fn;
use std::io::{self, IoSlice};
use std::pin::{Pin, pin};
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::{Buf, Bytes};
use tokio::io::{AsyncWrite, AsyncWriteExt};
use tokio::time::{Instant, timeout_at};

use crate::pace::LEAST;

/// Most blocks of one call; the kernel takes no more than 1,024.
pub(super) const BLOCKS: usize = 64;

/// Blocks of a usual answer; to look at the room for more costs more than to send them.
const FEW: usize = 4;

/// What waits to be sent, in order.
#[derive(Debug)]
pub(super) struct Outbox {
    blocks: Vec<Bytes>,
    /// Blocks that have gone.
    gone: usize,
    patience: Duration,
    /// Since when the client has been waited for, and what it took meanwhile.
    wait: Option<(Instant, usize)>,
}

impl Outbox {
    /// Empty; a client is given up that takes less than [`LEAST`] bytes in `patience`.
    pub(super) fn new(patience: Duration) -> Self {
        Self { blocks: Vec::new(), gone: 0, patience, wait: None }
    }

    /// Puts a block at the end.
    pub(super) fn push(&mut self, block: impl Into<Bytes>) {
        let block = block.into();
        if !block.is_empty() {
            self.blocks.push(block);
        }
    }

    /// As much as one call takes waits.
    pub(super) fn is_full(&self) -> bool {
        self.blocks.len() >= BLOCKS
    }

    /// Sends all that waits.
    pub(super) async fn send<S: AsyncWrite + Unpin>(&mut self, stream: &mut S) -> io::Result<()> {
        while self.gone < self.blocks.len() {
            let taken = match self.attempt(stream).await {
                Some(taken) => taken?,
                None => self.insist(stream).await?,
            };
            self.take(taken)?;
        }
        self.blocks.clear();
        (self.gone, self.wait) = (0, None);
        // TLS keeps back what the socket didn't take.
        let mut flush = pin!(stream.flush());
        if let Poll::Ready(flushed) = poll_fn(|context| Poll::Ready(flush.as_mut().poll(context))).await {
            return flushed;
        }
        let flushed = timeout_at(Instant::now() + self.patience, flush).await;
        flushed.map_err(|_| io::ErrorKind::TimedOut)?
    }

    /// Without waiting: `None` if the client must be waited for.
    async fn attempt<S: AsyncWrite + Unpin>(&self, stream: &mut S) -> Option<io::Result<usize>> {
        poll_fn(|context| match self.poll_write(stream, context) {
            Poll::Ready(taken) => Poll::Ready(Some(taken)),
            Poll::Pending => Poll::Ready(None),
        })
        .await
    }

    /// Waits for the client, within its time.
    async fn insist<S: AsyncWrite + Unpin>(&mut self, stream: &mut S) -> io::Result<usize> {
        let now = Instant::now();
        let (mut since, mut taken) = self.wait.unwrap_or((now, 0));
        if taken >= LEAST {
            (since, taken) = (now, 0);
        }
        self.wait = Some((since, taken));
        let write = poll_fn(|context| self.poll_write(stream, context));
        timeout_at(since + self.patience, write).await.map_err(|_| io::ErrorKind::TimedOut)?
    }

    fn poll_write<S: AsyncWrite + Unpin>(
        &self,
        stream: &mut S,
        context: &mut Context<'_>,
    ) -> Poll<io::Result<usize>> {
        let waiting = &self.blocks[self.gone..];
        if waiting.len() <= FEW {
            poll_write::<S, FEW>(waiting, stream, context)
        } else {
            poll_write::<S, BLOCKS>(waiting, stream, context)
        }
    }

    fn take(&mut self, taken: usize) -> io::Result<()> {
        if taken == 0 {
            return Err(io::ErrorKind::WriteZero.into());
        }
        if let Some((_, meanwhile)) = &mut self.wait {
            *meanwhile += taken;
        }
        let mut left = taken;
        while left > 0 {
            let Some(block) = self.blocks.get_mut(self.gone) else { return Ok(()) };
            let part = left.min(block.len());
            block.advance(part);
            left -= part;
            self.gone += usize::from(block.is_empty());
        }
        Ok(())
    }
}

/// Offers the first `MOST` of these blocks.
fn poll_write<S: AsyncWrite + Unpin, const MOST: usize>(
    waiting: &[Bytes],
    stream: &mut S,
    context: &mut Context<'_>,
) -> Poll<io::Result<usize>> {
    let mut slices = [IoSlice::new(&[]); MOST];
    for (slice, block) in slices.iter_mut().zip(waiting) {
        *slice = IoSlice::new(block);
    }
    let slices = &slices[..waiting.len().min(MOST)];
    Pin::new(stream).poll_write_vectored(context, slices)
}
