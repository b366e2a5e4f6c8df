//! A service that speaks the JSON protocol.

use std::convert::Infallible;
use std::sync::Arc;

use bytes::Bytes;
use http_body_util::{BodyExt as _, Full};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Request, Response};
use hyper_util::rt::TokioIo;
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio::task::JoinSet;

/// Status and body for a request of an action.
pub(crate) type Answer = (u16, Value);

pub(crate) struct Service {
    pub(crate) url: String,
    // Ends with the test.
    _tasks: JoinSet<()>,
}

/// An error as the services say it.
pub(crate) fn refusal(status: u16, name: &str) -> Answer {
    (status, json!({"__type": format!("com.amazonaws.service#{name}"), "message": "words"}))
}

impl Service {
    pub(crate) async fn start(answer: impl Fn(&str, Value) -> Answer + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let answer = Arc::new(answer);
        let mut tasks = JoinSet::new();
        tasks.spawn(async move {
            let mut connections = JoinSet::new();
            while let Ok((socket, _)) = listener.accept().await {
                let answer = Arc::clone(&answer);
                let handle = service_fn(move |request: Request<Incoming>| {
                    let answer = Arc::clone(&answer);
                    async move { Ok::<_, Infallible>(respond(request, &*answer).await) }
                });
                connections.spawn(async move {
                    drop(http1::Builder::new().serve_connection(TokioIo::new(socket), handle).await);
                });
            }
        });
        Self { url, _tasks: tasks }
    }
}

async fn respond(
    request: Request<Incoming>,
    answer: &impl Fn(&str, Value) -> Answer,
) -> Response<Full<Bytes>> {
    let header = |name| request.headers().get(name).map(|value| value.to_str().unwrap().to_owned());
    assert!(header("authorization").unwrap().starts_with("AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/"));
    let target = header("x-amz-target").unwrap();
    let body = request.into_body().collect().await.unwrap().to_bytes();
    let (status, body) = if body.len() > 4 << 20 {
        refusal(413, "RequestEntityTooLarge")
    } else {
        answer(&target, serde_json::from_slice(&body).unwrap())
    };
    Response::builder().status(status).body(Full::new(body.to_string().into())).unwrap()
}
