//! What the admin ways answer, as JSON.
//!
//! Promise: names and forms are those of the API: camel case, times as in its answers, `nextToken` only where
//! another page is.

use domain::time_text;
use serde_json::{Value, json};
use store::{DeadLetter, Page};

/// A sink as the list has it. One without a kind is no longer named by the operator.
pub(super) fn sink(name: &str, kind: Option<&'static str>, waiting: usize, dead_letters: usize) -> Value {
    json!({ "name": name, "kind": kind, "waiting": waiting, "deadLetters": dead_letters })
}

pub(super) fn sinks(sinks: &[Value]) -> Value {
    json!({ "eventSinks": sinks })
}

pub(super) fn dead_letters(page: &Page<DeadLetter>) -> Value {
    let letters: Vec<_> = page.items.iter().map(dead_letter).collect();
    let mut answer = json!({ "deadLetters": letters });
    if let Some(next) = page.next {
        answer["nextToken"] = next.get().to_string().into();
    }
    answer
}

fn dead_letter(letter: &DeadLetter) -> Value {
    json!({
        "id": letter.id.as_str(),
        "time": time_text(letter.at),
        "attempts": letter.attempts,
        "failedAt": time_text(letter.failed_at),
        "reason": letter.reason,
        // Written as JSON by this house; should it not be, it is shown as text.
        "event": serde_json::from_str(&letter.envelope).unwrap_or_else(|_| json!(letter.envelope)),
    })
}

pub(super) fn redelivered(due: u64) -> Value {
    json!({ "due": due })
}
