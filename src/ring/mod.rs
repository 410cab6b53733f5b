//! The consistent-hash ring: which nodes are responsible for a key.
//!
//! Point `i` of a node stands at [`hash64`] of the bytes `id#i`; a key belongs to the first point at or after its own
//! hash, clockwise, wrapping round at the end. Points that collide are ordered by their nodes' ids. So the ring depends
//! only on the set of nodes, not on the order in which they were added, and is the same on every machine and in every
//! release.

mod hash;
mod plan;

use std::fmt::Write as _;

pub use hash::hash64;
pub use plan::Move;

/// Consistent hash ring.
#[derive(Debug, Clone)]
pub struct HashRing {
    /// Sorted by id.
    nodes: Vec<NodeInfo>,
    /// The points, sorted by position and then owner. Only the positions are searched, so they are an array of their
    /// own.
    positions: Vec<u64>,
    /// For each point, its node's index in `nodes`.
    owners: Vec<u32>,
    directory: Directory,
    virtual_nodes: usize,
}

/// Node information.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NodeInfo {
    /// Its name, which alone decides where its points stand.
    pub id: String,
    /// Where it listens; the ring only carries it.
    pub addr: String,
    /// It gets `weight` times the ring's virtual nodes; none at all with 0.
    pub weight: u32,
    /// A dead node keeps its points, but is passed over.
    pub is_alive: bool,
}

/// One point of the circle.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Point<'a> {
    /// Where it stands.
    pub position: u64,
    /// The node that it belongs to.
    pub node_id: &'a str,
}

/// The most points of a node, whatever its weight.
pub const POINTS_PER_NODE_MAX: usize = 1 << 20;

impl HashRing {
    /// An empty ring that gives a node of weight 1 this many points. O(1).
    pub fn new(virtual_nodes: usize) -> Self {
        let (nodes, positions, owners) = Default::default();
        Self { nodes, positions, owners, directory: Directory::new(&[]), virtual_nodes }
    }

    /// Adds a node; one of the same id is replaced. O(points of the ring): the node's own points are sorted and merged in.
    pub fn add_node(&mut self, node: NodeInfo) {
        self.remove_node(&node.id);
        let place = self.nodes.partition_point(|other| other.id < node.id);
        let mut added = self.points_of(&node);
        added.sort_unstable();
        self.nodes.insert(place, node);
        self.merge(&added, index(place));
        self.directory = Directory::new(&self.positions);
    }

    /// Removes a node and its points; an unknown one changes nothing. O(points of the ring).
    pub fn remove_node(&mut self, node_id: &str) {
        let Ok(place) = self.find(node_id) else { return };
        self.nodes.remove(place);
        let place = index(place);
        let mut owners = self.owners.iter();
        self.positions.retain(|_| owners.next() != Some(&place));
        self.owners.retain(|&owner| owner != place);
        for owner in &mut self.owners {
            *owner -= u32::from(*owner > place);
        }
        self.directory = Directory::new(&self.positions);
    }

    /// Marks a node dead or alive; `false` when there is none of that id. O(log nodes).
    pub fn set_alive(&mut self, node_id: &str, is_alive: bool) -> bool {
        let Ok(place) = self.find(node_id) else { return false };
        self.nodes[place].is_alive = is_alive;
        true
    }

    /// Get node responsible for key: the first living one clockwise. O(1) expected, plus a step for each dead point.
    #[inline]
    pub fn get_node(&self, key: &str) -> Option<&NodeInfo> {
        // Nearly always the first point decides; only at the end of the circle, or next to a dead node, a search is
        // needed.
        let position = self.hash(key);
        let start = self.directory.find(&self.positions, position);
        let first = self.owners.get(start).map(|&owner| &self.nodes[owner as usize]);
        if let Some(node) = first.filter(|node| node.is_alive) {
            return Some(node);
        }
        self.clockwise(position).map(|owner| &self.nodes[owner as usize]).find(|node| node.is_alive)
    }

    /// Get N nodes responsible for key (for replication): distinct, alive, in clockwise order; all of them when there
    /// are fewer. O(N) steps expected while N is small against the number of nodes, never more than points; and one
    /// byte is cleared for each node.
    pub fn get_nodes(&self, key: &str, count: usize) -> Vec<&NodeInfo> {
        let wanted = count.min(self.nodes.len());
        let mut found = Vec::with_capacity(wanted);
        let mut is_seen = vec![false; self.nodes.len()];
        for owner in self.clockwise(self.hash(key)) {
            if found.len() == wanted {
                break;
            }
            let node = &self.nodes[owner as usize];
            if node.is_alive && !std::mem::replace(&mut is_seen[owner as usize], true) {
                found.push(node);
            }
        }
        found
    }

    /// The node for one more key when no node may carry much more than its share: the first living one clockwise whose load is
    /// below `factor_per_mille` / 1000 of the average, weighted and rounded up (Mirrokni, Thorup and Zadimoghaddam, "Consistent
    /// hashing with bounded loads", 2018). `load` gives a node's present load; a factor below 1000 counts as 1000, with which
    /// there is always room. O(nodes), plus the steps to the node.
    pub fn get_node_bounded(
        &self,
        key: &str,
        factor_per_mille: u32,
        load: impl Fn(&NodeInfo) -> u64,
    ) -> Option<&NodeInfo> {
        let living = || self.nodes.iter().filter(|node| node.is_alive);
        let total: u128 = living().map(|node| u128::from(load(node))).sum::<u128>() + 1;
        let weights: u128 = living().map(|node| u128::from(node.weight)).sum();
        let has_room = |node: &NodeInfo| {
            // Saturates: from 2^128 on every share is more than any load.
            let share = u128::from(factor_per_mille.max(1000)).saturating_mul(total).saturating_mul(node.weight.into());
            u128::from(load(node)) < share.div_ceil(1000 * weights)
        };
        let mut nodes = self.clockwise(self.hash(key)).map(|owner| &self.nodes[owner as usize]);
        nodes.find(|node| node.is_alive && has_room(node))
    }

    /// Where a key stands on the circle: [`hash64`] of its bytes. O(length).
    #[inline]
    pub fn hash(&self, key: &str) -> u64 {
        hash64(key.as_bytes())
    }

    /// Get all nodes, dead ones too, by id. O(nodes).
    pub fn nodes(&self) -> Vec<&NodeInfo> {
        self.nodes.iter().collect()
    }

    /// Every point, clockwise from zero.
    pub fn points(&self) -> impl ExactSizeIterator<Item = Point<'_>> {
        let points = self.positions.iter().zip(&self.owners);
        points.map(|(&position, &owner)| Point { position, node_id: &self.nodes[owner as usize].id })
    }

    /// The owners of all points, clockwise from the first one at or after `position`.
    #[inline]
    fn clockwise(&self, position: u64) -> impl Iterator<Item = u32> {
        let start = self.directory.find(&self.positions, position);
        let (before, from) = self.owners.split_at(start);
        from.iter().chain(before).copied()
    }

    /// Where the node's points stand, unsorted. One buffer is reused for all their names.
    fn points_of(&self, node: &NodeInfo) -> Vec<u64> {
        let count = self.virtual_nodes.saturating_mul(node.weight as usize).min(POINTS_PER_NODE_MAX);
        let mut name = format!("{}#", node.id);
        let id_length = name.len();
        let point = |i| {
            name.truncate(id_length);
            write!(name, "{i}").expect("a text takes everything");
            hash64(name.as_bytes())
        };
        (0..count).map(point).collect()
    }

    /// Merges a new node's sorted points into the others from the back, so that each moves once and no new vector is
    /// needed.
    fn merge(&mut self, added: &[u64], place: u32) {
        let mut left = self.positions.len();
        let mut added = added.iter().copied().enumerate().rev().peekable();
        self.positions.resize(left + added.len(), 0);
        self.owners.resize(left + added.len(), place);
        while left > 0 {
            let (position, owner) = (self.positions[left - 1], self.owners[left - 1]);
            let owner = owner + u32::from(owner >= place);
            while let Some((before, new)) = added.next_if(|&(_, new)| (new, place) > (position, owner)) {
                self.positions[left + before] = new;
                self.owners[left + before] = place;
            }
            left -= 1;
            let to = left + added.len();
            self.positions[to] = position;
            self.owners[to] = owner;
        }
        for (at, new) in added {
            self.positions[at] = new;
            self.owners[at] = place;
        }
    }

    fn find(&self, node_id: &str) -> Result<usize, usize> {
        self.nodes.binary_search_by(|node| node.id.as_str().cmp(node_id))
    }
}

/// An index for the search: for each of 2^b equal arcs, how many points stand before it. With about as many arcs as
/// points, and points spread evenly, a search ends within a step or two, whatever the ring's size.
#[derive(Debug, Clone)]
struct Directory {
    starts: Vec<u32>,
    shift: u32,
}

/// How many points are compared at once: nearly always they include the one sought.
const LOOK: usize = 4;

impl Directory {
    fn new(positions: &[u64]) -> Self {
        let bits = (positions.len().max(2)).next_power_of_two().ilog2();
        let shift = u64::BITS - bits;
        let mut starts = vec![0; 1 << bits];
        for &position in positions {
            starts[arc(position, shift)] += 1;
        }
        let mut passed = 0;
        for start in &mut starts {
            passed += std::mem::replace(start, passed);
        }
        Self { starts, shift }
    }

    /// The first point at or after `position`; the number of points if there is none. It counts the smaller ones among
    /// a few points, which takes no branch that the processor would mispredict half of the time.
    #[inline]
    fn find(&self, positions: &[u64], position: u64) -> usize {
        let start = self.starts[arc(position, self.shift)] as usize;
        let rest = &positions[start..];
        if let Some(few) = rest.first_chunk::<LOOK>() {
            let passed: usize = few.iter().map(|&point| usize::from(point < position)).sum();
            if passed < LOOK {
                return start + passed;
            }
        }
        let steps = rest.iter().position(|&point| point >= position);
        steps.map_or(positions.len(), |steps| start + steps)
    }
}

#[inline]
fn arc(position: u64, shift: u32) -> usize {
    usize::try_from(position >> shift).unwrap_or(usize::MAX)
}

fn index(place: usize) -> u32 {
    u32::try_from(place).expect("a ring has fewer than 2^32 nodes")
}
