//! Membership as the agreed log tells it: who is in the cluster, which ring places keys, and which ring comes next.

use std::collections::BTreeMap;

use super::ids::{NodeId, NodeSet};
use super::level::{Duty, quorum};
use super::record::is_sweep;
use crate::ring::{HashRing, NodeInfo, hash64};

/// The most copies that a key can have.
pub const COPIES_MAX: usize = 9;

/// A member of the cluster, which votes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Member {
    /// Which life of the node.
    pub incarnation: u16,
    /// It gets so many times the ring's points.
    pub weight: u8,
}

/// An entry of the agreed log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Change {
    /// The first entry: who founds the cluster. Ring epoch 1.
    Found {
        /// The founders, all of weight 1 and in their first life.
        founders: NodeSet,
    },
    /// What a new leader writes, to commit what its predecessors left.
    Nothing,
    /// A node may vote. If the ring has it already, it came back with nothing: a new epoch begins, so that no write is acknowledged
    /// any more by what the lost disk had said.
    Admit {
        /// The node.
        node: NodeId,
        /// Its life and weight.
        member: Member,
    },
    /// A node votes no more.
    Remove {
        /// The node.
        node: NodeId,
        /// The life that ends.
        incarnation: u16,
        /// Whether it may come back by itself, as a new life: it was only taken for dead.
        may_return: bool,
    },
    /// The ring's next members; until [`Change::Finish`], both rings' quorums are needed. A new epoch.
    Begin {
        /// All of them.
        members: NodeSet,
        /// Whether those that go may come back by themselves.
        may_return: bool,
    },
    /// The next ring is the ring. A new epoch.
    Finish {
        /// The epoch that it ends: another one means that the entry came too late.
        epoch: u64,
    },
}

/// Where keys belong: the points of a [`HashRing`], with small numbers for names.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Placement {
    members: NodeSet,
    points: Vec<(u64, NodeId)>,
    copies: usize,
    digest: u64,
}

impl Placement {
    /// The ring of these members. O(points).
    pub fn new(weights: &BTreeMap<NodeId, u8>, copies: usize, virtual_nodes: usize) -> Self {
        let mut ring = HashRing::new(virtual_nodes);
        for (node, &weight) in weights {
            ring.add_node(NodeInfo {
                id: node.to_string(),
                addr: String::new(),
                weight: u32::from(weight),
                is_alive: true,
            });
        }
        let points: Vec<_> =
            ring.points().filter_map(|point| Some((point.position, NodeId::from_name(point.node_id)?))).collect();
        let bytes: Vec<u8> = points
            .iter()
            .flat_map(|(position, node)| position.to_le_bytes().into_iter().chain([node.number()]))
            .collect();
        let members = weights.keys().copied().collect();
        Self { members, points, copies: copies.min(COPIES_MAX), digest: hash64(&bytes) }
    }

    /// The members of the ring.
    pub const fn members(&self) -> NodeSet {
        self.members
    }

    /// What two equal rings have in common and two different ones have not.
    pub const fn digest(&self) -> u64 {
        self.digest
    }

    /// The natural replicas of a key with that hash, in the order of the ring: those that [`HashRing::get_nodes`] names. O(log points).
    pub fn replicas(&self, hash: u64) -> Replicas {
        let start = self.points.partition_point(|&(position, _)| position < hash);
        let (before, from) = self.points.split_at(start);
        let mut found = Replicas::default();
        let wanted = self.copies.min(self.members.len());
        for &(_, node) in from.iter().chain(before) {
            if found.length == wanted {
                break;
            }
            found.push(node);
        }
        found
    }

    /// Who is responsible for a key. A sweep belongs to all members, and its quorum leaves out so few of them that in every
    /// key's replicas a quorum is left.
    pub fn duty(&self, key: &str, hash: u64) -> Duty {
        let copies = self.copies.min(self.members.len());
        if is_sweep(key) {
            Duty { replicas: self.members, quorum: self.members.len() - (copies - quorum(copies).min(copies)) }
        } else {
            Duty { replicas: self.replicas(hash).set, quorum: quorum(copies) }
        }
    }

    /// Whether among `nodes` there is a quorum of the replicas of every key. O(points).
    pub fn has_quorums(&self, nodes: NodeSet) -> bool {
        self.points.iter().all(|&(end, _)| {
            let replicas = self.replicas(end).set;
            replicas.and(nodes).len() >= quorum(replicas.len())
        })
    }

    /// Whether `sources` together hold every acknowledged write of the keys for which `node` is responsible in `target`: so many replicas of
    /// each that every quorum has one among them, even if the others lost their disks. O(points of both).
    pub fn know_all(&self, sources: NodeSet, target: &Self, node: NodeId) -> bool {
        let mut ends = self.points.iter().chain(&target.points).map(|&(position, _)| position);
        ends.all(|end| {
            let replicas = self.replicas(end).set;
            !target.replicas(end).set.contains(node)
                || replicas.and(sources).len() > replicas.len() - quorum(replicas.len())
        })
    }

    /// Whether a node is responsible here only for keys for which it is responsible in `other` too. O(points).
    pub fn adds_nothing_to(&self, other: &Self, node: NodeId) -> bool {
        let mut ends = self.points.iter().chain(&other.points).map(|&(position, _)| position);
        ends.all(|end| !self.replicas(end).set.contains(node) || other.replicas(end).set.contains(node))
    }
}

/// The replicas of a key.
#[derive(Debug, Clone, Copy, Default)]
pub struct Replicas {
    order: [NodeId; COPIES_MAX],
    length: usize,
    set: NodeSet,
}

impl Replicas {
    fn push(&mut self, node: NodeId) {
        if self.set.insert(node) {
            self.order[self.length] = node;
            self.length += 1;
        }
    }

    /// In the order of the ring, the responsible one first.
    pub fn in_order(&self) -> &[NodeId] {
        &self.order[..self.length]
    }

    /// As a set.
    pub const fn set(&self) -> NodeSet {
        self.set
    }
}

/// What the log says, up to some entry.
#[derive(Debug, Clone, Default)]
pub struct View {
    /// Counts the changes of who is responsible for what; 0 before the log's first entry.
    pub epoch: u64,
    /// Who founded the cluster.
    pub founders: NodeSet,
    /// Who votes.
    pub members: BTreeMap<NodeId, Member>,
    /// The ring.
    pub ring: Placement,
    /// The ring that comes, while ranges are handed over.
    pub next: Option<Placement>,
    /// Nodes that the ring let go, and that are to be removed.
    pub leaving: BTreeMap<NodeId, bool>,
    /// The last life of each node that was removed, and whether it may come back by itself.
    pub gone: BTreeMap<NodeId, (u16, bool)>,
    weights: BTreeMap<NodeId, u8>,
}

impl View {
    /// Adds an entry of the log. `true` when the epoch changed.
    pub fn apply(&mut self, change: &Change, copies: usize, virtual_nodes: usize) -> bool {
        let place = |weights: &BTreeMap<NodeId, u8>, members: NodeSet| {
            let of_members = members.iter().map(|node| (node, weights.get(&node).copied().unwrap_or(1))).collect();
            Placement::new(&of_members, copies, virtual_nodes)
        };
        let before = self.epoch;
        match *change {
            Change::Nothing => {}
            Change::Found { founders } => {
                self.founders = founders;
                self.members = founders.iter().map(|node| (node, Member { incarnation: 1, weight: 1 })).collect();
                self.ring = place(&self.weights, founders);
                self.epoch = 1;
            }
            Change::Admit { node, member } => {
                self.members.insert(node, member);
                self.weights.insert(node, member.weight);
                self.leaving.remove(&node);
                let is_placed = |ring: &Placement| ring.members().contains(node);
                self.epoch += u64::from(is_placed(&self.ring) || self.next.as_ref().is_some_and(is_placed));
            }
            Change::Remove { node, incarnation, may_return } => {
                if self.members.get(&node).is_some_and(|member| member.incarnation == incarnation) {
                    self.members.remove(&node);
                }
                let known = self.gone.get(&node).map_or(0, |&(last, _)| last);
                self.gone.insert(node, (incarnation.max(known), may_return));
                self.leaving.remove(&node);
            }
            Change::Begin { members, may_return } => {
                if self.next.is_none() && !members.is_empty() {
                    for node in self.ring.members().less(members).iter() {
                        self.leaving.insert(node, may_return);
                    }
                    self.next = Some(place(&self.weights, members));
                    self.epoch += 1;
                }
            }
            Change::Finish { epoch } => {
                if epoch == self.epoch
                    && let Some(next) = self.next.take()
                {
                    self.ring = next;
                    self.epoch += 1;
                }
            }
        }
        self.epoch != before
    }

    /// Every node that is responsible for anything.
    pub fn placed(&self) -> NodeSet {
        self.ring.members().or(self.next.as_ref().map_or(NodeSet::EMPTY, Placement::members))
    }

    /// Who is responsible for a key: under the ring, and under the one that comes.
    pub fn duties(&self, key: &str, hash: u64) -> (Duty, Option<Duty>) {
        (self.ring.duty(key, hash), self.next.as_ref().map(|next| next.duty(key, hash)))
    }

    /// Whether a node is responsible for a key under either ring.
    pub fn is_responsible(&self, node: NodeId, key: &str, hash: u64) -> bool {
        let (duty, next) = self.duties(key, hash);
        duty.replicas.contains(node) || next.is_some_and(|next| next.replicas.contains(node))
    }

    /// Of the rings together: two nodes that differ here disagree on who holds what.
    pub fn ring_digest(&self) -> u64 {
        self.ring.digest() ^ self.next.as_ref().map_or(0, |next| next.digest().rotate_left(1)) ^ self.epoch
    }
}
