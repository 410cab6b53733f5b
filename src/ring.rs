//! The consistent-hash ring: which nodes are responsible for a key.
//!
//! Point `i` of a node stands at [`hash64`] of the bytes `id#i`; a key belongs to the first point at or after its own
//! hash, clockwise, wrapping around at the end. The hash is FNV-1a of 64 bits with `SplitMix64`'s finalizer: stable for
//! ever, ten lines in any language, and (thanks to the finalizer) even for names that differ in their last digit only.

use std::collections::BTreeMap;

/// Consistent hash ring.
#[derive(Debug, Clone)]
pub struct HashRing {
    /// Sorted by position, then node id: so a collision is settled alike, whoever came first.
    points: Vec<Point>,
    nodes: BTreeMap<String, NodeInfo>,
    virtual_nodes: usize,
}

/// Node information.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NodeInfo {
    /// Its name, which alone decides where its points stand.
    pub id: String,
    /// Where it listens; the ring only carries it.
    pub addr: String,
    /// It gets `weight` times the ring's virtual nodes.
    pub weight: u32,
    /// A dead node keeps its points, but is passed over.
    pub is_alive: bool,
}

/// One point of the circle.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Point {
    /// Where it stands.
    pub position: u64,
    /// Whose it is.
    pub node_id: String,
}

/// FNV-1a of 64 bits, then `SplitMix64`'s finalizer.
pub fn hash64(bytes: &[u8]) -> u64 {
    let fnv = bytes
        .iter()
        .fold(0xCBF2_9CE4_8422_2325, |hash: u64, &byte| {
            (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01B3)
        });
    let z = (fnv ^ (fnv >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    let z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    z ^ (z >> 31)
}

impl HashRing {
    /// An empty ring that gives a node of weight 1 so many points.
    pub const fn new(virtual_nodes: usize) -> Self {
        Self {
            points: Vec::new(),
            nodes: BTreeMap::new(),
            virtual_nodes,
        }
    }

    /// Adds a node; one of the same id is replaced.
    pub fn add_node(&mut self, node: NodeInfo) {
        self.remove_node(&node.id);
        let count = self.virtual_nodes * node.weight as usize;
        self.points.extend((0..count).map(|i| Point {
            position: hash64(format!("{}#{i}", node.id).as_bytes()),
            node_id: node.id.clone(),
        }));
        self.points.sort();
        self.nodes.insert(node.id.clone(), node);
    }

    /// Removes a node and its points; an unknown one is no matter.
    pub fn remove_node(&mut self, node_id: &str) {
        if self.nodes.remove(node_id).is_some() {
            self.points.retain(|point| point.node_id != node_id);
        }
    }

    /// Marks a node dead or alive; `false` when there is none of that id.
    pub fn set_alive(&mut self, node_id: &str, is_alive: bool) -> bool {
        self.nodes
            .get_mut(node_id)
            .map(|node| node.is_alive = is_alive)
            .is_some()
    }

    /// Get node responsible for key: the first living one clockwise.
    pub fn get_node(&self, key: &str) -> Option<&NodeInfo> {
        self.walk(key).find(|node| node.is_alive)
    }

    /// Get N nodes responsible for key (for replication): distinct, alive, in clockwise order; fewer when there are not
    /// enough.
    pub fn get_nodes(&self, key: &str, count: usize) -> Vec<&NodeInfo> {
        let mut found: Vec<&NodeInfo> = Vec::new();
        for node in self.walk(key) {
            if found.len() == count || found.len() == self.nodes.len() {
                break;
            }
            if node.is_alive && !found.iter().any(|known| known.id == node.id) {
                found.push(node);
            }
        }
        found
    }

    /// Where a key stands on the circle.
    pub fn hash(&self, key: &str) -> u64 {
        hash64(key.as_bytes())
    }

    /// Get all nodes, by id.
    pub fn nodes(&self) -> Vec<&NodeInfo> {
        self.nodes.values().collect()
    }

    /// Every point, clockwise from zero.
    pub fn points(&self) -> &[Point] {
        &self.points
    }

    fn walk(&self, key: &str) -> impl Iterator<Item = &NodeInfo> {
        let position = self.hash(key);
        let start = self
            .points
            .partition_point(|point| point.position < position);
        let (before, from) = self.points.split_at(start);
        from.iter()
            .chain(before)
            .map(|point| &self.nodes[&point.node_id])
    }
}
