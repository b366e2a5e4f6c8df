//! An envelope as the bytes of one message.
//!
//! Compact JSON: `{"v":1,"n":…,"node":"…","subject":{…},"body":{…}}`, where `n` is the node's own count; without
//! subject and body it is a sign of the node: that it opened a link and, with `"gap":true`, that it could not say
//! something which all must look up. How it may change: a reader ignores
//! fields that it does not know, and a field that an older version does not write is optional here. A new kind
//! of subject or body is read by one release and written by the next, so that nodes of two releases understand
//! each other while one replaces the other. What is unreadable all the same is a gap to its reader.
//!
//! Promise: `decode` gives back what `encode` was given, and takes any bytes without a panic.

use bytes::Bytes;
use serde::{Deserialize, Serialize};

use crate::{Body, Envelope, NodeId, Subject};

/// Of this layout.
const VERSION: u32 = 1;

/// The most bytes that [`encode`] makes: an envelope's text has at most [`Envelope::MAX_WEIGHT`] bytes, of
/// which each becomes at most six (`\u0001`); the rest is names and numbers.
pub(super) const MOST_BYTES: usize = Envelope::MAX_WEIGHT * 6 + 8_192;

#[derive(Serialize)]
struct Written<'a> {
    v: u32,
    n: u64,
    node: &'a NodeId,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    gap: bool,
    #[serde(flatten)]
    said: Option<Said<'a>>,
}

#[derive(Serialize)]
struct Said<'a> {
    subject: &'a Subject,
    body: &'a Body,
}

#[derive(Deserialize)]
struct Read {
    v: u32,
    n: u64,
    node: NodeId,
    #[serde(default)]
    gap: bool,
    subject: Option<Subject>,
    body: Option<Body>,
}

/// A message of the stream.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Letter {
    /// Whose it is.
    pub(super) node: NodeId,
    /// The node's own count: rises with each letter.
    pub(super) number: u64,
    /// The node could not say something that all must look up.
    pub(super) gap: bool,
    /// What is said, and about what; nothing in a sign.
    pub(super) said: Option<(Subject, Body)>,
}

/// Why bytes are not a letter.
#[derive(Debug, thiserror::Error)]
pub(super) enum WireError {
    #[error("the envelope is of layout {0}, and this node reads {VERSION}")]
    Version(u32),
    #[error("the envelope is malformed")]
    Json(#[from] serde_json::Error),
}

/// The letter that carries an envelope.
pub(super) fn encode(number: u64, envelope: &Envelope) -> Bytes {
    let Envelope { node, subject, body } = envelope;
    let room = envelope.weight() * 5 / 4 + 256;
    let said = Some(Said { subject, body });
    write(&Written { v: VERSION, n: number, node, gap: false, said }, room)
}

/// A node's sign.
pub(super) fn encode_sign(number: u64, node: &NodeId, gap: bool) -> Bytes {
    write(&Written { v: VERSION, n: number, node, gap, said: None }, 128)
}

fn write(letter: &Written<'_>, room: usize) -> Bytes {
    let mut text = Vec::with_capacity(room);
    serde_json::to_writer(&mut text, letter)
        .expect("texts, numbers and maps with text keys can be written as JSON");
    Bytes::from(text)
}

pub(super) fn decode(text: &[u8]) -> Result<Letter, WireError> {
    #[derive(Deserialize)]
    struct Version {
        v: u32,
    }
    match serde_json::from_slice::<Read>(text) {
        Ok(Read { v: VERSION, n: number, node, gap, subject, body }) => {
            Ok(Letter { node, number, gap, said: subject.zip(body) })
        }
        Ok(Read { v, .. }) => Err(WireError::Version(v)),
        Err(error) => match serde_json::from_slice::<Version>(text) {
            Ok(Version { v }) if v != VERSION => Err(WireError::Version(v)),
            _ => Err(error.into()),
        },
    }
}

#[cfg(test)]
mod tests {
    use domain::{Arn, StreamId};
    use proptest::prelude::*;

    use super::*;
    use crate::{ChannelOrder, FrameKind, RoomNews};

    fn room() -> Subject {
        let arn = Arn::parse("arn:aws:ivschat:us-west-2:123456789012:room/AbCdEfGh0123");
        Subject::Room(arn.expect("a well-formed ARN"))
    }

    fn envelope(news: RoomNews) -> Envelope {
        Envelope { node: NodeId("n1".to_owned()), subject: room(), body: Body::Room(news) }
    }

    /// What this version writes, byte by byte, and what all later ones must read: change a line of it only
    /// when no node in use writes it any more.
    #[test]
    fn the_layout_is_what_the_version_before_wrote() {
        let head = r#"{"v":1,"n":7,"node":"n1","#.to_owned()
            + r#""subject":{"Room":"arn:aws:ivschat:us-west-2:123456789012:room/AbCdEfGh0123"},"body":{"Room":"#;
        let (id, payload, user): (_, _, std::sync::Arc<str>) = ("i".into(), "{}".into(), "u".into());
        let (kind, sender, at) = (FrameKind::Message, Some("s".into()), 1);
        let attributes = [("k".to_owned(), "v".to_owned())].into();
        for (news, text) in [
            (
                RoomNews::Frame { kind, id: std::sync::Arc::clone(&id), sender, at, payload },
                r#"{"Frame":{"kind":"Message","id":"i","sender":"s","at":1,"payload":"{}"}}"#,
            ),
            (
                RoomNews::Frame {
                    kind: FrameKind::Event,
                    id: "i".into(),
                    sender: None,
                    at,
                    payload: "".into(),
                },
                r#"{"Frame":{"kind":"Event","id":"i","sender":null,"at":1,"payload":""}}"#,
            ),
            (
                RoomNews::Disconnect { id, at, payload: "{}".into(), user: "u".into(), reason: None },
                r#"{"Disconnect":{"id":"i","at":1,"payload":"{}","user":"u","reason":null}}"#,
            ),
            (RoomNews::ToUser { user, payload: "{}".into() }, r#"{"ToUser":{"user":"u","payload":"{}"}}"#),
            (
                RoomNews::Command { name: "c".into(), attributes },
                r#"{"Command":{"name":"c","attributes":{"k":"v"}}}"#,
            ),
            (RoomNews::Changed, r#""Changed""#),
        ] {
            let (envelope, text) = (envelope(news), format!("{head}{text}}}}}"));
            assert_eq!(encode(7, &envelope), text);
            let Envelope { node, subject, body } = envelope;
            let read = decode(text.as_bytes()).expect("what this version writes");
            assert_eq!(read, Letter { node, number: 7, gap: false, said: Some((subject, body)) });
        }
        for (gap, text) in
            [(false, r#"{"v":1,"n":7,"node":"n1"}"#), (true, r#"{"v":1,"n":7,"node":"n1","gap":true}"#)]
        {
            let node = NodeId("n1".to_owned());
            assert_eq!(encode_sign(7, &node, gap), text);
            let read = decode(text.as_bytes()).expect("what this version writes");
            assert_eq!(read, Letter { node, number: 7, gap, said: None });
        }
    }

    #[test]
    fn the_layout_of_orders_for_streams_stays() {
        let channel = Arn::parse("arn:aws:ivs:us-west-2:123456789012:channel/AbCdEfGh0123");
        let subject = Subject::Channel(channel.expect("a well-formed ARN"));
        let stream = StreamId::parse("st-12345678901234567890123").expect("a stream id");
        let head = r#"{"v":1,"n":7,"node":"n1","#.to_owned()
            + r#""subject":{"Channel":"arn:aws:ivs:us-west-2:123456789012:channel/AbCdEfGh0123"},"body":{"Channel":"#;
        for (order, text) in [
            (
                ChannelOrder::Stop { stream: stream.clone() },
                r#"{"Stop":{"stream":"st-12345678901234567890123"}}"#,
            ),
            (
                ChannelOrder::Metadata { stream, text: "ü".into() },
                r#"{"Metadata":{"stream":"st-12345678901234567890123","text":"ü"}}"#,
            ),
        ] {
            let (node, body) = (NodeId("n1".to_owned()), Body::Channel(order));
            let envelope = Envelope { node: node.clone(), subject: subject.clone(), body: body.clone() };
            let text = format!("{head}{text}}}}}");
            assert_eq!(encode(7, &envelope), text);
            let read = decode(text.as_bytes()).expect("what this version writes");
            assert_eq!(read, Letter { node, number: 7, gap: false, said: Some((subject.clone(), body)) });
        }
    }

    #[test]
    fn fields_of_a_newer_version_are_ignored() {
        let text = r#"{"v":1,"x":{},"n":7,"node":"n1","subject":{"Room":"arn:aws:ivschat:us-west-2:123456789012:room/A"},
            "body":{"Room":{"ToUser":{"user":"u","payload":"{}","until":[1]}}},"y":0}"#;
        assert!(decode(text.as_bytes()).expect("it says version 1").said.is_some());
    }

    #[test]
    fn another_layout_is_told_by_its_number() {
        let error = decode(br#"{"v":2,"n":1,"body":"anything"}"#).expect_err("a later layout");
        assert!(matches!(error, WireError::Version(2)));
        assert!(matches!(decode(b"{}"), Err(WireError::Json(_))));
    }

    #[test]
    fn the_heaviest_envelope_fits_into_the_bound() {
        let payload = "\u{1}".repeat(Envelope::MAX_WEIGHT - "n1".len() - "u".len());
        let envelope = envelope(RoomNews::ToUser { user: "u".into(), payload: payload.into() });
        assert_eq!(envelope.weight(), Envelope::MAX_WEIGHT);
        assert!(encode(u64::MAX, &envelope).len() <= MOST_BYTES);
    }

    proptest! {
        #[test]
        fn any_text_comes_back(payload: String, user: String, number: u64) {
            let envelope = envelope(RoomNews::ToUser { user: user.into(), payload: payload.into() });
            let Letter { number: read, said, .. } = decode(&encode(number, &envelope)).expect("what was written");
            prop_assert_eq!((read, said), (number, Some((envelope.subject, envelope.body))));
        }

        #[test]
        fn any_bytes_are_read_without_a_panic(text: Vec<u8>) {
            let _ = decode(&text);
        }
    }
}
