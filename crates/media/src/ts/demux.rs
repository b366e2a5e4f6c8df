//! Transport stream in, elementary units out.
//!
//! Promise: a unit comes out as soon as its last byte can be known to be in; what is damaged is dropped and
//! counted, never repaired by guesses; memory is bounded whatever comes in, at whatever chunking.
//!
//! Packets, tables and PES are those of ISO 13818-1 (2019), 2.4. The first program is followed.

mod packet;
mod pes;
mod section;
mod stream;

use std::collections::VecDeque;

use bytes::Bytes;

use crate::ticks::Ticks;

use super::packet::{PACKET, SYNC};
use packet::{Order, Packet};
use section::{PAT_PID, Pat, Pmt, Sections};
use stream::Stream;

/// Streams of a program that are followed.
const MOST_STREAMS: usize = 8;
/// Bytes that units still on their way may take together, and so the largest unit.
pub const LARGEST_UNIT: usize = 16 << 20;

/// What is in a unit.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum UnitKind {
    /// An H.264 access unit as a byte stream (`stream_type` 0x1b): see [`crate::avc::AccessUnit`].
    Video,
    /// AAC frames behind ADTS headers (`stream_type` 0x0f): see [`super::AdtsFrames`].
    Audio,
    /// Anything else, by its `stream_type` (ISO 13818-1, table 2-34).
    Data(u8),
}

impl UnitKind {
    fn of(stream_type: u8) -> Self {
        match stream_type {
            super::tables::H264 => Self::Video,
            super::tables::AAC_ADTS => Self::Audio,
            other => Self::Data(other),
        }
    }
}

/// The payload of one PES packet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unit {
    /// Which stream of the program it is from.
    pub pid: u16,
    /// What is in it.
    pub kind: UnitKind,
    /// When it is presented; the 33 bits are continued beyond their wrap.
    pub pts: Option<Ticks>,
    /// When it is decoded; the same as `pts` where only that was told.
    pub dts: Option<Ticks>,
    /// The container says that decoding can begin here (`random_access_indicator`).
    pub random_access: bool,
    /// The bytes.
    pub data: Bytes,
}

/// What was wrong so far. Nothing of it comes out.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Damage {
    /// Bytes outside of packets, or of what was no packet.
    pub bytes: u64,
    /// Packets that say themselves that they are wrong, or contradict themselves.
    pub packets: u64,
    /// Places where packets of a stream are missing.
    pub gaps: u64,
    /// Scrambled packets of a stream.
    pub scrambled: u64,
    /// Sections of tables with a wrong checksum or form.
    pub tables: u64,
    /// Units that were begun, and not whole.
    pub units: u64,
}

/// Bytes in, units out. One for each stream.
#[derive(Debug)]
pub struct Demuxer {
    /// Less than a packet, or than a packet and a byte while the beginning of one is looked for.
    rest: Vec<u8>,
    is_locked: bool,
    pat: Sections<Pat>,
    pmt: Option<(u16, Sections<Pmt>)>,
    streams: Vec<Stream>,
    /// Bytes of all unfinished units.
    open: usize,
    clock: Option<Ticks>,
    found: VecDeque<Unit>,
    damage: Damage,
}

impl Default for Demuxer {
    fn default() -> Self {
        Self::new()
    }
}

impl Demuxer {
    /// One that takes the first timestamp as it stands.
    pub fn new() -> Self {
        Self {
            rest: Vec::new(),
            is_locked: true,
            pat: Sections::default(),
            pmt: None,
            streams: Vec::new(),
            open: 0,
            clock: None,
            found: VecDeque::new(),
            damage: Damage::default(),
        }
    }

    /// One whose first timestamp is the one nearest to `time`: timestamps have 33 bits (26 hours), the times that
    /// were written may have had more.
    pub fn near(time: Ticks) -> Self {
        Self { clock: Some(time), ..Self::new() }
    }

    /// Takes in what comes next, of any length. Take out what was found before more is pushed: that alone is not
    /// bounded here.
    pub fn push(&mut self, bytes: &[u8]) {
        let mut bytes = bytes;
        while !self.rest.is_empty() && !bytes.is_empty() {
            let wanted = if self.is_locked { PACKET } else { PACKET + 1 };
            let missing = wanted.saturating_sub(self.rest.len()).min(bytes.len());
            let (now, later) = bytes.split_at(missing);
            self.rest.extend_from_slice(now);
            bytes = later;
            if self.rest.len() >= wanted {
                let mut rest = std::mem::take(&mut self.rest);
                rest.drain(..self.consume(&rest));
                self.rest = rest;
            }
        }
        if self.rest.is_empty() {
            let used = self.consume(bytes);
            self.rest.extend_from_slice(&bytes[used..]);
        }
    }

    /// Nothing more will come: what is whole only by that comes out, and what is not is dropped.
    pub fn end(&mut self) {
        self.damage.bytes += count(std::mem::take(&mut self.rest).len());
        for index in 0..self.streams.len() {
            self.close(index);
        }
        self.streams.clear();
    }

    /// The next unit. In order for each stream, not across streams.
    #[expect(clippy::should_implement_trait, reason = "`None` is not the end: more may be pushed")]
    pub fn next(&mut self) -> Option<Unit> {
        self.found.pop_front()
    }

    /// What was wrong so far.
    pub fn damage(&self) -> Damage {
        self.damage
    }

    /// Bytes that it holds of units that are not whole yet, and of half a packet.
    pub fn held(&self) -> usize {
        self.open + self.rest.len()
    }

    /// Reads whole packets; how many bytes are done with.
    fn consume(&mut self, bytes: &[u8]) -> usize {
        let mut at = 0;
        while let Some(first) = bytes.get(at) {
            if !self.is_locked {
                match self.look_for_packet(bytes, at) {
                    Ok(found) => at = found,
                    Err(used) => return used,
                }
            } else if *first == SYNC {
                let Some(packet) = bytes[at..].first_chunk::<PACKET>() else { return at };
                self.packet(packet);
                at += PACKET;
            } else {
                self.is_locked = false;
            }
        }
        at
    }

    /// Where a packet begins: at a sync byte that has another one right behind its packet. The error is what is
    /// done with when more bytes are needed to know.
    fn look_for_packet(&mut self, bytes: &[u8], from: usize) -> Result<usize, usize> {
        for (at, _) in bytes.iter().enumerate().skip(from).filter(|(_, byte)| **byte == SYNC) {
            match bytes.get(at + PACKET) {
                Some(&SYNC) => {
                    self.is_locked = true;
                    self.damage.bytes += count(at - from);
                    return Ok(at);
                }
                Some(_) => {}
                None => {
                    self.damage.bytes += count(at - from);
                    return Err(at);
                }
            }
        }
        self.damage.bytes += count(bytes.len() - from);
        Err(bytes.len())
    }

    fn packet(&mut self, bytes: &[u8; PACKET]) {
        let Some(packet) = Packet::parse(bytes) else {
            self.damage.packets += 1;
            return;
        };
        if packet.pid == PAT_PID {
            if let Some(pat) = self.pat.packet(&packet, &mut self.damage) {
                self.follow(pat);
            }
        } else if let Some((pid, sections)) = &mut self.pmt
            && *pid == packet.pid
        {
            if let Some(pmt) = sections.packet(&packet, &mut self.damage) {
                self.renew(&pmt);
            }
        } else if let Some(index) = self.streams.iter().position(|stream| stream.pid == packet.pid) {
            self.stream_packet(index, &packet);
        }
    }

    fn follow(&mut self, pat: Pat) {
        if self.pmt.as_ref().is_none_or(|(pid, _)| *pid != pat.pmt) {
            self.pmt = Some((pat.pmt, Sections::default()));
        }
    }

    /// Other streams: those that stay keep what they have.
    fn renew(&mut self, pmt: &Pmt) {
        let is_kept = |stream: &Stream| pmt.streams.contains(&(stream.pid, stream.kind));
        let gone: Vec<usize> =
            (0..self.streams.len()).filter(|index| !is_kept(&self.streams[*index])).collect();
        gone.into_iter().for_each(|index| self.close(index));
        self.streams.retain(is_kept);
        for (pid, kind) in &pmt.streams {
            let is_known = self.streams.iter().any(|stream| stream.pid == *pid);
            if !is_known && self.streams.len() < MOST_STREAMS {
                self.streams.push(Stream::new(*pid, *kind));
            }
        }
    }

    fn stream_packet(&mut self, index: usize, packet: &Packet<'_>) {
        let order = self.streams[index].order(packet);
        if packet.payload.is_empty() || order == Order::Repeated {
            return;
        }
        if packet.starts && order == Order::Next {
            self.close(index);
        }
        let stream = &mut self.streams[index];
        let before = stream.held();
        // What this stream may hold, beside what the others do.
        let room = LARGEST_UNIT.saturating_sub(self.open - before);
        let unit = stream.packet(packet, room, self.clock, &mut self.damage);
        self.open = self.open - before + stream.held();
        self.tell(unit);
    }

    /// What a stream has begun ends here.
    fn close(&mut self, index: usize) {
        let stream = &mut self.streams[index];
        self.open -= stream.held();
        let unit = stream.close(self.clock, &mut self.damage);
        self.tell(unit);
    }

    fn tell(&mut self, unit: Option<Unit>) {
        let Some(unit) = unit else { return };
        self.clock = unit.dts.or(self.clock);
        self.found.push_back(unit);
    }
}

fn count(length: usize) -> u64 {
    u64::try_from(length).unwrap_or(u64::MAX)
}
