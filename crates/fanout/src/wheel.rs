//! A timing wheel: one timer for each connection of a shard, in two links and a tick each.
//!
//! Promise: setting and clearing a timer costs the same however many there are; a timer fires at its tick or
//! at the first look after it, never before.

/// No such slot, or no timer set.
const NONE: u32 = u32::MAX;

/// Buckets; timers further away than that pass their bucket until their turn has come.
const BUCKETS: u32 = 2048;

/// Timers by slot, in ticks since the wheel's start.
#[derive(Debug)]
pub(crate) struct Wheel {
    heads: Box<[u32]>,
    /// A bit for each bucket that is not empty.
    occupied: [u64; (BUCKETS / 64) as usize],
    timers: Vec<Timer>,
    now: u32,
}

#[derive(Clone, Copy, Debug)]
struct Timer {
    next: u32,
    previous: u32,
    due: u32,
}

const UNSET: Timer = Timer { next: NONE, previous: NONE, due: NONE };

fn bucket(due: u32) -> u32 {
    due % BUCKETS
}

impl Wheel {
    pub(crate) fn new() -> Self {
        Self {
            heads: vec![NONE; BUCKETS as usize].into_boxed_slice(),
            occupied: [0; (BUCKETS / 64) as usize],
            timers: Vec::new(),
            now: 0,
        }
    }

    /// Sets the timer of a slot, in place of the one it had; one that is due already fires with the next tick.
    pub(crate) fn set(&mut self, slot: u32, due: u32) {
        let due = due.clamp(self.now + 1, NONE - 1);
        if self.timers.len() <= slot as usize {
            self.timers.resize(slot as usize + 1, UNSET);
        }
        if self.timers[slot as usize].due == due {
            return;
        }
        self.clear(slot);
        let bucket = bucket(due);
        let next = self.heads[bucket as usize];
        self.timers[slot as usize] = Timer { next, previous: NONE, due };
        if next != NONE {
            self.timers[next as usize].previous = slot;
        }
        self.heads[bucket as usize] = slot;
        self.occupied[(bucket / 64) as usize] |= 1 << (bucket % 64);
    }

    /// Takes the timer of a slot away, if it has one.
    pub(crate) fn clear(&mut self, slot: u32) {
        let Some(timer) = self.timers.get(slot as usize).copied().filter(|timer| timer.due != NONE) else {
            return;
        };
        let bucket = bucket(timer.due);
        if timer.previous == NONE {
            self.heads[bucket as usize] = timer.next;
            if timer.next == NONE {
                self.occupied[(bucket / 64) as usize] &= !(1 << (bucket % 64));
            }
        } else {
            self.timers[timer.previous as usize].next = timer.next;
        }
        if timer.next != NONE {
            self.timers[timer.next as usize].previous = timer.previous;
        }
        self.timers[slot as usize] = UNSET;
    }

    /// The next tick at which a timer may be due; it may turn out to be one of a later round.
    pub(crate) fn next(&self) -> Option<u32> {
        let first = bucket(self.now + 1);
        let words = self.occupied.len();
        // The first word is looked at twice: its high bits first, its low bits at the very end.
        for step in 0..=words {
            let at = ((first / 64) as usize + step) % words;
            let mut word = self.occupied[at];
            if step == 0 {
                word &= u64::MAX << (first % 64);
            } else if step == words {
                word &= !(u64::MAX << (first % 64));
            }
            if word != 0 {
                let found = u32::try_from(at).unwrap_or(0) * 64 + word.trailing_zeros();
                let ahead = (found + BUCKETS - first) % BUCKETS;
                return Some(self.now + 1 + ahead);
            }
        }
        None
    }

    /// Goes on to a tick and gives out the slots whose timers fired; they have none afterwards.
    pub(crate) fn advance(&mut self, to: u32, fired: &mut Vec<u32>) {
        let steps = to.saturating_sub(self.now).min(BUCKETS);
        for step in 1..=steps {
            let mut slot = self.heads[bucket(self.now + step) as usize];
            while slot != NONE {
                let timer = self.timers[slot as usize];
                if timer.due <= to {
                    self.clear(slot);
                    fired.push(slot);
                }
                slot = timer.next;
            }
        }
        self.now = self.now.max(to);
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn fires_each_timer_once_at_its_tick_and_none_that_was_cleared(
            steps in prop::collection::vec((0u32..40, 0u32..5000, 0u8..4, 0u32..3000), 1..200),
        ) {
            let mut wheel = Wheel::new();
            let mut model = BTreeMap::new();
            let mut now = 0;
            for (slot, ahead, what, ticks) in steps {
                match what {
                    0 | 1 => {
                        wheel.set(slot, now + ahead);
                        model.insert(slot, (now + ahead).max(now + 1));
                    }
                    2 => {
                        wheel.clear(slot);
                        model.remove(&slot);
                    }
                    _ => {
                        let mut fired = Vec::new();
                        wheel.advance(now + ticks, &mut fired);
                        now += ticks;
                        fired.sort_unstable();
                        let due: Vec<u32> =
                            model.iter().filter(|(_, due)| **due <= now).map(|(slot, _)| *slot).collect();
                        model.retain(|_, due| *due > now);
                        prop_assert_eq!(fired, due);
                    }
                }
                let next = wheel.next();
                prop_assert_eq!(next.is_some(), !model.is_empty());
                if let Some(soonest) = model.values().min() {
                    prop_assert!(next.is_some_and(|next| next > now && next <= *soonest));
                }
            }
        }
    }
}
