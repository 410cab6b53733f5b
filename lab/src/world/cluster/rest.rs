//! When a cluster is at rest, what it waits for until then, and when it never will be.

use std::collections::BTreeMap;
use std::fmt;

use cachedojo::cluster::{Node, NodeId, NodeSet};

use super::host::State;
use super::{ClusterWorld, Host};

/// Why a cluster is not at rest.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unrest {
    /// Nobody can be elected any more.
    Lost,
    /// An operator asked this node to go, and it has not gone.
    Leaving(NodeId),
    /// A running node that is no member.
    NoMember(NodeId),
    /// A node that knows no leader.
    NoLeader(NodeId),
    /// The ring is to get these members.
    Handover(NodeId),
    /// A node that does not hold all that it should.
    NotWhole(NodeId),
    /// A node with operations under way.
    Busy(NodeId),
    /// Two nodes with different rings.
    RingsDiffer(NodeId, NodeId),
}

/// What is said of a cluster that can elect nobody any more.
pub const LOST: &str = "the cluster is lost for ever, as most of its members lost their disks: make a new one";

impl fmt::Display for Unrest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Lost => f.write_str(LOST),
            Self::Leaving(node) => write!(f, "{node} is to leave and has not left yet"),
            Self::NoMember(node) => write!(f, "{node} is no member yet"),
            Self::NoLeader(node) => write!(f, "{node} knows no leader"),
            Self::Handover(node) => write!(f, "{node} takes part in a handover to the next ring"),
            Self::NotWhole(node) => write!(f, "{node} does not hold all that it should yet"),
            Self::Busy(node) => write!(f, "{node} has operations under way"),
            Self::RingsDiffer(node, other) => write!(f, "{node} and {other} have different rings"),
        }
    }
}

impl ClusterWorld {
    /// Whether all running nodes are complete members that agree on the ring, with no handover under way and no operation
    /// pending.
    pub fn is_settled(&self) -> bool {
        self.first_unrest().is_none()
    }

    /// Why it is not at rest; `None` if it is. Cost: O(nodes x log).
    pub fn unrest(&self) -> Option<Unrest> {
        let first = self.first_unrest()?;
        Some(if self.is_lost() { Unrest::Lost } else { first })
    }

    fn first_unrest(&self) -> Option<Unrest> {
        let mut running = self.hosts.values().filter_map(Host::node).filter(|node| !node.has_left());
        let first = running.next()?;
        let of = |node: &Node| {
            let (view, id) = (node.view(), node.id());
            let members: NodeSet = view.members.keys().copied().collect();
            let is_member = view.members.get(&id).is_some_and(|member| member.incarnation == node.incarnation());
            let differs = view.ring_digest() != first.view().ring_digest();
            [
                (!is_member, Unrest::NoMember(id)),
                (node.leader().is_none(), Unrest::NoLeader(id)),
                (view.next.is_some() || view.ring.members() != members, Unrest::Handover(id)),
                (!node.is_whole(), Unrest::NotWhole(id)),
                (node.pending_count() > 0, Unrest::Busy(id)),
                (differs, Unrest::RingsDiffer(first.id(), id)),
            ]
            .into_iter()
            .find_map(|(is_so, why)| is_so.then_some(why))
            .or_else(|| members.and(self.wishes).iter().next().map(Unrest::Leaving))
        };
        std::iter::once(first).chain(running).find_map(of)
    }

    /// Whether no node can ever be elected again, whatever runs and is healed: of the voters that a log names, a majority has begun
    /// anew and knows nothing. Cost: O(nodes x log).
    pub fn is_lost(&self) -> bool {
        let lives = |host: &Host| match &host.state {
            State::Up(node) => (node.incarnation(), node.voters()),
            State::Down(Some(disk)) => (disk.incarnation(), disk.voters()),
            State::Down(None) => (host.incarnation, BTreeMap::new()),
        };
        let lives: BTreeMap<NodeId, _> = self.hosts.iter().map(|(&node, host)| (node, lives(host))).collect();
        let is_alive =
            |(node, incarnation): &(&NodeId, &u16)| lives.get(node).is_some_and(|(life, _)| life == *incarnation);
        let has_majority = |voters: &BTreeMap<NodeId, u16>| {
            !voters.is_empty() && 2 * voters.iter().filter(is_alive).count() > voters.len()
        };
        // Who leads now may still remove a member from the log, and need fewer votes then.
        !self.hosts.values().any(Host::leads) && !lives.values().any(|(_, voters)| has_majority(voters))
    }
}
