//! What a caller gets who proves nothing, or sends what is no request of the API.

use std::convert::Infallible;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use api::{Api, RegionRule};
use bytes::Bytes;
use http::Request;
use http_body::{Body, Frame};
use http_body_util::Full;

use crate::fake::{Answer, Fake, Keys, PEER, ask, ask_of, config, read, served};
use crate::signer::{Signer, now};

fn unsigned(method: &str, path: &str) -> Request<Full<Bytes>> {
    let body = Full::new(Bytes::from_static(b"{}"));
    Request::builder().method(method).uri(path).body(body).expect("a well-formed request")
}

async fn signed(path: &str, body: &str) -> Answer {
    ask(Signer::default().sign("POST", path, body)).await
}

#[tokio::test]
async fn every_served_operation_refuses_an_unsigned_call() {
    for (_, route) in served() {
        let path = route.path.replace(['{', '}'], "");
        let answer = ask(unsigned(route.method.as_str(), &path)).await;
        assert_eq!(answer.outcome(), (403, "MissingAuthenticationTokenException"), "{}", route.name);
        assert_eq!(answer.header("x-amzn-requestid").len(), 36);
    }
}

#[tokio::test]
async fn every_served_operation_refuses_a_wrong_secret() {
    for (service, route) in served() {
        let signer = Signer { secret: "another", ..Signer::of(service) };
        let path = route.path.replace(['{', '}'], "");
        let answer = ask(signer.sign(route.method.as_str(), &path, "{}")).await;
        assert_eq!(answer.outcome(), (403, "InvalidSignatureException"), "{}", route.name);
    }
}

#[tokio::test]
async fn a_secret_counts_from_the_moment_that_the_key_has_it() {
    let keys = Keys::with(auth::policy::ADMIN);
    let secret = Arc::clone(&keys.secret);
    let api = Api::new(config(), Fake::default(), keys);
    for (has, signs, status) in [
        ("one", "one", 200),
        ("one", "one", 200),
        ("two", "one", 403),
        ("two", "two", 200),
        ("two", "one", 403),
        ("one", "one", 200),
    ] {
        *secret.lock().expect("no holder panics") = has;
        let request = Signer { secret: signs, ..Signer::default() }.sign("POST", "/ListChannels", "{}");
        let answer = read(api.handle(request, PEER, now()).await).await;
        assert_eq!(answer.status, status, "has {has}, signed with {signs}");
    }
}

#[tokio::test]
async fn a_proven_key_proves_nothing_for_another_region() {
    let mut any = config();
    any.region = RegionRule::Any;
    let api = Api::new(any, Fake::default(), Keys::with(auth::policy::ADMIN));
    for region in ["us-east-1", "eu-west-1", "us-east-1"] {
        let signer = Signer { region, ..Signer::default() };
        let answer = api.handle(signer.sign("POST", "/ListChannels", "{}"), PEER, now()).await;
        assert_eq!(answer.status(), 200, "{region}");
        let (mut parts, body) = signer.sign("POST", "/ListChannels", "{}").into_parts();
        let scope = parts.headers["authorization"].to_str().expect("text").replace(region, "ap-south-1");
        parts.headers.insert("authorization", scope.parse().expect("a header value"));
        let answer = api.handle(Request::from_parts(parts, body), PEER, now()).await;
        assert_eq!(answer.status(), 403, "{region}");
    }
}

#[tokio::test]
async fn unknown_and_sleeping_keys_are_refused_alike() {
    let mut texts = Vec::new();
    for key in ["AKIDNOBODY", "AKIDSLEEPING"] {
        let answer = ask(Signer { key, ..Signer::default() }.sign("POST", "/ListChannels", "{}")).await;
        assert_eq!(answer.outcome(), (403, "UnrecognizedClientException"));
        texts.push(answer.text());
    }
    assert_eq!(texts[0], texts[1]);
}

#[tokio::test]
async fn a_tampered_body_is_refused() {
    let (parts, _) = Signer::default().sign("POST", "/CreateChannel", r#"{"name":"a"}"#).into_parts();
    let answer = ask(Request::from_parts(parts, Full::new(Bytes::from_static(br#"{"name":"b"}"#)))).await;
    assert_eq!(answer.outcome(), (403, "InvalidSignatureException"));
}

#[tokio::test]
async fn a_signature_for_another_service_or_half_of_one_is_refused() {
    let answer = ask(Signer { service: "s3", ..Signer::default() }.sign("POST", "/ListChannels", "{}")).await;
    assert_eq!(answer.outcome(), (403, "InvalidSignatureException"));
    assert!(answer.text().contains("'ivs'"));
    let mut half = unsigned("POST", "/ListChannels");
    half.headers_mut().insert("authorization", "AWS4-HMAC-SHA256 Credential=x".parse().expect("a value"));
    assert_eq!(ask(half).await.outcome(), (403, "IncompleteSignatureException"));
}

#[tokio::test]
async fn an_unknown_operation_is_404_and_a_wrong_method_405() {
    for path in ["/", "/NoSuchThing", "/createchannel", "/CreateChannel/"] {
        assert_eq!(ask(unsigned("POST", path)).await.outcome(), (404, "UnknownOperationException"), "{path}");
    }
    let answer = ask(unsigned("GET", "/CreateChannel")).await;
    assert_eq!(answer.outcome(), (405, "UnknownOperationException"));
    assert_eq!(answer.header("allow"), "POST");
}

#[tokio::test]
async fn a_body_that_is_no_json_object_is_a_validation_error() {
    for body in ["{", "nonsense", "[]", "\"text\"", "7", "{\"name\":}", &"[".repeat(60_000)] {
        let answer = signed("/CreateChannel", body).await;
        assert_eq!(answer.outcome(), (400, "ValidationException"), "{body:.20}");
        assert!(answer.text().contains("JSON"));
    }
}

#[tokio::test]
async fn json_may_nest_as_deep_as_any_input_needs_and_no_deeper() {
    let nested = |depth: usize| format!(r#"{{"unknown": {}{}}}"#, "[".repeat(depth), "]".repeat(depth));
    assert_eq!(signed("/CreateChannel", &nested(126)).await.status, 200);
    for depth in [127, 128, 30_000] {
        let answer = signed("/CreateChannel", &nested(depth)).await;
        assert_eq!(answer.outcome(), (400, "ValidationException"), "{depth}");
        assert!(answer.text().contains("JSON"));
    }
}

#[tokio::test]
async fn a_tag_path_signed_for_another_service_is_not_answered_as_this_one() {
    let path = "/tags/arn%3Aaws%3Aivs%3Aus-east-1%3A123456789012%3Achannel%2Fabc";
    let answer = ask(Signer::of("s3").sign("GET", path, "")).await;
    assert_eq!(answer.outcome(), (403, "InvalidSignatureException"));
    assert_eq!(answer.text(), "Credential should be scoped to correct service: 'ivs'.");
    for (service, path, other) in
        [("ivschat", "/ListChannels", "ivs"), ("ivs", "/ListRooms", "ivschat"), ("s3", "/GetRoom", "ivschat")]
    {
        let answer = ask(Signer::of(service).sign("POST", path, "{}")).await;
        assert_eq!(answer.outcome(), (403, "InvalidSignatureException"), "{service} {path}");
        let text = format!("Credential should be scoped to correct service: '{other}'.");
        assert_eq!(answer.text(), text);
    }
}

#[tokio::test]
async fn all_violations_are_told_at_once_and_by_path() {
    let body = r#"{"name": "a b", "multitrackInputConfiguration": {"policy": "X"}, "tags": {"": 1}}"#;
    let answer = signed("/CreateChannel", body).await;
    assert_eq!(answer.outcome(), (400, "ValidationException"));
    let text = answer.text();
    assert!(text.contains("validation errors detected: "), "{text}");
    assert!(
        text.contains("Value 'X' at 'multitrackInputConfiguration.policy' failed to satisfy constraint"),
        "{text}"
    );
    assert!(
        text.contains("Value 'a b' at 'name' failed to satisfy constraint: Member must satisfy regular"),
        "{text}"
    );
    assert!(text.contains("'tags.key'") && text.contains("'tags.value'"), "{text}");
}

#[tokio::test]
async fn a_body_over_the_limit_is_refused_announced_or_not() {
    let limit = config().max_body;
    let answer = signed("/CreateChannel", &" ".repeat(limit + 1)).await;
    assert_eq!(answer.outcome(), (413, "RequestEntityTooLargeException"));
    let (parts, _) = Signer::default().sign("POST", "/CreateChannel", "{}").into_parts();
    let answer = ask(Request::from_parts(parts, Endless)).await;
    assert_eq!(answer.outcome(), (413, "RequestEntityTooLargeException"));
}

#[tokio::test]
async fn a_body_that_does_not_arrive_is_given_up() {
    let mut config = config();
    config.body_deadline = Duration::ZERO;
    let (parts, _) = Signer::default().sign("POST", "/CreateChannel", "{}").into_parts();
    let answer = ask_of(config, Request::from_parts(parts, Stalled)).await;
    assert_eq!(answer.outcome(), (408, "RequestTimeoutException"));
}

/// A body without end, of unknown length.
struct Endless;

impl Body for Endless {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        Poll::Ready(Some(Ok(Frame::data(Bytes::from_static(&[b' '; 4_096])))))
    }
}

/// A body that never comes.
struct Stalled;

impl Body for Stalled {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        Poll::Pending
    }
}
