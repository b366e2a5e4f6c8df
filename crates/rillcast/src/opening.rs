//! The first bytes of a plain connection: a chat handshake is answered without an HTTP server around it.
//!
//! Clients of chat come back all at once, after a restart or when a stream begins, and each makes one request
//! on its connection. What an HTTP server needs for a connection costs more than the whole admission.
//!
//! Promise: what is no handshake, or none that came whole in one piece, goes to the HTTP server with not a
//! byte missing, and gets the same answer there; nothing is answered here that the HTTP server would refuse.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::{Buf, Bytes};
use chat::Chat;
use http::Response;
use http::request::Parts;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;

use crate::lane::{self, Head, Heard};

/// A handshake with an ordinary token is a third of this.
const ROOM: usize = 4 * 1024;
/// How every handshake begins (RFC 6455 4.1: GET, HTTP/1.1; chat is at `/`).
const BEGINNING: &[u8] = b"GET / HTTP/1.1\r\n";

/// A handshake that came whole.
pub(crate) struct Opening {
    /// Its head.
    pub parts: Parts,
    /// What the client sent behind it.
    pub early: Bytes,
}

/// Waits for the first bytes; `None` when there come none. A crowd's handshakes wait for their tokens at the
/// same time: each holds as much as it sent and no more.
pub(crate) async fn first_bytes(stream: &TcpStream) -> Option<Bytes> {
    loop {
        stream.readable().await.ok()?;
        let mut room = [0; ROOM];
        match stream.try_read(&mut room) {
            Ok(0) => return None,
            Ok(length) => return Some(Bytes::copy_from_slice(&room[..length])),
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
            Err(_) => return None,
        }
    }
}

/// Reads a handshake; `None` when the bytes are something else, or only a part of one.
pub(crate) fn read(bytes: &Bytes) -> Option<Opening> {
    if !bytes.starts_with(BEGINNING) {
        return None;
    }
    match lane::read(bytes) {
        Heard::Whole(Head { parts, length, .. }) => {
            Chat::is_handshake(&parts).then(|| Opening { parts, early: bytes.slice(length..) })
        }
        Heard::Part | Heard::Other => None,
    }
}

/// The bytes of an answer; with a text the connection ends behind it.
pub(crate) fn answer(response: &Response<()>, text: Option<&str>) -> Vec<u8> {
    let mut bytes = Vec::new();
    lane::status_line(&mut bytes, response.status());
    for (name, value) in response.headers() {
        lane::line(&mut bytes, name.as_str(), value.as_bytes());
    }
    if let Some(text) = text {
        lane::line(&mut bytes, "content-length", text.len().to_string().as_bytes());
        lane::line(&mut bytes, "connection", b"close");
    }
    bytes.extend_from_slice(b"\r\n");
    bytes.extend_from_slice(text.unwrap_or_default().as_bytes());
    bytes
}

/// A connection from which something was read already, which comes again before the rest.
pub(crate) struct Replayed<S> {
    /// Not yet read again.
    pub again: Bytes,
    /// The rest.
    pub stream: S,
}

impl<S: AsyncRead + Unpin> AsyncRead for Replayed<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        if self.again.is_empty() {
            return Pin::new(&mut self.stream).poll_read(context, buffer);
        }
        let length = self.again.len().min(buffer.remaining());
        buffer.put_slice(&self.again[..length]);
        self.again.advance(length);
        Poll::Ready(Ok(()))
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Replayed<S> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write(context, bytes)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        slices: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write_vectored(context, slices)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(context)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HEAD: &str = "GET / HTTP/1.1\r\nHost: a\r\nUpgrade: WebSocket\r\nConnection: Upgrade\r\n\
        Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n";

    fn opening(text: &str) -> Option<Opening> {
        read(&Bytes::copy_from_slice(text.as_bytes()))
    }

    #[test]
    fn a_whole_handshake_is_read_and_what_stands_behind_it_kept() {
        let opening = opening(&format!("{HEAD}early")).expect("a handshake");
        assert_eq!(opening.early, "early");
        assert_eq!(opening.parts.headers["sec-websocket-version"], "13");
    }

    #[test]
    fn part_of_a_handshake_is_left_to_the_http_server() {
        for length in 0..HEAD.len() {
            assert!(opening(&HEAD[..length]).is_none(), "{length}");
        }
    }

    #[test]
    fn other_requests_are_left_to_the_http_server() {
        let with_body = HEAD.replace("Host: a", "Host: a\r\nContent-Length: 3");
        let others = [
            "GET / HTTP/1.1\r\nHost: a\r\n\r\n",
            "POST /GetRoom HTTP/1.1\r\n\r\n",
            "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
            "GET / HTTP/1.1\r\nbroken\r\n\r\n",
            &with_body,
        ];
        for text in others {
            assert!(opening(text).is_none(), "{text:?}");
        }
    }

    #[test]
    fn a_refusal_is_a_whole_answer() {
        let mut response = Response::new(());
        *response.status_mut() = http::StatusCode::UNAUTHORIZED;
        let bytes = answer(&response, Some("no\n"));
        let told = "HTTP/1.1 401 Unauthorized\r\ncontent-length: 3\r\nconnection: close\r\n\r\nno\n";
        assert_eq!(String::from_utf8(bytes).expect("text"), told);
    }

    #[tokio::test]
    async fn what_was_read_comes_again_before_the_rest() {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a listener");
        let address = listener.local_addr().expect("an address");
        let client = std::thread::spawn(move || {
            use std::io::Write as _;
            std::net::TcpStream::connect(address).expect("a connection").write_all(b"rest").expect("written");
        });
        let (stream, _) = listener.accept().await.expect("a connection");
        let mut replayed = Replayed { again: Bytes::from_static(b"first "), stream };
        let mut text = String::new();
        tokio::io::AsyncReadExt::read_to_string(&mut replayed, &mut text).await.expect("read");
        assert_eq!(text, "first rest");
        client.join().expect("ended");
    }
}
