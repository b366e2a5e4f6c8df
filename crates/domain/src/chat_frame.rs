//! The JSON text of the frames that chat clients get (Chat Messaging API, "Subscribe" and "Error Messages").
//!
//! Promise: keys stand in the vendor's order; whatever text goes in, one JSON object comes out, and reading it
//! gives the same text back. The only place that writes such frames: the API's events and the sockets' agree.

use std::collections::BTreeMap;
use std::fmt::Write;

use crate::calendar;

/// Event that says that a message is to be taken off the screens.
pub const DELETE_MESSAGE: &str = "aws:DELETE_MESSAGE";
/// Event that says that a user is being disconnected.
pub const DISCONNECT_USER: &str = "aws:DISCONNECT_USER";

/// What is known of a message when it is released.
#[derive(Clone, Copy, Debug)]
pub struct Message<'a> {
    /// Its id, 12 characters; unique among all frames.
    pub id: &'a str,
    /// The sender's own id for the request, `""` without one; everybody gets it.
    pub request_id: &'a str,
    /// Its attributes; `None` stands as `null`.
    pub attributes: Option<&'a BTreeMap<String, String>>,
    /// What was written.
    pub content: &'a str,
    /// When the server received it, in nanoseconds since 1970.
    pub at: i64,
    /// Who wrote it.
    pub user: &'a str,
    /// The attributes of the writer's token, as JSON text of an object ([`attributes`]).
    pub user_attributes: &'a str,
}

/// A MESSAGE frame.
pub fn message(message: &Message<'_>) -> String {
    let Message { id, request_id, attributes, content, at, user, user_attributes } = *message;
    let mut text = String::with_capacity(192 + request_id.len() + content.len() + user_attributes.len());
    head(&mut text, "MESSAGE", id, request_id);
    text.push_str(",\"Attributes\":");
    push_attributes(&mut text, attributes);
    text.push_str(",\"Content\":");
    push_text(&mut text, content);
    text.push_str(",\"SendTime\":\"");
    push_time(&mut text, at);
    text.push_str("\",\"Sender\":{\"UserId\":");
    push_text(&mut text, user);
    text.push_str(",\"Attributes\":");
    text.push_str(user_attributes);
    text.push_str("}}");
    text
}

/// An EVENT frame; without attributes they stand as `null`. `at` is in nanoseconds since 1970.
pub fn event(
    id: &str,
    request_id: &str,
    name: &str,
    attributes: Option<&BTreeMap<String, String>>,
    at: i64,
) -> String {
    let mut text = String::with_capacity(192);
    head(&mut text, "EVENT", id, request_id);
    text.push_str(",\"EventName\":");
    push_text(&mut text, name);
    text.push_str(",\"Attributes\":");
    push_attributes(&mut text, attributes);
    text.push_str(",\"SendTime\":\"");
    push_time(&mut text, at);
    text.push_str("\"}");
    text
}

/// The attributes of an [`DELETE_MESSAGE`] event: the id under its old name, which the SDKs read, and its new one.
pub fn delete_attributes(message: &str, reason: Option<&str>) -> BTreeMap<String, String> {
    let mut attributes = BTreeMap::from([
        ("MessageID".to_owned(), message.to_owned()),
        ("MessageId".to_owned(), message.to_owned()),
    ]);
    attributes.extend(reason.map(|reason| ("Reason".to_owned(), reason.to_owned())));
    attributes
}

/// The attributes of a [`DISCONNECT_USER`] event.
pub fn disconnect_attributes(user: &str, reason: Option<&str>) -> BTreeMap<String, String> {
    let mut attributes = BTreeMap::from([("UserId".to_owned(), user.to_owned())]);
    attributes.extend(reason.map(|reason| ("Reason".to_owned(), reason.to_owned())));
    attributes
}

/// An ERROR frame, for the connection alone whose request failed.
pub fn error(id: &str, request_id: &str, code: u16, text: &str) -> String {
    let mut frame = String::with_capacity(128);
    head(&mut frame, "ERROR", id, request_id);
    // Writing to a String can't fail.
    let _ = write!(frame, ",\"ErrorCode\":{code},\"ErrorMessage\":");
    push_text(&mut frame, text);
    frame.push('}');
    frame
}

/// A map as the JSON text of an object, keys in order.
pub fn attributes(map: &BTreeMap<String, String>) -> String {
    let mut text = String::with_capacity(2 + map.len() * 24);
    push_attributes(&mut text, Some(map));
    text
}

/// RFC 3339 in UTC with up to nine digits of a second's fraction, trailing zeros cut; `at` in nanoseconds since
/// 1970, which reaches from 1677 to 2262.
pub fn send_time(at: i64) -> String {
    let mut text = String::with_capacity(30);
    push_time(&mut text, at);
    text
}

fn head(text: &mut String, kind: &str, id: &str, request_id: &str) {
    text.push_str("{\"Type\":\"");
    text.push_str(kind);
    text.push_str("\",\"Id\":");
    push_text(text, id);
    text.push_str(",\"RequestId\":");
    push_text(text, request_id);
}

fn push_attributes(text: &mut String, map: Option<&BTreeMap<String, String>>) {
    let Some(map) = map else {
        text.push_str("null");
        return;
    };
    text.push('{');
    for (at, (key, value)) in map.iter().enumerate() {
        if at > 0 {
            text.push(',');
        }
        push_text(text, key);
        text.push(':');
        push_text(text, value);
    }
    text.push('}');
}

/// A JSON string. What needs no escape, nearly everything, is copied in runs.
fn push_text(text: &mut String, value: &str) {
    text.push('"');
    let mut rest = value;
    while let Some(at) = rest.bytes().position(|byte| byte < 0x20 || byte == b'"' || byte == b'\\') {
        let (plain, behind) = rest.split_at(at);
        text.push_str(plain);
        let byte = behind.as_bytes()[0];
        push_escape(text, byte);
        // The byte is ASCII, so the next one starts a character.
        rest = &behind[1..];
    }
    text.push_str(rest);
    text.push('"');
}

fn push_escape(text: &mut String, byte: u8) {
    match byte {
        b'"' => text.push_str("\\\""),
        b'\\' => text.push_str("\\\\"),
        b'\n' => text.push_str("\\n"),
        b'\r' => text.push_str("\\r"),
        b'\t' => text.push_str("\\t"),
        _ => {
            let _ = write!(text, "\\u{byte:04x}");
        }
    }
}

fn push_time(text: &mut String, at: i64) {
    const SECOND: i64 = 1_000_000_000;
    let (seconds, mut fraction) = (at.div_euclid(SECOND), at.rem_euclid(SECOND));
    let (days, second) = (seconds.div_euclid(86_400), seconds.rem_euclid(86_400));
    let (year, month, day) = calendar::civil(days);
    push_number(text, year, 4);
    for (mark, number) in
        [("-", month), ("-", day), ("T", second / 3600), (":", second / 60 % 60), (":", second % 60)]
    {
        text.push_str(mark);
        push_number(text, number, 2);
    }
    if fraction > 0 {
        let mut digits = 9;
        while fraction % 10 == 0 {
            fraction /= 10;
            digits -= 1;
        }
        text.push('.');
        push_number(text, fraction, digits);
    }
    text.push('Z');
}

/// A number that is not negative, with leading zeros up to `digits`, which are nine at most.
fn push_number(text: &mut String, number: i64, digits: usize) {
    let mut place = 10i64.pow(u32::try_from(digits - 1).unwrap_or(8));
    while place > 0 {
        let digit = u8::try_from(number / place % 10).unwrap_or(0);
        text.push(char::from(b'0' + digit));
        place /= 10;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn map(pairs: &[(&str, &str)]) -> BTreeMap<String, String> {
        pairs.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect()
    }

    #[test]
    fn times_have_nanoseconds_without_trailing_zeros() {
        for (at, text) in [
            (0, "1970-01-01T00:00:00Z"),
            (1_669_969_551_136_912_720, "2022-12-02T08:25:51.13691272Z"),
            (1_669_970_448_492_927_465, "2022-12-02T08:40:48.492927465Z"),
            (1_669_970_460_100_000_000, "2022-12-02T08:41:00.1Z"),
            (951_782_400_000_000_001, "2000-02-29T00:00:00.000000001Z"),
            (4_107_542_399_000_000_000, "2100-02-28T23:59:59Z"),
            (4_107_542_400_000_000_000, "2100-03-01T00:00:00Z"),
            (-1, "1969-12-31T23:59:59.999999999Z"),
            (i64::MIN, "1677-09-21T00:12:43.145224192Z"),
            (i64::MAX, "2262-04-11T23:47:16.854775807Z"),
        ] {
            assert_eq!(send_time(at), text);
        }
    }

    #[test]
    fn a_message_has_the_keys_in_the_vendors_order() {
        let attributes = map(&[("username", "Max")]);
        let text = message(&Message {
            id: "9ojK4zRlO8QQ",
            request_id: "d9da9232",
            attributes: Some(&attributes),
            content: "hello",
            at: 1_755_150_520_415_514_370,
            user: "u1",
            user_attributes: "{}",
        });
        assert_eq!(
            text,
            r#"{"Type":"MESSAGE","Id":"9ojK4zRlO8QQ","RequestId":"d9da9232","Attributes":{"username":"Max"},"Content":"hello","SendTime":"2025-08-14T05:48:40.41551437Z","Sender":{"UserId":"u1","Attributes":{}}}"#
        );
    }

    #[test]
    fn events_and_errors_have_the_keys_in_the_vendors_order() {
        let deleted = delete_attributes("M2YcHkgffEvU", Some("spam"));
        assert_eq!(
            event("IxTh2Ad9fZIr", "", DELETE_MESSAGE, Some(&deleted), 1_669_969_551_136_912_720),
            r#"{"Type":"EVENT","Id":"IxTh2Ad9fZIr","RequestId":"","EventName":"aws:DELETE_MESSAGE","Attributes":{"MessageID":"M2YcHkgffEvU","MessageId":"M2YcHkgffEvU","Reason":"spam"},"SendTime":"2022-12-02T08:25:51.13691272Z"}"#
        );
        let kicked = disconnect_attributes("u2", Some("rude"));
        assert_eq!(
            event("Z8Cd2OchZR9K", "", DISCONNECT_USER, Some(&kicked), 1_669_970_448_492_927_465),
            r#"{"Type":"EVENT","Id":"Z8Cd2OchZR9K","RequestId":"","EventName":"aws:DISCONNECT_USER","Attributes":{"Reason":"rude","UserId":"u2"},"SendTime":"2022-12-02T08:40:48.492927465Z"}"#
        );
        assert_eq!(
            error("IG5mcmlvdGlv", "497f", 406, "denied for moderation"),
            r#"{"Type":"ERROR","Id":"IG5mcmlvdGlv","RequestId":"497f","ErrorCode":406,"ErrorMessage":"denied for moderation"}"#
        );
        assert!(event("a", "", "app:X", None, 0).contains(r#""Attributes":null"#));
    }

    #[test]
    fn what_json_forbids_in_a_text_is_escaped() {
        let nasty = "\"\\/\u{0}\u{1f}\n\r\t\u{7f}\u{2028}é😀";
        assert_eq!(
            attributes(&map(&[("k", nasty)])),
            "{\"k\":\"\\\"\\\\/\\u0000\\u001f\\n\\r\\t\u{7f}\u{2028}é😀\"}"
        );
    }
}
