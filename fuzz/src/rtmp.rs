//! A publisher's bytes from the first on, whole and in pieces.
//!
//! Promise checked: nothing panics, both ways of cutting give the same events, what is held, handed out and
//! answered stays in proportion to what came in, and text for viewers keeps its bounds.

use std::time::Duration;

use ingest::rtmp::{Event, Session, Told};
use ingest::{Intake, Output};
use media::amf0::{Value, encode};
use media::{Ticks, TrackKind};

/// What a session may hold: half-read messages, and what waits for a publish answer.
const HOLDS: usize = 9 << 20;

/// The first byte says how far the connection has come already (nothing, shaken hands, on air), the second
/// in what pieces the rest arrives.
pub fn run(data: &[u8]) {
    let [start, piece, rest @ ..] = data else { return };
    let bytes = [&opening(*start)[..], rest].concat();
    let whole = play(&bytes, bytes.len());
    let pieces = play(&bytes, usize::from(*piece));
    assert_eq!(whole, pieces, "the cuts make no difference");
}

fn opening(start: u8) -> Vec<u8> {
    let steps = start % 3;
    let mut bytes = Vec::new();
    if steps >= 1 {
        bytes.push(3);
        bytes.extend_from_slice(&[0; 2 * 1536]);
    }
    if steps >= 2 {
        let publish = [Value::string("publish"), Value::Number(5.0), Value::Null, Value::string("key")];
        let body = encode(&publish);
        bytes.extend_from_slice(&[3, 0, 0, 0, 0, 0]);
        bytes.extend(u8::try_from(body.len()));
        bytes.extend_from_slice(&[20, 0, 0, 0, 0]);
        bytes.extend_from_slice(&body);
    }
    bytes
}

/// Everything that the session said, and its last word.
fn play(bytes: &[u8], piece: usize) -> (Vec<Event>, Option<String>) {
    let mut session = Session::new(&mut |bytes| bytes.fill(1));
    let (mut intake, mut events, mut error) = (Intake::default(), Vec::new(), None);
    let (mut answered, mut last) = (0, [None, None]);
    for piece in bytes.chunks(piece.max(1)) {
        error = session.input(piece).err().map(|error| error.to_string());
        answered += session.take_output().len();
        while let Some(event) = session.poll_event() {
            if let Event::Publish(_) = event
                && let Err(late) = session.accept_publish()
            {
                error.get_or_insert(late.to_string());
            }
            if let Event::Told(Told::Text(text)) = &event {
                assert!((1..=1_024).contains(&text.len()), "a text of {} bytes", text.len());
            }
            take_in(&mut intake, &event, &mut last);
            events.push(event);
        }
        assert!(session.held_bytes() <= HOLDS);
        if error.is_some() {
            break;
        }
    }
    let media: usize = events.iter().map(size).sum();
    assert!(media <= bytes.len(), "frames of {media} bytes out of {}", bytes.len());
    assert!(answered <= 4_096 + 64 * bytes.len(), "answers of {answered} bytes to {}", bytes.len());
    (events, error)
}

fn size(event: &Event) -> usize {
    match event {
        Event::Video { body, .. } | Event::Audio { body, .. } => body.len(),
        _ => 0,
    }
}

fn take_in(intake: &mut Intake, event: &Event, last: &mut [Option<Ticks>; 2]) {
    // A stream that can't be used is as good an outcome here as one that can.
    let _unusable = intake.take(event.clone(), Duration::ZERO).is_err();
    while let Some(output) = intake.poll() {
        if let Output::Frame(frame) = output {
            let track = usize::from(frame.track == TrackKind::Audio);
            assert!(last[track].replace(frame.dts).is_none_or(|before| before < frame.dts));
            assert!(!frame.data.is_empty());
        }
    }
}
