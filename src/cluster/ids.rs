//! The identity of nodes, and the order of writes.

use std::fmt;

/// Whole microseconds: of a node's clock, of cluster time, or of a duration; each use says which.
pub type Micros = u64;

/// A millisecond.
pub const MS: Micros = 1_000;
/// A second.
pub const SECOND: Micros = 1_000 * MS;

/// The highest number that a node can have.
pub const NODES_MAX: u8 = 63;

/// A node's number; written, and hashed onto the ring, as `n1`, `n2` … Bounds: 1 to 63.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct NodeId(u8);

impl NodeId {
    /// The node of that number; `None` outside 1 to 63.
    pub const fn new(number: u8) -> Option<Self> {
        if number >= 1 && number <= NODES_MAX { Some(Self(number)) } else { None }
    }

    /// The node of that name.
    pub fn from_name(name: &str) -> Option<Self> {
        let digits = name.strip_prefix('n').filter(|digits| !digits.starts_with('0'))?;
        digits.parse().ok().and_then(Self::new)
    }

    /// Its number.
    pub const fn number(self) -> u8 {
        self.0
    }
}

impl fmt::Display for NodeId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "n{}", self.0)
    }
}

/// A set of nodes, in the order of their numbers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct NodeSet(u64);

impl NodeSet {
    /// No node.
    pub const EMPTY: Self = Self(0);

    /// One node.
    pub const fn of(node: NodeId) -> Self {
        Self(1 << node.0)
    }

    /// Adds a node; `false` when it was there.
    pub const fn insert(&mut self, node: NodeId) -> bool {
        let before = self.0;
        self.0 |= 1 << node.0;
        self.0 != before
    }

    /// Takes a node out; `false` when it was not there.
    pub const fn remove(&mut self, node: NodeId) -> bool {
        let before = self.0;
        self.0 &= !(1 << node.0);
        self.0 != before
    }

    /// Whether the node is in it.
    pub const fn contains(self, node: NodeId) -> bool {
        self.0 & (1 << node.0) != 0
    }

    /// How many there are.
    pub const fn len(self) -> usize {
        self.0.count_ones() as usize
    }

    /// Whether there is none.
    pub const fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// Those in this set or the other.
    #[must_use]
    pub const fn or(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    /// Those in both.
    #[must_use]
    pub const fn and(self, other: Self) -> Self {
        Self(self.0 & other.0)
    }

    /// Those in this set and not in the other.
    #[must_use]
    pub const fn less(self, other: Self) -> Self {
        Self(self.0 & !other.0)
    }

    /// Its nodes, by number.
    pub fn iter(self) -> impl Iterator<Item = NodeId> {
        let mut left = self.0;
        std::iter::from_fn(move || {
            let number = u8::try_from(left.trailing_zeros()).ok().filter(|&number| number <= NODES_MAX)?;
            left &= left.wrapping_sub(1);
            Some(NodeId(number))
        })
    }
}

impl FromIterator<NodeId> for NodeSet {
    fn from_iter<I: IntoIterator<Item = NodeId>>(nodes: I) -> Self {
        let mut set = Self::EMPTY;
        nodes.into_iter().for_each(|node| {
            set.insert(node);
        });
        set
    }
}

impl fmt::Display for NodeSet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names: Vec<_> = self.iter().map(|node| node.to_string()).collect();
        f.write_str(if names.is_empty() { "nobody" } else { "" })?;
        f.write_str(&names.join(" "))
    }
}

/// When a value was written, in the order that the cluster gives to writes: the hybrid clock's reading, then the writer. No two
/// writes have the same version.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Version {
    /// The reading of the writer's [`HybridClock`].
    pub clock: u64,
    /// The node that coordinated the write.
    pub node: NodeId,
    /// Which incarnation of that node: a node that comes back without its disk counts one higher.
    pub incarnation: u16,
    /// Set for the tombstone that an invalidation by tag, or an eviction, makes of that write: newer than the write, older than
    /// every other one.
    pub is_swept: bool,
}

impl Version {
    /// Older than every write.
    pub const NONE: Self = Self { clock: 0, node: NodeId(0), incarnation: 0, is_swept: false };

    /// The version of the tombstone that an invalidation by tag, or an eviction, makes of this write.
    #[must_use]
    pub const fn swept(self) -> Self {
        Self { is_swept: true, ..self }
    }
}

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}@{}", self.clock, self.node)
    }
}

/// A hybrid logical clock (Kulkarni et al., 2014) in one number: the wall clock's microseconds, but always greater than its last
/// reading and than every reading received from others. So a wall clock that lags or jumps back never orders a write before one
/// that its writer knew.
#[derive(Debug, Clone, Copy, Default)]
pub struct HybridClock {
    pub(super) last: u64,
}

impl HybridClock {
    /// A reading greater than all before it. Saturates after half a million years.
    pub const fn next(&mut self, wall: Micros) -> u64 {
        let least = self.last.saturating_add(1);
        self.last = if wall > least { wall } else { least };
        self.last
    }

    /// Makes all further readings greater than this one.
    pub const fn observe(&mut self, clock: u64) {
        if clock > self.last {
            self.last = clock;
        }
    }
}
