//! Rates, the order of checks, and rooms that change under their connections.

use domain::{ChatCapability, Limits};
use serde_json::json;

use crate::stage::{Set, Stage, within};

const TOO_FAST: &str = "rate limit exceeded";

#[tokio::test]
async fn a_connection_makes_so_many_requests_a_second_of_whatever_action() {
    let stage = Stage::open().await;
    let (mut client, mut other) = (stage.join("u").await, stage.join("v").await);
    for number in 0..12 {
        let request = match number % 3 {
            0 => json!({"Action": "SEND_MESSAGE", "Content": "x"}),
            1 => json!({"Action": "DELETE_MESSAGE", "Id": "abcdefghijkl"}),
            _ => json!({"Action": "DISCONNECT_USER", "UserId": "nobody"}),
        };
        client.send(&request).await;
    }
    let mut refused = 0;
    for _ in 0..12 {
        let frame = client.hear().await;
        if frame["Type"] == "ERROR" {
            assert_eq!((&frame["ErrorCode"], &frame["ErrorMessage"]), (&json!(429), &json!(TOO_FAST)));
            refused += 1;
        }
    }
    assert!((1..=2).contains(&refused), "{refused}");
    other.say("mine is another").await;
    let heard = within(async {
        loop {
            let frame = other.hear().await;
            if frame["Content"] == "mine is another" {
                return true;
            }
        }
    });
    assert!(heard.await);
    stage.close().await;
}

#[tokio::test]
async fn a_room_takes_so_many_messages_a_second_from_all_together() {
    let stage = Stage::set(Set { room: |room| room.message_rate = 3, ..Set::default() }).await;
    let (mut a, mut b) = (stage.join("a").await, stage.join("b").await);
    for _ in 0..3 {
        a.say("x").await;
        b.say("x").await;
    }
    let (mut messages, mut errors) = (0, 0);
    for (name, client) in [("a", &mut a), ("b", &mut b)] {
        // All that a connection said before this has been judged before it.
        client.send(&json!({"Action": "DELETE_MESSAGE", "Id": "abcdefghijkl", "RequestId": name})).await;
        loop {
            let frame = client.hear().await;
            match frame["Type"].as_str() {
                Some("MESSAGE") => messages += 1,
                Some("ERROR") => {
                    assert_eq!(frame["ErrorMessage"], TOO_FAST);
                    errors += 1;
                }
                _ if frame["RequestId"] == name => break,
                _ => (),
            }
        }
    }
    assert!((2..=4).contains(&errors), "{errors} errors, {messages} copies");
    stage.close().await;
}

#[tokio::test]
async fn an_account_sends_so_many_messages_a_second_to_all_of_its_rooms() {
    let limits = Limits { chat_messages: 2, chat_deletions: 1, chat_disconnections: 1, ..Limits::OPEN };
    let stage = Stage::set(Set { limits, ..Set::default() }).await;
    let mut client = stage.join("u").await;
    for _ in 0..3 {
        client.say("x").await;
    }
    assert_eq!((client.content().await, client.content().await), ("x".into(), "x".into()));
    assert_eq!(client.error().await, (429, TOO_FAST.to_owned()));
    for request in [
        json!({"Action": "DELETE_MESSAGE", "Id": "abcdefghijkl"}),
        json!({"Action": "DISCONNECT_USER", "UserId": "nobody"}),
    ] {
        client.send(&request).await;
        client.send(&request).await;
        assert_eq!(client.hear().await["Type"], "EVENT");
        assert_eq!(client.error().await, (429, TOO_FAST.to_owned()));
    }
    stage.close().await;
}

#[tokio::test]
async fn what_is_refused_costs_the_rooms_rate_nothing() {
    let limits = Limits { chat_requests_per_connection: 100, ..Limits::OPEN };
    let stage = Stage::set(Set { room: |room| room.message_rate = 1, limits, ..Set::default() }).await;
    let mut client = stage.join("u").await;
    for _ in 0..20 {
        client.say("").await;
        assert_eq!(client.error().await.0, 400);
    }
    client.say("x").await;
    assert_eq!(client.content().await, "x");
    stage.close().await;
}

/// Each request is wrong in all ways from one on; the first of them is told.
#[tokio::test]
async fn checks_are_made_in_the_order_that_is_written_down() {
    let limits = Limits { chat_requests_per_connection: 1, ..Limits::OPEN };
    let stage = Stage::set(Set { limits, room: |room| room.message_rate = 1, ..Set::default() }).await;
    let claims = stage.claims("u", &[ChatCapability::SendMessage]);
    let mut client = stage.join_as(&claims).await;
    client.text("not JSON").await;
    assert_eq!(client.error().await.0, 400, "the first thing looked at");
    client.text("not JSON").await;
    assert_eq!(client.error().await.0, 400, "before the rate, so that the request's id can be told");
    client.send(&json!({"Action": "SHOUT"})).await;
    assert_eq!(client.error().await.0, 429, "the connection's rate before the action");
    stage.close().await;

    let stage = Stage::set(Set { room: |room| room.message_rate = 1, ..Set::default() }).await;
    let mut client = stage.join_as(&stage.claims("u", &[ChatCapability::SendMessage])).await;
    client.send(&json!({"Action": "DELETE_MESSAGE", "Id": "short"})).await;
    assert_eq!(client.error().await.0, 403, "the capability before the fields");
    client.say("the room's one message").await;
    client.hear().await;
    client.say("").await;
    assert_eq!(client.error().await.0, 400, "the fields before the room's rate");
    client.say("one more").await;
    assert_eq!(client.error().await.0, 429);
    stage.delete_room().await;
    within(async {
        // The room is read again a moment after the API said so.
        loop {
            client.say("is it there?").await;
            if client.error().await.0 == 404 {
                break;
            }
            tokio::time::sleep(std::time::Duration::from_millis(110)).await;
        }
    })
    .await;
    client.say("").await;
    assert_eq!(client.error().await.0, 400, "the fields before the room");
    stage.close().await;
}

#[tokio::test]
async fn an_update_of_the_room_holds_for_the_messages_that_follow() {
    let stage = Stage::open().await;
    let mut client = stage.speaker("u").await;
    client.say("four").await;
    assert_eq!(client.content().await, "four");
    stage.update(|room| room.message_length = 3).await;
    within(async {
        loop {
            client.say("four").await;
            let frame = client.hear().await;
            if frame["Type"] == "ERROR" {
                assert_eq!(frame["ErrorMessage"], "Message exceeds maximum length");
                break;
            }
            tokio::time::sleep(std::time::Duration::from_millis(110)).await;
        }
    })
    .await;
    client.say("abc").await;
    assert_eq!(client.content().await, "abc");
    stage.close().await;
}

#[tokio::test]
async fn a_deleted_room_keeps_its_connections_and_takes_no_more() {
    let stage = Stage::open().await;
    let (mut client, mut moderator) = (stage.speaker("u").await, stage.join("m").await);
    stage.delete_room().await;
    let token = || stage.token(&stage.claims("v", &[]));
    within(async { while stage.connect(&token()).await.err() != Some(404) {} }).await;
    client.say("x").await;
    assert_eq!(client.error().await.0, 404);
    moderator.send(&json!({"Action": "DISCONNECT_USER", "UserId": "u"})).await;
    assert_eq!(moderator.error().await.0, 404);
    client.say("still connected").await;
    assert_eq!(client.error().await.0, 404);
    stage.close().await;
}
