//! Whether the client of a connection takes what waits for it.
//!
//! Promise: a client is slow only if bytes waited for it all the while, in its socket or behind the windows of its
//! HTTP/2 streams; one that waits for the server may wait as long as it likes.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use http_body::{Body, Frame, SizeHint};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::time::{Instant, sleep};

/// A client that takes less than so many bytes while they wait for it, for as long as [`crate::listener::Hall`]
/// has patience, is slow. We see what it takes by what the kernel asks of us, which it does in steps of 64 kB: at
/// 20 s that is a bit more than 3 kB a second, half of the poorest sound.
pub(crate) const LEAST: usize = 16 * 1024;

/// How often a connection is looked at, in parts of the patience.
const LOOKS: u32 = 4;

/// What is known of one connection.
#[derive(Debug, Default)]
pub(crate) struct Pace {
    /// Bytes that the socket took.
    taken: AtomicU64,
    /// The socket took nothing when it was last asked.
    is_blocked: AtomicBool,
    /// Bodies whose next block nobody asks for.
    offered: AtomicUsize,
    /// Requests that are not answered to the end.
    open: AtomicUsize,
    /// Requests that came.
    begun: AtomicU64,
}

impl Pace {
    /// Resolves when the client has been slow for so long.
    pub(crate) async fn slow(&self, patience: Duration) {
        let (mut since, mut before) = (Instant::now(), self.taken.load(Ordering::Relaxed));
        loop {
            sleep(patience / LOOKS).await;
            let taken = self.taken.load(Ordering::Relaxed);
            let is_waited_for =
                self.is_blocked.load(Ordering::Relaxed) || self.offered.load(Ordering::Relaxed) > 0;
            if !is_waited_for || taken - before >= LEAST as u64 {
                (since, before) = (Instant::now(), taken);
            } else if since.elapsed() >= patience {
                return;
            }
        }
    }

    /// Resolves when no request was under way for about so long. Most come and go between two looks.
    pub(crate) async fn idle(&self, patience: Duration) {
        let (mut since, mut before) = (Instant::now(), self.begun.load(Ordering::Relaxed));
        while since.elapsed() < patience {
            sleep(patience / LOOKS).await;
            let begun = self.begun.load(Ordering::Relaxed);
            if begun != before || self.open.load(Ordering::Relaxed) > 0 {
                (since, before) = (Instant::now(), begun);
            }
        }
    }
}

/// A connection whose pace is kept.
pub(crate) struct Paced<S> {
    stream: S,
    pace: Arc<Pace>,
}

impl<S> Paced<S> {
    /// Over `stream`, told to `pace`.
    pub(crate) fn new(stream: S, pace: Arc<Pace>) -> Self {
        Self { stream, pace }
    }

    /// The connection itself.
    pub(crate) fn into_inner(self) -> S {
        self.stream
    }

    fn told(&self, taken: Poll<io::Result<usize>>) -> Poll<io::Result<usize>> {
        self.pace.is_blocked.store(taken.is_pending(), Ordering::Relaxed);
        if let Poll::Ready(Ok(taken)) = &taken {
            self.pace.taken.fetch_add(*taken as u64, Ordering::Relaxed);
        }
        taken
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Paced<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_read(context, buffer)
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Paced<S> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let taken = Pin::new(&mut self.stream).poll_write(context, bytes);
        self.told(taken)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        slices: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let taken = Pin::new(&mut self.stream).poll_write_vectored(context, slices);
        self.told(taken)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        let flushed = Pin::new(&mut self.stream).poll_flush(context);
        self.pace.is_blocked.store(flushed.is_pending(), Ordering::Relaxed);
        flushed
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(context)
    }
}

/// A request from its head to the end of its answer.
pub(crate) struct Request(Arc<Pace>);

impl Request {
    /// Counts until it is dropped.
    pub(crate) fn new(pace: &Arc<Pace>) -> Self {
        pace.open.fetch_add(1, Ordering::Relaxed);
        pace.begun.fetch_add(1, Ordering::Relaxed);
        Self(Arc::clone(pace))
    }

    /// Goes on counting until the body has ended. Nobody has asked for its first block: HTTP/2 does so when the
    /// client opens a window.
    pub(crate) fn with_body<B>(self, body: B) -> Offered<B> {
        let mut offered = Offered { body, request: self, is_offered: false };
        offered.set(true);
        offered
    }
}

impl Drop for Request {
    fn drop(&mut self) {
        self.0.open.fetch_sub(1, Ordering::Relaxed);
    }
}

/// A body that tells when its blocks wait for the client: it is there, and nobody asks for the next one.
pub(crate) struct Offered<B> {
    body: B,
    request: Request,
    is_offered: bool,
}

impl<B> Offered<B> {
    fn set(&mut self, is_offered: bool) {
        let offered = &self.request.0.offered;
        match (self.is_offered, is_offered) {
            (false, true) => offered.fetch_add(1, Ordering::Relaxed),
            (true, false) => offered.fetch_sub(1, Ordering::Relaxed),
            _ => return,
        };
        self.is_offered = is_offered;
    }
}

impl<B> Drop for Offered<B> {
    fn drop(&mut self) {
        self.set(false);
    }
}

impl<B: Body<Data = Bytes> + Unpin> Body for Offered<B> {
    type Data = Bytes;
    type Error = B::Error;

    fn poll_frame(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, B::Error>>> {
        let offered = self.get_mut();
        let frame = Pin::new(&mut offered.body).poll_frame(context);
        offered.set(matches!(frame, Poll::Ready(Some(Ok(_)))));
        frame
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

#[cfg(test)]
mod tests {
    use http_body_util::{BodyExt, Full};

    use super::*;

    #[tokio::test(start_paused = true)]
    async fn a_connection_with_short_requests_is_not_idle() {
        let (pace, patience) = (Arc::new(Pace::default()), Duration::from_secs(30));
        let begun = Instant::now();
        let asking = async {
            for _ in 0..60 {
                sleep(Duration::from_secs(1)).await;
                drop(Request::new(&pace));
            }
        };
        tokio::join!(pace.idle(patience), asking);
        let idle = begun.elapsed() - Duration::from_secs(60);
        assert!(idle >= patience - patience / LOOKS && idle <= patience + patience / LOOKS, "{idle:?}");
    }

    #[tokio::test]
    async fn a_body_waits_for_the_client_until_it_is_asked_for() {
        let pace = Arc::new(Pace::default());
        let mut body = Request::new(&pace).with_body(Full::new(Bytes::from_static(b"media")));
        assert_eq!(pace.offered.load(Ordering::Relaxed), 1);
        assert!(body.frame().await.is_some(), "the block");
        assert_eq!(pace.offered.load(Ordering::Relaxed), 1, "it is on its way");
        assert!(body.frame().await.is_none(), "the end");
        assert_eq!(pace.offered.load(Ordering::Relaxed), 0);
        assert_eq!(pace.open.load(Ordering::Relaxed), 1);
        drop(body);
        assert_eq!(pace.open.load(Ordering::Relaxed), 0);
    }

    #[tokio::test]
    async fn who_takes_nothing_is_slow_and_who_waits_for_us_is_not() {
        let pace = Arc::new(Pace::default());
        let patience = Duration::from_millis(8);
        let waits_for_us = tokio::time::timeout(patience * 20, pace.slow(patience)).await;
        assert!(waits_for_us.is_err(), "nothing waits for the client");
        let (client, server) = tokio::io::duplex(16);
        let mut paced = Paced::new(server, Arc::clone(&pace));
        let write = tokio::io::AsyncWriteExt::write_all(&mut paced, &[0; 64]);
        tokio::select! {
            written = write => panic!("there is no room: {written:?}"),
            () = pace.slow(patience) => {}
        }
        drop(client);
    }
}
