//! The RTMP chunk layer: messages out of chunks, and the server's few messages into chunks
//! (Adobe RTMP 1.0, 5.3).
//!
//! Promise: a message's payload is copied once, from the caller's buffer into its own exactly sized one;
//! what a connection may hold half-read is bounded; and the messages read do not depend on how the bytes
//! were split on their way here.

use bytes::Bytes;

use crate::error::{ChunkFault, Error};

/// Chunk size before either side says otherwise (5.4.1).
const INITIAL_CHUNK_SIZE: usize = 128;
/// The largest chunk size that makes a difference: a message's length has 24 bits.
const MAX_CHUNK_SIZE: usize = 0xff_ffff;
/// How many chunk streams one connection may open; encoders use four or five.
const MAX_STREAMS: usize = 64;
/// Room for the longest header: 3 basic, 11 message, 4 extended timestamp.
const HEADER_ROOM: usize = 18;
/// The timestamp field's value that says "see the extended field".
const EXTENDED: u32 = 0xff_ffff;

/// Message types that matter below the commands (5.4).
pub(crate) mod kind {
    pub(crate) const SET_CHUNK_SIZE: u8 = 1;
    pub(crate) const ABORT: u8 = 2;
    pub(crate) const ACKNOWLEDGEMENT: u8 = 3;
    pub(crate) const USER_CONTROL: u8 = 4;
    pub(crate) const WINDOW_ACK_SIZE: u8 = 5;
    pub(crate) const SET_PEER_BANDWIDTH: u8 = 6;
    pub(crate) const AUDIO: u8 = 8;
    pub(crate) const VIDEO: u8 = 9;
    pub(crate) const DATA_AMF3: u8 = 15;
    pub(crate) const COMMAND_AMF3: u8 = 17;
    pub(crate) const DATA_AMF0: u8 = 18;
    pub(crate) const COMMAND_AMF0: u8 = 20;
    pub(crate) const AGGREGATE: u8 = 22;
}

/// A whole message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Message {
    /// Its type, see [`kind`].
    pub(crate) kind: u8,
    /// Milliseconds on the sender's clock, wrapping.
    pub(crate) timestamp: u32,
    /// The payload.
    pub(crate) body: Bytes,
}

/// What a connection may make us hold.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Bounds {
    /// Longest message in bytes.
    pub(crate) message: usize,
    /// Longest sum of messages that have begun and not ended, in bytes.
    pub(crate) half_read: usize,
}

/// Reads messages out of chunks.
#[derive(Debug)]
pub(crate) struct Reader {
    chunk_size: usize,
    bounds: Bounds,
    streams: Vec<Stream>,
    half_read: usize,
    /// Bytes of a header that is not whole yet, or of a payload that was looked at in search of one.
    carry: [u8; HEADER_ROOM],
    carried: usize,
    /// The chunk being read: its stream's index and the payload bytes it still owes.
    current: Option<(usize, usize)>,
}

/// What later headers of a chunk stream refer to.
#[derive(Debug)]
struct Stream {
    id: u32,
    kind: u8,
    length: usize,
    timestamp: u32,
    delta: u32,
    extended: Option<u32>,
    body: Option<Vec<u8>>,
}

/// A chunk's header as it stands on the wire.
struct Header {
    stream: u32,
    form: u8,
    time: u32,
    extended: bool,
    length: usize,
    kind: u8,
    /// Bytes of it.
    size: usize,
}

impl Reader {
    pub(crate) fn new(bounds: Bounds) -> Self {
        Self {
            chunk_size: INITIAL_CHUNK_SIZE,
            bounds,
            streams: Vec::new(),
            half_read: 0,
            carry: [0; HEADER_ROOM],
            carried: 0,
            current: None,
        }
    }

    /// From now on other bounds hold.
    pub(crate) fn set_bounds(&mut self, bounds: Bounds) {
        self.bounds = bounds;
    }

    /// Payload bytes reserved for messages that have begun and not ended.
    pub(crate) fn half_read(&self) -> usize {
        self.half_read
    }

    /// Takes bytes from the front of `input` until a message is whole or the input is used up.
    pub(crate) fn read(&mut self, input: &mut &[u8]) -> Result<Option<Message>, Error> {
        loop {
            if let Some((index, owed)) = self.current {
                let owed = self.take_payload(index, owed, input);
                if owed > 0 {
                    self.current = Some((index, owed));
                    return Ok(None);
                }
                self.current = None;
                if let Some(message) = self.finish(index)? {
                    return Ok(Some(message));
                }
            }
            let Some(header) = self.take_header(input) else { return Ok(None) };
            let stream = header.stream;
            self.begin(&header).map_err(|fault| Error::Chunk { chunk_stream: stream, fault })?;
        }
    }

    /// Reads a header from what was carried over and the input; nothing when it is not whole yet.
    fn take_header(&mut self, input: &mut &[u8]) -> Option<Header> {
        let mut window = self.carry;
        let fresh = input.len().min(HEADER_ROOM - self.carried);
        window[self.carried..self.carried + fresh].copy_from_slice(&input[..fresh]);
        let known = self.carried + fresh;
        let Some(header) = self.parse_header(&window[..known]) else {
            // An unfinished header is shorter than the window, so the input is used up.
            (self.carry, self.carried, *input) = (window, known, &input[fresh..]);
            return None;
        };
        match header.size.checked_sub(self.carried) {
            Some(used) => {
                *input = &input[used..];
                self.carried = 0;
            }
            None => {
                self.carry.copy_within(header.size..self.carried, 0);
                self.carried -= header.size;
            }
        }
        Some(header)
    }

    fn parse_header(&self, bytes: &[u8]) -> Option<Header> {
        let (form, stream, mut at) = parse_basic(bytes)?;
        let mut header = Header { stream, form, time: 0, extended: false, length: 0, kind: 0, size: at };
        if form == 3 {
            let known = self.streams.iter().find(|known| known.id == stream);
            if let Some((known, value)) = known.and_then(|known| Some((known, known.extended?))) {
                header.size += repeated_field(bytes.get(at..)?, [value, known.timestamp])?;
            }
            return Some(header);
        }
        header.time = be24(bytes.get(at..at + 3)?);
        at += 3;
        if form <= 1 {
            let rest: &[u8; 4] = bytes.get(at..at + 4)?.try_into().ok()?;
            header.length = usize::try_from(be24(&rest[..3])).ok()?;
            header.kind = rest[3];
            at += 4;
        }
        if form == 0 {
            // The message stream id: one connection publishes one stream, so it tells nothing.
            bytes.get(at..at + 4)?;
            at += 4;
        }
        if header.time == EXTENDED {
            header.time = u32::from_be_bytes(bytes.get(at..at + 4)?.try_into().ok()?);
            header.extended = true;
            at += 4;
        }
        header.size = at;
        Some(header)
    }

    /// Applies a header and opens its chunk.
    fn begin(&mut self, header: &Header) -> Result<(), ChunkFault> {
        let index = self.stream(header)?;
        let stream = &mut self.streams[index];
        if header.form != 3 {
            // A header in the middle of a message gives that message up.
            if stream.body.take().is_some() {
                self.half_read -= stream.length;
            }
            stream.apply(header);
        }
        if stream.body.is_none() {
            if header.form == 3 {
                stream.timestamp = stream.timestamp.wrapping_add(stream.delta);
            }
            let (length, limit) = (stream.length, self.bounds.message);
            if length > limit {
                return Err(ChunkFault::MessageTooLong { length, limit });
            }
            if self.half_read + length > self.bounds.half_read {
                return Err(ChunkFault::TooMuchHalfRead(self.bounds.half_read));
            }
            self.half_read += length;
            stream.body = Some(Vec::with_capacity(length));
        }
        let held = stream.body.as_ref().map_or(0, Vec::len);
        self.current = Some((index, (stream.length - held).min(self.chunk_size)));
        Ok(())
    }

    fn stream(&mut self, header: &Header) -> Result<usize, ChunkFault> {
        if let Some(index) = self.streams.iter().position(|stream| stream.id == header.stream) {
            return Ok(index);
        }
        if header.form >= 2 {
            return Err(ChunkFault::Orphan(header.form));
        }
        if self.streams.len() >= MAX_STREAMS {
            return Err(ChunkFault::TooManyStreams(MAX_STREAMS));
        }
        self.streams.push(Stream {
            id: header.stream,
            kind: 0,
            length: 0,
            timestamp: 0,
            delta: 0,
            extended: None,
            body: None,
        });
        Ok(self.streams.len() - 1)
    }

    /// Moves payload bytes to their message; how many the chunk still owes afterwards.
    fn take_payload(&mut self, index: usize, owed: usize, input: &mut &[u8]) -> usize {
        let Some(body) = self.streams[index].body.as_mut() else { return 0 };
        let from_carry = owed.min(self.carried);
        if from_carry > 0 {
            body.extend_from_slice(&self.carry[..from_carry]);
            self.carry.copy_within(from_carry..self.carried, 0);
            self.carried -= from_carry;
        }
        let (head, rest) = input.split_at((owed - from_carry).min(input.len()));
        body.extend_from_slice(head);
        *input = rest;
        owed - from_carry - head.len()
    }

    /// Takes a message off its stream when it is whole, and obeys those that steer this very layer.
    fn finish(&mut self, index: usize) -> Result<Option<Message>, Error> {
        let stream = &mut self.streams[index];
        if stream.body.as_ref().is_none_or(|body| body.len() < stream.length) {
            return Ok(None);
        }
        let body = Bytes::from(stream.body.take().unwrap_or_default());
        self.half_read -= stream.length;
        let message = Message { kind: stream.kind, timestamp: stream.timestamp, body };
        let chunk_stream = stream.id;
        match message.kind {
            kind::SET_CHUNK_SIZE => {
                let size = control_u32(chunk_stream, &message)? & 0x7fff_ffff;
                self.chunk_size = usize::try_from(size).unwrap_or(MAX_CHUNK_SIZE).clamp(1, MAX_CHUNK_SIZE);
                Ok(None)
            }
            kind::ABORT => {
                let aborted = control_u32(chunk_stream, &message)?;
                self.abort(aborted);
                Ok(None)
            }
            _ => Ok(Some(message)),
        }
    }

    fn abort(&mut self, id: u32) {
        if let Some(stream) = self.streams.iter_mut().find(|stream| stream.id == id)
            && stream.body.take().is_some()
        {
            self.half_read -= stream.length;
        }
    }
}

impl Stream {
    fn apply(&mut self, header: &Header) {
        self.extended = header.extended.then_some(header.time);
        if header.form <= 1 {
            self.length = header.length;
            self.kind = header.kind;
        }
        if header.form == 0 {
            // The specification would let a type 3 after this add the absolute time once more (5.3.1.2.4);
            // encoders that send one mean "the same time".
            (self.timestamp, self.delta) = (header.time, 0);
            return;
        }
        self.delta = header.time;
        if header.extended && nearer_as_absolute(header.time, self.timestamp) {
            self.delta = header.time.wrapping_sub(self.timestamp);
        }
        self.timestamp = self.timestamp.wrapping_add(self.delta);
    }
}

/// Some encoders put the absolute time into the extended field of a delta header. A delta that needs the
/// field is a jump of hours; when the same number read as a time of day is nearer, it is one.
fn nearer_as_absolute(value: u32, before: u32) -> bool {
    let distance = |delta: u32| delta.cast_signed().unsigned_abs();
    distance(value.wrapping_sub(before)) < distance(value)
}

/// The basic header: type, chunk stream id, bytes used.
fn parse_basic(bytes: &[u8]) -> Option<(u8, u32, usize)> {
    let first = *bytes.first()?;
    let form = first >> 6;
    Some(match first & 0x3f {
        0 => (form, 64 + u32::from(*bytes.get(1)?), 2),
        1 => (form, 64 + u32::from(*bytes.get(1)?) + 256 * u32::from(*bytes.get(2)?), 3),
        id => (form, u32::from(id), 1),
    })
}

/// Is the extended timestamp repeated here? Most encoders repeat it in type 3 chunks, some leave it out,
/// and nothing announces which: the bytes are the field when they say what the field said before.
/// Gives the field's size here (0 or 4), or nothing while the bytes at hand leave it open.
fn repeated_field(bytes: &[u8], known: [u32; 2]) -> Option<usize> {
    let seen = &bytes[..bytes.len().min(4)];
    if !known.iter().any(|value| value.to_be_bytes().starts_with(seen)) {
        return Some(0);
    }
    (seen.len() == 4).then_some(4)
}

fn control_u32(chunk_stream: u32, message: &Message) -> Result<u32, Error> {
    be32(&message.body).ok_or(Error::Chunk { chunk_stream, fault: ChunkFault::ShortControl(message.kind) })
}

/// The first four bytes as a big-endian number.
pub(crate) fn be32(bytes: &[u8]) -> Option<u32> {
    bytes.first_chunk().map(|bytes| u32::from_be_bytes(*bytes))
}

/// Up to three bytes as a big-endian number.
pub(crate) fn be24(bytes: &[u8]) -> u32 {
    bytes.iter().take(3).fold(0, |sum, byte| (sum << 8) | u32::from(*byte))
}

/// Writes one message as chunks: a type 0 header at time zero, then type 3 for the rest.
/// `chunk_stream` is 2 to 63, `body` below 16 MiB.
pub(crate) fn write(
    out: &mut Vec<u8>,
    chunk_size: usize,
    chunk_stream: u8,
    kind: u8,
    message_stream: u32,
    body: &[u8],
) {
    let length = u32::try_from(body.len()).unwrap_or(EXTENDED).to_be_bytes();
    out.push(chunk_stream & 0x3f);
    out.extend_from_slice(&[0, 0, 0]);
    out.extend_from_slice(&length[1..]);
    out.push(kind);
    out.extend_from_slice(&message_stream.to_le_bytes());
    let mut chunks = body.chunks(chunk_size.max(1));
    out.extend_from_slice(chunks.next().unwrap_or_default());
    for chunk in chunks {
        out.push(0xc0 | (chunk_stream & 0x3f));
        out.extend_from_slice(chunk);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const BOUNDS: Bounds = Bounds { message: 4_096, half_read: 6_000 };

    fn read_all(bytes: &[u8]) -> Result<Vec<Message>, Error> {
        let mut reader = Reader::new(BOUNDS);
        let mut input = bytes;
        let mut messages = Vec::new();
        while let Some(message) = reader.read(&mut input)? {
            messages.push(message);
        }
        assert!(input.is_empty());
        Ok(messages)
    }

    fn fault(bytes: &[u8]) -> Option<ChunkFault> {
        match read_all(bytes) {
            Err(Error::Chunk { fault, .. }) => Some(fault),
            _ => None,
        }
    }

    fn header(form: u8, stream: u8, time: u32, length: u32, kind: u8) -> Vec<u8> {
        let mut bytes = vec![(form << 6) | stream];
        bytes.extend_from_slice(&time.to_be_bytes()[1..]);
        if form <= 1 {
            bytes.extend_from_slice(&length.to_be_bytes()[1..]);
            bytes.push(kind);
        }
        if form == 0 {
            bytes.extend_from_slice(&[1, 0, 0, 0]);
        }
        bytes
    }

    #[test]
    fn what_the_writer_writes_the_reader_reads() {
        let body: Vec<u8> = (0..=255).cycle().take(1_000).collect();
        let mut out = Vec::new();
        write(&mut out, 128, 5, kind::VIDEO, 1, &body);
        let expected = Message { kind: kind::VIDEO, timestamp: 0, body: body.into() };
        assert_eq!(read_all(&out).unwrap(), [expected]);
    }

    #[test]
    fn stream_ids_of_two_and_three_bytes_are_told_apart() {
        let mut bytes = vec![0x00, 0x00]; // 64
        bytes.extend_from_slice(&header(0, 0, 7, 1, 8)[1..]);
        bytes.push(b'a');
        bytes.extend_from_slice(&[0x01, 0x00, 0x01]); // 320
        bytes.extend_from_slice(&header(0, 0, 8, 1, 9)[1..]);
        bytes.push(b'b');
        bytes.extend_from_slice(&[0xc0, 0x00, b'c']); // 64 again
        let times: Vec<_> = read_all(&bytes).unwrap().iter().map(|m| (m.kind, m.timestamp)).collect();
        assert_eq!(times, [(8, 7), (9, 8), (8, 7)]);
    }

    #[test]
    fn oversized_and_orphaned_messages_are_refused_by_name() {
        assert_eq!(fault(&[0xc4]), Some(ChunkFault::Orphan(3)));
        assert_eq!(
            fault(&header(0, 4, 0, 4_097, 9)),
            Some(ChunkFault::MessageTooLong { length: 4_097, limit: 4_096 })
        );
        let two = [header(0, 4, 0, 4_000, 9), vec![0; 128], header(0, 5, 0, 4_000, 9)].concat();
        assert_eq!(fault(&two), Some(ChunkFault::TooMuchHalfRead(6_000)));
        let many: Vec<u8> =
            (0..=64).flat_map(|id| [vec![0, id], header(0, 0, 0, 0, 8)[1..].to_vec()].concat()).collect();
        assert_eq!(fault(&many), Some(ChunkFault::TooManyStreams(64)));
        assert_eq!(fault(&[header(0, 2, 0, 2, 1), vec![0, 0]].concat()), Some(ChunkFault::ShortControl(1)));
    }

    #[test]
    fn a_header_inside_a_message_gives_that_message_up() {
        let bytes = [header(0, 4, 0, 200, 9), vec![1; 128], header(0, 4, 5, 1, 9), vec![2]].concat();
        let messages = read_all(&bytes).unwrap();
        assert_eq!(messages.len(), 1);
        assert_eq!(messages[0].timestamp, 5);
    }

    #[test]
    fn a_chunk_size_of_zero_is_read_as_one() {
        let bytes =
            [header(0, 2, 0, 4, 1), vec![0; 4], header(0, 4, 9, 3, 8), vec![b'a', 0xc4, b'b', 0xc4, b'c']]
                .concat();
        assert_eq!(&read_all(&bytes).unwrap()[0].body[..], b"abc");
    }
}
