//! How many replicas must answer.

use std::fmt;

use super::ids::NodeSet;

/// How many of a key's replicas an operation waits for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Level {
    /// Any one: fast, and possibly stale.
    One,
    /// More than half: any two quorums share a replica, so a read finds every acknowledged write.
    #[default]
    Quorum,
    /// Every one: no write while a replica is away.
    All,
}

impl Level {
    /// The level of that name.
    pub fn from_name(name: &str) -> Option<Self> {
        [Self::One, Self::Quorum, Self::All].into_iter().find(|level| level.name() == name)
    }

    /// Its name in scripts.
    pub const fn name(self) -> &'static str {
        match self {
            Self::One => "one",
            Self::Quorum => "quorum",
            Self::All => "all",
        }
    }
}

impl fmt::Display for Level {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// The smallest number of replicas of which any two groups share one: floor(n/2) + 1, for even n too.
pub const fn quorum(replicas: usize) -> usize {
    replicas / 2 + 1
}

/// The replicas of a key under one ring, and how many of them are a quorum.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Duty {
    /// The natural replicas: those that the ring names, alive or not.
    pub replicas: NodeSet,
    /// The smallest number of replicas such that any two groups of that size have one in common.
    pub quorum: usize,
}

impl Duty {
    /// How many answers the level needs.
    pub const fn needed(&self, level: Level) -> usize {
        match level {
            Level::One => 1,
            Level::Quorum => self.quorum,
            Level::All => self.replicas.len(),
        }
    }

    /// Whether the replicas that answered are enough.
    pub const fn is_met(&self, level: Level, answered: NodeSet) -> bool {
        let counted = self.replicas.and(answered).len();
        counted > 0 && counted >= self.needed(level)
    }
}
