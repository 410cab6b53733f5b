//! Membership: applying the log's entries, what a leader proposes, and how ranges are handed over.
//!
//! A change of the ring takes two log entries. From `Begin` on, reads and writes need a quorum of the old replicas *and* one of the
//! new: the old ones know every write, and the new ones know whether the change is over for them, as they refuse then. Every node
//! that is to hold more pulls it from a quorum of the old replicas, which refuse operations of the epoch before. When a quorum of
//! every key's new replicas holds everything, the leader writes `Finish`. So at each step every quorum includes a replica with each
//! acknowledged write.

use std::collections::BTreeMap;

use crate::cluster::ids::{MS, Micros, NodeId, NodeSet, Version};
use crate::cluster::message::{How, Message, Note};
use crate::cluster::raft::Role;
use crate::cluster::record::{Key, Record, hash_of};
use crate::cluster::view::{Change, Member, Placement};

use super::repair::BATCH;
use super::underway::CatchUp;
use super::{Disk, Node};

/// How often a node repeats its requests for records it should hold.
const PULL_EVERY: Micros = 200 * MS;

impl Node {
    /// Applies what is committed, and passes on what the log has to say.
    pub(super) fn after_raft(&mut self) {
        for (to, vote) in self.raft.take_messages() {
            self.send(to, Message::Vote(vote));
        }
        if self.raft.take_cut() {
            self.note(Note::LogCut);
        }
        let leads = self.raft.role() == Role::Leader;
        if leads && self.led_since.is_none() {
            self.note(Note::Elected { term: self.raft.term() });
            self.led_since = Some(self.now.mono);
            self.whole_next = NodeSet::EMPTY;
        } else if !leads {
            self.led_since = None;
        }
        while self.applied < self.raft.commit() {
            self.applied += 1;
            if let Some(change) = self.raft.entry(self.applied).cloned() {
                self.apply(&change);
            }
        }
    }

    fn apply(&mut self, change: &Change) {
        let is_new_epoch = self.view.apply(change, self.settings.copies, self.settings.virtual_nodes);
        match change {
            Change::Begin { .. } if is_new_epoch => {
                let adds_nothing = |next: &Placement| next.adds_nothing_to(&self.view.ring, self.id);
                self.is_whole_next = self.is_whole && self.view.next.as_ref().is_some_and(adds_nothing);
            }
            Change::Finish { .. } if is_new_epoch => {
                self.is_whole = std::mem::take(&mut self.is_whole_next);
                self.let_go();
            }
            Change::Remove { node, incarnation, may_return } if *node == self.id => {
                self.hear_removed(*incarnation, *may_return);
            }
            Change::Remove { node, .. } => {
                self.to_leave.remove(*node);
            }
            Change::Admit { node, .. } => {
                self.hellos.remove(node);
            }
            _ => {}
        }
        if is_new_epoch {
            self.whole_next = NodeSet::EMPTY;
            self.catch_up = None;
            self.confirmations.clear();
            let (epoch, is_handover) = (self.view.epoch, self.view.next.is_some());
            self.note(Note::Epoch { epoch, is_handover });
            self.restart_operations();
        }
    }

    /// Drops records that the ring gave to other nodes. Recent ones are sent to them as hints: a write at ONE may be
    /// here only.
    fn let_go(&mut self) {
        let now = self.time().unwrap_or(0);
        let stranded: Vec<Key> = self
            .store
            .iter()
            .filter(|(key, _)| !self.view.is_responsible(self.id, key, hash_of(key)))
            .map(|(key, _)| key.clone())
            .collect();
        for key in stranded {
            let Some(record) = self.store.remove(&key) else { continue };
            if record.written.saturating_add(self.settings.hint_life) > now {
                for node in self.view.ring.duty(&key, hash_of(&key)).replicas.iter() {
                    self.keep_hint(node, &key, &record);
                }
            }
        }
    }

    pub(super) fn tend_members(&mut self) {
        let is_member = self.view.members.get(&self.id).is_some_and(|member| member.incarnation == self.incarnation);
        if self.now.mono >= self.pull_at {
            self.pull_at = self.now.mono + PULL_EVERY;
            if !is_member {
                let known: NodeSet = self.view.members.keys().copied().collect();
                for node in known.or(self.contacts).less(NodeSet::of(self.id)).iter() {
                    self.send(node, Message::Hello { weight: self.weight });
                }
            }
            self.pull();
            self.report_whole();
        }
        self.lead();
    }

    /// The leader looks for the next membership change, one at a time.
    fn lead(&mut self) {
        let Some(since) = self.led_since else { return };
        if !self.raft.may_propose() || self.applied < self.raft.commit() {
            return;
        }
        if let Some(change) = self.next_change(since) {
            self.raft.propose(change, self.now.mono);
            self.after_raft();
        }
    }

    fn next_change(&mut self, since: Micros) -> Option<Change> {
        let view = &self.view;
        if let Some((&node, &(incarnation, weight))) = self.hellos.iter().next() {
            match view.members.get(&node) {
                Some(member) if member.incarnation >= incarnation => {
                    self.hellos.remove(&node);
                }
                Some(member) => {
                    let incarnation = member.incarnation;
                    return Some(Change::Remove { node, incarnation, may_return: true });
                }
                None => return Some(Change::Admit { node, member: Member { incarnation, weight } }),
            }
        }
        if let Some(next) = &view.next {
            let is_ready = next.has_quorums(self.whole_next);
            return is_ready.then_some(Change::Finish { epoch: view.epoch });
        }
        if let Some((&node, &may_return)) = view.leaving.iter().next() {
            let member = view.members.get(&node);
            let incarnation = member.map_or(0, |member| member.incarnation);
            return Some(Change::Remove { node, incarnation, may_return });
        }
        let placed = view.ring.members();
        let newcomer = view.members.keys().copied().find(|&node| !placed.contains(node));
        if let Some(node) = newcomer {
            let members = placed.or(NodeSet::of(node));
            return Some(Change::Begin { members, may_return: true });
        }
        if let Some(node) = placed.and(self.to_leave).iter().next().filter(|_| placed.len() > 1) {
            let members = placed.less(NodeSet::of(node));
            return Some(Change::Begin { members, may_return: false });
        }
        let is_dead = |node: NodeId| {
            let heard = self.heard.get(&node).copied().unwrap_or(0).max(since);
            node != self.id && self.now.mono > heard + self.settings.dead_after
        };
        // With fewer nodes than copies, removing one gains nothing: there is no other to hold its keys.
        let dead = placed.iter().find(|&node| is_dead(node)).filter(|_| placed.len() > self.settings.copies)?;
        let members = placed.less(NodeSet::of(dead));
        Some(Change::Begin { members, may_return: true })
    }

    pub(super) fn hear_hello(&mut self, from: NodeId, incarnation: u16, weight: u8) {
        let is_known = |member: &Member| member.incarnation >= incarnation;
        if self.view.members.get(&from).is_some_and(is_known) {
            return;
        }
        if self.led_since.is_some() {
            self.hellos.insert(from, (incarnation, weight));
        } else if !self.view.members.is_empty() {
            let nodes = self.view.members.keys().copied().collect();
            self.send(from, Message::Members { nodes });
        }
    }

    /// Passes an operator's request to the leader, which remembers it while it leads.
    pub(super) fn wish_to_leave(&mut self, node: NodeId) {
        if self.led_since.is_some() {
            self.to_leave.insert(node);
        } else if let Some(leader) = self.raft.leader().filter(|&leader| leader != self.id) {
            self.send(leader, Message::Leave { node });
        }
    }

    /// The cluster removed this incarnation. It may come back as a new one, with an empty store: what it holds is outdated.
    pub(super) fn hear_removed(&mut self, incarnation: u16, may_return: bool) {
        if incarnation != self.incarnation || self.has_left {
            return;
        }
        self.note(Note::LeftCluster { may_return });
        self.give_up_operations();
        if !may_return {
            self.has_left = true;
            return;
        }
        let placed = self.view.placed().or(self.view.members.keys().copied().collect()).or(self.contacts);
        let mut disk = Disk::blank(self.id, self.incarnation.saturating_add(1), self.weight);
        disk.offset = self.offset;
        disk.clock = self.clock;
        disk.store = self.store.emptied();
        let seed = self.random.next_u64();
        let out = std::mem::take(&mut self.out);
        let mut fresh = Self::start(disk, self.settings.clone(), placed, self.now, seed);
        fresh.out = out;
        *self = fresh;
    }

    fn report_whole(&mut self) {
        let Some(next) = &self.view.next else { return };
        if !(self.is_whole_next && next.members().contains(self.id)) {
            return;
        }
        if self.led_since.is_some() {
            self.whole_next.insert(self.id);
        } else if let Some(leader) = self.raft.leader() {
            self.send(leader, Message::Whole);
        }
    }

    /// Asks the ring's nodes for records that this one should hold and does not, until a quorum of each key's replicas has sent
    /// them.
    fn pull(&mut self) {
        let in_ring = self.view.ring.members().contains(self.id);
        let in_next = self.view.next.as_ref().is_some_and(|next| next.members().contains(self.id));
        let for_next = match (self.is_whole || !in_ring, self.is_whole_next || !in_next) {
            (false, _) => false,
            (true, false) => true,
            (true, true) => return,
        };
        if self.time().is_none() {
            return;
        }
        let (epoch, is_whole, myself) = (self.view.epoch, self.is_whole, self.id);
        if self.catch_up.as_ref().is_none_or(|found| found.epoch != epoch || found.for_next != for_next) {
            let done = if is_whole { NodeSet::of(myself) } else { NodeSet::EMPTY };
            self.catch_up = Some(CatchUp { epoch, for_next, cursors: BTreeMap::new(), done });
        }
        let Some(catch_up) = &self.catch_up else { return };
        let sources: Vec<_> = self
            .view
            .ring
            .members()
            .less(catch_up.done)
            .iter()
            .filter(|&node| node != myself)
            .map(|node| (node, catch_up.cursors.get(&node).cloned().flatten()))
            .collect();
        for (node, after) in sources {
            self.send(node, Message::Pull { after });
        }
        self.end_catch_up();
    }

    pub(super) fn hear_pull(&mut self, from: NodeId, after: Option<Key>) {
        if !self.is_whole {
            return;
        }
        let mut list = Vec::new();
        let mut last = None;
        for (key, record) in self.store.iter_after(after.as_ref()) {
            if list.len() == BATCH {
                last = list.last().map(|(key, _): &(Key, Record)| key.clone());
                break;
            }
            if self.view.is_responsible(from, key, hash_of(key)) {
                list.push((key.clone(), record.clone()));
            }
        }
        let floor = self.store.forgotten();
        self.send(from, Message::Batch { after, list, last, floor });
    }

    pub(super) fn hear_batch(
        &mut self,
        from: NodeId,
        after: Option<&Key>,
        list: Vec<(Key, Record)>,
        last: Option<Key>,
        floor: Version,
    ) {
        let Some(catch_up) = &mut self.catch_up else { return };
        let awaited = catch_up.cursors.get(&from).cloned().flatten();
        if catch_up.epoch != self.view.epoch || awaited.as_ref() != after || catch_up.done.contains(from) {
            return;
        }
        if last.is_none() {
            catch_up.done.insert(from);
        }
        let goes_on = last.is_some();
        catch_up.cursors.insert(from, last.clone());
        self.store.raise(floor);
        self.clock.observe(floor.clock);
        for (key, record) in list {
            self.keep(&key, record, How::HandedOver);
        }
        if goes_on {
            self.send(from, Message::Pull { after: last });
        } else {
            self.end_catch_up();
        }
    }

    fn end_catch_up(&mut self) {
        let Some(catch_up) = &self.catch_up else { return };
        let target = if catch_up.for_next { self.view.next.as_ref() } else { Some(&self.view.ring) };
        let Some(target) = target else { return };
        if !self.view.ring.know_all(catch_up.done, target, self.id) {
            return;
        }
        if catch_up.for_next {
            self.is_whole_next = true;
        } else {
            self.is_whole = true;
            let adds_nothing = |next: &Placement| next.adds_nothing_to(&self.view.ring, self.id);
            self.is_whole_next |= self.view.next.as_ref().is_some_and(adds_nothing);
        }
        self.catch_up = None;
        let epoch = self.view.epoch;
        self.note(Note::CaughtUp { epoch });
        self.report_whole();
    }
}
