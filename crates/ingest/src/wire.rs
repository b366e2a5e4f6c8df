//! A session on its socket: bytes in, bytes out, each within its time.
//!
//! Promise: one buffer per connection, small until a stream is accepted; a peer that does not read ends
//! its own connection and nothing else.

use std::time::Duration;

use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::time::timeout;

use crate::error::Error;
use crate::rtmp::Session;

/// Read buffer of a connection that has not been let on air: its commands fit.
const STRANGER_BUFFER: usize = 4 << 10;
/// Read buffer of a stream: a 3 Mb/s stream fills a sixth of it per picture, so a picture is one read.
const STREAM_BUFFER: usize = 64 << 10;
/// How long a peer may leave our few bytes unread.
const WRITE_PATIENCE: Duration = Duration::from_secs(5);
/// How long a goodbye may take to be read.
const LINGER: Duration = Duration::from_secs(1);

/// A connection and its session.
pub(crate) struct Wire<S> {
    stream: S,
    pub(crate) session: Session,
    buffer: Vec<u8>,
    received: u64,
}

impl<S: AsyncRead + AsyncWrite + Unpin> Wire<S> {
    pub(crate) fn new(stream: S) -> Self {
        let session = Session::new(&mut crate::entropy);
        Self { stream, session, buffer: vec![0; STRANGER_BUFFER], received: 0 }
    }

    /// Bytes received so far.
    pub(crate) fn received(&self) -> u64 {
        self.received
    }

    /// From now on reads are those of a stream.
    pub(crate) fn widen(&mut self) {
        self.buffer = vec![0; STREAM_BUFFER];
    }

    /// Waits for bytes and gives them to the session; false at the end of the stream. Safe to cancel.
    pub(crate) async fn fill(&mut self) -> Result<bool, Error> {
        let count = match self.stream.read(&mut self.buffer).await {
            // Encoders that leave without TLS's close_notify have left all the same.
            Err(error) if error.kind() == std::io::ErrorKind::UnexpectedEof => 0,
            read => read.map_err(Error::Read)?,
        };
        self.received += u64::try_from(count).unwrap_or(u64::MAX);
        self.session.input(&self.buffer[..count])?;
        Ok(count > 0)
    }

    /// Sends what the session has to say.
    pub(crate) async fn flush(&mut self) -> Result<(), Error> {
        let output = self.session.take_output();
        if output.is_empty() {
            return Ok(());
        }
        let write = async {
            self.stream.write_all(&output).await?;
            self.stream.flush().await
        };
        let late = |_| std::io::Error::from(std::io::ErrorKind::TimedOut);
        timeout(WRITE_PATIENCE, write).await.map_err(late).flatten().map_err(Error::Write)
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
