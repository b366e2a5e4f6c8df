//! Event patterns of any text, matched with events of any JSON.
//!
//! An input is a pattern, then after a NUL an event.
//!
//! Promise checked: nothing panics, a refusal says something, and a pattern means the same however deep it stands
//! and however often it is offered as an alternative.

use events::Pattern;
use serde_json::{Value, json};

/// Reads `data` as a pattern and an event, and checks the answer against the same question in other words.
pub fn run(data: &[u8]) {
    let text = String::from_utf8_lossy(data);
    let (pattern, event) = text.split_once('\0').unwrap_or((&text, "{}"));
    let event: Value = serde_json::from_str(event).unwrap_or_default();
    match Pattern::parse(pattern) {
        Ok(read) => check(pattern, &read, &event),
        Err(error) => assert!(!error.to_string().is_empty()),
    }
}

fn check(text: &str, pattern: &Pattern, event: &Value) {
    let matches = pattern.matches(event);
    let other_words = [
        (format!(r#"{{"deeper":{text}}}"#), json!({"deeper": event})),
        (format!(r#"{{"$or":[{text},{text}]}}"#), event.clone()),
    ];
    for (text, event) in other_words {
        // It may be too long or too deep to be read in other words.
        if let Ok(pattern) = Pattern::parse(&text) {
            assert_eq!(pattern.matches(&event), matches, "{text}");
        }
    }
}
