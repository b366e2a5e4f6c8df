//! What the API says to rooms.

use bus::{FrameKind, RoomNews};
use domain::chat_frame;
use serde_json::json;

use crate::stage::{End, Stage};

#[tokio::test]
async fn an_event_of_the_api_comes_to_all() {
    let stage = Stage::open().await;
    let (mut one, mut other) = (stage.speaker("u").await, stage.join_as(&stage.claims("v", &[])).await);
    let attributes = [("userId".to_owned(), "u2".to_owned())].into();
    stage.say(RoomNews::Frame {
        kind: FrameKind::Event,
        id: "AYk6xKitV4On".into(),
        sender: None,
        at: 5,
        payload: chat_frame::event("AYk6xKitV4On", "", "app:ANYTHING", Some(&attributes), 5).into(),
    });
    let event = one.hear().await;
    assert_eq!(other.hear().await, event);
    assert_eq!(
        (&event["EventName"], &event["Attributes"]),
        (&json!("app:ANYTHING"), &json!({"userId": "u2"}))
    );
    stage.wait_for_metric("ivschat_messaging_deliveries_total{action=\"SEND_EVENT\"} 2").await;
    stage.close().await;
}

#[tokio::test]
async fn a_disconnection_by_the_api_is_as_one_by_a_moderator() {
    let stage = Stage::open().await;
    let (mut kicked, mut other) = (stage.speaker("k").await, stage.speaker("v").await);
    let attributes = chat_frame::disconnect_attributes("k", Some("bye"));
    stage.say(RoomNews::Disconnect {
        id: "AYk6xKitV4On".into(),
        at: 5,
        payload: chat_frame::event("AYk6xKitV4On", "", chat_frame::DISCONNECT_USER, Some(&attributes), 5)
            .into(),
        user: "k".into(),
        reason: Some("bye".into()),
    });
    assert_eq!(kicked.hear().await["EventName"], "aws:DISCONNECT_USER");
    assert_eq!(kicked.end().await, End::Closed(1001, "bye".to_owned()));
    assert_eq!(other.hear().await["EventName"], "aws:DISCONNECT_USER");
    stage.close().await;
}

#[tokio::test]
async fn what_is_for_one_user_comes_to_nobody_else() {
    let stage = Stage::open().await;
    let (mut here, mut also, mut other) =
        (stage.speaker("u").await, stage.speaker("u").await, stage.speaker("v").await);
    let payload = chat_frame::event("AYk6xKitV4On", "", "app:PRIVATE", None, 5);
    stage.say(RoomNews::ToUser { user: "u".into(), payload: payload.into() });
    assert_eq!(here.hear().await["EventName"], "app:PRIVATE");
    assert_eq!(also.hear().await["EventName"], "app:PRIVATE");
    other.say("x").await;
    assert_eq!(other.content().await, "x");
    stage.close().await;
}
