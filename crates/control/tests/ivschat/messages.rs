//! `DeleteMessage`, `DisconnectUser`, `SendEvent`: what a room's sockets are told.
//!
//! Promise: the frames are read as clients read them.

use std::collections::BTreeMap;

use api::Sensitive;
use api::ivschat::{DeleteMessageRequest, DisconnectUserRequest, IvsChat, SendEventRequest};
use bus::{FrameKind, RoomNews};
use serde_json::{Value, json};

use crate::house::{House, INVALID, NOT_FOUND, caller, named, refused_as};

fn delete(room: &str, reason: Option<&str>) -> DeleteMessageRequest {
    DeleteMessageRequest {
        room_identifier: room.to_owned(),
        id: "M2YcHkgffEvU".to_owned(),
        reason: reason.map(str::to_owned),
    }
}

fn event(room: &str, attributes: Option<BTreeMap<String, String>>) -> SendEventRequest {
    SendEventRequest { room_identifier: room.to_owned(), event_name: "app:GOAL".to_owned(), attributes }
}

/// The event that the room got, without its time, which must be there.
fn frame(news: &[(domain::Arn, RoomNews)], room: &str) -> Value {
    let [(about, RoomNews::Frame { kind: FrameKind::Event, id, sender: None, at, payload })] = news else {
        panic!("not one event: {news:?}")
    };
    assert_eq!(*about, named(room));
    let mut frame: Value = serde_json::from_str(payload).unwrap();
    assert_eq!((frame["Id"].as_str(), frame["Type"].as_str()), (Some(&**id), Some("EVENT")));
    assert_eq!(frame["SendTime"], json!(domain::chat_frame::send_time(*at)));
    frame.as_object_mut().unwrap().remove("SendTime");
    frame
}

#[tokio::test]
async fn a_deletion_is_an_event_with_the_messages_id_under_both_names() {
    let house = House::new().await;
    let room = house.room("a").await;
    for reason in [Some("spam"), None] {
        let answer = house.control.delete_message(&caller(), delete(&room, reason)).await.unwrap();
        let id = answer.id.unwrap();
        assert!(id.len() == 12 && id != "M2YcHkgffEvU");
        let mut attributes = json!({"MessageID": "M2YcHkgffEvU", "MessageId": "M2YcHkgffEvU"});
        if let Some(reason) = reason {
            attributes["Reason"] = reason.into();
        }
        let expected = json!({
            "Type": "EVENT", "Id": id, "RequestId": "", "EventName": "aws:DELETE_MESSAGE", "Attributes": attributes,
        });
        assert_eq!(frame(&house.heard(), &room), expected);
    }
}

#[tokio::test]
async fn a_disconnection_is_told_as_an_event_with_whom_and_why() {
    let house = House::new().await;
    let room = house.room("a").await;
    let input = DisconnectUserRequest {
        room_identifier: room.clone(),
        user_id: Sensitive("u 2 ✓".to_owned()),
        reason: Some("rude".to_owned()),
    };
    let answer = house.control.disconnect_user(&caller(), input).await.unwrap();
    assert_eq!(serde_json::to_value(answer).unwrap(), json!({}));
    let heard = house.heard();
    let [(about, RoomNews::Disconnect { id, payload, user, reason, .. })] = heard.as_slice() else {
        panic!("not one disconnection: {heard:?}")
    };
    assert_eq!((about, &**user, reason.as_deref()), (&named(&room), "u 2 ✓", Some("rude")));
    let frame: Value = serde_json::from_str(payload).unwrap();
    assert_eq!((&frame["EventName"], &frame["Id"]), (&json!("aws:DISCONNECT_USER"), &json!(&**id)));
    assert_eq!(frame["Attributes"], json!({"UserId": "u 2 ✓", "Reason": "rude"}));
}

#[tokio::test]
async fn an_event_reaches_the_room_as_it_was_given() {
    let house = House::new().await;
    let room = house.room("a").await;
    let attributes = BTreeMap::from([("by".to_owned(), "\"7\"".to_owned())]);
    for (given, shown) in [(Some(attributes), json!({"by": "\"7\""})), (None, Value::Null)] {
        let answer = house.control.send_event(&caller(), event(&room, given)).await.unwrap();
        let expected = json!({
            "Type": "EVENT", "Id": answer.id, "RequestId": "", "EventName": "app:GOAL", "Attributes": shown,
        });
        assert_eq!(frame(&house.heard(), &room), expected);
    }
}

#[tokio::test]
async fn an_events_attributes_have_1024_bytes_of_keys_and_values_and_no_more() {
    let house = House::new().await;
    let room = house.room("a").await;
    let of = |length: usize| BTreeMap::from([("ü".to_owned(), "x".repeat(length - 2))]);
    house.control.send_event(&caller(), event(&room, Some(of(1_024)))).await.unwrap();
    house.heard();
    let text = refused_as(INVALID, house.control.send_event(&caller(), event(&room, Some(of(1_025)))).await);
    assert!(text.starts_with("attributes: ") && text.contains("1024") && text.contains("1025"), "{text}");
    assert_eq!(house.heard(), []);
}

#[tokio::test]
async fn a_room_that_is_not_there_is_told_nothing() {
    let house = House::new().await;
    let room = "arn:aws:ivschat:us-east-1:123456789012:room/abcdefghijkl";
    refused_as(NOT_FOUND, house.control.delete_message(&caller(), delete(room, None)).await);
    refused_as(NOT_FOUND, house.control.send_event(&caller(), event(room, None)).await);
    let input = DisconnectUserRequest { room_identifier: room.to_owned(), ..Default::default() };
    refused_as(NOT_FOUND, house.control.disconnect_user(&caller(), input).await);
    assert_eq!(house.heard(), []);
}
