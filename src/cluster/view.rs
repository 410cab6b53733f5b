//! Membership, as the agreed log defines it: the members, the ring that places keys, and the next ring.

use std::collections::BTreeMap;

use super::ids::{NodeId, NodeSet};
use super::level::{Duty, quorum};
use super::record::is_sweep;
use crate::ring::{HashRing, NodeInfo, hash64};

/// The most copies of a key.
pub const COPIES_MAX: usize = 9;

/// A member of the cluster; it votes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Member {
    /// The node's incarnation.
    pub incarnation: u16,
    /// It has so many times the ring's points.
    pub weight: u8,
}

/// An entry of the agreed log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Change {
    /// The first entry: who founds the cluster. Ring epoch 1.
    Found {
        /// The founders, all of weight 1 and in their first incarnation.
        founders: NodeSet,
    },
    /// Written by a new leader, to commit its predecessors' entries.
    Nothing,
    /// A node may vote. If it is on the ring already, it came back without its disk: a new epoch begins, so that acknowledgements
    /// from the lost disk no longer count.
    Admit {
        /// The node.
        node: NodeId,
        /// Its incarnation and weight.
        member: Member,
    },
    /// A node votes no more.
    Remove {
        /// The node.
        node: NodeId,
        /// The incarnation that ends.
        incarnation: u16,
        /// Whether it may come back on its own as a new incarnation: it was removed only because it was silent.
        may_return: bool,
    },
    /// Starts a change to these members; until [`Change::Finish`], quorums of both rings are needed. A new epoch.
    Begin {
        /// All of them.
        members: NodeSet,
        /// Whether removed nodes may come back on their own.
        may_return: bool,
    },
    /// The next ring becomes the ring. A new epoch.
    Finish {
        /// The epoch that it ends; if the epoch is another one by now, the entry came too late and changes nothing.
        epoch: u64,
    },
}

/// Where keys belong: the points of a [`HashRing`], with node numbers instead of ids.
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

    /// Equal for equal rings, different for different ones.
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

    /// The replicas of a key, and their quorum. A sweep belongs to all members; its quorum leaves out so few of them that it
    /// includes a quorum of every key's replicas.
    pub fn duty(&self, key: &str, hash: u64) -> Duty {
        let copies = self.copies.min(self.members.len());
        if is_sweep(key) {
            Duty { replicas: self.members, quorum: self.members.len() - (copies - quorum(copies).min(copies)) }
        } else {
            Duty { replicas: self.replicas(hash).set, quorum: quorum(copies) }
        }
    }

    /// How many replicas of a key a quorum is.
    pub fn quorum(&self) -> usize {
        quorum(self.copies.min(self.members.len()))
    }

    /// Whether `nodes` include a quorum of the replicas of every key. O(points).
    pub fn has_quorums(&self, nodes: NodeSet) -> bool {
        self.points.iter().all(|&(end, _)| {
            let replicas = self.replicas(end).set;
            replicas.and(nodes).len() >= quorum(replicas.len())
        })
    }

    /// Whether `sources` together hold every acknowledged write of the keys that `node` replicates in `target`: they include so
    /// many replicas of each key that every quorum has one among them, even if the others lost their disks. O(points of both).
    pub fn know_all(&self, sources: NodeSet, target: &Self, node: NodeId) -> bool {
        let mut ends = self.points.iter().chain(&target.points).map(|&(position, _)| position);
        ends.all(|end| {
            let replicas = self.replicas(end).set;
            !target.replicas(end).set.contains(node)
                || replicas.and(sources).len() > replicas.len() - quorum(replicas.len())
        })
    }

    /// Whether a node is a replica here only of keys that it replicates in `other` too. O(points).
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

/// Membership after a prefix of the log.
#[derive(Debug, Clone, Default)]
pub struct View {
    /// Counts the changes of which nodes are responsible; 0 before the log's first entry.
    pub epoch: u64,
    /// The founders of the cluster.
    pub founders: NodeSet,
    /// The voters.
    pub members: BTreeMap<NodeId, Member>,
    /// The ring.
    pub ring: Placement,
    /// The next ring, while ranges are handed over.
    pub next: Option<Placement>,
    /// Nodes that are off the ring and still to be removed.
    pub leaving: BTreeMap<NodeId, bool>,
    /// The last incarnation of each removed node, and whether it may come back on its own.
    pub gone: BTreeMap<NodeId, (u16, bool)>,
    weights: BTreeMap<NodeId, u8>,
}

impl View {
    /// Applies an entry of the log. `true` when the epoch changed.
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

    /// Every node on either ring.
    pub fn placed(&self) -> NodeSet {
        self.ring.members().or(self.next.as_ref().map_or(NodeSet::EMPTY, Placement::members))
    }

    /// The replicas of a key: on the ring, and on the next one.
    pub fn duties(&self, key: &str, hash: u64) -> (Duty, Option<Duty>) {
        (self.ring.duty(key, hash), self.next.as_ref().map(|next| next.duty(key, hash)))
    }

    /// Whether a node is responsible for a key under either ring.
    pub fn is_responsible(&self, node: NodeId, key: &str, hash: u64) -> bool {
        let (duty, next) = self.duties(key, hash);
        duty.replicas.contains(node) || next.is_some_and(|next| next.replicas.contains(node))
    }

    /// A digest of both rings: nodes of one epoch with different digests disagree about which node holds what.
    pub fn ring_digest(&self) -> u64 {
        self.ring.digest() ^ self.next.as_ref().map_or(0, |next| next.digest().rotate_left(1)) ^ self.epoch
    }
}
