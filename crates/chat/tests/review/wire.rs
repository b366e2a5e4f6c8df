//! What handlers are asked, and good answers.

use std::time::SystemTime;

use auth::sigv4::{Claim, Expected};
use domain::Fallback;
use outbound::Secret;
use testkit::{Answerer, Asked, Reply};

use crate::{HANDLER, SECRET, allowed, denied, function, question, reviewer};

const TEXT: &str = r#"{"Content":"Guten \"Tag\" 🙂","MessageId":"9ojK4zRlO8QQ","RoomArn":"arn:aws:ivschat:eu-west-1:123456789012:room/AbCdEfGhIjKl","Attributes":{"k":"v"},"Sender":{"Attributes":{"name":"x"},"UserId":"u1","Ip":"203.0.113.9"}}"#;

async fn answering(body: &'static str) -> Answerer {
    Answerer::start(move |_| Reply::Wire(Reply::json(200, body))).await
}

fn header<'a>(asked: &'a Asked, name: &str) -> &'a str {
    asked.head.headers[name].to_str().expect("visible ASCII")
}

#[tokio::test]
async fn a_function_is_invoked_with_the_vendors_question_and_a_signature() {
    let endpoint = answering(r#"{"ReviewResult":"ALLOW","Content":"Hello"}"#).await;
    let own = "access_key = \"AKOWN\"\nsecret = \"own secret\"\nregion = \"eu-central-1\"";
    for (lines, key, secret, region) in
        [("", "AKSERVER", "server secret", "eu-west-1"), (own, "AKOWN", "own secret", "eu-central-1")]
    {
        let reviewer = reviewer(&function(&endpoint.url("/base/"), lines));
        assert_eq!(reviewer.review(question(Fallback::Deny)).await, allowed("Hello", &[("k", "v")]));
        let asked = endpoint.asked().pop().expect("a request");
        let path = format!("/base/2015-03-31/functions/{HANDLER}/invocations");
        assert_eq!((asked.head.method.as_str(), asked.head.uri.path()), ("POST", path.as_str()));
        assert_eq!(header(&asked, "x-amz-invocation-type"), "RequestResponse");
        assert_eq!(std::str::from_utf8(&asked.body), Ok(TEXT));
        let claim = Claim::parse(&asked.head).expect("a claim");
        claim
            .check(Expected { region: None, service: "lambda" }, SystemTime::now())
            .expect("for Lambda, now");
        claim.verify(secret, &asked.body).expect("a signature");
        assert_eq!((claim.access_key_id(), claim.scope().region.as_str()), (key, region));
    }
}

#[tokio::test]
async fn a_webhook_is_asked_the_same_with_a_signed_body() {
    let endpoint = answering(r#"{"ReviewResult":"DENY","Content":"","Attributes":{"Reason":"rude"}}"#).await;
    let url = endpoint.url("/review");
    let text = format!("[[target]]\nuri = \"arn:aws:lambda:*\"\nwebhook = \"{url}\"\nsecret = \"{SECRET}\"");
    let reviewer = reviewer(&text);
    assert_eq!(reviewer.review(question(Fallback::Allow)).await, denied(Some("rude")));
    let asked = endpoint.asked().pop().expect("a request");
    assert_eq!(std::str::from_utf8(&asked.body), Ok(TEXT));
    assert_eq!(header(&asked, "webhook-id"), "9ojK4zRlO8QQ");
    let at = header(&asked, "webhook-timestamp").parse().expect("seconds");
    let signature = Secret::parse(SECRET).expect("a secret").sign("9ojK4zRlO8QQ", at, TEXT.as_bytes());
    assert_eq!(header(&asked, "webhook-signature"), signature);
}

#[tokio::test]
async fn content_and_attributes_may_be_replaced() {
    let endpoint = answering(r#"{"ReviewResult":"ALLOW","Content":"****","Attributes":{"flag":"1"}}"#).await;
    let reviewer = reviewer(&function(&endpoint.url(""), ""));
    assert_eq!(reviewer.review(question(Fallback::Deny)).await, allowed("****", &[("flag", "1")]));
}

#[tokio::test]
async fn an_exchange_that_breaks_is_tried_once_more() {
    let endpoint = Answerer::start({
        let first = std::sync::atomic::AtomicBool::new(true);
        move |_| match first.swap(false, std::sync::atomic::Ordering::Relaxed) {
            true => Reply::Hangup,
            false => Reply::Wire(Reply::json(200, r#"{"ReviewResult":"ALLOW","Content":"Hello"}"#)),
        }
    })
    .await;
    let reviewer = reviewer(&function(&endpoint.url(""), ""));
    assert_eq!(reviewer.review(question(Fallback::Deny)).await, allowed("Hello", &[("k", "v")]));
    assert_eq!(endpoint.asked().len(), 2);
}
