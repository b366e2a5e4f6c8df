//! The HTTP listeners: one address, plain or over TLS, for the API, playback, pages and chat.
//!
//! Promise: a connection never outlives shutdown's grace, a client that dawdles over its handshake or
//! headers is dropped, and one connection too many is refused without touching the others.

use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::conn::auto;
use hyper_util::server::graceful::{GracefulShutdown, Watcher};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;
use tokio::task::JoinSet;
use tokio_rustls::TlsAcceptor;
use tokio_util::sync::CancellationToken;
use tracing::{debug, warn};

use crate::opening::{self, Replayed};
use crate::routes::{Came, Reply, Routes};

/// A TLS handshake must be done, and a request's headers complete, this long after the connection came or
/// became idle.
const DEADLINE: Duration = Duration::from_secs(30);
/// Most bytes of a request's head.
const HEAD_LIMIT: u32 = 64 * 1024;
/// Most requests of one HTTP/2 connection at a time.
const STREAMS_PER_CONNECTION: u32 = 128;
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
}

/// A connection's way through hyper; all share one.
struct Guide {
    routes: Arc<Routes>,
    server: auto::Builder<TokioExecutor>,
}

impl Hall {
    /// Accepts connections, over TLS with an acceptor, until `closing`; then lets requests under way end.
    pub(crate) async fn serve(self, listener: TcpListener, tls: Option<TlsAcceptor>) {
        let guide = Arc::new(Guide { routes: Arc::clone(&self.routes), server: http_server() });
        let graceful = GracefulShutdown::new();
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
            let (guide, watcher, tls) = (Arc::clone(&guide), graceful.watcher(), tls.clone());
            let closing = self.closing.clone();
            connections.spawn(async move {
                match tls {
                    None => guide.attend_plain(stream, came, watcher, closing).await,
                    Some(tls) => Box::pin(guide.attend_encrypted(tls, stream, came, watcher)).await,
                }
                drop(place);
            });
        }
        drop(listener);
        if tokio::time::timeout(self.grace, graceful.shutdown()).await.is_err() {
            warn!("HTTP connections were cut at the end of the grace time");
        }
        connections.shutdown().await;
    }
}

impl Guide {
    async fn attend<S>(&self, stream: S, came: Came, watcher: Watcher)
    where
        S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    {
        let routes = Arc::clone(&self.routes);
        let answer = service_fn(move |request: hyper::Request<Incoming>| {
            let routes = Arc::clone(&routes);
            async move { Ok::<Reply, Infallible>(routes.answer(request, came).await) }
        });
        let connection = self.server.serve_connection_with_upgrades(TokioIo::new(stream), answer);
        if let Err(error) = watcher.watch(connection.into_owned()).await {
            debug!(%error, "HTTP connection ended with an error");
        }
    }

    /// The HTTP server's part is boxed: most connections of a crowd are chat's and never need it.
    async fn attend_plain(
        &self,
        stream: TcpStream,
        came: Came,
        watcher: Watcher,
        closing: CancellationToken,
    ) {
        let first = tokio::time::timeout(DEADLINE, opening::first_bytes(&stream));
        let Some(Ok(Some(first))) = closing.run_until_cancelled(first).await else { return };
        match opening::read(&first) {
            Some(opening) => {
                drop(first);
                self.routes.open_chat(opening, stream, came).await;
            }
            None => {
                let stream = Replayed { again: first, stream: without_delay(stream) };
                Box::pin(self.attend(stream, came, watcher)).await;
            }
        }
    }

    async fn attend_encrypted(&self, tls: TlsAcceptor, stream: TcpStream, came: Came, watcher: Watcher) {
        match tokio::time::timeout(DEADLINE, tls.accept(without_delay(stream))).await {
            Ok(Ok(stream)) => self.attend(stream, came, watcher).await,
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

/// Parts are small and late is worse than many packets.
fn without_delay(stream: TcpStream) -> TcpStream {
    if let Err(error) = stream.set_nodelay(true) {
        debug!(%error, "TCP_NODELAY refused");
    }
    stream
}
