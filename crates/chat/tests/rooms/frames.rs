//! The bytes of requests and frames.

use std::collections::HashSet;

use domain::ChatCapability;
use serde_json::{Value, json};

use crate::stage::Stage;

#[tokio::test]
async fn a_message_comes_to_all_in_the_vendors_shape() {
    let stage = Stage::open().await;
    let mut claims = stage.claims("u1", &[ChatCapability::SendMessage]);
    claims.attributes = [("name".to_owned(), "Max \"M\"".to_owned())].into();
    let mut sender = stage.join_as(&claims).await;
    let mut reader = stage.join_as(&stage.claims("u2", &[])).await;
    sender
        .send(&json!({"Action": "SEND_MESSAGE", "RequestId": "r-1", "Content": "héllo\n😀", "Attributes": {"k": "v"}}))
        .await;
    let text = sender.hear_text().await.expect("a frame");
    assert_eq!(reader.hear_text().await.expect("a frame"), text, "everybody gets the same bytes");
    let frame: Value = serde_json::from_str(&text).expect("JSON");
    let (id, at) = (frame["Id"].as_str().expect("an id"), frame["SendTime"].as_str().expect("a time"));
    assert_eq!(
        text,
        format!(
            r#"{{"Type":"MESSAGE","Id":"{id}","RequestId":"r-1","Attributes":{{"k":"v"}},"Content":"héllo\n😀","SendTime":"{at}","Sender":{{"UserId":"u1","Attributes":{{"name":"Max \"M\""}}}}}}"#
        )
    );
    assert!(id.len() == 12 && id.bytes().all(|byte| byte.is_ascii_alphanumeric()), "{id}");
    assert!(at.starts_with("20") && at.ends_with('Z') && !at.ends_with("0Z"), "{at}");
    stage.close().await;
}

#[tokio::test]
async fn what_is_absent_stands_as_the_vendor_writes_it() {
    let stage = Stage::open().await;
    let mut client = stage.speaker("u1").await;
    client.say("x").await;
    let frame = client.hear().await;
    assert_eq!((&frame["RequestId"], &frame["Attributes"]), (&json!(""), &Value::Null));
    assert_eq!(frame["Sender"], json!({"UserId": "u1", "Attributes": {}}));
    client.text(r#"{"Action":"SEND_MESSAGE","Content":"y","Attributes":{},"RequestId":null}"#).await;
    let frame = client.hear().await;
    assert_eq!((&frame["RequestId"], &frame["Attributes"]), (&json!(""), &json!({})));
    stage.close().await;
}

#[tokio::test]
async fn keys_in_any_case_and_unknown_ones_are_understood() {
    let stage = Stage::open().await;
    let mut client = stage.join("u1").await;
    client
        .text(
            r#"{"action":"SEND_MESSAGE","content":"a","requestId":"r","attributes":{"A":"b"},"id":5,"x":[]}"#,
        )
        .await;
    let frame = client.hear().await;
    assert_eq!((&frame["Content"], &frame["RequestId"]), (&json!("a"), &json!("r")));
    assert_eq!(frame["Attributes"], json!({"A": "b"}));
    client.text(r#"{"action":"DISCONNECT_USER","userId":"nobody","reason":"why"}"#).await;
    assert_eq!(client.hear().await["Attributes"], json!({"UserId": "nobody", "Reason": "why"}));
    stage.close().await;
}

#[tokio::test]
async fn a_deletion_names_the_message_twice_and_has_its_own_id() {
    let stage = Stage::open().await;
    let (mut moderator, mut reader) = (stage.join("m").await, stage.speaker("u").await);
    reader.say("bad").await;
    let message = reader.hear().await["Id"].clone();
    moderator.hear().await;
    let request = json!({"Action": "DELETE_MESSAGE", "Id": message, "Reason": "spam", "RequestId": "r"});
    moderator.send(&request).await;
    let event = reader.hear().await;
    assert_eq!(moderator.hear().await, event);
    assert_eq!((&event["Type"], &event["EventName"]), (&json!("EVENT"), &json!("aws:DELETE_MESSAGE")));
    assert_eq!(event["Attributes"], json!({"MessageID": message, "MessageId": message, "Reason": "spam"}));
    assert_eq!(event["RequestId"], "r");
    assert_ne!(event["Id"], message);
    let without = json!({"Action": "DELETE_MESSAGE", "Id": message, "Reason": ""});
    moderator.send(&without).await;
    assert_eq!(reader.hear().await["Attributes"], json!({"MessageID": message, "MessageId": message}));
    stage.close().await;
}

#[tokio::test]
async fn ids_are_unique_among_messages_events_and_errors() {
    let stage = Stage::open().await;
    let (mut ids, mut client) = (HashSet::new(), stage.join("u").await);
    for round in 0..3 {
        client.say(&round.to_string()).await;
        client.text("no object").await;
        client.send(&json!({"Action": "DELETE_MESSAGE", "Id": "abcdefghijkl"})).await;
        for _ in 0..3 {
            let frame = client.hear().await;
            assert!(ids.insert(frame["Id"].as_str().expect("an id").to_owned()), "{frame}");
        }
    }
    stage.close().await;
}

#[tokio::test]
async fn a_room_says_nothing_of_its_own_accord() {
    let stage = Stage::open().await;
    let mut first = stage.speaker("a").await;
    first.say("before").await;
    first.hear().await;
    let mut second = stage.speaker("b").await;
    stage.speaker("c").await.leave().await;
    second.say("after").await;
    assert_eq!(second.content().await, "after", "no history, no count, nobody came");
    assert_eq!(first.content().await, "after");
    stage.close().await;
}

#[tokio::test]
async fn lengths_are_counted_in_code_points() {
    let stage = Stage::open().await;
    let mut client = stage.speaker("u").await;
    client.say(&"😀".repeat(500)).await;
    assert_eq!(client.content().await.chars().count(), 500);
    client.say(&"é".repeat(501)).await;
    assert_eq!(client.error().await, (400, "Message exceeds maximum length".to_owned()));
    stage.close().await;
}

#[tokio::test]
async fn a_request_that_is_wrong_is_refused_with_its_code_and_its_request_id() {
    let stage = Stage::set(crate::stage::Set {
        limits: domain::Limits { chat_requests_per_connection: 1_000, ..domain::Limits::OPEN },
        ..Default::default()
    })
    .await;
    let (mut client, mut mute) = (stage.join("u").await, stage.join_as(&stage.claims("v", &[])).await);
    let long = |count| "x".repeat(count);
    let cases = [
        (400, json!({"Action": "SHOUT"})),
        (400, json!({"Action": 7})),
        (400, json!({"Content": "x"})),
        (400, json!({"Action": "send_message", "Content": "x"})),
        (400, json!({"Action": "SEND_MESSAGE"})),
        (400, json!({"Action": "SEND_MESSAGE", "Content": ""})),
        (400, json!({"Action": "SEND_MESSAGE", "Content": ["x"]})),
        (400, json!({"Action": "SEND_MESSAGE", "Content": "x", "Attributes": "a"})),
        (400, json!({"Action": "SEND_MESSAGE", "Content": "x", "Attributes": {"a": 1}})),
        (413, json!({"Action": "SEND_MESSAGE", "Content": "x", "Attributes": {"a": long(1_024)}})),
        (400, json!({"Action": "DELETE_MESSAGE"})),
        (400, json!({"Action": "DELETE_MESSAGE", "Id": "short"})),
        (400, json!({"Action": "DELETE_MESSAGE", "Id": "abcdefghijk!"})),
        (400, json!({"Action": "DELETE_MESSAGE", "Id": "abcdefghijkl", "Reason": long(257)})),
        (400, json!({"Action": "DISCONNECT_USER"})),
        (400, json!({"Action": "DISCONNECT_USER", "UserId": ""})),
        (400, json!({"Action": "DISCONNECT_USER", "UserId": long(129)})),
        (400, json!({"Action": "DISCONNECT_USER", "UserId": "v", "Reason": 1})),
    ];
    for (code, mut request) in cases {
        request["RequestId"] = json!("r");
        client.send(&request).await;
        let frame = client.hear().await;
        assert_eq!(
            (&frame["Type"], &frame["ErrorCode"]),
            (&json!("ERROR"), &json!(code)),
            "{request}: {frame}"
        );
        assert_eq!(frame["RequestId"], "r", "{request}");
        assert!(frame["ErrorMessage"].is_string() && frame["Id"].as_str().is_some_and(|id| id.len() == 12));
    }
    client.send(&json!({"Action": "SEND_MESSAGE", "Content": "x", "RequestId": long(257)})).await;
    assert_eq!(client.error().await.0, 413);
    client.send(&json!({"Action": "SEND_MESSAGE", "Content": "x", "RequestId": 1})).await;
    assert_eq!(client.error().await.0, 400);
    mute.say("x").await;
    let (code, text) = mute.error().await;
    assert!(code == 403 && text.contains("Forbidden"), "{code} {text}");
    client.say("the end").await;
    assert_eq!(mute.content().await, "the end", "errors come to nobody else");
    stage.close().await;
}
