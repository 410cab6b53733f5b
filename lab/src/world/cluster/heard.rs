//! What the world hears of its nodes: it counts what is rare, and remembers what must never be.

use cachedojo::cluster::record::{Key, Record, Value};
use cachedojo::cluster::{Micros, NodeId, Note, Request, Version};

use super::story::{Happening, Rare};
use super::{ClusterWorld, Host, printed};

/// A write that a node evicted.
#[derive(Debug, Clone)]
pub struct EvictedWrite {
    /// When.
    pub at: Micros,
    /// Which key.
    pub key: Key,
    /// Which write of it.
    pub version: Version,
    /// The value.
    pub value: Value,
}

impl ClusterWorld {
    pub(super) fn hear_note(&mut self, node: NodeId, note: Note) {
        self.counts.note(&note);
        match &note {
            Note::Elected { term } => {
                if let Some(&other) = self.leaders.get(term).filter(|&&other| other != node) {
                    self.broken.push(format!("{other} and {node} both lead term {term}"));
                }
                if self.is_in_handover() {
                    self.counts.count(Rare::ElectionInHandover);
                }
                if self.hosts.iter().any(|(&other, host)| other != node && host.leads()) {
                    self.counts.count(Rare::TwoLeaders);
                }
                self.leaders.insert(*term, node);
            }
            Note::Evicted { key, record, .. } => self.hear_eviction(key, record),
            Note::HintTooLate { key } if self.is_evicted_at(node, key) => self.counts.count(Rare::HintAfterEviction),
            Note::Repairs { key } if self.is_being_deleted(key) => self.counts.count(Rare::RepairRacesDelete),
            Note::RingsDiffer { with } => {
                self.broken.push(format!("{node} and {with} have different rings in one epoch"));
            }
            Note::Misplaced { key } => {
                self.broken.push(format!("{node} was sent {} which is not its own by its hash or ring", printed(key)));
            }
            _ => {}
        }
        self.tell(Happening::Note { node, note });
    }

    /// After whatever it did, a node holds no more than it may.
    pub(super) fn check_memory(&mut self, node: NodeId) {
        let Some(machine) = self.hosts.get(&node).and_then(Host::node) else { return };
        let bytes = machine.store().bytes();
        if let Some(limit) = machine.memory_limit().filter(|&limit| bytes > limit) {
            self.broken.push(format!("{node} holds {bytes} bytes, more than its limit of {limit}"));
        }
    }

    fn hear_eviction(&mut self, key: &Key, record: &Record) {
        if self.is_in_handover() {
            self.counts.count(Rare::EvictionInHandover);
        }
        if self.is_being_written(key) {
            self.counts.count(Rare::EvictionRacesWrite);
        }
        let (at, version) = (self.now, record.version);
        let is_known = |known: &EvictedWrite| known.version == version && known.key == *key;
        if let Some(value) = record.value.clone().filter(|_| !self.evictions.iter().any(is_known)) {
            self.evictions.push(EvictedWrite { at, key: key.clone(), version, value });
        }
    }

    /// Whether a node holds the tombstone of an eviction.
    fn is_evicted_at(&self, node: NodeId, key: &str) -> bool {
        let held = self.hosts.get(&node).and_then(Host::node).and_then(|node| node.store().held(key));
        held.is_some_and(|held| self.evictions.iter().any(|evicted| evicted.version.swept() == held.version))
    }

    fn is_being_written(&self, key: &str) -> bool {
        let mut open = self.open.values().flatten().filter_map(|&number| self.calls.get(number));
        open.any(|call| matches!(&call.request, Request::Write { key: other, value: Some(_), .. } if **other == *key))
    }

    pub(super) fn is_in_handover(&self) -> bool {
        self.hosts.values().any(|host| host.node().is_some_and(|node| node.view().next.is_some()))
    }

    fn is_being_deleted(&self, key: &str) -> bool {
        let mut open = self.open.values().flatten().filter_map(|&number| self.calls.get(number));
        open.any(|call| matches!(&call.request, Request::Write { key: other, value: None, .. } if **other == *key))
    }
}
