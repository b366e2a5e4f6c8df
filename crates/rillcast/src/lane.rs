//! The express lane: requests for playlists and media, answered without an HTTP server around them.
//!
//! What viewers ask for is always the same: GET, no body, a path under one prefix. Of what an HTTP server does
//! for a request they need little, and there are many of them. Whatever else comes on a connection goes to the
//! HTTP server, from its first byte on, and so does all that follows it there.
//!
//! Promise: the same answers as by the HTTP server, in the order of the requests; a client that goes while its
//! request is held ends it at once; for each connection no more is kept than [`ROOM`] bytes of requests and one
//! answer, whose blocks are shared.

mod head;
mod outbox;
mod reply;

use std::future::poll_fn;
use std::io;
use std::mem::MaybeUninit;
use std::pin::{Pin, pin};
use std::task::{Poll, ready};
use std::time::{Duration, SystemTime};

use bytes::Bytes;
use delivery::{PREFIX, Reply};
use http::Response;
use http::request::Parts;
use http_body::{Body, Frame};
use tokio::io::{AsyncRead, AsyncWrite, AsyncWriteExt, ReadBuf};
use tokio::time::{Instant, Sleep, sleep, timeout};
use tokio_util::sync::CancellationToken;

pub(crate) use head::{Head, Heard, read};
use outbox::Outbox;
use reply::Framing;
pub(crate) use reply::{line, status_line};

use crate::opening::Replayed;
use crate::routes::{Came, Routes};

/// Most bytes of requests that wait; what is longer has an HTTP server to itself.
const ROOM: usize = 8 * 1024;
/// Bytes that are read at once: three heads of a browser.
const GULP: usize = 4 * 1024;
/// What requests of the lane begin with, but for [`PREFIX`].
const METHODS: [&str; 3] = ["GET ", "HEAD ", "OPTIONS "];

/// Who answers on a lane.
pub(crate) trait Answers {
    /// What answers hold.
    type Body: Body<Data = Bytes> + Unpin;

    /// Answers a request. Dropping the future gives it up.
    fn answer(&self, head: &Parts) -> impl Future<Output = Answer<Self::Body>> + Send;
}

/// An answer, as far as it is written out.
pub(crate) enum Answer<B> {
    /// Nothing of it is.
    Response(Response<B>),
    /// All of it, by [`reply::written`], but for what is of this connection and this moment.
    Written { head: Bytes, body: Bytes },
}

/// Delivery's answers to clients who came in the same way.
pub(crate) struct Media<'a> {
    pub(crate) routes: &'a Routes,
    pub(crate) came: Came,
}

impl Answers for Media<'_> {
    type Body = delivery::Body;

    async fn answer(&self, head: &Parts) -> Answer<delivery::Body> {
        match self.routes.media(head, self.came).await {
            Reply::Own(response) => Answer::Response(response),
            Reply::Shared(shared) => {
                Answer::Written { head: shared.head(reply::written), body: shared.body() }
            }
        }
    }
}

/// Who answers, and how long a client has for what it must do.
pub(crate) struct Lane<'a, A> {
    pub(crate) desk: A,
    /// The server is about to end: no more requests once this is cancelled.
    pub(crate) closing: &'a CancellationToken,
    /// A request's head must be complete so long after the connection came or became idle.
    pub(crate) deadline: Duration,
    /// How long a client may take next to nothing of its answer.
    pub(crate) patience: Duration,
}

/// A connection's bytes: read and not yet understood, and the rest.
struct Line<S> {
    unread: Bytes,
    stream: S,
}

impl<A: Answers> Lane<'_, A> {
    /// Answers requests until the connection ends. `unread` came already. What is not for the lane comes back.
    pub(crate) async fn attend<S>(&self, stream: S, unread: Bytes) -> Option<Replayed<S>>
    where
        S: AsyncRead + AsyncWrite + Unpin,
    {
        let mut line = Line { unread, stream };
        // Kept for all of the connection: to make them anew for each request costs more than to read it.
        let mut until = Until { late: pin!(sleep(self.deadline)), closing: pin!(self.closing.cancelled()) };
        loop {
            until.late.as_mut().reset(Instant::now() + self.deadline);
            match line.wait(&mut until).await {
                Ok(Next::Request(head)) => match self.serve(&mut line, head).await {
                    Ok(true) => {}
                    Ok(false) => break,
                    // The client is gone or given up, or the answer has no end: all of it is told by the
                    // connection's end, and best by an abrupt one.
                    Err(_) => return None,
                },
                Ok(Next::Other) => return Some(Replayed { again: line.unread, stream: line.stream }),
                Ok(Next::End) | Err(_) => break,
            }
        }
        // A good-bye that nobody hears is no error.
        let _ = timeout(self.patience, line.stream.shutdown()).await;
        None
    }

    /// Answers one request; false when the connection ends with it.
    async fn serve<S>(&self, line: &mut Line<S>, head: Head) -> io::Result<bool>
    where
        S: AsyncRead + AsyncWrite + Unpin,
    {
        let Head { parts: asked, is_last, .. } = head;
        // Pinned where it is made: it is large.
        let answer = pin!(self.desk.answer(&asked));
        let answer = line.unless_gone(answer).await?;
        let is_last = is_last || self.closing.is_cancelled();
        let (mut outbox, now) = (Outbox::new(self.patience), SystemTime::now());
        match answer {
            Answer::Written { head, body } => {
                outbox.push(head);
                outbox.push(reply::rest(is_last, now));
                outbox.push(body);
                outbox.send(&mut line.stream).await?;
            }
            Answer::Response(response) => {
                let (parts, body) = response.into_parts();
                let framing = Framing::of(&asked.method, &parts, body.size_hint().exact());
                outbox.push(reply::head(&parts, framing, is_last, now));
                line.send(&mut outbox, body, framing).await?;
            }
        }
        Ok(!is_last)
    }
}

/// What ends the wait for a request.
struct Until<'a, C> {
    late: Pin<&'a mut Sleep>,
    closing: Pin<&'a mut C>,
}

/// What a connection holds next.
#[expect(clippy::large_enum_variant, reason = "it lives for a moment, and the large one is the usual one")]
enum Next {
    Request(Head),
    Other,
    End,
}

impl<S> Line<S> {
    /// What the unread bytes are; `None` when that can't be told yet.
    fn next(&mut self) -> Option<Next> {
        if self.unread.is_empty() {
            return None;
        }
        if !may_be_ours(&self.unread) {
            return Some(Next::Other);
        }
        match read(&self.unread) {
            Heard::Whole(head) if head.is_ordinary() && head.parts.uri.path().starts_with(PREFIX) => {
                self.unread = self.unread.split_off(head.length);
                if self.unread.is_empty() {
                    // An empty slice would keep the rest alive.
                    self.unread = Bytes::new();
                }
                Some(Next::Request(head))
            }
            Heard::Part if self.unread.len() < ROOM => None,
            Heard::Whole(_) | Heard::Part | Heard::Other => Some(Next::Other),
        }
    }
}

impl<S: AsyncRead + Unpin> Line<S> {
    /// Waits for a whole head, or what else there is.
    async fn wait<C: Future<Output = ()>>(&mut self, until: &mut Until<'_, C>) -> io::Result<Next> {
        loop {
            if let Some(next) = self.next() {
                return Ok(next);
            }
            tokio::select! {
                biased;
                more = self.read() => if !more? {
                    return Ok(Next::End);
                },
                () = &mut until.late => return Ok(Next::End),
                () = &mut until.closing => return Ok(Next::End),
            }
        }
    }

    /// Reads more, without keeping a buffer meanwhile; false at the end. Safe to cancel.
    async fn read(&mut self) -> io::Result<bool> {
        poll_fn(|context| {
            let mut room = [const { MaybeUninit::uninit() }; GULP];
            let mut buffer = ReadBuf::uninit(&mut room);
            ready!(Pin::new(&mut self.stream).poll_read(context, &mut buffer))?;
            let fresh = buffer.filled();
            self.unread = match self.unread.is_empty() {
                true => Bytes::copy_from_slice(fresh),
                false => [&self.unread, fresh].concat().into(),
            };
            Poll::Ready(Ok(!fresh.is_empty()))
        })
        .await
    }

    /// Waits for an outcome as long as the client is there. What the client sends meanwhile is kept, up to a bound.
    async fn unless_gone<F: Future + Unpin>(&mut self, mut outcome: F) -> io::Result<F::Output> {
        loop {
            if self.unread.len() >= ROOM {
                return Ok(outcome.await);
            }
            tokio::select! {
                biased;
                outcome = &mut outcome => return Ok(outcome),
                more = self.read() => if !more? {
                    return Err(io::ErrorKind::ConnectionAborted.into());
                },
            }
        }
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin> Line<S> {
    /// Sends what waits and a body behind it, as it comes.
    async fn send<B>(&mut self, outbox: &mut Outbox, mut body: B, framing: Framing) -> io::Result<()>
    where
        B: Body<Data = Bytes> + Unpin,
    {
        if framing == Framing::Nothing {
            return outbox.send(&mut self.stream).await;
        }
        loop {
            match gather(&mut body, outbox, framing).await? {
                Gathered::All => return outbox.send(&mut self.stream).await,
                Gathered::Some => outbox.send(&mut self.stream).await?,
                Gathered::Until => {
                    outbox.send(&mut self.stream).await?;
                    // The client waits for us, and we watch it.
                    let frame = poll_fn(|context| Pin::new(&mut body).poll_frame(context));
                    let frame = self.unless_gone(frame).await?;
                    if put(frame, outbox, framing)? {
                        return outbox.send(&mut self.stream).await;
                    }
                }
            }
        }
    }
}

/// How far a body was put into an outbox.
enum Gathered {
    /// To its end.
    All,
    /// As far as the outbox has room.
    Some,
    /// As far as it is there.
    Until,
}

/// Puts what there is of a body into an outbox.
async fn gather<B>(body: &mut B, outbox: &mut Outbox, framing: Framing) -> io::Result<Gathered>
where
    B: Body<Data = Bytes> + Unpin,
{
    poll_fn(|context| {
        while !outbox.is_full() {
            match Pin::new(&mut *body).poll_frame(context) {
                Poll::Ready(frame) => {
                    if put(frame, outbox, framing)? {
                        return Poll::Ready(Ok(Gathered::All));
                    }
                }
                Poll::Pending => return Poll::Ready(Ok(Gathered::Until)),
            }
        }
        Poll::Ready(Ok(Gathered::Some))
    })
    .await
}

/// Puts a frame into an outbox; true for the end of the body. A body that breaks off breaks the connection off:
/// a client must not take what it has for the whole.
fn put<E>(frame: Option<Result<Frame<Bytes>, E>>, outbox: &mut Outbox, framing: Framing) -> io::Result<bool> {
    let is_chunked = framing == Framing::Chunked;
    let Some(frame) = frame else {
        if is_chunked {
            outbox.push(Bytes::from_static(b"0\r\n\r\n"));
        }
        return Ok(true);
    };
    let frame = frame.map_err(|_| io::Error::from(io::ErrorKind::UnexpectedEof))?;
    let Ok(block) = frame.into_data() else { return Ok(false) };
    if is_chunked && !block.is_empty() {
        outbox.push(format!("{:x}\r\n", block.len()));
        outbox.push(block);
        outbox.push(Bytes::from_static(b"\r\n"));
    } else {
        outbox.push(block);
    }
    Ok(false)
}

/// Whether these are the first bytes of a request of the lane, as far as they go.
fn may_be_ours(bytes: &[u8]) -> bool {
    METHODS.iter().any(|method| {
        let (start, rest) = bytes.split_at(bytes.len().min(method.len()));
        method.as_bytes().starts_with(start) && rest.iter().zip(PREFIX.as_bytes()).all(|(a, b)| a == b)
    })
}

#[cfg(test)]
mod tests;
