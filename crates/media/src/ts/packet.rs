//! Transport packets and the PES packets in them (ISO 13818-1, 2.4.3).
//!
//! Promise: each packet has 188 bytes and the next number of its PID; a PES packet fills whole packets.

use bytes::{BufMut, BytesMut};

/// Bytes of a transport packet.
pub(super) const PACKET: usize = 188;
pub(super) const SYNC: u8 = 0x47;
/// After the four bytes that each packet begins with.
const ROOM: usize = PACKET - 4;

/// What the first packet of a PES packet says beside it, in an adaptation field.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Lead {
    /// Program clock reference in 1/90 000 s, of which 33 bits are written.
    pub(super) clock: Option<i64>,
    /// Decoding can begin here.
    pub(super) random_access: bool,
}

impl Lead {
    /// Bytes of the adaptation field that says it.
    fn size(self) -> usize {
        match self {
            Self { clock: Some(_), .. } => 8,
            Self { clock: None, random_access: true } => 2,
            Self { clock: None, random_access: false } => 0,
        }
    }
}

/// The bytes before a PES packet's payload.
pub(super) struct PesHeader {
    bytes: [u8; 19],
    length: usize,
}

impl PesHeader {
    /// What its length counts beside the payload when there is one timestamp.
    pub(super) const AFTER_LENGTH: usize = 8;

    pub(super) fn video(pts: i64, dts: i64, payload: usize) -> Self {
        Self::new(0xe0, pts, Some(dts).filter(|dts| *dts != pts), payload)
    }

    pub(super) fn audio(pts: i64, payload: usize) -> Self {
        Self::new(0xc0, pts, None, payload)
    }

    /// Private stream 1.
    pub(super) fn id3(pts: i64, payload: usize) -> Self {
        Self::new(0xbd, pts, None, payload)
    }

    /// A payload whose length 16 bits can't tell has none, which only pictures may be (2.4.3.7).
    fn new(stream: u8, pts: i64, dts: Option<i64>, payload: usize) -> Self {
        let times = if dts.is_some() { 10 } else { 5 };
        let length = u16::try_from(payload.saturating_add(3 + times)).unwrap_or(0);
        let mut bytes = [0; 19];
        bytes[..4].copy_from_slice(&[0, 0, 1, stream]);
        bytes[4..6].copy_from_slice(&length.to_be_bytes());
        // Marker bits, and data alignment: what follows begins a picture, a frame, or a tag.
        bytes[6] = 0x84;
        bytes[8] = if dts.is_some() { 10 } else { 5 };
        match dts {
            None => {
                bytes[7] = 0x80;
                bytes[9..14].copy_from_slice(&timestamp(2, pts));
            }
            Some(dts) => {
                bytes[7] = 0xc0;
                bytes[9..14].copy_from_slice(&timestamp(3, pts));
                bytes[14..19].copy_from_slice(&timestamp(1, dts));
            }
        }
        Self { bytes, length: 9 + times }
    }

    fn as_slice(&self) -> &[u8] {
        &self.bytes[..self.length]
    }
}

/// The lowest 33 bits of a time: 3, 15 and 15 of them, each piece with a marker bit behind it.
fn timestamp(prefix: u8, time: i64) -> [u8; 5] {
    let bits = |shift: u32, mask: i64| time >> shift & mask;
    let value = i64::from(prefix) << 36 | bits(30, 7) << 33 | 1 << 32;
    let value = value | bits(15, 0x7fff) << 17 | 1 << 16 | bits(0, 0x7fff) << 1 | 1;
    let [_, _, _, bytes @ ..] = value.to_be_bytes();
    bytes
}

/// Writes a PES packet; the last transport packet is stuffed.
pub(super) fn put_pes(
    out: &mut BytesMut,
    pid: u16,
    counter: &mut u8,
    lead: Lead,
    header: &PesHeader,
    payload: &[u8],
) {
    let mut head = header.as_slice();
    let mut rest = payload;
    let mut lead = Some(lead);
    while !head.is_empty() || !rest.is_empty() {
        let first = lead.take();
        let field = first.map_or(0, Lead::size);
        let take = rest.len().min(ROOM - field - head.len());
        let field = ROOM - head.len() - take;
        let (now, later) = rest.split_at(take);
        put_packet_header(out, pid, first.is_some(), field > 0, counter);
        put_adaptation(out, field, first.unwrap_or_default());
        out.put_slice(head);
        out.put_slice(now);
        head = &[];
        rest = later;
    }
}

/// The four bytes that a packet with a payload begins with.
pub(super) fn put_packet_header(
    out: &mut BytesMut,
    pid: u16,
    start: bool,
    adaptation: bool,
    counter: &mut u8,
) {
    const PAYLOAD: u8 = 0x10;
    const ADAPTATION: u8 = 0x20;
    out.put_u8(SYNC);
    out.put_u16(u16::from(start) << 14 | (pid & 0x1fff));
    out.put_u8(PAYLOAD | if adaptation { ADAPTATION } else { 0 } | (*counter & 0x0f));
    *counter = counter.wrapping_add(1) & 0x0f;
}

/// An adaptation field of `size` bytes in all; what it does not need is stuffing.
fn put_adaptation(out: &mut BytesMut, size: usize, lead: Lead) {
    const RANDOM_ACCESS: u8 = 0x40;
    const CLOCK: u8 = 0x10;
    let Some(length) = size.checked_sub(1) else { return };
    out.put_u8(u8::try_from(length).expect("it is within a packet"));
    if length == 0 {
        return;
    }
    let access = if lead.random_access { RANDOM_ACCESS } else { 0 };
    out.put_u8(access | if lead.clock.is_some() { CLOCK } else { 0 });
    let mut used = 1;
    if let Some(clock) = lead.clock {
        // 33 bits, six reserved ones, and the extension in 1/27 000 000 s, which is 0.
        let base = (clock & 0x1_ffff_ffff) << 15 | 0x7e00;
        out.put_slice(&base.to_be_bytes()[2..]);
        used += 6;
    }
    out.put_bytes(0xff, length - used);
}
