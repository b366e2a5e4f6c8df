//! How each kind of server is asked in, spoken to and understood.
//!
//! Promise: the same text travels in each: a mark, who sent it, which message it is, when it was due.

use crate::frames;
use crate::plan::Speech;

/// Stands before the numbers of a message; nothing else on the wire has it.
pub const MARK: &[u8] = b"@@";
/// The mark, 4 digits of the sender, 8 of the message, 16 of the nanoseconds when it was due.
const HEAD: usize = 2 + 4 + 8 + 16;
/// Bytes of a plain message.
const PLAIN: usize = 200;
/// Characters that a room takes in one message.
const WIDEST: usize = 500;

/// A message, as a receiver reads it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Message {
    pub sender: usize,
    pub number: usize,
    /// Since the run's zero.
    pub due_nanos: u64,
}

/// The text of a message.
pub fn text(message: Message, wide: bool) -> String {
    let mut text = format!("@@{:04}{:08}{:016}", message.sender, message.number, message.due_nanos);
    if wide {
        text.extend(std::iter::repeat_n('\u{1F600}', WIDEST - text.len()));
    } else {
        text.extend(std::iter::repeat_n('x', PLAIN - text.len()));
    }
    text
}

/// Reads the text behind a mark; `None` when its head is not whole.
fn read(bytes: &[u8]) -> Option<Message> {
    fn number(digits: &[u8]) -> u64 {
        digits.iter().fold(0, |number, digit| number * 10 + u64::from(digit.wrapping_sub(b'0')))
    }
    let head = bytes.get(..HEAD)?;
    Some(Message {
        sender: number(&head[2..6]) as usize,
        number: number(&head[6..14]) as usize,
        due_nanos: number(&head[14..HEAD]),
    })
}

/// The request for the upgrade.
pub fn request(speech: Speech, address: &str, token: Option<&str>) -> String {
    let mut text = format!(
        "GET / HTTP/1.1\r\nHost: {address}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\
         Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
    );
    if let (Speech::Ivs, Some(token)) = (speech, token) {
        text += &format!("Sec-WebSocket-Protocol: {token}\r\n");
    }
    text + "\r\n"
}

/// What a client says behind the upgrade before it is in the room.
pub fn greeting(speech: Speech) -> Option<Vec<u8>> {
    (speech == Speech::Nats).then(|| {
        let mut out = Vec::new();
        let text = "CONNECT {\"verbose\":false,\"pedantic\":false,\"echo\":true}\r\nSUB room 1\r\nPING\r\n";
        frames::put(&mut out, 2, text.as_bytes());
        out
    })
}

/// What tells that the greeting was understood.
pub const GREETED: &[u8] = b"PONG\r\n";

/// Appends the frame that sends this message.
pub fn put(out: &mut Vec<u8>, speech: Speech, message: Message, wide: bool) {
    let text = text(message, wide);
    match speech {
        Speech::Plain => frames::put(out, 1, text.as_bytes()),
        Speech::Nats => {
            frames::put(out, 2, format!("PUB room {}\r\n{text}\r\n", text.len()).as_bytes());
        }
        Speech::Ivs => {
            // As the official SDK writes it: a UUID with each request.
            let request = format!("{:08x}-0000-4000-8000-{:012x}", message.number, message.sender);
            let frame =
                format!("{{\"Action\":\"SEND_MESSAGE\",\"RequestId\":\"{request}\",\"Content\":\"{text}\"}}");
            frames::put(out, 1, frame.as_bytes());
        }
    }
}

/// What a data frame tells a client.
#[derive(Debug, PartialEq, Eq)]
pub enum Heard {
    Message(Message),
    /// The server refuses something; its words.
    Refusal(String),
}

/// Calls `hear` for each thing that a frame's payload tells. A message may span frames in NATS: `tail` keeps
/// what stands before its next part.
pub fn hear(speech: Speech, tail: &mut Vec<u8>, payload: &[u8], hear: &mut impl FnMut(Heard)) {
    if speech == Speech::Nats {
        return hear_stream(tail, payload, hear);
    }
    match memchr::memmem::find(payload, MARK).and_then(|at| read(&payload[at..])) {
        Some(message) => hear(Heard::Message(message)),
        None if memchr::memmem::find(payload, b"\"ERROR\"").is_some() => {
            hear(Heard::Refusal(String::from_utf8_lossy(payload).into_owned()));
        }
        None => {}
    }
}

fn hear_stream(tail: &mut Vec<u8>, payload: &[u8], hear: &mut impl FnMut(Heard)) {
    let joined;
    let mut bytes = payload;
    if !tail.is_empty() {
        joined = [tail.as_slice(), payload].concat();
        bytes = &joined;
    }
    let mut kept: &[u8] = if bytes.ends_with(b"@") { b"@" } else { b"" };
    let mut at = 0;
    while let Some(found) = memchr::memmem::find(&bytes[at..], MARK) {
        match read(&bytes[at + found..]) {
            Some(message) => hear(Heard::Message(message)),
            None => {
                kept = &bytes[at + found..];
                break;
            }
        }
        at += found + HEAD;
    }
    if memchr::memmem::find(payload, b"-ERR").is_some() {
        hear(Heard::Refusal(String::from_utf8_lossy(payload).into_owned()));
    }
    let kept = kept.to_vec();
    *tail = kept;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_is_read_back_in_each_speech_however_it_is_cut() {
        let message = Message { sender: 7, number: 1234, due_nanos: 9_876_543_210 };
        for wide in [false, true] {
            let payload = format!("MSG room 1 200\r\n{}\r\n", text(message, wide));
            for cut in 0..payload.len() {
                let (mut tail, mut heard) = (Vec::new(), Vec::new());
                let bytes = payload.as_bytes();
                hear(Speech::Nats, &mut tail, &bytes[..cut], &mut |one| heard.push(one));
                hear(Speech::Nats, &mut tail, &bytes[cut..], &mut |one| heard.push(one));
                assert_eq!(heard, [Heard::Message(message)], "cut at {cut}");
            }
            let mut heard = Vec::new();
            hear(Speech::Ivs, &mut Vec::new(), payload.as_bytes(), &mut |one| heard.push(one));
            assert_eq!(heard, [Heard::Message(message)]);
        }
        assert_eq!(text(message, false).len(), 200);
        assert_eq!(text(message, true).chars().count(), 500);
    }
}
