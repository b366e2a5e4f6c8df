//! Rooms whose messages are reviewed before they are delivered.

use std::sync::Arc;

use chat::review::Targets;
use domain::{Fallback, ReviewHandler, Room};
use serde_json::{Value, json};
use testkit::{Answerer, Asked, Reply};
use tokio::sync::Semaphore;

use crate::stage::{Set, Stage};

const HANDLER: &str = "arn:aws:lambda:us-west-2:123456789012:function:review";

const SECRET: &str = "a secret that signs what the handler is asked";

fn reviewed(room: &mut Room) {
    room.review_handler = Some(ReviewHandler { uri: HANDLER.to_owned(), fallback: Fallback::Deny });
}

fn targets(handler: &Answerer) -> Targets {
    let url = handler.url("/");
    let text = format!(
        "[[target]]\nuri = {HANDLER:?}\nwebhook = {url:?}\nsecret = {SECRET:?}\ntimeout_ms = 10000\n"
    );
    Targets::parse(&text).expect("a target")
}

fn question(asked: &Asked) -> Value {
    serde_json::from_slice(&asked.body).expect("JSON")
}

/// Denies what says `deny`, changes what says `change`, waits with what says `slow`, lies about the rest.
fn script(gate: Arc<Semaphore>) -> impl Fn(&Asked) -> Reply + Send + Sync + 'static {
    move |asked| {
        let question = question(asked);
        let content = question["Content"].as_str().expect("a text");
        let allow = |content: &str| {
            Reply::json(200, &json!({"ReviewResult": "ALLOW", "Content": content}).to_string())
        };
        match content {
            "deny" => {
                let answer =
                    json!({"ReviewResult": "DENY", "Content": "", "Attributes": {"Reason": "be kind"}});
                Reply::Wire(Reply::json(200, &answer.to_string()))
            }
            "change" => {
                let answer =
                    json!({"ReviewResult": "ALLOW", "Content": "changed", "Attributes": {"by": "handler"}});
                Reply::Wire(Reply::json(200, &answer.to_string()))
            }
            slow if slow.starts_with("slow") => Reply::Gated(Arc::clone(&gate), allow(slow)),
            "lie" => Reply::Wire(Reply::json(200, "{}")),
            other => Reply::Wire(allow(other)),
        }
    }
}

async fn stage(gate: Arc<Semaphore>) -> (Stage, Answerer) {
    let handler = Answerer::start(script(gate)).await;
    let stage = Stage::set(Set { targets: targets(&handler), room: reviewed, ..Set::default() }).await;
    (stage, handler)
}

#[tokio::test]
async fn the_handler_allows_denies_and_changes() {
    let (stage, handler) = stage(Arc::new(Semaphore::new(0))).await;
    let (mut sender, mut reader) = (stage.speaker("u").await, stage.speaker("v").await);
    sender
        .send(
            &json!({"Action": "SEND_MESSAGE", "Content": "fine", "Attributes": {"k": "v"}, "RequestId": "r"}),
        )
        .await;
    let frame = reader.hear().await;
    assert_eq!((&frame["Content"], &frame["Attributes"]), (&json!("fine"), &json!({"k": "v"})));
    assert_eq!(frame["RequestId"], "r");
    assert_eq!(sender.hear().await, frame);
    let asked = question(&handler.asked()[0]);
    assert_eq!((&asked["MessageId"], &asked["RoomArn"]), (&frame["Id"], &json!(stage.room.to_string())));
    assert_eq!(asked["Sender"], json!({"Attributes": {}, "UserId": "u", "Ip": "127.0.0.1"}));

    sender.send(&json!({"Action": "SEND_MESSAGE", "Content": "deny", "RequestId": "d"})).await;
    let frame = sender.hear().await;
    assert_eq!((&frame["ErrorCode"], &frame["RequestId"]), (&json!(406), &json!("d")));
    assert!(frame["ErrorMessage"].as_str().expect("a text").contains("be kind"));

    sender.say("change").await;
    let frame = reader.hear().await;
    assert_eq!((&frame["Content"], &frame["Attributes"]), (&json!("changed"), &json!({"by": "handler"})));
    sender.hear().await;
    sender.say("plain").await;
    assert_eq!(reader.hear().await["Attributes"], Value::Null, "none came, none are made up");
    sender.hear().await;
    sender.say("lie").await;
    assert_eq!(sender.error().await.0, 406, "the room falls back to DENY");
    stage.close().await;
}

#[tokio::test]
async fn a_senders_messages_keep_their_order_and_nobody_elses_wait() {
    let gate = Arc::new(Semaphore::new(0));
    let (stage, _handler) = stage(Arc::clone(&gate)).await;
    let (mut one, mut other, mut reader) =
        (stage.speaker("u").await, stage.speaker("v").await, stage.speaker("r").await);
    one.say("slow 1").await;
    one.say("fast 2").await;
    one.say("slow 3").await;
    one.say("fast 4").await;
    // What is told by an error waits for nothing.
    one.say("").await;
    assert_eq!(one.error().await.0, 400);
    other.say("other").await;
    assert_eq!(reader.content().await, "other");
    gate.add_permits(2);
    for wanted in ["slow 1", "fast 2", "slow 3", "fast 4"] {
        assert_eq!(reader.content().await, wanted);
    }
    stage.close().await;
}

#[tokio::test]
async fn messages_behind_those_in_review_keep_their_place_when_the_handler_is_taken_away() {
    let gate = Arc::new(Semaphore::new(0));
    let (stage, handler) = stage(Arc::clone(&gate)).await;
    let (mut sender, mut probe) = (stage.speaker("u").await, stage.speaker("p").await);
    sender.say("slow 1").await;
    handler.wait_for(1).await;
    stage.update(|room| room.review_handler = None).await;
    let asked = handler.asked().len();
    // Until the room was read again, probes are still reviewed; they pass at once either way.
    loop {
        let before = handler.asked().len();
        probe.say("probe").await;
        assert_eq!(probe.content().await, "probe");
        if handler.asked().len() == before {
            break;
        }
        tokio::time::sleep(std::time::Duration::from_millis(110)).await;
    }
    assert!(asked >= 1);
    sender.say("2").await;
    sender.say("").await;
    while sender.hear().await["Type"] != "ERROR" {}
    gate.add_permits(1);
    let mut heard = Vec::new();
    while heard.len() < 2 {
        let content = probe.content().await;
        if content != "probe" {
            heard.push(content);
        }
    }
    assert_eq!(heard, ["slow 1", "2"]);
    stage.close().await;
}

#[tokio::test]
async fn a_room_without_an_answering_handler_falls_back() {
    let set = Set {
        room: |room| {
            room.review_handler = Some(ReviewHandler { uri: HANDLER.to_owned(), fallback: Fallback::Allow });
        },
        ..Set::default()
    };
    let stage = Stage::set(set).await;
    let mut client = stage.speaker("u").await;
    client.say("hello").await;
    assert_eq!(client.content().await, "hello");
    stage.close().await;
}
