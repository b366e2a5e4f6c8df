//! An object on its way from its bucket to a client.
//!
//! Promise: a block is read when the client has taken the one before it, on a thread that is free again at once; what
//! ends well is the whole of what was promised, and ends early, with an error, when its viewer is revoked.

use std::fmt;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use blob::Opened;
use bytes::Bytes;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio_util::sync::ReusableBoxFuture;

use super::Keeper;
use crate::error::Error;

/// One reader of one object.
pub(crate) struct Filed {
    opened: Opened,
    at: u64,
    left: u64,
    keeper: Keeper,
    /// A block is being read.
    reading: bool,
    block: ReusableBoxFuture<'static, Result<Bytes, Error>>,
    _place: OwnedSemaphorePermit,
}

impl fmt::Debug for Filed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Filed").field("at", &self.at).field("left", &self.left).finish_non_exhaustive()
    }
}

impl Filed {
    /// So many bytes of an object, from this one on.
    pub(crate) fn new(
        opened: Opened,
        first: u64,
        count: u64,
        keeper: Keeper,
        place: OwnedSemaphorePermit,
    ) -> Self {
        let block = ReusableBoxFuture::new(std::future::ready(Ok(Bytes::new())));
        Self { opened, at: first, left: count, keeper, reading: false, block, _place: place }
    }

    /// Bytes that are still to come.
    pub(crate) fn left(&self) -> u64 {
        self.left
    }

    /// The next block; `None` after the last one.
    pub(crate) fn poll_next(&mut self, context: &mut Context<'_>) -> Poll<Option<Result<Bytes, Error>>> {
        if self.left == 0 {
            return Poll::Ready(None);
        }
        if !self.reading {
            if !self.keeper.allows() {
                return Poll::Ready(Some(Err(Error::Private)));
            }
            let most = usize::try_from(self.left).unwrap_or(usize::MAX).min(self.opened.stride());
            self.block.set(read(self.opened.clone(), self.at, most, Arc::clone(&self.keeper.reads)));
            self.reading = true;
        }
        let block = ready!(self.block.poll(context));
        self.reading = false;
        if let Ok(block) = &block {
            let count = (block.len() as u64).min(self.left);
            self.at += count;
            self.left -= count;
            if count == 0 {
                return Poll::Ready(Some(Err(Error::Unreadable)));
            }
        }
        Poll::Ready(Some(block))
    }
}

async fn read(opened: Opened, at: u64, most: usize, reads: Arc<Semaphore>) -> Result<Bytes, Error> {
    let _turn = reads.acquire().await;
    opened.read(at, most).await.map_err(|error| {
        tracing::warn!(why = %domain::chain(&error), "an object of a recording can't be read");
        Error::Unreadable
    })
}
