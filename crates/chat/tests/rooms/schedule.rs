//! Random schedules of joins, messages, kicks, leaves and stalls.
//!
//! Whoever stays hears everything from its own first message on at the latest, once, in one order for all.

use std::collections::HashMap;

use bus::{FrameKind, RoomNews};
use domain::{ChatCapability, Limits, chat_frame};
use proptest::prelude::*;
use proptest::test_runner::TestRunner;
use serde_json::{Value, json};

use crate::stage::{Client, Set, Stage};

#[derive(Clone, Copy, Debug)]
enum Act {
    Join,
    /// So many messages from one connection at once.
    Say(usize, u8),
    Kick(usize),
    Leave(usize),
    /// A connection that never reads again.
    Stall(usize),
}

fn act() -> impl Strategy<Value = Act> {
    prop_oneof![
        3 => Just(Act::Join),
        8 => (any::<usize>(), 1u8..10).prop_map(|(who, count)| Act::Say(who, count)),
        1 => any::<usize>().prop_map(Act::Kick),
        2 => any::<usize>().prop_map(Act::Leave),
        1 => any::<usize>().prop_map(Act::Stall),
    ]
}

struct Reader {
    client: Client,
    user: String,
}

/// What a client heard: ids in order, and the contents of messages by id.
#[derive(Default)]
struct Heard {
    ids: Vec<String>,
    contents: HashMap<String, String>,
}

impl Heard {
    /// Reads up to the frame that `is_last` knows, or to the end of the connection.
    async fn until(client: &mut Client, is_last: impl Fn(&Value) -> bool) -> Self {
        let mut heard = Self::default();
        while let Ok(text) = client.hear_text().await {
            let frame: Value = serde_json::from_str(&text).expect("frames are JSON");
            if frame["Type"] == "ERROR" {
                assert_eq!(frame["ErrorCode"], 429, "only the room's rate refuses anything here");
                continue;
            }
            let id = frame["Id"].as_str().expect("an id").to_owned();
            if let Some(content) = frame["Content"].as_str() {
                heard.contents.insert(id.clone(), content.to_owned());
            }
            heard.ids.push(id);
            if is_last(&frame) {
                break;
            }
        }
        heard
    }

    /// The same as `order`, from no later than the user's first message on; tells up to where.
    fn check_against(&self, order: &Self, user: &str) -> usize {
        let first = self.ids.first().expect("something was heard");
        let start = order.ids.iter().position(|id| id == first).expect("the witness heard it too");
        let end = start + self.ids.len();
        assert_eq!(self.ids, order.ids[start..end], "{user} heard the same, in the same order, once");
        let hello = format!("{user} 0");
        assert!(self.contents.values().any(|content| *content == hello), "{user} heard itself");
        end
    }
}

const LAST: &str = "test:LAST";

async fn run(acts: Vec<Act>) {
    let limits = Limits { chat_requests_per_connection: 1_000, chat_disconnections: 1_000, ..Limits::OPEN };
    let stage = Stage::set(Set { limits, ..Set::default() }).await;
    let mut witness = stage.join("witness").await;
    let (mut readers, mut stalled, mut kicked) = (Vec::<Reader>::new(), Vec::new(), Vec::new());
    let (mut joined, mut said) = (0, 1);
    for act in acts {
        let count = readers.len().max(1);
        match act {
            Act::Join => {
                let user = format!("user{joined}");
                joined += 1;
                let claims = stage.claims(&user, &[ChatCapability::SendMessage]);
                let mut client = stage.join_as(&claims).await;
                greet(&mut client, &user).await;
                readers.push(Reader { client, user });
            }
            Act::Say(who, many) => {
                if let Some(reader) = readers.get_mut(who % count) {
                    for _ in 0..many {
                        reader.client.say(&format!("{} {said}", reader.user)).await;
                        said += 1;
                    }
                }
            }
            Act::Kick(who) if !readers.is_empty() => {
                let reader = readers.swap_remove(who % count);
                witness.send(&json!({"Action": "DISCONNECT_USER", "UserId": reader.user})).await;
                kicked.push(reader);
            }
            Act::Leave(who) if !readers.is_empty() => {
                readers.swap_remove(who % count).client.leave().await;
            }
            Act::Stall(who) if !readers.is_empty() => stalled.push(readers.swap_remove(who % count)),
            Act::Kick(_) | Act::Leave(_) | Act::Stall(_) => (),
        }
    }
    // What each client sent has been heard of before the end, since requests of one connection are in order.
    for reader in &mut readers {
        reader.client.send(&json!({"Action": "DELETE_MESSAGE", "Id": "x"})).await;
        reader.client.wait_for(|frame| frame["ErrorCode"] == 403).await;
    }
    witness.text("no request").await;
    witness.wait_for(|frame| frame["ErrorCode"] == 400).await;
    let payload = chat_frame::event("lastlastlast", "", LAST, None, 0);
    stage.say(RoomNews::Frame {
        kind: FrameKind::Event,
        id: "lastlastlast".into(),
        sender: None,
        at: 0,
        payload: payload.into(),
    });
    let is_last = |frame: &Value| frame["EventName"] == LAST;
    let order = Heard::until(&mut witness, is_last).await;
    let mut unique = order.ids.clone();
    unique.sort();
    unique.dedup();
    assert_eq!(unique.len(), order.ids.len(), "nothing twice");
    for mut reader in readers {
        let heard = Heard::until(&mut reader.client, is_last).await;
        assert_eq!(heard.check_against(&order, &reader.user), order.ids.len(), "to the end");
    }
    for mut reader in kicked {
        Heard::until(&mut reader.client, |_| false).await.check_against(&order, &reader.user);
    }
    check_each_senders_order(&order);
    drop(stalled);
    stage.close().await;
}

/// Says something and waits until it is heard: from then on the client is surely in the room.
async fn greet(client: &mut Client, user: &str) {
    let hello = format!("{user} 0");
    loop {
        client.say(&hello).await;
        let said = |frame: &Value| frame["Content"] == *hello || frame["ErrorCode"] == 429;
        if client.wait_for(said).await["Type"] == "MESSAGE" {
            return;
        }
    }
}

/// Contents are `user number`, with numbers that only grow.
fn check_each_senders_order(order: &Heard) {
    let mut last: HashMap<&str, u32> = HashMap::new();
    for content in order.ids.iter().filter_map(|id| order.contents.get(id)) {
        let (user, number) = content.split_once(' ').expect("two words");
        let number: u32 = number.parse().expect("a number");
        if let Some(before) = last.insert(user, number) {
            assert!(before < number, "{user} said {before} before {number}");
        }
    }
}

#[test]
fn whoever_stays_hears_everything_once_and_in_one_order() {
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    let config =
        ProptestConfig { cases: 24, max_shrink_iters: 64, failure_persistence: None, ..Default::default() };
    TestRunner::new(config)
        .run(&proptest::collection::vec(act(), 5..40), |acts| {
            runtime.block_on(run(acts));
            Ok(())
        })
        .expect("every schedule keeps the promise");
}
