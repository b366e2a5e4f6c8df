//! Who calls, and that nothing was changed.

use std::time::SystemTime;

use auth::sigv4::{Claim, Expected};
use http::{HeaderMap, HeaderValue};
use outbound::{Credentials, Hook, Keys, Secret, SecretError};
use testkit::{Answerer, Asked, Reply};

use crate::{call, hook, keys, outbound};

async fn endpoint() -> Answerer {
    Answerer::start(|_| Reply::Wire(Reply::json(200, "{}"))).await
}

fn header<'a>(asked: &'a Asked, name: &str) -> &'a str {
    asked.head.headers[name].to_str().expect("visible ASCII")
}

#[tokio::test]
async fn a_service_that_knows_the_secret_accepts_a_signed_call() {
    let endpoint = endpoint().await;
    let outbound = outbound(Credentials::Keys(keys()));
    let urls = [
        "/",
        "/2015-03-31/functions/arn:aws:lambda:eu-west-1:123456789012:function:f_1-x:$LATEST/invocations",
        "/path?b=2&a=1&empty=&c=%20%2F",
    ];
    for url in urls {
        let url = endpoint.url(url);
        let headers = HeaderMap::from_iter([(
            http::HeaderName::from_static("x-amz-target"),
            HeaderValue::from_static("Logs_20140328.PutLogEvents"),
        )]);
        let answer = outbound.signed(outbound::Call { headers, ..call(&url) }).await.expect("an answer");
        assert_eq!((answer.status, &*answer.body), (200, &b"{}"[..]));
    }
    for asked in endpoint.asked() {
        let claim = Claim::parse(&asked.head).expect("a claim");
        let expected = Expected { region: None, service: "lambda" };
        claim.check(expected, SystemTime::now()).expect("for this service, now");
        assert_eq!(claim.access_key_id(), "AKIDEXAMPLE");
        assert_eq!(claim.scope().region.as_str(), "eu-west-1");
        claim.verify("very secret", &asked.body).expect("the secret's signature");
        claim.verify("very secret", b"{\"a\": 2}").expect_err("another body");
        claim.verify("another", &asked.body).expect_err("another secret");
        assert!(header(&asked, "authorization").contains("x-amz-target"), "the caller's headers are signed");
    }
}

#[tokio::test]
async fn a_session_token_is_sent_and_signed() {
    let endpoint = endpoint().await;
    let temporary = Keys { session: Some("token".to_owned()), ..keys() };
    let outbound = outbound(Credentials::None);
    let url = endpoint.url("/");
    let own = outbound::Call { keys: Some(&temporary), ..call(&url) };
    outbound.signed(own).await.expect("an answer");
    let asked = &endpoint.asked()[0];
    assert_eq!(header(asked, "x-amz-security-token"), "token");
    assert!(header(asked, "authorization").contains("x-amz-security-token"));
}

#[test]
fn webhooks_are_signed_as_the_standards_own_example() {
    let secret = Secret::parse("whsec_plJ3nmyCDGBKInavdOK15jsl").expect("a secret");
    let body = br#"{"event_type":"ping","data":{"success":true}}"#;
    let signature = secret.sign("msg_loFOjxBNrRLzqYUf", 1_731_705_121, body);
    assert_eq!(signature, "v1,rAvfW3dJ/X/qxhsaXPOyyCGmRKsaKWcsNccKXlIktD0=");
}

#[test]
fn a_secret_is_long_enough_and_never_shown() {
    assert_eq!(Secret::parse("").err(), Some(SecretError::Short));
    assert_eq!(Secret::parse("fifteen letters").err(), Some(SecretError::Short));
    assert_eq!(Secret::parse("whsec_not base64").err(), Some(SecretError::Base64));
    let secret = Secret::parse("sixteen letters!").expect("a secret");
    assert_eq!(format!("{secret:?} {:?}", keys()), "Secret(…) Keys { id: \"AKIDEXAMPLE\", .. }");
}

#[tokio::test]
async fn a_webhook_carries_a_signature_for_each_secret() {
    let endpoint = endpoint().await;
    let secrets =
        ["the first secret", "the second secret"].map(|text| Secret::parse(text).expect("a secret"));
    let url = endpoint.url("/hook?key=1");
    outbound(Credentials::None).webhook(Hook { secrets: &secrets, ..hook(&url) }).await.expect("an answer");
    let asked = &endpoint.asked()[0];
    assert_eq!((asked.head.method.as_str(), asked.head.uri.to_string().as_str()), ("POST", "/hook?key=1"));
    assert_eq!(header(asked, "content-type"), "application/json");
    assert_eq!(header(asked, "webhook-id"), "msg_1");
    let at = header(asked, "webhook-timestamp").parse().expect("seconds");
    let signatures = secrets.map(|secret| secret.sign("msg_1", at, b"{}"));
    assert_eq!(header(asked, "webhook-signature"), signatures.join(" "));
}
