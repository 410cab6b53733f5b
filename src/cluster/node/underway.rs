//! A node's work in progress: operations, pulls, and the forgetting of dead records.

use std::collections::BTreeMap;

use crate::cluster::ids::{Micros, NodeId, NodeSet, Version};
use crate::cluster::level::Level;
use crate::cluster::message::Placed;
use crate::cluster::record::{Key, Record, Selector};

/// An operation under way.
#[derive(Debug, Clone)]
pub(super) struct Pending {
    pub(super) client: u64,
    pub(super) at: Placed,
    pub(super) level: Level,
    pub(super) aim: Aim,
    pub(super) phase: Phase,
    /// The epoch in which this phase's questions were asked: only answers of that epoch count.
    pub(super) epoch: u64,
    pub(super) deadline: Micros,
    pub(super) retry_at: Micros,
    pub(super) is_replied: bool,
    /// Who answered the query.
    pub(super) answered: NodeSet,
    /// Whether all replicas were asked because an answer was older than the session knows. After that only the retry asks again.
    pub(super) asked_all: bool,
    /// Who answered so.
    pub(super) behind: NodeSet,
    /// Who has the record that is being stored.
    pub(super) stored: NodeSet,
    /// The newest record among the answers, and the nodes that hold it.
    pub(super) best: Option<Record>,
    pub(super) have_best: NodeSet,
    /// The invalidations by tag among the answers, and the nodes that hold them.
    pub(super) sweeps: BTreeMap<Key, (Record, NodeSet)>,
    /// The one that makes a tombstone of what a read found: it is sent along with that tombstone.
    pub(super) sweep: Option<(Key, Record)>,
    /// The tombstone, of an invalidation by tag or an eviction, because of which all replicas were asked once more.
    pub(super) looked_at: Version,
}

#[derive(Debug, Clone)]
pub(super) enum Aim {
    Read {
        at_least: Version,
    },
    /// The record's version is [`Version::NONE`] until the query is answered.
    Write {
        record: Record,
        at_least: Version,
    },
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Phase {
    /// Which versions are there?
    Query,
    /// A write, or the repair of a read, goes out.
    Store,
}

impl Pending {
    pub(super) const fn new(client: u64, at: Placed, level: Level, aim: Aim, deadline: Micros) -> Self {
        Self {
            client,
            at,
            level,
            aim,
            phase: Phase::Query,
            epoch: 0,
            deadline,
            retry_at: 0,
            is_replied: false,
            answered: NodeSet::EMPTY,
            asked_all: false,
            behind: NodeSet::EMPTY,
            stored: NodeSet::EMPTY,
            best: None,
            have_best: NodeSet::EMPTY,
            sweeps: BTreeMap::new(),
            sweep: None,
            looked_at: Version::NONE,
        }
    }

    pub(super) fn record(&self) -> Option<&Record> {
        match &self.aim {
            Aim::Read { .. } => self.best.as_ref(),
            Aim::Write { record, .. } => Some(record),
        }
    }

    /// Discards this phase's answers; later ones to its questions will not count either.
    pub(super) fn forget_answers(&mut self) {
        self.answered = NodeSet::EMPTY;
        self.asked_all = false;
        self.behind = NodeSet::EMPTY;
        self.have_best = NodeSet::EMPTY;
        self.best = None;
        self.sweeps.values_mut().for_each(|(_, who)| *who = NodeSet::EMPTY);
    }

    /// Turns the record that a read found into a tombstone, if an invalidation by tag deletes it. Then only nodes that also have
    /// the invalidation count as holding the tombstone.
    pub(super) fn apply_sweeps(&mut self) {
        self.sweep = None;
        let Some(best) = self.best.as_mut().filter(|best| best.value.is_some() || best.version.is_swept) else {
            return;
        };
        let reaches = |key: &Key, sweep: &Record| {
            sweep.version > best.version
                && Selector::of_key(key).is_some_and(|selector| selector.reaches(&self.at.key, best.tag.as_deref()))
        };
        let reaching = self.sweeps.iter().filter(|(key, (sweep, _))| reaches(key, sweep));
        let Some((key, (sweep, who))) = reaching.max_by_key(|(_, (sweep, _))| sweep.version) else { return };
        if best.value.is_some() {
            *best = Record { version: best.version.swept(), value: None, deadline: None, ..best.clone() };
            self.have_best = NodeSet::EMPTY;
        }
        self.have_best = self.have_best.and(*who);
        self.sweep = Some((key.clone(), sweep.clone()));
    }
}

/// A pull of the records that a node should hold and does not.
#[derive(Debug, Clone)]
pub(super) struct CatchUp {
    pub(super) epoch: u64,
    /// Whether it is for the next ring.
    pub(super) for_next: bool,
    /// For each source the key to go on after.
    pub(super) cursors: BTreeMap<NodeId, Option<Key>>,
    /// Who has sent everything.
    pub(super) done: NodeSet,
}

/// A dead record, while its replicas confirm that it may be forgotten.
#[derive(Debug, Clone)]
pub(super) struct Confirmation {
    pub(super) version: Version,
    pub(super) epoch: u64,
    pub(super) confirmed: NodeSet,
    /// Since when all have confirmed. The record is forgotten only after older messages under way at that moment have become too
    /// old to be accepted.
    pub(super) complete: Option<Micros>,
}
