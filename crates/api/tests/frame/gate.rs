//! Operations of the house's own at the frame's gate.
//!
//! Promise: every request goes the way of one from outside, its proof included.

use api::{Admitted, ApiError, Errand, Gate};
use auth::policy::ADMIN;
use bytes::Bytes;
use http::request::Parts;
use http::{Request, Response};
use http_body_util::{BodyExt, Empty, Full};
use serde_json::json;

use crate::fake::{Answer, Keys, PEER, config, read};
use crate::signer::{Signer, now};

const ACTION: &str = "rillcast:ReadEvents";
const CHANNEL: &str = "arn:aws:ivs:us-east-1:123456789012:channel/abc";

fn errand(resource: Option<&str>) -> impl FnOnce(&Parts) -> Result<Errand, ApiError> {
    let errand = Errand { action: ACTION, resource: resource.map(str::to_owned) };
    move |_| Ok(errand)
}

async fn knock(
    keys: Keys,
    request: Request<Full<Bytes>>,
    resource: Option<&str>,
) -> Result<Admitted, Response<Full<Bytes>>> {
    Gate::new(config(), keys).admit(request, PEER, now(), errand(resource)).await
}

async fn refused(keys: Keys, request: Request<Full<Bytes>>, resource: Option<&str>) -> Answer {
    match knock(keys, request, resource).await {
        Ok(_) => panic!("let in"),
        Err(answer) => read(answer).await,
    }
}

fn signed() -> Request<Full<Bytes>> {
    Signer::default().sign("GET", "/rillcast/v1/events", "")
}

#[tokio::test]
async fn who_may_do_everything_is_let_in_with_name_region_and_body() {
    let request = Signer::default().sign("POST", "/rillcast/v1/x", "{\"all\":true}");
    let admitted = knock(Keys::with(ADMIN), request, None).await.expect("let in");
    assert_eq!(admitted.call.principal.account.as_str(), "123456789012");
    assert_eq!(admitted.call.region.as_str(), "us-east-1");
    assert_eq!((&admitted.body[..], admitted.parts.uri.path()), (&b"{\"all\":true}"[..], "/rillcast/v1/x"));
    let id = admitted.call.request_id.clone();
    let answer = read(admitted.answer(Ok(json!({"done": 1})))).await;
    assert_eq!((answer.status.as_u16(), answer.json()), (200, json!({"done": 1})));
    assert_eq!(answer.header("x-amzn-requestid"), id);
    assert_eq!(answer.header("access-control-allow-origin"), "*");
}

#[tokio::test]
async fn a_failure_behind_the_gate_is_answered_in_the_frames_words() {
    let admitted = knock(Keys::with(ADMIN), signed(), None).await.expect("let in");
    let answer = read(admitted.answer::<()>(Err(ApiError::validation("maxResults: no")))).await;
    assert_eq!(answer.outcome(), (400, "ValidationException"));
    assert_eq!(answer.text(), "maxResults: no");
}

#[tokio::test]
async fn an_unsigned_or_wrongly_signed_request_stays_outside() {
    let unsigned = Request::builder().uri("/rillcast/v1/events").body(Full::default()).expect("a request");
    let answer = refused(Keys::with(ADMIN), unsigned, None).await;
    assert_eq!(answer.outcome(), (403, "MissingAuthenticationTokenException"));
    let wrong = Signer { secret: "another", ..Signer::default() }.sign("GET", "/rillcast/v1/events", "");
    let answer = refused(Keys::with(ADMIN), wrong, None).await;
    assert_eq!(answer.outcome(), (403, "InvalidSignatureException"));
    let of_chat = Signer::of("ivschat").sign("GET", "/rillcast/v1/events", "");
    let answer = refused(Keys::with(ADMIN), of_chat, None).await;
    assert_eq!(answer.outcome(), (403, "InvalidSignatureException"));
    let sleeping = Signer { key: "AKIDSLEEPING", ..Signer::default() };
    let answer = refused(Keys::with(ADMIN), sleeping.sign("GET", "/rillcast/v1/events", ""), None).await;
    assert_eq!(answer.outcome(), (403, "UnrecognizedClientException"));
}

#[tokio::test]
async fn a_policy_is_asked_for_the_action_and_what_it_is_about() {
    let streams = json!({"Version": "2012-10-17", "Statement": [
        {"Effect": "Allow", "Action": "ivs:*", "Resource": "*"},
    ]});
    let answer = refused(Keys::with(&streams.to_string()), signed(), None).await;
    assert_eq!(answer.outcome(), (403, "AccessDeniedException"));
    let user = "User: arn:aws:iam::123456789012:user/somebody";
    assert_eq!(
        answer.text(),
        format!(
            "{user} is not authorized to perform: {ACTION} on resource: * because no identity-based policy \
             allows the {ACTION} action"
        )
    );
    let one_channel = json!({"Version": "2012-10-17", "Statement": [
        {"Effect": "Allow", "Action": "rillcast:Read*", "Resource": CHANNEL},
    ]});
    let one_channel = one_channel.to_string();
    knock(Keys::with(&one_channel), signed(), Some(CHANNEL)).await.expect("let in");
    refused(Keys::with(&one_channel), signed(), Some(&format!("{CHANNEL}d"))).await;
    refused(Keys::with(&one_channel), signed(), None).await;
}

#[tokio::test]
async fn tags_of_the_resource_can_decide() {
    let tagged = json!({"Version": "2012-10-17", "Statement": [
        {"Effect": "Allow", "Action": ACTION, "Resource": "*",
         "Condition": {"StringEquals": {"aws:ResourceTag/team": "a"}}},
    ]});
    let keys = |team| Keys::with(&tagged.to_string()).and(CHANNEL, &[("team", team)]);
    knock(keys("a"), signed(), Some(CHANNEL)).await.expect("let in");
    assert_eq!(refused(keys("b"), signed(), Some(CHANNEL)).await.status.as_u16(), 403);
}

#[tokio::test]
async fn what_is_no_errand_is_refused_before_anything_is_proven() {
    let request = Request::builder().uri("/rillcast/v1/none").body(Full::<Bytes>::default());
    let gate = Gate::new(config(), Keys::with(ADMIN));
    let answer = gate
        .admit(request.expect("a request"), PEER, now(), |_| Err(ApiError::UnknownOperation))
        .await
        .expect_err("refused");
    assert_eq!(read(answer).await.outcome(), (404, "UnknownOperationException"));
}

#[tokio::test]
async fn a_body_that_goes_on_carries_the_frames_headers() {
    let admitted = knock(Keys::with(ADMIN), signed(), None).await.expect("let in");
    let answer = admitted.stream("text/event-stream", Empty::<Bytes>::new());
    assert_eq!(answer.headers()["content-type"], "text/event-stream");
    assert_eq!(answer.headers()["cache-control"], "no-store");
    assert!(answer.headers().contains_key("x-amzn-requestid"));
    assert!(answer.into_body().collect().await.expect("a body").to_bytes().is_empty());
}
