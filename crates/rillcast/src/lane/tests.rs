//! The lane beside the HTTP server: the same bytes in, the same answers out.
//!
//! Promise: both ways answer the same requests; what differs is found whatever the bytes are split into.

use std::collections::BTreeSet;
use std::convert::Infallible;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use http::{HeaderValue, Method, Request, Response, StatusCode, header};
use http_body::{Body, Frame};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use proptest::prelude::*;
use tokio::io::{AsyncReadExt, AsyncWriteExt, DuplexStream, duplex};
use tokio_util::sync::CancellationToken;

use super::*;

/// Room of a connection in one direction, small enough that answers wait for their reader.
const PIPE: usize = 1_000;

/// What chooses the shape of an answer.
const QUERIES: [&str; 8] = ["", "?empty", "?blocks", "?growing", "?many", "?held", "?shared", "?unchanged"];

/// A body of blocks; without a length if it is told nothing of it.
#[derive(Default)]
struct Blocks {
    left: std::collections::VecDeque<Option<Bytes>>,
    is_sized: bool,
}

impl Body for Blocks {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        match self.left.pop_front() {
            Some(Some(block)) => Poll::Ready(Some(Ok(Frame::data(block)))),
            // Not there yet.
            Some(None) => {
                context.waker().wake_by_ref();
                Poll::Pending
            }
            None => Poll::Ready(None),
        }
    }

    fn is_end_stream(&self) -> bool {
        self.is_sized && self.left.is_empty()
    }

    fn size_hint(&self) -> http_body::SizeHint {
        let length = self.left.iter().flatten().map(|block| block.len() as u64).sum();
        if self.is_sized { http_body::SizeHint::with_exact(length) } else { http_body::SizeHint::default() }
    }
}

/// Answers with what the request said that an answer may depend on, in a shape that its query chooses.
async fn echo(request: &Parts) -> Response<Blocks> {
    let Parts { method, uri, headers, .. } = request;
    let told = headers.iter().filter(|(name, value)| !head::is_idle(name.as_str(), value.as_bytes()));
    let said = format!("{method} {uri} {:?}", told.collect::<Vec<_>>());
    let query = uri.query().unwrap_or("").to_owned();
    let block = Some(Bytes::from(said));
    let left = match &*query {
        "empty" => vec![],
        "blocks" | "growing" => vec![block.clone(), None, block.clone(), None, None, block],
        "many" => std::iter::repeat_n(block, 150).collect(),
        _ => vec![block],
    };
    let mut response = Response::new(Blocks { left: left.into(), is_sized: query != "growing" });
    match &*query {
        "held" => tokio::task::yield_now().await,
        "unchanged" => {
            *response.status_mut() = StatusCode::NOT_MODIFIED;
            *response.body_mut() = Blocks { is_sized: true, ..Blocks::default() };
        }
        _ => {}
    }
    let told = HeaderValue::from_str(method.as_str()).expect("a method");
    response.headers_mut().insert("x-method", told);
    if *method == Method::OPTIONS {
        *response.status_mut() = StatusCode::NO_CONTENT;
        *response.body_mut() = Blocks { is_sized: true, ..Blocks::default() };
    } else if *method == Method::HEAD {
        let length = HeaderValue::from(response.body().size_hint().lower());
        response.headers_mut().insert(header::CONTENT_LENGTH, length);
        *response.body_mut() = Blocks { is_sized: true, ..Blocks::default() };
    }
    response
}

struct Echo;

impl Answers for Echo {
    type Body = Blocks;

    async fn answer(&self, head: &Parts) -> Answer<Blocks> {
        let response = echo(head).await;
        if head.uri.query() != Some("shared") || head.method != Method::GET {
            return Answer::Response(response);
        }
        let (parts, mut body) = response.into_parts();
        let length = HeaderValue::from(body.size_hint().lower());
        let mut told = parts;
        told.headers.insert(header::CONTENT_LENGTH, length);
        let body = body.left.pop_front().flatten().expect("one block");
        Answer::Written { head: reply::written(&told), body }
    }
}

async fn hyper_serves(stream: Replayed<DuplexStream>) {
    let mut server = http1::Builder::new();
    server.max_buf_size(64 * 1024);
    let connection = server.serve_connection(
        TokioIo::new(stream),
        service_fn(async |request: Request<_>| Ok::<_, Infallible>(echo(&request.into_parts().0).await)),
    );
    // A client that goes is no failure.
    let _ = connection.await;
}

async fn lane_serves(stream: DuplexStream) {
    let closing = CancellationToken::new();
    let lane = Lane { desk: Echo, closing: &closing, deadline: NEVER, patience: NEVER };
    if let Some(rest) = lane.attend(stream, Bytes::new()).await {
        hyper_serves(rest).await;
    }
}

/// What comes back for these bytes, sent in these pieces. The client reads slowly and closes its half behind the
/// last piece.
async fn answers(pieces: &[Vec<u8>], serve: impl AsyncFnOnce(DuplexStream)) -> Vec<u8> {
    let (client, server) = duplex(PIPE);
    let (mut from, mut to) = tokio::io::split(client);
    let send = async {
        for piece in pieces {
            if to.write_all(piece).await.is_err() {
                return;
            }
            tokio::task::yield_now().await;
        }
        // The end is asked for by the last request: a client that is gone gets no answer.
    };
    let mut told = Vec::new();
    let read = async {
        // A connection that is cut is read up to there.
        let _ = from.read_to_end(&mut told).await;
    };
    tokio::join!(serve(server), send, read);
    told
}

/// Answers as one can compare them: lines of heads have no order and no date, blocks of bodies no borders.
fn normal(told: &[u8]) -> Vec<(BTreeSet<String>, Vec<u8>)> {
    let mut rest = told;
    let mut found = Vec::new();
    while !rest.is_empty() {
        let end = rest.windows(4).position(|four| four == b"\r\n\r\n").expect("a whole head") + 4;
        let head = String::from_utf8_lossy(&rest[..end]).into_owned();
        rest = &rest[end..];
        let lines = head.trim_end().lines().filter(|line| !line.starts_with("date: "));
        let lines: BTreeSet<_> = lines.map(str::to_owned).collect();
        let length = lines.iter().find_map(|line| line.strip_prefix("content-length: "));
        let is_head = lines.contains("x-method: HEAD");
        let body = if lines.contains("transfer-encoding: chunked") {
            let mut body = Vec::new();
            loop {
                let line = rest.windows(2).position(|two| two == b"\r\n").expect("a length");
                let length = std::str::from_utf8(&rest[..line]).expect("a number");
                let length = usize::from_str_radix(length, 16).expect("a number");
                body.extend_from_slice(&rest[line + 2..line + 2 + length]);
                rest = &rest[line + 2 + length + 2..];
                if length == 0 {
                    break body;
                }
            }
        } else {
            let length = match length {
                _ if is_head => 0,
                Some(length) => length.parse().expect("a number"),
                // To a client of HTTP/1.0, up to the end of the connection.
                None if head.starts_with("HTTP/1.0 200") => rest.len(),
                None => 0,
            };
            let (body, behind) = rest.split_at(length);
            rest = behind;
            body.to_vec()
        };
        found.push((lines, body));
    }
    found
}

fn method() -> impl Strategy<Value = &'static str> {
    prop::sample::select(vec!["GET", "GET", "GET", "HEAD", "OPTIONS", "POST", "get", "GETS"])
}

fn target() -> impl Strategy<Value = String> {
    let path = prop::sample::select(vec![
        "/api/video/v1/a/b",
        "/api/video/v1/a/b",
        "/api/video/v1/%41",
        "/api/video/v1",
        "/api/video/v2/x",
        "/healthz",
        "http://example.com/api/video/v1/a",
        "*",
        "/api/video/v1/\u{e9}",
    ]);
    let query = prop::sample::select(QUERIES.to_vec());
    (path, query).prop_map(|(path, query)| format!("{path}{query}"))
}

fn line_of_head() -> impl Strategy<Value = &'static str> {
    prop::sample::select(vec![
        "Host: a.example.com",
        "Origin: https://b.example.com",
        "accept:*/*",
        "User-Agent:   much   space   ",
        "X-Latin: \u{e9}",
        "Accept-Encoding: gzip, br",
        "Connection: keep-alive",
        "connection: Keep-Alive",
        "Connection: close",
        "Connection: keep-alive, close",
        "Connection: upgrade",
        "Upgrade: websocket",
        "Expect: 100-continue",
        "Content-Length: 0",
        "Content-Length: 5",
        "Transfer-Encoding: chunked",
        "No colon",
        "Bad name: x",
        ": nothing",
        " folded",
    ])
}

fn request() -> impl Strategy<Value = String> {
    let version = prop::sample::select(vec!["HTTP/1.1", "HTTP/1.1", "HTTP/1.1", "HTTP/1.0", "HTTP/2.0"]);
    let ordinary = prop::collection::vec(line_of_head(), 0..3);
    (method(), target(), version, ordinary).prop_map(|(method, target, version, lines)| {
        let lines: String = lines.iter().map(|line| format!("{line}\r\n")).collect();
        let body = match lines.as_str() {
            lines if lines.contains("Transfer-Encoding") => "5\r\nhello\r\n0\r\n\r\n",
            lines if lines.contains("Length: 5") => "hello",
            _ => "",
        };
        format!("{method} {target} {version}\r\n{lines}\r\n{body}")
    })
}

/// What a player asks.
fn usual() -> impl Strategy<Value = String> {
    let method = prop::sample::select(vec!["GET", "HEAD", "OPTIONS"]);
    let query = prop::sample::select(QUERIES.to_vec());
    (method, query).prop_map(|(method, query)| {
        format!("{method} /api/video/v1/a/b.ts{query} HTTP/1.1\r\nHost: a\r\nOrigin: https://b\r\n\r\n")
    })
}

fn conversation() -> impl Strategy<Value = Vec<Vec<u8>>> {
    let requests = prop::collection::vec(prop_oneof![3 => usual(), 1 => request()], 0..5);
    (requests, prop::collection::vec(any::<prop::sample::Index>(), 0..8)).prop_map(|(mut requests, cuts)| {
        requests.push("GET /api/video/v1/end HTTP/1.1\r\nConnection: close\r\n\r\n".to_owned());
        let bytes = requests.concat().into_bytes();
        let mut cuts: Vec<_> = cuts.iter().map(|cut| cut.index(bytes.len())).collect();
        cuts.extend([0, bytes.len()]);
        cuts.sort_unstable();
        cuts.windows(2).map(|ends| bytes[ends[0]..ends[1]].to_vec()).collect()
    })
}

proptest! {
    #[test]
    fn the_lane_answers_as_the_http_server_does(pieces in conversation()) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().expect("a runtime");
        let (ours, theirs) = runtime.block_on(async {
            let server = async |stream| hyper_serves(Replayed { again: Bytes::new(), stream }).await;
            (answers(&pieces, lane_serves).await, answers(&pieces, server).await)
        });
        prop_assert_eq!(normal(&ours), normal(&theirs), "{}", String::from_utf8_lossy(&pieces.concat()));
    }

    #[test]
    fn any_bytes_are_read_without_a_panic(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        let _ = read(&Bytes::from(bytes.clone()));
        let mut with_start = b"GET /api/video/v1/".to_vec();
        with_start.extend(bytes);
        let _ = read(&Bytes::from(with_start));
    }
}

/// Short, for what must happen; what must not would take an hour.
const SOON: Duration = Duration::from_millis(20);
const NEVER: Duration = Duration::from_secs(3_600);

fn run(test: impl Future<Output = ()>) {
    tokio::runtime::Builder::new_current_thread().enable_time().build().expect("a runtime").block_on(test);
}

#[test]
fn a_client_that_goes_ends_its_held_request() {
    struct Never(CancellationToken);
    impl Answers for Never {
        type Body = Blocks;

        async fn answer(&self, _: &Parts) -> Answer<Blocks> {
            let _dropped = self.0.clone().drop_guard();
            std::future::pending().await
        }
    }
    run(async {
        let (mut client, server) = duplex(PIPE);
        let (closing, given_up) = (CancellationToken::new(), CancellationToken::new());
        let desk = Never(given_up.clone());
        let lane = Lane { desk, closing: &closing, deadline: NEVER, patience: NEVER };
        let talk = async {
            client.write_all(b"GET /api/video/v1/a HTTP/1.1\r\n\r\n").await.expect("sent");
            tokio::task::yield_now().await;
            drop(client);
            given_up.cancelled().await;
        };
        let (rest, ()) = tokio::join!(lane.attend(server, Bytes::new()), talk);
        assert!(rest.is_none());
    });
}

/// Attends a client who says this, until the connection ends.
async fn attend(said: &str, deadline: Duration, patience: Duration) {
    let (mut client, server) = duplex(PIPE);
    client.write_all(said.as_bytes()).await.expect("sent");
    let closing = CancellationToken::new();
    let lane = Lane { desk: Echo, closing: &closing, deadline, patience };
    assert!(lane.attend(server, Bytes::new()).await.is_none());
    drop(client);
}

#[test]
fn a_client_that_takes_nothing_is_given_up() {
    run(attend("GET /api/video/v1/a?many HTTP/1.1\r\n\r\n", NEVER, SOON));
}

#[test]
fn a_client_that_says_nothing_or_not_all_is_sent_away() {
    for said in ["", "GET /api/video/v1/a HTTP/1.1\r\nHo"] {
        run(attend(said, SOON, NEVER));
    }
}

#[test]
fn a_server_that_closes_lets_nobody_ask_again() {
    run(async {
        let (mut client, server) = duplex(4 * PIPE);
        client.write_all(b"GET /api/video/v1/a HTTP/1.1\r\n\r\n").await.expect("sent");
        let closing = CancellationToken::new();
        closing.cancel();
        let lane = Lane { desk: Echo, closing: &closing, deadline: NEVER, patience: NEVER };
        assert!(lane.attend(server, Bytes::new()).await.is_none());
        let mut told = String::new();
        client.read_to_string(&mut told).await.expect("read");
        assert!(told.is_empty() || told.contains("connection: close"), "{told}");
    });
}

#[test]
fn a_long_head_is_left_to_the_http_server_whole() {
    run(async {
        let head = format!("GET /api/video/v1/a HTTP/1.1\r\nX: {}", "y".repeat(20_000));
        let (mut client, server) = duplex(2 * ROOM);
        let closing = CancellationToken::new();
        let lane = Lane { desk: Echo, closing: &closing, deadline: NEVER, patience: NEVER };
        let send = async {
            // Taken as far as there is room; the test ends before the rest is.
            let _ = client.write_all(head.as_bytes()).await;
        };
        let rest = tokio::select! {
            rest = lane.attend(server, Bytes::new()) => rest.expect("not for the lane"),
            () = send => panic!("all of it was read"),
        };
        assert!(head.as_bytes().starts_with(&rest.again) && rest.again.len() >= ROOM);
    });
}
