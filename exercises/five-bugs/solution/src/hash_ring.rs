//! Consistent hashing: which nodes a key belongs to.

use std::collections::{BTreeMap, VecDeque};

/// A ring of points, each of which belongs to a node. A key belongs to the nodes of the next points clockwise.
pub struct ConsistentHashRing {
    virtual_nodes: usize,
    nodes: Vec<String>,
    ring: BTreeMap<u64, String>,
    /// Nodes whose points are still to be computed, while the ring is being rebuilt.
    pending: VecDeque<String>,
    /// The ring that is being built. Nobody sees it before it is whole.
    next: BTreeMap<u64, String>,
    /// One more with each ring.
    generation: u64,
}

impl ConsistentHashRing {
    /// The ring of these nodes, computed at once.
    pub fn new(virtual_nodes: usize, nodes: &[String]) -> Self {
        let mut ring = Self {
            virtual_nodes,
            nodes: nodes.to_vec(),
            ring: BTreeMap::new(),
            pending: VecDeque::new(),
            next: BTreeMap::new(),
            generation: 0,
        };
        ring.begin_rebuild();
        while ring.compute_ranges() {}
        ring
    }

    /// Adds a node and begins to rebuild the ring. `false` when it is there already.
    pub fn add_node(&mut self, node_id: &str) -> bool {
        if self.nodes.iter().any(|node| node == node_id) {
            return false;
        }
        self.nodes.push(node_id.to_owned());
        self.begin_rebuild();
        true
    }

    /// Removes a node and begins to rebuild the ring. `false` when it is not there.
    pub fn remove_node(&mut self, node_id: &str) -> bool {
        let before = self.nodes.len();
        self.nodes.retain(|node| node != node_id);
        if self.nodes.len() == before {
            return false;
        }
        self.begin_rebuild();
        true
    }

    fn begin_rebuild(&mut self) {
        self.next.clear();
        self.pending = self.nodes.iter().cloned().collect();
    }

    /// Computes the points of one more node: all at once would keep the node from answering for too long. `true` while there is
    /// more to do.
    // Ring operations are atomic within a single node: a node handles one input at a time.
    pub fn compute_ranges(&mut self) -> bool {
        let Some(node) = self.pending.pop_front() else { return false };
        for replica in 0..self.virtual_nodes {
            let mut point = self.hash(&format!("{node}#{replica}"));
            // Two points in one place: the later one moves on.
            while self.next.contains_key(&point) {
                point = point.wrapping_add(1);
            }
            self.next.insert(point, node.clone());
        }
        if self.pending.is_empty() {
            self.ring = std::mem::take(&mut self.next);
            self.generation += 1;
        }
        !self.pending.is_empty()
    }

    /// The nodes that a key belongs to, the nearest first: as many as asked for, as far as there are so many.
    pub fn get_nodes_for_key(&self, key: &str, count: usize) -> Vec<String> {
        let mut found: Vec<String> = Vec::new();
        let start = self.hash(key);
        for (_, node) in self.ring.range(start..).chain(self.ring.range(..start)) {
            if found.len() == count {
                break;
            }
            if !found.contains(node) {
                found.push(node.clone());
            }
        }
        found
    }

    /// All members: a copy, so that nobody sees a list that changes.
    pub fn nodes(&self) -> Vec<String> {
        self.nodes.clone()
    }

    /// The number of this ring: whoever decides something by a ring can see later whether it is still the same.
    pub fn generation(&self) -> u64 {
        self.generation
    }

    /// FNV-1a, and a finish that mixes the high bits: the same in every process, and in every release of the compiler.
    fn hash(&self, key: &str) -> u64 {
        let hash = key
            .bytes()
            .fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3));
        let hash = (hash ^ (hash >> 32)).wrapping_mul(0xd6e8_feb8_6659_fd93);
        hash ^ (hash >> 32)
    }
}
