//! What rooms do more than the vendor's when their tags ask for it.

use domain::{ChatCapability, Room};
use serde_json::json;

use crate::stage::{Client, End, Set, Stage, within};

async fn stage(room: fn(&mut Room)) -> Stage {
    Stage::set(Set { room, ..Set::default() }).await
}

fn tag(room: &mut Room, key: &str, value: &str) {
    room.tags.insert(format!("rillcast:{key}"), value.to_owned());
}

/// The next event of this name; others are passed over.
async fn event(client: &mut Client, name: &str) -> serde_json::Value {
    within(async {
        loop {
            let frame = client.hear().await;
            if frame["EventName"] == name {
                return frame;
            }
        }
    })
    .await
}

#[tokio::test]
async fn who_joins_late_gets_the_last_messages_that_were_not_deleted() {
    let stage = stage(|room| tag(room, "history", "3")).await;
    let mut first = stage.join("a").await;
    let mut ids = Vec::new();
    for number in 0..5 {
        first.say(&number.to_string()).await;
        ids.push(first.hear().await["Id"].clone());
    }
    first.send(&json!({"Action": "DELETE_MESSAGE", "Id": ids[3]})).await;
    first.hear().await;
    let mut late = stage.speaker("b").await;
    late.say("now").await;
    let heard = [late.content().await, late.content().await, late.content().await];
    assert_eq!(heard, ["2", "4", "now"]);
    stage.close().await;
}

#[tokio::test]
async fn who_comes_and_goes_is_told_once_a_user() {
    let stage = stage(|room| tag(room, "join-leave", "true")).await;
    let mut first = stage.speaker("a").await;
    let event = first.hear().await;
    assert_eq!(
        (&event["EventName"], &event["Attributes"]),
        (&json!("rillcast:JOIN"), &json!({"UserId": "a"}))
    );
    let (one, two) = (stage.speaker("b").await, stage.speaker("b").await);
    assert_eq!(first.hear().await["Attributes"], json!({"UserId": "b"}));
    one.leave().await;
    two.leave().await;
    let event = first.hear().await;
    assert_eq!(
        (&event["EventName"], &event["Attributes"]),
        (&json!("rillcast:LEAVE"), &json!({"UserId": "b"}))
    );
    stage.close().await;
}

#[tokio::test]
async fn counts_are_told_when_they_changed() {
    let stage = stage(|room| tag(room, "presence", "1")).await;
    let mut first = stage.speaker("a").await;
    let counts = event(&mut first, "rillcast:PRESENCE").await;
    assert_eq!(counts["Attributes"], json!({"Connections": "1", "Users": "1"}));
    let _others = (stage.speaker("b").await, stage.speaker("b").await);
    within(async {
        while event(&mut first, "rillcast:PRESENCE").await["Attributes"]
            != json!({"Connections": "3", "Users": "2"})
        {}
    })
    .await;
    stage.close().await;
}

#[tokio::test]
async fn in_slow_mode_a_user_waits_and_a_moderator_does_not() {
    let stage = stage(|room| tag(room, "slow-mode", "3600")).await;
    let (mut user, mut again, mut moderator) =
        (stage.speaker("u").await, stage.speaker("u").await, stage.join("m").await);
    user.say("one").await;
    assert_eq!(user.content().await, "one");
    user.say("two").await;
    let (code, text) = user.error().await;
    assert!(code == 429 && text.starts_with("rate limit exceeded"), "{text}");
    assert_eq!(again.content().await, "one");
    again.say("three").await;
    assert_eq!(again.error().await.0, 429, "it is the user who waits, not the connection");
    moderator.say("a").await;
    moderator.say("b").await;
    for wanted in ["one", "a", "b"] {
        assert_eq!(moderator.content().await, wanted);
    }
    stage.close().await;
}

#[tokio::test]
async fn a_ban_kicks_and_keeps_out_until_it_is_lifted() {
    let stage = stage(|room| tag(room, "moderation", "true")).await;
    let (mut banned, mut other) = (stage.speaker("u").await, stage.speaker("v").await);
    stage.command("rillcast:BAN_USER", &[("UserId", "u"), ("Reason", "spam")]);
    assert_eq!(
        event(&mut other, "aws:DISCONNECT_USER").await["Attributes"],
        json!({"UserId": "u", "Reason": "spam"})
    );
    assert_eq!(banned.hear().await["EventName"], "aws:DISCONNECT_USER");
    assert_eq!(banned.end().await, End::Closed(1001, "spam".to_owned()));
    let refused = stage.token(&stage.claims("u", &[]));
    within(async { while stage.connect(&stage.token(&stage.claims("u", &[]))).await.err() != Some(403) {} })
        .await;
    assert_eq!(stage.connect(&refused).await.err(), Some(403));
    stage.command("rillcast:UNBAN_USER", &[("UserId", "u")]);
    within(async { while stage.connect(&refused).await.is_err() {} }).await;
    stage.close().await;
}

#[tokio::test]
async fn a_ban_with_an_end_ends() {
    let stage = stage(|room| tag(room, "moderation", "true")).await;
    let mut banned = stage.speaker("u").await;
    stage.command("rillcast:BAN_USER", &[("UserId", "u"), ("Seconds", "1")]);
    banned.end().await;
    within(async { while stage.connect(&stage.token(&stage.claims("u", &[]))).await.is_err() {} }).await;
    stage.close().await;
}

#[tokio::test]
async fn who_is_muted_hears_and_does_not_speak() {
    let stage = stage(|room| tag(room, "moderation", "true")).await;
    let (mut muted, mut other) = (stage.speaker("u").await, stage.speaker("v").await);
    stage.command("rillcast:MUTE_USER", &[("UserId", "u"), ("Reason", "loud"), ("Seconds", "600")]);
    let told = event(&mut muted, "rillcast:MUTED").await;
    assert_eq!(told["Attributes"], json!({"Reason": "loud", "Seconds": "600"}));
    within(async {
        loop {
            muted.say("x").await;
            let frame = muted.hear().await;
            if frame["Type"] == "ERROR" {
                assert_eq!(frame["ErrorCode"], 403);
                assert!(frame["ErrorMessage"].as_str().is_some_and(|text| text.contains("Forbidden")));
                break;
            }
            tokio::time::sleep(std::time::Duration::from_millis(110)).await;
        }
    })
    .await;
    other.say("to you").await;
    assert_eq!(muted.content().await, "to you");
    stage.command("rillcast:UNMUTE_USER", &[("UserId", "u")]);
    event(&mut muted, "rillcast:UNMUTED").await;
    stage.close().await;
}

#[tokio::test]
async fn all_messages_of_a_user_are_taken_back_also_for_clients_that_know_no_extension() {
    let stage = stage(|room| {
        tag(room, "moderation", "true");
        tag(room, "history", "10");
    })
    .await;
    let (mut user, mut other) = (stage.speaker("u").await, stage.speaker("v").await);
    user.say("one").await;
    other.say("keep").await;
    user.say("two").await;
    let mut theirs = Vec::new();
    for _ in 0..3 {
        let frame = other.hear().await;
        if frame["Sender"]["UserId"] == "u" {
            theirs.push(frame["Id"].clone());
        }
    }
    stage.command("rillcast:DELETE_USER_MESSAGES", &[("UserId", "u")]);
    assert_eq!(other.hear().await["EventName"], "rillcast:DELETE_USER_MESSAGES");
    for id in theirs {
        let event = other.hear().await;
        assert_eq!(
            (&event["EventName"], &event["Attributes"]["MessageID"]),
            (&json!("aws:DELETE_MESSAGE"), &id)
        );
    }
    assert_eq!(stage.speaker("late").await.content().await, "keep");
    stage.close().await;
}

#[tokio::test]
async fn a_room_without_the_tag_takes_no_commands() {
    let stage = Stage::open().await;
    let mut client = stage.speaker("u").await;
    stage.command("rillcast:BAN_USER", &[("UserId", "u")]);
    stage.command("rillcast:SEND_TO_USER", &[("UserId", "u"), ("EventName", "x")]);
    client.say("x").await;
    assert_eq!(client.content().await, "x");
    let claims = stage.claims("u", &[ChatCapability::SendMessage]);
    let mut again = stage.join_as(&claims).await;
    again.say("y").await;
    assert_eq!(again.content().await, "y");
    stage.close().await;
}

#[tokio::test]
async fn an_event_can_be_sent_to_one_user() {
    let stage = stage(|room| tag(room, "moderation", "true")).await;
    let (mut user, mut other) = (stage.speaker("u").await, stage.speaker("v").await);
    stage.command("rillcast:SEND_TO_USER", &[("UserId", "u"), ("EventName", "app:PRIZE"), ("n", "1")]);
    let event = user.hear().await;
    assert_eq!((&event["EventName"], &event["Attributes"]), (&json!("app:PRIZE"), &json!({"n": "1"})));
    other.say("x").await;
    assert_eq!(other.content().await, "x");
    stage.close().await;
}
