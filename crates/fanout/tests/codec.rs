//! The codec against one that others wrote, over whatever bytes and however they are split.
//!
//! Promise: the same texts and pings in the same order; what the other refuses as broken is refused here, too.
//! Known differences are named where they are allowed for.

use std::io::{self, Read, Write};

use fanout::codec::{self, Flow, Heard, Unfinished, Violation};
use proptest::prelude::*;
use tokio_tungstenite::tungstenite::error::{CapacityError, Error, ProtocolError};
use tokio_tungstenite::tungstenite::protocol::{Role, WebSocketConfig};
use tokio_tungstenite::tungstenite::{Message, WebSocket};

const LIMIT: usize = 2000;

#[derive(Clone, Debug, PartialEq, Eq)]
enum Said {
    Text(String),
    Ping(Vec<u8>),
    Pong,
    Close(Option<u16>),
}

/// What we make of it, in pieces of these sizes, the last one over and over.
fn ours(bytes: &[u8], pieces: &[usize]) -> (Vec<Said>, Option<Violation>) {
    let mut unfinished = Unfinished::default();
    let mut said = Vec::new();
    let mut rest = bytes;
    let mut sizes = pieces.iter().copied().chain(std::iter::repeat(pieces.last().copied().unwrap_or(1)));
    while !rest.is_empty() {
        let (piece, more) = rest.split_at(sizes.next().unwrap_or(1).clamp(1, rest.len()));
        rest = more;
        let result = codec::read(&mut unfinished, &mut piece.to_vec(), LIMIT, |heard| {
            said.push(match heard {
                Heard::Text(text) => Said::Text(text.to_owned()),
                Heard::Ping(payload) => Said::Ping(payload.to_vec()),
                Heard::Pong => Said::Pong,
                Heard::Close(code) => Said::Close(code),
            });
            Flow::On
        });
        assert!(unfinished.len() <= 2 * LIMIT + 14, "bounded");
        if let Err(violation) = result {
            return (said, Some(violation));
        }
        if matches!(said.last(), Some(Said::Close(_))) {
            break;
        }
    }
    (said, None)
}

/// A stream that has these bytes and swallows what is written.
struct Tape<'a>(&'a [u8]);

impl Read for Tape<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        match self.0.read(buffer)? {
            0 => Err(io::ErrorKind::WouldBlock.into()),
            count => Ok(count),
        }
    }
}

impl Write for Tape<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// What tungstenite makes of it; the error is `None` if it only ran out of bytes.
fn theirs(bytes: &[u8]) -> (Vec<Said>, Option<Error>) {
    let config = WebSocketConfig::default().max_message_size(Some(LIMIT)).max_frame_size(Some(LIMIT));
    let mut socket = WebSocket::from_raw_socket(Tape(bytes), Role::Server, Some(config));
    let mut said = Vec::new();
    loop {
        match socket.read() {
            Ok(Message::Text(text)) => said.push(Said::Text(text.to_string())),
            Ok(Message::Ping(payload)) => said.push(Said::Ping(payload.to_vec())),
            Ok(Message::Pong(_)) => said.push(Said::Pong),
            Ok(Message::Close(frame)) => {
                said.push(Said::Close(frame.map(|frame| frame.code.into())));
                return (said, None);
            }
            Ok(other) => panic!("not spoken here: {other:?}"),
            Err(Error::Io(_)) => return (said, None),
            Err(error) => return (said, Some(error)),
        }
    }
}

fn frame(first: u8, payload: &[u8], mask: [u8; 4]) -> Vec<u8> {
    let mut frame = vec![first];
    match payload.len() {
        short @ 0..126 => frame.push(0x80 | u8::try_from(short).expect("short")),
        medium => {
            frame.push(0x80 | 126);
            frame.extend(u16::try_from(medium).expect("medium").to_be_bytes());
        }
    }
    frame.extend(mask);
    frame.extend(payload.iter().zip(mask.iter().cycle()).map(|(byte, mask)| byte ^ mask));
    frame
}

/// A text in fragments with control frames between them, as bytes and as it is to be understood.
fn message() -> impl Strategy<Value = (Vec<u8>, Vec<Said>)> {
    let control = prop_oneof![
        3 => Just(None),
        1 => prop::collection::vec(any::<u8>(), 0..125).prop_map(|payload| Some((0x89, payload))),
        1 => prop::collection::vec(any::<u8>(), 0..125).prop_map(|payload| Some((0x8a, payload))),
    ];
    let cuts = prop::collection::vec((any::<prop::sample::Index>(), control), 0..4);
    ("\\PC{0,400}", cuts, any::<[u8; 4]>()).prop_map(|(text, cuts, mask)| {
        let mut bytes = Vec::new();
        let mut said = Vec::new();
        let mut at = 0;
        let mut first = 0x01;
        for (index, control) in cuts {
            let to = at + index.index(text.len() - at + 1);
            bytes.extend(frame(first, &text.as_bytes()[at..to], mask));
            (first, at) = (0x00, to);
            if let Some((opcode, payload)) = control {
                bytes.extend(frame(opcode, &payload, mask));
                said.push(if opcode == 0x89 { Said::Ping(payload) } else { Said::Pong });
            }
        }
        bytes.extend(frame(first | 0x80, &text.as_bytes()[at..], mask));
        said.push(Said::Text(text));
        (bytes, said)
    })
}

fn pieces() -> impl Strategy<Value = Vec<usize>> {
    prop::collection::vec(1usize..300, 1..8)
}

/// Whether the other one may still be content with what we refuse. It is when a header says enough, and more
/// rules are held to here: the shortest length (RFC 6455 5.2), codes that may be sent (7.4), text only.
fn earlier(violation: Violation) -> bool {
    violation != Violation::NotText
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 512, ..ProptestConfig::default() })]

    #[test]
    fn whole_messages_are_understood_however_they_are_cut(
        messages in prop::collection::vec(message(), 0..6),
        pieces in pieces(),
    ) {
        let bytes: Vec<u8> = messages.iter().flat_map(|(bytes, _)| bytes.clone()).collect();
        let expected: Vec<Said> = messages.into_iter().flat_map(|(_, said)| said).collect();
        let (said, violation) = ours(&bytes, &pieces);
        prop_assert_eq!(violation, None);
        prop_assert_eq!(&said, &expected);
        let (said, error) = theirs(&bytes);
        prop_assert!(error.is_none(), "{:?}", error);
        prop_assert_eq!(said, expected);
    }

    #[test]
    fn damaged_messages_are_refused_where_the_other_refuses_them(
        messages in prop::collection::vec(message(), 1..4),
        damage in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..4),
        pieces in pieces(),
    ) {
        let mut bytes: Vec<u8> = messages.into_iter().flat_map(|(bytes, _)| bytes).collect();
        for (place, value) in damage {
            let place = place.index(bytes.len());
            bytes[place] = value;
        }
        compare(&bytes, &pieces)?;
    }

    #[test]
    fn noise_is_refused_where_the_other_refuses_it(
        frames in prop::collection::vec((any::<u8>(), prop::collection::vec(any::<u8>(), 0..200)), 1..6),
        pieces in pieces(),
    ) {
        let bytes: Vec<u8> = frames.iter().flat_map(|(first, payload)| frame(*first, payload, [7; 4])).collect();
        compare(&bytes, &pieces)?;
    }
}

fn compare(bytes: &[u8], pieces: &[usize]) -> Result<(), TestCaseError> {
    let (said, violation) = ours(bytes, pieces);
    let whole = ours(bytes, &[usize::MAX]);
    prop_assert_eq!((&said, violation), (&whole.0, whole.1), "the same however it is cut");
    if said.iter().any(|said| matches!(said, Said::Close(_))) || violation == Some(Violation::Binary) {
        // Behind a close frame nothing counts, and binary messages are none of our language.
        return Ok(());
    }
    let (other, error) = theirs(bytes);
    match (violation, error) {
        (None, None) => prop_assert_eq!(said, other),
        (Some(violation), None) => {
            prop_assert!(earlier(violation), "{:?}", violation);
            prop_assert!(other.starts_with(&said));
        }
        (Some(_), Some(_)) => prop_assert!(said.starts_with(&other) || other.starts_with(&said)),
        (None, Some(error)) => {
            let early = matches!(
                error,
                // It may read on where we wait for more, and it checks a text before it is whole.
                Error::Utf8(_) | Error::Capacity(CapacityError::MessageTooLong { .. })
            ) || matches!(&error, Error::Protocol(ProtocolError::InvalidCloseSequence));
            prop_assert!(early, "{:?}", error);
            prop_assert!(other.starts_with(&said) || said.starts_with(&other));
        }
    }
    Ok(())
}
