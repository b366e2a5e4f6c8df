//! What a proven caller gets.

use api::RegionRule;

use crate::fake::{ask, ask_of, config};
use crate::signer::Signer;

const ARN: &str = "arn:aws:ivs:us-east-1:123456789012:channel/";

#[tokio::test]
async fn a_signed_call_reaches_its_operation_with_its_principal_and_request_id() {
    let body = r#"{"name": "a-b_1", "tags": {"k ü": "v"}, "type": null, "unknown": [1]}"#;
    let answer = ask(Signer::default().sign("POST", "/CreateChannel", body)).await;
    assert_eq!(answer.status, 200);
    assert_eq!(answer.header("content-type"), "application/json");
    let channel = &answer.json()["channel"];
    assert_eq!(channel["name"], "a-b_1");
    assert_eq!(channel["type"], "STANDARD");
    assert_eq!(channel["preset"], "");
    assert_eq!(channel["tags"]["k ü"], "v");
    assert_eq!(channel["ingestEndpoint"], "123456789012");
    assert_eq!(channel["playbackUrl"], answer.header("x-amzn-requestid"));
    assert_eq!(channel.get("srt"), None, "absent members are not written");
}

#[tokio::test]
async fn the_last_page_has_no_next_token_and_an_empty_body_means_no_members() {
    let answer = ask(Signer::default().sign("POST", "/ListChannels", "")).await;
    assert_eq!((answer.status.as_u16(), answer.body.as_ref()), (200, br#"{"channels":[]}"#.as_slice()));
}

#[tokio::test]
async fn an_operation_without_output_answers_204_with_nothing() {
    let body = format!(r#"{{"arn": "{ARN}abc"}}"#);
    let answer = ask(Signer::default().sign("POST", "/DeleteChannel", &body)).await;
    assert_eq!((answer.status.as_u16(), answer.body.len()), (204, 0));
    assert_eq!(answer.header("content-type"), "");
    assert_eq!(answer.header("x-amzn-requestid").len(), 36);
}

#[tokio::test]
async fn a_secret_goes_to_its_owner_whole() {
    let body = format!(r#"{{"channelArn": "{ARN}abc"}}"#);
    let answer = ask(Signer::default().sign("POST", "/CreateStreamKey", &body)).await;
    assert_eq!(answer.json()["streamKey"]["value"], "sk_secret");
}

#[tokio::test]
async fn an_operations_errors_keep_their_status_code_and_text() {
    for (id, outcome) in [
        ("missing", (404, "ResourceNotFoundException")),
        ("busy", (409, "ConflictException")),
        ("full", (402, "ServiceQuotaExceededException")),
        ("fast", (429, "ThrottlingException")),
        ("forbidden", (403, "AccessDeniedException")),
        ("offline", (404, "ChannelNotBroadcasting")),
    ] {
        let body = format!(r#"{{"arn": "{ARN}{id}"}}"#);
        let answer = ask(Signer::default().sign("POST", "/GetChannel", &body)).await;
        assert_eq!(answer.outcome(), outcome);
        assert_eq!(answer.json()["__type"], outcome.1);
        assert!(!answer.text().is_empty());
        assert_eq!(answer.header("access-control-allow-origin"), "*");
        assert!(answer.header("access-control-expose-headers").contains("x-amzn-ErrorType"));
    }
}

#[tokio::test]
async fn chats_errors_have_the_members_of_its_own_model() {
    for (id, code, about) in [
        ("missing", "ResourceNotFoundException", Some("missing")),
        ("busy", "ConflictException", Some("none")),
        ("full", "ServiceQuotaExceededException", Some("none")),
        ("fast", "ThrottlingException", Some("none")),
        ("forbidden", "AccessDeniedException", None),
        ("abc", "InternalServerException", None),
    ] {
        let body = format!(r#"{{"identifier": "arn:aws:ivschat:us-east-1:123456789012:room/{id}"}}"#);
        let answer = ask(Signer::of("ivschat").sign("POST", "/GetRoom", &body)).await;
        let json = answer.json();
        assert_eq!((answer.header("x-amzn-errortype"), &json["__type"]), (code, &code.into()));
        assert!(json["message"].is_string() && json.get("exceptionMessage").is_none(), "{json}");
        assert_eq!(json.get("resourceId").and_then(|id| id.as_str()), about);
        assert_eq!(json.get("resourceType").and_then(|kind| kind.as_str()), about.map(|_| "ROOM"));
        assert_eq!(json.get("limit").is_some(), ["full", "fast"].contains(&id), "{json}");
    }
    let body = r#"{"identifier": "arn", "name": "a b", "maximumMessageLength": 0}"#;
    let json = ask(Signer::of("ivschat").sign("POST", "/UpdateRoom", body)).await.json();
    assert_eq!(json["reason"], "FIELD_VALIDATION_FAILED");
    let names: Vec<_> =
        json["fieldList"].as_array().expect("a list").iter().map(|one| &one["name"]).collect();
    assert_eq!(names, ["identifier", "maximumMessageLength", "name"]);
    let json = ask(Signer::of("ivschat").sign("POST", "/UpdateRoom", "{")).await.json();
    assert_eq!((&json["reason"], json.get("fieldList")), (&"OTHER".into(), None));
}

#[tokio::test]
async fn a_tag_path_is_answered_by_the_service_that_was_signed_for() {
    let arn = "arn%3Aaws%3Aivschat%3Aus-east-1%3A123456789012%3Aroom%2Fabc";
    for (service, reason) in [("ivschat", true), ("ivs", false)] {
        let long = "a".repeat(129);
        let path = format!("/tags/{arn}?tagKeys={long}");
        let answer = ask(Signer::of(service).sign("DELETE", &path, "")).await;
        assert_eq!(answer.outcome(), (400, "ValidationException"));
        assert_eq!(answer.json().get("reason").is_some(), reason, "{service}");
    }
}

#[tokio::test]
async fn a_failure_inside_is_answered_without_its_cause() {
    let body = format!(r#"{{"arn": "{ARN}abc"}}"#);
    let answer = ask(Signer::default().sign("POST", "/GetChannel", &body)).await;
    assert_eq!(answer.outcome(), (500, "InternalServerException"));
    assert!(!answer.text().contains("disk"));
    for (key, outcome) in
        [("AKIDBROKEN", (500, "InternalServerException")), ("AKIDAWAY", (503, "ServiceUnavailable"))]
    {
        let answer = ask(Signer { key, ..Signer::default() }.sign("POST", "/ListChannels", "{}")).await;
        assert_eq!(answer.outcome(), outcome);
        assert!(!answer.text().contains("disk") && !answer.text().contains("key"));
    }
}

#[tokio::test]
async fn what_is_worth_another_try_says_when() {
    for (id, seconds) in [("fast", "1"), ("away", "1"), ("busy", ""), ("abc", "")] {
        let body = format!(r#"{{"arn": "{ARN}{id}"}}"#);
        let answer = ask(Signer::default().sign("POST", "/GetChannel", &body)).await;
        assert_eq!(answer.header("retry-after"), seconds, "{id}");
    }
}

#[tokio::test]
async fn of_several_members_of_one_name_the_last_counts() {
    let body = r#"{"name": "first", "tags": {"k": "1", "k": "2"}, "name": "last"}"#;
    let answer = ask(Signer::default().sign("POST", "/CreateChannel", body)).await;
    let channel = &answer.json()["channel"];
    assert_eq!((&channel["name"], &channel["tags"]["k"]), (&"last".into(), &"2".into()));
}

#[tokio::test]
async fn an_arn_in_a_path_may_have_its_slash_encoded_or_bare() {
    let arn = "arn:aws:ivs:us-east-1:123456789012:channel/abc";
    let encoded = arn.replace(':', "%3A");
    for path in [arn, &encoded, &arn.replace('/', "%2F"), &encoded.replace('/', "%2F")] {
        let answer = ask(Signer::default().sign("GET", &format!("/tags/{path}"), "")).await;
        assert_eq!(answer.status, 200, "{path}");
    }
}

#[tokio::test]
async fn any_region_is_served_when_the_configuration_says_so() {
    let signer = Signer { region: "eu-west-1", ..Signer::default() };
    let mut any = config();
    any.region = RegionRule::Any;
    assert_eq!(ask_of(any, signer.sign("POST", "/ListChannels", "{}")).await.status, 200);
    let refused = ask(signer.sign("POST", "/ListChannels", "{}")).await;
    assert_eq!(refused.outcome(), (403, "InvalidSignatureException"));
}

#[tokio::test]
async fn a_page_of_any_origin_may_call() {
    let request = http::Request::options("/CreateChannel")
        .header("origin", "https://example.com")
        .header("access-control-request-method", "POST")
        .body(http_body_util::Full::<bytes::Bytes>::default())
        .expect("a well-formed request");
    let answer = ask(request).await;
    assert_eq!(answer.status, 204);
    assert_eq!(answer.header("access-control-allow-origin"), "*");
    assert!(answer.header("access-control-allow-headers").contains("Authorization"));
    assert!(answer.header("access-control-allow-methods").contains("POST"));
}

#[tokio::test]
async fn answers_can_be_made_on_any_thread() {
    fn sendable<T: Send>(value: T) -> T {
        value
    }
    let answer = sendable(ask(Signer::default().sign("POST", "/ListChannels", "{}"))).await;
    assert_eq!(answer.status, 200);
}
