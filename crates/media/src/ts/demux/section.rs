//! Tables on their way: sections put together, checked and read (ISO 13818-1, 2.4.4).
//!
//! Promise: only a section with the right checksum that holds now is read, and each once.

use std::marker::PhantomData;

use super::packet::{Before, Order, Packet};
use super::{Damage, UnitKind};
use crate::ts::tables::checksum;

pub(super) const PAT_PID: u16 = 0;
/// `table_id` and length.
const HEADER: usize = 3;
/// The rest of the header, up to the body.
const BODY: usize = 8;
const CHECKSUM: usize = 4;
/// The longest there is in these tables.
const LONGEST: usize = HEADER + 1_021;
/// `table_id` of nothing: what follows fills the packet.
const STUFFING: u8 = 0xff;
/// PIDs below are of tables.
const FIRST_FREE_PID: u16 = 0x10;
const NO_PID: u16 = 0x1fff;

/// A table that is one section.
pub(super) trait Table: Sized {
    /// `table_id`.
    const ID: u8;
    /// Reads what is between header and checksum.
    fn parse(body: &[u8]) -> Option<Self>;
}

/// Which program is where. Only the first is of interest.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Pat {
    pub(super) pmt: u16,
}

impl Table for Pat {
    const ID: u8 = 0;

    fn parse(body: &[u8]) -> Option<Self> {
        let is_program = |entry: &&[u8]| entry[..2] != [0, 0];
        let pids = body.chunks_exact(4).filter(is_program).map(|entry| pid(entry[2], entry[3]));
        pids.into_iter().flatten().next().map(|pmt| Self { pmt })
    }
}

/// What a program is made of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Pmt {
    pub(super) streams: Vec<(u16, UnitKind)>,
}

impl Table for Pmt {
    const ID: u8 = 2;

    fn parse(body: &[u8]) -> Option<Self> {
        let mut rest = past_descriptors(body, 2)?;
        let mut streams = Vec::new();
        while let [stream_type, high, low, ..] = *rest {
            streams.extend(pid(high, low).map(|pid| (pid, UnitKind::of(stream_type))));
            rest = past_descriptors(rest, 3)?;
        }
        Some(Self { streams })
    }
}

/// What follows the descriptors whose length stands at `at`.
fn past_descriptors(bytes: &[u8], at: usize) -> Option<&[u8]> {
    let (length, rest) = bytes.get(at..)?.split_first_chunk::<2>()?;
    rest.get(usize::from(length[0] & 0x0f) << 8 | usize::from(length[1])..)
}

fn pid(high: u8, low: u8) -> Option<u16> {
    let pid = u16::from(high & 0x1f) << 8 | u16::from(low);
    (FIRST_FREE_PID..NO_PID).contains(&pid).then_some(pid)
}

/// The sections of one PID.
#[derive(Debug)]
pub(super) struct Sections<T> {
    before: Before,
    /// Of a section that goes on in the next packet.
    open: Vec<u8>,
    /// The last that was read, so that repetitions cost little.
    known: Vec<u8>,
    table: PhantomData<T>,
}

impl<T> Default for Sections<T> {
    fn default() -> Self {
        Self { before: Before::default(), open: Vec::new(), known: Vec::new(), table: PhantomData }
    }
}

impl<T: Table> Sections<T> {
    /// Takes the next packet; the table if it says anything new.
    pub(super) fn packet(&mut self, packet: &Packet<'_>, damage: &mut Damage) -> Option<T> {
        if packet.payload.is_empty() || packet.is_scrambled {
            return None;
        }
        match self.before.order(packet) {
            Order::Next => {}
            Order::Repeated => return None,
            Order::Gap => self.open.clear(),
        }
        self.before.note(packet);
        if !packet.starts {
            return if self.open.is_empty() { None } else { self.take(packet.payload, damage) };
        }
        let (pointer, rest) = packet.payload.split_first()?;
        let Some((end, begin)) = rest.split_at_checked(usize::from(*pointer)) else {
            damage.tables += 1;
            self.open.clear();
            return None;
        };
        let last = if self.open.is_empty() { None } else { self.take(end, damage) };
        self.open.clear();
        self.take(begin, damage).or(last)
    }

    /// Adds bytes, reads the sections that are whole then, and keeps the rest.
    fn take(&mut self, bytes: &[u8], damage: &mut Damage) -> Option<T> {
        let mut open = std::mem::take(&mut self.open);
        open.extend_from_slice(bytes);
        let mut rest = &open[..];
        let mut newest = None;
        while let [id, high, low, ..] = *rest {
            let length = HEADER + (usize::from(high & 0x0f) << 8 | usize::from(low));
            if id == STUFFING {
                rest = &[];
            } else if length > LONGEST {
                damage.tables += 1;
                rest = &[];
            } else if let Some((section, after)) = rest.split_at_checked(length) {
                newest = self.section(section, damage).or(newest);
                rest = after;
            } else {
                break;
            }
        }
        self.open = rest.to_vec();
        newest
    }

    fn section(&mut self, section: &[u8], damage: &mut Damage) -> Option<T> {
        if section[0] != T::ID || section == self.known {
            return None;
        }
        let body = section.len().checked_sub(CHECKSUM).and_then(|end| section.get(BODY..end));
        let Some(body) = body.filter(|_| checksum(section) == 0) else {
            damage.tables += 1;
            return None;
        };
        // One that holds from now on, and the first of its table.
        let [_, _, _, _, _, validity, number, ..] = *section else { return None };
        if validity & 1 == 0 || number != 0 {
            return None;
        }
        let table = T::parse(body);
        match table {
            Some(_) => self.known = section.to_vec(),
            None => damage.tables += 1,
        }
        table
    }
}
