//! What a node keeps: what a crash leaves of it, and how a host that has a real disk knows what to write there.
//!
//! Such a host writes the [`Head`] whenever the [`Mark`] has changed, and the store's [`Edit`]s as they come, and only when both are on the
//! disk does it send what the node sent and answer what it answered. Hints are not among it: what they do not reach, nodes find by comparing.

use std::collections::BTreeMap;

use crate::cluster::ids::{HybridClock, Micros, NodeId, NodeSet, SECOND};
use crate::cluster::raft::{Entry, Stable};
use crate::cluster::record::{Key, Record};
use crate::cluster::store::{Edit, Store};
use crate::cluster::time::Offset;
use crate::cluster::view::{Change, View};
use crate::cluster::wire::{Reader, Wire};

use super::{Node, Readings, Settings};

/// The hybrid clock is kept ahead of its readings, by one to two of these, so that not each reading must be written.
const CLOCK_STEP: Micros = 10 * SECOND;

/// What a crash leaves: everything that a node has told others of itself.
#[derive(Debug, Clone)]
pub struct Disk {
    pub(super) id: NodeId,
    pub(super) incarnation: u16,
    pub(super) weight: u8,
    pub(super) boots: u32,
    pub(super) log: Stable,
    pub(super) applied: usize,
    pub(super) view: View,
    pub(super) store: Store,
    pub(super) hints: BTreeMap<(NodeId, Key), Record>,
    pub(super) clock: HybridClock,
    pub(super) offset: Offset,
    pub(super) is_whole: bool,
    pub(super) is_whole_next: bool,
}

impl Disk {
    /// A founder's. The one of the lowest number begins cluster time, now.
    pub fn founder(id: NodeId, founders: NodeSet, settings: &Settings, now: Readings) -> Self {
        let mut disk = Self::blank(id, 1, 1);
        let change = Change::Found { founders };
        disk.view.apply(&change, settings.copies, settings.virtual_nodes);
        disk.log.log.push(Entry { term: 0, change });
        disk.applied = 1;
        disk.is_whole = true;
        if founders.iter().next() == Some(id) {
            disk.offset = Offset::founder(now.mono);
        }
        disk
    }

    /// That of a machine which knows nothing. No two lives of a node may have the same incarnation.
    pub fn blank(id: NodeId, incarnation: u16, weight: u8) -> Self {
        Self {
            id,
            incarnation,
            weight,
            boots: 0,
            log: Stable::default(),
            applied: 0,
            view: View::default(),
            store: Store::default(),
            hints: BTreeMap::new(),
            clock: HybridClock::default(),
            offset: Offset::default(),
            is_whole: false,
            is_whole_next: false,
        }
    }

    /// Which life it is of.
    pub const fn incarnation(&self) -> u16 {
        self.incarnation
    }

    /// Whose it is.
    pub const fn id(&self) -> NodeId {
        self.id
    }

    /// The ring as its node knew it last.
    pub const fn view(&self) -> &View {
        &self.view
    }

    /// Who votes, and in which incarnation, as its log says. Cost: O(log).
    pub fn voters(&self) -> BTreeMap<NodeId, u16> {
        self.log.voters()
    }

    /// That of a node whose head and records were kept.
    pub fn restored(head: Head, store: Store, settings: &Settings) -> Self {
        let mut view = View::default();
        for entry in head.log.log.iter().take(head.applied) {
            view.apply(&entry.change, settings.copies, settings.virtual_nodes);
        }
        Self {
            id: head.id,
            incarnation: head.incarnation,
            weight: head.weight,
            boots: head.boots,
            log: head.log,
            applied: head.applied,
            view,
            store,
            hints: BTreeMap::new(),
            clock: head.clock,
            offset: head.offset,
            is_whole: head.is_whole,
            is_whole_next: head.is_whole_next,
        }
    }
}

/// What a node keeps beside its records: small, and written whole.
#[derive(Debug, Clone)]
pub struct Head {
    id: NodeId,
    incarnation: u16,
    weight: u8,
    boots: u32,
    log: Stable,
    applied: usize,
    clock: HybridClock,
    /// Cluster time less the monotonic clock: a host whose clock began anew corrects it.
    pub offset: Offset,
    is_whole: bool,
    is_whole_next: bool,
}

impl Head {
    /// Whose it is.
    pub const fn id(&self) -> NodeId {
        self.id
    }

    /// Which life it is of.
    pub const fn incarnation(&self) -> u16 {
        self.incarnation
    }
}

impl Wire for Head {
    fn put(&self, out: &mut Vec<u8>) {
        self.id.put(out);
        self.incarnation.put(out);
        self.weight.put(out);
        self.boots.put(out);
        self.log.put(out);
        self.applied.put(out);
        self.clock.put(out);
        self.offset.put(out);
        self.is_whole.put(out);
        self.is_whole_next.put(out);
    }

    fn take(from: &mut Reader<'_>) -> Option<Self> {
        let head = Self {
            id: Wire::take(from)?,
            incarnation: Wire::take(from)?,
            weight: Wire::take(from)?,
            boots: Wire::take(from)?,
            log: Wire::take(from)?,
            applied: Wire::take(from)?,
            clock: Wire::take(from)?,
            offset: Wire::take(from)?,
            is_whole: Wire::take(from)?,
            is_whole_next: Wire::take(from)?,
        };
        (head.applied <= head.log.log.len()).then_some(head)
    }
}

/// Changes whenever the [`Head`] does in a way that must be kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Mark {
    life: (u16, u32),
    /// Two logs whose last entries are of one index and term are equal.
    log: (u64, Option<NodeId>, usize, u64),
    applied: usize,
    clock: u64,
    offset: Offset,
    is_whole: (bool, bool),
}

impl Node {
    /// What is left of it after a crash.
    pub fn into_disk(self) -> Disk {
        Disk {
            id: self.id,
            incarnation: self.incarnation,
            weight: self.weight,
            boots: self.boots,
            log: self.raft.into_stable(),
            applied: self.applied,
            view: self.view,
            store: self.store,
            hints: self.hints,
            clock: self.clock,
            offset: self.offset,
            is_whole: self.is_whole,
            is_whole_next: self.is_whole_next,
        }
    }

    /// Who votes, and in which incarnation, as its log says. Cost: O(log).
    pub fn voters(&self) -> BTreeMap<NodeId, u16> {
        self.raft.stable.voters()
    }

    /// What it must keep beside its records.
    pub fn head(&self) -> Head {
        let ahead = (self.clock.last / CLOCK_STEP).saturating_add(2).saturating_mul(CLOCK_STEP);
        Head {
            id: self.id,
            incarnation: self.incarnation,
            weight: self.weight,
            boots: self.boots,
            log: self.raft.stable.clone(),
            applied: self.applied,
            clock: HybridClock { last: ahead },
            offset: self.offset,
            is_whole: self.is_whole,
            is_whole_next: self.is_whole_next,
        }
    }

    /// Whether the head must be kept again: when this is another one.
    pub fn mark(&self) -> Mark {
        let stable = &self.raft.stable;
        let last_term = stable.log.last().map_or(0, |entry| entry.term);
        Mark {
            life: (self.incarnation, self.boots),
            log: (stable.term, stable.vote, stable.log.len(), last_term),
            applied: self.applied,
            clock: self.clock.last / CLOCK_STEP,
            offset: self.offset,
            is_whole: (self.is_whole, self.is_whole_next),
        }
    }

    /// From now on changes of its records are listed, to be taken by [`Self::take_edits`].
    pub fn list_edits(&mut self) {
        self.store.list_edits();
    }

    /// What changed in its records since the last time.
    pub fn take_edits(&mut self) -> Vec<Edit> {
        self.store.take_edits()
    }
}
