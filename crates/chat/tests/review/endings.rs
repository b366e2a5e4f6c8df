//! Handlers that give no good answer: the room's fallback decides, and it is counted.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use chat::review::Question;
use domain::Fallback;
use testkit::{Answerer, Reply};

use crate::{allowed, count, denied, function, question, reviewer, unchanged};

/// Both fallbacks for a handler that replies so; which of the two counts goes up is returned.
async fn counted(reply: Reply, lines: &str) -> (u64, u64) {
    let endpoint = Answerer::start(move |_| reply.clone()).await;
    let reviewer = reviewer(&function(&endpoint.url(""), lines));
    assert_eq!(reviewer.review(question(Fallback::Allow)).await, unchanged());
    assert_eq!(reviewer.review(question(Fallback::Deny)).await, denied(None));
    (count(&reviewer, "invocation_errors"), count(&reviewer, "response_validation_errors"))
}

#[tokio::test]
async fn a_handler_that_cannot_be_invoked_leaves_it_to_the_fallback() {
    let good = r#"{"ReviewResult":"ALLOW","Content":"x"}"#;
    let error = r#"{"errorMessage":"boom","errorType":"Error"}"#;
    let replies = [
        Reply::Hangup,
        Reply::Wire(Reply::json(404, good)),
        Reply::Wire(Reply::json(403, good)),
        Reply::Wire(Reply::json(429, good)),
        Reply::Wire(Reply::json(500, good)),
        Reply::Wire(Reply::with(302, "location: /\r\n", good)),
        Reply::Wire(Reply::with(200, "x-amz-function-error: Unhandled\r\n", error)),
        Reply::Wire(Reply::with(200, "x-amz-function-error: Unhandled\r\n", good)),
        Reply::Wire(Reply::json(200, &" ".repeat(20_000))),
        Reply::Wire(b"garbage\r\n\r\n".to_vec()),
        Reply::Stalled(b"HTTP/1.1 200 OK\r\ncontent-length: 123456789012\r\n\r\n".to_vec()),
    ];
    for reply in replies {
        assert_eq!(counted(reply.clone(), "").await, (2, 0), "{reply:?}");
    }
}

#[tokio::test]
async fn a_handler_that_is_too_late_leaves_it_to_the_fallback() {
    let stalls: [&[u8]; 2] = [b"", b"HTTP/1.1 200 OK\r\ncontent-length: 40\r\n\r\n{\"ReviewResult\":"];
    for stall in stalls {
        let reply = Reply::Stalled(stall.to_vec());
        assert_eq!(counted(reply, "timeout_ms = 50").await, (2, 0));
    }
}

#[tokio::test]
async fn an_answer_that_breaks_a_rule_leaves_it_to_the_fallback() {
    let answers = [
        "",
        "null",
        "[]",
        "\"ALLOW\"",
        r#"{"ReviewResult":"MAYBE","Content":"x"}"#,
        r#"{"ReviewResult":"ALLOW"}"#,
        r#"{"ReviewResult":"ALLOW","Content":""}"#,
        r#"{"ReviewResult":"ALLOW","Content":"longer than the room's twenty"}"#,
        r#"{"ReviewResult":"ALLOW","Content":"x","Attributes":{"k":null}}"#,
        r#"{"statusCode":200,"body":"{\"ReviewResult\":\"ALLOW\",\"Content\":\"x\"}"}"#,
    ];
    for answer in answers {
        assert_eq!(counted(Reply::Wire(Reply::json(200, answer)), "").await, (0, 2), "{answer}");
    }
}

#[tokio::test]
async fn a_flawed_denial_denies_and_is_counted() {
    let answer = r#"{"ReviewResult":"DENY","Attributes":{"Reason":5}}"#;
    let endpoint = Answerer::start(move |_| Reply::Wire(Reply::json(200, answer))).await;
    let reviewer = reviewer(&function(&endpoint.url(""), ""));
    assert_eq!(reviewer.review(question(Fallback::Allow)).await, denied(None));
    assert_eq!(count(&reviewer, "response_validation_errors"), 1);
}

#[tokio::test]
async fn a_handler_without_a_target_leaves_it_to_the_fallback() {
    let reviewer = reviewer("");
    assert_eq!(reviewer.review(question(Fallback::Allow)).await, unchanged());
    assert_eq!(reviewer.review(question(Fallback::Deny)).await, denied(None));
    assert_eq!(count(&reviewer, "invocation_errors"), 2);
}

#[tokio::test]
async fn an_arn_that_names_no_function_is_not_asked() {
    let endpoint = Answerer::start(|_| Reply::Hangup).await;
    let text = format!("[[target]]\nuri = \"*\"\nlambda = \"{}\"", endpoint.url(""));
    let reviewer = reviewer(&text);
    for uri in [
        "",
        "arn",
        "arn:aws:lambda:::function:f",
        "arn:aws:lambda:r:1:function:a/../b",
        "arn:aws:lambda:r:1:function:ä b",
    ] {
        let question = Question { uri: Arc::from(uri), ..question(Fallback::Deny) };
        assert_eq!(reviewer.review(question).await, denied(None), "{uri}");
    }
    assert_eq!(endpoint.asked().len(), 0);
}

#[tokio::test]
async fn a_handler_that_fails_in_a_row_is_left_alone() {
    let endpoint = Answerer::start(|_| Reply::Wire(Reply::json(500, ""))).await;
    let reviewer = reviewer(&function(&endpoint.url(""), "breaker_failures = 3\nbreaker_seconds = 3600"));
    for _ in 0..20 {
        assert_eq!(reviewer.review(question(Fallback::Allow)).await, unchanged());
    }
    assert_eq!(endpoint.asked().len(), 3);
    assert_eq!(count(&reviewer, "invocation_errors"), 20);
}

#[tokio::test]
async fn a_handler_that_was_left_alone_is_tried_again() {
    let endpoint = Answerer::start({
        let asked = AtomicUsize::new(0);
        move |_| match asked.fetch_add(1, Ordering::Relaxed) {
            0..3 => Reply::Wire(Reply::json(500, "")),
            _ => Reply::Wire(Reply::json(200, r#"{"ReviewResult":"ALLOW","Content":"back"}"#)),
        }
    })
    .await;
    let reviewer = reviewer(&function(&endpoint.url(""), "breaker_failures = 3\nbreaker_seconds = 1"));
    let back = allowed("back", &[("k", "v")]);
    while reviewer.review(question(Fallback::Allow)).await != back {
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    for _ in 0..10 {
        assert_eq!(reviewer.review(question(Fallback::Deny)).await, back);
    }
}
