//! One elementary stream: its packets put together to PES packets, its times continued.
//!
//! Promise: a unit that lost a packet never comes out; one PES packet at most is held.

use crate::ticks::Ticks;

use super::packet::{Before, Order, Packet};
use super::pes::{Pes, Progress};
use super::{Damage, Unit, UnitKind};

/// A stream of the program.
#[derive(Debug)]
pub(super) struct Stream {
    pub(super) pid: u16,
    pub(super) kind: UnitKind,
    before: Before,
    open: Option<Pes>,
    /// The one before was taken for whole because its last packet was stuffed.
    was_closed_by_stuffing: bool,
    /// Stuffing means nothing in this stream: its encoder also stuffs within units.
    stuffs_within: bool,
    time: Option<Ticks>,
}

impl Stream {
    pub(super) fn new(pid: u16, kind: UnitKind) -> Self {
        Self {
            pid,
            kind,
            before: Before::default(),
            open: None,
            was_closed_by_stuffing: false,
            stuffs_within: false,
            time: None,
        }
    }

    /// Bytes of the unit on its way.
    pub(super) fn held(&self) -> usize {
        self.open.as_ref().map_or(0, Pes::len)
    }

    /// How this packet follows the one before.
    pub(super) fn order(&self, packet: &Packet<'_>) -> Order {
        self.before.order(packet)
    }

    /// Takes a packet that has a payload and is no repetition. `room`: bytes that the unit on its way may have.
    pub(super) fn packet(
        &mut self,
        packet: &Packet<'_>,
        room: usize,
        clock: Option<Ticks>,
        damage: &mut Damage,
    ) -> Option<Unit> {
        if self.order(packet) == Order::Gap {
            damage.gaps += 1;
            self.was_closed_by_stuffing = false;
            self.spoil(damage);
        }
        self.before.note(packet);
        if packet.is_scrambled {
            damage.scrambled += 1;
            self.spoil(damage);
            return None;
        }
        if packet.starts {
            self.open = Some(Pes::new(packet.payload, packet.random_access));
            self.was_closed_by_stuffing = false;
        } else {
            self.extend(packet, damage);
        }
        self.check(packet, room, clock, damage)
    }

    /// What has begun ends here: it is whole if it did not say how long it is.
    pub(super) fn close(&mut self, clock: Option<Ticks>, damage: &mut Damage) -> Option<Unit> {
        if self.open.as_ref().is_some_and(Pes::is_unbounded) {
            return self.unit(clock, damage);
        }
        self.spoil(damage);
        None
    }

    fn extend(&mut self, packet: &Packet<'_>, damage: &mut Damage) {
        if let Some(open) = &mut self.open {
            open.extend(packet.payload);
        } else if std::mem::take(&mut self.was_closed_by_stuffing) {
            // It went on: what came out was cut short.
            self.stuffs_within = true;
            damage.units += 1;
        }
    }

    fn check(
        &mut self,
        packet: &Packet<'_>,
        room: usize,
        clock: Option<Ticks>,
        damage: &mut Damage,
    ) -> Option<Unit> {
        let open = self.open.as_ref()?;
        match open.progress() {
            Progress::Whole => self.unit(clock, damage),
            Progress::Open if open.len() <= room => {
                let ends = packet.is_stuffed && !self.stuffs_within && open.is_unbounded();
                self.was_closed_by_stuffing = ends;
                if ends { self.unit(clock, damage) } else { None }
            }
            Progress::Open | Progress::Wrong => {
                self.spoil(damage);
                None
            }
        }
    }

    fn spoil(&mut self, damage: &mut Damage) {
        if self.open.take().is_some() {
            damage.units += 1;
        }
    }

    fn unit(&mut self, clock: Option<Ticks>, damage: &mut Damage) -> Option<Unit> {
        let open = self.open.take()?;
        let random_access = open.random_access;
        let Ok(content) = open.content() else {
            damage.units += 1;
            return None;
        };
        let content = content?;
        let near = self.time.or(clock);
        let dts = content.dts.or(content.pts).map(|dts| unwrap(dts, near));
        let pts = content.pts.map(|pts| unwrap(pts, dts));
        self.time = dts.or(self.time);
        Some(Unit { pid: self.pid, kind: self.kind, pts, dts, random_access, data: content.data })
    }
}

/// The time nearest to `near` whose lowest 33 bits are these.
fn unwrap(time: i64, near: Option<Ticks>) -> Ticks {
    const WRAP: i64 = 1 << 33;
    let Some(near) = near else { return Ticks::new(time) };
    let ahead = time.wrapping_sub(near.count()).rem_euclid(WRAP);
    let step = if ahead < WRAP / 2 { ahead } else { ahead - WRAP };
    near + Ticks::new(step)
}
