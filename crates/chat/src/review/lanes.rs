//! The lanes of all handlers.
//!
//! Promise: each handler has its own, also where one line of configuration covers many; how many are held is
//! bounded, whatever ARNs rooms name.

use std::collections::HashMap;
use std::sync::Arc;

use parking_lot::Mutex;

use super::lane::Lane;
use super::targets::Targets;

/// Lanes that are held. Those that nobody is in make room for new ones.
const MOST: usize = 4_096;

pub(super) struct Lanes {
    targets: Targets,
    held: Mutex<HashMap<Arc<str>, Arc<Lane>>>,
}

impl Lanes {
    pub(super) fn new(targets: Targets) -> Self {
        Self { targets, held: Mutex::default() }
    }

    /// The way to a handler; `None`: nobody configured one.
    pub(super) fn lane(&self, uri: &Arc<str>) -> Option<Arc<Lane>> {
        let mut held = self.held.lock();
        if let Some(lane) = held.get(uri) {
            return Some(lane.clone());
        }
        let lane = Arc::new(Lane::new(self.targets.target(uri)?));
        if held.len() >= MOST {
            held.retain(|_, lane| Arc::strong_count(lane) > 1);
        }
        held.insert(uri.clone(), lane.clone());
        Some(lane)
    }
}
