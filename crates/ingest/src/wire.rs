//! A session on its socket: bytes in, bytes out, each within its time.
//!
//! Promise: one buffer per connection, small until a stream is accepted; a peer that does not read ends
//! its own connection and nothing else, and keeps nobody who waits for bytes of it from doing something else.

use std::future::poll_fn;
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use bytes::{Buf, BytesMut};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, ReadBuf};
use tokio::time::{Instant, timeout};

use crate::error::Error;
use crate::rtmp::Session;

/// Read buffer of a connection that has not been let on air: its commands fit.
const STRANGER_BUFFER: usize = 4 << 10;
/// Read buffer of a stream: a 3 Mb/s stream fills a sixth of it per picture, so a picture is one read.
const STREAM_BUFFER: usize = 64 << 10;
/// How long a peer may leave our few bytes unread.
const WRITE_PATIENCE: Duration = Duration::from_secs(5);
/// With more than this unsent nothing more is read.
const MAX_UNSENT: usize = 64 << 10;
/// How long a goodbye may take to be read.
const LINGER: Duration = Duration::from_secs(1);

/// A connection and its session.
pub(crate) struct Wire<S> {
    stream: S,
    pub(crate) session: Session,
    buffer: Vec<u8>,
    received: u64,
    /// What the session said and the peer has not taken yet.
    unsent: BytesMut,
    /// Something was written that the layer below may still hold.
    unflushed: bool,
    /// Since when the peer takes nothing.
    stuck: Option<Instant>,
}

impl<S: AsyncRead + AsyncWrite + Unpin> Wire<S> {
    pub(crate) fn new(stream: S) -> Self {
        let session = Session::new(&mut crate::entropy);
        let buffer = vec![0; STRANGER_BUFFER];
        Self { stream, session, buffer, received: 0, unsent: BytesMut::new(), unflushed: false, stuck: None }
    }

    /// Bytes received so far.
    pub(crate) fn received(&self) -> u64 {
        self.received
    }

    /// From now on reads are those of a stream.
    pub(crate) fn widen(&mut self) {
        self.buffer.resize(STREAM_BUFFER, 0);
    }

    /// Waits for bytes and gives them to the session; false at the end of the stream. Sends meanwhile what the
    /// session has to say. Safe to cancel; a peer that reads nothing is noticed when this is called again.
    pub(crate) async fn fill(&mut self) -> Result<bool, Error> {
        let count = poll_fn(|context| self.poll_fill(context)).await?;
        self.received += u64::try_from(count).unwrap_or(u64::MAX);
        self.session.input(&self.buffer[..count])?;
        Ok(count > 0)
    }

    /// Sends what the session has to say.
    pub(crate) async fn flush(&mut self) -> Result<(), Error> {
        let write = poll_fn(|context| self.poll_send(context));
        let late = |_| io::Error::from(io::ErrorKind::TimedOut);
        timeout(WRITE_PATIENCE, write).await.map_err(late).flatten().map_err(Error::Write)
    }

    fn poll_fill(&mut self, context: &mut Context<'_>) -> Poll<Result<usize, Error>> {
        match self.poll_send(context) {
            Poll::Ready(sent) => sent.map_err(Error::Write)?,
            Poll::Pending => {
                let since = *self.stuck.get_or_insert_with(Instant::now);
                if since.elapsed() >= WRITE_PATIENCE {
                    return Poll::Ready(Err(Error::Write(io::ErrorKind::TimedOut.into())));
                }
                if self.unsent.len() > MAX_UNSENT {
                    return Poll::Pending;
                }
            }
        }
        let mut buffer = ReadBuf::new(&mut self.buffer);
        match ready!(Pin::new(&mut self.stream).poll_read(context, &mut buffer)) {
            Ok(()) => Poll::Ready(Ok(buffer.filled().len())),
            // Encoders that leave without TLS's close_notify have left all the same.
            Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => Poll::Ready(Ok(0)),
            Err(error) => Poll::Ready(Err(Error::Read(error))),
        }
    }

    fn poll_send(&mut self, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.unsent.extend_from_slice(&self.session.take_output());
        while !self.unsent.is_empty() {
            let count = ready!(Pin::new(&mut self.stream).poll_write(context, &self.unsent))?;
            if count == 0 {
                return Poll::Ready(Err(io::ErrorKind::WriteZero.into()));
            }
            self.unsent.advance(count);
            self.unflushed = true;
            self.stuck = None;
        }
        if self.unflushed {
            ready!(Pin::new(&mut self.stream).poll_flush(context))?;
            self.unflushed = false;
        }
        self.stuck = None;
        Poll::Ready(Ok(()))
    }

    /// Says goodbye: sends what is left, closes our side and reads on for a moment, because closing over
    /// unread bytes would reset the connection before the peer has read its status.
    pub(crate) async fn close(mut self) {
        let goodbye = async {
            self.flush().await?;
            self.stream.shutdown().await.map_err(Error::Write)?;
            while self.stream.read(&mut self.buffer).await.map_err(Error::Read)? > 0 {}
            Ok::<_, Error>(())
        };
        // The cause of the end is known by now; how its news was received changes nothing.
        if timeout(LINGER, goodbye).await.is_err() {
            tracing::trace!("the peer did not close in time");
        }
    }
}
