//! One transport packet (ISO 13818-1, 2.4.3.2 to 2.4.3.5).
//!
//! Promise: what it says is within its 188 bytes; whether it is the next one, its number tells.

use crate::ts::packet::PACKET;

/// A packet, read.
#[derive(Clone, Copy, Debug)]
pub(super) struct Packet<'a> {
    pub(super) pid: u16,
    /// A PES packet or a section begins in it.
    pub(super) starts: bool,
    pub(super) is_scrambled: bool,
    /// Its number may be any (`discontinuity_indicator`).
    pub(super) may_jump: bool,
    pub(super) random_access: bool,
    /// There are bytes in it that are there only to fill it.
    pub(super) is_stuffed: bool,
    pub(super) counter: u8,
    /// Empty where there is none: then the packet is not counted either.
    pub(super) payload: &'a [u8],
}

impl<'a> Packet<'a> {
    /// `None` for one that says it is wrong, or whose fields do not fit it.
    pub(super) fn parse(bytes: &'a [u8; PACKET]) -> Option<Self> {
        const PAYLOAD: u8 = 0x10;
        const ADAPTATION: u8 = 0x20;
        let [_, high, low, control, body @ ..] = bytes;
        let is_wrong = high & 0x80 != 0 || control & (PAYLOAD | ADAPTATION) == 0;
        if is_wrong {
            return None;
        }
        let (field, rest) = match control & ADAPTATION {
            0 => (None, &body[..]),
            _ => {
                let (length, rest) = body.split_first()?;
                let (field, rest) = rest.split_at_checked(usize::from(*length))?;
                (Some(field), rest)
            }
        };
        let flags = field.and_then(<[u8]>::first).copied().unwrap_or(0);
        Some(Self {
            pid: u16::from(high & 0x1f) << 8 | u16::from(*low),
            starts: high & 0x40 != 0,
            is_scrambled: control & 0xc0 != 0,
            may_jump: flags & 0x80 != 0,
            random_access: flags & 0x40 != 0,
            is_stuffed: field.is_some_and(is_stuffed),
            counter: control & 0x0f,
            payload: if control & PAYLOAD != 0 { rest } else { &[] },
        })
    }
}

/// Is an adaptation field longer than what it says? One without flags is nothing but stuffing.
fn is_stuffed(field: &[u8]) -> bool {
    let Some((flags, mut rest)) = field.split_first() else { return true };
    let mut skip = |length: usize| rest = rest.get(length..).unwrap_or_default();
    // Two clocks, and the countdown to a splice.
    for (flag, length) in [(0x10, 6), (0x08, 6), (0x04, 1)] {
        if flags & flag != 0 {
            skip(length);
        }
    }
    // Private data and the extension have a length in front.
    for flag in [0x02, 0x01] {
        if flags & flag != 0 {
            rest = rest
                .split_first()
                .and_then(|(length, rest)| rest.get(usize::from(*length)..))
                .unwrap_or_default();
        }
    }
    !rest.is_empty()
}

/// How a packet follows the one before of its PID.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Order {
    /// Nothing is missing between them.
    Next,
    /// It is the same once more, which may be (2.4.3.3).
    Repeated,
    /// Something is missing.
    Gap,
}

/// The packet before.
#[derive(Clone, Debug, Default)]
pub(super) struct Before {
    counter: Option<u8>,
    payload: Vec<u8>,
}

impl Before {
    /// How this one, which has a payload, follows.
    pub(super) fn order(&self, packet: &Packet<'_>) -> Order {
        match self.counter {
            None => Order::Next,
            Some(counter) if counter == packet.counter && self.payload == packet.payload => Order::Repeated,
            Some(counter) if counter.wrapping_add(1) & 0x0f == packet.counter => Order::Next,
            Some(_) if packet.may_jump => Order::Next,
            Some(_) => Order::Gap,
        }
    }

    /// This one is the one before from now on.
    pub(super) fn note(&mut self, packet: &Packet<'_>) {
        self.counter = Some(packet.counter);
        self.payload.clear();
        self.payload.extend_from_slice(packet.payload);
    }
}
