//! The HTTP listener: one address for the API, playback and pages.
//!
//! Promise: a connection never outlives shutdown's grace, a client that dawdles over its headers is
//! dropped, and one connection too many is refused without touching the others.

use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::conn::auto;
use hyper_util::server::graceful::GracefulShutdown;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;
use tracing::{debug, warn};

use crate::routes::{Reply, Routes};

/// A request's headers must be complete this long after its connection became idle.
const HEADER_DEADLINE: Duration = Duration::from_secs(30);
/// Most bytes of a request's head.
const HEAD_LIMIT: u32 = 64 * 1024;
/// Most requests of one HTTP/2 connection at a time.
const STREAMS_PER_CONNECTION: u32 = 128;
/// After an error of `accept` that is the machine's (out of descriptors), wait this long.
const ACCEPT_PAUSE: Duration = Duration::from_millis(50);

/// Accepts connections until `closing`, then lets requests under way end for at most `grace`.
pub(crate) async fn serve(
    listener: TcpListener,
    routes: Arc<Routes>,
    most: usize,
    closing: CancellationToken,
    grace: Duration,
) {
    let server = http_server();
    let graceful = GracefulShutdown::new();
    let places = Arc::new(Semaphore::new(most));
    let mut connections = JoinSet::new();
    loop {
        let (stream, address) = tokio::select! {
            () = closing.cancelled() => break,
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
        let Ok(place) = Arc::clone(&places).try_acquire_owned() else {
            warn!(most, "HTTP connection refused: max_viewers reached");
            continue;
        };
        let routes = Arc::clone(&routes);
        let answer = service_fn(move |request: hyper::Request<Incoming>| {
            let routes = Arc::clone(&routes);
            async move { Ok::<Reply, Infallible>(routes.answer(request, address.ip()).await) }
        });
        let io = TokioIo::new(without_delay(stream));
        let connection = graceful.watch(server.serve_connection(io, answer).into_owned());
        connections.spawn(async move {
            if let Err(error) = connection.await {
                debug!(%error, "HTTP connection ended with an error");
            }
            drop(place);
        });
    }
    drop(listener);
    if tokio::time::timeout(grace, graceful.shutdown()).await.is_err() {
        warn!("HTTP connections were cut at the end of the grace time");
    }
    connections.shutdown().await;
}

fn http_server() -> auto::Builder<TokioExecutor> {
    let mut server = auto::Builder::new(TokioExecutor::new());
    server
        .http1()
        .timer(TokioTimer::new())
        .header_read_timeout(HEADER_DEADLINE)
        .max_buf_size(HEAD_LIMIT as usize);
    server
        .http2()
        .timer(TokioTimer::new())
        .max_concurrent_streams(STREAMS_PER_CONNECTION)
        .max_header_list_size(HEAD_LIMIT)
        .keep_alive_interval(HEADER_DEADLINE);
    server
}

/// Parts are small and late is worse than many packets.
fn without_delay(stream: TcpStream) -> TcpStream {
    if let Err(error) = stream.set_nodelay(true) {
        debug!(%error, "TCP_NODELAY refused");
    }
    stream
}
