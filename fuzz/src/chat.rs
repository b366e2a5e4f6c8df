//! Frames of chat clients: any text.
//!
//! Promise checked: nothing panics; what is no JSON object is refused and every object is read, whatever it
//! holds; what was read is no longer than the text, and reading it twice gives the same.

use chat::request::{Field, Request};
use serde_json::Value;

/// Reads `data` as a client's frame.
pub fn run(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    let request = Request::parse(text);
    assert_eq!(request, Request::parse(text));
    match (&request, serde_json::from_str::<Value>(text)) {
        (Ok(request), _) => check(request, text.len()),
        // Deeper than the other reader goes, or a value that it does not hold.
        (Err(_), Ok(value)) => assert!(!value.is_object(), "an object was refused"),
        (Err(_), Err(_)) => (),
    }
}

fn check(request: &Request<'_>, length: usize) {
    let Request { action, request_id, content, attributes, id, reason, user } = request;
    let sizes = [action, request_id, content, attributes, id, reason, user].map(|field| match field {
        Field::Text(text) => text.len(),
        Field::Map(map) => map.iter().map(|(key, value)| key.len() + value.len()).sum(),
        Field::Absent | Field::Other => 0,
    });
    assert!(sizes.iter().sum::<usize>() <= length);
    assert_eq!(request.request_id().is_empty(), request_id.text().is_none_or(str::is_empty));
    if let Some(action) = request.action() {
        assert_eq!(Some(action.as_str()), request.action.text());
    }
}
