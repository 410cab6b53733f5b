//! Consistent hashing. While a ring is being built, the one before it answers.

use std::collections::{BTreeMap, VecDeque};
use std::hash::{BuildHasher, BuildHasherDefault, DefaultHasher};

type Points = BTreeMap<u64, String>;

pub struct ConsistentHashRing {
    virtual_nodes: usize,
    nodes: Vec<String>,
    ring: Points,
    /// The last whole ring, as long as `ring` is not.
    before: Option<Points>,
    pending: VecDeque<String>,
    generation: u64,
}

impl ConsistentHashRing {
    pub fn new(virtual_nodes: usize, nodes: &[String]) -> Self {
        let mut ring = Self {
            virtual_nodes,
            nodes: nodes.to_vec(),
            ring: Points::new(),
            before: None,
            pending: VecDeque::new(),
            generation: 0,
        };
        ring.begin_rebuild();
        while ring.compute_ranges() {}
        ring
    }

    pub fn add_node(&mut self, node_id: &str) -> bool {
        if self.nodes.iter().any(|node| node == node_id) {
            return false;
        }
        self.nodes.push(node_id.to_owned());
        self.begin_rebuild();
        true
    }

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
        let unfinished_or_old = std::mem::take(&mut self.ring);
        // A second change while the ring is built: the last whole one stays.
        self.before.get_or_insert(unfinished_or_old);
        self.pending = self.nodes.iter().cloned().collect();
    }

    pub fn compute_ranges(&mut self) -> bool {
        let Some(node) = self.pending.pop_front() else { return false };
        for replica in 0..self.virtual_nodes {
            let mut point = hash(&format!("{node}#{replica}"));
            while self.ring.contains_key(&point) {
                point = point.wrapping_add(1);
            }
            self.ring.insert(point, node.clone());
        }
        if self.pending.is_empty() {
            self.generation += 1;
            self.before = None;
        }
        !self.pending.is_empty()
    }

    pub fn get_nodes_for_key(&self, key: &str, count: usize) -> Vec<String> {
        let points = self.before.as_ref().unwrap_or(&self.ring);
        let mut found: Vec<String> = Vec::new();
        let start = hash(key);
        for node in points.range(start..).chain(points.range(..start)).map(|(_, node)| node) {
            if found.len() == count {
                break;
            }
            if !found.contains(node) {
                found.push(node.clone());
            }
        }
        found
    }

    pub fn nodes(&self) -> Vec<String> {
        self.nodes.clone()
    }

    pub fn generation(&self) -> u64 {
        self.generation
    }
}

// `DefaultHasher::new()` has fixed keys, in every build.
fn hash(key: &str) -> u64 {
    BuildHasherDefault::<DefaultHasher>::default().hash_one(key)
}
