//! The HTTP listeners: one address, plain or over TLS, for the API, playback, pages and chat.
//!
//! Promise: a connection never outlives shutdown's grace, a client that dawdles over its handshake or
//! headers is dropped, and one connection too many is refused without touching the others.

use std::convert::Infallible;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::conn::auto;
use socket2::SockRef;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;
use tokio::task::JoinSet;
use tokio_rustls::TlsAcceptor;
use tokio_util::sync::CancellationToken;
use tracing::{debug, warn};

use crate::lane::{Lane, Media};
use crate::opening::{self, Replayed};
use crate::pace::{self, Pace, Paced};
use crate::routes::{Came, Routes};
use crate::tls;

/// A TLS handshake must be done, and a request's headers complete, this long after the connection came or
/// became idle.
const DEADLINE: Duration = Duration::from_secs(30);
/// Most bytes of a request's head.
const HEAD_LIMIT: u32 = 64 * 1024;
/// Most requests of one HTTP/2 connection at a time.
const STREAMS_PER_CONNECTION: u32 = 128;
/// Bytes that the kernel takes of an answer beyond what is on its way; it bounds what a slow client costs, and lets
/// us see that it takes something.
const UNSENT: u32 = 128 * 1024;
/// A connection that was closed on a client that has vanished is forgotten by the kernel after this. Not sooner: Linux
/// takes a window that is always too small for what comes next for one that is shut, though the client takes all.
const UNACKNOWLEDGED: Duration = Duration::from_secs(120);
/// After an error of `accept` that is the machine's (out of descriptors), wait this long.
const ACCEPT_PAUSE: Duration = Duration::from_millis(50);

/// What all listeners have in common.
#[derive(Clone)]
pub(crate) struct Hall {
    /// Who answers.
    pub routes: Arc<Routes>,
    /// One permit for each HTTP connection; one that became a chat connection gives its permit back.
    pub places: Arc<Semaphore>,
    /// No more connections once this is cancelled.
    pub closing: CancellationToken,
    /// How long requests under way may go on after that.
    pub grace: Duration,
    /// A client that takes next to nothing of what waits for it, for so long, is cut off.
    pub patience: Duration,
}

/// A connection's way through the house; all share one.
struct Guide {
    routes: Arc<Routes>,
    server: auto::Builder<TokioExecutor>,
    closing: CancellationToken,
    patience: Duration,
}

impl Hall {
    /// Accepts connections, over TLS with an acceptor, until `closing`; then lets requests under way end.
    pub(crate) async fn serve(self, listener: TcpListener, tls: Option<TlsAcceptor>) {
        let guide = Arc::new(Guide {
            routes: Arc::clone(&self.routes),
            server: http_server(),
            closing: self.closing.clone(),
            patience: self.patience,
        });
        let mut connections = JoinSet::new();
        loop {
            let (stream, address) = tokio::select! {
                () = self.closing.cancelled() => break,
                Some(_) = connections.join_next() => continue,
                accepted = listener.accept() => match accepted {
                    Ok(accepted) => accepted,
                    Err(error) => {
                        warn!(%error, "accepting an HTTP connection failed");
                        tokio::time::sleep(ACCEPT_PAUSE).await;
                        continue;
                    }
                },
            };
            let Ok(place) = Arc::clone(&self.places).try_acquire_owned() else {
                warn!("HTTP connection refused: max_viewers reached");
                continue;
            };
            let came = Came { ip: address.ip(), secure: tls.is_some() };
            let (guide, tls) = (Arc::clone(&guide), tls.clone());
            connections.spawn(async move {
                match tls {
                    None => guide.attend_plain(stream, came).await,
                    Some(tls) => Box::pin(guide.attend_encrypted(tls, stream, came)).await,
                }
                drop(place);
            });
        }
        drop(listener);
        let ended = async { while connections.join_next().await.is_some() {} };
        if tokio::time::timeout(self.grace, ended).await.is_err() {
            warn!("HTTP connections were cut at the end of the grace time");
        }
        connections.shutdown().await;
    }
}

impl Guide {
    /// What the lane does not take has the HTTP server to itself.
    async fn attend<S>(&self, stream: S, unread: Bytes, came: Came)
    where
        S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    {
        let desk = Media { routes: &self.routes, came };
        let lane = Lane { desk, closing: &self.closing, deadline: DEADLINE, patience: self.patience };
        if let Some(rest) = lane.attend(stream, unread).await {
            // Boxed: most connections of a crowd are viewers' and never need it.
            Box::pin(self.attend_other(rest, came)).await;
        }
    }

    /// The HTTP server, until the connection ends, the server closes, or the client is slow or idle.
    async fn attend_other<S>(&self, stream: Replayed<S>, came: Came)
    where
        S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    {
        let pace = Arc::new(Pace::default());
        let answer = service_fn(|request: hyper::Request<Incoming>| {
            let (routes, under_way) = (Arc::clone(&self.routes), pace::Request::new(&pace));
            async move {
                let reply = routes.answer(request, came).await;
                Ok::<_, Infallible>(reply.map(|body| under_way.with_body(body)))
            }
        });
        let stream = TokioIo::new(Paced::new(stream, Arc::clone(&pace)));
        let connection = self.server.serve_connection_with_upgrades(stream, answer).into_owned();
        let mut connection = pin!(connection);
        let ended = tokio::select! {
            ended = &mut connection => Some(ended),
            () = pace.slow(self.patience) => None,
            () = pace.idle(DEADLINE) => {
                connection.as_mut().graceful_shutdown();
                // What HTTP/2 still holds back for want of a window goes with it.
                tokio::time::timeout(self.patience, &mut connection).await.ok()
            }
            () = self.closing.cancelled() => {
                connection.as_mut().graceful_shutdown();
                Some(connection.await)
            }
        };
        let Some(ended) = ended else { return debug!("a slow client was cut off") };
        if let Err(error) = ended {
            debug!(%error, "HTTP connection ended with an error");
        }
    }

    async fn attend_plain(&self, stream: TcpStream, came: Came) {
        let first = tokio::time::timeout(DEADLINE, opening::first_bytes(&stream));
        let Some(Ok(Some(first))) = self.closing.run_until_cancelled(first).await else { return };
        match opening::read(&first) {
            Some(opening) => {
                drop(first);
                self.routes.open_chat(opening, stream, came).await;
            }
            None => Box::pin(self.attend(prepared(stream), first, came)).await,
        }
    }

    async fn attend_encrypted(&self, tls: TlsAcceptor, stream: TcpStream, came: Came) {
        match tokio::time::timeout(DEADLINE, tls.accept(prepared(stream))).await {
            Ok(Ok(stream)) if stream.get_ref().1.alpn_protocol() == Some(tls::HTTP_2) => {
                self.attend_other(Replayed { again: Bytes::new(), stream }, came).await;
            }
            Ok(Ok(stream)) => self.attend(stream, Bytes::new(), came).await,
            Ok(Err(error)) => debug!(%error, "TLS handshake failed"),
            Err(_) => debug!("TLS handshake took too long"),
        }
    }
}

fn http_server() -> auto::Builder<TokioExecutor> {
    let mut server = auto::Builder::new(TokioExecutor::new());
    server.http1().timer(TokioTimer::new()).header_read_timeout(DEADLINE).max_buf_size(HEAD_LIMIT as usize);
    server
        .http2()
        .timer(TokioTimer::new())
        .max_concurrent_streams(STREAMS_PER_CONNECTION)
        .max_header_list_size(HEAD_LIMIT)
        .keep_alive_interval(DEADLINE);
    server
}

/// As viewers need it: parts are small and late is worse than many packets; who takes nothing is known soon.
fn prepared(stream: TcpStream) -> TcpStream {
    let socket = SockRef::from(&stream);
    let set = socket.set_tcp_nodelay(true).and_then(|()| socket.set_tcp_notsent_lowat(UNSENT));
    if let Err(error) = set.and_then(|()| socket.set_tcp_user_timeout(Some(UNACKNOWLEDGED))) {
        debug!(%error, "an option of TCP was refused");
    }
    stream
}
