//! Requests that another implementation signed are proven, and any change to them is not.
//!
//! Promise: the signatures come from botocore (see `vectors/README.md`), never from our own code.

use std::time::{Duration, SystemTime};

use auth::sigv4::{Claim, Error, Expected, SKEW};
use domain::Region;
use http::request::Parts;
use serde_json::Value;

/// 2015-08-30 12:36:00 UTC.
const SIGNED_AT: Duration = Duration::from_secs(1_440_938_160);

struct Vector {
    name: String,
    parts: Parts,
    body: Vec<u8>,
    region: Region,
    service: String,
}

fn file() -> Value {
    serde_json::from_str(include_str!("vectors/sigv4.json")).expect("the vectors are JSON")
}

fn secret() -> String {
    file()["secret"].as_str().expect("a secret").to_owned()
}

fn vectors() -> Vec<Vector> {
    file()["vectors"].as_array().expect("a list").iter().map(vector).collect()
}

fn vector(json: &Value) -> Vector {
    let text = |name: &str| json[name].as_str().expect("a text").to_owned();
    let mut request = http::Request::builder().method(text("method").as_str()).uri(text("uri"));
    for (name, value) in json["headers"].as_object().expect("headers") {
        request = request.header(name, value.as_str().expect("a text"));
    }
    Vector {
        name: text("name"),
        parts: request.body(()).expect("a request").into_parts().0,
        body: text("body").into_bytes(),
        region: Region::parse(&text("region")).expect("a region"),
        service: text("service"),
    }
}

fn named(name: &str) -> Vector {
    vectors().into_iter().find(|vector| vector.name == name).expect("a vector of this name")
}

fn now() -> SystemTime {
    SystemTime::UNIX_EPOCH + SIGNED_AT
}

impl Vector {
    fn prove(&self, secret: &str, now: SystemTime) -> Result<String, Error> {
        let claim = Claim::parse(&self.parts)?;
        claim.check(Expected { region: Some(&self.region), service: &self.service }, now)?;
        claim.verify(secret, &self.body)?;
        Ok(claim.access_key_id().to_owned())
    }

    fn with_header(mut self, name: &'static str, value: &str) -> Self {
        self.parts.headers.insert(name, value.parse().expect("a header value"));
        self
    }

    fn with_uri(mut self, uri: &str) -> Self {
        self.parts.uri = uri.parse().expect("a URI");
        self
    }

    /// The same with a part of its `Authorization` header replaced.
    fn reworded(self, from: &str, to: &str) -> Self {
        let text = self.parts.headers["authorization"].to_str().expect("text").replace(from, to);
        self.with_header("authorization", &text)
    }
}

#[test]
fn what_botocore_signs_is_proven() {
    for vector in vectors().into_iter().filter(|vector| !vector.name.contains("token")) {
        let proof = vector.prove(&secret(), now());
        assert_eq!(proof.as_deref(), Ok("AKIDEXAMPLE"), "{}", vector.name);
    }
}

#[test]
fn the_wrong_secret_proves_nothing() {
    for vector in vectors().into_iter().filter(|vector| !vector.name.contains("token")) {
        let proof = vector.prove("another", now());
        assert!(matches!(proof, Err(Error::Invalid(_))), "{}: {proof:?}", vector.name);
    }
}

#[test]
fn session_tokens_are_refused() {
    for name in ["session_token", "presigned_session_token"] {
        assert_eq!(named(name).prove(&secret(), now()), Err(Error::UnrecognizedClient), "{name}");
    }
}

#[test]
fn a_changed_request_is_refused() {
    let mut changed = named("post_json");
    changed.body.push(b' ');
    let more = [
        changed,
        named("post_json").with_uri("/DeleteChannel"),
        named("post_json").with_uri("/CreateChannel?x=1"),
        named("post_json").with_header("host", "elsewhere"),
        named("post_json").with_header("content-type", "text/plain"),
        named("post_json").with_header("x-amz-date", "20150830T123601Z"),
        named("post_json")
            .reworded("SignedHeaders=content-type;host;x-amz-date", "SignedHeaders=host;x-amz-date"),
        named("label_and_query").with_uri("/tags/arn?tagKeys=a%20b"),
        named("label_in_path").with_uri("/tags/arn:aws:ivs:us-east-1:123456789012:channel%2FabcdABCD1234"),
    ];
    for vector in more {
        let proof = vector.prove(&secret(), now());
        assert!(matches!(proof, Err(Error::Invalid(_))), "{}: {proof:?}", vector.name);
    }
}

#[test]
fn a_payload_hash_must_be_that_of_the_body() {
    for hash in ["UNSIGNED-PAYLOAD", "STREAMING-AWS4-HMAC-SHA256-PAYLOAD", &"0".repeat(64)] {
        let vector = named("named_payload").with_header("x-amz-content-sha256", hash);
        let proof = vector.prove(&secret(), now());
        assert!(matches!(&proof, Err(Error::Invalid(why)) if why.contains("sha256")), "{hash}: {proof:?}");
    }
}

#[test]
fn clocks_may_differ_by_five_minutes_either_way() {
    let proof = |now| named("post_json").prove(&secret(), now);
    assert!(proof(now() + SKEW).is_ok());
    assert!(proof(now() - SKEW).is_ok());
    let late = proof(now() + SKEW + Duration::from_secs(1)).expect_err("too late");
    let words = "Signature expired: 20150830T123600Z is now earlier than 20150830T123601Z (20150830T124101Z - 5 min.)";
    assert_eq!(late.to_string(), words);
    let early = proof(now() - SKEW - Duration::from_secs(1)).expect_err("too early");
    assert!(early.to_string().starts_with("Signature not yet current: 20150830T123600Z is still later than"));
}

#[test]
fn a_presigned_request_lives_as_long_as_it_says() {
    let proof = |now| named("presigned_get").prove(&secret(), now);
    assert!(proof(now() + Duration::from_secs(900)).is_ok());
    assert!(matches!(proof(now() + Duration::from_secs(901)), Err(Error::Expired { .. })));
    assert!(matches!(proof(now() - SKEW - Duration::from_secs(1)), Err(Error::NotYetCurrent { .. })));
    let uri = named("presigned_get").parts.uri.to_string();
    for life in ["0", "604801", "x", "-1", "99999999999999999999"] {
        let longer = uri.replace("X-Amz-Expires=900", &format!("X-Amz-Expires={life}"));
        let proof = named("presigned_get").with_uri(&longer).prove(&secret(), now());
        assert!(matches!(proof, Err(Error::Incomplete(_))), "{life}: {proof:?}");
    }
    let forged = uri.replace("X-Amz-Expires=900", "X-Amz-Expires=901");
    assert!(matches!(
        named("presigned_get").with_uri(&forged).prove(&secret(), now()),
        Err(Error::Invalid(_))
    ));
}

#[test]
fn another_region_or_service_is_refused_and_any_region_is_a_choice() {
    let vector = named("post_empty_object");
    let claim = Claim::parse(&vector.parts).expect("well-formed");
    let here = Region::parse("us-east-1").expect("a region");
    let elsewhere = claim.check(Expected { region: Some(&here), service: "ivs" }, now());
    assert!(matches!(elsewhere, Err(Error::Invalid(_))));
    assert_eq!(claim.check(Expected { region: None, service: "ivs" }, now()), Ok(()));
    assert!(matches!(
        claim.check(Expected { region: None, service: "ivschat" }, now()),
        Err(Error::Invalid(_))
    ));
}

#[test]
fn an_unsigned_request_has_no_token_and_a_half_signed_one_is_incomplete() {
    let mut unsigned = named("post_json");
    unsigned.parts.headers.remove("authorization");
    assert_eq!(unsigned.prove(&secret(), now()), Err(Error::Missing));
    let mut twice = named("post_json");
    let again = twice.parts.headers["authorization"].clone();
    twice.parts.headers.append("authorization", again);
    let mut undated = named("post_json");
    undated.parts.headers.remove("x-amz-date");
    let halves = [
        named("post_json").with_header("authorization", "Bearer abc"),
        named("post_json").with_header("authorization", "AWS4-HMAC-SHA256"),
        named("post_json").reworded("Credential=", "Credentials="),
        named("post_json").reworded("SignedHeaders=", "Headers="),
        named("post_json").reworded("Signature=", "Signature=zz"),
        named("post_json").reworded(";host", ""),
        named("post_json").reworded(";x-amz-date", ""),
        named("post_json").reworded("content-type;host", "host;content-type"),
        named("post_json").reworded("content-type", "Content-Type"),
        named("named_payload").reworded("x-amz-content-sha256;", ""),
        named("post_json").with_header("x-amz-date", "yesterday"),
        named("post_json").with_header("authorization", &"a".repeat(5_000)),
        twice,
        undated,
    ];
    for (index, vector) in halves.into_iter().enumerate() {
        let proof = vector.prove(&secret(), now());
        assert!(matches!(proof, Err(Error::Incomplete(_))), "{index}: {proof:?}");
    }
}

#[test]
fn a_host_in_the_uri_stands_for_the_header_as_in_http_2() {
    let mut vector = named("post_json").with_uri("http://localhost:8080/CreateChannel");
    vector.parts.headers.remove("host");
    assert!(vector.prove(&secret(), now()).is_ok());
}

#[test]
fn errors_and_claims_show_no_secret() {
    let claim = format!("{:?}", Claim::parse(&named("post_json").parts).expect("well-formed"));
    assert!(!claim.contains(&secret()));
}
