//! WebSocket frames as bytes (RFC 6455): what clients send is read here, what we send is written here.
//!
//! **Way in**: [`read`] (bytes of a client, as they come), [`text`], [`close`] (frames to write).
//! **Way out**: [`Heard`], [`Violation`].
//!
//! Promise: any split of the same bytes gives the same events; a frame that breaks a rule is refused when its
//! header is there, before its payload is waited for; what is kept between two calls is less than one frame and
//! the message begun, each within the limit. No socket, no clock. Public for fuzzing.

use bytes::{BufMut, Bytes, BytesMut};

/// Longest payload of a control frame (RFC 6455 5.5).
const CONTROL_MAX: usize = 125;

/// An unmasked ping without payload (RFC 6455 5.5.2).
pub const PING: &[u8] = &[0x89, 0];

/// Something that a client said.
#[derive(Debug, PartialEq, Eq)]
pub enum Heard<'a> {
    /// A whole text message.
    Text(&'a str),
    /// A ping; its payload belongs into the pong (5.5.3).
    Ping(&'a [u8]),
    /// A pong, asked for or not (5.5.3).
    Pong,
    /// A close frame; the code is absent if its body was empty (7.1.5). Nothing is read behind it (5.5.1).
    Close(Option<u16>),
}

/// A broken rule.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Violation {
    /// A rule of framing.
    #[error("{0}")]
    Protocol(&'static str),
    /// A binary message; only text is spoken here.
    #[error("binary messages are not accepted")]
    Binary,
    /// A text or a close reason that is not UTF-8 (8.1).
    #[error("text is not UTF-8")]
    NotText,
    /// A message longer than the limit.
    #[error("message exceeds maximum length")]
    TooLong,
}

impl Violation {
    /// The close code for it (7.4.1).
    pub fn code(self) -> u16 {
        match self {
            Self::Protocol(_) => 1002,
            Self::Binary => 1003,
            Self::NotText => 1007,
            Self::TooLong => 1009,
        }
    }
}

/// What stays of a client's bytes between two calls of [`read`].
#[derive(Debug, Default)]
pub struct Unfinished {
    /// A frame that is not whole yet.
    frame: Vec<u8>,
    /// The fragments of the message so far, unmasked.
    message: Vec<u8>,
    /// Whether a message has begun; it may so far be empty.
    begun: bool,
}

impl Unfinished {
    /// Whether nothing is kept.
    pub fn is_empty(&self) -> bool {
        self.frame.is_empty() && !self.begun
    }

    /// Bytes kept.
    pub fn len(&self) -> usize {
        self.frame.len() + self.message.len()
    }
}

/// Whether the caller wants to hear on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Flow {
    /// Read on.
    On,
    /// Forget the rest.
    Stop,
}

/// Reads what a client sent; `limit` is the longest message in bytes. The bytes are unmasked in place.
///
/// After an error or [`Flow::Stop`] nothing more of this client may be read.
///
/// # Errors
/// The first broken rule, after all that was heard before it.
pub fn read(
    unfinished: &mut Unfinished,
    bytes: &mut [u8],
    limit: usize,
    mut heard: impl FnMut(Heard<'_>) -> Flow,
) -> Result<(), Violation> {
    if unfinished.frame.is_empty() {
        let used = frames(unfinished, bytes, limit, &mut heard)?;
        unfinished.frame.extend_from_slice(bytes.get(used..).unwrap_or_default());
        return Ok(());
    }
    let mut frame = std::mem::take(&mut unfinished.frame);
    frame.extend_from_slice(bytes);
    let used = frames(unfinished, &mut frame, limit, &mut heard)?;
    frame.drain(..used);
    if !frame.is_empty() {
        unfinished.frame = frame;
    }
    Ok(())
}

/// Reads whole frames; gives back how many bytes they had.
fn frames(
    unfinished: &mut Unfinished,
    bytes: &mut [u8],
    limit: usize,
    heard: &mut impl FnMut(Heard<'_>) -> Flow,
) -> Result<usize, Violation> {
    let mut at = 0;
    while let Some(header) = Header::parse(&bytes[at..])? {
        header.fits(unfinished, limit)?;
        let start = at + header.size;
        let Some(payload) = bytes.get_mut(start..).and_then(|rest| rest.get_mut(..header.length)) else {
            break;
        };
        unmask(payload, header.mask);
        at = start + header.length;
        if dispatch(&header, payload, unfinished, heard)? == Flow::Stop {
            return Ok(bytes.len());
        }
    }
    Ok(at)
}

fn dispatch(
    header: &Header,
    payload: &[u8],
    unfinished: &mut Unfinished,
    heard: &mut impl FnMut(Heard<'_>) -> Flow,
) -> Result<Flow, Violation> {
    match header.opcode {
        Opcode::Text if header.last => {
            let text = std::str::from_utf8(payload).map_err(|_| Violation::NotText)?;
            Ok(heard(Heard::Text(text)))
        }
        Opcode::Text | Opcode::Continuation => {
            unfinished.begun = true;
            unfinished.message.extend_from_slice(payload);
            if !header.last {
                return Ok(Flow::On);
            }
            unfinished.begun = false;
            let message = std::mem::take(&mut unfinished.message);
            let text = std::str::from_utf8(&message).map_err(|_| Violation::NotText)?;
            Ok(heard(Heard::Text(text)))
        }
        Opcode::Ping => Ok(heard(Heard::Ping(payload))),
        Opcode::Pong => Ok(heard(Heard::Pong)),
        Opcode::Close => {
            let code = close_code(payload)?;
            heard(Heard::Close(code));
            Ok(Flow::Stop)
        }
    }
}

/// The body of a close frame: nothing, or a code that may be on the wire and a reason in UTF-8 (5.5.1, 7.4).
fn close_code(payload: &[u8]) -> Result<Option<u16>, Violation> {
    let (code, reason) = match payload {
        [] => return Ok(None),
        [_] => return Err(Violation::Protocol("close frame with half a code")),
        [high, low, reason @ ..] => (u16::from_be_bytes([*high, *low]), reason),
    };
    if !may_be_sent(code) {
        return Err(Violation::Protocol("close code that must not be sent"));
    }
    std::str::from_utf8(reason).map_err(|_| Violation::NotText)?;
    Ok(Some(code))
}

/// Codes that an endpoint may put into a close frame: registered ones, and those of libraries and applications
/// (7.4.1, 7.4.2; 1012 to 1014 from the IANA registry). 1005, 1006 and 1015 only stand for what was not sent.
fn may_be_sent(code: u16) -> bool {
    matches!(code, 1000..=1003 | 1007..=1014 | 3000..=4999)
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Opcode {
    Continuation,
    Text,
    Close,
    Ping,
    Pong,
}

impl Opcode {
    fn is_control(self) -> bool {
        matches!(self, Self::Close | Self::Ping | Self::Pong)
    }
}

/// The header of a client's frame (5.2).
#[derive(Debug)]
struct Header {
    last: bool,
    opcode: Opcode,
    mask: [u8; 4],
    /// Bytes of the header itself.
    size: usize,
    /// Bytes of the payload.
    length: usize,
}

impl Header {
    /// The header, if it is whole; rules are checked as soon as the bytes they speak of are there.
    fn parse(bytes: &[u8]) -> Result<Option<Self>, Violation> {
        let [first, second, rest @ ..] = bytes else {
            if let [first] = bytes {
                opcode(*first)?;
            }
            return Ok(None);
        };
        let opcode = opcode(*first)?;
        let last = first & 0x80 != 0;
        if second & 0x80 == 0 {
            // 5.1: "a server MUST close the connection upon receiving a frame that is not masked".
            return Err(Violation::Protocol("frame without a mask"));
        }
        let short = usize::from(second & 0x7f);
        if opcode.is_control() && (short > CONTROL_MAX || !last) {
            return Err(Violation::Protocol("control frame that is long or fragmented"));
        }
        let Some((length, wide)) = length(short, rest)? else { return Ok(None) };
        let Some(mask) = rest.get(wide..wide + 4) else { return Ok(None) };
        let mask = [mask[0], mask[1], mask[2], mask[3]];
        Ok(Some(Self { last, opcode, mask, size: 2 + wide + 4, length }))
    }

    /// Rules between frames: fragments in order (5.4), the message within its limit.
    fn fits(&self, unfinished: &Unfinished, limit: usize) -> Result<(), Violation> {
        match (self.opcode, unfinished.begun) {
            (Opcode::Continuation, false) => Err(Violation::Protocol("continuation of nothing")),
            (Opcode::Text, true) => Err(Violation::Protocol("new message within a fragmented one")),
            (opcode, _) if opcode.is_control() => Ok(()),
            _ if self.length > limit.saturating_sub(unfinished.message.len()) => Err(Violation::TooLong),
            _ => Ok(()),
        }
    }
}

/// The first byte: reserved bits are for extensions, and none is agreed (5.2); opcodes 3 to 7 and 11 to 15 are
/// reserved too.
fn opcode(first: u8) -> Result<Opcode, Violation> {
    if first & 0x70 != 0 {
        return Err(Violation::Protocol("reserved bit set"));
    }
    match first & 0x0f {
        0 => Ok(Opcode::Continuation),
        1 => Ok(Opcode::Text),
        2 => Err(Violation::Binary),
        8 => Ok(Opcode::Close),
        9 => Ok(Opcode::Ping),
        10 => Ok(Opcode::Pong),
        _ => Err(Violation::Protocol("reserved opcode")),
    }
}

/// The payload's length and how many bytes said it behind the second; the shortest form is a must (5.2).
fn length(short: usize, rest: &[u8]) -> Result<Option<(usize, usize)>, Violation> {
    const LONG_WINDED: Violation = Violation::Protocol("length not in its shortest form");
    match short {
        126 => {
            let Some([high, low]) = rest.get(..2) else { return Ok(None) };
            let length = usize::from(u16::from_be_bytes([*high, *low]));
            if length < 126 { Err(LONG_WINDED) } else { Ok(Some((length, 2))) }
        }
        127 => {
            let Some(bytes) = rest.get(..8).and_then(|bytes| <[u8; 8]>::try_from(bytes).ok()) else {
                return Ok(None);
            };
            let length = u64::from_be_bytes(bytes);
            if length >> 63 != 0 {
                return Err(Violation::Protocol("length above 63 bits"));
            }
            if length <= 0xffff {
                return Err(LONG_WINDED);
            }
            usize::try_from(length).map(|length| Some((length, 8))).map_err(|_| Violation::TooLong)
        }
        short => Ok(Some((short, 0))),
    }
}

/// Takes the mask off (5.3).
fn unmask(payload: &mut [u8], mask: [u8; 4]) {
    let wide = u64::from_ne_bytes([mask[0], mask[1], mask[2], mask[3], mask[0], mask[1], mask[2], mask[3]]);
    let mut words = payload.chunks_exact_mut(8);
    for word in &mut words {
        let plain = <[u8; 8]>::try_from(&*word).map_or(0, u64::from_ne_bytes) ^ wide;
        word.copy_from_slice(&plain.to_ne_bytes());
    }
    for (byte, mask) in words.into_remainder().iter_mut().zip(mask.iter().cycle()) {
        *byte ^= mask;
    }
}

/// One unmasked, unfragmented text message.
pub fn text(message: &str) -> Bytes {
    server_frame(0x81, message.as_bytes())
}

/// A close frame; the reason is cut to 123 bytes on a character's boundary. A code that must not be sent
/// (7.4.1) gives an empty body, which says "no status".
pub fn close(code: u16, reason: &str) -> Bytes {
    if !may_be_sent(code) {
        return server_frame(0x88, &[]);
    }
    let mut body = code.to_be_bytes().to_vec();
    body.extend_from_slice(&reason.as_bytes()[..reason.floor_char_boundary(CONTROL_MAX - 2)]);
    server_frame(0x88, &body)
}

/// The answer to a close frame: its code comes back (5.5.1).
pub(crate) fn close_answer(code: Option<u16>) -> Bytes {
    code.map_or_else(|| server_frame(0x88, &[]), |code| close(code, ""))
}

/// The answer to a ping (5.5.3).
pub(crate) fn pong(payload: &[u8]) -> Bytes {
    server_frame(0x8a, payload)
}

fn server_frame(first: u8, payload: &[u8]) -> Bytes {
    let mut frame = BytesMut::with_capacity(payload.len() + 10);
    frame.put_u8(first);
    if let Ok(short) = u8::try_from(payload.len())
        && short < 126
    {
        frame.put_u8(short);
    } else if let Ok(medium) = u16::try_from(payload.len()) {
        frame.put_u8(126);
        frame.put_u16(medium);
    } else {
        frame.put_u8(127);
        frame.put_u64(payload.len() as u64);
    }
    frame.put_slice(payload);
    frame.freeze()
}

/// Length on the wire of the frame of ours that `bytes` starts with; all bytes if they are cut short.
pub(crate) fn server_frame_length(bytes: &[u8]) -> usize {
    let length = match bytes {
        [_, 126, high, low, ..] => 4 + usize::from(u16::from_be_bytes([*high, *low])),
        [_, 127, rest @ ..] => rest
            .get(..8)
            .and_then(|bytes| <[u8; 8]>::try_from(bytes).ok())
            .and_then(|bytes| usize::try_from(u64::from_be_bytes(bytes)).ok())
            .map_or(bytes.len(), |length| length.saturating_add(10)),
        [_, short, ..] if *short < 126 => 2 + usize::from(*short),
        _ => bytes.len(),
    };
    length.min(bytes.len())
}
