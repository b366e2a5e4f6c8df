//! Frames that make no sense.

use domain::Limits;
use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::TestRunner;
use serde_json::Value;

use crate::stage::{Set, Stage};

const FRAMES: [&str; 4] = [
    r#"{"Action":"SEND_MESSAGE","RequestId":"75c65fe8","Content":"hi","Attributes":{"k":"v"}}"#,
    r#"{"Action":"DELETE_MESSAGE","RequestId":"75c65fe8","Id":"M2YcHkgffEvU","Reason":"spam"}"#,
    r#"{"Action":"DISCONNECT_USER","RequestId":"75c65fe8","UserId":"nobody","Reason":"rude"}"#,
    r#"{"Action":"SEND_MESSAGE","Content":"\ud83d\ude00 \u0000"}"#,
];

/// A frame with some characters changed, taken out or put in.
fn mutated() -> impl Strategy<Value = String> {
    let change = (0usize..120, 0u8..3, proptest::char::any());
    (proptest::sample::select(FRAMES.to_vec()), proptest::collection::vec(change, 1..8)).prop_map(
        |(frame, changes)| {
            let mut text: Vec<char> = frame.chars().collect();
            for (place, kind, character) in changes {
                let place = place % (text.len() + 1);
                match kind {
                    0 if place < text.len() => text[place] = character,
                    1 if place < text.len() => drop(text.remove(place)),
                    _ => text.insert(place, character),
                }
            }
            text.into_iter().collect()
        },
    )
}

#[tokio::test]
async fn ten_thousand_mutated_frames_get_an_error_or_are_served_and_the_connection_lives() {
    let rate = 1_000_000;
    let limits = Limits {
        chat_requests_per_connection: rate,
        chat_messages: rate,
        chat_deletions: rate,
        chat_disconnections: rate,
        ..Limits::OPEN
    };
    let stage = Stage::set(Set { limits, ..Set::default() }).await;
    let mut client = stage.join("u").await;
    let (mut runner, frames) = (TestRunner::deterministic(), mutated());
    let (mut refused, mut served) = (0, 0);
    for _ in 0..100 {
        let mut bad = 0;
        for _ in 0..100 {
            let frame = frames.new_tree(&mut runner).expect("a frame").current();
            bad += usize::from(serde_json::from_str::<Value>(&frame).is_err());
            client.text(&frame).await;
        }
        for _ in 0..100 {
            // Every request is answered: by an error, or by the copy of what it caused.
            let frame = client.hear().await;
            match (frame["Type"].as_str(), frame["ErrorCode"].as_u64()) {
                (Some("ERROR"), Some(400)) => refused += 1,
                // The room's own rate is a hundred a second.
                (Some("ERROR"), Some(429)) | (Some("MESSAGE" | "EVENT"), None) => served += 1,
                _ => panic!("{frame}"),
            }
        }
        assert!(refused >= bad, "what is no JSON is refused");
    }
    assert_eq!(refused + served, 10_000);
    stage.close().await;
}

#[tokio::test]
async fn a_flood_ends_the_connection_that_makes_it() {
    let stage = Stage::open().await;
    let (mut flood, mut other) = (stage.speaker("u").await, stage.speaker("v").await);
    let sending = async {
        // More than the server forgives, faster than the rate lets any through.
        for _ in 0..200_000 {
            if !flood.try_text("{}").await {
                break;
            }
        }
    };
    crate::stage::within(sending).await;
    other.say("unharmed").await;
    assert_eq!(other.content().await, "unharmed");
    stage.close().await;
}
