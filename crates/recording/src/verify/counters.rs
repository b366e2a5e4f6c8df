//! Continuity counters of transport streams, across pieces (ISO 13818-1, 2.4.3.3).
//!
//! Promise: packets that are missing between two pieces are noticed, 15 times of 16 for each stream.

use std::collections::BTreeMap;

const PACKET: usize = 188;
const NULL: u16 = 0x1fff;

/// The last counter of each stream.
#[derive(Debug, Default)]
pub(super) struct Counters {
    last: BTreeMap<u16, u8>,
}

impl Counters {
    /// Another stream begins.
    pub(super) fn forget(&mut self) {
        self.last.clear();
    }

    /// Goes through a piece; how many of its streams do not go on where they stopped in the piece before.
    pub(super) fn jumps(&mut self, piece: &[u8]) -> usize {
        let mut now: BTreeMap<u16, u8> = BTreeMap::new();
        let mut jumps = 0;
        for packet in piece.chunks_exact(PACKET) {
            let [_, high, low, flags, adaptation, first, ..] = *packet else { continue };
            let pid = u16::from(high & 0x1f) << 8 | u16::from(low);
            let (has_adaptation, has_payload) = (flags & 0x20 != 0, flags & 0x10 != 0);
            if pid == NULL || !has_payload {
                continue;
            }
            let is_announced = has_adaptation && adaptation > 0 && first & 0x80 != 0;
            let counter = flags & 0x0f;
            // Within a piece the demuxer counts.
            if !now.contains_key(&pid) && !is_announced {
                let expected = self.last.get(&pid).map(|last| (last + 1) & 0x0f);
                jumps += usize::from(expected.is_some_and(|expected| expected != counter));
            }
            now.insert(pid, counter);
        }
        self.last.extend(now);
        jumps
    }
}
