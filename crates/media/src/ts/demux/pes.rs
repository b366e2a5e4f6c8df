//! A PES packet on its way (ISO 13818-1, 2.4.3.6 and 2.4.3.7).
//!
//! Promise: header and payload are told apart only when all of the header is there.

use bytes::{Buf, Bytes, BytesMut};

/// Start code, stream and length.
const LENGTH_END: usize = 6;
/// And the flags and the length of what follows them.
const HEADER: usize = 9;
/// Streams whose packets have no such header: maps, padding, private stream 2, messages, directories.
const HEADLESS: [u8; 8] = [0xbc, 0xbe, 0xbf, 0xf0, 0xf1, 0xf2, 0xf8, 0xff];
/// First allocation for one that does not tell its length.
const FIRST_ROOM: usize = 4 << 10;

/// How far one has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Progress {
    /// More is to come.
    Open,
    /// Its last byte is there.
    Whole,
    /// It is no PES packet.
    Wrong,
}

/// One that has begun.
#[derive(Debug)]
pub(super) struct Pes {
    bytes: BytesMut,
    pub(super) random_access: bool,
}

/// What was in one. Times have 33 bits.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Content {
    pub(super) pts: Option<i64>,
    pub(super) dts: Option<i64>,
    pub(super) data: Bytes,
}

impl Pes {
    /// `payload` is that of the packet that it begins in.
    pub(super) fn new(payload: &[u8], random_access: bool) -> Self {
        let room = whole_length(payload).unwrap_or(FIRST_ROOM).max(payload.len());
        let mut bytes = BytesMut::with_capacity(room);
        bytes.extend_from_slice(payload);
        Self { bytes, random_access }
    }

    pub(super) fn extend(&mut self, payload: &[u8]) {
        self.bytes.extend_from_slice(payload);
    }

    pub(super) fn len(&self) -> usize {
        self.bytes.len()
    }

    pub(super) fn progress(&self) -> Progress {
        let begin = &self.bytes[..self.bytes.len().min(3)];
        if !begin.iter().eq([0, 0, 1].iter().take(begin.len())) {
            return Progress::Wrong;
        }
        match whole_length(&self.bytes) {
            Some(length) if length <= self.bytes.len() => Progress::Whole,
            _ => Progress::Open,
        }
    }

    /// Does it say nothing of its length? Then it ends where the next one begins. Its length may not be there yet.
    pub(super) fn is_unbounded(&self) -> bool {
        self.bytes.len() >= LENGTH_END && whole_length(&self.bytes).is_none()
    }

    /// Takes the header off. `Ok(None)` for streams that are of no use to anybody here.
    pub(super) fn content(mut self) -> Result<Option<Content>, Wrong> {
        if let Some(length) = whole_length(&self.bytes) {
            self.bytes.truncate(length);
        }
        let header = self.bytes.first_chunk::<HEADER>().copied();
        let is_headless = self.bytes.get(3).is_some_and(|stream| HEADLESS.contains(stream));
        if is_headless {
            return Ok(None);
        }
        let [_, _, _, _, _, _, marks, flags, length] = header.ok_or(Wrong)?;
        // The first two bits are fixed; the next two say that it is scrambled.
        if marks & 0xf0 != 0x80 {
            return Err(Wrong);
        }
        let fields = self.bytes.get(HEADER..HEADER + usize::from(length)).ok_or(Wrong)?;
        let pts = (flags & 0x80 != 0).then(|| timestamp(fields, 0)).flatten();
        let dts = (flags & 0xc0 == 0xc0).then(|| timestamp(fields, 5)).flatten();
        self.bytes.advance(HEADER + usize::from(length));
        Ok(Some(Content { pts, dts, data: self.bytes.freeze() }))
    }
}

/// It has no header, or one that it can't have.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Wrong;

/// Of a whole PES packet, where that is told.
fn whole_length(bytes: &[u8]) -> Option<usize> {
    let length = bytes.get(4..LENGTH_END)?;
    let length = usize::from(length[0]) << 8 | usize::from(length[1]);
    (length > 0).then_some(LENGTH_END + length)
}

/// 3, 15 and 15 bits, each with a marker behind it, which is not looked at: some encoders write it wrong.
fn timestamp(fields: &[u8], at: usize) -> Option<i64> {
    let [a, b, c, d, e] = *fields.get(at..)?.first_chunk::<5>()?;
    let word = |high: u8, low: u8| i64::from(high) << 7 | i64::from(low >> 1);
    Some(i64::from(a >> 1 & 7) << 30 | word(b, c) << 15 | word(d, e))
}
