//! What a node is in the middle of: operations, the pulling of data, and the forgetting of dead records.

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
    /// Under which epoch the answers of this phase were asked for: only such answers count.
    pub(super) epoch: u64,
    pub(super) deadline: Micros,
    pub(super) retry_at: Micros,
    pub(super) is_replied: bool,
    /// Who answered the query.
    pub(super) answered: NodeSet,
    /// Who has the record that is being stored.
    pub(super) stored: NodeSet,
    /// The newest record that was answered, and who has it.
    pub(super) best: Option<Record>,
    pub(super) have_best: NodeSet,
    /// The invalidations by tag that were answered, and who holds them.
    pub(super) sweeps: BTreeMap<Key, (Record, NodeSet)>,
    /// The one of them that makes a tombstone of what a read found: it goes to those who get the tombstone.
    pub(super) sweep: Option<(Key, Record)>,
    /// The tombstone of that kind for which all were asked once more.
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
    pub(super) fn record(&self) -> Option<&Record> {
        match &self.aim {
            Aim::Read { .. } => self.best.as_ref(),
            Aim::Write { record, .. } => Some(record),
        }
    }

    /// From here on answers to the questions before count no more.
    pub(super) fn forget_answers(&mut self) {
        self.answered = NodeSet::EMPTY;
        self.have_best = NodeSet::EMPTY;
        self.best = None;
        self.sweeps.values_mut().for_each(|(_, who)| *who = NodeSet::EMPTY);
    }

    /// Makes a tombstone of what a read found, if an invalidation by tag reaches it; and leaves as those who have it only those who have the
    /// invalidation too.
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

/// The pulling of what a node should hold and does not.
#[derive(Debug, Clone)]
pub(super) struct CatchUp {
    pub(super) epoch: u64,
    /// Whether it is for the ring that comes.
    pub(super) for_next: bool,
    /// Behind which key to go on, for each source.
    pub(super) cursors: BTreeMap<NodeId, Option<Key>>,
    /// Who has sent everything.
    pub(super) done: NodeSet,
}

/// A dead record whose forgetting is being agreed on.
#[derive(Debug, Clone)]
pub(super) struct Confirmation {
    pub(super) version: Version,
    pub(super) epoch: u64,
    pub(super) confirmed: NodeSet,
    /// Since when all have confirmed: older data that was under way then is dropped on arrival by the time that it is forgotten.
    pub(super) complete: Option<Micros>,
}
