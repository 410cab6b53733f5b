//! What the network does with a message: pass, delay, drop, double, reorder.

use std::collections::BTreeMap;

use cachedojo::cluster::ids::MS;
use cachedojo::cluster::{Micros, NodeId, NodeSet};
use cachedojo::random::Random;

/// The shortest time that a message takes.
const LEAST: Micros = MS;
/// The longest random time added to it.
const CHANCE: Micros = 2 * MS;

/// The rules. Probabilities are in thousandths.
#[derive(Debug, Clone, Default)]
pub struct Network {
    /// For each sender, the nodes that it does not reach.
    cut: BTreeMap<NodeId, NodeSet>,
    delays: BTreeMap<(NodeId, NodeId), Micros>,
    /// How many of a thousand messages are lost.
    pub drop: u64,
    /// How many of a thousand arrive twice.
    pub duplicate: u64,
    /// Each message is delayed by a random time up to this, which reorders them.
    pub jitter: Micros,
}

/// When the copies of a message arrive, from now; `None` for no copy.
pub type Arrivals = [Option<Micros>; 2];

impl Network {
    /// Decides what happens to a message.
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

    /// Whether messages from one node to the other are lost.
    pub fn is_cut(&self, from: NodeId, to: NodeId) -> bool {
        self.cut.get(&from).is_some_and(|deaf| deaf.contains(to))
    }

    /// Splits the nodes into groups that cannot reach each other; a node in no group is alone. Replaces earlier cuts.
    pub fn partition(&mut self, groups: &[NodeSet], all: NodeSet) {
        self.cut.clear();
        for node in all.iter() {
            let group = groups.iter().find(|group| group.contains(node)).copied().unwrap_or(NodeSet::of(node));
            self.cut.insert(node, all.less(group));
        }
    }

    /// Cuts one direction: messages from `from` to `to` are lost.
    pub fn block(&mut self, from: NodeId, to: NodeId) {
        self.cut.entry(from).or_default().insert(to);
    }

    /// Delays messages from one node to another by this much.
    pub fn delay(&mut self, from: NodeId, to: NodeId, by: Micros) {
        self.delays.insert((from, to), by);
    }

    /// Which way delays how long, by sender and receiver.
    pub fn delays(&self) -> impl Iterator<Item = (NodeId, NodeId, Micros)> {
        self.delays.iter().map(|(&(from, to), &by)| (from, to, by))
    }

    /// Removes all rules.
    pub fn heal(&mut self) {
        *self = Self::default();
    }

    /// Whether no rule is in force.
    pub fn is_healthy(&self) -> bool {
        self.cut.is_empty() && self.delays.is_empty() && self.drop + self.duplicate + self.jitter == 0
    }
}
