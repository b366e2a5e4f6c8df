//! Calls end, whatever the other side does.

use std::sync::Arc;
use std::time::Duration;

use outbound::{Config, Credentials, Hook, Outbound, OutboundError};
use testkit::{Answerer, Reply};
use tokio::net::TcpListener;
use tokio::sync::Semaphore;
use tokio::time::Instant;

use crate::{call, hook, keys, outbound};

fn shortly() -> Instant {
    Instant::now() + Duration::from_millis(50)
}

#[tokio::test]
async fn an_endpoint_that_never_answers_costs_the_deadline_and_no_more() {
    let stalls: [&[u8]; 3] =
        [b"", b"HTTP/1.1 200 OK\r\ncontent-le", b"HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nhalf"];
    for stall in stalls {
        let endpoint = Answerer::start(|_| Reply::Stalled(stall.to_vec())).await;
        let url = endpoint.url("/");
        let hook = Hook { deadline: shortly(), ..hook(&url) };
        let error = outbound(Credentials::None).webhook(hook).await.expect_err("no answer");
        assert!(matches!(error, OutboundError::Late(_)), "{error:?}");
    }
}

#[tokio::test]
async fn a_deadline_that_has_passed_is_too_late() {
    let endpoint = Answerer::start(|_| Reply::Wire(Reply::json(200, "{}"))).await;
    let url = endpoint.url("/");
    let late = outbound::Call { deadline: Instant::now(), ..call(&url) };
    let error = outbound(Credentials::Keys(keys())).signed(late).await.expect_err("no answer");
    assert!(matches!(error, OutboundError::Late(_)), "{error:?}");
}

#[tokio::test]
async fn an_answer_beyond_its_bound_is_not_read() {
    let endless = b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n1000\r\n".to_vec();
    let endless = [endless, vec![b'x'; 4_096]].concat();
    let announced = b"HTTP/1.1 200 OK\r\ncontent-length: 999999999999\r\n\r\n".to_vec();
    for wire in [endless, announced] {
        let endpoint = Answerer::start(move |_| Reply::Stalled(wire.clone())).await;
        let url = endpoint.url("/");
        let error = outbound(Credentials::None).webhook(hook(&url)).await.expect_err("too long");
        assert!(matches!(error, OutboundError::TooLong { limit: 1_000, .. }), "{error:?}");
    }
    let full = "x".repeat(1_000);
    let endpoint = Answerer::start(move |_| Reply::Wire(Reply::json(200, &full))).await;
    let url = endpoint.url("/");
    let answer = outbound(Credentials::None).webhook(hook(&url)).await.expect("just as long as allowed");
    assert_eq!(answer.body.len(), 1_000);
}

#[tokio::test]
async fn a_redirect_is_an_answer_and_is_not_followed() {
    let other = Answerer::start(|_| Reply::Wire(Reply::json(200, "{}"))).await;
    let location = format!("location: {}\r\n", other.url("/"));
    let endpoint = Answerer::start(move |_| Reply::Wire(Reply::with(307, &location, ""))).await;
    let url = endpoint.url("/");
    let answer = outbound(Credentials::Keys(keys())).signed(call(&url)).await.expect("an answer");
    assert_eq!(answer.status, 307);
    assert_eq!(other.asked().len(), 0);
}

#[tokio::test]
async fn whatever_an_endpoint_says_is_an_answer_or_an_error() {
    let babble: [&[u8]; 6] = [
        b"",
        b"\r\n\r\n",
        b"SSH-2.0-x\r\n",
        b"HTTP/1.1 999999 x\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nbad\r\n\r\n",
        &[0; 64],
    ];
    for wire in babble {
        let endpoint = Answerer::start(|_| Reply::Wire(wire.to_vec())).await;
        let url = endpoint.url("/");
        let short = Hook { deadline: shortly(), ..hook(&url) };
        outbound(Credentials::None).webhook(short).await.expect_err("no answer");
    }
    let endpoint = Answerer::start(|_| Reply::Hangup).await;
    let url = endpoint.url("/");
    let error = outbound(Credentials::None).webhook(hook(&url)).await.expect_err("no answer");
    assert!(matches!(error, OutboundError::Broken { .. }), "{error:?}");
}

#[tokio::test]
async fn an_error_names_the_host_but_neither_path_nor_query() {
    let free = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let port = free.local_addr().expect("its address").port();
    drop(free);
    let url = format!("http://127.0.0.1:{port}/secret-path?secret-query");
    let error = outbound(Credentials::None).webhook(hook(&url)).await.expect_err("nobody is there");
    assert!(matches!(error, OutboundError::Connect { .. }), "{error:?}");
    assert_eq!(error.to_string(), format!("could not connect to 127.0.0.1:{port}"));
    let mut cause: Option<&dyn std::error::Error> = Some(&error);
    while let Some(error) = cause {
        assert!(!format!("{error} {error:?}").contains("secret"), "{error:?}");
        cause = error.source();
    }
}

#[tokio::test]
async fn what_is_no_address_is_not_called() {
    for url in ["", "localhost:80", "ftp://host/", "file:///etc/passwd", "http://", "http://name:pass@host/"]
    {
        let error = outbound(Credentials::None).webhook(hook(url)).await.expect_err(url);
        assert!(matches!(error, OutboundError::Address(_)), "{url}: {error:?}");
        outbound::is_address(url).expect_err(url);
    }
    outbound::is_address("https://example.com/path?query").expect("an address");
}

#[tokio::test]
async fn calls_share_connections_and_a_slow_call_blocks_none() {
    let gate = Arc::new(Semaphore::new(0));
    let held = gate.clone();
    let endpoint = Answerer::start(move |asked| {
        let answer = Reply::json(200, "{}");
        if asked.head.uri.path() == "/slow" {
            Reply::Gated(held.clone(), answer)
        } else {
            Reply::Wire(answer)
        }
    })
    .await;
    let outbound = outbound(Credentials::None);
    let (slow, quick) = (endpoint.url("/slow"), endpoint.url("/quick"));
    let mut first = Box::pin(outbound.webhook(hook(&slow)));
    tokio::select! {
        _ = &mut first => panic!("the gate is shut"),
        () = endpoint.wait_for(1) => {}
    }
    for _ in 0..20 {
        assert_eq!(outbound.webhook(hook(&quick)).await.expect("an answer").status, 200);
    }
    gate.add_permits(1);
    assert_eq!(first.await.expect("an answer").status, 200);
    assert_eq!(endpoint.connections(), 2);
}

#[tokio::test]
async fn a_proxy_is_used_when_configured() {
    let proxy = Answerer::start(|_| Reply::Wire(Reply::json(200, "\"proxy\""))).await;
    let config = Config { proxy: Some(proxy.url("")), ..Config::default() };
    let outbound = Outbound::new(config).expect("a client");
    let answer = outbound.webhook(hook("http://nowhere.invalid/x")).await.expect("the proxy's answer");
    assert_eq!(&*answer.body, b"\"proxy\"");
    assert_eq!(proxy.asked()[0].head.uri, "http://nowhere.invalid/x");
}
