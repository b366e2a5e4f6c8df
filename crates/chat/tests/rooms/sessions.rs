//! How connections begin and end.

use bus::{Bus, NodeId};
use domain::{ChatCapability, Limits};
use serde_json::{Value, json};
use store::Store;
use tokio::task::JoinSet;

use crate::stage::{End, Set, Stage, now_ms};

#[tokio::test]
async fn a_token_opens_one_connection() {
    let stage = Stage::open().await;
    let token = stage.token(&stage.claims("u", &[]));
    let _first = stage.connect(&token).await.expect("the first use");
    assert_eq!(stage.connect(&token).await.err(), Some(401));
    let again = stage.token(&stage.claims("u", &[]));
    assert!(stage.connect(&again).await.is_ok(), "a user may come with several tokens");
    stage.close().await;
}

#[tokio::test]
async fn of_many_who_bring_one_token_to_two_nodes_at_once_one_gets_in() {
    let one = Stage::open().await;
    let other = Stage::set(Set { store: Some(one.store.clone()), ..Set::default() }).await;
    for _ in 0..10 {
        let token = one.token(&one.claims("u", &[]));
        let attempts =
            (0..8).map(|turn| if turn % 2 == 0 { &one } else { &other }).map(|node| node.connect(&token));
        let outcomes = futures_util::future::join_all(attempts).await;
        let refused: Vec<_> = outcomes.iter().filter_map(|outcome| outcome.as_ref().err()).collect();
        assert_eq!(refused, [&401; 7]);
    }
    one.close().await;
    other.close().await;
}

#[tokio::test]
async fn a_token_that_was_used_stays_so_after_a_restart() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("rillcast.db");
    let open = async || Store::open(&file).await.expect("a database");
    let template = Stage::open().await;
    let store = open().await;
    store.create_room(&crate::stage::room(&template.room), 10).await.expect("a room");
    store.add_chat_token_key(&[9; 32], 1).await.expect("a key");
    let stage = Stage::set(Set { store: Some(store.clone()), ..Set::default() }).await;
    let token = stage.token(&stage.claims("u", &[]));
    stage.connect(&token).await.expect("the first use").leave().await;
    stage.close().await;
    store.close().await;
    let stage = Stage::set(Set { store: Some(open().await), ..Set::default() }).await;
    assert_eq!(stage.connect(&token).await.err(), Some(401));
    stage.close().await;
    template.close().await;
}

#[tokio::test]
async fn handshakes_are_refused_with_the_fitting_status() {
    let stage = Stage::open().await;
    let expired = |change: fn(&mut auth::chat_token::ChatClaims)| {
        let mut claims = stage.claims("u", &[]);
        change(&mut claims);
        stage.token(&claims)
    };
    let good = expired(|_| ());
    for (status, token) in [
        (401, "garbage".to_owned()),
        (401, "a.b.c".to_owned()),
        (401, format!("{good}x")),
        (401, expired(|claims| claims.token_expires_at = now_ms() - 1)),
        (401, expired(|claims| claims.session_expires_at = now_ms() - 1)),
        (404, expired(|claims| claims.room = crate::stage::arn("gone"))),
        (400, format!("{good}, other")),
    ] {
        assert_eq!(stage.connect(&token).await.err(), Some(status), "{token}");
    }
    assert!(stage.connect(&good).await.is_ok(), "no refusal before the last check uses a token up");
    stage.close().await;
}

#[tokio::test]
async fn a_key_that_was_made_a_moment_ago_opens_tokens() {
    let mut stage = Stage::open().await;
    stage.speaker("u").await.leave().await;
    stage.rotate().await;
    stage.speaker("u").await.leave().await;
    stage.close().await;
}

#[tokio::test]
async fn pages_of_other_origins_are_refused() {
    let origins = Some(vec!["https://good.example".to_owned()]);
    let stage = Stage::set(Set { origins, ..Set::default() }).await;
    let token = || stage.token(&stage.claims("u", &[]));
    assert!(stage.connect_with(&token(), Some("https://good.example")).await.is_ok());
    assert_eq!(stage.connect_with(&token(), Some("https://bad.example")).await.err(), Some(403));
    assert!(stage.connect(&token()).await.is_ok(), "programs send no origin");
    stage.close().await;
}

#[tokio::test]
async fn an_account_has_so_many_connections_and_not_one_more() {
    let limits = Limits { chat_connections: 2, ..Limits::OPEN };
    let stage = Stage::set(Set { limits, ..Set::default() }).await;
    let (first, _second) = (stage.speaker("a").await, stage.speaker("b").await);
    let token = stage.token(&stage.claims("c", &[]));
    assert_eq!(stage.connect(&token).await.err(), Some(429));
    first.leave().await;
    stage.wait_for_metric("ivschat_concurrent_chat_connections 1").await;
    assert!(stage.connect(&token).await.is_ok(), "the refusal did not use the token up");
    stage.close().await;
}

#[tokio::test]
async fn the_end_of_a_session_is_an_error_401_and_then_a_close_frame() {
    let stage = Stage::open().await;
    let mut claims = stage.claims("u", &[ChatCapability::SendMessage]);
    claims.session_expires_at = now_ms() + 1_500;
    let mut client = stage.join_as(&claims).await;
    client.say("still here").await;
    assert_eq!(client.content().await, "still here");
    let frame = client.hear().await;
    assert_eq!((&frame["Type"], &frame["ErrorCode"]), (&json!("ERROR"), &json!(401)));
    assert!(now_ms() >= claims.session_expires_at, "not before its time");
    let End::Closed(_, reason) = client.end().await else { panic!("no close frame") };
    let reason: Value = serde_json::from_str(&reason).expect("the reason is JSON");
    assert_eq!(reason["ErrorCode"], 401);
    assert!(reason["ErrorMessage"].is_string());
    stage.close().await;
}

#[tokio::test]
async fn a_refresh_opens_the_new_connection_before_the_old_one_leaves() {
    let stage = Stage::open().await;
    let (old, mut other) = (stage.speaker("u").await, stage.speaker("v").await);
    let mut new = stage.speaker("u").await;
    old.leave().await;
    new.say("me again").await;
    assert_eq!((new.content().await, other.content().await), ("me again".into(), "me again".into()));
    stage.close().await;
}

#[tokio::test]
async fn a_kick_is_an_event_to_all_then_a_close_frame_to_each_connection_of_the_user() {
    let stage = Stage::open().await;
    let (mut moderator, mut bystander) = (stage.join("m").await, stage.speaker("b").await);
    let mut kicked = [stage.speaker("k").await, stage.speaker("k").await, stage.speaker("k").await];
    let reason = "é".repeat(100);
    moderator
        .send(&json!({"Action": "DISCONNECT_USER", "UserId": "k", "Reason": reason, "RequestId": "r"}))
        .await;
    let event = moderator.hear().await;
    assert_eq!((&event["EventName"], &event["RequestId"]), (&json!("aws:DISCONNECT_USER"), &json!("r")));
    assert_eq!(event["Attributes"], json!({"UserId": "k", "Reason": reason}));
    assert_eq!(bystander.hear().await, event);
    for client in &mut kicked {
        assert_eq!(client.hear().await, event, "the event comes first");
        assert_eq!(client.end().await, End::Closed(1001, "é".repeat(61)));
    }
    bystander.say("still here").await;
    assert_eq!(bystander.content().await, "still here");
    assert!(stage.connect(&stage.token(&stage.claims("k", &[]))).await.is_ok(), "a kick is no ban");
    stage.close().await;
}

#[tokio::test]
async fn at_shutdown_connections_end_without_a_close_frame_and_nobody_new_is_let_in() {
    let stage = Stage::open().await;
    let mut clients = Vec::new();
    for number in 0..20 {
        clients.push(stage.speaker(&number.to_string()).await);
    }
    let chat = stage.chat.clone();
    stage.begin_shutdown();
    let mut reading = JoinSet::new();
    for mut client in clients {
        reading.spawn(async move { client.end().await });
    }
    let ends = crate::stage::within(reading.join_all()).await;
    assert_eq!(ends.len(), 20);
    assert!(ends.iter().all(|end| *end == End::Cut), "{ends:?}");
    stage.ended().await;
    assert!(chat.metrics().contains("ivschat_concurrent_chat_connections 0"));
}

#[tokio::test]
async fn two_nodes_are_one_room() {
    let bus = Bus::in_process(NodeId("node".to_owned()));
    let one = Stage::set(Set { bus: Some(bus.clone()), ..Set::default() }).await;
    let other = Stage::set(Set { bus: Some(bus), store: Some(one.store.clone()), ..Set::default() }).await;
    let (mut here, mut there) = (one.join("m").await, other.speaker("k").await);
    here.say("hello").await;
    assert_eq!((here.content().await, there.content().await), ("hello".into(), "hello".into()));
    here.send(&json!({"Action": "DISCONNECT_USER", "UserId": "k"})).await;
    assert_eq!(there.hear().await["EventName"], "aws:DISCONNECT_USER");
    assert_eq!(there.end().await, End::Closed(1001, String::new()));
    one.close().await;
    other.close().await;
}
