//! Review handlers, as endpoints that sleep, crash and lie.
//!
//! Promise: whatever a handler does, each message has its verdict, and it is the room's fallback unless the
//! handler gave a good answer.

mod crowd;
mod endings;
mod wire;

use std::collections::BTreeMap;
use std::sync::Arc;

use chat::review::{Question, Reviewer, Targets, Verdict};
use domain::Fallback;
use outbound::{Config, Credentials, Keys, Outbound};
use prometheus_client::encoding::text::encode;
use prometheus_client::registry::Registry;
use tokio::runtime::Handle;

pub(crate) const HANDLER: &str = "arn:aws:lambda:eu-west-1:123456789012:function:review";
pub(crate) const ROOM: &str = "arn:aws:ivschat:eu-west-1:123456789012:room/AbCdEfGhIjKl";
pub(crate) const SECRET: &str = "sixteen letters!";

/// A reviewer that was configured by this text.
pub(crate) fn reviewer(targets: &str) -> Reviewer {
    let keys = Keys { id: "AKSERVER".to_owned(), secret: "server secret".to_owned(), session: None };
    let config = Config { credentials: Credentials::Keys(keys), ..Config::default() };
    let outbound = Outbound::new(config).expect("a client");
    Reviewer::new(Targets::parse(targets).expect("targets"), outbound, Handle::current())
}

/// The text of a target with a function at that URL. No test is to meet its deadline by chance.
pub(crate) fn function(url: &str, lines: &str) -> String {
    let deadline = if lines.contains("timeout_ms") { "" } else { "timeout_ms = 10000\n" };
    format!("[[target]]\nuri = \"{HANDLER}\"\nlambda = \"{url}\"\n{deadline}{lines}\n")
}

pub(crate) fn question(fallback: Fallback) -> Question {
    Question {
        uri: HANDLER.into(),
        room: ROOM.parse().expect("an ARN"),
        message_id: "9ojK4zRlO8QQ".into(),
        content: "Guten \"Tag\" 🙂".to_owned(),
        attributes: BTreeMap::from([("k".to_owned(), "v".to_owned())]),
        user: "u1".into(),
        user_attributes: Arc::from(r#"{"name":"x"}"#),
        ip: "203.0.113.9".parse().expect("an address"),
        max_length: 20,
        fallback,
    }
}

/// The message as it was sent.
pub(crate) fn unchanged() -> Verdict {
    let question = question(Fallback::Allow);
    Verdict::Allow { content: question.content, attributes: question.attributes }
}

pub(crate) fn denied(reason: Option<&str>) -> Verdict {
    Verdict::Deny { reason: reason.map(str::to_owned) }
}

pub(crate) fn allowed(content: &str, attributes: &[(&str, &str)]) -> Verdict {
    let attributes = attributes.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned()));
    Verdict::Allow { content: content.to_owned(), attributes: attributes.collect() }
}

/// One count of the handler's.
pub(crate) fn count(reviewer: &Reviewer, name: &str) -> u64 {
    let mut registry = Registry::with_prefix("ivschat");
    reviewer.register(&mut registry);
    let mut page = String::new();
    encode(&mut page, &registry).expect("a text takes all");
    let series = format!("ivschat_{name}_total{{uri=\"{HANDLER}\"}} ");
    let line = page.lines().find_map(|line| line.strip_prefix(&series));
    line.map_or(0, |count| count.parse().expect("a number"))
}
