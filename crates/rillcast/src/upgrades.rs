//! Hands sockets over to chat once their handshake has been answered.
//!
//! Promise: a plain socket is given away whole, with what was read from it beyond the handshake, and costs
//! this crate nothing afterwards; an encrypted one is decrypted here for as long as it lasts.

use std::io;
use std::os::fd::OwnedFd;

use bytes::Bytes;
use chat::{Chat, Seat};
use hyper::upgrade::{OnUpgrade, Upgraded};
use hyper_util::rt::TokioIo;
use hyper_util::server::conn::auto::upgrade::downcast;
use tokio::io::AsyncWriteExt;
use tokio::net::{TcpStream, UnixStream};
use tokio_rustls::server::TlsStream;
use tokio_util::task::TaskTracker;
use tracing::debug;

use crate::opening::Replayed;
use crate::pace::Paced;

/// Bytes that are held for an encrypted chat connection, from and to its client.
const FROM_CLIENT: usize = 2 * 1024;
const TO_CLIENT: usize = 4 * 1024;

/// The way from the listener to chat. A clone is another handle.
#[derive(Clone)]
pub(crate) struct Upgrades {
    chat: Chat,
    under_way: TaskTracker,
}

impl Upgrades {
    pub(crate) fn new(chat: Chat) -> Self {
        Self { chat, under_way: TaskTracker::new() }
    }

    /// The service that sockets are handed to.
    pub(crate) fn chat(&self) -> &Chat {
        &self.chat
    }

    /// Hands the connection over as soon as its answer has left.
    pub(crate) fn hand_over(&self, on: OnUpgrade, seat: Seat) {
        let upgrades = self.clone();
        self.under_way.spawn(async move {
            let joined = match on.await {
                Ok(upgraded) => upgrades.join(upgraded, seat).await,
                Err(error) => Err(io::Error::other(error)),
            };
            if let Err(error) = joined {
                debug!(%error, "a chat connection was lost before it began");
            }
        });
    }

    /// Waits until nothing is handed over or decrypted any more; to be called when chat has ended.
    pub(crate) async fn finish(&self) {
        self.under_way.close();
        self.under_way.wait().await;
    }

    async fn join(&self, upgraded: Upgraded, seat: Seat) -> io::Result<()> {
        let upgraded = match downcast::<TokioIo<Paced<Replayed<TcpStream>>>>(upgraded) {
            Ok(parts) => {
                let Replayed { again, stream } = parts.io.into_inner().into_inner();
                let early = [parts.read_buf, again].concat().into();
                self.chat.join(seat, stream.into_std()?, early);
                return Ok(());
            }
            Err(upgraded) => upgraded,
        };
        let parts = downcast::<TokioIo<Paced<Replayed<TlsStream<TcpStream>>>>>(upgraded)
            .map_err(|_| io::Error::other("neither a TCP nor a TLS connection"))?;
        let Replayed { again, stream } = parts.io.into_inner().into_inner();
        self.decrypt(stream, [parts.read_buf, again].concat().into(), seat).await
    }

    /// Chat gets one end of a pair of sockets; what goes through the other is encrypted here.
    async fn decrypt(&self, mut client: TlsStream<TcpStream>, early: Bytes, seat: Seat) -> io::Result<()> {
        let (ours, theirs) = std::os::unix::net::UnixStream::pair()?;
        ours.set_nonblocking(true)?;
        theirs.set_nonblocking(true)?;
        self.chat.join(seat, std::net::TcpStream::from(OwnedFd::from(theirs)), early);
        let mut ours = UnixStream::from_std(ours)?;
        let copied =
            tokio::io::copy_bidirectional_with_sizes(&mut client, &mut ours, FROM_CLIENT, TO_CLIENT).await;
        // A client that vanished left nobody to say good-bye to.
        let _ = client.shutdown().await;
        copied.map(drop)
    }
}
