//! A node: a state machine. Messages, ticks and requests come in; messages, answers and notes come out. It reads no clock, draws no
//! randomness and keeps no file of its own: all three are handed to it.

mod coordinate;
mod disk;
mod evict;
mod members;
mod repair;
mod replica;
mod underway;

use std::collections::{BTreeMap, VecDeque};

use super::ids::{HybridClock, MS, Micros, NodeId, NodeSet, SECOND, Version};
use super::message::{Effects, Envelope, Message, Note, Placed, Request};
use super::raft::{Raft, Role};
use super::record::{Key, Record, hash_of};
use super::store::Store;
use super::time::{Offset, SKEW_BOUND};
use super::view::View;
use crate::random::Random;
pub use disk::{Disk, Head, Mark};
use underway::{CatchUp, Confirmation, Pending};

/// How often the host must call [`Node::tick`].
pub const TICK: Micros = 50 * MS;
/// How often it sends a heartbeat.
const BEAT_EVERY: Micros = 500 * MS;
/// After how long without a message a node counts as away: nothing that can wait is sent to it.
pub const AWAY_AFTER: Micros = 2 * SECOND;
/// How often it asks others for cluster time, until it knows it well.
const TIME_EVERY: Micros = 100 * MS;

/// The settings of a cluster; the same on every node.
#[derive(Debug, Clone)]
pub struct Settings {
    /// On how many nodes a key lives. Bounds: 1 to 9.
    pub copies: usize,
    /// How many bytes of keys and values a node holds before it evicts; `None` for no limit.
    pub memory: Option<usize>,
    /// Points of a node of weight 1 on the ring.
    pub virtual_nodes: usize,
    /// How long an operation may take before it fails.
    pub patience: Micros,
    /// After how long nodes that have not answered are asked again.
    pub retry: Micros,
    /// The greatest age of data in a message.
    pub message_life: Micros,
    /// How long after a write its hints are kept.
    pub hint_life: Micros,
    /// After how long without a message the leader removes a node.
    pub dead_after: Micros,
    /// How often a node compares digests with another one.
    pub compare_every: Micros,
    /// How often it looks for dead records that may be forgotten.
    pub forget_every: Micros,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            copies: 3,
            memory: None,
            virtual_nodes: 150,
            patience: 2 * SECOND,
            retry: 200 * MS,
            message_life: 10 * SECOND,
            hint_life: 60 * SECOND,
            dead_after: 30 * SECOND,
            compare_every: 3 * SECOND,
            forget_every: 10 * SECOND,
        }
    }
}

impl Settings {
    /// How long a tombstone is kept at least: longer than any hint, operation or message could bring back the value it deletes.
    pub const fn grace(&self) -> Micros {
        self.hint_life + self.patience + self.message_life + 4 * SKEW_BOUND
    }
}

/// What a node reads on its two clocks.
#[derive(Debug, Clone, Copy, Default)]
pub struct Readings {
    /// The monotonic clock: never jumps, and counts from nowhere in particular.
    pub mono: Micros,
    /// The wall clock: may be wrong and may jump.
    pub wall: Micros,
}

/// A node of the cluster.
#[derive(Debug, Clone)]
pub struct Node {
    id: NodeId,
    incarnation: u16,
    weight: u8,
    boots: u32,
    settings: Settings,
    random: Random,
    now: Readings,
    out: Effects,
    to_myself: VecDeque<Envelope>,

    raft: Raft,
    applied: usize,
    view: View,
    store: Store,
    hints: BTreeMap<(NodeId, Key), Record>,
    clock: HybridClock,
    offset: Offset,
    /// Whether it holds all that the ring gives it, so that its answers count in read quorums.
    is_whole: bool,
    /// The same for the next ring, during a handover.
    is_whole_next: bool,

    next_op: u64,
    pending: BTreeMap<u64, Pending>,
    catch_up: Option<CatchUp>,
    confirmations: BTreeMap<Key, Confirmation>,
    contacts: NodeSet,
    heard: BTreeMap<NodeId, Micros>,
    /// What a leader knows in this epoch: which nodes hold all of the next ring, which want to join, which an operator removes.
    whole_next: NodeSet,
    hellos: BTreeMap<NodeId, (u16, u8)>,
    to_leave: NodeSet,
    led_since: Option<Micros>,
    has_left: bool,
    beat_at: Micros,
    time_at: Micros,
    compare_at: Micros,
    forget_at: Micros,
    hints_at: Micros,
    pull_at: Micros,
    evicted: u64,
}

impl Node {
    /// A node that starts, or starts again, with its disk. `contacts` are the nodes that it asks when it is not a member yet.
    pub fn start(disk: Disk, settings: Settings, contacts: NodeSet, now: Readings, seed: u64) -> Self {
        let mut random = Random::new(seed);
        let chance = Random::new(random.next_u64());
        let raft = Raft::new(disk.id, disk.incarnation, disk.log, disk.applied, now.mono, chance);
        let (boots, life) = (disk.boots + 1, u64::from(disk.incarnation));
        let stagger = |random: &mut Random, every: Micros| now.mono + random.below(every);
        Self {
            id: disk.id,
            incarnation: disk.incarnation,
            weight: disk.weight,
            boots,
            now,
            out: Effects::default(),
            to_myself: VecDeque::new(),
            raft,
            applied: disk.applied,
            view: disk.view,
            store: disk.store,
            hints: disk.hints,
            clock: disk.clock,
            offset: disk.offset,
            is_whole: disk.is_whole,
            is_whole_next: disk.is_whole_next,
            // Unique to this life: an answer to an earlier one's operation must not be taken for one to this life's.
            next_op: life << 48 | u64::from(boots) << 32,
            pending: BTreeMap::new(),
            catch_up: None,
            confirmations: BTreeMap::new(),
            contacts,
            heard: BTreeMap::new(),
            whole_next: NodeSet::EMPTY,
            hellos: BTreeMap::new(),
            to_leave: NodeSet::EMPTY,
            led_since: None,
            has_left: false,
            beat_at: stagger(&mut random, BEAT_EVERY),
            time_at: now.mono,
            compare_at: stagger(&mut random, settings.compare_every),
            forget_at: stagger(&mut random, settings.forget_every),
            hints_at: stagger(&mut random, BEAT_EVERY),
            pull_at: now.mono,
            evicted: 0,
            settings,
            random,
        }
    }

    /// Lets time pass; to be called every [`TICK`] of its monotonic clock.
    pub fn tick(&mut self, now: Readings, out: &mut Effects) {
        self.enter(now, out);
        if !self.has_left {
            self.raft.tick(now.mono);
            self.after_raft();
            self.tend_members();
            self.tend_operations();
            self.tend_repairs();
            self.tend_time();
        }
        self.leave(out);
    }

    /// A message arrives.
    pub fn receive(&mut self, envelope: Envelope, now: Readings, out: &mut Effects) {
        self.enter(now, out);
        self.take(envelope);
        self.leave(out);
    }

    /// A client's request; the answer will carry its `number`.
    pub fn request(&mut self, number: u64, request: Request, now: Readings, out: &mut Effects) {
        self.enter(now, out);
        self.begin(number, request);
        self.leave(out);
    }

    fn enter(&mut self, now: Readings, out: &mut Effects) {
        self.now = now;
        std::mem::swap(&mut self.out, out);
        // After a pause, overdue operations end before anything new begins.
        self.end_overdue();
    }

    fn leave(&mut self, out: &mut Effects) {
        while let Some(envelope) = self.to_myself.pop_front() {
            self.take(envelope);
        }
        self.make_room();
        std::mem::swap(&mut self.out, out);
    }

    fn envelope(&self, message: Message) -> Envelope {
        Envelope { from: self.id, incarnation: self.incarnation, epoch: self.view.epoch, sent: self.time(), message }
    }

    fn send(&mut self, to: NodeId, message: Message) {
        let envelope = self.envelope(message);
        if to == self.id {
            self.to_myself.push_back(envelope);
        } else {
            self.out.sends.push((to, envelope));
        }
    }

    fn note(&mut self, note: Note) {
        self.out.notes.push(note);
    }

    /// Cluster time, if this node knows it.
    pub fn time(&self) -> Option<Micros> {
        self.offset.now(self.now.mono)
    }

    fn take(&mut self, envelope: Envelope) {
        if self.has_left {
            return;
        }
        let Envelope { from, incarnation, epoch, sent, message } = envelope;
        self.heard.insert(from, self.now.mono);
        if let Some(&(last, may_return)) = self.view.gone.get(&from)
            && incarnation <= last
        {
            if matches!(message, Message::Hello { .. } | Message::Vote(_) | Message::Beat { .. }) {
                self.send(from, Message::Removed { incarnation, may_return });
            }
            return;
        }
        match message {
            Message::Vote(vote) => {
                self.raft.receive(from, incarnation, vote, self.now.mono);
                self.after_raft();
            }
            Message::Hello { weight } => self.hear_hello(from, incarnation, weight),
            // The members may have changed since this node began: they know more than its first contacts.
            Message::Members { nodes } => self.contacts = self.contacts.or(nodes).less(NodeSet::of(self.id)),
            Message::Removed { incarnation, may_return } => self.hear_removed(incarnation, may_return),
            Message::Leave { node } => self.wish_to_leave(node),
            Message::Whole => {
                if epoch == self.view.epoch {
                    self.whole_next.insert(from);
                }
            }
            Message::Beat { ring } => {
                if epoch == self.view.epoch && ring != self.view.ring_digest() {
                    self.note(Note::RingsDiffer { with: from });
                }
            }
            Message::TimeAsk { asked } => {
                if self.offset.is_known() {
                    let bounds = self.offset.bounds(self.now.mono);
                    self.send(from, Message::TimeIs { asked, bounds });
                }
            }
            Message::TimeIs { asked, bounds } => self.offset.learn(bounds, asked, self.now.mono),
            Message::Answer { op, record, floor, sweeps, .. } => {
                self.hear_answer(op, from, epoch, record, floor, sweeps);
            }
            Message::Stored { op, .. } => self.hear_stored(op, from, epoch),
            Message::Refused { op, .. } => self.hear_refused(op, from),
            data => self.take_data(from, epoch, sent, data),
        }
    }

    /// Accepts data of the own epoch only, and only while it is fresh: an older record may have been deleted and forgotten.
    fn take_data(&mut self, from: NodeId, epoch: u64, sent: Option<Micros>, message: Message) {
        let (Some(now), Some(sent)) = (self.time(), sent) else { return self.refuse(from, &message) };
        if sent.saturating_add(self.settings.message_life) < now {
            return self.note(Note::TooOld);
        }
        if epoch != self.view.epoch {
            self.note(Note::WrongEpoch { theirs: epoch });
            return self.refuse(from, &message);
        }
        match message {
            Message::Query { op, at } => self.hear_query(from, op, &at),
            Message::Store { op, at, record, sweep } => self.hear_store(from, op, &at, record, sweep),
            Message::Hint { at, record } => self.hear_hint(from, &at, record),
            Message::Hinted { key, version } => self.hear_hinted(from, &key, version),
            Message::Digest { leaves } => self.hear_digest(from, &leaves),
            Message::Versions { leaves, list } => self.hear_versions(from, leaves, &list),
            Message::Want { keys } => self.hear_want(from, &keys),
            Message::Records { list } => self.hear_records(list),
            Message::Confirm { at, version } => self.hear_confirm(from, &at, version),
            Message::Confirmed { key, version, yes } => self.hear_confirmed(from, &key, version, yes),
            Message::Forget { at, version } => self.hear_forget(&at, version),
            Message::Pull { after } => self.hear_pull(from, after),
            Message::Batch { after, list, last, floor } => self.hear_batch(from, after.as_ref(), list, last, floor),
            _ => {}
        }
    }

    fn refuse(&mut self, from: NodeId, message: &Message) {
        if let Message::Query { op, at } | Message::Store { op, at, .. } = message {
            self.send(from, Message::Refused { op: *op, key: at.key.clone() });
        }
    }

    /// Whether this node is a replica of a key, and hashes it as the sender does.
    fn is_mine(&mut self, at: &Placed) -> bool {
        let is_mine = hash_of(&at.key) == at.hash && self.view.is_responsible(self.id, &at.key, at.hash);
        if !is_mine {
            self.note(Note::Misplaced { key: at.key.clone() });
        }
        is_mine
    }

    fn is_away(&self, node: NodeId) -> bool {
        node != self.id && self.heard.get(&node).is_none_or(|&heard| self.now.mono.saturating_sub(heard) > AWAY_AFTER)
    }

    fn tend_time(&mut self) {
        let peers = self.view.placed().or(self.view.members.keys().copied().collect());
        let peers = if peers.is_empty() { self.contacts } else { peers }.less(NodeSet::of(self.id));
        if self.now.mono >= self.beat_at {
            self.beat_at = self.now.mono + BEAT_EVERY;
            let ring = self.view.ring_digest();
            for node in peers.iter() {
                self.send(node, Message::Beat { ring });
            }
        }
        if self.now.mono >= self.time_at && !self.offset.is_sharp() {
            self.time_at = self.now.mono + if self.offset.is_known() { BEAT_EVERY } else { TIME_EVERY };
            for node in peers.iter() {
                self.send(node, Message::TimeAsk { asked: self.now.mono });
            }
        }
    }

    /// Sets how often it compares digests, and how often it looks for dead records that may be forgotten.
    pub const fn set_periods(&mut self, compare_every: Micros, forget_every: Micros) {
        self.settings.compare_every = compare_every;
        self.settings.forget_every = forget_every;
    }

    /// Its number.
    pub const fn id(&self) -> NodeId {
        self.id
    }

    /// Its incarnation.
    pub const fn incarnation(&self) -> u16 {
        self.incarnation
    }

    /// Membership as this node knows it from the log.
    pub const fn view(&self) -> &View {
        &self.view
    }

    /// What it holds.
    pub const fn store(&self) -> &Store {
        &self.store
    }

    /// How many bytes of keys and values it may hold before it evicts.
    pub const fn memory_limit(&self) -> Option<usize> {
        self.settings.memory
    }

    /// How many values it has evicted since it started.
    pub const fn evictions(&self) -> u64 {
        self.evicted
    }

    /// How many hints it keeps for others.
    pub fn hint_count(&self) -> usize {
        self.hints.len()
    }

    /// The log's term, and this node's role in it.
    pub const fn term(&self) -> (u64, Role) {
        (self.raft.term(), self.raft.role())
    }

    /// The leader, if it knows one.
    pub const fn leader(&self) -> Option<NodeId> {
        self.raft.leader()
    }

    /// Whether it knows the time and the ring, is a member, and holds all that it should.
    pub fn is_whole(&self) -> bool {
        let is_next = self.view.next.as_ref().is_some_and(|next| next.members().contains(self.id));
        let member = self.view.members.get(&self.id);
        self.offset.is_known()
            && !self.has_left
            && member.is_some_and(|member| member.incarnation == self.incarnation)
            && (self.is_whole || !self.view.ring.members().contains(self.id))
            && (self.is_whole_next || !is_next)
    }

    /// Whether it was removed and must not go on.
    pub const fn has_left(&self) -> bool {
        self.has_left
    }

    /// How many operations it coordinates at the moment.
    pub fn pending_count(&self) -> usize {
        self.pending.len()
    }
}

/// The record with the higher version.
fn newer(a: Option<Record>, b: Option<Record>) -> Option<Record> {
    let version = |record: &Option<Record>| record.as_ref().map_or(Version::NONE, |record| record.version);
    if version(&b) > version(&a) { b } else { a }
}
