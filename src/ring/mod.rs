//! The consistent-hash ring: which nodes are responsible for a key.
//!
//! Point `i` of a node stands at [`hash64`] of the bytes `id#i`; a key belongs to the first point at or after its own
//! hash, clockwise, around the end if need be. Points that collide stand in the order of their nodes' ids. So the ring
//! follows from the set of nodes alone, whatever the order in which they came, on every machine and in every release.

mod hash;
mod plan;

pub use hash::hash64;
pub use plan::Move;

/// Consistent hash ring.
#[derive(Debug, Clone)]
pub struct HashRing {
    /// Sorted by id.
    nodes: Vec<NodeInfo>,
    /// The points, sorted by position and then owner. The search reads only the positions, so these stand alone.
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
    /// Whose it is.
    pub node_id: &'a str,
}

/// A node has at most so many points, whatever its weight.
pub const POINTS_PER_NODE_MAX: usize = 1 << 20;

impl HashRing {
    /// An empty ring that gives a node of weight 1 so many points. O(1).
    pub fn new(virtual_nodes: usize) -> Self {
        let (nodes, positions, owners) = Default::default();
        Self { nodes, positions, owners, directory: Directory::new(&[]), virtual_nodes }
    }

    /// Adds a node; one of the same id is replaced. O(points of the ring): they are merged, not sorted anew.
    pub fn add_node(&mut self, node: NodeInfo) {
        self.remove_node(&node.id);
        let place = self.nodes.partition_point(|other| other.id < node.id);
        let mut added = self.points_of(&node);
        added.sort_unstable();
        self.nodes.insert(place, node);
        let place = index(place);
        let count = self.positions.len() + added.len();
        let mut merged = (Vec::with_capacity(count), Vec::with_capacity(count));
        let mut added = added.into_iter().peekable();
        for (&position, &owner) in self.positions.iter().zip(&self.owners) {
            let owner = owner + u32::from(owner >= place);
            while let Some(new) = added.next_if(|&new| (new, place) < (position, owner)) {
                merged.0.push(new);
                merged.1.push(place);
            }
            merged.0.push(position);
            merged.1.push(owner);
        }
        merged.1.extend(added.clone().map(|_| place));
        merged.0.extend(added);
        (self.positions, self.owners) = merged;
        self.directory = Directory::new(&self.positions);
    }

    /// Removes a node and its points; an unknown one is no matter. O(points of the ring).
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
        self.owner_at(self.hash(key))
    }

    /// Get N nodes responsible for key (for replication): distinct, alive, in clockwise order; all there are when there
    /// are fewer. O(N) steps expected while N is small against the number of nodes, never more than points.
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

    /// The node for one key more when no node may carry much more than its share: the first living one clockwise that is
    /// below `factor_per_mille` / 1000 of the average load, weights considered and rounded up (Mirrokni, Thorup and
    /// Zadimoghaddam, "Consistent hashing with bounded loads", 2018). `load` tells what a node carries now; a factor
    /// below 1000 counts as 1000, with which there is always room. O(nodes), plus the steps to the node.
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
            let share = u128::from(factor_per_mille.max(1000)) * total * u128::from(node.weight);
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

    /// Which node the keys that stand at `position` belong to.
    #[inline]
    fn owner_at(&self, position: u64) -> Option<&NodeInfo> {
        // Nearly always the first point decides; only past the end, or where a node is dead, there is a way to go.
        let start = self.directory.find(&self.positions, position);
        let first = self.owners.get(start).map(|&owner| &self.nodes[owner as usize]);
        if let Some(node) = first.filter(|node| node.is_alive) {
            return Some(node);
        }
        self.clockwise(position).map(|owner| &self.nodes[owner as usize]).find(|node| node.is_alive)
    }

    /// The owners of all points, clockwise from the first one at or after `position`.
    #[inline]
    fn clockwise(&self, position: u64) -> impl Iterator<Item = u32> {
        let start = self.directory.find(&self.positions, position);
        let (before, from) = self.owners.split_at(start);
        from.iter().chain(before).copied()
    }

    fn points_of(&self, node: &NodeInfo) -> Vec<u64> {
        let count = self.virtual_nodes.saturating_mul(node.weight as usize).min(POINTS_PER_NODE_MAX);
        (0..count).map(|i| hash64(format!("{}#{i}", node.id).as_bytes())).collect()
    }

    fn find(&self, node_id: &str) -> Result<usize, usize> {
        self.nodes.binary_search_by(|node| node.id.as_str().cmp(node_id))
    }
}

/// Where to begin the search: for each of 2^b equal arcs, how many points stand before it. As there are about as many
/// arcs as points and the points are spread evenly, the search ends after a step or two, whatever the ring's size.
#[derive(Debug, Clone)]
struct Directory {
    starts: Vec<u32>,
    shift: u32,
}

impl Directory {
    fn new(positions: &[u64]) -> Self {
        let bits = (positions.len().max(2)).next_power_of_two().ilog2();
        let shift = u64::BITS - bits;
        let mut starts = Vec::with_capacity(1 << bits);
        let mut points = positions.iter().peekable();
        let mut passed = 0;
        for arc in 0..1_u64 << bits {
            while points.next_if(|&&position| position >> shift < arc).is_some() {
                passed += 1;
            }
            starts.push(passed);
        }
        Self { starts, shift }
    }

    /// The first point at or after `position`; the number of points when there is none.
    #[inline]
    fn find(&self, positions: &[u64], position: u64) -> usize {
        let arc = usize::try_from(position >> self.shift).unwrap_or(usize::MAX);
        let start = self.starts[arc] as usize;
        let steps = positions[start..].iter().position(|&point| point >= position);
        steps.map_or(positions.len(), |steps| start + steps)
    }
}

fn index(place: usize) -> u32 {
    u32::try_from(place).expect("a ring has fewer than 2^32 nodes")
}
