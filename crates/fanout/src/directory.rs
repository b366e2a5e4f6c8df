//! Which shards have members of which group, for all threads that publish.
//!
//! Promise: a group is here while it has members; a publisher finds each shard that had a member before.

use std::collections::HashMap;

use parking_lot::RwLock;

use crate::Group;

/// Groups are spread over so many locks.
const LOCKS: usize = 64;

/// A few shards, each with its members.
type Shards = Vec<(u32, u32)>;

/// Members by group and shard.
#[derive(Debug)]
pub(crate) struct Directory {
    parts: Vec<RwLock<HashMap<u64, Shards>>>,
}

impl Directory {
    pub(crate) fn new() -> Self {
        Self { parts: (0..LOCKS).map(|_| RwLock::default()).collect() }
    }

    fn part(&self, group: Group) -> &RwLock<HashMap<u64, Shards>> {
        let mixed = group.0.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 32;
        &self.parts[usize::try_from(mixed).unwrap_or(0) % LOCKS]
    }

    /// One more member.
    pub(crate) fn enter(&self, group: Group, shard: usize) {
        let shard = u32::try_from(shard).unwrap_or(u32::MAX);
        let mut part = self.part(group).write();
        let shards = part.entry(group.0).or_default();
        match shards.iter_mut().find(|(known, _)| *known == shard) {
            Some((_, members)) => *members += 1,
            None => shards.push((shard, 1)),
        }
    }

    /// One member less.
    pub(crate) fn leave(&self, group: Group, shard: usize) {
        let shard = u32::try_from(shard).unwrap_or(u32::MAX);
        let mut part = self.part(group).write();
        let Some(shards) = part.get_mut(&group.0) else { return };
        if let Some((_, members)) = shards.iter_mut().find(|(known, _)| *known == shard) {
            *members -= 1;
        }
        shards.retain(|(_, members)| *members > 0);
        if shards.is_empty() {
            part.remove(&group.0);
        }
    }

    /// Calls for each shard that has members of the group.
    pub(crate) fn each(&self, group: Group, mut shard: impl FnMut(usize)) {
        if let Some(shards) = self.part(group).read().get(&group.0) {
            for (number, _) in shards {
                shard(*number as usize);
            }
        }
    }

    /// Members on all shards.
    pub(crate) fn members(&self, group: Group) -> u64 {
        let part = self.part(group).read();
        part.get(&group.0).map_or(0, |shards| shards.iter().map(|(_, members)| u64::from(*members)).sum())
    }
}
