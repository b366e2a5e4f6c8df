//! Delivery of metrics, to a service that takes, refuses, or is away.
//!
//! Promise: what a test reads is what was on the wire.

#![expect(clippy::unwrap_used, reason = "a failed step is a failed test")]

use std::io::Read as _;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use domain::Region;
use outbound::metric_sink::{
    Dimension, MetricDatum, MetricSink, MetricSinkConfig, MetricSinkError, Statistics, Unit,
};
use outbound::{Config, Credentials, Keys, Outbound};
use serde_json::Value;
use testkit::{Answerer, Asked, Reply};
use tokio::time::Instant;

fn sink(endpoint: &str) -> MetricSink {
    let keys = Keys { id: "AKIDEXAMPLE".to_owned(), secret: "very secret".to_owned(), session: None };
    let outbound =
        Outbound::new(Config { credentials: Credentials::Keys(keys), ..Config::default() }).unwrap();
    let place = MetricSinkConfig {
        endpoint: Some(endpoint.to_owned()),
        namespace: "Rillcast/IVS".to_owned(),
        region: Region::parse("us-east-1").unwrap(),
    };
    MetricSink::new(outbound, place)
}

fn data(count: i64) -> Vec<MetricDatum> {
    let channel: Arc<str> = "AbCdEfGhIjKl".into();
    let datum = |number: i64| MetricDatum {
        name: "IngestBitrate",
        dimension: Some(Dimension { name: "Channel", value: Arc::clone(&channel) }),
        at: number,
        unit: Unit::BitsPerSecond,
        statistics: Statistics::of(1_000.0),
        to_the_second: true,
    };
    (0..count).map(datum).collect()
}

fn soon() -> Instant {
    Instant::now() + Duration::from_secs(30)
}

/// The body, taken out of gzip if it is in it.
fn body(asked: &Asked) -> Value {
    match asked.head.headers.get("content-encoding") {
        None => serde_json::from_slice(&asked.body).unwrap(),
        Some(encoding) => {
            assert_eq!(encoding, "gzip");
            let mut text = Vec::new();
            flate2::read::GzDecoder::new(&asked.body[..]).read_to_end(&mut text).unwrap();
            serde_json::from_slice(&text).unwrap()
        }
    }
}

fn times(asked: &Asked) -> Vec<i64> {
    let body = body(asked);
    body["MetricData"].as_array().unwrap().iter().map(|datum| datum["Timestamp"].as_i64().unwrap()).collect()
}

fn taken() -> Reply {
    Reply::Wire(Reply::json(200, ""))
}

fn refusal(status: u16, code: &str) -> Reply {
    Reply::Wire(Reply::json(
        status,
        &format!(r#"{{"__type":"com.amazonaws.cloudwatch#{code}","message":"no"}}"#),
    ))
}

#[tokio::test]
async fn a_call_is_signed_for_the_service_and_names_the_namespace() {
    let service = Answerer::start(|_| taken()).await;
    let done = sink(&service.url("")).put(&data(1), soon()).await;
    assert_eq!((done.taken, done.refused), (1, 0));
    let asked = &service.asked()[0];
    let header = |name: &str| asked.head.headers[name].to_str().unwrap().to_owned();
    let proof = header("authorization");
    assert!(proof.contains("/us-east-1/monitoring/aws4_request"), "{proof}");
    assert_eq!(header("x-amz-target"), "GraniteServiceVersion20100801.PutMetricData");
    assert_eq!(header("content-type"), "application/x-amz-json-1.0");
    assert_eq!(body(asked)["Namespace"], "Rillcast/IVS");
}

#[tokio::test]
async fn many_data_go_in_few_calls_each_once_and_compressed() {
    let service = Answerer::start(|_| taken()).await;
    let done = sink(&service.url("/")).put(&data(2_500), soon()).await;
    assert_eq!((done.taken, done.refused), (2_500, 0));
    let asked = service.asked();
    assert_eq!(asked.len(), 3);
    assert!(asked.iter().all(|asked| asked.head.headers.contains_key("content-encoding")));
    assert_eq!(asked.iter().flat_map(times).collect::<Vec<_>>(), (0..2_500).collect::<Vec<_>>());
}

#[tokio::test]
async fn a_call_that_is_wrong_for_good_does_not_hold_up_the_next() {
    let calls = AtomicUsize::new(0);
    let service = Answerer::start(move |_| match calls.fetch_add(1, Ordering::Relaxed) {
        0 => refusal(400, "InvalidParameterValueException"),
        _ => taken(),
    })
    .await;
    let done = sink(&service.url("")).put(&data(1_500), soon()).await;
    assert_eq!((done.taken, done.refused), (1_500, 1_000));
    assert!(matches!(done.error, Some(MetricSinkError::Service { status: 400, .. })), "{done:?}");
}

#[tokio::test]
async fn what_a_service_in_trouble_did_not_take_is_told_from_what_it_took() {
    let calls = AtomicUsize::new(0);
    let service = Answerer::start(move |_| match calls.fetch_add(1, Ordering::Relaxed) {
        0 => taken(),
        _ => refusal(400, "ThrottlingException"),
    })
    .await;
    let done = sink(&service.url("")).put(&data(2_500), soon()).await;
    assert_eq!((done.taken, done.refused, service.asked().len()), (1_000, 0, 2));
}

#[tokio::test]
async fn a_service_that_is_away_or_says_nothing_takes_nothing() {
    let gone = Answerer::start(|_| Reply::Hangup).await;
    let done = sink(&gone.url("")).put(&data(1), soon()).await;
    assert_eq!((done.taken, done.refused), (0, 0));
    assert!(matches!(done.error, Some(MetricSinkError::Call(_))), "{done:?}");
    let silent = Answerer::start(|_| Reply::Stalled(Vec::new())).await;
    let done = sink(&silent.url("")).put(&data(1), Instant::now() + Duration::from_millis(50)).await;
    assert!(done.taken == 0 && done.error.is_some(), "{done:?}");
}
