//! What the network does with a message: pass, delay, drop, double, reorder.

use std::collections::BTreeMap;

use cachedojo::cluster::ids::MS;
use cachedojo::cluster::{Micros, NodeId, NodeSet};
use cachedojo::random::Random;

/// The least time that a message takes.
const LEAST: Micros = MS;
/// And what chance adds to it, at most.
const CHANCE: Micros = 2 * MS;

/// The rules. Probabilities are whole numbers of a thousand.
#[derive(Debug, Clone, Default)]
pub struct Network {
    /// For each sender, who does not hear it.
    cut: BTreeMap<NodeId, NodeSet>,
    delays: BTreeMap<(NodeId, NodeId), Micros>,
    /// How many of a thousand messages are lost.
    pub drop: u64,
    /// How many of a thousand arrive twice.
    pub duplicate: u64,
    /// Chance adds up to so much to each message, which reorders them.
    pub jitter: Micros,
}

/// When the copies of a message arrive, from now on.
pub type Arrivals = [Option<Micros>; 2];

impl Network {
    /// What happens to a message.
    pub fn carry(&self, from: NodeId, to: NodeId, random: &mut Random) -> Arrivals {
        if self.is_cut(from, to) || random.below(1000) < self.drop {
            return [None, None];
        }
        let delay = self.delays.get(&(from, to)).copied().unwrap_or(0);
        let mut arrival = || LEAST + delay + random.below(CHANCE) + random.below(self.jitter + 1);
        let first = Some(arrival());
        let second = Some(arrival());
        [first, second.filter(|_| self.duplicate > 0 && random.below(1000) < self.duplicate)]
    }

    /// Whether nothing gets from one node to the other.
    pub fn is_cut(&self, from: NodeId, to: NodeId) -> bool {
        self.cut.get(&from).is_some_and(|deaf| deaf.contains(to))
    }

    /// Groups that do not hear each other. A node in no group hears nobody. Earlier cuts go.
    pub fn partition(&mut self, groups: &[NodeSet], all: NodeSet) {
        self.cut.clear();
        for node in all.iter() {
            let group = groups.iter().find(|group| group.contains(node)).copied().unwrap_or(NodeSet::of(node));
            self.cut.insert(node, all.less(group));
        }
    }

    /// One way only: `to` does not hear `from`.
    pub fn block(&mut self, from: NodeId, to: NodeId) {
        self.cut.entry(from).or_default().insert(to);
    }

    /// Messages from one node to another take so much longer.
    pub fn delay(&mut self, from: NodeId, to: NodeId, by: Micros) {
        self.delays.insert((from, to), by);
    }

    /// All rules go.
    pub fn heal(&mut self) {
        *self = Self::default();
    }

    /// Whether any rule is in force.
    pub fn is_healthy(&self) -> bool {
        self.cut.is_empty() && self.delays.is_empty() && self.drop + self.duplicate + self.jitter == 0
    }
}
