//! The listener for Prometheus: one page.
//!
//! Promise: knows one path, answers from memory, and holds no more than a few connections at a time.

use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use http::{HeaderValue, Request, Response, StatusCode, header};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;
use tracing::{debug, warn};

/// Connections at a time; a scraper needs one.
const MOST: usize = 16;
/// A request must be there, and its connection used again, within this time.
const DEADLINE: Duration = Duration::from_secs(30);
/// After an error of `accept` that is the machine's, wait this long.
const ACCEPT_PAUSE: Duration = Duration::from_millis(50);
/// The text format that Prometheus and OpenMetrics scrapers read.
const CONTENT_TYPE: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

/// Serves the page that `counts` writes, until `closing`.
pub(super) async fn serve<F>(listener: TcpListener, counts: F, closing: CancellationToken)
where
    F: Fn() -> String + Send + Sync + 'static,
{
    let (counts, places) = (Arc::new(counts), Arc::new(Semaphore::new(MOST)));
    let mut connections = JoinSet::new();
    loop {
        let accepted = tokio::select! {
            () = closing.cancelled() => break,
            Some(_) = connections.join_next() => continue,
            accepted = listener.accept() => accepted,
        };
        match (accepted, Arc::clone(&places).try_acquire_owned()) {
            (Ok((stream, _)), Ok(place)) => {
                let counts = Arc::clone(&counts);
                connections.spawn(async move {
                    attend(stream, counts).await;
                    drop(place);
                });
            }
            (Ok(_), Err(_)) => debug!("connection to the metrics refused: {MOST} are open"),
            (Err(error), _) => {
                warn!(%error, "accepting a connection to the metrics failed");
                tokio::time::sleep(ACCEPT_PAUSE).await;
            }
        }
    }
    connections.shutdown().await;
}

async fn attend<F: Fn() -> String + Send + Sync + 'static>(stream: TcpStream, counts: Arc<F>) {
    let answer = service_fn(|request: Request<Incoming>| {
        let reply = if request.uri().path() == "/metrics" { page(counts()) } else { nothing() };
        std::future::ready(Ok::<_, Infallible>(reply))
    });
    let mut server = http1::Builder::new();
    server.timer(TokioTimer::new()).header_read_timeout(DEADLINE);
    if let Err(error) = server.serve_connection(TokioIo::new(stream), answer).await {
        debug!(%error, "a connection to the metrics ended with an error");
    }
}

fn page(counts: String) -> Response<String> {
    let mut reply = Response::new(counts);
    reply.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static(CONTENT_TYPE));
    reply
}

fn nothing() -> Response<String> {
    let mut reply = Response::new("the only page here is /metrics\n".to_owned());
    *reply.status_mut() = StatusCode::NOT_FOUND;
    reply
}
