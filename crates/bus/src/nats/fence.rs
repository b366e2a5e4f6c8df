//! Keeps out what arrives behind its time.
//!
//! When a node's connection is cut, the network may still deliver what was in its buffers, after the node came
//! back over another connection and said more. Each message carries its node's own count, so all readers of the
//! stream know such a straggler and drop it alike; its publisher has told it as lost.
//!
//! Promise: of one node, the numbers that pass rise.

use std::collections::HashMap;

use crate::NodeId;

/// How many nodes are remembered. A node is one run of one server, so old ones pile up, slowly.
const MOST_NODES: usize = 1_024;

#[derive(Default)]
pub(super) struct Fence {
    highest: HashMap<NodeId, u64>,
}

impl Fence {
    /// Whether the message with this number is in time.
    pub(super) fn pass(&mut self, node: &NodeId, number: u64) -> bool {
        if let Some(highest) = self.highest.get_mut(node) {
            let in_time = number > *highest;
            *highest = number.max(*highest);
            return in_time;
        }
        // Forgetting all is safe where nothing is late, which is nearly always.
        if self.highest.len() >= MOST_NODES {
            self.highest.clear();
        }
        self.highest.insert(node.clone(), number);
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_that_rise_pass_and_others_do_not() {
        let (mut fence, one, other) = (Fence::default(), NodeId("1".to_owned()), NodeId("2".to_owned()));
        assert!(fence.pass(&one, 7));
        assert!(fence.pass(&one, 9));
        assert!(!fence.pass(&one, 8));
        assert!(!fence.pass(&one, 9));
        assert!(fence.pass(&other, 1));
        assert!(fence.pass(&one, 10));
    }

    #[test]
    fn nodes_of_long_ago_are_forgotten() {
        let mut fence = Fence::default();
        for run in 0..5_000 {
            assert!(fence.pass(&NodeId(run.to_string()), 1));
            assert!(fence.highest.len() <= MOST_NODES);
        }
    }
}
