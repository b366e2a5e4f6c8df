//! A segment that is sent while it is being made: each part as soon as it is there.
//!
//! Promise: what ends well is the whole segment, byte for byte what is served of it later. When the stream
//! stalls, when a viewer's pass is revoked, or when nothing is left to send, it ends with an error, so that no
//! cache takes a piece for the whole. Nothing but the next part is kept for whoever reads slowly.

use std::fmt;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use live::{Part, ShelfReader, Snapshot};
use tokio::time::{Instant, Sleep, sleep_until};
use tokio_util::sync::ReusableBoxFuture;

use crate::admission::Admission;
use crate::error::Error;
use crate::feed::Feed;
use crate::figures::Figures;
use crate::pass::Pass;
use crate::stall_limit;
use crate::viewers::Hold;

/// What stands on the shelf of a part of a segment.
#[derive(Debug)]
pub(crate) enum Piece<'a> {
    /// It is there.
    There(&'a Part),
    /// The segment is whole without it.
    Past,
    /// It may come.
    Awaited,
    /// It can't come: it is gone or was never made, or the stream ended before it.
    Never,
}

/// What of this segment's part is there now?
pub(crate) fn piece(now: &Snapshot, segment: u64, part: usize) -> Piece<'_> {
    if let Some(found) = now.part(segment, part) {
        return if found.is_gap() { Piece::Never } else { Piece::There(found) };
    }
    if now.segment(segment).is_some() {
        return Piece::Past;
    }
    if now.ended || segment < now.next_number() { Piece::Never } else { Piece::Awaited }
}

/// On whose behalf it is sent: asked again at each part.
#[derive(Debug)]
pub(crate) struct Leave {
    pub(crate) admission: Arc<Admission>,
    /// Media of public channels need none.
    pub(crate) pass: Option<Pass>,
    pub(crate) figures: Arc<Figures>,
    /// Somebody watches.
    pub(crate) counts: bool,
}

/// One reader of one segment in the making.
pub(crate) struct Growing {
    feed: Feed,
    segment: u64,
    next: usize,
    leave: Leave,
    /// Begun only while nothing is there to be sent.
    waiting: bool,
    wait: ReusableBoxFuture<'static, Result<(), Error>>,
    /// Its place among those that wait.
    _hold: Hold,
}

impl fmt::Debug for Growing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Growing")
            .field("segment", &self.segment)
            .field("next", &self.next)
            .finish_non_exhaustive()
    }
}

impl Growing {
    pub(crate) fn new(feed: Feed, segment: u64, leave: Leave, hold: Hold) -> Self {
        let wait = ReusableBoxFuture::new(std::future::ready(Ok(())));
        Self { feed, segment, next: 0, leave, waiting: false, wait, _hold: hold }
    }

    /// The next part; `None` after the last one.
    pub(crate) fn poll_next(&mut self, context: &mut Context<'_>) -> Poll<Option<Result<Bytes, Error>>> {
        loop {
            if self.waiting {
                let come = ready!(self.wait.poll(context));
                self.waiting = false;
                if let Err(error) = come {
                    return Poll::Ready(Some(Err(error)));
                }
            }
            let Some(now) = self.feed.shelf().latest() else {
                return Poll::Ready(Some(Err(Error::Offline)));
            };
            match piece(&now, self.segment, self.next) {
                Piece::There(part) => return Poll::Ready(Some(self.send(part))),
                Piece::Past => return Poll::Ready(None),
                Piece::Never => return Poll::Ready(Some(Err(Error::Missing))),
                Piece::Awaited => self.begin_to_wait(&now),
            }
        }
    }

    fn send(&mut self, part: &Part) -> Result<Bytes, Error> {
        let Leave { admission, pass, figures, counts } = &self.leave;
        if pass.as_ref().is_some_and(|pass| !admission.is_good(pass)) {
            return Err(Error::Private);
        }
        self.next += 1;
        figures.sent(part.data.len() as u64);
        if *counts {
            let milliseconds = u64::try_from(part.duration.to_scale(1_000)).unwrap_or(0);
            self.feed.broadcast().pulse().add_delivered(milliseconds);
        }
        Ok(part.data.clone())
    }

    fn begin_to_wait(&mut self, now: &Snapshot) {
        let (segment, next) = (self.segment, self.next);
        let until = sleep_until(Instant::now() + stall_limit(now));
        let seconds = now.terms.target_duration;
        self.wait.set(wait(self.feed.shelf().reader(), until, segment, next, seconds));
        self.waiting = true;
    }
}

async fn wait(
    mut shelf: ShelfReader,
    until: Sleep,
    segment: u64,
    next: usize,
    seconds: u32,
) -> Result<(), Error> {
    let is_decided = |now: &Snapshot| !matches!(piece(now, segment, next), Piece::Awaited);
    tokio::select! {
        biased;
        then = shelf.wait(is_decided) => then.map(|_| ()).ok_or(Error::Offline),
        () = until => Err(Error::Overdue { seconds }),
    }
}
